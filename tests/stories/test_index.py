"""The packed index answers as a plain one would: dictionaries of dictionaries, and every term of every story."""

from __future__ import annotations

from collections import Counter
from math import log, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.stories.index import Index, _prior

Bag = tuple[tuple[str, ...], tuple[str, ...]]
"""An article's terms: those that it has once, and those that it has twice."""


class Plain:
    """Stories by their articles, and `Index` beside it."""

    def __init__(self) -> None:
        self.index = Index()
        self.stories: dict[int, list[Bag]] = {}

    def add(self, story: int, bag: Bag) -> None:
        self.stories.setdefault(story, []).append(bag)
        self.index.add(story, weights(bag))

    def remove(self, story: int, number: int) -> None:
        bag = self.stories[story].pop(number % len(self.stories[story]))
        last = not self.stories[story]
        self.index.remove(story, weights(bag), last=last)
        if last:
            del self.stories[story]

    def nearest(self, bag: Bag) -> list[tuple[float, int]]:
        return self.index.nearest(weights(bag), 5, lambda story: self.stories[story])

    def plainly(self, bag: Bag) -> list[tuple[float, int]]:
        counts: dict[int, Counter[str]] = {}
        for story, bags in self.stories.items():
            counts[story] = Counter()
            for each in bags:
                counts[story].update(weights(each))
        asked = {}
        for term, weight in weights(bag).items():
            here = sum(term in each for each in counts.values())
            asked[term] = weight * max(0.05, log((2001 + len(counts)) / (_prior(term)[1] + here + 0.5)))
        length = sqrt(sum(each**2 for each in asked.values()))
        scored = []
        for story, terms in counts.items():
            own = {term: count * _prior(term)[0] for term, count in terms.items()}
            product = sum(asked[term] * own.get(term, 0) for term in asked)
            if product:
                scored.append((product / length / sqrt(sum(each**2 for each in own.values())), story))
        return sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:5]


def weights(bag: Bag) -> dict[str, int]:
    return {**dict.fromkeys(bag[0], 1), **dict.fromkeys(bag[1], 2)}


def same(found: list[tuple[float, int]], plain: list[tuple[float, int]]) -> bool:
    return [story for _, story in found] == [story for _, story in plain] and [
        score for score, _ in found
    ] == pytest.approx([score for score, _ in plain], rel=1e-5)


def bag_of(words: list[str]) -> Bag:
    return tuple(dict.fromkeys(words[2:])), tuple(word for word in dict.fromkeys(words[:2]) if word not in words[2:])


BAGS = st.lists(st.sampled_from([f"w{n}" for n in range(12)]), min_size=3, max_size=8).map(bag_of)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), BAGS), min_size=1, max_size=20), st.lists(st.integers(0, 99)), BAGS)
def test_what_is_added_and_taken_away_is_counted_as_plainly(
    added: list[tuple[int, Bag]], removed: list[int], asked: Bag
) -> None:
    plain = Plain()
    for story, bag in added:
        plain.add(story, bag)
    for number in removed[: len(added) - 1]:
        plain.remove(sorted(plain.stories)[number % len(plain.stories)], number)
    assert len(plain.index) == len(plain.stories)
    counted = Counter(round(score, 9) for score, _ in plain.plainly(asked))
    if max(counted.values(), default=1) == 1:  # among equals the last digit decides
        assert same(plain.nearest(asked), plain.plainly(asked))


@pytest.mark.parametrize("articles", [1, 30])
def test_terms_that_crowd_are_counted_for_the_short_list(articles: int) -> None:
    """In few articles they are looked up in the articles, in many in the index."""
    plain, chance = Plain(), Random(7)
    common = [f"common{n}" for n in range(20)]
    for story in range(200):
        plain.add(story, (tuple(chance.sample(common, 15)), (f"rare{story % 40}", f"own{story}")))
    for _ in range(articles):
        plain.add(999, (tuple(common[:10]), ("rare1", "rare2", "rare3")))
    asked = (tuple(common[:12]), ("rare1", "rare2", "rare3", "rare4", "rare5"))
    found, expected = plain.nearest(asked), plain.plainly(asked)
    assert found[0][1] == 999
    assert same(found[:1], expected[:1])
