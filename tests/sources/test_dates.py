"""Dates of every kind, and none that cannot be true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import struct_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.dates import moment

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 26 Nov 2026 09:00:00 GMT", at(2026, 11, 26, 9)),
        ("Thu, 26 Nov 2026 09:00:00 +0530", at(2026, 11, 26, 3, 30)),
        ("26 Nov 2026 09:00 EST", at(2026, 11, 26, 14) - timedelta(hours=2)),
        ("Wed, 25 Nov 2026 09:00:00 CET", at(2026, 11, 25, 8)),
        ("Wed, 25 Nov 2026 09:00:00 MSK", at(2026, 11, 25, 6)),
        ("Wed, 25 Nov 2026 09:00:00 JST", at(2026, 11, 25, 0)),
        ("2026-11-26T09:00:00Z", at(2026, 11, 26, 9)),
        ("2026-11-26T09:00:00.123456+01:00", at(2026, 11, 26, 8)),
        ("2026-11-26 09:00:00", at(2026, 11, 26, 9)),
        ("2026-11-26 09:00:00 CET", at(2026, 11, 26, 8)),
        ("2026-11-25", at(2026, 11, 25)),
        ("20261125T0900Z", at(2026, 11, 25, 9)),
        ("1763805600", at(2025, 11, 22, 10)),
        ("1763805600000", at(2025, 11, 22, 10)),
        ("2026年11月22日", at(2026, 11, 21, 16)),
        ("2026年11月22日 18:30", at(2026, 11, 22, 10, 30)),
        ("2026년 11월 22일 18:30", at(2026, 11, 22, 9, 30)),
        ("22 de novembro de 2026 10:15", at(2026, 11, 22, 10, 15)),
        ("mer., 25 nov. 2026 09:00:00 +0100", at(2026, 11, 25, 8)),
        ("25 août 2026 09:00", at(2026, 8, 25, 9)),
        ("5 février 2026", at(2026, 2, 5)),
        ("3. März 2026, 08:00 Uhr", at(2026, 3, 3, 8)),
        ("3 мая 2026", at(2026, 5, 3)),
        ("12 grudnia 2025", at(2025, 12, 12)),
        ("12 nonsense 2025", None),
    ],
)
def test_formats(text: str, expected: datetime | None) -> None:
    assert moment(text, None, NOW) == (min(expected, NOW) if expected else None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "0",
        "99999999999999999999",
        "30 Feb 2026 10:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "9999-12-31",
        "0000-00-00",
        "2041-01-19T03:14:07Z",
        "Sat, 26 Dec 2026 09:00:00 GMT",
        "31 Feb 9999 99:99:99 +9999",
        "-1",
        "1e400",
        "2026-13-45T99:99",
    ],
)
def test_what_cannot_be_true_is_none(text: str) -> None:
    assert moment(text, None, NOW) is None


def test_a_date_a_little_ahead_is_now() -> None:
    assert moment("2026-11-27T09:00:00Z", None, NOW) == NOW


def test_feedparsers_reading_is_the_last_resort() -> None:
    reading = struct_time((2026, 11, 25, 10, 0, 0, 2, 329, 0))
    assert moment("Mittwoch gegen zehn", reading, NOW) == at(2026, 11, 25, 10)
    assert moment("99999", reading, NOW) is None
    assert moment("nonsense", struct_time((-1, 99, 99, 0, 0, 0, 0, 0, 0)), NOW) is None


@given(
    st.text(max_size=60) | st.from_regex(r"\d{1,4}[-/. ]\w{1,9}[-/. ]\d{1,4} [\d:]{0,8} ?[+-]?\w{0,5}", fullmatch=True)
)
def test_no_text_breaks_it(text: str) -> None:
    found = moment(text, None, NOW)
    assert found is None or datetime(1995, 1, 1, tzinfo=UTC) <= found <= NOW
