"""A delivery through many lives of a worker, on a platform's real wire: the courier, the platform's own library and a
service that counts for itself. A life ends at one of the points that scenes.POINTS has in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from itertools import count
from typing import Protocol

from bot.core.errors import TryLater
from bot.core.message import USUAL, Button, Manner, Message
from bot.core.model import Delivery
from bot.core.ports import OpensThreads, Platform
from bot.courier import Courier
from bot.store import Store
from tests.fakes.ports import Clock
from tests.simulator.disk import Dead
from tests.simulator.process import Queue

WAITS = (31, 200, 3600)
"""Seconds until the next life. Discord knows a nonce still, has forgotten it, has forgotten everything; to Slack they
are all the same."""


class Wire(Protocol):
    """A fake service, which can lose what it is sent next, or its answer."""

    def fail(self, kind: str, /) -> None: ...


class Threaded(Platform, OpensThreads, Protocol): ...


class Process:
    """One life of a worker that posts; it dies at a point of its next send, and nothing of what it learned is noted."""

    def __init__(self, platform: Threaded, wire: Wire, point: str) -> None:
        self.name, self.dedupes_for, self.whispers = platform.name, platform.dedupes_for, platform.whispers
        self.run, self.check, self.edit, self.find = platform.run, platform.check, platform.edit, platform.find
        self.thread = platform.thread
        self.platform, self.wire, self.point = platform, wire, point

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        point, self.point = self.point, ""
        if point == "claimed":
            raise Dead
        if point in ("on the wire", "acted"):
            self.wire.fail("drop" if point == "on the wire" else "drop after")
        try:
            remote_id = await self.platform.send(channel, message, delivery_id=delivery_id)
        except TryLater:
            if point:
                raise Dead from None
            raise
        if point == "answered":
            raise Dead
        return remote_id


class Lives:
    """One database and one service, through many lives; each of them opens the platform anew."""

    def __init__(
        self, wire: Wire, store: Store, clock: Clock, platform: Callable[[], AbstractAsyncContextManager[Threaded]]
    ) -> None:
        self.wire = wire
        self.store = store
        self.clock = clock
        self.platform = platform
        self.lives = count(1)

    async def live(self, channel: str, point: str = "") -> None:
        """A process that flushes the channel, and ends."""
        async with self.platform() as platform:
            courier = Courier(
                store=self.store,
                platforms={platform.name: Process(platform, self.wire, point)},
                jobs=Queue(),
                name=f"life {next(self.lives)}",
            )
            try:
                await courier.flush(channel)
            except Dead:
                assert point

    async def add(
        self, name: str, tenant: str, channel: str, manner: Manner = USUAL, buttons: tuple[Button, ...] = ()
    ) -> Delivery:
        message = Message(title=name, manner=manner, buttons=buttons)
        delivery = Delivery(name, tenant, channel, message, created_at=self.clock())
        async with self.store.begin() as tx:
            await tx.outbox.add(delivery)
        return delivery

    async def killed(
        self,
        name: str,
        tenant: str,
        channel: str,
        point: str,
        wait: float,
        *,
        in_thread: bool,
        buttons: tuple[Button, ...] = (),
    ) -> Delivery:
        """What the outbox says of an alert whose process was killed; in a thread it follows another that was not."""
        manner = USUAL
        if in_thread:
            root = await self.add(f"root of {name}", tenant, channel, Manner(thread=True))
            await self.live(channel)
            manner = Manner(within=root.id)
        delivery = await self.add(name, tenant, channel, manner, buttons)
        await self.live(channel, point)
        self.clock.forward(timedelta(seconds=wait))
        await self.live(channel)
        self.clock.forward(timedelta(seconds=60))  # what a look-up must wait for
        await self.live(channel)
        async with self.store.read() as tx:
            noted = await tx.outbox.get(delivery.id, delivery.tenant)
        assert noted is not None
        return noted
