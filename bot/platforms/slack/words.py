"""Slack's way of typing: `/news subscribe ISIL to <#C1|alerts>` becomes a line of the house, answers the reverse."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.core.message import Message
from bot.core.model import Channel

TOKEN = re.compile(r"<([^<>]*)>")
MENTION = re.compile(r"^\s*<@[A-Z0-9]+(?:\|[^<>]*)?>[\s,:]*")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
"""The only three that Slack writes, `&` last: "&amp;lt;" is the text "&lt;"."""


def plain(text: str, channels: Iterable[Channel] = ()) -> str:
    """Typed text without Slack's markup: channels and user groups as `#id` and `@id`, links as their address."""
    ids = {channel.id.rpartition(":")[2]: channel.id for channel in channels}

    def said(token: re.Match[str]) -> str:
        body, _, label = token[1].partition("|")
        if body.startswith("#"):
            return f"#{ids.get(body[1:]) or label or body[1:]}"
        if body.startswith("@"):
            return f"@{label or body[1:]}"
        if body.startswith("!"):
            name, _, group = body[1:].partition("^")
            return label or (f"@slack:{group}" if name == "subteam" else f"@{name}")
        return body.removeprefix("mailto:")

    text = TOKEN.sub(said, text)
    for escaped, sign in ENTITIES:
        text = text.replace(escaped, sign)
    return " ".join(text.split())


def after_mention(text: str) -> str:
    """What was said to the bot: "<@U1> news Iraq" is "news Iraq"."""
    return MENTION.sub("", text, count=1)


class Words:
    """One slash command for all: `/subscribe` of the house is `/news subscribe` in Slack.

    Where the house has a command of the slash command's own name ("news"), it is also called "search" here.
    """

    def __init__(self, command: str, names: Iterable[str]) -> None:
        self._command = command
        names = set(names)
        own = command.removeprefix("/")
        self._own = own if own in names and "search" not in names else ""
        longest_first = sorted(names, key=len, reverse=True)
        self._spoken = re.compile(rf"(?<![\w/.:])/({'|'.join(map(re.escape, longest_first))})(?![\w/])")

    def line(self, text: str) -> str:
        """A line for the router; an empty one asks for help."""
        text = text.strip().removeprefix("/")
        first, _, rest = text.partition(" ")
        if first.casefold() == "search" and self._own:
            return f"{self._own} {rest}"
        return text or "help"

    def spoken(self, name: str) -> str:
        """A command's name as it is typed here, without the slash command before it."""
        return "search" if name == self._own else name

    def in_slack(self, message: Message) -> Message:
        """The answer with its commands as they are typed here."""
        return replace(
            message,
            title=self._say(message.title),
            body=tuple(
                replace(each, spans=tuple(replace(span, text=self._say(span.text)) for span in each.spans))
                for each in message.body
            ),
            fields=tuple(
                replace(each, name=self._say(each.name), value=self._say(each.value)) for each in message.fields
            ),
            footer=self._say(message.footer),
        )

    def _say(self, text: str) -> str:
        return self._spoken.sub(lambda found: f"{self._command} {self.spoken(found[1])}", text)
