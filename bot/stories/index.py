"""An inverted index of the open stories: which of them share terms with a text, and how closely.

Both sides are TF-IDF vectors and the measure is their cosine, with the asymmetry that information retrieval calls
"ddd.qqq" (Salton and Buckley, 1988): a story's weights use the fixed background frequencies, as whole numbers; the
text's weights use the frequencies of the running stream too. So a story's length can be kept up to date by adding and
taking away, exactly: an article that is forgotten leaves no trace, and a restart comes to the same answers.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import log, sqrt
from operator import itemgetter

from bot.stories.background import COMMON, NUMBERS, RARE
from bot.stories.words import stem

_SEEN_BEFORE = 2000
"""As how many texts the background frequencies count when those of the stream are added."""

_GRAIN = 16
"""Steps of a background weight; fine enough that rounding is below one percent."""

_CROWDED = 64
"""A term in more stories than this brings no new candidates, unless it is among the text's rarest."""

_SELECTIVE = 4
"""How many of a text's rarest terms bring candidates however many stories have them."""

_LOOKED_AT = 400
"""How many stories the rarest terms name, one counted for each term, before the others bring no new candidates."""

_SHORT_LIST = 32
"""How many candidates are measured with the crowded terms too."""


_BITS = 20
_TIMES = (1 << _BITS) - 1
"""The part of a packed number that says how often a term is in a story, behind the story's number: eight bytes."""

_FEW = 8
"""Articles of a story up to which crowded terms are looked for in them, and not in the index."""

_WHOLE = 1 << 16
"""Parts into which what a crowded term adds is rounded."""

_RAREST_FIRST = itemgetter(0, 1)

Texts = Callable[[int], Sequence[tuple[Sequence[str], Sequence[str]]]]
"""The articles of a story: for each the terms that it was added with once, and those with twice."""


class Index:
    """Stories as bags of terms. The weight of a term in a story is a small whole number that adds up over articles."""

    def __init__(self) -> None:
        # A term's stories in order, packed. A dictionary for each costs eight times as much, and with ten thousand
        # feeds this is the largest thing in memory; most terms are in one story, whose number stands bare.
        self._stories: dict[str, array[int] | int] = {}
        self._squares: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._squares)

    def add(self, story: int, weights: Mapping[str, int]) -> None:
        """Add an article's terms to a story, which begins with its first."""
        self._change(story, weights.items(), 1)

    def remove(self, story: int, weights: Mapping[str, int], *, last: bool) -> None:
        """Take them away again; `last` closes the story."""
        self._change(story, weights.items(), -1)
        if last:
            del self._squares[story]

    def _change(self, story: int, weights: Iterable[tuple[str, int]], sign: int) -> None:
        square = self._squares.get(story, 0)
        packed = story << _BITS
        stories = self._stories
        for term, weight in weights:
            held = stories.get(term)
            fixed = _prior(term)[0]
            if held is None:
                stories[term] = packed + weight
                square += weight * weight * fixed * fixed
            else:
                old, new = self._change_one(term, held, packed, sign * weight)
                square += (new * new - old * old) * fixed * fixed
        self._squares[story] = square

    def _change_one(self, term: str, held: array[int] | int, packed: int, more: int) -> tuple[int, int]:
        """The weight in the story before and after, of a term that is in some story."""
        several = array("Q", [held]) if isinstance(held, int) else held
        at = bisect_left(several, packed)
        old = several[at] - packed if at < len(several) else 0
        if old > _TIMES:  # it is another story's
            old = 0
        new = old + more
        if not old:
            several.insert(at, packed + new)
        elif new:
            several[at] = packed + new
        else:
            del several[at]
        if len(several) > 1:
            self._stories[term] = several
        elif several:
            self._stories[term] = several[0]
        else:
            del self._stories[term]
        return old, new

    def nearest(self, weights: Mapping[str, int], count: int, texts: Texts) -> list[tuple[float, int]]:
        """The closest stories as (cosine, story), closest first, the oldest first among equals."""
        seen = _SEEN_BEFORE + len(self._squares) + 1
        query = []
        for term, weight in weights.items():
            held = self._stories.get(term)
            here = 0 if held is None else 1 if isinstance(held, int) else len(held)
            fixed, before = _prior(term)
            # The term's inverse document frequency, in background and stream together.
            query.append((-max(0.05, log(seen / (before + here + 0.5))), term, weight, fixed, held))
        query.sort(key=_RAREST_FIRST)
        length = sqrt(sum([(weight * rarity) ** 2 for rarity, _, weight, _, _ in query]))
        products: dict[int, float] = {}
        known = products.get
        crowded: dict[str, int] = {}
        looked_at = 0
        for rank, (rarity, term, weight, fixed, held) in enumerate(query):
            if held is None:
                continue
            scale = weight * -rarity * fixed
            if isinstance(held, int):
                story = held >> _BITS
                products[story] = known(story, 0.0) + scale * (held & _TIMES)
            elif rank >= _SELECTIVE and (len(held) > _CROWDED or looked_at > _LOOKED_AT):
                crowded[term] = round(scale * _WHOLE)
            else:
                looked_at += len(held)
                for packed in held:
                    story = packed >> _BITS
                    products[story] = known(story, 0.0) + scale * (packed & _TIMES)
        products = self._best(products, _SHORT_LIST)
        for story in products if crowded else ():
            products[story] += self._shared(story, crowded, texts(story)) / _WHOLE
        scored = [
            (product / (length * sqrt(self._squares[story])), story)
            for story, product in self._best(products, count).items()
        ]
        return sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:count]

    def _shared(
        self, story: int, crowded: Mapping[str, int], articles: Sequence[tuple[Sequence[str], Sequence[str]]]
    ) -> int:
        """What the terms add to the story's product; whole numbers, as their order in a set is another each time."""
        if len(articles) <= _FEW:
            wanted, scale = crowded.keys(), crowded.__getitem__
            return sum(
                [sum(map(scale, wanted & once)) + 2 * sum(map(scale, wanted & twice)) for once, twice in articles]
            )
        shared, packed = 0, story << _BITS
        for term, each in crowded.items():
            several = self._stories[term]
            assert not isinstance(several, int)
            at = bisect_left(several, packed)
            if at < len(several) and several[at] >> _BITS == story:
                shared += each * (several[at] & _TIMES)
        return shared

    def _best(self, products: dict[int, float], count: int) -> dict[int, float]:
        """The stories with the `count` highest cosines, and those that equal the last of them."""
        if len(products) <= count:
            return products
        squares = self._squares
        scores = [product * product / squares[story] for story, product in products.items()]
        # Sorting bare numbers is several times as fast as a heap of pairs, and this is the hottest line of the room.
        cut = sorted(scores, reverse=True)[count - 1]
        return {each[0]: each[1] for each, score in zip(products.items(), scores, strict=True) if score >= cut}


def _prior(term: str) -> tuple[int, float]:
    """A term's background weight, and in how many of the texts seen before it stood."""
    if term.isdecimal():
        return _weighed(NUMBERS.get(len(term), NUMBERS[0]))
    return _background().get(term, _UNLISTED)


def _weighed(frequency: float) -> tuple[int, float]:
    return round(_GRAIN * log(1 / frequency)), _SEEN_BEFORE * frequency


_UNLISTED = _weighed(RARE)


@cache
def _background() -> dict[str, tuple[int, float]]:
    """Stem -> what `_prior` answers, by the most frequent word of that stem."""
    return {stem(word, "en"): _weighed(frequency) for frequency, words in sorted(COMMON.items()) for word in words}
