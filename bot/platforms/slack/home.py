"""The app's Home tab: what the channels of a person follow, how it goes, and buttons for the rest; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby

from bot.core.command import Invocation
from bot.core.message import Message
from bot.core.model import Subscription
from bot.core.rights import Action, may
from bot.platforms.plain import cut, fit, line
from bot.platforms.slack.draw import LABEL, PRESS, VALUE, Block, draw, escape, plain_text
from bot.platforms.slack.form import View

FILL, PAGE = "fill:", "home:page"
"""Action ids: a form is wanted, its command, channel and what is filled in are the value; another page is wanted."""
PLACE = "in:"
"""Block ids of buttons that act in a channel: "in:C0123:7"."""
SHOWN = 15
"""Subscriptions on a page: with three blocks each they stay below Slack's 100, and within a screen or two."""
TOPIC, DETAIL = 400, 800
START = (("Follow a topic", "subscribe"), ("Search the news", "news"), ("Add a feed", "feed add"))
ASK = (("Feeds", "feeds"), ("Topics", "topics"), ("Help", "help"))


def home(
    call: Invocation,
    followed: Sequence[Subscription],
    names: Mapping[str, object],
    status: Message | None,
    page: int = 1,
) -> View:
    """`names` are the commands there are, `status` how it goes."""
    mine = _mine(call, followed)
    pages = max(1, -(-len(mine) // SHOWN))
    page = min(max(page, 1), pages)
    start = [_fill(label, command) for label, command in START if command in names]
    if start:
        start[0]["style"] = "primary"
    blocks = [_header("What your channels follow"), *_buttons("start", start)]
    for channel, group in groupby(mine[(page - 1) * SHOWN : page * SHOWN], key=lambda each: each.channel):
        blocks.append(_text("*Only you*" if _is_direct(channel) else f"*<#{_bare(channel)}>*"))
        for each in group:
            blocks += _subscription(each, may_manage=may(call, Action.SET_UP, call.channel))
    if not mine:
        blocks.append(_text("Nothing yet. Press *Follow a topic*: every new story about it is posted to your channel."))
    turns = [
        _button(label, PAGE + str(to), str(to))
        for label, to in (("Previous", page - 1), ("Next", page + 1))
        if 1 <= to <= pages
    ]
    blocks += _buttons("turn", turns)
    if status:
        told = draw(Message(title=status.title, body=status.body, fields=status.fields, footer=status.footer))
        blocks += [{"type": "divider"}, *told.blocks]
    blocks += _buttons("ask", [_button(label, PRESS + name, name) for label, name in ASK if name in names])
    return {"type": "home", "blocks": blocks}


def wanted(value: str) -> tuple[str, str, dict[str, str]]:
    """The command, the channel and what is filled in of a FILL button."""
    command, channel, preset = json.loads(value)
    return command, channel, preset


def channel_of(block_id: str) -> str:
    """The channel that a button of the Home tab acts in; empty where it acts in none."""
    return block_id.removeprefix(PLACE).partition(":")[0] if block_id.startswith(PLACE) else ""


def _mine(call: Invocation, followed: Sequence[Subscription]) -> list[Subscription]:
    """Those in channels of this person, and what it follows in the app's own conversation; by channel."""
    names = {channel.id: channel.name for channel in call.channels}
    mine = [
        each
        for each in followed
        if each.channel in names or (_is_direct(each.channel) and each.created_by == call.person.id)
    ]
    return sorted(mine, key=lambda each: (names.get(each.channel, ""), each.channel, each.topic.casefold()))


def _subscription(each: Subscription, *, may_manage: bool) -> list[Block]:
    channel = _bare(each.channel)
    calls = " ".join(f"@{line(role.name)}" for role in each.manner.roles)
    details = [f"mentions {calls}"] if calls else []
    details += [f"paused: {line(each.paused)}"] if each.paused else []
    shown = "\n".join((f"*{fit(line(each.topic), TOPIC, escape)}*", *(fit(text, DETAIL, escape) for text in details)))
    buttons = [_button("News", f"{PRESS}news:{each.id}", f"news {each.topic}")]
    if may_manage:
        stop = _button("Stop following", f"{PRESS}stop:{each.id}", f"unsubscribe {each.topic} confirm:yes")
        sure = f"Alerts about {cut(line(each.topic), LABEL)} will no longer be posted there."
        edit = _fill("Resume" if each.paused else "Edit", "subscribe", channel, topic=each.topic)
        buttons += [
            {**edit, "action_id": f"{FILL}edit:{each.id}"},
            {**stop, "style": "danger", "confirm": _confirmed("Stop following?", sure, "Stop following")},
        ]
    fitting = [button for button in buttons if len(button["value"]) <= VALUE]
    return [_text(shown), *_buttons(f"{PLACE}{channel}:{each.id}", fitting)]


def _is_direct(channel: str) -> bool:
    return _bare(channel).startswith("D")


def _bare(channel: str) -> str:
    return channel.rpartition(":")[2]


def _fill(label: str, command: str, channel: str = "", **preset: str) -> Block:
    return _button(label, FILL + command, json.dumps([command, channel, preset]))


def _button(label: str, action_id: str, value: str) -> Block:
    return {"type": "button", "text": plain_text(label), "action_id": action_id, "value": value}


def _buttons(block_id: str, buttons: list[Block]) -> list[Block]:
    return [{"type": "actions", "block_id": block_id, "elements": buttons}] if buttons else []


def _confirmed(title: str, text: str, yes: str) -> Block:
    return {
        "title": plain_text(title),
        "text": plain_text(text),
        "confirm": plain_text(yes),
        "deny": plain_text("Keep it"),
        "style": "danger",
    }


def _header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text)}


def _text(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
