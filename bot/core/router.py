"""The one door through which every platform calls the commands of the house."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bot.core.command import Choice, Command, Invocation, Option, OptionKind, Reply, checked
from bot.core.errors import NotAllowed, UserError
from bot.core.limits import Turnstile
from bot.core.line import find, in_a_word, parse, unfinished
from bot.core.message import Message, Tone, paragraph
from bot.core.model import Channel
from bot.core.rights import Action, authorise, may

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Router:
    """All commands of the house and the one door through which every platform calls them.

    `desk` is handed to each command as its first argument: what the commands may reach. `turnstile` says how often
    one server may call them, and `refused` is told of each who lacked the right.
    """

    commands: tuple[Command, ...]
    desk: Any
    turnstile: Turnstile | None = None
    refused: Callable[[Invocation, Command], Awaitable[None]] | None = None
    by_name: Mapping[str, Command] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names: dict[str, Command] = {}
        for each in self.commands:
            for name in (each.name, *each.aliases):
                if name in names:
                    raise ValueError(f"two commands are called {name!r}")
                names[name] = each
        object.__setattr__(self, "by_name", names)

    async def call(self, invocation: Invocation, name: str, values: Mapping[str, Any]) -> Reply:
        """Run a command with typed values (channels as ids). Never raises: failures become the reply."""
        try:
            self._take_turn(invocation)
            found = find(self.by_name, name)
            return await self._run(invocation, found, values)
        except UserError as error:
            return Reply(sorry(error))

    async def answer(self, invocation: Invocation, line: str) -> Reply:
        """Run a typed line, with or without its slash. Never raises: failures become the reply."""
        try:
            self._take_turn(invocation)
            found, values = parse(self.by_name, line, invocation.channels)
            return await self._run(invocation, found, values)
        except UserError as error:
            return Reply(sorry(error))

    def allows(self, invocation: Invocation, found: Command) -> bool:
        """Whether the door would open to this command: for drawing a form or a button that leads to it."""
        return may(invocation, action_of(found), invocation.channel)

    def _take_turn(self, invocation: Invocation) -> None:
        if self.turnstile and (wait := self.turnstile.wait(invocation.tenant)):
            most = self.turnstile.per_minute
            raise UserError(f"{most} commands a minute are the most for one server. Ask again in {wait:.0f} s.")

    async def _run(self, invocation: Invocation, found: Command, values: Mapping[str, Any]) -> Reply:
        try:
            action, what = action_of(found), f"/{found.name}"
            authorise(invocation, action, invocation.channel, what=what)
            arguments: dict[str, Any] = {}
            for option in found.options:
                try:
                    arguments[option.name] = checked(option, values.get(option.name), invocation)
                except UserError as error:
                    if option.now is None or values.get(option.name):
                        raise
                    text = await option.now(self.desk, invocation, values)
                    raise UserError(f"{error} Now it is: {text}") from error
            for argument in arguments.values():
                if isinstance(argument, Channel):
                    authorise(invocation, action, argument, what=what)
            return await self._call(invocation, found, arguments)
        except NotAllowed:
            if self.refused:
                await self.refused(invocation, found)
            raise

    async def _call(self, invocation: Invocation, found: Command, arguments: Mapping[str, Any]) -> Reply:
        try:
            return Reply(await found.run(self.desk, invocation, **arguments), found.private)
        except UserError:
            raise
        except Exception:
            reference = uuid4().hex[:8]
            log.exception("command /%s failed in %s (reference %s)", found.name, invocation.channel.id, reference)
            raise UserError(
                f"Something went wrong on our side; nothing was changed. The log has it as {reference}."
            ) from None

    async def choices(self, invocation: Invocation, name: str, option: str, partial: str) -> list[Choice]:
        """Completions for one option of one command; empty where there is nothing to offer."""
        found = self.by_name.get(name)
        wanted = next((each for each in found.options if each.name == option), None) if found else None
        # Half a word changes nothing and brings nothing that asking would not.
        if wanted is None or not may(invocation, Action.ASK, invocation.channel):
            return []
        if wanted.kind is OptionKind.CHANNEL:
            start = partial.removeprefix("#").casefold()
            return [Choice(f"#{c.name}", c.name) for c in invocation.channels if c.name.casefold().startswith(start)]
        if wanted.kind is OptionKind.ROLE:
            start = partial.removeprefix("@").casefold()
            return [Choice(f"@{r.name}", r.name) for r in invocation.roles if r.name.casefold().startswith(start)]
        if wanted.choices:
            return [c for c in wanted.choices if c.value.startswith(partial)]
        return list(await wanted.complete(self.desk, invocation, partial)) if wanted.complete else []

    async def now(self, invocation: Invocation, found: Command, values: Mapping[str, Any]) -> dict[str, str]:
        """What the options are now that a window asks for; nothing for one of which that cannot be said."""
        texts = {}
        for option in found.options:
            if option.now and not values.get(option.name):
                try:
                    texts[option.name] = await option.now(self.desk, invocation, values)
                except UserError:
                    continue
        return texts

    async def complete(self, invocation: Invocation, line: str) -> list[Choice]:
        """Completions for a half-typed line: each value is the whole line as it would be."""
        start, name, option, partial = unfinished(self.by_name, line)
        if not name:
            return [
                Choice(f"/{each.name} ", each.description)
                for each in sorted(self.commands, key=lambda each: each.name)
                if any(known.startswith(partial) for known in (each.name, *each.aliases))
            ]
        wanted = next((each for each in self.by_name[name].options if each.name == option), None)
        is_word = wanted is not None and not (wanted.rest or wanted.word)
        now = await self._now(invocation, self.by_name[name], wanted, start) if wanted and not partial else ""
        offered = [
            Choice(f"{start}{in_a_word(choice.value) if is_word else choice.value}", choice.label or choice.value)
            for choice in await self.choices(invocation, name, option, partial.strip('"') if is_word else partial)
        ]
        return [Choice(f"{start}{now}", f"{now} — as it is now"), *offered] if now else offered

    async def _now(self, invocation: Invocation, found: Command, option: Option, start: str) -> str:
        """What an option is now that is typed next: to be taken, and changed. Empty where that cannot be said."""
        if option.now is None or not self.allows(invocation, found):
            return ""
        try:
            given = parse(self.by_name, start, invocation.channels)[1]
        except UserError:
            return ""
        return (await self.now(invocation, found, given)).get(option.name, "")


def action_of(found: Command) -> Action:
    return Action.SET_UP if found.manage else Action.ASK


def sorry(error: UserError) -> Message:
    """The answer to somebody who asked for what cannot be done."""
    return Message(body=(paragraph(str(error)),), buttons=error.buttons, tone=Tone.ERROR)
