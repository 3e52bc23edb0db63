"""The way out of the story: outbox -> channel, in order, once.

    flush_due    every second: which channels have alerts waiting?  ........... kicks flush(channel)
    flush        one channel at a time, in order: claim a delivery, post it, note the outcome

The row is claimed with a lease and a fencing number before a byte leaves; the fence is looked at once more right
before the send. A send in doubt (a kill, a lost answer) is repeated as long as the platform drops repetitions, and
looked up there after that. What a platform can neither deduplicate nor look up may be doubled by a kill between its
"yes" and our note of it, and is counted.

The times hang together, each found by breaking it: a lease outlasts send and settle, or two workers take turns for
ever; a send ends well within its lease, or the fence is no fence; a repetition reaches the platform while it still
remembers, or it doubles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import structlog

from bot import metrics
from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.core.model import EVERYONE, Deed, Delivery, Outcome
from bot.core.ports import OpensThreads, Platform, whispers
from bot.jobs import Jobs
from bot.places import close
from bot.rate_limits import LIMITS, Gate, RateLimits, Room
from bot.store import Store
from bot.store.delivery_row import MOST_DEATHS
from bot.store.outbox import SUSPECT_DEATHS

log = structlog.get_logger(__name__)

SEND_LEASE = timedelta(seconds=30)
SEND_TIMEOUT = timedelta(seconds=10)
"""Below half the lease, so that a send is over before anybody else may claim its row."""
SETTLE = timedelta(seconds=10)
"""A platform's history lags behind its posts: read back no earlier than this after a doubtful send."""
CALM = timedelta(seconds=60)
"""A process that has lived for this long may try what others died of again and again."""
RETRIES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 7200, 21600, 43200))
"""Waits after the first, second, ... failed attempt; after the last the delivery is dead."""


@dataclass(frozen=True, slots=True)
class Times:
    """How the waits of one delivery hang together; shorter ones are for tests with real processes."""

    lease: timedelta = SEND_LEASE
    send: timedelta = SEND_TIMEOUT
    settle: timedelta = SETTLE
    retries: tuple[timedelta, ...] = RETRIES
    calm: timedelta = CALM

    def __post_init__(self) -> None:
        if self.lease <= self.settle + self.send or self.send * 2 >= self.lease:
            raise ValueError("a lease must outlast send and settle, and two sends")


CRASHES = 3
"""Attempts that a message gets whose sending raises what it should not: a bug does not go away by waiting."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _kind(platform: str) -> str:
    """A kind of job for each platform, so that a flush goes to a process which is connected to it."""
    return f"flush {platform}"


async def ring(jobs: Jobs, channels: Iterable[str]) -> None:
    """Kick a flush of each channel."""
    by_platform: dict[str, list[str]] = {}
    for channel in channels:
        by_platform.setdefault(channel.partition(":")[0], []).append(channel)
    for platform, waiting in by_platform.items():
        await jobs.kick(_kind(platform), waiting)


class Courier:
    """Carries what waits in the outbox to its channels. Made where the loop runs that it lives in."""

    def __init__(
        self,
        *,
        store: Store,
        platforms: Mapping[str, Platform],
        jobs: Jobs,
        name: str,
        shelf_life: timedelta = timedelta(hours=24),
        times: Times = Times(),
        random: Random | None = None,
    ) -> None:
        self.store = store
        self.platforms = platforms
        self.jobs = jobs
        self.name = name
        self.shelf_life = shelf_life
        self.times = times
        self.random = random or Random()  # noqa: S311  (jitter, not secrets)
        self.room = Room()
        self.gates: dict[str, Gate] = {}
        self._born = asyncio.get_running_loop().time()

    def serve(self) -> None:
        """Take flushes of the channels whose platforms are connected here; call it once they are all known."""
        for name in self.platforms:
            self.jobs.on(_kind(name), self.flush)

    async def flush_due(self) -> None:
        """Kick a flush of every channel with something due, if its platform is connected here."""
        async with self.store.read() as tx:
            channels = await tx.outbox.due_channels()
        await ring(self.jobs, [c for c in channels if c.partition(":")[0] in self.platforms])

    async def flush(self, channel: str) -> None:
        """Post what waits for one channel, in order, until nothing is due, the head must wait, or the pace is used up.

        Whoever waits for a pace leaves: the next tick comes back within a second, and others need the place.
        """
        platform = self.platforms.get(channel.partition(":")[0])
        if platform is None:
            return
        gate = self.gate(platform.name)
        if not gate.ready(channel):
            return
        expired: list[str] | None = None
        while gate.ready(channel) and not self.jobs.stopping:
            async with self.room.together():
                async with self.store.begin() as tx:
                    if expired is None:
                        expired = await tx.outbox.expire(self.shelf_life, channel)
                    delivery = await tx.outbox.claim(channel, owner=self.name, lease=self.times.lease, most_deaths=0)
                    deaths = 0 if delivery else await tx.outbox.deaths(channel)
                if expired:
                    _tell_expired(expired)
                    expired = []
                if delivery:
                    await gate.turn(channel)
                    await self.deliver(platform, delivery)
            if not delivery and not await self._suspect(platform, channel, deaths):
                return

    async def _suspect(self, platform: Platform, channel: str, deaths: int) -> bool:
        """Post a message that workers died with, perhaps of it; false if it must wait or there is none.

        It goes alone, and is claimed only then: if another dies, no bystander is blamed. After some deaths only a
        process that has lived for a while takes it. A crash loop that something else causes has no such process, and
        where there is one it is unlikely to be killed for another reason in just that second, and thrice in a row.
        """
        most = MOST_DEATHS if self._calm() else SUSPECT_DEATHS - 1
        if not 0 < deaths <= most or self.room.taken:
            return False
        async with self.room.alone():
            await self.gate(platform.name).turn(channel)
            async with self.store.begin() as tx:
                delivery = await tx.outbox.claim(channel, owner=self.name, lease=self.times.lease, most_deaths=most)
            if delivery:
                await self.deliver(platform, delivery)
        return delivery is not None

    def _calm(self) -> bool:
        """Whether this process has lived for so long that it is none of those that die all the time."""
        return asyncio.get_running_loop().time() - self._born >= self.times.calm.total_seconds()

    def gate(self, platform: str) -> Gate:
        """What the platform lets this process do now."""
        if platform not in self.gates:
            self.gates[platform] = Gate(LIMITS.get(platform, RateLimits()), asyncio.get_running_loop().time)
        return self.gates[platform]

    async def deliver(self, platform: Platform, delivery: Delivery) -> None:
        """Post one claimed delivery and note the outcome; every outcome has its own next step."""
        bound = log.bind(delivery=delivery.id, channel=delivery.channel, attempt=delivery.attempt)
        gate = self.gate(platform.name)
        if wait := gate.wait(delivery.tenant, EVERYONE):
            await self._put_back(delivery, wait, "all posts wait there")
            return
        try:
            with counted(platform.name) as outcome:
                async with asyncio.timeout(self.times.send.total_seconds()):
                    remote_id = await self._post(platform, delivery)
                outcome[:] = ["posted" if remote_id else "taken over"]
        except TryLater as error:
            gate.went_ill()
            if gate.heed(error, delivery.tenant, self.times.retries[0]):
                log.error("refused too often; no posts for a while", platform=platform.name)
            await self._retry(delivery, error)
            bound.info("delivery put off", reason=str(error), unknown=error.unknown)
        except TimeoutError:
            gate.went_ill()
            await self._retry(delivery, TryLater("the platform did not answer in time", unknown=True))
            bound.warning("delivery put off", reason="no answer in time", unknown=True)
        except Rejected as error:
            await self._dead(delivery, str(error))
        except ChannelGone as error:
            gate.refused()
            await self._close(delivery, str(error))
            bound.warning("channel is closed to us; its subscriptions pause", reason=str(error))
        except Exception as error:
            bound.exception("sending failed unexpectedly")
            await self._retry(delivery, TryLater(f"unexpected {type(error).__name__}", unknown=True), most=CRASHES)
        else:
            if remote_id:
                gate.went_well(delivery.tenant, EVERYONE)
                await self._sent(platform, delivery, remote_id)
                bound.info("delivered", topics=delivery.topics)

    async def _post(self, platform: Platform, delivery: Delivery) -> str | None:
        """The id of the posted message, or None if the row is no longer ours."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if delivery.unknown and not _dropped_if_repeated(platform, delivery, self.times.send):
            found = await self._look_up(platform, delivery)
            if found:
                return found
        try:
            async with self.store.read(aside=False) as tx:
                if not await tx.outbox.holds(delivery, owner=self.name):
                    return None
        except Exception as error:
            # Nothing was sent, and the message is not to blame: it must not die as one that breaks its sending.
            raise TryLater(f"the database failed before the send ({type(error).__name__})") from error
        if loop.time() - began > self.times.send.total_seconds():
            return None  # the process stood still after the fence was read: it may have fallen since
        return await platform.send(_place(platform, delivery), delivery.message, delivery_id=delivery.id)

    async def _look_up(self, platform: Platform, delivery: Delivery) -> str | None:
        """The id of a message that an earlier attempt may have posted without our hearing of it."""
        try:
            since = delivery.first_dispatch or _LONG_AGO
            return await platform.find(_place(platform, delivery), delivery.id, since)
        except (Rejected, ChannelGone) as error:
            # Nobody can tell. We rather ring twice than not at all, and say so.
            metrics.POSSIBLE_DUPLICATES.labels(platform.name).inc()
            log.warning("sent again blindly", delivery=delivery.id, channel=delivery.channel, reason=str(error))
            await self._mark_doubled(delivery, str(error))
            return None

    async def _mark_doubled(self, delivery: Delivery, reason: str) -> None:
        """Tell it in the audit log of its server. Raises TryLater, before anything is sent."""
        deed = Deed(
            delivery.tenant, "sent again", delivery.message.title, delivery.channel, reason, outcome=Outcome.DOUBLED
        )
        try:
            async with self.store.begin() as tx:
                await tx.audit.note(deed)
        except Exception as error:
            raise TryLater(f"the database failed before the send ({type(error).__name__})") from error

    def settle(self, channel: str) -> timedelta:
        """How long after a claim in doubt nobody may look the message up: until sent, and shown in the history."""
        platform = self.platforms.get(channel.partition(":")[0])
        always = platform is not None and platform.dedupes_for == timedelta.max
        return timedelta(0) if always else self.times.send + self.times.settle

    async def _sent(self, platform: Platform, delivery: Delivery, remote_id: str) -> None:
        async with self.store.begin() as tx:
            now = await tx.outbox.sent(delivery, owner=self.name, remote_id=remote_id)
        if now is None:
            return  # somebody else has it, and notes it
        metrics.DELIVERIES.labels(platform.name, "sent").inc()
        if delivery.created_at:
            metrics.LATENESS.observe(max(0.0, (now - delivery.created_at).total_seconds()))
        if delivery.message.at:
            metrics.TOLD.observe(max(0.0, (now - delivery.message.at).total_seconds()))

    async def _retry(self, delivery: Delivery, error: TryLater, *, most: int | None = None) -> None:
        """Back into the outbox, or dead when every attempt was used up."""
        retries = self.times.retries
        if delivery.attempt >= (most or len(retries)) and not error.refused:
            await self._dead(delivery, f"given up after {delivery.attempt} attempts: {error}")
            return
        wait = retries[min(delivery.attempt, len(retries)) - 1] * self.random.uniform(0.8, 1.2)
        after = max(error.after or wait, min(wait, timedelta(seconds=1)))
        platform = self.platforms[delivery.channel.partition(":")[0]]
        if error.unknown and not _dropped_if_repeated(platform, delivery, after + self.times.send):
            after = max(after, self.times.settle)  # waited out in the outbox: a lease is no place to sleep in
        metrics.RETRIES.labels(delivery.channel.partition(":")[0]).inc()
        async with self.store.begin() as tx:
            await tx.outbox.retry(
                delivery,
                owner=self.name,
                after=min(after, self.shelf_life),
                reason=str(error),
                unknown=error.unknown,
                refused=error.refused,
            )

    async def _put_back(self, delivery: Delivery, seconds: float, reason: str) -> None:
        """As it was before the claim, for so long."""
        async with self.store.begin() as tx:
            await tx.outbox.retry(
                delivery,
                owner=self.name,
                after=timedelta(seconds=seconds),
                reason=reason,
                unknown=False,
                refused=True,
                tried=False,
            )

    async def _dead(self, delivery: Delivery, reason: str) -> None:
        async with self.store.begin() as tx:
            await tx.outbox.dead(delivery, owner=self.name, reason=reason)
        metrics.DELIVERIES.labels(delivery.channel.partition(":")[0], "dead").inc()
        log.error("delivery is dead", delivery=delivery.id, channel=delivery.channel, reason=reason)

    async def _close(self, delivery: Delivery, reason: str) -> None:
        """Keep what waits for a closed channel, and pause its subscriptions until somebody lets us in again."""
        async with self.store.begin() as tx:
            await tx.outbox.retry(
                delivery, owner=self.name, after=timedelta(), reason=reason, unknown=False, refused=True
            )
            await close(tx, delivery.channel, reason, whispers(self.platforms))

    async def sweep(self) -> None:
        """Expire what nobody could deliver in time, and say so; where a platform's trouble is over, wait no longer."""
        async with self.store.begin() as tx:
            expired = await tx.outbox.expire(self.shelf_life)
        _tell_expired(expired)
        for platform in [name for name, gate in self.gates.items() if gate.is_over_it()]:
            async with self.store.begin() as tx:
                hastened = await tx.outbox.hasten(platform)
            if hastened:
                log.info("the platform is well again; what waited goes now", platform=platform, channels=hastened)


def _tell_expired(channels: list[str]) -> None:
    if channels:
        log.warning("alerts expired undelivered", count=len(channels))
    for each in channels:
        metrics.DELIVERIES.labels(each.partition(":")[0], "expired").inc()


def _place(platform: Platform, delivery: Delivery) -> str:
    """Its channel, or the thread of the alert with which its story began there."""
    if delivery.root and isinstance(platform, OpensThreads):
        return platform.thread(delivery.channel, delivery.root)
    return delivery.channel


def _dropped_if_repeated(platform: Platform, delivery: Delivery, later: timedelta) -> bool:
    """Whether the platform will still know the first send `later` after this claim, and drop a second."""
    if not (delivery.first_dispatch and delivery.last_dispatch):
        return False
    return delivery.last_dispatch - delivery.first_dispatch < platform.dedupes_for - later


@contextmanager
def counted(platform: str) -> Iterator[list[str]]:
    """Count what came of a try to post: never left us, refused before acting, unknown, or an answer for good."""
    outcome = ["unknown"]
    try:
        yield outcome
    except TryLater as error:
        outcome = ["unknown" if error.unknown else "refused" if error.refused else "never left"]
        raise
    except (Rejected, ChannelGone) as error:
        outcome = ["rejected" if isinstance(error, Rejected) else "closed"]
        raise
    finally:
        metrics.SENDS.labels(platform, *outcome).inc()
