"""How long servers and feeds ask us to stay away, and what is no wish at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.freshness import Wishes, hint, retry_after

NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)  # a Thursday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def wait(headers: dict[str, str] | None = None, per_day: float = 10, **wishes: object) -> timedelta | None:
    return hint(headers or {}, Wishes(**wishes), per_day=per_day, now=NOW)  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"cache-control": "max-age=1800"}, 30 * MINUTE),
        ({"cache-control": "public, MAX-AGE = 1800"}, 30 * MINUTE),
        ({"cache-control": "max-age=1800", "age": "600"}, 20 * MINUTE),
        ({"cache-control": "max-age=1800", "age": "9999"}, None),
        ({"cache-control": "max-age=1800, no-cache"}, None),
        ({"cache-control": "no-store"}, None),
        ({"cache-control": "max-age=0"}, None),
        ({"cache-control": "s-maxage=1800"}, None),
        ({"cache-control": "max-age=31536000"}, DAY),
        ({"cache-control": "max-age=999999999999"}, DAY),
        ({"cache-control": "max-age=99999999999999999999"}, DAY),
        ({"cache-control": "max-age=-5"}, None),
        ({"expires": "0"}, None),
        ({"expires": "-1"}, None),
        ({"expires": "Thu, 26 Nov 2026 13:00:00 GMT"}, 30 * MINUTE),
        # Our clock and the server's differ by a day: only the difference of its own two dates counts.
        ({"expires": "Wed, 25 Nov 2026 13:00:00 GMT", "date": "Wed, 25 Nov 2026 12:00:00 GMT"}, HOUR),
        ({"expires": "Thu, 26 Nov 2026 10:00:00 GMT"}, None),
        ({"cache-control": "max-age=60", "expires": "Thu, 26 Nov 2026 23:00:00 GMT"}, MINUTE),
    ],
)
def test_cache_headers(headers: dict[str, str], expected: timedelta | None) -> None:
    assert wait(headers) == expected


def test_a_ttl_counts_within_reason_and_sixty_is_a_generators_default() -> None:
    assert wait(ttl=30) == 30 * MINUTE
    assert wait(ttl=60) is None
    assert wait(ttl=60, per_day=1) == HOUR
    assert wait(ttl=1) is None
    assert wait(ttl=100_000) is None
    assert wait({"cache-control": "max-age=7200"}, ttl=30) == 2 * HOUR


def test_an_update_period_counts() -> None:
    assert wait(update=1440) == DAY
    assert wait(update=10_080) == DAY


def test_wishes_survive_the_cache() -> None:
    wishes = Wishes(30, 120, (1, 2), ("monday",))
    assert Wishes.from_cache(wishes.to_cache()) == wishes
    assert Wishes.from_cache({}) == Wishes()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 2 * MINUTE),
        ("0", timedelta(seconds=1)),
        ("1.5", timedelta(seconds=1)),
        ("1000000000000", 7 * DAY),
        ("99999999999999999999999", 7 * DAY),
        ("Thu, 26 Nov 2026 13:30:00 GMT", HOUR),
        ("Thu, 26 Nov 2026 10:00:00 GMT", timedelta(seconds=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 7 * DAY),
        ("-5", None),
        ("NaN", None),
        ("inf", None),
        ("1e400", None),
        ("soon", None),
        ("", None),
        ("٣٠", None),
    ],
)
def test_retry_after(value: str, expected: timedelta | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == expected


def test_retry_after_as_a_date_is_relative_to_the_servers_own_clock() -> None:
    headers = {"retry-after": "Wed, 25 Nov 2026 13:00:00 GMT", "date": "Wed, 25 Nov 2026 12:00:00 GMT"}
    assert retry_after(headers, NOW) == HOUR


@given(st.text(max_size=40))
def test_no_header_breaks_it(value: str) -> None:
    headers = dict.fromkeys(("retry-after", "cache-control", "age", "expires", "date"), value)
    wish = retry_after(headers, NOW)
    assert wish is None or timedelta(seconds=1) <= wish <= 7 * DAY
    found = hint(headers, Wishes(), per_day=1, now=NOW)
    assert found is None or timedelta(0) < found <= 7 * DAY
