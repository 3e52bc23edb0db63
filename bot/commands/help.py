"""/help: what can be said here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from bot.commands.desk import Desk
from bot.core.command import Choice, Command, Invocation, Option, command
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
        lines = [_line(each) for each in desk.commands if " " not in each.name]
        lines += [_group(name, members) for name, members in _groups(desk.commands).items()]
        return Message(
            title="Newsbell posts a short alert when news about your topics breaks",
            body=(*lines, paragraph("/help and a command, or a group of them, tells more.", kind=Kind.NOTE)),
            buttons=(Button("Browse topics", "topics"), Button("Status", "status")),
        )
    asked = name.removeprefix("/").casefold()
    members = _groups(desk.commands).get(asked, [])
    if members and all(each.name != asked for each in desk.commands):
        return Message(title=f"/{asked} and one more word", body=tuple(map(_line, members)))
    each = find({n: c for c in desk.commands for n in (c.name, *c.aliases)}, asked)
    options = [
        Paragraph((Span(option.name, bold=True), Span(f" — {option.description}")), Kind.ITEM)
        for option in each.options
        if not option.hidden
    ]
    fields = [Field("Also as", ", ".join(f"/{alias}" for alias in each.aliases))] if each.aliases else []
    if each.manage:
        fields.append(Field("For", "those who manage this server"))
    examples = [paragraph(f"/{example}", kind=Kind.QUOTE) for example in each.examples]
    body = (paragraph(each.description), *options, *examples, *map(_line, members))
    return Message(title=each.usage, body=body, fields=tuple(fields))


def _line(each: Command) -> Paragraph:
    return Paragraph((Span(each.usage, bold=True), Span(f" — {each.description}")), Kind.ITEM)


def _groups(commands: Sequence[Command]) -> dict[str, list[Command]]:
    """Commands of two words by their first."""
    groups: dict[str, list[Command]] = {}
    for each in commands:
        first, _, second = each.name.partition(" ")
        if second:
            groups.setdefault(first, []).append(each)
    return groups


def _group(name: str, members: Sequence[Command]) -> Paragraph:
    """All of them in a line: each with its own would be longer than what some platforms let a message be."""
    words = ", ".join(each.name.partition(" ")[2] for each in members)
    return Paragraph((Span(f"/{name} …", bold=True), Span(f" — {words}")), Kind.ITEM)
