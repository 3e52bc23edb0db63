"""When an item says it was published: every format that feeds use, and nothing that cannot be true."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from time import struct_time

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=48)
"""A date further in the future is a mistake, a nearer one a clock or a time zone that is off: it becomes now."""

ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?", re.I
)
CJK = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日\s*(?:(\d{1,2})[:時点](\d{1,2}))?")
KOREAN = re.compile(r"(\d{4})\s*년\s*(\d{1,2})\s*월\s*(\d{1,2})\s*일\s*(?:(\d{1,2}):(\d{1,2}))?")
WORDS = re.compile(
    r"(\d{1,2})\.?\s+(?:de\s+)?([^\W\d_]{3,12})\.?,?\s+(?:de\s+)?(\d{4})(?:\D{1,8}(\d{1,2}):(\d\d)(?::(\d\d))?)?"
)
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)\s*$")
ZONE = re.compile(r"\b([A-Z]{3,4})\s*$")

# Zones that RFC 822 does not name and `email.utils` therefore reads as UTC. Ambiguous ones are read as most feeds use
# them: IST is India, BST is Britain.
ZONES = {
    **{"CET": 1, "CEST": 2, "BST": 1, "WEST": 1, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "AST": 3, "GST": 4, "PKT": 5},
    **{"IST": 5.5, "ICT": 7, "WIB": 7, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11},
    **{"NZST": 12, "NZDT": 13, "SAST": 2, "CAT": 2, "EAT": 3, "WAT": 1, "BRT": -3, "ART": -3, "AKST": -9, "HST": -10},
}
MONTHS = {
    start: number
    for number, starts in enumerate(
        (
            "jan ene gen янв sty oca",
            "feb fév fev фев lut şub",
            "mar mär mrz мар",
            "apr abr avr апр kwi nis",
            "may mai mag maj mei мая май",
            "jun giu июн cze haz juin",
            "jul lug июл lip tem juil",
            "aug ago aoû aou авг sie ağu",
            "sep set сен wrz eyl",
            "oct okt out ott окт paź eki",
            "nov ноя lis kas",
            "dec dez dic déc дек gru ara",
        ),
        1,
    )
    for start in starts.split()
}


def moment(text: str, parsed: struct_time | None, now: datetime) -> datetime | None:
    """The instant in UTC, or None where the text gives none between 1995 and two days from now.

    `parsed` is feedparser's reading, used where ours has none: it knows the rarest formats, but takes a Unix time for
    the year 1763 and a Chinese date for the first of the month.
    """
    text = text.strip()[:100]
    found = _unix(text) or _iso(text) or _mail(text) or _words(text)
    if found is None and parsed is not None and not text.isdigit():
        try:
            found = datetime(*parsed[:6], tzinfo=UTC)
        except ValueError:
            found = None
    if found is None or not EARLIEST <= found <= now + AHEAD:
        return None
    return min(found, now)


def _unix(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{10}(\d{3})?", text, re.ASCII):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _iso(text: str) -> datetime | None:
    found = ISO.match(text)
    if not found or text.isdigit():
        return None
    return _made(*found.groups()[:6], zone=_zone(found[7] or text))


def _mail(text: str) -> datetime | None:
    if not text[:1].isascii() or not re.match(r"(?:[A-Za-z]{2,9}\.?,?\s*)?\d{1,2}[\s-]", text):
        return None
    try:
        found = parsedate_to_datetime(text)
        if found.tzinfo is None or (found.utcoffset() == timedelta(0) and ZONE.search(text)):
            found = found.replace(tzinfo=_zone(text))
        return found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _words(text: str) -> datetime | None:
    if found := CJK.search(text) or KOREAN.search(text):
        hours = 8 if "年" in text else 9
        return _made(*found.groups(), zone=timezone(timedelta(hours=hours)))
    if found := WORDS.search(text):
        day, name, year, *clock = found.groups()
        name = name.casefold()
        month = next((MONTHS[name[:size]] for size in (4, 3) if name[:size] in MONTHS), None)
        return _made(year, str(month), day, *clock, zone=_zone(text)) if month else None
    return None


def _made(
    year: str | None,
    month: str | None,
    day: str | None,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
    *,
    zone: timezone = UTC,
) -> datetime | None:
    try:
        return datetime(
            int(year or 0),
            int(month or 0),
            int(day or 0),
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),
            tzinfo=zone,
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    """The offset at the end of the text; UTC where there is none."""
    if found := OFFSET.search(text):
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes <= 14 * 60 + 59:
            return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    if (found := ZONE.search(text)) and found[1] in ZONES:
        return timezone(timedelta(hours=ZONES[found[1]]))
    return UTC
