"""What a query is made of: a tree of words, phrases and entities under AND, OR, NOT and rules of nearness.

`str(node)` is its canonical text, with a bracket wherever AND and OR mix: parsed again, it is the same tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

IN_TITLE = "title:"
"""Before a key: only in the title. A folded phrase has no colon, so that keys of all kinds share one dictionary."""
FIELDS = ("source:", "lang:", "region:")
"""Before a key: something that is said of an article, not in it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """`key` is an entity (`@iraq`), a folded phrase (`oil price`), the beginning of words (`terroris*`), a word in any
    form (`strike~`) or what is said of the article (`source:bbc`), all but the last perhaps behind `title:`; `shown` is
    how it is written."""

    key: str
    shown: str = field(compare=False)

    @property
    def bare(self) -> str:
        """The key wherever it stands."""
        return self.key.removeprefix(IN_TITLE)

    @property
    def is_said(self) -> bool:
        return self.key.startswith(FIELDS)

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True, slots=True)
class Loose:
    """`"a b"~n`: all the words, in any order, with at most `slop` others between them."""

    words: tuple[str, ...]
    slop: int
    shown: str
    in_title: bool = False

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True, slots=True)
class Pattern:
    """`/regular expression/`, read without regard to case."""

    pattern: str
    in_title: bool = False

    def __str__(self) -> str:
        return f"{IN_TITLE if self.in_title else ''}/{self.pattern}/"


class How(StrEnum):
    """What brings two groups together: a number of words, in any order or in this one, a sentence, a paragraph."""

    NEAR = "NEAR"
    ONEAR = "ONEAR"
    SENT = "SENT"
    PARA = "PARA"


@dataclass(frozen=True, slots=True)
class Near:
    """At most `words` other words stand between the two; without a meaning for SENT and PARA."""

    left: Node
    right: Node
    how: How
    words: int = 0

    def __str__(self) -> str:
        operator = f"{self.how}/{self.words}" if self.how in (How.NEAR, How.ONEAR) else str(self.how)
        right = f"({self.right})" if isinstance(self.right, Near) else _inside(self.right, (And, Or, Not))
        return f"{_inside(self.left, (And, Or, Not))} {operator} {right}"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " AND ".join(_inside(part, (Or,)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(_inside(part, (And, Not)) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    part: Node

    def __str__(self) -> str:
        return f"NOT {_inside(self.part, (And, Or, Near))}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`MIN/3 (a^2 b c^1.5)`: the weights of those that are there add up to the threshold. Each counts once."""

    threshold: float
    items: tuple[tuple[Node, float], ...]

    def __str__(self) -> str:
        shown = (
            f"{_inside(node, (And, Or, Not, Near))}{'' if weight == 1 else f'^{weight:g}'}"
            for node, weight in self.items
        )
        return f"MIN/{self.threshold:g} ({' OR '.join(shown)})"


Node = Leaf | Loose | Pattern | Near | And | Or | Not | AtLeast


def _inside(node: Node, bracketed: tuple[type, ...]) -> str:
    return f"({node})" if isinstance(node, bracketed) else str(node)


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, And | Or):
        return node.parts
    if isinstance(node, Near):
        return (node.left, node.right)
    if isinstance(node, Not):
        return (node.part,)
    if isinstance(node, AtLeast):
        return tuple(item for item, _ in node.items)
    return ()


def walk(node: Node, *, negated: bool = True) -> Iterator[Node]:
    """The node and all below it; with `negated` false, without what stands under a NOT."""
    if isinstance(node, Not) and not negated:
        return
    yield node
    for child in children(node):
        yield from walk(child, negated=negated)


def mixes(node: Node) -> bool:
    """Whether AND and OR meet, so that a reader may wonder which binds closer."""
    return any(
        (isinstance(each, And) and any(isinstance(part, Or) for part in each.parts))
        or (isinstance(each, Or) and any(isinstance(part, And) for part in each.parts))
        for each in walk(node)
    )


def keys(node: Node, *, negated: bool = True) -> Iterator[str]:
    """The keys of all leaves, and of all words that must come together."""
    for each in walk(node, negated=negated):
        if isinstance(each, Leaf):
            yield each.key
        elif isinstance(each, Loose):
            yield from each.words


def clauses(node: Node) -> tuple[Node, ...]:
    """The parts of an AND; anything else is its own only one."""
    return node.parts if isinstance(node, And) else (node,)


def leaves(node: Node) -> tuple[str, ...]:
    """The keys of a word or of an OR of words; none for anything else."""
    parts = node.parts if isinstance(node, Or) else (node,)
    found = tuple(part.key for part in parts if isinstance(part, Leaf))
    return found if len(found) == len(parts) else ()
