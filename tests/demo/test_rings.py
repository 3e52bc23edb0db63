"""What the sample rings for: its articles, as their feeds carry them, against the real catalogue of topics."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.model import Article
from bot.demo.articles import SampleArticle, load
from bot.stories import Stories
from bot.topics import Catalogue, Percolator, resolve

CONFIG = Path(__file__).parents[2] / "config"
RINGS = {
    "ISIL": {"anbar-raid", "camp-returns"},
    "Russia-Iraq": {"joint-cell", "oil-field", "grain-ship", "minister-in-moscow"},
}
SIDE = {"ISIL": {"joint-cell"}, "Russia-Iraq": set[str]()}
"""Stories in which the topic is a side matter: they may ring or not."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(CONFIG / "topics.toml")


@pytest.fixture(scope="module")
def live() -> list[SampleArticle]:
    return sorted((a for a in load(CONFIG / "demo")[1] if a.place is not None), key=lambda a: a.place or 0)


def as_fetched(sample: SampleArticle) -> Article:
    text = "\n\n".join(sample.paragraphs) if sample.outlet.full else ""
    return Article(
        id=sample.guid,
        title=sample.title,
        summary=sample.paragraphs[0],
        text=text,
        lang=sample.outlet.lang,
        source=sample.outlet.name,
    )


@pytest.mark.parametrize("name", RINGS)
def test_every_article_of_its_stories_rings_and_no_decoy_does(
    name: str, catalogue: Catalogue, live: list[SampleArticle]
) -> None:
    percolator = Percolator(catalogue, [resolve(name, catalogue)])
    rung = {article.guid for article in live if percolator.match(as_fetched(article))}
    wanted = {article.guid for article in live if article.story in RINGS[name]}
    either = {article.guid for article in live if article.story in SIDE[name]}
    assert wanted - rung == set()
    assert rung - wanted - either == set()


def test_the_first_two_items_ring_at_once(catalogue: Catalogue, live: list[SampleArticle]) -> None:
    topics = [resolve(name, catalogue) for name in ("ISIL", "Russia-Iraq")]
    percolator = Percolator(catalogue, topics)
    first, second = ({match.topic for match in percolator.match(as_fetched(article))} for article in live[:2])
    assert topics[0].name in first and topics[1].name in second


def test_the_weather_in_two_capitals_joins_no_story_of_theirs(live: list[SampleArticle]) -> None:
    stories = Stories()
    start = datetime(2026, 11, 26, 12, tzinfo=UTC)
    joined: dict[str, int] = {}
    for number, sample in enumerate(live):
        article = replace(as_fetched(sample), published=start + timedelta(seconds=10 * number))
        placed = stories.place(article)
        joined[sample.guid] = number if placed.story is None else placed.story
        stories.remember(article, joined[sample.guid])
    assert list(joined.values()).count(joined["odds-weather"]) == 1
