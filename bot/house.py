"""The house as it runs: who starts when, what is done how often, and how it stops with nothing half done."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from bot import __version__, metrics, snapshot
from bot.cards import Cards
from bot.core.errors import SettingsError
from bot.core.model import EVERYONE, Channel, DeliveryState, FeedState, Subscription
from bot.core.ports import Platform
from bot.core.router import Router
from bot.courier import Courier
from bot.jobs import Jobs
from bot.memory import give_back_what_is_free, move_to_large_pages
from bot.pipeline import Pipeline
from bot.poller import Poller
from bot.pulse import feel
from bot.reconcile import Reconciler
from bot.scheduler import Scheduler
from bot.settings import Settings
from bot.sources.feed import FeedSource
from bot.store import Store, Vault
from bot.surges import Surges
from bot.topics import resolve

log = structlog.get_logger(__name__)

ROLES = ("poll", "match", "deliver", "gateway", "web")
"""What a process may do. To poll is to match: a new article is stored, matched and queued in one transaction."""
WORKER = frozenset({"poll", "match", "deliver"})
DRAIN = 8.0
"""Seconds for what is under way when the process is told to stop; what is left then waits for its lease to end."""
TICK = timedelta(seconds=1)
RESTART_LEAST, RESTART_MOST = 1.0, 300.0
"""Seconds before a platform that fell over is started again; doubled each time it falls at once."""


@dataclass(frozen=True)
class House:
    """Everything that runs, open and wired."""

    settings: Settings
    store: Store
    vault: Vault
    source: FeedSource
    poller: Poller
    pipeline: Pipeline
    surges: Surges
    courier: Courier
    cards: Cards
    reconciler: Reconciler
    jobs: Jobs
    scheduler: Scheduler
    router: Router
    platforms: Mapping[str, Platform]
    roles: frozenset[str] = frozenset(ROLES)

    async def run(self, on_air: Callable[[], None] = lambda: None) -> None:
        """Poll, match, deliver and answer until cancelled; `on_air` is called once a person can be let in.

        Raises SettingsError where a platform cannot start.
        """
        await self.store.take_over(self.courier.settle)
        following = self.pipeline.following
        snapshot.restore(following, self.settings.data_dir)
        await self.pipeline.follow()
        if following.resolved >= snapshot.LEAST:
            snapshot.keep(following, self.settings.data_dir)  # a kill must not make the next start as long as this one
        await self.pipeline.recall()
        give_back_what_is_free()
        if moved := move_to_large_pages():
            log.info("memory moved to large pages", megabytes=moved >> 20)
        gc.freeze()  # catalogue, topics and open stories live as long as we do: let no collection walk them
        every = self.scheduler.every
        if self.roles & {"poll", "match"}:
            every(TICK, self.poller.poll_due)
            if self.poller.hubs:
                every(timedelta(minutes=1), self.poller.hubs.renew, jitter=timedelta(seconds=10))
            else:
                async with self.store.begin() as tx:
                    await tx.pushes.end_all()
            every(timedelta(minutes=1), self.surges.look, jitter=timedelta(seconds=10))
        if "deliver" in self.roles:
            every(TICK, self.courier.flush_due)
            every(TICK, self.cards.edit_due)
            every(timedelta(minutes=1), self.courier.sweep)
        if "match" in self.roles:
            self.scheduler.nightly(self.reconciler.nightly)
        every(timedelta(minutes=1), self.count_feeds)
        every(timedelta(seconds=30), self.look_for_room)
        every(timedelta(hours=1), self.pipeline.retain, jitter=timedelta(minutes=5))
        every(timedelta(minutes=5), self.jobs.tidy)
        self.scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                for platform in self.platforms.values():
                    if ("web" if platform.name == "web" else "gateway") in self.roles:
                        group.create_task(keep_running(platform, self.router), name=platform.name)
                if "web" in self.roles and (started := getattr(self.platforms.get("web"), "started", None)):
                    await started.wait()
                on_air()
                await self._work()  # in the group's body: a stop ends it first, and the connections after it
        except* SettingsError as several:
            raise SettingsError(str(several.exceptions[0])) from several
        finally:
            self.scheduler.stop()
            snapshot.keep(following, self.settings.data_dir)

    async def _work(self) -> None:
        """Handle jobs until cancelled, and then what is under way to its end: a post that is out is noted."""
        work = asyncio.create_task(self.jobs.run(), name="jobs")
        try:
            await asyncio.shield(work)
        finally:
            self.scheduler.stop()
            self.jobs.stopping = True
            work.cancel()
            _, late = await asyncio.wait({work}, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(work, return_exceptions=True)

    @property
    def front_door(self) -> str:
        """Where a person finds the web channel; empty where it is off."""
        return getattr(self.platforms.get("web"), "front_door", "") if "web" in self.roles else ""

    async def follow(self, topic: str, channel: str) -> None:
        """Have a channel follow a topic from the start, unless it does already."""
        meant = resolve(topic, self.router.desk.catalogue)
        async with self.store.begin() as tx:
            platform, _, name = channel.partition(":")
            target = await tx.channels.get(channel) or Channel(channel, platform, name)
            now = await tx.now()
            await tx.subscriptions.add(target.tenant, target, meant.name, created_by="newsbell", now=now)

    async def followed(self, tenant: str) -> list[Subscription]:
        """What a server follows, over all its channels."""
        async with self.store.read() as tx:
            return await tx.subscriptions.of_tenant(tenant)

    async def figures(self) -> str:
        """What happened so far, in one line for a terminal."""
        async with self.store.read() as tx:
            since = self.router.desk.started_at - timedelta(days=8)
            archive = await tx.archive.count(EVERYONE, since)
            states = await tx.feeds.count(EVERYONE)
            deliveries = await tx.deliveries.counts(None, since)
        sent, waiting = deliveries.get(DeliveryState.SENT, 0), deliveries.get(DeliveryState.PENDING, 0)
        return (
            f"{states.get(FeedState.ACTIVE, 0)} feeds, {archive.articles} articles in {archive.stories} stories, "
            f"{sent} alerts posted{f', {waiting} waiting' if waiting else ''}"
        )

    async def look_for_room(self) -> None:
        """Whether the disk lets us take in what is new; the maintainers hear of a change."""
        await self.store.look_for_room()
        metrics.SHORT_OF_ROOM.set(self.store.short_of_room)
        await self.poller.owners.tell_of_room(self.store)

    async def count_feeds(self) -> None:
        """Feeds by state, for the metrics page."""
        async with self.store.read() as tx:
            states = await tx.feeds.states()
        for state in FeedState:
            metrics.FEEDS.labels(state).set(states.get(state, 0))

    async def health(self) -> dict[str, Any]:
        """What /healthz says: whether feeds were polled and alerts delivered lately, by whichever process."""
        found = await feel(self.store, self.platforms, since=self.router.desk.started_at)
        return {
            "status": "failing" if found.trouble else "ok",
            "why": [*found.trouble, *(["the disk is nearly full"] if self.store.short_of_room else [])],
            "version": __version__,
            "platforms": sorted(self.platforms),
            "at": found.at.isoformat(),
            "polled_at": found.polled_at.isoformat() if found.polled_at else None,
            "delivered_at": found.delivered_at.isoformat() if found.delivered_at else None,
        }


async def keep_running(platform: Platform, router: Router, *, least: float = RESTART_LEAST) -> None:
    """Start a platform again when it falls over; a wrong setting ends the program with its explanation."""
    wait = least
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            await platform.run(router)
            return
        except SettingsError:
            raise
        except Exception:
            if loop.time() - started > RESTART_MOST:
                wait = least
            log.exception("platform fell over; it is started again", platform=platform.name, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, RESTART_MOST)
