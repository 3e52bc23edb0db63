"""Politeness towards hosts: one request at a time, a pause between two, and no more than a domain can bear.

The budget per registrable domain is ours, over all tenants: a thousand servers that subscribe to
`victim.example/?n=1..1000` must not make a weapon of us.
"""

from __future__ import annotations

import asyncio
import random as chance
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address

from bot.core.errors import Throttled

MINUTE = 60.0
REMEMBERED = 10_000
"""Hosts kept in memory before the idle ones are forgotten."""


Share = Callable[[str, str], Awaitable[float]]


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    next_start: float = 0.0
    closed_until: float = 0.0


class Gate:
    """Hands out turns to talk to a host.

    `gap` and `jitter` are seconds: starts on one host are at least `gap + U(0, jitter)` apart. `per_minute` is the
    budget of a domain (0: none); who would have to wait longer than `patience` seconds for it is turned away.
    `share` says how long to wait (in seconds; 0: go) for what all processes together ask of a domain and a host.
    """

    def __init__(
        self,
        *,
        gap: float = 1.0,
        jitter: float = 1.0,
        per_minute: int = 30,
        patience: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = chance.random,
        share: Share | None = None,
    ) -> None:
        self._gap = gap
        self._jitter = jitter
        self._per_minute = per_minute
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._share = share
        self._hosts: dict[str, _Host] = {}
        self._starts: dict[str, deque[float]] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Hold the host's only slot. Raises Throttled while the host is closed, or its domain's budget is spent."""
        self._forget_the_idle()
        state = self._hosts.setdefault(host, _Host())
        state.users += 1
        try:
            self._refuse_if_closed(host, state)
            async with state.lock:
                self._refuse_if_closed(host, state)
                async with self._budget(host):
                    if (pause := state.next_start - self._clock()) > 0:
                        await self._sleep(pause)
                    await self._wait_for_the_others(host)
                state.next_start = self._clock() + self._gap + self._jitter * self._random()
                yield
        finally:
            state.users -= 1

    def close(self, host: str, wait: timedelta) -> None:
        """The host asked for quiet: no feed of it is fetched until then, whichever one was told."""
        state = self._hosts.setdefault(host, _Host())
        state.closed_until = max(state.closed_until, self._clock() + wait.total_seconds())

    def _refuse_if_closed(self, host: str, state: _Host) -> None:
        left = state.closed_until - self._clock()
        if left > 0:
            # Not this feed's failure: it is put back for the moment at which the host opens, while the one that was
            # refused waits a little longer. Else the same feed is refused first each time, and its siblings starve.
            raise Throttled(f"{host} asked us to wait", timedelta(seconds=max(left, 1)), ours=True)

    @asynccontextmanager
    async def _budget(self, host: str) -> AsyncIterator[None]:
        """A place in the domain's budget, held while its request waits for other things.

        It counts from the end of the block, where the request starts, and not at all where it is given up.
        """
        if not self._per_minute:
            yield
            return
        starts = self._starts.setdefault(registrable(host), deque())
        held = await self._wait_for_budget(registrable(host), starts)
        try:
            yield
        except BaseException:
            with suppress(ValueError):
                starts.remove(held)
            raise
        with suppress(ValueError):  # it has waited for longer than a minute
            starts.remove(held)
        starts.append(self._clock())

    async def _wait_for_budget(self, domain: str, starts: deque[float]) -> float:
        while True:
            now = self._clock()
            while starts and starts[0] <= now - MINUTE:
                starts.popleft()
            if len(starts) < self._per_minute:
                starts.append(now)
                return now
            wait = starts[0] + MINUTE - now
            if wait > self._patience:
                raise Throttled(
                    f"we ask {domain} at most {self._per_minute} times a minute, for all feeds together",
                    timedelta(seconds=max(wait, 1)),
                    ours=True,
                )
            await self._sleep(wait)

    async def _wait_for_the_others(self, host: str) -> None:
        if self._share is None:
            return
        domain, waited = registrable(host), 0.0
        while (wait := await self._share(domain, host)) > 0:
            waited += wait
            if waited > self._patience:
                raise Throttled(
                    f"all our processes together have asked {domain} enough for this minute",
                    timedelta(seconds=max(wait, 1)),
                    ours=True,
                )
            await self._sleep(wait)

    def _forget_the_idle(self) -> None:
        if len(self._hosts) < REMEMBERED:
            return
        now = self._clock()
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.users or max(host.next_start, host.closed_until) > now
        }
        self._starts = {name: starts for name, starts in self._starts.items() if starts and starts[-1] > now - MINUTE}


SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gouv", "mil", "net", "ne", "nom", "or", "org"})


def registrable(host: str) -> str:
    """The domain somebody registered, near enough for a budget: two labels, or three under `co.uk` and its like.

    Without the Public Suffix List a name such as `example.gv.at` is counted with its neighbours: stricter, not laxer.
    """
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.rstrip(".").casefold().split(".")
        three = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SECOND_LEVEL
        return ".".join(labels[-3:] if three else labels[-2:])
