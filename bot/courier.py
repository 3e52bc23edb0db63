"""The way out of the story: outbox -> channel, in order, once.

    flush_due    every second: which channels have alerts waiting?  ........... kicks flush(channel)
    flush        one channel at a time, in order: claim a delivery, post it, note the outcome

The row is claimed with a lease and a fencing number before a byte leaves; the fence is looked at once more right
before the send; a send in doubt is looked up on the platform before it is tried again. What a platform can neither
deduplicate nor look up may be doubled by a kill between its "yes" and our note of it, and is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from random import Random

import structlog
from aiolimiter import AsyncLimiter

from bot import metrics
from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.core.model import Delivery
from bot.core.ports import Platform
from bot.jobs import Jobs
from bot.store import Store

log = structlog.get_logger(__name__)

SEND_LEASE = timedelta(seconds=30)
SEND_TIMEOUT = timedelta(seconds=10)
"""Below half the lease, so that a send is over before anybody else may claim its row."""
SETTLE = timedelta(seconds=10)
"""A platform's history lags behind its posts: read back no earlier than this after a doubtful send."""
RETRIES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 7200, 21600, 43200))
"""Waits after the first, second, ... failed attempt; after the last the delivery is dead."""


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
    """Carries what waits in the outbox to its channels."""

    def __init__(
        self,
        *,
        store: Store,
        platforms: Mapping[str, Platform],
        jobs: Jobs,
        name: str,
        shelf_life: timedelta = timedelta(hours=24),
        random: Random | None = None,
    ) -> None:
        self.store = store
        self.platforms = platforms
        self.jobs = jobs
        self.name = name
        self.shelf_life = shelf_life
        self.random = random or Random()  # noqa: S311  (jitter, not secrets)
        self._pace: dict[str, AsyncLimiter] = {}

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
        """Post what waits for one channel, in order, until nothing is due or the head must wait."""
        platform = self.platforms.get(channel.partition(":")[0])
        if platform is None:
            return
        # Discord allows about five messages in five seconds to a channel, Slack one a second with bursts.
        pace = self._pace.setdefault(channel, AsyncLimiter(5, 5))
        while True:
            async with self.store.begin() as tx:
                delivery = await tx.outbox.claim(channel, owner=self.name, lease=SEND_LEASE)
            if delivery is None:
                return
            async with pace:
                await self.deliver(platform, delivery)

    async def deliver(self, platform: Platform, delivery: Delivery) -> None:
        """Post one claimed delivery and note the outcome; every outcome has its own next step."""
        bound = log.bind(delivery=delivery.id, channel=delivery.channel, attempt=delivery.attempt)
        try:
            async with asyncio.timeout(SEND_TIMEOUT.total_seconds()):
                remote_id = await self._post(platform, delivery)
        except TryLater as error:
            await self._retry(delivery, error)
            bound.info("delivery put off", reason=str(error), unknown=error.unknown)
        except TimeoutError:
            await self._retry(delivery, TryLater("the platform did not answer in time", unknown=True))
            bound.warning("delivery put off", reason="no answer in time", unknown=True)
        except Rejected as error:
            await self._dead(delivery, str(error))
        except ChannelGone as error:
            await self._close(delivery, str(error))
            bound.warning("channel is closed to us; its subscriptions pause", reason=str(error))
        except Exception as error:
            bound.exception("sending failed unexpectedly")
            await self._retry(delivery, TryLater(f"unexpected {type(error).__name__}", unknown=True))
        else:
            if remote_id:
                await self._sent(platform, delivery, remote_id)
                bound.info("delivered", topics=delivery.topics)

    async def _post(self, platform: Platform, delivery: Delivery) -> str | None:
        """The id of the posted message, or None if the row is no longer ours."""
        if delivery.attempt > 1 and delivery.first_dispatch:
            # An earlier attempt may have been posted although we never heard so (a kill, a lost answer).
            found = await platform.find(delivery.channel, delivery.id, delivery.first_dispatch - SETTLE)
            if found:
                return found
            if delivery.unknown:
                metrics.POSSIBLE_DUPLICATES.labels(platform.name).inc()
        async with self.store.read() as tx:
            if not await tx.outbox.holds(delivery, owner=self.name):
                return None
        return await platform.send(delivery.channel, delivery.message, delivery_id=delivery.id)

    async def _sent(self, platform: Platform, delivery: Delivery, remote_id: str) -> None:
        async with self.store.begin() as tx:
            await tx.outbox.sent(delivery, owner=self.name, remote_id=remote_id)
            now = await tx.now()
        metrics.DELIVERIES.labels(platform.name, "sent").inc()
        if delivery.created_at:
            metrics.LATENESS.observe(max(0.0, (now - delivery.created_at).total_seconds()))

    async def _retry(self, delivery: Delivery, error: TryLater) -> None:
        """Back into the outbox, or dead when every attempt was used up."""
        if delivery.attempt >= len(RETRIES) and not error.refused:
            await self._dead(delivery, f"given up after {delivery.attempt} attempts: {error}")
            return
        wait = RETRIES[min(delivery.attempt, len(RETRIES)) - 1] * self.random.uniform(0.8, 1.2)
        after = max(error.after or wait, SETTLE if error.unknown else timedelta(seconds=1))
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
            await tx.outbox.hold_channel(delivery.channel, reason)
            await tx.subscriptions.pause_channel(delivery.channel, reason)

    async def sweep(self) -> None:
        """Expire what nobody could deliver in time, and say so."""
        async with self.store.begin() as tx:
            expired = await tx.outbox.expire(self.shelf_life)
        if expired:
            metrics.DELIVERIES.labels("any", "expired").inc(expired)
            log.warning("alerts expired undelivered", count=expired)
