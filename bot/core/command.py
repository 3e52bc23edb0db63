"""What a user can say, declared once and drawn by every platform.

A command is an async function with a decorator; its options are its annotated parameters:

    @command("subscribe", "Follow a topic in this channel", aliases=("sub",))
    async def subscribe(
        desk: Desk,
        call: Invocation,
        topic: Annotated[str, Option("A topic, a relation such as Russia-Iraq, or words", rest=True)],
        to: Annotated[Channel | None, Option("Another channel", word="to")] = None,
    ) -> Message: ...

From this one declaration Discord gets a typed application command, Slack a word of its `/news`, the web channel and
the console their parser (`bot.core.line`), and all of them the completion.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from bot.core.errors import NotFound, UserError
from bot.core.message import File, Message, Role
from bot.core.model import Channel, Person


class OptionKind(StrEnum):
    TEXT = "text"
    INT = "int"
    FLAG = "flag"
    CHANNEL = "channel"
    ROLE = "role"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick: `value` is what is typed, `label` what is shown."""

    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Invocation:
    """Who says something, where. `channels` and `roles` are those of this server that the person may choose from.

    `closed` is why nothing can be done in `channel`, in a sentence for the person; empty where it is open. `files` came
    with the words, where a platform lets a line of chat bring any: an option that wants a file takes the first.
    """

    tenant: str
    channel: Channel
    person: Person
    channels: tuple[Channel, ...] = ()
    zone: str = "UTC"
    locale: str = "en"
    roles: tuple[Role, ...] = ()
    closed: str = ""
    files: tuple[File, ...] = ()


CHANNELS_NAMED = 5

NOBODY = Role("")
"""What "none" means where a role is asked for."""

Complete = Callable[[Any, Invocation, str], Awaitable[Sequence[Choice]]]
"""Offers choices for a half-typed value; must answer from memory or one indexed query."""


Now = Callable[[Any, Invocation, Mapping[str, Any]], Awaitable[str]]
"""What an option is now, by what was given for the others; must answer from memory or one indexed query."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a command asks for. Name, kind and default are read off the function's signature.

    `rest` swallows all the words that no other option takes; `word` is the preposition that announces the option in
    typed text ("to #alerts"); `unit` a letter that may follow a number ("7d"); `hidden` options are set by buttons. A
    `long` one is worth a window with several lines where there are windows; `now` is what stands in it to begin with.
    """

    description: str
    rest: bool = False
    word: str = ""
    unit: str = ""
    least: int = 1
    most: int = 1_000_000
    hidden: bool = False
    long: bool = False
    now: Now | None = None
    complete: Complete | None = None
    choices: tuple[Choice, ...] = ()
    name: str = ""
    kind: OptionKind = OptionKind.TEXT
    required: bool = True
    default: Any = None


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is one word or two ("feed add"). `private` answers are for the asker's eyes only.

    `manage` commands are for those who may set up the server.
    """

    name: str
    description: str
    run: Callable[..., Awaitable[Message]]
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    private: bool = True
    manage: bool = False
    examples: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """As it is typed: `/news topic-or-words [days] [count]`."""
        words = [f"/{self.name}"]
        among_words = any(option.rest for option in self.options)
        for option in self.options:
            if option.hidden:
                continue
            shown = f"{option.word} {option.name}" if option.word and option.word != option.name else option.name
            if option.word and option.kind in (OptionKind.CHANNEL, OptionKind.ROLE):
                shown = f"{option.word} {option.kind.value}"
            if option.kind is OptionKind.FLAG:
                shown = f"{option.name}:yes"
            if option.kind is OptionKind.TEXT and among_words and not (option.required or option.rest or option.word):
                # Among the words of another option it must be said by its name.
                shown = f"{option.name}:{'/'.join(choice.value for choice in option.choices) or '...'}"
            words.append(shown if option.required else f"[{shown}]")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Reply:
    message: Message
    private: bool = True


def command(
    name: str,
    description: str,
    *,
    aliases: tuple[str, ...] = (),
    private: bool = True,
    manage: bool = False,
    examples: tuple[str, ...] = (),
) -> Callable[[Callable[..., Awaitable[Message]]], Command]:
    """Declare an async function `(desk, invocation, **options)` as a command."""

    def declare(function: Callable[..., Awaitable[Message]]) -> Command:
        hints = typing.get_type_hints(function, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())[2:]
        options = tuple(_option(parameter, hints[parameter.name]) for parameter in parameters)
        return Command(name, description, function, options, aliases, private, manage, examples)

    return declare


def _option(parameter: inspect.Parameter, hint: Any) -> Option:
    option: Option
    kind, option = typing.get_args(hint)
    types = typing.get_args(kind) or (kind,)
    return replace(
        option,
        name=parameter.name,
        kind=next(
            kind
            for known, kind in (
                (Channel, OptionKind.CHANNEL),
                (Role, OptionKind.ROLE),
                (File, OptionKind.FILE),
                (bool, OptionKind.FLAG),
                (int, OptionKind.INT),
                (str, OptionKind.TEXT),
            )
            if known in types
        ),
        required=parameter.default is inspect.Parameter.empty,
        default=None if parameter.default is inspect.Parameter.empty else parameter.default,
    )


def checked(option: Option, value: Any, invocation: Invocation) -> Any:
    """The value as the command's function wants it. Raises UserError that names the option."""
    if option.kind is OptionKind.FILE and not isinstance(value, File) and invocation.files:
        value = invocation.files[0]
    if value is None or value == "":
        if option.required:
            many = option.kind is OptionKind.INT and option.name.endswith("s")
            asked = f"How many {option.name}" if many else f"What is the {option.name}"
            raise UserError(f"{asked}? {option.description}.")
        return option.default
    if option.kind is OptionKind.CHANNEL:
        return _channel(str(value), invocation)
    if option.kind in (OptionKind.ROLE, OptionKind.FILE):
        return _role(str(value), invocation) if option.kind is OptionKind.ROLE else _file(option, value)
    if option.kind is OptionKind.FLAG:
        return value is True or str(value).casefold() in ("yes", "true", "on", "1")
    if option.kind is OptionKind.INT:
        text = str(value).removesuffix(option.unit) if option.unit else str(value)
        if not text.isdecimal() or not option.least <= int(text[:9]) <= option.most:
            raise UserError(f"{option.name} must be a number from {option.least} to {option.most}, not {value!r}.")
        return int(text)
    if option.choices and value not in {choice.value for choice in option.choices}:
        raise UserError(f"{option.name} is one of: {', '.join(choice.value for choice in option.choices)}.")
    return str(value)


def _channel(value: str, invocation: Invocation) -> Channel:
    wanted = value.removeprefix("#").casefold()
    for channel in (*invocation.channels, invocation.channel):
        if wanted in (channel.id.casefold(), channel.name.casefold()):
            return channel
    names = [channel.name for channel in invocation.channels]
    near = get_close_matches(wanted, names, n=1)
    known = ", ".join(f"#{name}" for name in names[:CHANNELS_NAMED])
    hint = f" Did you mean #{near[0]}?" if near else f" There is {known}." if names else ""
    raise NotFound(f"There is no channel #{value.removeprefix('#')} here.{hint}")


def _file(option: Option, value: Any) -> File:
    if isinstance(value, File):
        return value
    raise UserError(f"A {option.name} is attached to the command and not named in it.")


def _role(value: str, invocation: Invocation) -> Role:
    wanted = value.removeprefix("@").casefold()
    for role in invocation.roles:
        if wanted in (role.id.casefold(), role.name.casefold()):
            return role
    if wanted == "none":
        return NOBODY
    near = get_close_matches(wanted, [role.name for role in invocation.roles], n=1)
    hint = f" Did you mean @{near[0]}?" if near else ""
    raise NotFound(f"There is no role @{value.removeprefix('@')} here that I may mention.{hint}")
