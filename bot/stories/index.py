"""An inverted index of the open stories: which of them share terms with a text, and how closely.

Both sides are TF-IDF vectors and the measure is their cosine, with the asymmetry that information retrieval calls
"ddd.qqq" (Salton and Buckley, 1988): a story's weights use the fixed background frequencies, as whole numbers; the
text's weights use the frequencies of the running stream too. So a story's length can be kept up to date by adding and
taking away, exactly: an article that is forgotten leaves no trace, and a restart comes to the same answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from math import log, sqrt

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

_SHORT_LIST = 32
"""How many candidates are measured with the crowded terms too."""


class Index:
    """Stories as bags of terms. `weight` of a term in a story is a small whole number that adds up over articles."""

    def __init__(self) -> None:
        # Most terms are in one story, which is stored as a pair: a dictionary costs 200 bytes more.
        self._stories: dict[str, dict[int, int] | tuple[int, int]] = {}
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
        for term, weight in weights:
            held = self._stories.get(term)
            stories = {held[0]: held[1]} if isinstance(held, tuple) else held or {}
            old = stories.get(story, 0)
            new = old + sign * weight
            if new:
                stories[story] = new
            else:
                del stories[story]
            if len(stories) > 1:
                self._stories[term] = stories
            elif stories:
                self._stories[term] = next(iter(stories.items()))
            else:
                del self._stories[term]
            square += (new * new - old * old) * self._fixed(term) ** 2
        self._squares[story] = square

    def _fixed(self, term: str) -> int:
        """The term's background weight."""
        return _prior(term)[0]

    def _running(self, term: str) -> float:
        """The term's inverse document frequency, in background and stream together."""
        held = self._stories.get(term)
        here = 0 if held is None else 1 if isinstance(held, tuple) else len(held)
        texts = _SEEN_BEFORE + len(self._squares)
        return max(0.05, log((texts + 1) / (_prior(term)[1] + here + 0.5)))

    def nearest(self, weights: Mapping[str, int], count: int) -> list[tuple[float, int]]:
        """The closest stories as (cosine, story), closest first, the oldest first among equals."""
        query = sorted(((self._running(term), term) for term in weights), key=lambda pair: (-pair[0], pair[1]))
        length = sqrt(sum((weights[term] * rarity) ** 2 for rarity, term in query))
        products: dict[int, float] = {}
        crowded: list[tuple[float, dict[int, int]]] = []
        for rank, (rarity, term) in enumerate(query):
            stories = self._stories.get(term)
            if stories is None:
                continue
            scale = weights[term] * rarity * self._fixed(term)
            if isinstance(stories, tuple):
                products[stories[0]] = products.get(stories[0], 0.0) + scale * stories[1]
                continue
            if len(stories) > _CROWDED and rank >= _SELECTIVE:
                crowded.append((scale, stories))
                continue
            for story, times in stories.items():
                products[story] = products.get(story, 0.0) + scale * times
        products = self._best(products, _SHORT_LIST)
        for story in products if crowded else ():
            products[story] += sum([scale * stories.get(story, 0) for scale, stories in crowded])
        scored = [
            (product / (length * sqrt(self._squares[story])), story)
            for story, product in self._best(products, count).items()
        ]
        return sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:count]

    def _best(self, products: dict[int, float], count: int) -> dict[int, float]:
        """The stories with the `count` highest cosines, and those that equal the last of them."""
        if len(products) <= count:
            return products
        squares = self._squares
        # Sorting bare numbers is several times as fast as a heap of pairs, and this is the hottest line of the room.
        cut = sorted([product * product / squares[story] for story, product in products.items()], reverse=True)[
            count - 1
        ]
        return {story: product for story, product in products.items() if product * product / squares[story] >= cut}


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
