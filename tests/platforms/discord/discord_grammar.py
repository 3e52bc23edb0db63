"""A small grammar of Discord's markup, as its client draws it and as its server looks for pings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PINGS = re.compile(r"@everyone|@here|<@[!&]?\d+>|<#\d+>|</[^<>]+:\d+>|<a?:\w+:\d+>|<t:-?\d+(?::\w)?>|<id:\w+>")
"""Looked for in the raw text: backslashes do not help against a server that pings before it draws."""
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
ADDRESS = re.compile(r"<?https?://\S+")
LINK = re.compile(r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]\(\s*<?((?:\\.|[^\s\\])*?)>?\s*\)")
STYLE = re.compile(r"[*_`]|~~|\|\|")
LINE = re.compile(r"[ \t]*(#{1,3} |-# |>{1,3} |[-*+] |\d+\. )")


@dataclass
class Shown:
    """What a reader sees, and what made it more than text."""

    text: str = ""
    marks: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def read(markup: str) -> Shown:
    shown = Shown()
    shown.marks += [f"ping {each}" for each in PINGS.findall(markup)]
    at = 0
    while at < len(markup):
        if (at == 0 or markup[at - 1] == "\n") and (block := LINE.match(markup, at)):
            shown.marks.append(f"line {block[1]}")
            at = block.end()
        elif escaped := ESCAPE.match(markup, at):
            shown.text += escaped[1]
            at = escaped.end()
        elif link := LINK.match(markup, at):
            inside = read(link[1])
            shown.text += inside.text
            shown.marks += inside.marks
            shown.links.append(link[2])
            at = link.end()
        elif address := ADDRESS.match(markup, at):
            shown.marks.append(f"address {address[0]}")
            shown.text += address[0]
            at = address.end()
        elif style := STYLE.match(markup, at):
            shown.marks.append(f"style {style[0]}")
            at = style.end()
        else:
            shown.text += markup[at]
            at += 1
    return shown
