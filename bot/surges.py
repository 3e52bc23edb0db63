"""A topic that is suddenly everywhere rings where a subscription asked for that.

    look      every minute: what surges now, over its own last fortnight?
    ring      once a day at most: the newest article of the story that most of the surge tells

The archive is asked, and not the stream: so a restart, a second process or a subscription made this morning know as
much as one that has listened for a year. That it was told is noted in the transaction that queues the alert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

import structlog

from bot.core.errors import UserError
from bot.core.model import Subscription
from bot.courier import ring
from bot.pipeline import Pipeline
from bot.ringing import Ring
from bot.search import Found, look
from bot.topics import Topic, Why, resolve
from bot.topics.surge import BASELINE, QUIET, SPAN, Usual, usual

log = structlog.get_logger(__name__)

FRESH = timedelta(hours=6)
"""How long a baseline is good: its last day is a fourteenth of it."""
MOST = 3_000
"""Articles of one topic that are counted; of a broader one the newest, over as many days as they reach back."""


@dataclass(frozen=True, slots=True)
class _Known:
    usual: Usual | None
    feeds: frozenset[int]
    at: datetime


class Surges:
    """Looks at the topics of those who asked to hear of a surge; `pipeline` queues what rings."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._known: dict[tuple[str, str], _Known] = {}

    async def look(self) -> None:
        """Ring what surges now and was not told of since yesterday."""
        await self.pipeline.follow()
        asked: dict[tuple[str, str], list[Subscription]] = {}
        for each in self.pipeline.following.asked_for_surges():
            asked.setdefault((each.tenant, each.topic), []).append(each)
        self._known = {key: known for key, known in self._known.items() if key in asked}
        for (tenant, name), subscriptions in sorted(asked.items(), key=itemgetter(0)):
            try:
                topic = resolve(name, self.pipeline.following.catalogue, self.pipeline.following.named(tenant))
            except UserError:
                continue  # a topic that the catalogue has lost is told of by /subscriptions
            await self._look((tenant, name), topic, subscriptions)

    async def _look(self, key: tuple[str, str], topic: Topic, subscriptions: list[Subscription]) -> None:
        async with self.pipeline.store.read() as tx:
            now = await tx.now()
            waiting = [each for each in subscriptions if not await tx.subscriptions.was_surging(each.id, now - QUIET)]
        if not waiting:
            return
        tenant, known = key[0], self._known.get(key)
        if known is None or known.at < now - FRESH:
            known = self._known[key] = await self._learn(tenant, topic, now)
        if known.usual is None:
            return
        found, _ = await self._look_back(tenant, topic, now - SPAN)
        lately = [each for each in found if each.article.feed_id in known.feeds]
        if known.usual.surges(len(lately)):
            await self._ring(topic, waiting, lately, known.usual)

    async def _learn(self, tenant: str, topic: Topic, now: datetime) -> _Known:
        """What is usual, by the feeds that were read all the time: a feed that was added is no surge."""
        async with self.pipeline.store.read() as tx:
            begins = await tx.archive.begins(tenant)
        since = max(min(begins.values(), default=now), now - BASELINE)
        feeds = frozenset(feed for feed, begin in begins.items() if begin <= since + SPAN)
        found, since = await self._look_back(tenant, topic, since)
        times = [each.article.when for each in found if each.article.feed_id in feeds]
        return _Known(usual(times, since=since, now=now), feeds, now)

    async def _look_back(self, tenant: str, topic: Topic, since: datetime) -> tuple[list[Found], datetime]:
        return await look(self.pipeline.store, self.pipeline.following, topic, tenant=tenant, since=since, limit=MOST)

    async def _ring(self, topic: Topic, waiting: Iterable[Subscription], found: list[Found], usual: Usual) -> None:
        stories = Counter(each.article.story_id for each in found if each.article.story_id)
        by_size = [story for story, _ in stories.most_common()]
        said = f"{len(found)} articles in {SPAN // timedelta(hours=1)} hours, where {_number(usual.mean)} are usual"
        ringing: list[str] = []
        async with self.pipeline.store.begin() as tx:
            now = await tx.now()
            for each in waiting:
                muted = await tx.subscriptions.muted_in(each.channel)
                story = next((story for story in by_size if story not in muted), None)
                if story is None or not await tx.subscriptions.surges(each.id, now=now, quiet=QUIET):
                    continue
                newest = next(one for one in found if one.article.story_id == story)
                rung = Ring(each, newest.match, Why.SURGE, said)
                await self.pipeline.ring_again(tx, rung, newest.article, now)
                ringing.append(each.channel)
        if ringing:
            log.info("a topic surges", topic=topic.name, articles=len(found), usual=round(usual.mean, 1))
        await ring(self.pipeline.jobs, ringing)


def _number(mean: float) -> str:
    return f"{mean:.0f}" if mean >= 2 else f"{mean:.1f}"
