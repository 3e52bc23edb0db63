"""Takes what people ask to the router, and puts the answers into Slack's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.command import Choice, Command, Invocation, Reply
from bot.core.router import Router
from bot.platforms.slack.words import Words, plain


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
        return self._said(await self._router.answer(invocation, self._words.line(plain(text, invocation.channels))))

    async def pressed(self, invocation: Invocation, line: str) -> Reply:
        """A button's command line."""
        return self._said(await self._router.answer(invocation, line))

    async def filled(self, invocation: Invocation, name: str, values: Mapping[str, Any]) -> Reply:
        """A form's values."""
        return self._said(await self._router.call(invocation, name, values))

    async def choices(self, invocation: Invocation, name: str, option: str, partial: str) -> Sequence[Choice]:
        return await self._router.choices(invocation, name, option, partial)

    def _said(self, reply: Reply) -> Reply:
        return Reply(self._words.in_slack(reply.message), reply.private)
