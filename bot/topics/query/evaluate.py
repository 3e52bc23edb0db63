"""Whether a query is true of an article, and the words that make it so: the plain evaluator of the tree.

`holds` answers whether, which is mostly a matter of keys; `found` says by which words as well:
each node answers with the mentions that made it true, in the order of the article, or None where it is false. A node
that is true without words (NOT, a field) answers with none. Nearness looks at the nearest pairs only: if any two are
near enough, the nearest are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from bot.topics.document import Document
from bot.topics.mention import Mention
from bot.topics.present import Present
from bot.topics.query import pattern
from bot.topics.query.node import And, AtLeast, How, Leaf, Loose, Near, Node, Not, Or, Pattern

MOST_COMPARED = 64
"""Pairs of places that are compared one by one."""
PARAGRAPH = 100
"""Words that one paragraph may lie apart: many feeds deliver a whole text as one line."""

Found = list[Mention] | None


class Evaluator:
    """Answers queries about one article."""

    def __init__(self, document: Document, present: Present) -> None:
        self._document = document
        self._present = present

    def holds(self, node: Node) -> bool:
        """Whether it is true, without looking for the words where the keys tell already."""
        if isinstance(node, Leaf):
            return self._present.has(node.key)
        if isinstance(node, And):
            return all(map(self.holds, node.parts))
        if isinstance(node, Or):
            return any(map(self.holds, node.parts))
        if isinstance(node, Not):
            return not self.holds(node.part)
        if isinstance(node, AtLeast):
            return self._reached(node)
        return self.found(node) is not None

    def found(self, node: Node) -> Found:  # noqa: PLR0911  (one return for each kind of node)
        if isinstance(node, Leaf):
            return self._leaf(node)
        if isinstance(node, And):
            return self._all(node.parts)
        if isinstance(node, Or):
            hits = [found for part in node.parts if (found := self.found(part)) is not None]
            return _merged(hits) if hits else None
        if isinstance(node, Not):
            return [] if self.found(node.part) is None else None
        if isinstance(node, Near):
            pair = self.sides(node)
            return _merged(pair) if pair else None
        if isinstance(node, Loose):
            return self._loose(node)
        if isinstance(node, AtLeast):
            return self._at_least(node)
        return self._pattern(node)

    def sides(self, node: Near) -> tuple[list[Mention], list[Mention]] | None:
        """The mentions of the one that are near one of the other, and the reverse; None where there are none."""
        if not self.holds(node.left) or not self.holds(node.right) or self._plainly_far(node):
            return None
        left, right = self.found(node.left), self.found(node.right)
        return self.together(node.how, node.words, left, right) if left and right else None

    def _plainly_far(self, node: Near) -> bool:
        """Whether two phrases are too far apart wherever they stand; most are, and counting is cheap."""
        if not isinstance(node.left, Leaf) or not isinstance(node.right, Leaf) or node.how in (How.SENT, How.PARA):
            return False
        left, right = (self._present.spans(side.bare) for side in (node.left, node.right))
        if not left or not right or len(left) * len(right) > MOST_COMPARED:
            return False
        reach = node.words
        return not any(
            -reach <= first - past <= reach or -reach <= start - end <= reach
            for first, end in left
            for start, past in right
        )

    def _leaf(self, leaf: Leaf) -> Found:
        number = self._present.number_of(leaf.key)
        if number is None or number not in self._present.places:
            return None
        return [] if leaf.is_said else self._present.mentions((number,))

    def _all(self, parts: Iterable[Node]) -> Found:
        hits: list[list[Mention]] = []
        for part in parts:
            found = self.found(part)
            if found is None:
                return None
            hits.append(found)
        return _merged(hits)

    def _at_least(self, node: AtLeast) -> Found:
        if not self._reached(node):
            return None
        return _merged([found for item, _ in node.items if (found := self.found(item)) is not None])

    def _reached(self, node: AtLeast) -> bool:
        # A sum of decimals (0.1 + 0.2) must not miss its threshold by a hair.
        return sum(weight for item, weight in node.items if self.holds(item)) >= node.threshold - 1e-9

    def _loose(self, node: Loose) -> Found:
        """The narrowest windows, each with all the words and at most `slop` others."""
        document = self._document
        wanted = len(node.words)
        positions: list[tuple[int, str]] = []
        for word in set(node.words):
            for start, _ in self._present.spans(word):
                if not node.in_title or start < document.title_end:
                    positions.append((start, word))
        positions.sort()
        need = {word: node.words.count(word) for word in node.words}
        have = dict.fromkeys(need, 0)
        found: set[int] = set()
        missing, first = wanted, 0
        for last, (at, word) in enumerate(positions):
            missing -= have[word] < need[word]
            have[word] += 1
            while have[positions[first][1]] > need[positions[first][1]]:
                have[positions[first][1]] -= 1
                first += 1
            begin = positions[first][0]
            if not missing and at - begin < wanted + node.slop and document.part_of(at) == document.part_of(begin):
                found.update(place for place, _ in positions[first : last + 1])
        return [Mention(at, at + 1) for at in sorted(found)] or None

    def _pattern(self, node: Pattern) -> Found:
        document = self._document
        found: list[Mention] = []
        for part in range(1 if node.in_title else len(document.parts)):
            tokens = document.parts[part]
            starts = [start for start, _ in tokens.spans]
            for start, end in pattern.occurrences(node.pattern, tokens.text):
                first = max(0, bisect_right(starts, start) - 1)
                first += tokens.spans[first][1] <= start if starts else 0
                past = bisect_left(starts, end)
                if first < past:
                    base = document.base_of(part)
                    found.append(Mention(base + first, base + past))
        return found or None

    def together(
        self, how: How, words: int, left: list[Mention], right: list[Mention]
    ) -> tuple[list[Mention], list[Mention]] | None:
        """Of two lists of mentions, those near one of the other list; None where none are."""
        if len(left) == len(right) == 1:
            return self._pair(how, words, left, right)
        starts = sorted(right, key=lambda mention: mention.start)
        ends = sorted(right, key=lambda mention: mention.end)
        by_start, by_end = [mention.start for mention in starts], [mention.end for mention in ends]
        lefts: dict[Mention, None] = {}
        rights: dict[Mention, None] = {}
        for mention in left:
            after = bisect_left(by_start, mention.end)
            candidates = [(mention, starts[after])] if after < len(starts) else []
            before = bisect_right(by_end, mention.start) - 1
            if before >= 0 and how is not How.ONEAR:
                candidates.append((ends[before], mention))
            for first, second in candidates:
                if self._close(how, words, first, second):
                    lefts[mention] = None
                    rights[second if first is mention else first] = None
        return (_merged([list(lefts)]), _merged([list(rights)])) if lefts else None

    def _pair(
        self, how: How, words: int, left: list[Mention], right: list[Mention]
    ) -> tuple[list[Mention], list[Mention]] | None:
        """The same for one mention of each, which is most of them."""
        (one,), (other,) = left, right
        if one.end <= other.start:
            near = self._close(how, words, one, other)
        else:
            near = other.end <= one.start and how is not How.ONEAR and self._close(how, words, other, one)
        return (left, right) if near else None

    def _close(self, how: How, words: int, first: Mention, second: Mention) -> bool:
        document = self._document
        if document.part_of(first.start) != document.part_of(second.start):
            return False
        if how is How.SENT:
            return document.sentence_at(first.start) == document.sentence_at(second.start)
        gap = second.start - first.end
        if how is How.PARA:
            return gap <= PARAGRAPH and document.same_line(first.start, second.start)
        return gap <= words


def _merged(hits: Iterable[list[Mention]]) -> list[Mention]:
    return sorted({mention for found in hits for mention in found}, key=lambda mention: (mention.start, mention.end))
