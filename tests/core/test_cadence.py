"""The polling rule: frequent where news is frequent, never sooner than asked, never silent for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cadence import BALANCED, FAST, GENTLE, Cadence, first_check, interval, next_check
from bot.core.errors import FetchError, NotAFeed, Throttled
from bot.core.model import Feed, FeedState, Fetched
from bot.core.pace import Pace, rate

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def feed(
    per_day: float = 1.0,
    *,
    state: FeedState = FeedState.ACTIVE,
    fails: int = 0,
    fixed: timedelta | None = None,
    ok_at: datetime | None = NOW - HOUR,
    weight: int = 1,
) -> Feed:
    return Feed(
        1,
        "https://example.org/feed",
        state=state,
        fails=fails,
        per_day=per_day,
        interval=fixed,
        ok_at=ok_at,
        weight=weight,
    )


def wait(of: Feed, outcome: Fetched | FetchError, chance: float = 0.0, cadence: Cadence = BALANCED) -> timedelta:
    return next_check(of, now=NOW, outcome=outcome, cadence=cadence, random=lambda: chance) - NOW


@pytest.mark.parametrize(
    ("per_day", "minutes"),
    [(0, 222), (1, 66), (4, 33), (24, 13.3), (100, 6.7), (1000, 5)],
)
def test_a_feed_is_polled_by_the_square_root_of_its_rate(per_day: float, minutes: float) -> None:
    assert interval(feed(per_day), now=NOW) / MINUTE == pytest.approx(minutes, rel=0.05)


def test_the_presets_keep_their_order() -> None:
    fast, balanced, gentle = (interval(feed(10), preset, now=NOW) for preset in (FAST, BALANCED, GENTLE))
    assert fast < balanced < gentle
    assert gentle == pytest.approx(2 * balanced, abs=MINUTE)


def test_a_new_feed_is_looked_at_again_within_the_hour() -> None:
    assert interval(feed(0, state=FeedState.NEW), now=NOW) == HOUR


def test_weight_counts_by_its_square_root_and_at_most_four_times() -> None:
    plain = interval(feed(4), now=NOW)
    assert interval(feed(4, weight=4), now=NOW) == pytest.approx(plain / 2, abs=MINUTE)
    assert interval(feed(4, weight=10_000), now=NOW) == pytest.approx(max(plain / 4, 5 * MINUTE), abs=MINUTE)


def test_the_hour_of_the_day_counts_only_for_lively_feeds() -> None:
    def paced(a_day: int) -> Feed:
        """Every article of the last month came between eight and ten in the morning."""
        morning = NOW.replace(hour=8)
        times = [morning - day * DAY + n * 2 * HOUR / a_day for day in range(30) for n in range(a_day)]
        return replace(feed(), pace=Pace().after(times, NOW))

    morning, evening = NOW.replace(hour=8) + DAY, NOW.replace(hour=20)
    assert interval(paced(24), now=morning) * 2 < interval(paced(24), now=evening)
    assert interval(paced(1), now=morning) / interval(paced(1), now=evening) == pytest.approx(1, abs=0.05)


def test_after_a_possible_gap_the_interval_is_halved_for_a_day() -> None:
    gap = replace(feed(4), gap_at=NOW)
    assert interval(gap, now=NOW + 23 * HOUR) == interval(feed(4), now=NOW) / 2
    assert interval(gap, now=NOW + 25 * HOUR) == interval(feed(4), now=NOW)


def test_the_liveliest_window_wins() -> None:
    assert rate(20, 0, 0) == pytest.approx(0.8 * 20.5 / 5.5)
    assert rate(0, 28, 28) == pytest.approx(28.5 / 17.5)


def test_a_fixed_interval_replaces_the_rule_but_not_the_servers_wish() -> None:
    fixed = feed(100, fixed=10 * MINUTE)
    assert wait(fixed, Fetched()) == 10 * MINUTE
    assert wait(fixed, Fetched(hint=2 * HOUR)) == 2 * HOUR


def test_a_hint_raises_the_interval_also_on_not_modified_and_is_capped_at_a_day() -> None:
    assert wait(feed(100), Fetched(unchanged=True, status=304, hint=2 * HOUR)) == 2 * HOUR
    assert wait(feed(100), Fetched(hint=365 * DAY)) == DAY
    assert wait(feed(1), Fetched(hint=MINUTE)) == interval(feed(1), now=NOW)


def test_a_heavy_answer_is_not_repeated_within_the_hour() -> None:
    assert wait(feed(1000), Fetched(size=2_000_000)) == HOUR
    assert wait(feed(1000), Fetched(size=0, unchanged=True, status=304)) == 5 * MINUTE


def test_failures_double_the_wait_up_to_a_day() -> None:
    waits = [wait(feed(1000, fails=n), FetchError("down"), chance=0.5) for n in range(12)]
    assert waits[:4] == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE]
    assert waits[-1] == DAY


def test_a_feed_that_is_dark_for_a_month_is_asked_weekly_and_never_given_up() -> None:
    dark = feed(fails=40, ok_at=NOW - 31 * DAY)
    assert wait(dark, FetchError("down")) == 7 * DAY
    never = Feed(1, "https://example.org/feed", fails=10**9, checked_at=NOW)
    assert wait(never, FetchError("down"), chance=0.99) <= 1.2 * DAY


def test_throttled_waits_as_asked_and_at_least_a_quarter_of_an_hour() -> None:
    assert wait(feed(1000), Throttled("slow down", 3 * HOUR)) == 3 * HOUR
    assert wait(feed(1000), Throttled("slow down", timedelta(seconds=1))) == 15 * MINUTE


def test_a_blocked_feed_is_asked_after_four_hours_then_twelve_then_daily() -> None:
    refused = FetchError("HTTP 403", state="blocked")
    assert [wait(feed(fails=n), refused) for n in (0, 1, 2, 9)] == [4 * HOUR, 12 * HOUR, DAY, DAY]


def test_what_is_not_a_feed_starts_at_an_hour() -> None:
    assert wait(feed(1000), NotAFeed("a web page"), chance=0.5) == HOUR


def test_gone_is_confirmed_after_a_day_and_then_probed_monthly() -> None:
    gone = FetchError("HTTP 410", state="gone")
    assert wait(feed(), gone) == DAY
    assert wait(feed(state=FeedState.GONE, fails=1), gone) == 30 * DAY


def test_hours_and_days_that_a_feed_skips_are_skipped_whatever_the_interval_is() -> None:
    """NOW is a Thursday, at noon."""
    assert wait(feed(4), Fetched(skip_hours=(12, 13))) == 2 * HOUR
    assert wait(feed(4), Fetched(skip_hours=(5,))) == interval(feed(4), now=NOW)
    assert wait(feed(4), Fetched(skip_days=("thursday", "friday"))) == 36 * HOUR
    assert wait(feed(4), Fetched(skip_hours=tuple(range(24)))) == interval(feed(4), now=NOW)
    assert wait(feed(4, fixed=6 * HOUR), Fetched(skip_hours=(18,))) == 7 * HOUR


def test_an_import_is_spread() -> None:
    moments = [first_check(place, 100, now=NOW) - NOW for place in range(100)]
    assert moments[0] == timedelta(0)
    assert moments == sorted(moments)
    assert moments[-1] < timedelta(seconds=20)
    assert first_check(99_999, 100_000, now=NOW) - NOW < timedelta(minutes=10)


outcomes = st.one_of(
    st.builds(
        Fetched,
        hint=st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
        size=st.integers(0, 10**9),
        unchanged=st.booleans(),
    ),
    st.builds(FetchError, st.just("x"), state=st.sampled_from(["backoff", "blocked", "not_feed", "gone"])),
    st.builds(Throttled, st.just("x"), st.timedeltas(min_value=timedelta(seconds=1), max_value=DAY)),
)


@given(
    state=st.sampled_from(FeedState),
    per_day=st.floats(0, 1e6),
    fails=st.integers(0, 10**6),
    dark=st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
    outcome=outcomes,
    cadence=st.sampled_from([FAST, BALANCED, GENTLE]),
    weight=st.integers(0, 10**6),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_whatever_happens_the_next_check_is_neither_too_soon_nor_beyond_a_month(
    state: FeedState,
    per_day: float,
    fails: int,
    dark: timedelta | None,
    outcome: Fetched | FetchError,
    cadence: Cadence,
    weight: int,
    chance: float,
) -> None:
    of = feed(per_day, state=state, fails=fails, weight=weight, ok_at=NOW - dark if dark is not None else None)
    after = next_check(of, now=NOW, outcome=outcome, cadence=cadence, random=lambda: chance)
    least = cadence.floor if isinstance(outcome, Fetched) else 4 * MINUTE
    assert NOW + least <= after <= NOW + timedelta(days=36)
    if isinstance(outcome, Fetched) and outcome.hint:
        assert after - NOW >= min(outcome.hint, DAY)
    if isinstance(outcome, Throttled):
        assert after - NOW >= outcome.wait
