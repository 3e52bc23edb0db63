"""What can be done with any message by its context menu: "More like this" and "Why"."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.core.command import Command
from bot.core.errors import NotFound, UserError
from bot.platforms.discord.draw import PRESS
from bot.platforms.plain import line

Interaction = discord.Interaction[Any]
Call = Callable[[Interaction, Command, Callable[[], Mapping[str, Any]]], Awaitable[None]]

LONGEST = 300
"""Of somebody's message, as a headline to look for; what names somebody stands early."""
LINKS = re.compile(r"https?://\S+|<[@#:/a][^>]*>")


def build(by_name: Mapping[str, Command], call: Call) -> list[app_commands.ContextMenu]:
    """The menus whose commands there are; `call` runs one with the values that a function reads off the message."""
    menus = []
    for title, name, read in (("More like this", "more", _more), ("Why", "story show", _why)):
        if command := by_name.get(name):
            menus.append(_menu(title, command, read, call))
    return menus


def _menu(
    title: str, command: Command, read: Callable[[discord.Message], Mapping[str, Any]], call: Call
) -> app_commands.ContextMenu:
    async def chosen(interaction: discord.Interaction, message: discord.Message) -> None:
        await call(interaction, command, lambda: read(message))

    return app_commands.ContextMenu(name=title, callback=chosen)


def _more(message: discord.Message) -> Mapping[str, Any]:
    """An alert of ours says which article it is; of any other message its headline or its words do."""
    if article := _pressed(message, "more "):
        return {"article": article}
    titles = [embed.title for embed in message.embeds if embed.title]
    said = line(titles[0] if titles else LINKS.sub(" ", message.content))[:LONGEST].strip()
    if not said or said.isdecimal():
        raise UserError("There is no headline in that message to look for.")
    return {"article": said}


def _why(message: discord.Message) -> Mapping[str, Any]:
    if story := _pressed(message, "mute "):
        return {"story": story}
    raise NotFound("That message is no alert of mine. On an alert it shows the story, and why each report is in it.")


def _pressed(message: discord.Message, start: str) -> str:
    """The number behind the words of a button under an alert, whoever posted what looks like one."""
    for component in _all(message.components):
        command = (getattr(component, "custom_id", None) or "").removeprefix(PRESS)
        if command.startswith(start) and command.removeprefix(start).isdecimal():
            return command.removeprefix(start)
    return ""


def _all(components: Any) -> Iterator[discord.Component]:
    for component in components:
        yield component
        yield from _all(getattr(component, "children", ()))
