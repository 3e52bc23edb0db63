"""The way in of the story: due feeds -> fetch -> what it brought, politely and for ever.

    poll_due     every second: which hosts have feeds to look at?  ............ kicks poll(host)
    poll         one host at a time: claim a feed, fetch it, and then
    look         hand what it brought to the story (`take_in`), or note why it could not be read
    admit        within the story's transaction: note the look, and say which new articles may ring

A feed is claimed with a lease; who comes back after its end finds that the feed is not theirs and changes nothing.
Whatever happens, a feed gets its next check: none is ever given up.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from bot import metrics
from bot.core.cadence import BALANCED, Cadence, next_check
from bot.core.errors import FetchError, Throttled, Unreachable
from bot.core.health import FLOOD_LEAST, FLOOD_RINGS, after_failure, after_look, is_dark, is_flood, moved, slid_back
from bot.core.model import Article, Feed, FeedState, Fetched
from bot.core.ports import Source
from bot.full_text import FullText
from bot.jobs import Jobs
from bot.owners import Owners
from bot.push import Hubs
from bot.rediscovery import Rediscovery
from bot.store import Store, Together, Tx

log = structlog.get_logger(__name__)

POLL_LEASE = timedelta(minutes=3)
"""Longer than the longest look: who needs more has died."""
LOOK = timedelta(seconds=150)
"""What one may take: its turn at the domain (40 s), the fetch (45), room and a lane for it (40), pages (25)."""
AT_A_TIME = 3
"""Feeds of a host that are claimed together: each claim costs a commit."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What is to become of a look's new articles, by their ids: which may ring, and which were known after all.

    `at_most` is how many may ring where a flood was stopped.
    """

    may_ring: frozenset[str] = frozenset()
    echoes: frozenset[str] = frozenset()
    at_most: int | None = None


Admit = Callable[[Tx, Sequence[Article], datetime], Awaitable[Admitted]]
"""Notes a look within the transaction that stored its new articles, and says what becomes of them."""


NETWORK_HOSTS = 20
NETWORK_WAIT = timedelta(minutes=10)


class TakeIn(Protocol):
    """Stores what a look brought in one transaction, in which it asks `admit`."""

    async def __call__(self, feed: Feed, fetched: Fetched, admit: Admit) -> list[Article]: ...


Also = Callable[[Tx, Feed], Awaitable[None]]


class LeaseLost(Exception):
    """Another process took the feed over while we were at it; what it stores is the truth."""


class Network:
    """Whether it is us: of the hosts that were asked last, most could not be reached at all."""

    def __init__(self) -> None:
        self._reached: OrderedDict[str, bool] = OrderedDict()

    def note(self, host: str, *, reached: bool) -> None:
        self._reached[host] = reached
        self._reached.move_to_end(host)
        if len(self._reached) > NETWORK_HOSTS:
            self._reached.popitem(last=False)

    def is_down(self) -> bool:
        """From five hosts on: fewer are too few to tell."""
        return len(self._reached) >= 5 and sum(self._reached.values()) * 2 < len(self._reached)


class Poller:
    """Looks at feeds when they are due. `owners` hear when a feed goes dark, `hubs` push what is new.

    `full_text` reads the pages of articles for the feeds that want it, `rediscovery` looks for lost
    feeds on their sites. `clock` counts seconds and never steps; the loop's, if none is given.
    """

    def __init__(
        self,
        *,
        store: Store,
        source: Source,
        jobs: Jobs,
        take_in: TakeIn,
        name: str,
        cadence: Cadence = BALANCED,
        owners: Owners | None = None,
        hubs: Hubs | None = None,
        full_text: FullText | None = None,
        rediscovery: Rediscovery | None = None,
        random: Random | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.store = store
        self.source = source
        self.jobs = jobs
        self.take_in = take_in
        self.name = name
        self.cadence = cadence
        self.owners = owners or Owners()
        self.hubs = hubs
        self.full_text = full_text
        self.rediscovery = rediscovery
        self.random = random or Random()  # noqa: S311  (jitter, not secrets)
        self.clock = clock
        self.network = Network()
        self._claims = Together(store.begin, self._claim)
        self._quiet = Together(store.begin, self._note_quiet)

    def serve(self) -> None:
        """Take looks at hosts off the queue."""
        self.jobs.on("poll", self.poll)
        if self.rediscovery:
            self.jobs.on("seek", self.rediscovery.seek, at_once=2)

    async def poll_due(self) -> None:
        """Kick a look at every host that has a feed due. On a full disk there is none: what comes could not be kept."""
        if self.store.short_of_room:
            return
        async with self.store.read(aside=False) as tx:
            hosts = await tx.feeds.due_hosts(limit=500)
        await self.jobs.kick("poll", hosts)

    async def poll(self, host: str) -> None:
        """Look at the due feeds of one host, one after the other."""
        clock = self.clock or asyncio.get_running_loop().time
        while not self.jobs.stopping and not self.store.short_of_room:
            began = clock()
            claimed = await self._claims.ask(host)
            for feed in claimed:
                if clock() - began <= (POLL_LEASE - LOOK).total_seconds() or await self._still_ours(feed):
                    await self.look(feed)
            if len(claimed) < AT_A_TIME:
                return

    async def _claim(self, tx: Tx, hosts: Sequence[str]) -> list[list[Feed]]:
        return [await tx.feeds.claim(host, owner=self.name, lease=POLL_LEASE, limit=AT_A_TIME) for host in hosts]

    async def _still_ours(self, feed: Feed) -> bool:
        """Renew the lease of a feed whose siblings took long."""
        async with self.store.begin() as tx:
            return await tx.feeds.lease(feed.id, owner=self.name, lease=POLL_LEASE, again=True)

    async def look(self, feed: Feed) -> None:
        """Fetch one claimed feed and take in what it brought; whatever happens, the feed gets its next check."""
        try:
            fetched = await self.source.fetch(feed)
            if self.full_text:
                fetched = await self.full_text.fill(feed, fetched)
            await self._bring(feed, fetched)
        except FetchError as error:
            await self.put_off(feed, error)
        except LeaseLost:
            log.warning("feed was taken over by another process", feed=feed.id)
        except Exception:
            log.exception("feed could not be taken in", feed=feed.id)
            await self.put_off(feed, FetchError("what it sent could not be stored; the log says why"))

    async def add_feed(
        self,
        url: str,
        fetched: Fetched,
        *,
        tenant: str,
        added_by: str,
        source: str = "",
        region: str = "",
        also: Also | None = None,
    ) -> tuple[Feed, bool]:
        """Take on a feed that a person found, with the first look at it that was just made.

        Where it is new, `also` belongs to the same transaction, and what it raises undoes it.
        """
        async with self.store.begin() as tx:
            now = await tx.now()
            feed, new = await tx.feeds.add(
                url,
                tenant=tenant,
                added_by=added_by,
                title=fetched.title,
                source=source,
                region=region,
                lang=fetched.lang,
                private=fetched.private,
                now=now,
            )
            if new and also:
                await also(tx, feed)
            claimed = feed.ok_at is None and await tx.feeds.lease(feed.id, owner=self.name, lease=POLL_LEASE)
        if claimed:
            await self._bring(feed, fetched)
        return feed, new

    async def _bring(self, feed: Feed, fetched: Fetched) -> None:
        async def admit(tx: Tx, articles: Sequence[Article], now: datetime) -> Admitted:
            return await self.admit(tx, feed, fetched, articles, now)

        if fetched.entries or feed.ok_at is None:
            await self.take_in(feed, fetched, admit)
        else:
            # Nothing to store: it need not wait for the story's lock, and most looks are like this.
            await self._quiet.ask((feed, fetched))
        self.network.note(host_of(feed), reached=True)
        metrics.POLLS.labels("unchanged" if fetched.unchanged else "read").inc()

    async def _note_quiet(self, tx: Tx, looks: Sequence[tuple[Feed, Fetched]]) -> list[None]:
        """Note looks that brought nothing."""
        now = await tx.now()
        for feed, fetched in looks:
            await self._note(tx, feed, fetched, (), now, overlap=bool(fetched.known))
        return [None] * len(looks)

    async def admit(self, tx: Tx, feed: Feed, fetched: Fetched, articles: Sequence[Article], now: datetime) -> Admitted:
        """Note a successful look, and say what becomes of the new articles. Raises LeaseLost."""
        admitted = await self._sorted(tx, feed, fetched, articles, now)
        new = [article for article in articles if article.id not in admitted.echoes]
        overlap = bool(fetched.known or len(new) < len(fetched.entries))
        await self._note(tx, feed, fetched, new, now, overlap=overlap)
        return admitted

    async def _note(
        self, tx: Tx, feed: Feed, fetched: Fetched, new: Sequence[Article], now: datetime, *, overlap: bool
    ) -> None:
        """Write down what a look found out. Raises LeaseLost."""
        after = after_look(feed, fetched, new, overlap=overlap, now=now)
        if after.gap_at != feed.gap_at and feed.ok_at:
            await tx.gaps.note(feed.id, since=feed.ok_at, until=now)
            metrics.GAPS.inc()
            log.warning("articles between two looks may have been missed", feed=feed.id, source=feed.source)
        address = moved(after, now=now)
        if address:
            after = replace(after, move=None, state=FeedState.ACTIVE, reason="")
        after = replace(after, dark=False)
        if self.hubs and (fetched.hub or not fetched.unchanged):
            after = await self.hubs.noted(tx, after, fetched, new, now=now)
        due = next_check(after, now=now, outcome=fetched, cadence=self.cadence, random=self.random.random)
        if not await tx.feeds.save(replace(after, next_check_at=due), owner=self.name):
            raise LeaseLost
        if feed.dark:
            await self.owners.back(tx, feed, now=now)
        if address and await tx.feeds.move(feed.id, address):
            log.info("feed has moved", feed=feed.id, source=feed.source, host=urlsplit(address).hostname)

    async def _sorted(
        self, tx: Tx, feed: Feed, fetched: Fetched, articles: Sequence[Article], now: datetime
    ) -> Admitted:
        """News, or a feed's first look, items under new names, a window that slid back?"""
        if feed.ok_at is None or not articles:
            return Admitted()  # a feed's first look fills the archive and rings nothing: no flood
        document = fetched.known + len(fetched.entries)
        largest = 0
        if len(articles) >= FLOOD_LEAST:
            largest = await tx.feeds.largest_burst(feed.id, now - timedelta(days=30), before=now)
        flood = is_flood(feed, new=len(articles), document=document, largest=largest, now=now)
        echoes = await tx.archive.echoes(feed, articles, flood=flood)
        await tx.archive.drop(echoes)
        new = [article for article in articles if article.id not in echoes]
        old = [article for article in new if slid_back(feed, article, now=now)]
        if echoes or old:
            log.info("items came back", feed=feed.id, renamed=len(echoes), slid_back=len(old))
        may_ring = frozenset(article.id for article in new) - {article.id for article in old}
        flood = is_flood(feed, new=len(new), document=document, largest=largest, now=now)
        if flood:
            metrics.FLOODS.inc()
            log.warning("a flood was stopped", feed=feed.id, source=feed.source, new=len(new), usual=largest)
        return Admitted(may_ring, echoes, FLOOD_RINGS if flood else None)

    async def put_off(self, feed: Feed, error: FetchError) -> None:
        """Note why a feed could not be read, and when to look again."""
        host = host_of(feed)
        self.network.note(host, reached=not isinstance(error, Unreachable))
        ours = isinstance(error, Throttled) and error.ours
        down = isinstance(error, Unreachable) and self.network.is_down()
        async with self.store.begin() as tx:
            now = await tx.now()
            if ours or down:
                # Not the feed's failure: our budget for its domain is spent, or it is our network that is down.
                wait = error.wait if isinstance(error, Throttled) else NETWORK_WAIT * self.random.random()
                await tx.feeds.put_back(feed.id, owner=self.name, until=now + wait + timedelta(seconds=1))
                metrics.POLLS.labels("put back").inc()
                log.info("feed put back unread", feed=feed.id, reason=str(error), network_down=down)
                return
            after = after_failure(feed, error, now=now)
            after = replace(after, dark=feed.dark or is_dark(after, now=now))
            due = next_check(feed, now=now, outcome=error, cadence=self.cadence, random=self.random.random)
            if not await tx.feeds.save(replace(after, next_check_at=due), owner=self.name):
                return
            if after.dark and not feed.dark:
                await self.owners.dark(tx, after, now=now)
            if isinstance(error, Throttled):
                await tx.feeds.penalise(host, now + error.wait)
        if self.rediscovery and self.rediscovery.is_due(after, error, now=now):
            await self.jobs.kick("seek", [str(feed.id)])
        metrics.POLLS.labels(after.state).inc()
        log.info("feed not read", feed=feed.id, source=feed.source, state=after.state, reason=after.reason)


def host_of(feed: Feed) -> str:
    try:
        return urlsplit(feed.url).hostname or ""
    except ValueError:
        return ""
