"""Buttons that outlive a restart: the custom id of each is the command line that a press says."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.core.command import Command
from bot.core.message import Button, Message, Style
from bot.platforms.discord.draw import LONG_PRESS, PRESS, custom_id
from bot.platforms.plain import line

if TYPE_CHECKING:
    from bot.platforms.discord.gateway import Gateway

KEPT, DRAFTS = 2000, 200
"""Long command lines remembered for their buttons, about 200 kB; and drafts, of 4 kB at most."""
AGAIN = "again"
"""With this word begins what a draft's button says: no command, as only the draft's own process knows it."""

Draft = tuple[Command, Mapping[str, str]]


class LongLines:
    """Command lines that do not fit into a custom id, by their digest. They are forgotten with the process.

    So are drafts: what somebody filled into a window, to be mended there.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[str, str] = OrderedDict()
        self._drafts: OrderedDict[str, Draft] = OrderedDict()

    def draft(self, command: Command, texts: Mapping[str, str]) -> Button:
        """A button that opens the window of the command again with what was written."""
        words = line(
            f"{AGAIN} {command.name} {blake2b(repr(sorted(texts.items())).encode(), digest_size=12).hexdigest()}"
        )
        self._drafts[words] = command, texts
        while len(self._drafts) > DRAFTS:
            self._drafts.popitem(last=False)
        return Button("Edit again", words, style=Style.PRIMARY)

    def drafted(self, words: str | None) -> Draft | None:
        return self._drafts.get(words or "")

    def keep(self, message: Message) -> None:
        for button in message.buttons:
            identity = custom_id(button.command)
            if identity.startswith(LONG_PRESS):
                self._lines[identity] = line(button.command)
                self._lines.move_to_end(identity)
        while len(self._lines) > KEPT:
            self._lines.popitem(last=False)

    def line(self, identity: str) -> str | None:
        return identity.removeprefix(PRESS) if identity.startswith(PRESS) else self._lines.get(identity)


class Press(
    ui.DynamicItem[ui.Button[Any]],
    template=re.compile(f"(?:{re.escape(PRESS)}|{re.escape(LONG_PRESS)}).+", re.DOTALL),
):
    """discord.py makes one of these from any press whose custom id looks like ours, however old the message."""

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        assert isinstance(item, ui.Button)
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: Gateway = interaction.client
        await client.pressed(interaction, self.custom_id)
