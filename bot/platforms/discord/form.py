"""A command whose options are asked for in a window: for what leaves out something that the command needs.

What somebody wrote there is not lost where it was wrong: the answer has a button that opens the window again, with the
text as it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import ui

from bot.core.command import Command, Option, OptionKind
from bot.platforms.discord.commands import PLACES
from bot.platforms.plain import cut, line

# Discord's limits of a modal (components/reference of its documentation).
TITLE, FIELDS, LABEL, HINT, CHOICES = 45, 5, 45, 100, 25
LONGEST, LONG = 200, 4000  # characters of a field; the second is Discord's own limit

Submit = Callable[[discord.Interaction[Any], Command, Mapping[str, Any]], Awaitable[None]]
YES, NO = discord.SelectOption(label="Yes", value="yes"), discord.SelectOption(label="No", value="no")


def lacks(command: Command, given: Mapping[str, Any]) -> bool:
    """Whether the command cannot run without asking for more."""
    return any(option.required and not option.hidden and not given.get(option.name) for option in command.options)


class Form(ui.Modal):
    """The window. What was given already is kept and not asked for again; `begun` is what stands in its fields."""

    def __init__(
        self, command: Command, given: Mapping[str, Any], submit: Submit, begun: Mapping[str, str] = {}
    ) -> None:
        super().__init__(title=cut(line(command.description), TITLE), timeout=900)
        self._command = command
        self._given = given
        self._submit = submit
        asked = [option for option in command.options if not option.hidden and given.get(option.name) is None]
        self._fields = {option.name: _field(option, begun.get(option.name, "")) for option in asked[:FIELDS]}
        for option in asked[:FIELDS]:
            name = option.name.capitalize()
            hint = cut(line(option.description), HINT)
            self.add_item(ui.Label(text=cut(name, LABEL), description=hint, component=self._fields[option.name]))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        said = {name: value for name, field in self._fields.items() if (value := _value(field)) is not None}
        await self._submit(interaction, self._command, {**self._given, **said})


def _field(option: Option, begun: str) -> ui.Item[Any]:
    least = 1 if option.required else 0
    if option.kind is OptionKind.FILE:
        return ui.FileUpload(required=option.required, min_values=least, max_values=1)
    if option.kind is OptionKind.CHANNEL:
        return ui.ChannelSelect(channel_types=list(PLACES), min_values=least, required=option.required)
    if option.kind is OptionKind.ROLE:
        return ui.RoleSelect(min_values=least, required=option.required)
    if option.kind is OptionKind.FLAG:
        return ui.Select(options=[YES, NO], min_values=least, required=option.required)
    if 0 < len(option.choices) <= CHOICES:
        options = [
            discord.SelectOption(label=cut(line(each.label or each.value), 100), value=each.value)
            for each in option.choices
        ]
        return ui.Select(options=options, min_values=least, required=option.required)
    most = LONG if option.long else LONGEST
    style = discord.TextStyle.paragraph if option.long else discord.TextStyle.short
    return ui.TextInput(required=option.required, max_length=most, style=style, default=begun[:most] or None)


def _value(field: ui.Item[Any]) -> Any:
    """What was entered, or None for a field that was left alone."""
    if isinstance(field, ui.TextInput):
        return field.value.strip() or None
    values = getattr(field, "values", None)
    return values[0] if values else None
