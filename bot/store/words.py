"""The one door for text: what goes in fits both databases, whatever a feed or a person wrote.

SQLite stores NUL and chokes on half a surrogate pair; PostgreSQL refuses both and takes the whole transaction along.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.topics.normalise import fold

LONGEST_TITLE = 1_000
LONGEST_URL = 2_048
LONGEST_SUMMARY = 20_000
LONGEST_TEXT = 200_000
LONGEST_LABEL = 500
"""Names, reasons, topics. All of these are counted in characters."""

MOST_WORDS = 16_000
"""PostgreSQL counts positions in a document up to 16,383; what lies beyond could not be found as a phrase."""

LONGEST_WORD = 100
"""In characters; PostgreSQL refuses a lexeme of 2,046 bytes."""

UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(text: str, longest: int = LONGEST_LABEL) -> str:
    """The text without control characters and halves of surrogate pairs, cut to `longest` characters."""
    return UNSTORABLE.sub("", text[: longest * 2])[:longest].strip()


def clean_url(url: str) -> str:
    """A URL that fits, or none: half a URL leads elsewhere."""
    cleaned = clean(url, LONGEST_URL + 1)
    return cleaned if len(cleaned) <= LONGEST_URL else ""


def clean_instant(value: datetime | None) -> datetime | None:
    """In UTC; None where the calendar ends (the year 1 in a zone east of Greenwich). A naive date is taken as UTC."""
    if value is None:
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def searchable(*texts: str) -> str:
    """The folded words of the texts: what the search index is made of."""
    words = fold(" ".join(texts)).split()[:MOST_WORDS]
    told = UNSTORABLE.sub("", " ".join(words))
    if max(map(len, words), default=0) <= LONGEST_WORD:
        return told
    return " ".join(word[:LONGEST_WORD] for word in told.split(" "))


def phrase(folded: str) -> list[str]:
    """A folded phrase as the words that the index may hold."""
    return [word[:LONGEST_WORD] for word in UNSTORABLE.sub("", folded).split()]
