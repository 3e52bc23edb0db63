"""A first look at a candidate: whether its score could reach the threshold at all, before anything is scored.

Most articles mention most things in passing. Three facts of a group tell that at a glance: in which sentences it
stands, whether one of them is the title or the lead, and how often it occurs. The answer errs on one side only: what it
turns away would have been turned away by the score as well (the tests hold the two together).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log

from bot.topics.document import Document
from bot.topics.phrases import Places
from bot.topics.score import LEAD_SENTENCES, OFTEN, WITHOUT_MEETING, scale_of

_HAIR = 1e-3
"""Scores are rounded; a candidate on the threshold is looked at."""


class Glance:
    """Looks at one document for one threshold; groups are numbers of keys, as `places` is by them."""

    def __init__(self, document: Document, places: Places, threshold: float) -> None:
        self._document = document
        self._places = places
        self._open = threshold <= WITHOUT_MEETING
        """So low a threshold that anything may reach it."""
        if self._open:
            return
        self._often = -log(1 - threshold + _HAIR) / (OFTEN * scale_of(document))
        """Mentions from which frequency alone may convince."""
        self._front = sum(
            1 << index for index, each in enumerate(document.sentences[:5]) if each.number < LEAD_SENTENCES
        )
        self._known: dict[int, tuple[int, bool]] = {}

    def may_ring(self, groups: Iterable[tuple[int, ...]], *, apart: bool) -> bool:
        if self._open:
            return True
        meeting, alone, front, sides = -1, True, True, 0
        for group in groups:
            stands, strong = self._group(group)
            meeting &= stands
            alone = alone and strong
            front = front and bool(stands & self._front)
            sides += 1
        if sides == 1:
            return alone
        return meeting != 0 or front or (alone and not apart)

    def _group(self, group: tuple[int, ...]) -> tuple[int, bool]:
        if len(group) == 1:
            return self._key(group[0])
        places, count = 0, 0
        for key in group:
            if key in self._places:
                places |= self._key(key)[0]
                count += len(self._places[key])
        return places, bool(places & self._front) or count >= self._often

    def _key(self, key: int) -> tuple[int, bool]:
        """The sentences that a key stands in, as bits, and whether it may ring alone."""
        known = self._known.get(key)
        if known is None:
            bits, spans = 0, self._places[key]
            sentence_at = self._document.sentence_at
            for start, _ in spans:
                bits |= 1 << sentence_at(start)
            known = self._known[key] = (bits, bool(bits & self._front) or len(spans) >= self._often)
        return known
