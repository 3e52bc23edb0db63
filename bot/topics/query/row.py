"""A topic as a row of whole numbers: what most topics are takes a few bytes and is answered without any object.

A row is items, all of which must be true, over the numbers of keys:

    ANY    one of these keys is there
    NONE   none of them is
    NEAR   a mention of one of the first near one of the second, with at most so many words between them

in the shape `kind + 4 * count, key, key ...`, and for NEAR `kind + 4 * words, ordered, count, key ..., count, key ...`.
A query that says more (brackets below OR, MIN, SENT, patterns) keeps its tree, and its row holds what it requires.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bot.topics.document import Document
from bot.topics.phrases import Places
from bot.topics.query.node import How, Near, Node, Not, clauses, leaves

ANY, NONE, NEAR = range(3)
_ONE = ANY + 4
"""The head of a single key that must be there, which most items are."""

Numbers = tuple[int, ...]
Spans = list[tuple[int, int]]

MOST_COMPARED = 64
"""Pairs of places that are compared one by one; more are put in order first."""


def row_of(groups: Iterable[Sequence[int]]) -> list[int]:
    """The row of groups each of which must be there."""
    return [number for group in groups for number in (ANY + 4 * len(group), *group)]


def fits(node: Node) -> bool:
    """Whether a row can hold all that a query says."""
    return all(map(_fits, clauses(node)))


def _fits(part: Node) -> bool:
    if isinstance(part, Near):
        return part.how in (How.NEAR, How.ONEAR) and bool(leaves(part.left)) and bool(leaves(part.right))
    return bool(leaves(part.part if isinstance(part, Not) else part))


def encode(node: Node, number_of: Callable[[str], int]) -> list[int]:
    """The row of a query that fits."""
    row: list[int] = []
    for part in clauses(node):
        if isinstance(part, Near):
            row += (NEAR + 4 * part.words, int(part.how is How.ONEAR))
            for side in (leaves(part.left), leaves(part.right)):
                row += (len(side), *map(number_of, side))
        else:
            kind, inner = (NONE, part.part) if isinstance(part, Not) else (ANY, part)
            keys = leaves(inner)
            row += (kind + 4 * len(keys), *map(number_of, keys))
    return row


def items(row: Sequence[int]) -> Iterator[tuple[int, list[Numbers], int, int]]:
    """Kind, sides (two for NEAR, else one), words between and whether in order."""
    at = 0
    while at < len(row):
        head = row[at]
        kind, count = head & 3, head >> 2
        if kind == NEAR:
            middle = at + 3 + row[at + 2]
            past = middle + 1 + row[middle]
            yield kind, [tuple(row[at + 3 : middle]), tuple(row[middle + 1 : past])], count, row[at + 1]
        else:
            past = at + 1 + count
            yield kind, [tuple(row[at + 1 : past])], 0, 0
        at = past


def groups(row: Sequence[int], at: int = 0, end: int = -1) -> list[Numbers]:
    """What must be there, one key of each group at least; each group once. The row may be a part of a longer one."""
    found: list[Numbers] = []
    if end < 0:
        end = len(row)
    while at < end:
        head = row[at]
        if head == _ONE:
            found.append((row[at + 1],))
            at += 2
        elif head & 3 == NEAR:
            middle = at + 3 + row[at + 2]
            past = middle + 1 + row[middle]
            found += (tuple(row[at + 3 : middle]), tuple(row[middle + 1 : past]))
            at = past
        else:
            past = at + 1 + (head >> 2)
            if head & 3 == ANY:
                found.append(tuple(row[at + 1 : past]))
            at = past
    return found if len(found) < 2 else list(dict.fromkeys(found))


def holds(row: Sequence[int], places: Places, document: Document, at: int = 0, end: int = -1) -> bool:
    """Whether a row, which may be a part of a longer one, is true of an article."""
    if end < 0:
        end = len(row)
    while at < end:
        head = row[at]
        if head == _ONE:
            if row[at + 1] not in places:
                return False
            at += 2
            continue
        if head & 3 == NEAR:
            middle = at + 3 + row[at + 2]
            past = middle + 1 + row[middle]
            if not _meet(row[at + 3 : middle], row[middle + 1 : past], places, head >> 2, document, row[at + 1]):
                return False
            at = past
            continue
        past = at + 1 + (head >> 2)
        at += 1
        while at < past and row[at] not in places:
            at += 1
        if (at < past) == (head & 3 == NONE):
            return False
        at = past
    return True


def _meet(
    left: Iterable[int], right: Sequence[int], places: Places, reach: int, document: Document, ordered: int
) -> bool:
    """Whether any two mentions are near enough: nothing of them overlaps, and they stand in one text."""
    for one in left:
        if one not in places:
            continue
        firsts = places[one]
        for other in right:
            if other not in places:
                continue
            seconds = places[other]
            if len(firsts) * len(seconds) > MOST_COMPARED:
                if _follows(firsts, seconds, reach, document):
                    return True
                if not ordered and _follows(seconds, firsts, reach, document):
                    return True
                continue
            for start, end in firsts:
                for begin, past in seconds:
                    close = 0 <= begin - end <= reach or (0 <= start - past <= reach and not ordered)
                    if close and document.part_of(start) == document.part_of(begin):
                        return True
    return False


def _follows(first: Spans, second: Spans, reach: int, document: Document) -> bool:
    """Whether one of the second begins within reach of the end of one of the first.

    Of all ends before a beginning, the last is the nearest.
    """
    starts = sorted(start for start, _ in second)
    ends = sorted((end, start) for start, end in first)
    at, last = 0, len(ends)
    for start in starts:
        while at < last and ends[at][0] <= start:
            at += 1
        if at and start - ends[at - 1][0] <= reach and document.part_of(ends[at - 1][1]) == document.part_of(start):
            return True
    return False


class Rows:
    """The rows of many topics in one array, each behind its length, at the place of its topic's number."""

    def __init__(self) -> None:
        self._row = array("I")
        self._first = array("I")
        """Where the length of each row stands."""
        self._holes: dict[int, list[int]] = {}
        """Where rows of each length were given back."""

    def state(self) -> tuple[Any, ...]:
        """All that it holds as plain values, some of them shared with it: to be written down at once."""
        return self._row.tobytes(), self._first.tobytes(), self._holes

    @classmethod
    def restored(cls, state: tuple[Any, ...]) -> Rows:
        self = cls()
        row, first, self._holes = state
        self._row, self._first = array("I", row), array("I", first)
        return self

    def __getitem__(self, number: int) -> array[int]:
        first = self._first[number] + 1
        return self._row[first : first + self._row[first - 1]]

    def groups(self, number: int) -> list[Numbers]:
        """What the row of that number requires."""
        first = self._first[number] + 1
        return groups(self._row, first, first + self._row[first - 1])

    def true(self, numbers: Iterable[int], places: Places, document: Document) -> list[int]:
        """Those of the numbers whose rows are true of an article."""
        row, firsts = self._row, self._first
        return [
            number
            for number in numbers
            if holds(row, places, document, (first := firsts[number]) + 1, first + 1 + row[first])
        ]

    def put(self, number: int, row: Sequence[int]) -> None:
        """Numbers come in order, or are some that were given back."""
        size = len(row)
        holes = self._holes.get(size)
        first = holes.pop() if holes else len(self._row)
        if number == len(self._first):
            self._first.append(0)
        self._first[number] = first
        if first == len(self._row):
            self._row.append(size)
            self._row.extend(row)
        else:
            self._row[first + 1 : first + 1 + size] = array("I", row)

    def drop(self, number: int) -> None:
        first = self._first[number]
        self._holes.setdefault(self._row[first], []).append(first)
