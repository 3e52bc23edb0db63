"""/help: what can be said here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from bot.commands.desk import Desk
from bot.core.command import Choice, Invocation, Option, command
from bot.core.line import find
from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, paragraph


async def names_of_commands(desk: Desk, call: Invocation, partial: str) -> Sequence[Choice]:
    return [Choice(c.name, f"{c.name} — {c.description}") for c in desk.commands if c.name.startswith(partial)]


@command("help", "What you can ask for, or how one command is used", examples=("help", "help subscribe"))
async def help_(
    desk: Desk,
    call: Invocation,
    name: Annotated[str, Option("A command", rest=True, complete=names_of_commands)] = "",
) -> Message:
    if not name:
        lines = [
            Paragraph((Span(each.usage, bold=True), Span(f" — {each.description}")), Kind.ITEM)
            for each in desk.commands
        ]
        return Message(
            title="Newsbell posts a short alert when news about your topics breaks",
            body=(*lines, paragraph("/help and a command tells more about it.", kind=Kind.NOTE)),
            buttons=(Button("Browse topics", "topics"), Button("Status", "status")),
        )
    each = find({n: c for c in desk.commands for n in (c.name, *c.aliases)}, name.removeprefix("/").casefold())
    options = [
        Paragraph((Span(option.name, bold=True), Span(f" — {option.description}")), Kind.ITEM)
        for option in each.options
        if not option.hidden
    ]
    fields = [Field("Also as", ", ".join(f"/{alias}" for alias in each.aliases))] if each.aliases else []
    if each.manage:
        fields.append(Field("For", "those who manage this server"))
    examples = [paragraph(f"/{example}", kind=Kind.QUOTE) for example in each.examples]
    return Message(title=each.usage, body=(paragraph(each.description), *options, *examples), fields=tuple(fields))
