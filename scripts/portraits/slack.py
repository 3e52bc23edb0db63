"""Block Kit as Slack draws it: a channel with an alert beside the app's Home tab; from the JSON that was sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any

from scripts.portraits.discord import AWAY, BELL

Payload = dict[str, Any]

CSS = Path(__file__).with_name("slack.css")

INLINE = re.compile(
    r"\*(?P<bold>[^*\n]+)\*|<!date\^\d+\^[^|>]*\|(?P<date>[^>]*)>|<#(?P<channel>[^>|]+)(?:\|[^>]*)?>"
    r"|<(?P<url>https?://[^|>]+)\|(?P<text>[^>]+)>|<(?P<bare>https?://[^>]+)>"
)

CHANNEL = "world-news"


def page(messages: Sequence[Payload], home: Payload) -> str:
    """A channel with the messages, and beside it the Home tab."""
    talk = "".join(
        f'<div class="talk"><div class="face">{BELL}</div><div class="blocks"><div class="who"><b>Newsbell</b>'
        f'<span class="app">APP</span><time>2:0{minute} PM</time></div>{_blocks(message["blocks"])}</div></div>'
        for minute, message in enumerate(messages, 4)
    )
    return (
        f"<!doctype html><meta charset=utf-8><style>{CSS.read_text()}</style>"
        f'<div class="pane"><div class="top"><i>#</i>{CHANNEL}</div>{talk}</div>'
        f'<div class="pane"><div class="top"><div class="face">{BELL}</div>Newsbell</div>'
        '<div class="tabs"><span>Home</span><span>Messages</span><span>About</span></div>'
        f'<div class="blocks home">{_blocks(home["blocks"])}</div></div>'
    )


def _blocks(blocks: Sequence[Payload]) -> str:
    return "".join(map(_block, blocks))


def _block(each: Payload) -> str:
    match each["type"]:
        case "header":
            drawn = f"<h2>{escape(each['text']['text'])}</h2>"
        case "section" if each.get("fields"):
            drawn = f'<div class="fields">{"".join(f"<div>{_text(field)}</div>" for field in each["fields"])}</div>'
        case "section":
            drawn = f"<div dir='auto'>{_text(each['text'])}</div>"
        case "context":
            drawn = f'<div class="context">{" ".join(map(_text, each["elements"]))}</div>'
        case "rich_text":
            drawn = f'<div class="rich" dir="auto">{"".join(map(_rich, each["elements"]))}</div>'
        case "actions":
            drawn = f'<div class="actions">{"".join(map(_button, each["elements"]))}</div>'
        case "divider":
            drawn = "<hr>"
        case unknown:
            raise ValueError(f"a block of type {unknown} has no picture")
    return drawn


def _button(each: Payload) -> str:
    shown = escape(each["text"]["text"])
    return f'<span class="{each.get("style", "")}">{shown}{AWAY if each.get("url") else ""}</span>'


def _rich(each: Payload) -> str:
    if each["type"] == "rich_text_list":
        name = "ol" if each["style"] == "ordered" else "ul"
        return f"<{name}>{''.join(f'<li>{_run(item)}</li>' for item in each['elements'])}</{name}>"
    name = "blockquote" if each["type"] == "rich_text_quote" else "p"
    return f"<{name}>{_run(each).strip()}</{name}>"


def _run(each: Payload) -> str:
    drawn = ""
    for element in each["elements"]:
        text = escape(element.get("text", ""))
        text = f"<a>{text}</a>" if element["type"] == "link" else text
        drawn += f"<b>{text}</b>" if (element.get("style") or {}).get("bold") else text
    return drawn


def _text(each: Payload) -> str:
    if each["type"] == "plain_text":
        return escape(each["text"])
    return "<br>".join(_mrkdwn(line) for line in each["text"].split("\n"))


def _mrkdwn(text: str) -> str:
    drawn, at = "", 0
    for match in INLINE.finditer(text):
        drawn += escape(unescape(text[at : match.start()]))
        at = match.end()
        if match["bold"]:
            drawn += f"<b>{_mrkdwn(match['bold'])}</b>"
        elif match["date"]:
            drawn += "Today 2:03 PM"
        elif match["channel"]:
            drawn += f'<span class="channel">#{CHANNEL}</span>'
        else:
            drawn += f"<a>{_mrkdwn(match['text'] or match['bare'])}</a>"
    return drawn + escape(unescape(text[at:]))
