"""The parts of a score are those that it is made of, and say so in words that somebody can act on."""

from __future__ import annotations

import re
from math import prod

import pytest

from bot.core.model import Article, Sensitivity
from bot.topics import Catalogue, Percolator, resolve

FILLER = "The committee met for three hours. Prices rose for a fourth month. A spokeswoman declined to comment. " * 4


@pytest.fixture(scope="module")
def percolator(catalogue: Catalogue) -> Percolator:
    return Percolator(catalogue)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Iraq votes", "Iraq counted the votes. " + FILLER + "Iraqis went home."),
        ("Farmers meet", "They spoke of rain and of Iraq. " + FILLER),
        ("Farmers meet", FILLER + "Somebody mentioned Baghdad."),
    ],
)
def test_the_hints_of_one_thing_make_its_score(
    percolator: Percolator, catalogue: Catalogue, title: str, text: str
) -> None:
    topic, article = resolve("Iraq", catalogue), Article("1", title, text=text)
    match = percolator.explain(topic, article, Sensitivity.EVERYTHING)
    assert match
    worths = [
        int(found.group(1)) / 100
        for part in percolator.account(topic, article)
        if (found := re.fullmatch(r"(?:title|lead|frequency) (\d+)", part))
    ]
    assert 1 - prod(1 - worth for worth in worths) == pytest.approx(match.score, abs=0.02)


def test_names_that_only_point_at_it_are_called_so(percolator: Percolator, catalogue: Catalogue) -> None:
    article = Article("1", "Farmers meet", text=FILLER + "Somebody spoke in Baghdad of rain.")
    *_, last = percolator.account(resolve("Iraq", catalogue), article)
    assert last.startswith("by names that count for ")


@pytest.mark.parametrize(
    ("title", "text", "said"),
    [
        ("Russia and Iraq sign an oil deal", FILLER, "together in the title 90"),
        ("A deal", "Russia signed a deal with Iraq. " + FILLER, "together in the lead 70"),
        ("Russia signs a deal", "It was made with Iraq. " + FILLER, "together in title and lead 58"),
        ("A deal", FILLER + "Russia was there. Iraq was not.", "together in neighbouring sentences"),
        ("A deal", "Russia was there. " + FILLER + FILLER + "Iraq was not.", "together in the same article"),
    ],
)
def test_a_relation_says_where_its_sides_come_together(
    percolator: Percolator, catalogue: Catalogue, title: str, text: str, said: str
) -> None:
    first, *_ = percolator.account(resolve("Russia-Iraq", catalogue), Article("1", title, text=text))
    assert first.startswith(said)


def test_meetings_count_together_where_one_alone_would_not_tell(percolator: Percolator, catalogue: Catalogue) -> None:
    met = "Russia spoke to Iraq of it again. "
    article = Article("1", "Russia signs a deal", text="It was made with Iraq. " + FILLER + met * 4)
    topic = resolve("Russia-Iraq", catalogue)
    match = percolator.explain(topic, article)
    assert match
    assert match.score > 0.58
    first, second, third = percolator.account(topic, article)[:3]
    assert re.fullmatch(r"together in sentence \d+ 55", first)
    assert re.fullmatch(r"in sentence \d+ 28", second)
    assert re.fullmatch(r"in sentence \d+ 28", third)


def test_a_rubric_says_that_it_brings_nothing_together(percolator: Percolator, catalogue: Catalogue) -> None:
    article = Article("1", "Weather: snow in Russia, dust in Iraq", text=FILLER)
    topic = resolve("Russia-Iraq", catalogue)
    match = percolator.explain(topic, article)
    assert match
    assert match.score == 0.02
    assert percolator.account(topic, article) == ("a standing rubric brings nothing together",)


def test_a_query_that_says_how_close_is_close_enough_has_its_say(percolator: Percolator, catalogue: Catalogue) -> None:
    topic = resolve("wheat NEAR/9 barge", catalogue)
    article = Article("1", "A deal", text=FILLER + "The wheat came by barge. " + FILLER)
    match = percolator.explain(topic, article)
    assert match
    assert match.score >= 0.5
    assert "at least 50" in percolator.account(topic, article)[-1]


def test_what_is_not_there_has_no_parts(percolator: Percolator, catalogue: Catalogue) -> None:
    article = Article("1", "A deal", text="Russia was there.")
    assert percolator.account(resolve("Russia-Iraq", catalogue), article) == ()
    assert percolator.account(resolve("wheat AND barge", catalogue), article) == ()
