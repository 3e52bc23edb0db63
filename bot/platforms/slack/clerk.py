"""Takes what people ask to the router, and puts the answers into Slack's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.command import Choice, Command, Invocation, OptionKind, Reply
from bot.core.errors import UserError
from bot.core.line import parse
from bot.core.router import Router
from bot.platforms.slack.words import Words, plain


def file_of(command: Command) -> str:
    """The option that wants a file; empty for most commands."""
    return next((option.name for option in command.options if option.kind is OptionKind.FILE), "")


class Clerk:
    """`command` is the slash command under which the house's commands are words here."""

    def __init__(self, router: Router, command: str) -> None:
        self.command = command
        self._router = router
        self._words = Words(command, router.by_name)

    @property
    def commands(self) -> tuple[Command, ...]:
        return self._router.commands

    @property
    def spoken(self) -> dict[str, str]:
        """Each command's name as it is typed here."""
        return {command.name: self._words.spoken(command.name) for command in self.commands}

    def find(self, name: str) -> Command | None:
        return self._router.by_name.get(name)

    async def typed(self, invocation: Invocation, text: str) -> Reply:
        """What somebody wrote, with Slack's markup in it."""
        return self._said(await self._router.answer(invocation, self._line(invocation, text)))

    async def pressed(self, invocation: Invocation, line: str) -> Reply:
        """A button's command line."""
        return self._said(await self._router.answer(invocation, line))

    async def filled(self, invocation: Invocation, name: str, values: Mapping[str, Any]) -> Reply:
        """A form's values."""
        return self._said(await self._router.call(invocation, name, values))

    async def unfinished(self, invocation: Invocation, text: str) -> tuple[str, dict[str, str]] | None:
        """The command that somebody wrote without what only its form can take well, a file or a long text; with what
        stands in the form to begin with. None where it is not so, or the door would not open to it.
        """
        written = self._written(invocation, text)
        if written is None:
            return None
        found, given = written
        if all(o.name in given for o in found.options if o.required and (o.long or o.kind is OptionKind.FILE)):
            return None
        return found.name, {**given, **await self._router.now(invocation, found, given)}

    def wants_file(self, invocation: Invocation, text: str) -> Command | None:
        """The command that somebody wrote, if it wants a file and the door would open to it."""
        written = self._written(invocation, text)
        return written[0] if written and file_of(written[0]) else None

    def _written(self, invocation: Invocation, text: str) -> tuple[Command, dict[str, Any]] | None:
        """A command as somebody wrote it, with its values. None for what is none, or where the door would not open."""
        try:
            found, given = parse(self._router.by_name, self._line(invocation, text))
        except UserError:
            return None
        return (found, given) if self._router.allows(invocation, found) else None

    def _line(self, invocation: Invocation, text: str) -> str:
        return self._words.line(plain(text, invocation.channels))

    def allows(self, invocation: Invocation, command: Command) -> bool:
        return self._router.allows(invocation, command)

    async def choices(self, invocation: Invocation, name: str, option: str, partial: str) -> Sequence[Choice]:
        return await self._router.choices(invocation, name, option, partial)

    def _said(self, reply: Reply) -> Reply:
        return Reply(self._words.in_slack(reply.message), reply.private)
