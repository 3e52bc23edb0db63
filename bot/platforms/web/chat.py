"""What the web channel needs of the store: its channels and what was said in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.message import Message
from bot.core.model import Channel

TENANT = "web"


class ChatMessage(Protocol):
    """One line of the log. Ids grow over all channels, in the order of posting."""

    @property
    def id(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def edited_at(self) -> datetime | None: ...
    @property
    def message(self) -> Message: ...
    @property
    def delivery_id(self) -> str: ...


class ChatLog(Protocol):
    """The store's side of the web channel. Answers ascend by id."""

    async def channels(self) -> Sequence[Channel]: ...

    async def add_channel(self, channel: Channel) -> None: ...

    async def remove_channel(self, channel_id: str) -> None: ...

    async def post(self, channel_id: str, message: Message, *, delivery_id: str) -> int:
        """Store a message once per delivery id; its id comes back, also the second time.

        Raises KeyError where there is no such channel.
        """
        ...

    async def edit(self, message_id: int, message: Message) -> None:
        """Raises KeyError where there is no such message."""
        ...

    async def after(self, channel_id: str, after: int = 0, limit: int = 100) -> Sequence[ChatMessage]:
        """The oldest `limit` messages with a greater id; with `after=0` the newest `limit` of all."""
        ...

    async def find(self, channel_id: str, delivery_id: str) -> int | None: ...

    async def changed(self, channel_id: str, since: datetime) -> Sequence[ChatMessage]:
        """Messages that were edited at that instant or later."""
        ...


ASKED = "ask:"
ANSWERED = "re:"
"""How the delivery ids of a command said aloud and of its answer begin; both go on with the same token."""


def kind(line: ChatMessage) -> str:
    """What a line of the log is: an alert from the outbox, a command that somebody typed, or its answer."""
    if line.delivery_id.startswith(ASKED):
        return "ask"
    return "reply" if line.delivery_id.startswith(ANSWERED) else "alert"


def thread(line: ChatMessage) -> str:
    """The token that a typed command and its answer share; empty for an alert."""
    return "" if kind(line) == "alert" else line.delivery_id.partition(":")[2]
