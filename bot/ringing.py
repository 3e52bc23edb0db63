"""Who hears of an article: channels whose topics it matches, and those who asked for more of a story that has rung."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.alert import follow_up
from bot.core.message import Message, together
from bot.core.model import EVERYONE, ONCE, Article, Feed, Match, Story, Subscription
from bot.store import Tx
from bot.stories import Placed, origin
from bot.topics import Following, Turn, Why, again

LEAD = 600
"""Characters of an article in which a watch word counts: what stands further down is background."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A subscription that an article rings. `why` is set where its story has rung there before.

    `word` is the watch word, or the figures of a surge.
    """

    subscription: Subscription
    match: Match
    why: Why | None = None
    word: str = ""


async def hearers(
    tx: Tx, following: Following, feed: Feed, article: Article, placed: Placed, story: Story | None, *, woken: bool
) -> dict[str, list[Ring]]:
    """What the article rings, by channel. `story` is the one it joined; a `woken` one rings as if it were new."""
    known = frozenset() if story is None or woken else await tx.outbox.alerted(story.id)
    matches = {(s.channel, match.topic): (s, match) for s, match in following.hits(article)}
    asked = [(s, pair[1]) for pair in sorted(known) if (s := following.of(*pair)) and s.telling != ONCE]
    fresh = [Ring(s, match) for pair, (s, match) in matches.items() if pair not in known]
    if not fresh and not asked:
        return {}
    turns: dict[str, Turn] = {}
    rings = fresh
    for subscription, topic in asked:
        if story and subscription.tenant not in turns:
            turns[subscription.tenant] = await _turn(tx, article, placed, story, subscription.tenant)
        if why := again(subscription.telling, turns[subscription.tenant]):
            found = matches.get((subscription.channel, topic))
            match = found[1] if found else Match(topic, 0.0, ())
            rings.append(Ring(subscription, match, *why))
    return await _audible(tx, feed, rings, story)


async def hearers_of_change(
    tx: Tx, following: Following, feed: Feed, before: Article, after: Article, story: Story
) -> dict[str, list[Ring]]:
    """What an article rings by what its outlet made of it: topics that it was not about before, by channel."""
    hits = following.hits(after)
    if not hits:
        return {}
    known = {(s.channel, match.topic) for s, match in following.hits(before)} | await tx.outbox.alerted(story.id)
    rings = [Ring(s, match, Why.REWRITTEN) for s, match in hits if (s.channel, match.topic) not in known]
    return await _audible(tx, feed, rings, story) if rings else {}


async def _audible(tx: Tx, feed: Feed, rings: Sequence[Ring], story: Story | None) -> dict[str, list[Ring]]:
    """The rings by channel: of those who may read the feed, where the story is not muted."""
    audience = await tx.feeds.audience(feed.id)
    muted = await tx.subscriptions.muted(story.id) if story else frozenset()
    ringing: dict[str, list[Ring]] = {}
    for each in rings:
        hears = EVERYONE in audience or each.subscription.tenant in audience
        if hears and each.subscription.channel not in muted:
            ringing.setdefault(each.subscription.channel, []).append(each)
    return ringing


async def _turn(tx: Tx, article: Article, placed: Placed, story: Story, tenant: str) -> Turn:
    origins, of_this = await tx.reports.standing(story.id, origin(article), tenant)
    earlier = [each for each in await tx.archive.of_story(story.id, tenant) if each.id != article.id]
    return Turn(
        origins=origins,
        new_origin=of_this == 1,
        repeats=placed.copy_of is not None,
        update=placed.why == "same item",
        text=_lead(article),
        before="\n".join(map(_lead, earlier)),
    )


def _lead(article: Article) -> str:
    return f"{article.title}\n{article.body[:LEAD]}"


def because(rings: Sequence[Ring]) -> str:
    """Why an article rings late or its story again, in words; empty where nothing need be said."""
    for ring in rings:
        if ring.why is Why.WORD:
            return f"Rings again for “{ring.word}”."
        if ring.why is Why.ORIGINS:
            return f"Rings again: {ring.subscription.telling.origins} independent origins report it."
        if ring.why is Why.SURGE:
            return f"{ring.match.topic} surges: {ring.word}."
    if rings and all(ring.why is Why.REWRITTEN for ring in rings):
        return "Its outlet changed this article: it is about this only since then."
    return ""


def only_follows(rings: Sequence[Ring]) -> bool:
    """Whether a short word is enough: nobody in the channel is rung by it."""
    return all(ring.why is Why.FOLLOW_UP for ring in rings)


def follows(article: Article, story: Story, rings: Sequence[Ring]) -> Message:
    """The short word. It calls nobody, and makes no sound where the platform can be quiet."""
    manner = replace(together(ring.subscription.manner for ring in rings), roles=(), silent=True, thread=False)
    return follow_up(article, story, [ring.match.topic for ring in rings], manner=manner)
