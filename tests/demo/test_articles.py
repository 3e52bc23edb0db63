"""What the sample wire promises: enough news, on enough stories, with the right words first."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.demo.articles import Outlet, SampleArticle, load

SAMPLE = Path(__file__).parents[2] / "config" / "demo"


@pytest.fixture(scope="module")
def sample() -> tuple[tuple[Outlet, ...], tuple[SampleArticle, ...]]:
    return load(SAMPLE)


@pytest.fixture(scope="module")
def live(sample: tuple[tuple[Outlet, ...], tuple[SampleArticle, ...]]) -> list[SampleArticle]:
    return sorted((a for a in sample[1] if a.place is not None), key=lambda a: a.place or 0)


@pytest.fixture(scope="module")
def backlog(sample: tuple[tuple[Outlet, ...], tuple[SampleArticle, ...]]) -> list[SampleArticle]:
    return [article for article in sample[1] if article.before is not None]


def words(article: SampleArticle) -> int:
    return sum(len(paragraph.split()) for paragraph in article.paragraphs)


def sentences(article: SampleArticle) -> int:
    return sum(len(re.findall(r"[.?!؟](?=[\s»\"]|$)", paragraph)) for paragraph in article.paragraphs)


def test_there_is_enough_to_watch(live: list[SampleArticle], backlog: list[SampleArticle]) -> None:
    assert 55 <= len(live) <= 80
    assert 35 <= len(backlog) <= 50


def test_live_articles_have_the_length_of_news(live: list[SampleArticle]) -> None:
    assert not [(a.guid, words(a)) for a in live if not 50 <= words(a) <= 200]
    assert not [(a.guid, sentences(a)) for a in live if not 3 <= sentences(a) <= 12]


def test_the_backlog_is_short_and_of_the_last_seven_days(backlog: list[SampleArticle]) -> None:
    assert not [(a.guid, words(a)) for a in backlog if not 15 <= words(a) <= 80]
    days = Counter(article.before.days for article in backlog if article.before)
    assert set(days) == set(range(7))


def test_a_dozen_stories_run_through_two_to_six_outlets(live: list[SampleArticle]) -> None:
    outlets: dict[str, set[str]] = defaultdict(set)
    for article in live:
        if article.story:
            outlets[article.story].add(article.outlet.id)
    assert len(outlets) >= 12
    assert {story: len(names) for story, names in outlets.items() if not 2 <= len(names) <= 6} == {}


def test_the_first_two_items_ring_for_both_subscriptions(live: list[SampleArticle]) -> None:
    first, second = live[:2]
    assert "ISIL" in first.title
    assert "Russia" in second.title and "Iraq" in second.title


def test_both_subscriptions_ring_again_within_the_first_minute(live: list[SampleArticle]) -> None:
    """A reader who comes late, or whose first look primes the feeds, must not wait for long."""
    minute = live[2:15]
    assert any(re.search(r"\b(ISIL|ISIS|Daesh|Islamic State)\b", a.title) for a in minute)
    assert any("Russia" in " ".join(a.paragraphs) and "Iraq" in " ".join(a.paragraphs) for a in minute)


def test_isil_is_called_by_its_many_names(sample: tuple[tuple[Outlet, ...], tuple[SampleArticle, ...]]) -> None:
    text = "\n".join(" ".join((a.title, *a.paragraphs)) for a in sample[1])
    for name in ("ISIL", "ISIS", "Islamic State", "Daesh", "داعش", "ИГИЛ", "Daech", "État islamique"):
        assert name in text, name


def test_lists_that_name_russia_and_iraq_belong_to_no_story(live: list[SampleArticle]) -> None:
    decoys = [a for a in live if not a.story and {"Russia", "Iraq"} <= set(re.findall(r"\w+", " ".join(a.paragraphs)))]
    assert len(decoys) >= 3


def test_agency_copies_are_printed_word_for_word(live: list[SampleArticle]) -> None:
    by_guid = {article.guid: article for article in live}
    copies = [article for article in live if article.copy_of]
    assert len(copies) >= 3
    for copy in copies:
        original = by_guid[copy.copy_of]
        assert copy.outlet != original.outlet
        assert " ".join(copy.paragraphs) == f"{' '.join(original.paragraphs)} ({original.outlet.name})"
        assert (copy.place or 0) > (original.place or 0)


def test_headlines_are_corrected_on_the_way(live: list[SampleArticle]) -> None:
    corrected = [article for article in live if article.corrections]
    assert len(corrected) >= 2
    assert all(article.corrections[0].title != article.title for article in corrected)


def test_every_place_is_taken_once(live: list[SampleArticle]) -> None:
    places = Counter([a.place for a in live] + [c.place for a in live for c in a.corrections])
    assert [place for place, times in places.items() if times > 1] == []


def test_every_outlet_is_invented_news_and_has_some(
    sample: tuple[tuple[Outlet, ...], tuple[SampleArticle, ...]], backlog: list[SampleArticle]
) -> None:
    outlets, articles = sample
    assert all(outlet.description.startswith("Sample wire") for outlet in outlets)
    assert {outlet.id for outlet in outlets} == {article.outlet.id for article in articles}
    # Without a backlog a feed would be empty, and unchecked, until its first live item.
    assert {outlet.id for outlet in outlets} == {article.outlet.id for article in backlog}
    assert len({outlet.lang for outlet in outlets}) >= 4
    assert len({outlet.format for outlet in outlets}) == 3


def test_no_text_names_a_day_of_today(live: list[SampleArticle]) -> None:
    """The demo runs on any day: "on Thursday" for what just happened would be wrong on six of seven."""
    past = re.compile(r"\b(said|killed|struck|announced|confirmed) on (Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
    assert [a.guid for a in live if past.search(" ".join(a.paragraphs))] == []
