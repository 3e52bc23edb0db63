"""A feed's document cut into head, items and tail, without parsing it: linear in time whatever the document holds."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

TOKEN = re.compile(r"<!--|<!\[CDATA\[|<\?|<(/?)((?:[A-Za-z_][\w.-]{0,40}:)?(?:item|entry))(?=[\s>/])")
CLOSERS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}

# What XML forbids, as characters and as references to them: one of them throws the strict parser off the whole feed.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
ILLEGAL_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bceBCEfF]|1[0-9a-fA-F]|[dD][89a-fA-F]..|[fF]{3}[eEfF]));"
)
# The same said of the bytes of UTF-8: the controls, and what is too long for a table.
ILLEGAL_BYTES = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20)])
NEVER = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")


@dataclass(frozen=True, slots=True)
class Slices:
    """`head + "".join(items) + tail` is the document. `between` the items there may be anything, which is left out."""

    head: str
    items: tuple[str, ...]
    tail: str

    def only(self, items: Iterable[str]) -> str:
        """The document with these items alone."""
        return "".join((self.head, *items, self.tail))


class _Unsliceable(Exception):
    pass


def slices(document: str, most: int = 1 << 30) -> Slices | None:
    """The document in slices, or None where it cannot be sliced: items nested, unclosed, of two kinds, or none.

    None as well beyond `most` marks of items, comments and the like: each takes a microsecond or two.
    """
    try:
        items = list(_items(document, most))
    except _Unsliceable:
        return None
    if not items:
        return None
    return Slices(document[: items[0][0]], tuple(document[start:end] for start, end in items), document[items[-1][1] :])


def _items(document: str, most: int) -> Iterator[tuple[int, int]]:
    start, name, at = -1, "", 0
    search, find = TOKEN.search, document.find
    while found := search(document, at):
        most -= 1
        if most < 0:
            raise _Unsliceable
        named = found[2]
        if named is None:
            closer = CLOSERS[found[0]]
            at = find(closer, found.end())
            if at < 0:
                raise _Unsliceable
            at += len(closer)
            continue
        at = find(">", found.end())
        closing = bool(found[1])
        if at < 0 or document[at - 1] == "/" or (name and named != name) or closing == (start < 0):
            raise _Unsliceable
        name = named
        at += 1
        if closing:
            yield start, at
            start = -1
        else:
            start = found.start()
    if start >= 0:
        raise _Unsliceable


HASH = 8
"""Characters of a slice's hash: 48 bits, of which a feed's few thousand items never share one."""


def slice_hashes(items: Iterable[str]) -> list[str]:
    """For each `HASH` characters that identify an item's exact text."""
    digests = [blake2b(item.encode("utf-8", "surrogatepass"), digest_size=6).digest() for item in items]
    # Six bytes are eight characters: encoded together they are what each of them would be.
    packed = urlsafe_b64encode(b"".join(digests)).decode()
    return [packed[at : at + HASH] for at in range(0, len(packed), HASH)]


def hashes(packed: str) -> frozenset[str]:
    """The hashes in a text that is nothing but hashes, as they are kept between two looks."""
    return frozenset(packed[at : at + HASH] for at in range(0, len(packed), HASH))


def vanished(packed: str, marks: Sequence[str]) -> bool:
    """Whether more of the items of the last look are missing, before the last one that stays, than others stand there.

    An item that was corrected has another in its place, and what drops off the end is followed by none that stays.
    """
    before = [packed[at : at + HASH] for at in range(0, len(packed), HASH)]
    stay = set(before) & set(marks)
    if not stay:
        return False
    last = max(place for place, mark in enumerate(before) if mark in stay)
    missing = sum(mark not in stay for mark in before[:last])
    end = max(place for place, mark in enumerate(marks) if mark in stay)
    return missing > sum(mark not in stay for mark in marks[:end])
