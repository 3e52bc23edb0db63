"""newsbell match --estimate: what topics would have brought from an archive, before anybody follows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.commands.backtest import exclusions, noisiest, stories_in
from bot.commands.search import Found
from bot.core.model import Article, Sensitivity
from bot.stories import stream
from bot.topics import THRESHOLDS, Percolator, Topic

SAMPLES = 3


def estimate(
    topics: Sequence[tuple[str, Topic]], articles: Iterable[Article], percolator: Percolator, sensitivity: Sensitivity
) -> Iterator[dict[str, Any]]:
    """A line for each topic, `(as it was asked for, as it was understood)`, when the articles have been read.

    They come in order of time, as the clustering of stories wants them; the days are those from the first to the last.
    """
    found: defaultdict[str, list[Found]] = defaultdict(list)
    stories: dict[str, int] = {}
    openers: dict[str, int] = {}
    moments: list[datetime] = []

    def matched() -> Iterator[Article]:
        for article in articles:
            moments.extend([article.published] if article.published else [])
            for match in percolator.match(article, sensitivity):
                found[match.topic].append(Found(article, match))
            yield article

    for article_id, story, _ in stream(matched()):
        stories[article_id] = openers.setdefault(story, len(openers) + 1)
    days = max(1.0, (max(moments) - min(moments)).total_seconds() / 86400) if moments else None
    for asked, topic in topics:
        placed = [Found(replace(f.article, story_id=stories[f.article.id]), f.match) for f in found[topic.name]]
        yield {"topic": asked, **_told(topic, placed, days)}


def _told(topic: Topic, found: Sequence[Found], days: float | None) -> dict[str, Any]:
    stories = stories_in(found)
    noise = noisiest(found)
    return {
        "articles": len(found),
        "stories": stories,
        "sources": len({each.article.source for each in found}),
        "strong": sum(each.match.score >= THRESHOLDS[Sensitivity.STRONG] for each in found),
        "days": round(days, 2) if days else None,
        "stories_a_day": round(stories / days, 2) if days else None,
        "noisiest": {"name": noise[0], "articles": noise[1]} if noise else None,
        "exclusions": [
            {"word": each.word, "articles": each.articles, "stories": each.stories} for each in exclusions(topic, found)
        ],
        "samples": [each.article.id for each in sorted(found, key=lambda each: -each.match.score)[:SAMPLES]],
    }
