"""What must be in an article before a query need be looked at: groups of keys, one key of each group at least."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from bot.topics.forms import ANY_FORM, beginning
from bot.topics.query.node import And, AtLeast, Leaf, Loose, Near, Node, Or, clauses, leaves
from bot.topics.stopwords import STOPWORDS

Group = tuple[str, ...]


def commonness(key: str) -> float:
    """How common a key is before anything was seen: what is said of articles, entities, beginnings, words, phrases."""
    bare = key.removeprefix("title:")
    scale = 0.1 if bare != key else 1.0
    if ":" in bare:
        return 6.0
    if bare[0] == "@":
        return 2.0 * scale
    return scale * (1.5 if bare[-1] in ("*", ANY_FORM) else 1.0 / (1 + bare.count(" ")))


def groups(node: Node) -> tuple[Group, ...]:
    """Every group must be present, by any of its keys; none at all for what can be true of an article without."""
    return tuple(dict.fromkeys(_groups(node)))


def suffices(node: Node) -> bool:
    """Whether a query is true as soon as all its groups are present: words and ORs of words, and nothing else."""
    return all(map(leaves, clauses(node)))


def _groups(node: Node) -> list[Group]:  # noqa: PLR0911  (one return for each kind of node)
    if isinstance(node, Leaf):
        return [(node.key,)]
    if isinstance(node, Loose):
        place = "title:" if node.in_title else ""
        return [(place + word,) for word in node.words if word not in STOPWORDS]
    if isinstance(node, And):
        return [group for part in node.parts for group in _groups(part)]
    if isinstance(node, Near):
        return [*_groups(node.left), *_groups(node.right)]
    if isinstance(node, Or):
        return _one_of([_groups(part) for part in node.parts])
    if isinstance(node, AtLeast):
        return _threshold(node)
    return []


def _one_of(choices: list[list[Group]]) -> list[Group]:
    """One group that holds the rarest group of each choice; none where a choice requires nothing."""
    if not all(choices):
        return []
    return [_joined(min(choice, key=_sum) for choice in choices)]


def _joined(chosen: Iterable[Group]) -> Group:
    return tuple(dict.fromkeys(key for group in chosen for key in group))


def _sum(group: Group) -> float:
    return sum(map(commonness, group))


def _threshold(node: AtLeast) -> list[Group]:
    """The heaviest items without which the threshold is out of reach: one of them at least is there."""
    left = sum(weight for _, weight in node.items)
    needed: list[list[Group]] = []
    for item, weight in sorted(node.items, key=lambda pair: -pair[1]):
        if left < node.threshold:
            break
        needed.append(_groups(item))
        left -= weight
    return _one_of(needed)


MOST_PHRASES = 4_000
"""Phrases in one question to the archive; a group that would exceed them is left to the judging."""


def terms(required: Iterable[Group], of_entity: Callable[[str], tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The same for the archive's full-text index, which knows no entities and no fields: AND of OR of phrases.

    What it cannot be asked is left out, so that it brings too much and never too little.
    """
    found: list[tuple[str, ...]] = []
    room: float = MOST_PHRASES
    for group in required:
        phrases: dict[str, None] = {}
        for key in group:
            bare = key.removeprefix("title:")
            if ":" in bare:
                room_needed = inf
                break
            if bare[0] == "@":
                phrases |= dict.fromkeys(of_entity(bare[1:]))
            else:
                phrases[beginning(bare.removesuffix(ANY_FORM)) if bare[-1] == ANY_FORM else bare] = None
        else:
            room_needed = len(phrases)
        if room_needed <= room:
            room -= room_needed
            found.append(tuple(phrases))
    return tuple(found)
