"""A message of Components V2, and a command with its completion, as Discord draws them; from the JSON that was sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from bot.core.command import Option

Payload = dict[str, Any]

CSS = Path(__file__).with_name("discord.css")

ACTION_ROW, BUTTON, SECTION, TEXT, THUMBNAIL, SEPARATOR, CONTAINER = 1, 2, 9, 10, 11, 14, 17
STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}

LINES = {"### ": "h3", "-# ": "small", "> ": "blockquote", "- ": "li"}
INLINE = re.compile(
    r"\\(?P<plain>[^\w\s])|\*\*(?P<bold>(?:\\.|[^*\\])+)\*\*|\[(?P<text>(?:\\.|[^\]\\])+)\]\((?P<url>[^)\s]+)\)"
    r"|<t:(?P<at>\d+):(?P<style>[a-zA-Z])>|<@&(?P<role>\d+)>"
)

BELL = (
    '<svg viewBox="0 0 24 24"><path d="M12 3a6 6 0 0 0-6 6c0 5-2 6.5-2 6.5h16S18 14 18 9a6 6 0 0 0-6-6z" fill="#fff"/>'
    '<path d="M10 18.2a2.1 2.1 0 0 0 4 0z" fill="#fff"/><circle cx="17.6" cy="6" r="3" fill="#f5b331"/></svg>'
)
AWAY = (
    '<svg class="away" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.7"><path '
    'd="M9.5 2.5h4v4M13.2 2.8 7.5 8.5'
    'M11.5 9.5v3.2a.8.8 0 0 1-.8.8H3.3a.8.8 0 0 1-.8-.8V5.3a.8.8 0 0 1 .8-.8h3.2"/></svg>'
)


def page(message: Payload, command: str, option: Option, typed: str, offers: Sequence[tuple[str, str]]) -> str:
    """A channel with the message, and below it somebody who types a command."""
    cards = "".join(_component(each) for each in message["components"])
    shown = "".join(f"<div>{_matched(name, typed)}</div>" for name, _ in offers[:5])
    return (
        f"<!doctype html><meta charset=utf-8><style>{CSS.read_text()}</style>"
        '<div class="top"><i>#</i>world-news<small>What the desk follows</small></div>'
        f'<div class="talk"><div class="face">{BELL}</div><div><div class="who"><b>Newsbell</b>'
        f'<span class="app">APP</span><time>Today at 14:07</time></div>{cards}</div></div>'
        f'<div class="foot"><div class="offers"><h4>{escape(option.name)}<em>{escape(option.description)}</em></h4>'
        f"{shown}</div>"
        f'<div class="box"><b>/{escape(command)}</b><span class="option"><em>{escape(option.name)}</em>{escape(typed)}'
        '<span class="caret"></span></span></div></div>'
    )


def _component(each: Payload) -> str:
    kind = each["type"]
    inside = "".join(_component(child) for child in each.get("components") or ())
    if kind == CONTAINER:
        return f'<div class="card" style="border-left-color:#{each.get("accent_color") or 0:06x}">{inside}</div>'
    if kind == TEXT:
        return f'<div class="text">{markup(each["content"])}</div>'
    if kind == SECTION:
        return f'<div class="shot"><div>{inside}</div>{_component(each["accessory"])}</div>'
    if kind == THUMBNAIL:
        return f'<img src="{escape(each["media"]["url"])}">'
    if kind == ACTION_ROW:
        return f'<div class="row">{inside}</div>'
    if kind == BUTTON:
        style = STYLES[each["style"]]
        return f'<span class="{style}">{escape(each["label"])}{AWAY if style == "link" else ""}</span>'
    raise ValueError(f"a component of type {kind} has no picture")


def markup(text: str) -> str:
    """What Discord makes of the markup that the cards use: headings, small print, quotes, items, bold words, links."""
    parts: list[tuple[str, str]] = []
    for line in text.split("\n"):
        start, tag = next((pair for pair in LINES.items() if line.startswith(pair[0])), ("", "p"))
        body = _inline(line.removeprefix(start))
        if parts and body and tag == parts[-1][0] and tag in ("p", "blockquote"):
            parts[-1] = tag, f"{parts[-1][1]}<br>{body}"
        else:
            parts.append((tag if body else "hr", body))
    return "".join("<hr>" if tag == "hr" else f"<{tag}>{body}</{tag}>" for tag, body in parts)


def _inline(text: str) -> str:
    drawn, at = "", 0
    for match in INLINE.finditer(text):
        drawn += escape(text[at : match.start()])
        at = match.end()
        if match["plain"]:
            drawn += escape(match["plain"])
        elif match["bold"]:
            drawn += f"<b>{_inline(match['bold'])}</b>"
        elif match["text"]:
            drawn += f"<a>{_inline(match['text'])}</a>"
        elif match["role"]:
            drawn += "<b>@role</b>"
        elif match["style"] == "R":
            drawn += "2 minutes ago"
        else:
            drawn += f"{datetime.fromtimestamp(int(match['at']), UTC):%-d %B %Y %H:%M}"
    return drawn + escape(text[at:])


def _matched(name: str, typed: str) -> str:
    at = name.casefold().find(typed.casefold())
    if at < 0:
        return escape(name)
    end = at + len(typed)
    return f"{escape(name[:at])}<mark>{escape(name[at:end])}</mark>{escape(name[end:])}"
