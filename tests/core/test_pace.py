"""Counts that fade: as good as counting, without the counting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.pace import Pace, rate

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def steady(a_day: int, days: int, until: datetime = NOW) -> Pace:
    """Articles at even distances, taken in as they come."""
    pace = Pace()
    for number in range(days * a_day, 0, -1):
        moment = until - number * DAY / a_day
        pace = pace.after([moment], moment)
    return pace


@pytest.mark.parametrize("a_day", [1, 4, 24])
def test_a_steady_feed_is_measured_right(a_day: int) -> None:
    pace = steady(a_day, 60)
    assert pace.per_day(NOW) == pytest.approx(a_day, rel=0.1)
    assert pace.rate(NOW) == pytest.approx(a_day, rel=0.25)


def test_a_backlog_taken_in_at_once_counts_as_if_it_had_come_day_by_day() -> None:
    times = [NOW - number * DAY / 4 for number in range(240, 0, -1)]
    assert Pace().after(times, NOW).per_day(NOW) == pytest.approx(steady(4, 60).per_day(NOW), rel=0.05)


def test_a_document_that_holds_a_day_only_is_not_taken_for_a_slow_feed() -> None:
    times = [NOW - number * HOUR for number in range(24)]
    assert Pace().after(times, NOW).per_day(NOW) > 15


def test_a_feed_that_falls_silent_is_let_go_without_another_look_at_the_database() -> None:
    pace = steady(10, 60)
    later = [pace.rate(NOW + days * DAY) for days in (0, 7, 30, 200)]
    assert later == sorted(later, reverse=True)
    assert later[-1] < 0.5


def test_a_feed_that_wakes_up_is_noticed_within_two_days() -> None:
    pace = steady(1, 60)
    for number in range(48):
        pace = pace.after([NOW + number * HOUR], NOW + number * HOUR)
    assert pace.rate(NOW + 2 * DAY) > 4


def test_the_hours_of_the_day_are_told_apart_once_there_is_enough() -> None:
    at_eight = [NOW.replace(hour=8) - day * DAY + n * timedelta(minutes=5) for day in range(40) for n in range(10)]
    pace = Pace().after(at_eight, NOW)
    assert pace.share(NOW.replace(hour=8)) == pytest.approx(1)
    assert pace.share(NOW.replace(hour=7)) == pytest.approx(1)  # this hour and the next
    assert pace.share(NOW.replace(hour=20)) == 0
    assert steady(1, 60).share(NOW) is None


def test_nothing_new_leaves_it_untouched_and_json_brings_it_back() -> None:
    pace = steady(4, 10)
    assert pace.after([], NOW) is pace
    assert Pace.from_json(pace.to_json()) == pace
    assert Pace.from_json({}) == Pace()


def test_a_date_in_the_future_counts_as_now() -> None:
    assert Pace().after([NOW + 9 * DAY], NOW) == Pace().after([NOW], NOW)


def test_what_little_was_observed_is_not_spread_over_weeks_that_were_not() -> None:
    assert rate(20, 20, 20, observed=0.2) > 1.4 * rate(20, 20, 20)
