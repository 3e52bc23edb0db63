"""Finds wire copies: texts that hold the better half of another, however much was cut or added around it.

Word 3-shingles and containment (Broder, 1997): the share of the smaller text's shingles that the other has too. Jaccard
similarity and SimHash lose a text that was cut to a third; containment does not. A sample of the shingles (those whose
hash is divisible) is indexed to find candidates; the measure itself uses all of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Collection
from itertools import count
from zlib import crc32

from bot.stories.origin import strip_dateline
from bot.stories.words import words

CONTAINMENT = 0.5
"""From this share on, one text is a copy of the other."""

_LEAST = 40
"""Words that both texts must have: two short notes on one event share half their shingles by chance."""

_MOST = 320
"""Words of a text that count: every copy that we know of keeps something of the beginning."""

DRAWERS = 1 << 12
_NUMBER = (1 << 32) - 1

Shingles = array  # of unsigned 32-bit hashes, sorted, without repeats


def shingles(text: str) -> array[int]:
    """The hashes of a text's word 3-shingles; none for a text that is too short to be called a copy.

    CRC-32 because it is the same in every process, unlike `hash`; a collision in a million is of no account here.
    """
    found = words(strip_dateline(text)[: _MOST * 16])[:_MOST]
    if len(found) < _LEAST:
        return array("I")
    pieces = " ".join(found).encode("utf-8", "surrogatepass").split(b" ")
    triples = zip(pieces, pieces[1:], pieces[2:], strict=False)
    return array("I", sorted({crc32(b" ".join(triple)) for triple in triples}))


def containment(a: Collection[int], b: Collection[int]) -> float:
    """The share of the smaller text's shingles that are in the other. Neither repeats one."""
    smaller = min(len(a), len(b))
    return len(frozenset(a).intersection(b)) / smaller if smaller else 0.0


def short(hashes: array[int]) -> array[int]:
    """The hashes in half of the memory, for what is kept of a text: `containment` of two such is within a hundredth.

    Of 65,536 values two texts of 160 shingles share a third of one by chance.
    """
    return array("H", {each & 0xFFFF for each in hashes})


class Copies:
    """The texts of the open stories by their shingles."""

    def __init__(self) -> None:
        # Shingle and text's number in one whole number of eight bytes, in order, in a few thousand drawers by the
        # shingle's first bits: a dictionary of names costs ten times as much.
        self._drawers: dict[int, array[int]] = {}
        self._names: dict[int, str] = {}
        self._numbers = count()
        self._tidied = 0

    def put(self, name: str, hashes: array[int]) -> int:
        """The number by which the text is taken out again."""
        number = next(self._numbers)
        for shingle in _sample(hashes):
            insort(self._drawers.setdefault(shingle >> 20, array("Q")), shingle << 32 | number)
        self._names[number] = name
        return number

    def take(self, number: int) -> None:
        """The text is found no more; what was its own is cleared away drawer by drawer, one for each text."""
        del self._names[number]
        self._tidied = (self._tidied + 1) % DRAWERS
        if drawer := self._drawers.pop(self._tidied, None):
            kept = array("Q", [entry for entry in drawer if entry & _NUMBER in self._names])
            if kept:
                self._drawers[self._tidied] = kept

    def candidates(self, hashes: array[int], most: int = 12) -> list[str]:
        """Names of the texts that share most of the sampled shingles, best first."""
        shared: dict[int, int] = {}
        names = self._names
        for shingle in hashes:
            if shingle % 4 == 0 and (drawer := self._drawers.get(shingle >> 20)):
                first = bisect_left(drawer, shingle << 32)
                if first < len(drawer) and drawer[first] >> 32 == shingle:
                    last = bisect_left(drawer, (shingle + 1) << 32, first)
                    found = [number for entry in drawer[first:last] if (number := entry & _NUMBER) in names]
                    for number in found[-64:]:  # a phrase in more texts than this is boilerplate
                        shared[number] = shared.get(number, 0) + 1
        best = sorted(shared, key=lambda number: (-shared[number], names[number]))
        return [names[number] for number in best[:most]]


def _sample(hashes: array[int]) -> list[int]:
    """About twenty of a text's shingles, chosen by their hash so that another text chooses the same ones.

    A short text keeps every fourth, a long one every sixteenth: whoever asks looks for every fourth.
    """
    every = 4 if len(hashes) <= 64 else 8 if len(hashes) <= 160 else 16
    return [shingle for shingle in hashes if shingle % every == 0]
