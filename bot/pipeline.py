"""THE STORY: due feeds -> fetch -> new articles -> match -> story -> outbox -> channel. Read this first.

    poll_due     every second: which hosts have feeds to look at?  ............ kicks poll(host)
    poll         one host at a time: claim a feed, fetch it, and then
    take_in      in ONE transaction: new articles, the story of each, the alerts they cause, the feed's validators
    flush_due    every second: which channels have alerts waiting?  ........... kicks flush(channel)
    flush        one channel at a time, in order: claim a delivery, post it, note the outcome
    edit_due     every second: which posted alerts are behind their story?  ... kicks edit(channel)
    edit         compose the card from the archive, edit the message in place

take_in is here. The way in to it is the poller's (poller.py), the way out of it the courier's (courier.py); what is
posted lives on by cards.py. Seen and queued are one transaction, so nothing is lost; posting is leased, fenced and
looked up after doubt, so nothing is doubled. A kill at any line leaves a state from which the next tick goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol

import structlog

from bot import metrics
from bot.core.alert import compose
from bot.core.health import FLOOD_RINGS
from bot.core.message import Message, together
from bot.core.model import Article, Delivery, Feed, Fetched, Match, Story
from bot.core.notice import and_more
from bot.courier import ring
from bot.jobs import Jobs
from bot.llm import Summary
from bot.poller import Admit, Admitted
from bot.ringing import Ring, because, follows, hearers, hearers_of_change, only_follows
from bot.store import Store, Together, Tx
from bot.store.revisions import Rewritten
from bot.stories import Stories, origin, summarize
from bot.topics import Following

log = structlog.get_logger(__name__)

WAKES_AFTER = timedelta(hours=24)
"""A story silent for this long alerts again: a swallowed story is worse than a second alert."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator may set about the story."""

    max_age: timedelta = timedelta(hours=48)
    keep_articles: timedelta = timedelta(days=30)
    keep_deliveries: timedelta = timedelta(days=90)
    keep_audit: timedelta = timedelta(days=90)
    sentences: int = 2
    window: timedelta = timedelta(hours=72)


SMALL = 3
"""Entries up to which looks share a transaction: the first look at a feed is long enough by itself."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look brought, with the poller's word on it and the summaries that were written for it."""

    feed: Feed
    fetched: Fetched
    admit: Admit
    summaries: Mapping[str, Summary]


@dataclass(frozen=True, slots=True)
class _Intake:
    """The transaction that articles are taken in by, its time, and those that have found their story in it."""

    tx: Tx
    now: datetime
    placed: list[str]


class Writer(Protocol):
    """Writes summaries better than we can extract them, or falls back to extraction; never raises."""

    async def summarize(self, article: Article, *, sentences: int) -> Summary: ...


class Pipeline:
    """The story, with its collaborators as explicit parts."""

    def __init__(
        self,
        *,
        store: Store,
        following: Following,
        stories: Stories,
        jobs: Jobs,
        rules: Rules = Rules(),
        writer: Writer | None = None,
    ) -> None:
        self.store = store
        self.following = following
        self.stories = stories
        self.jobs = jobs
        self.rules = rules
        self.writer = writer
        self._placed = self._moved = 0
        self._small = Together(self._intake, self._take_small, most=8)

    # -- articles -> stories -> alerts ---------------------------------------------------------------------------

    async def take_in(self, feed: Feed, fetched: Fetched, admit: Admit) -> list[Article]:
        """Store what is new, with its stories, its alerts and the feed's validators, or nothing at all.

        `admit` is the poller's: it notes the look in the same transaction and says which of the new articles may ring.
        """
        look = _Look(feed, fetched, admit, await self._written(feed, fetched))
        if len(fetched.entries) <= SMALL:
            articles, ringing = await self._small.ask(look)
        else:
            async with self._intake() as intake:
                articles, ringing = await self._take(intake, look)
        metrics.ARTICLES.inc(len(articles))
        if articles:
            log.info("feed read", feed=feed.id, source=feed.source, new=len(articles), ringing=len(ringing))
        await ring(self.jobs, ringing)
        return articles

    @asynccontextmanager
    async def _intake(self) -> AsyncIterator[_Intake]:
        """A transaction in which articles find their stories; if it fails, the index of the stories forgets them."""
        intake: _Intake | None = None
        try:
            async with self.store.begin() as tx:
                await tx.lock("stories")
                intake = _Intake(tx, await tx.now(), [])
                await self._follow(tx)
                await self._recall(tx, intake.now)
                yield intake
        except BaseException:
            if intake:
                self.stories.forget(intake.placed)
            raise
        self._placed = max([self._placed, *map(int, intake.placed)])

    async def _take_small(self, intake: _Intake, looks: Sequence[_Look]) -> list[tuple[list[Article], set[str]]]:
        return [await self._take(intake, look) for look in looks]

    async def _take(self, intake: _Intake, look: _Look) -> tuple[list[Article], set[str]]:
        """The new articles of a look, and the channels that ring."""
        tx, now, feed, fetched = intake.tx, intake.now, look.feed, look.fetched
        articles = await tx.archive.add(feed, fetched.entries, now=now)
        ringing = await self._rewrite(tx, feed, fetched, articles, now)
        admitted = await look.admit(tx, articles, now)
        articles = [article for article in articles if article.id not in admitted.echoes]
        intake.placed.extend(article.id for article in articles)
        may_ring, held = self._newest(articles, admitted)
        for article in articles:
            ringing |= await self._alert(tx, feed, article, look.summaries, now, may_ring=article.id in may_ring)
        for channel in ringing & held.keys():
            await self._and_more(tx, feed, channel, held[channel], now)
        return articles, ringing

    def _newest(self, articles: Sequence[Article], admitted: Admitted) -> tuple[frozenset[str], Counter[str]]:
        """Those that may ring; and where a flood was stopped, how many each channel would have heard besides."""
        if admitted.at_most is None:
            return admitted.may_ring, Counter()
        followed = [a for a in articles if a.id in admitted.may_ring and self.following.hits(a)]
        followed.sort(key=lambda article: article.when, reverse=True)
        rest = (self.following.hits(article) for article in followed[admitted.at_most :])
        held = Counter(channel for hits in rest for channel in {subscription.channel for subscription, _ in hits})
        return frozenset(article.id for article in followed[: admitted.at_most]), held

    async def _and_more(self, tx: Tx, feed: Feed, channel: str, count: int, now: datetime) -> None:
        if known := await tx.channels.get(channel):
            await tx.outbox.add(and_more(feed, known, count, now=now))

    async def follow(self) -> None:
        """Catch up with the subscriptions that were made or ended since the last look, here or elsewhere."""
        async with self.store.read(aside=False) as tx:
            await self._follow(tx)

    async def _follow(self, tx: Tx) -> None:
        alive, ended, revision = await tx.subscriptions.changed(self.following.revision)
        if revision != self.following.revision:
            self.following.define(await tx.topics.changed(self.following.revision))
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
        moved, self._moved = await tx.reports.moved_after(self._moved, since)
        for article in moved:
            self.stories.remember(article, article.story_id)

    async def _alert(
        self,
        tx: Tx,
        feed: Feed,
        article: Article,
        summaries: Mapping[str, Summary],
        now: datetime,
        *,
        may_ring: bool,
    ) -> set[str]:
        """Give a new article its story, and put the alerts that it causes into the outbox. The channels that ring."""
        placed = self.stories.place(article, now)
        story = await tx.archive.story(placed.story) if placed.story else None
        if story is None:
            story_id = await tx.archive.open_story(article, now=now)
        else:
            story_id = story.id
            await tx.archive.join_story(article.id, story_id, copy_of=placed.copy_of, now=now)
            await tx.cards.want(story_id, now=now)
            log.info("joins a story", article=article.id, story=story_id, why=placed.why, score=round(placed.score, 3))
        may_ring = may_ring and article.when >= now - self.rules.max_age
        await tx.reports.note(
            article.id, story_id, origin=origin(article), why=placed.why, score=placed.score, may_ring=may_ring
        )
        self.stories.remember(article, story_id)
        if not may_ring:
            return set()
        if article.published:
            metrics.SEEN.observe(max(0.0, (now - article.published).total_seconds()))
        woken = story is not None and article.when - story.last_seen > WAKES_AFTER
        ringing = await hearers(tx, self.following, feed, article, placed, story, woken=woken)
        for channel, rings in ringing.items():
            await self._queue(tx, channel, rings, article, story_id, None if woken else story, summaries, now)
        return set(ringing)

    async def _rewrite(self, tx: Tx, feed: Feed, fetched: Fetched, new: Sequence[Article], now: datetime) -> set[str]:
        """Take in what outlets changed or took away: cards are to tell it, and who only now finds a topic hears of it.

        The channels that ring.
        """
        ringing: set[str] = set()
        rewritten: list[Rewritten] = []
        changed: list[int] = []
        if len(new) < len(fetched.entries):  # else all of them are new, and nothing of them is known to be compared
            rewritten = await tx.revisions.take(feed, fetched.entries, new={article.id for article in new}, now=now)
            changed += [each.before.story_id for each in rewritten if each.told]
            changed += await tx.revisions.back(feed, fetched.entries)
        if feed.ok_at and not fetched.known and not fetched.partial:
            changed += await tx.revisions.gone(feed, fetched.entries, now=now)  # it is the whole document
        for story_id in dict.fromkeys(changed):
            await tx.cards.want(story_id, now=now)
        recent = [each for each in rewritten if each.after.when >= now - self.rules.max_age]
        # No more than of a flood: a feed may get another footer in all its items.
        for each in recent[:FLOOD_RINGS]:
            story = await tx.archive.story(each.after.story_id)
            if story is None:
                continue
            rings = await hearers_of_change(tx, self.following, feed, each.before, each.after, story)
            for channel, found in rings.items():
                await self._queue(tx, channel, found, each.after, story.id, story, {}, now)
            ringing |= rings.keys()
        return ringing

    async def ring_again(self, tx: Tx, rung: Ring, article: Article, now: datetime) -> None:
        """Put an alert for one channel into the outbox whose occasion is not the article itself."""
        story = await tx.archive.story(article.story_id)
        if story:
            occasion = f"{rung.why} {now.isoformat()}"
            channel = rung.subscription.channel
            await self._queue(tx, channel, [rung], article, story.id, story, {}, now, occasion=occasion)

    async def _queue(
        self,
        tx: Tx,
        channel: str,
        rings: list[Ring],
        article: Article,
        story_id: int,
        story: Story | None,
        summaries: Mapping[str, Summary],
        now: datetime,
        *,
        occasion: str = "",
    ) -> None:
        """One alert for one channel, frozen as it will be posted, naming every topic that earned it.

        `story` is the one that has rung there, if one has: in its thread, where it has one, the alert goes.
        """
        tenant = rings[0].subscription.tenant
        rings = sorted(rings, key=lambda each: -each.match.score)
        topics = tuple(each.match.topic for each in rings)
        aside = story is not None and only_follows(rings)
        if story is not None and aside:
            message = follows(article, story, rings)
        else:
            message = self._composed(article, rings, story_id, summaries)
        root = await tx.cards.threaded(channel, story_id) if story is not None else ""
        if root:
            message = replace(message, manner=replace(message.manner, thread=False, within=root))
        delivery = Delivery(
            id=delivery_id(tenant, channel, str(story_id), article.id, *topics, *filter(None, [occasion])),
            tenant=tenant,
            channel=channel,
            message=message,
            article_id=int(article.id),
            story_id=story_id,
            topics=topics,
            created_at=now,
        )
        if await tx.outbox.add(delivery):
            metrics.ALERTS.inc()
            if not aside and not root:
                await tx.cards.open(delivery, now=now)
            if not aside:
                await tx.outbox.mark_alerted(channel, story_id, topics, delivery_id=delivery.id, now=now)

    def _composed(
        self, article: Article, rings: list[Ring], story_id: int, summaries: Mapping[str, Summary]
    ) -> Message:
        matches = [each.match for each in rings]
        summary = summaries.get(article.url or article.title)
        if summary is None or summary.by == "extract":
            summary = Summary(extract(article, matches, self.rules.sentences), "extract")
        return compose(
            article,
            matches,
            summary=summary.text,
            by_model=summary.by == "llm",
            story_id=story_id,
            manner=together(each.subscription.manner for each in rings),
            because=because(rings),
        )

    async def _written(self, feed: Feed, fetched: Fetched) -> dict[str, Summary]:
        """Summaries by the optional writer for what will ring, before the transaction: it may take seconds."""
        if self.writer is None or feed.ok_at is None or not fetched.entries:
            return {}
        async with self.store.read() as tx:
            await self._follow(tx)
            fresh = await tx.archive.unseen(feed.id, fetched.entries)
        written: dict[str, Summary] = {}
        for entry in fresh:
            article = Article(
                entry.key,
                entry.title,
                entry.summary,
                entry.text,
                entry.url,
                source=feed.source,
                lang=entry.lang,
                region=feed.region,
            )
            if self.following.hits(article):
                summary = await self.writer.summarize(article, sentences=self.rules.sentences)
                written[entry.url or entry.title] = summary
        return written

    # -- housekeeping --------------------------------------------------------------------------------------------

    async def retain(self) -> None:
        """Let go of articles, deliveries and audit lines past their keep; the keys of what was seen stay longer."""
        pruned, batch = 0, 1
        while batch:
            async with self.store.begin(aside=True) as tx:
                now = await tx.now()
                batch = await tx.archive.prune(now - self.rules.keep_articles)
                batch += await tx.outbox.prune(now - self.rules.keep_deliveries)
                batch += await tx.audit.prune(now - self.rules.keep_audit)
                await tx.cards.prune(now - 2 * self.rules.window)
                await tx.budgets.prune()
                await tx.gaps.prune()
            pruned += batch
        pruned += await self.store.marks.prune()
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
