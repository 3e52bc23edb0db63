"""Chat services as the outbox meets them, in three classes, with a log of what was really posted: losses and doubles
are counted there and nowhere else.

    nonce      repeats within a window are dropped, and the history can be read (Discord)
    history    nothing is dropped; the history can be read, but lags behind the posts (Slack)
    blind      nothing is dropped and nothing can be read (webhooks, WhatsApp)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from bot.core.errors import ChannelGone, DeliveryError, Rejected, TryLater
from bot.core.message import Message
from bot.core.router import Router
from tests.simulator.disk import Dead

Kind = Literal["nonce", "history", "blind"]
WINDOW = 180.0
"""Seconds that a nonce is kept; the courier counts on a third of it."""
LAG = 4.0
"""Seconds at most until a post is shown in the history."""
LATE = 5.5
"""Seconds at most until a service acts on what it was sent. Late and lag together are what the courier settles for."""

Fate = Literal[
    "well", "unreachable", "throttled", "lost", "late", "hangs", "reset", "error before", "error after", "revoked",
    "forbidden", "refused",
]  # fmt: skip
STORM: tuple[Fate, ...] = ("error before", "error after", "reset", "hangs", "lost", "throttled", "unreachable", "late")


@dataclass(frozen=True)
class Posted:
    at: float
    channel: str
    delivery_id: str
    title: str


@dataclass
class Chat:
    """The service's side. `fate` decides what becomes of each request."""

    name: str
    kind: Kind
    dice: Random
    fate: Callable[[str], Fate] = lambda _channel: "well"
    latency: tuple[float, float] = (0.02, 0.3)
    window: float = WINDOW
    lag: float = LAG
    log: list[Posted] = field(default_factory=list)
    calls: list[tuple[float, str]] = field(default_factory=list)
    lookups: int = 0
    _known: dict[tuple[str, str], int] = field(default_factory=dict)

    def act(self, channel: str, delivery_id: str, title: str) -> str:
        """The message comes to be, unless the service knows it as a repetition."""
        now = asyncio.get_running_loop().time()
        if self.kind == "nonce":
            number = self._known.get((channel, delivery_id))
            if number is not None and self.log[number].at >= now - self.window:
                return str(number)
            self._known[channel, delivery_id] = len(self.log)
        self.log.append(Posted(now, channel, delivery_id, title))
        return str(len(self.log) - 1)

    def shown(self, channel: str, delivery_id: str) -> str | None:
        now = asyncio.get_running_loop().time()
        lag = self.dice.uniform(0, self.lag)
        for number, known in enumerate(self.log):
            if (known.channel, known.delivery_id) == (channel, delivery_id) and known.at <= now - lag:
                return str(number)
        return None


class Line:
    """One process's connection to a chat service: the port `Platform`, with an operator who may cut it."""

    def __init__(
        self,
        chat: Chat,
        breathe: Callable[[str], object],
        dice: Random,
        draw: Callable[[str, str], None] = lambda _channel, _delivery_id: None,
    ) -> None:
        self.chat = chat
        self.name = chat.name
        self.whispers = False
        self.dedupes_for = timedelta(seconds=60) if chat.kind == "nonce" else timedelta(0)
        self._breathe = breathe
        """Called at each point where a process may be killed or paused; raises Dead, or returns seconds to stand."""
        self._dice = dice
        self._draw = draw
        """Called before anything is sent: for a bug in a room, which raises what it should not."""

    async def run(self, router: Router) -> None:
        await asyncio.Event().wait()

    async def check(self) -> str:
        return self.name

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        raise Rejected("nothing is edited here")

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        await self._travel("asked")
        self.chat.lookups += 1
        if self.chat.kind == "blind":
            raise Rejected("there is no history to read")
        found = self.chat.shown(channel, delivery_id)
        await self._travel("told")
        return found

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        self._draw(channel, delivery_id)
        loop = asyncio.get_running_loop()
        chat = self.chat
        fate = chat.fate(channel)
        await self._stand("claimed")  # K1: killed before a byte left
        if fate == "unreachable":
            raise TryLater("the host cannot be reached")
        chat.calls.append((loop.time(), channel))
        refusals: dict[str, DeliveryError] = {
            "throttled": TryLater("slow down", timedelta(seconds=self._dice.uniform(1, 60)), refused=True),
            "revoked": TryLater("the token is wrong", timedelta(minutes=10), refused=True, reach="tenant"),
            "forbidden": ChannelGone("give the bot the right to post"),
            "refused": Rejected("400: no such thing"),
        }
        if fate in refusals:
            await self._travel("asked")
            raise refusals[fate]
        if fate == "late":  # acts when we have long given up; K3 where we were killed meanwhile
            loop.call_later(self._dice.uniform(1, LATE), chat.act, channel, delivery_id, message.title)
            await self._stand("on the wire")
            raise TryLater("the connection broke", unknown=True)
        await self._travel("on the wire")  # K2: killed, and the service never acts
        if fate in ("lost", "error before"):
            if fate == "lost":
                await asyncio.sleep(3600)
            raise TryLater("500", unknown=True)
        remote_id = chat.act(channel, delivery_id, message.title)
        if fate == "hangs":
            await asyncio.sleep(3600)
        if fate in ("reset", "error after"):  # K7, K8
            raise TryLater(fate, unknown=True)
        await self._travel("acted")  # K4: killed with the answer on its way
        await self._stand("answered")  # K5: killed before we noted it
        return remote_id

    async def _travel(self, point: str) -> None:
        await asyncio.sleep(self._dice.uniform(*self.chat.latency))
        await self._stand(point)

    async def _stand(self, point: str) -> None:
        seconds = self._breathe(point)
        if isinstance(seconds, float):
            await asyncio.sleep(seconds)


__all__ = ["STORM", "Chat", "Dead", "Fate", "Kind", "Line", "Posted"]
