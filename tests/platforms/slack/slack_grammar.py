"""A small grammar of Slack's mrkdwn, as its clients draw it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"<([^>]*)>")
STYLE = re.compile(r"(?<![0-9A-Za-z])([*_~`])(?=\S)(.+?)(?<=\S)\1(?![0-9A-Za-z])")
EMOJI = re.compile(r":[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:")
QUOTE = re.compile(r"(?m)^\s*(?:>|&gt;)")
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


@dataclass
class Shown:
    """What a reader sees, and what made it more than text."""

    text: str = ""
    marks: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


def read(markup: str) -> Shown:
    shown = Shown()
    shown.marks += [f"style {each[0]}" for each in STYLE.findall(TOKEN.sub("", markup))]
    shown.marks += [f"emoji {each}" for each in EMOJI.findall(TOKEN.sub("", markup))]
    shown.marks += ["quote" for _ in QUOTE.findall(markup)]
    shown.marks += ["a bare ampersand" for _ in ENTITY.findall(markup)]
    at = 0
    for token in TOKEN.finditer(markup):
        shown.text += unescaped(markup[at : token.start()])
        at = token.end()
        body, _, label = token[1].partition("|")
        if re.match(r"https?://", body):
            shown.links.append((unescaped(body), unescaped(label)))
            shown.text += unescaped(label)
        else:
            shown.marks.append(f"token <{body}>")
    rest = markup[at:]
    if "<" in rest or ">" in rest:
        shown.marks.append("a stray bracket")
    shown.text += unescaped(rest)
    return shown


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
