"""The living card: a story that has changed is told by editing the alert that is posted already.

    edit_due     every second: which channels have a card that is behind its story?  ... kicks edit(channel)
    edit         one channel at a time: claim a card, compose it from the archive, edit the message, note what it shows

An edit rings nothing, so it may be late, and one may stand for many; what must not happen is an edit of another message
or of one that is not posted yet. The store sees to that (store/cards.py). Editing twice says the same twice, so a
kill at any line costs nothing. A message that was deleted, or that the platform no longer lets us edit, is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from json import dumps
from typing import Protocol

import structlog

from bot import metrics
from bot.core.card import revise
from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.core.message import Kind, Message, to_json
from bot.core.model import EVERYONE, Article, Card, Report
from bot.core.ports import Platform
from bot.jobs import Jobs
from bot.llm import Summary
from bot.rate_limits import Gate
from bot.store import Store, Tx
from bot.stories import summary_of_story

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
TIMEOUT = timedelta(seconds=10)
"""Below half the lease, so that an edit is over before anybody else may claim its card."""
REST = timedelta(seconds=10)
"""Between two edits of one card: what changes faster is told together."""
TRIES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800))
"""Waits after the first, second, ... failed edit; after the last the card is left as it is."""
SPARE = 2
"""Posts of a channel's pace that an edit leaves: one for an alert, one for what the edit itself says in a thread."""
MOST_READ = 6
"""Articles of a story whose texts go into its summary."""


class Writer(Protocol):
    """Writes summaries better than we can extract them, or falls back to extraction; never raises."""

    async def summarize(self, article: Article, *, sentences: int) -> Summary: ...


class Cards:
    """Keeps posted cards as new as their stories.

    `gate` is what the courier asks before each post: edits keep to the same pace, behind the posts.
    """

    def __init__(
        self,
        *,
        store: Store,
        platforms: Mapping[str, Platform],
        jobs: Jobs,
        name: str,
        gate: Callable[[str], Gate],
        sentences: int = 2,
        writer: Writer | None = None,
    ) -> None:
        self.store = store
        self.platforms = platforms
        self.jobs = jobs
        self.name = name
        self.gate = gate
        self.sentences = sentences
        self.writer = writer

    def serve(self) -> None:
        """Take edits of the channels whose platforms are connected here; call it once they are all known."""
        for name in self.platforms:
            self.jobs.on(_kind(name), self.edit)

    async def edit_due(self) -> None:
        """Kick an edit of every channel with a card behind its story, if its platform is connected here."""
        async with self.store.read() as tx:
            channels = await tx.cards.due_channels()
        by_platform: dict[str, list[str]] = {}
        for channel in channels:
            by_platform.setdefault(channel.partition(":")[0], []).append(channel)
        for platform, waiting in by_platform.items():
            if platform in self.platforms:
                await self.jobs.kick(_kind(platform), waiting)

    async def edit(self, channel: str) -> None:
        """Bring the cards of one channel up to date, until none is due or the pace is used up.

        An edit never takes the last of the pace: that is for the alert that may come now.
        """
        platform = self.platforms.get(channel.partition(":")[0])
        if platform is None:
            return
        gate = self.gate(platform.name)
        while gate.ready(channel, spare=SPARE) and not self.jobs.stopping:
            async with self.store.begin() as tx:
                card = await tx.cards.claim(channel, owner=self.name, lease=LEASE)
            if card is None:
                return
            if wait := gate.wait(card.tenant, EVERYONE):
                await self._later(card, timedelta(seconds=wait), failed=False)
                return
            await self.show(platform, card)

    async def show(self, platform: Platform, card: Card) -> None:
        """Edit one claimed card and note the outcome."""
        bound = log.bind(channel=card.channel, story=card.story_id, delivery=card.delivery_id)
        gate = self.gate(platform.name)
        try:
            message = await self.compose(card)
            face, known = _face(message), card.face or _face(card.message)
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                if face != known:
                    async with self.store.read() as tx:
                        if not await tx.cards.holds(card, owner=self.name):
                            return
                    if not gate.ready(card.channel, spare=SPARE):
                        await self._later(card, TRIES[0], failed=False)
                        return  # alerts came meanwhile, and go first
                    for _ in range(2 if message.manner.thread else 1):
                        await gate.turn(card.channel)
                    await platform.edit(card.channel, card.remote_id, message)
        except TryLater as error:
            gate.heed(error, card.tenant, TRIES[0])
            await self._later(card, error.after, failed=not error.refused)
            bound.info("edit of a card put off", reason=str(error))
        except TimeoutError:
            await self._later(card, None, failed=True)
            bound.warning("edit of a card put off", reason="no answer in time")
        except (Rejected, ChannelGone) as error:
            # The way out learns by itself that a channel is closed; a card has nothing to lose there.
            await self._forget(card)
            bound.info("a card is let go", reason=str(error))
        except Exception:
            bound.exception("editing a card failed unexpectedly")
            await self._later(card, None, failed=True)
        else:
            async with self.store.begin() as tx:
                await tx.cards.shown(card, owner=self.name, face=face, rest=REST)
            if face != known:
                gate.went_well(card.tenant, EVERYONE)
                metrics.EDITS.labels(platform.name, "shown").inc()

    async def compose(self, card: Card) -> Message:
        """The card as its story stands in the archive now, as far as its tenant may see it."""
        async with self.store.read() as tx:
            reports = await tx.reports.of_story(card.story_id, card.tenant)
            revisions = await tx.revisions.of_story(card.story_id, card.tenant)
            articles = await _telling(tx, reports, card.tenant)
        quotes = [each.text for each in card.message.body if each.kind is Kind.QUOTE]
        summary = Summary(summary_of_story(articles, sentences=self.sentences, without=quotes), "extract")
        if self.writer and articles and card.message.footer:
            # It began with a summary by the model: it goes on with one.
            whole = Article(
                card.delivery_id,
                articles[0].title,
                text="\n\n".join(article.body for article in reversed(articles)),
                lang=articles[0].lang,
            )
            summary = await self.writer.summarize(whole, sentences=self.sentences)
        return revise(
            card.message,
            card.story_id,
            card.article_id,
            reports,
            revisions,
            summary=summary.text,
            by_model=summary.by == "llm",
        )

    async def _later(self, card: Card, after: timedelta | None, *, failed: bool) -> None:
        if failed and card.failures >= len(TRIES):
            await self._forget(card)
            return
        wait = after or TRIES[min(card.failures, len(TRIES) - 1)]
        async with self.store.begin() as tx:
            await tx.cards.later(card, owner=self.name, after=wait, failed=failed)

    async def _forget(self, card: Card) -> None:
        async with self.store.begin() as tx:
            await tx.cards.forget(card, owner=self.name)
        metrics.EDITS.labels(card.channel.partition(":")[0], "let go").inc()


async def _telling(tx: Tx, reports: Sequence[Report], tenant: str) -> list[Article]:
    """The articles that a story's summary draws on, oldest first: the first one, and the newest of each origin."""
    newest: dict[str, str] = {}
    for report in reports:
        if not report.copy_of or report.origin not in newest:
            newest[report.origin] = report.article_id
    chosen = {*list(newest.values())[-(MOST_READ - 1) :], *(report.article_id for report in reports[:1])}
    found = [await tx.archive.get(r.article_id, tenant) for r in reports if r.article_id in chosen]
    return [article for article in found if article]


def _kind(platform: str) -> str:
    """A kind of job for each platform, so that an edit goes to a process which is connected to it."""
    return f"edit {platform}"


def _face(message: Message) -> str:
    return blake2b(dumps(to_json(message)).encode(), digest_size=12).hexdigest()
