"""What every chat must do to untrusted text before it escapes it: no invisible steering, no link but http, a length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from ipaddress import IPv6Address
from urllib.parse import quote, urlsplit, urlunsplit

INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # C0 and C1, without white space
    "\u00ad\u061c\u180e\u200b\u200e\u200f"  # soft hyphen, direction marks, zero-width space
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi embeddings and isolates, invisible operators
    "\U000e0000-\U000e007f"  # tags: a text inside the text
    "\ud800-\udfff"  # lone surrogates cannot be sent as UTF-8
    "]"
)
"""Dropped everywhere. U+200C and U+200D stay: Persian, the Indic scripts and emoji are spelled with them."""

SPACES = re.compile("[^\\S\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
LINE_BREAK = re.compile(" ?(?:\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]) ?")
PATH_SAFE = "/%:!$&*+,;=-._~"
"""Left alone in paths and queries. Not in it: brackets, quotes, `<`, `>`, `|`, backslash, white space,
and `@`, as "@everyone" pings from inside a URL too."""


def clean(text: str) -> str:
    """Composed, without control, bidi and zero-width characters; single spaces, line breaks as newlines."""
    text = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    return LINE_BREAK.sub("\n", SPACES.sub(" ", text))


def line(text: str) -> str:
    """Clean, and on one line."""
    return clean(text).replace("\n", " ").strip()


def units(text: str) -> int:
    """The length as the platforms count it: in UTF-16 code units, so that an emoji counts twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, most: int) -> str:
    """At most so many UTF-16 units; what was cut ends in an ellipsis, at a word where one is near."""
    if units(text) <= most:
        return text
    if most <= 0:
        return ""
    kept = text[: most - 1]
    while (excess := units(kept) - (most - 1)) > 0:
        kept = kept[: len(kept) - (excess + 1) // 2]
    space = kept.rfind(" ", int(len(kept) * 0.8))
    return f"{kept[:space] if space > 0 else kept}…"


def fit(text: str, most: int, escape: Callable[[str], str]) -> str:
    """The text escaped, and cut so that what comes out has at most so many UTF-16 units."""
    # Escaping makes nothing shorter, so what is beyond `most` is gone in any case.
    length = min(units(text), most)
    escaped = escape(cut(text, length))
    while length > 0 and (excess := units(escaped) - most) > 0:
        # No character becomes more than five ("&amp;"), so an eighth of the excess never takes too much.
        length -= max(1, excess // 8)
        escaped = escape(cut(text, length))
    return escaped


def safe_url(url: str, most: int = 2000) -> str:
    """The URL percent-encoded, its host in ASCII and without user information; empty unless it is http or https.

    A URL that is longer than `most` is dropped rather than cut: a cut link leads somewhere else.
    """
    try:
        parts = urlsplit(INVISIBLE.sub("", url.strip()))
        host, port = parts.hostname, parts.port
        if parts.scheme.casefold() not in ("http", "https") or not host or re.search(r"\s", parts.netloc):
            return ""
        name = f"[{IPv6Address(host)}]" if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return ""
    if not re.fullmatch(r"[a-zA-Z0-9._-]+|\[[0-9a-f:.]+\]", name):
        return ""
    address = urlunsplit(
        (
            parts.scheme.casefold(),
            f"{name}:{port}" if port else name,
            quote(parts.path or "/", safe=PATH_SAFE),
            quote(parts.query, safe=PATH_SAFE + "?"),
            quote(parts.fragment, safe=PATH_SAFE + "?"),
        )
    )
    return address if len(address) <= most else ""
