"""The states of a feed, each with what leads in and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import FetchError
from bot.core.health import after_failure, after_look, is_dark, is_flood, moved, slid_back
from bot.core.model import Article, Entry, Feed, FeedState, Fetched
from bot.core.pace import Pace

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OLD, NEW = "https://old.example/rss?key=s3cr3t", "https://new.example/rss?key=s3cr3t"
GONE = FetchError("old.example says that the feed is gone for good (HTTP 410)", state="gone")
NOTHING = Fetched()
DOWN = FetchError("old.example did not answer in time")


def feed(**values: object) -> Feed:
    return replace(Feed(1, OLD, title="Old", state=FeedState.ACTIVE, ok_at=NOW - HOUR), **values)  # type: ignore[arg-type]


def articles(*ages: timedelta) -> list[Article]:
    return [Article(str(n), f"News {n}", published=NOW - age, fetched_at=NOW) for n, age in enumerate(ages)]


def look(
    of: Feed, fetched: Fetched = NOTHING, new: Sequence[Article] = (), *, overlap: bool = True, now: datetime = NOW
) -> Feed:
    return after_look(of, fetched, new, overlap=overlap, now=now)


def test_a_success_ends_every_trouble() -> None:
    troubled = feed(state=FeedState.BACKOFF, reason="x", fails=9, failing_since=NOW, gone_since=NOW)
    healed = look(troubled)
    assert (healed.state, healed.reason, healed.fails) == (FeedState.ACTIVE, "", 0)
    assert (healed.failing_since, healed.gone_since, healed.ok_at) == (None, None, NOW)


def test_a_redirect_is_adopted_after_three_looks_over_two_days() -> None:
    of, there = feed(), Fetched(unchanged=True, moved_to=NEW)
    for hours in (0, 10, 20):
        of = look(of, there, now=NOW + hours * HOUR)
        assert of.state is FeedState.MOVING
        assert "new.example" in of.reason and "s3cr3t" not in of.reason
        assert moved(of, now=NOW + hours * HOUR) == ""
    assert moved(look(of, there, now=NOW + 2 * DAY), now=NOW + 2 * DAY) == NEW


def test_two_looks_are_too_few_however_far_apart() -> None:
    of = look(feed(), Fetched(unchanged=True, moved_to=NEW))
    of = look(of, Fetched(unchanged=True, moved_to=NEW), now=NOW + 9 * DAY)
    assert moved(of, now=NOW + 9 * DAY) == ""


def test_a_redirect_that_ends_or_leads_elsewhere_starts_again() -> None:
    of = look(feed(), Fetched(unchanged=True, moved_to=NEW))
    elsewhere = look(of, Fetched(unchanged=True, moved_to="https://third.example/"), now=NOW + 3 * DAY)
    assert elsewhere.move and elsewhere.move.seen == 1
    back = look(of, Fetched(unchanged=True))
    assert (back.move, back.state) == (None, FeedState.ACTIVE)


def test_a_redirect_to_other_articles_is_never_adopted_and_says_so() -> None:
    of = feed()
    for day in range(9):
        new = articles(HOUR)
        of = look(of, Fetched(entries=(Entry("x", "x"),), moved_to=NEW), new, overlap=False, now=NOW + day * DAY)
        assert moved(of, now=NOW + day * DAY) == ""
    assert of.state is FeedState.MOVING and "other articles" in of.reason


def test_from_http_to_https_is_adopted_at_once() -> None:
    of = look(feed(url="http://a.example/rss"), Fetched(unchanged=True, moved_to="https://a.example/rss"))
    assert moved(of, now=NOW) == "https://a.example/rss"
    of = look(feed(url="http://a.example/rss"), Fetched(unchanged=True, moved_to="https://a.example/other"))
    assert moved(of, now=NOW) == ""


def test_gone_is_believed_the_second_time_a_day_later() -> None:
    once = after_failure(feed(), GONE, now=NOW)
    assert once.state is FeedState.BACKOFF and "once more in a day" in once.reason
    soon = after_failure(once, GONE, now=NOW + HOUR)
    assert soon.state is FeedState.BACKOFF
    later = after_failure(once, GONE, now=NOW + DAY)
    assert later.state is FeedState.GONE
    assert look(once).gone_since is None


def test_a_month_of_failures_is_dormant_and_keeps_the_reason() -> None:
    dark = after_failure(feed(ok_at=NOW - 31 * DAY, failing_since=NOW - 31 * DAY, fails=40), DOWN, now=NOW)
    assert dark.state is FeedState.DORMANT
    assert "26 October 2026" in dark.reason and "did not answer in time" in dark.reason


def test_a_year_without_an_article_is_dormant_until_one_comes() -> None:
    silent = look(feed(posted_at=NOW - 366 * DAY), Fetched(unchanged=True))
    assert silent.state is FeedState.DORMANT and "November 2025" in silent.reason
    assert look(silent, Fetched(entries=(Entry("x", "x"),)), articles(HOUR)).state is FeedState.ACTIVE


@pytest.mark.parametrize(
    ("of", "dark"),
    [
        (feed(), False),
        (feed(state=FeedState.BACKOFF, fails=9, failing_since=NOW - 23 * HOUR), False),
        (feed(state=FeedState.BACKOFF, fails=9, failing_since=NOW - DAY), True),
        (feed(state=FeedState.BLOCKED, fails=1, failing_since=NOW), False),
        (feed(state=FeedState.BLOCKED, fails=2, failing_since=NOW - HOUR), True),
        (feed(state=FeedState.NOT_FEED, fails=2, failing_since=NOW - HOUR), True),
        (feed(state=FeedState.GONE, fails=2, failing_since=NOW - HOUR), True),
        (feed(state=FeedState.DORMANT), False),
    ],
)
def test_a_person_hears_of_it_once_it_is_more_than_a_hiccup(of: Feed, dark: bool) -> None:
    assert is_dark(of, now=NOW) is dark


def test_two_looks_with_nothing_in_common_are_a_possible_gap() -> None:
    document = Fetched(entries=tuple(Entry(str(n), "x") for n in range(6)))
    new = articles(*[HOUR] * 6)
    assert look(feed(), document, new, overlap=False).gap_at == NOW
    assert look(feed(), document, new, overlap=True).gap_at is None
    assert look(feed(), document, new[:4], overlap=False).gap_at is None
    assert look(feed(ok_at=None), document, new, overlap=False).gap_at is None


def test_a_flood_is_judged_by_the_document_the_past_and_the_time_since_the_last_look() -> None:
    of = feed(pace=Pace().after([NOW - day * DAY for day in range(30)], NOW))
    assert is_flood(of, new=20, document=20, largest=2, now=NOW)
    assert not is_flood(of, new=9, document=9, largest=0, now=NOW)
    assert not is_flood(of, new=20, document=50, largest=2, now=NOW)
    assert not is_flood(of, new=20, document=20, largest=5, now=NOW)
    assert not is_flood(replace(of, ok_at=None), new=20, document=20, largest=0, now=NOW)
    assert not is_flood(replace(of, ok_at=NOW - 20 * DAY), new=20, document=20, largest=2, now=NOW)


def test_an_item_older_than_the_last_document_slid_back_in() -> None:
    [old] = articles(30 * DAY)
    assert slid_back(feed(), old, now=NOW)
    assert slid_back(feed(oldest_at=NOW - 20 * DAY), old, now=NOW)
    assert not slid_back(feed(oldest_at=NOW - 40 * DAY), old, now=NOW)
    assert not slid_back(feed(oldest_at=NOW - HOUR), articles(6 * DAY)[0], now=NOW)
    assert not slid_back(feed(), Article("1", "undated", fetched_at=NOW), now=NOW)


def test_validators_of_a_cut_body_are_not_kept() -> None:
    assert look(feed(cache={"etag": "whole"}), Fetched(cache={"etag": "cut"}, partial=True)).cache == {"etag": "whole"}
