"""THE STORY: due feeds -> fetch -> new articles -> match -> story -> outbox -> channel. Read this first.

    poll_due     every second: which hosts have feeds to look at?  ............ kicks poll(host)
    poll         one host at a time: claim a feed, fetch it, and then
    take_in      in ONE transaction: new articles, the story of each, the alerts they cause, the feed's validators
    flush_due    every second: which channels have alerts waiting?  ........... kicks flush(channel)
    flush        one channel at a time, in order: claim a delivery, post it, note the outcome

The first three are here, the way out is the courier's (courier.py). Seen and queued are one transaction, so nothing is
lost; posting is leased, fenced and looked up after doubt, so nothing is doubled. A kill at any line leaves a state from
which the next tick goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from bot import metrics
from bot.core.alert import compose
from bot.core.cadence import BALANCED, Cadence, next_check
from bot.core.errors import FetchError, Throttled
from bot.core.model import EVERYONE, Article, Delivery, Feed, FeedState, Fetched, Match, Subscription
from bot.core.ports import Source
from bot.courier import ring
from bot.jobs import Jobs
from bot.llm import Summary
from bot.store import Store, Tx
from bot.stories import Stories, summarize
from bot.topics import Following

log = structlog.get_logger(__name__)

POLL_LEASE = timedelta(minutes=3)
"""Longer than the longest fetch and parse: who needs more has died."""
WAKES_AFTER = timedelta(hours=24)
"""A story silent for this long alerts again: a swallowed story is worse than a second alert."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator may set about the story."""

    max_age: timedelta = timedelta(hours=48)
    keep_articles: timedelta = timedelta(days=30)
    keep_deliveries: timedelta = timedelta(days=90)
    sentences: int = 2
    window: timedelta = timedelta(hours=72)


class Writer(Protocol):
    """Writes summaries better than we can extract them, or falls back to extraction; never raises."""

    async def summarize(self, article: Article, *, sentences: int) -> Summary: ...


class LeaseLost(Exception):
    """Another process took the feed over while we were at it; what it stores is the truth."""


class Pipeline:
    """The story, with its collaborators as explicit parts."""

    def __init__(
        self,
        *,
        store: Store,
        source: Source,
        following: Following,
        stories: Stories,
        jobs: Jobs,
        name: str,
        cadence: Cadence = BALANCED,
        rules: Rules = Rules(),
        writer: Writer | None = None,
        random: Random | None = None,
    ) -> None:
        self.store = store
        self.source = source
        self.following = following
        self.stories = stories
        self.jobs = jobs
        self.cadence = cadence
        self.name = name
        self.rules = rules
        self.writer = writer
        self.random = random or Random()  # noqa: S311  (jitter, not secrets)
        self._placed = 0
        jobs.on("poll", self.poll)

    # -- feeds -> articles ---------------------------------------------------------------------------------------

    async def poll_due(self) -> None:
        """Kick a look at every host that has a feed due."""
        async with self.store.read() as tx:
            hosts = await tx.feeds.due_hosts(limit=500)
        await self.jobs.kick("poll", hosts)

    async def poll(self, host: str) -> None:
        """Look at the due feeds of one host, one after the other."""
        while True:
            async with self.store.begin() as tx:
                claimed = await tx.feeds.claim(host, owner=self.name, lease=POLL_LEASE)
            if not claimed:
                return
            for feed in claimed:
                await self.look(feed)

    async def look(self, feed: Feed) -> None:
        """Fetch one claimed feed and take in what it brought; whatever happens, the feed gets its next check."""
        try:
            fetched = await self.source.fetch(feed)
            await self.take_in(feed, fetched)
        except FetchError as error:
            await self.put_off(feed, error)
        except LeaseLost:
            log.warning("feed was taken over by another process", feed=feed.id)
        except Exception:
            log.exception("feed could not be taken in", feed=feed.id)
            await self.put_off(feed, FetchError("what it sent could not be stored; the log says why"))

    async def put_off(self, feed: Feed, error: FetchError) -> None:
        """Note why a feed could not be read, and when to look again."""
        state, fails = FeedState(error.state), feed.fails + 1
        wait = error.wait if isinstance(error, Throttled) else None
        async with self.store.begin() as tx:
            now = await tx.now()
            due = next_check(feed, now=now, outcome=error, cadence=self.cadence, random=self.random.random)
            failed = replace(feed, state=state, reason=str(error), fails=fails, checked_at=now, next_check_at=due)
            await tx.feeds.save(failed, owner=self.name)
            if wait:
                await tx.feeds.penalise(urlsplit(feed.url).hostname or "", now + wait)
        metrics.POLLS.labels(state).inc()
        log.info("feed not read", feed=feed.id, source=feed.source, state=state, reason=str(error), fails=fails)

    async def add_feed(self, url: str, fetched: Fetched, *, tenant: str, added_by: str) -> tuple[Feed, bool]:
        """Take on a feed that a person found, with the first look at it that was just made."""
        async with self.store.begin() as tx:
            now = await tx.now()
            feed, new = await tx.feeds.add(
                url,
                tenant=tenant,
                added_by=added_by,
                title=fetched.title,
                lang=fetched.lang,
                private=fetched.private,
                now=now,
            )
            claimed = feed.ok_at is None and await tx.feeds.lease(feed.id, owner=self.name, lease=POLL_LEASE)
        if claimed:
            await self.take_in(feed, fetched)
        return feed, new

    async def take_in(self, feed: Feed, fetched: Fetched) -> list[Article]:
        """Store what is new, with its stories, its alerts and the feed's validators, or nothing at all."""
        await self.follow()
        summaries = await self._written(feed, fetched)
        ringing: set[str] = set()
        articles: list[Article] = []
        try:
            async with self.store.begin() as tx:
                await tx.lock("stories")
                now = await tx.now()
                await self._recall(tx, now)
                articles = await tx.archive.add(feed, fetched.entries, now=now)
                for article in articles:
                    ringing |= await self._alert(tx, feed, article, summaries, now)
                if not await tx.feeds.save(await self._looked_at(tx, feed, fetched, articles, now), owner=self.name):
                    raise LeaseLost
                if fetched.moved_to and len(articles) < len(fetched.entries):
                    # It answers there with articles that we know from here: no captive portal, no parked domain.
                    await tx.feeds.rename_url(feed.id, fetched.moved_to)
        except BaseException:
            self.stories.forget([article.id for article in articles])
            raise
        self._placed = max([self._placed, *(int(article.id) for article in articles)])
        metrics.POLLS.labels("unchanged" if fetched.unchanged else "read").inc()
        metrics.ARTICLES.inc(len(articles))
        if articles:
            log.info("feed read", feed=feed.id, source=feed.source, new=len(articles), ringing=len(ringing))
        await ring(self.jobs, ringing)
        return articles

    async def _looked_at(
        self, tx: Tx, feed: Feed, fetched: Fetched, articles: Iterable[Article], now: datetime
    ) -> Feed:
        """The feed after a successful look."""
        per_day = feed.per_day
        if not feed.ok_at or any(articles):
            per_day = await tx.feeds.posted(feed.id, now - timedelta(days=14)) / 14
        return replace(
            feed,
            title=feed.title or fetched.title,
            source=feed.source or fetched.title,
            lang=feed.lang or fetched.lang,
            state=FeedState.ACTIVE,
            reason="",
            # A body that was cut may be followed by 304s for ever: its validators are not kept.
            cache=feed.cache if fetched.partial else fetched.cache,
            fails=0,
            checked_at=now,
            ok_at=now,
            per_day=per_day,
            next_check_at=next_check(feed, now=now, outcome=fetched, cadence=self.cadence, random=self.random.random),
        )

    # -- articles -> stories -> alerts ---------------------------------------------------------------------------

    async def follow(self) -> None:
        """Catch up with the subscriptions that were made or ended since the last look, here or elsewhere."""
        async with self.store.read() as tx:
            alive, ended, revision = await tx.subscriptions.changed(self.following.revision)
        self.following.update(alive, ended, revision)

    async def recall(self) -> None:
        """Load the open stories from the archive; at start, so that the first poll is as quick as the others."""
        async with self.store.read() as tx:
            await self._recall(tx, await tx.now())

    async def _recall(self, tx: Tx, now: datetime) -> None:
        """Catch up with the stories that other processes opened. Ids rise in the order of the "stories" lock."""
        since = now - self.rules.window
        while articles := await tx.archive.placed_after(self._placed, since):
            for article in articles:
                self.stories.remember(article, article.story_id)
            self._placed = int(articles[-1].id)

    async def _alert(
        self, tx: Tx, feed: Feed, article: Article, summaries: Mapping[str, Summary], now: datetime
    ) -> set[str]:
        """Give a new article its story, and put the alerts that it causes into the outbox. The channels that ring."""
        placed = self.stories.place(article, now)
        story = await tx.archive.story(placed.story) if placed.story else None
        if story is None:
            story_id = await tx.archive.open_story(article, now=now)
        else:
            story_id = story.id
            await tx.archive.join_story(article.id, story_id, copy_of=placed.copy_of, now=now)
            log.info("joins a story", article=article.id, story=story_id, why=placed.why, score=round(placed.score, 3))
        self.stories.remember(article, story_id)

        first_look = feed.ok_at is None  # a feed's first look fills the archive and rings nothing: no flood
        if first_look or article.when < now - self.rules.max_age:
            return set()
        hits = self.following.hits(article)
        if not hits:
            return set()
        audience = await tx.feeds.audience(feed.id)
        muted = await tx.subscriptions.muted(story_id)
        woken = story is not None and article.when - story.last_seen > WAKES_AFTER
        alerted = frozenset() if woken else await tx.outbox.alerted(story_id)
        ringing: dict[str, list[tuple[Subscription, Match]]] = {}
        for subscription, match in hits:
            hears = EVERYONE in audience or subscription.tenant in audience
            known = (subscription.channel, subscription.topic) in alerted
            if hears and not known and subscription.channel not in muted:
                ringing.setdefault(subscription.channel, []).append((subscription, match))
        for channel, earned in ringing.items():
            await self._queue(tx, channel, earned, article, story_id, summaries, now)
        return set(ringing)

    async def _queue(
        self,
        tx: Tx,
        channel: str,
        earned: list[tuple[Subscription, Match]],
        article: Article,
        story_id: int,
        summaries: Mapping[str, Summary],
        now: datetime,
    ) -> None:
        """One alert for one channel, frozen as it will be posted, naming every topic that earned it."""
        tenant = earned[0][0].tenant
        matches = sorted((match for _, match in earned), key=lambda match: -match.score)
        topics = tuple(match.topic for match in matches)
        summary = summaries.get(article.url or article.title)
        if summary is None or summary.by == "extract":
            summary = Summary(extract(article, matches, self.rules.sentences), "extract")
        delivery = Delivery(
            id=delivery_id(tenant, channel, str(story_id), article.id, *topics),
            tenant=tenant,
            channel=channel,
            message=compose(article, matches, summary=summary.text, by_model=summary.by == "llm", story_id=story_id),
            article_id=int(article.id),
            story_id=story_id,
            topics=topics,
            created_at=now,
        )
        if await tx.outbox.add(delivery):
            await tx.outbox.mark_alerted(channel, story_id, topics, delivery_id=delivery.id, now=now)
            metrics.ALERTS.inc()

    async def _written(self, feed: Feed, fetched: Fetched) -> dict[str, Summary]:
        """Summaries by the optional writer for what will ring, before the transaction: it may take seconds."""
        if self.writer is None or feed.ok_at is None or not fetched.entries:
            return {}
        async with self.store.read() as tx:
            fresh = await tx.archive.unseen(feed.id, fetched.entries)
        written: dict[str, Summary] = {}
        for entry in fresh:
            article = Article(
                entry.key, entry.title, entry.summary, entry.text, entry.url, source=feed.source, lang=entry.lang
            )
            if self.following.hits(article):
                summary = await self.writer.summarize(article, sentences=self.rules.sentences)
                written[entry.url or entry.title] = summary
        return written

    # -- housekeeping --------------------------------------------------------------------------------------------

    async def retain(self) -> None:
        """Let go of articles and finished deliveries past their keep; the keys of what was seen stay longer."""
        pruned, batch = 0, 1
        while batch:
            async with self.store.begin() as tx:
                now = await tx.now()
                batch = await tx.archive.prune(now - self.rules.keep_articles)
                batch += await tx.outbox.prune(now - self.rules.keep_deliveries)
            pruned += batch
        if pruned:
            log.info("let go of what is past its keep", rows=pruned)


def delivery_id(*parts: str) -> str:
    """24 hexadecimal characters that are the same for the same alert: also the nonce at Discord."""
    return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


def extract(article: Article, matches: Iterable[Match], sentences: int) -> str:
    """The extractive summary beside the quoted evidence: it does not spend a sentence on saying that again."""
    text = article.body
    for match in matches:
        for evidence in match.evidence[:1]:
            text = text.replace(evidence.sentence, " ", 1)
    return summarize(text, title=article.title, sentences=sentences, lang=article.lang)
