"""When far more is written about a topic than its own last fortnight lets expect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from bot.topics.surge import BASELINE, LEAST, SPAN, Usual, usual

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WHOLE = NOW - timedelta(days=30)


def times(*per_span: int) -> list[datetime]:
    """So many articles in the spans before the last one, the newest first."""
    return [NOW - SPAN * (place + 1.5) for place, count in enumerate(per_span) for _ in range(count)]


def test_a_quiet_topic_surges_from_the_least_number_on() -> None:
    known = usual([], since=WHOLE, now=NOW)
    assert known == Usual(0.0, 0.0)
    assert not known.surges(LEAST - 1)
    assert known.surges(LEAST)


def test_what_comes_in_waves_does_not_surge_with_every_wave() -> None:
    waves = usual(times(*[0, 12, 0, 0] * 14), since=WHOLE, now=NOW)
    steady = usual(times(*[3] * 56), since=WHOLE, now=NOW)
    assert waves and steady
    assert waves.mean == steady.mean == 3
    assert not waves.surges(12)
    assert steady.surges(12)


def test_the_last_span_and_what_is_older_than_a_fortnight_are_not_usual() -> None:
    now_and_long_ago = [NOW - timedelta(minutes=each) for each in range(50)]
    now_and_long_ago += [NOW - SPAN - BASELINE - timedelta(hours=each) for each in range(50)]
    assert usual(now_and_long_ago, since=WHOLE, now=NOW) == Usual(0.0, 0.0)


def test_a_young_archive_knows_nothing_usual() -> None:
    assert usual(times(*[5] * 10), since=NOW - timedelta(days=4), now=NOW) is None
    young = usual(times(*[5] * 56), since=NOW - timedelta(days=5), now=NOW)
    assert young and young.mean == 5


@pytest.mark.parametrize("rate", [0.2, 1, 4, 20, 100])
def test_chance_alone_seldom_surges_and_four_times_as_much_nearly_always(rate: float) -> None:
    random = Random(7)

    def drawn(mean: float) -> int:
        """A Poisson number: how many waits of chance fit into one span."""
        count, at = 0, random.expovariate(mean)
        while at < 1:
            count, at = count + 1, at + random.expovariate(mean)
        return count

    false = missed = 0
    for _ in range(60):
        known = usual(times(*(drawn(rate) for _ in range(56))), since=WHOLE, now=NOW)
        assert known
        false += known.surges(drawn(rate))
        missed += not known.surges(max(LEAST + 3, drawn(rate * 4)))
    assert false == 0
    assert missed <= (20 if rate == 4 else 6)
