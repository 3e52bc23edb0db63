"""The only two interfaces of the house, because two things come in many kinds: sources and platforms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from bot.core.message import Message
from bot.core.model import Feed, Fetched
from bot.core.router import Router


class Places(Protocol):
    """What a platform tells the house of its places, unasked, as soon as it hears of it."""

    async def closed(self, channel: str, reason: str) -> None:
        """The channel was deleted, or nobody lets us post there; the reason says what a person can do."""
        ...

    async def opened(self, channel: str) -> None:
        """A channel that was closed lets us post again."""
        ...

    async def removed(self, tenant: str) -> None:
        """A server has put us out: nothing of it is to be kept."""
        ...


class Source(Protocol):
    """Where articles come from."""

    async def fetch(self, feed: Feed) -> Fetched:
        """One polite look at the feed. Raises `FetchError` and nothing else that is expected."""
        ...


@runtime_checkable
class ChecksChannels(Protocol):
    """A platform that can say before the first alert whether a channel is open to it."""

    async def check_channel(self, channel: str, *, threads: bool = False) -> str:
        """What the channel is called, for people. Raises as `send` does; ChannelGone names what is missing.

        `threads` is whether each story is to have a thread there, which may need more.
        """
        ...


@runtime_checkable
class OpensThreads(Protocol):
    """A platform on which what follows can stand in the thread of a message."""

    def thread(self, channel: str, remote_id: str) -> str:
        """Where to `send` and to `find` what goes into the thread of a posted message: an address as a channel's."""
        ...


class Platform(Protocol):
    """Where alerts go and commands come from.

    A channel's id is given and taken in full (`platform:id`).
    """

    name: str
    dedupes_for: timedelta
    """So long after the first send of a delivery id, sending it again posts nothing; zero where nothing prevents it."""
    whispers: bool
    """Whether a person's id is also the channel of their direct messages."""

    async def run(self, router: Router) -> None:
        """Connect, answer commands through the router, and return only when cancelled."""
        ...

    async def check(self) -> str:
        """Who the bot is there, in a few words, found by a harmless call with its credentials.

        Raises SettingsError that says what to mend, or as `send` does.
        """
        ...

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        """Post a message; the platform's own id of it comes back.

        Sending the same `delivery_id` twice posts once, as far as the platform allows (`dedupes_for`, `find`).
        Raises `TryLater`, `Rejected` or `ChannelGone`.
        """
        ...

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """Change a posted message in place. Raises as `send` does."""
        ...

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        """The platform's id of a message posted under this delivery id since then, or None if there is none.

        Asked only after a send whose outcome is unknown, and not before the history can be trusted. Raises as `send`
        does; `Rejected` and `ChannelGone` mean that the history cannot be read.
        """
        ...


Whispers = Callable[[str], bool]
"""Says of a person's id whether it is also the channel of their direct messages."""


def whispers(platforms: Mapping[str, Platform]) -> Whispers:
    """As these platforms say of their people; those that are not there yet are asked once they are."""

    def to(person: str) -> bool:
        platform = platforms.get(person.partition(":")[0])
        return platform is not None and platform.whispers

    return to
