"""Queries that would ring for everything or for nothing are refused, with the reason, before anybody follows them."""

from __future__ import annotations

from itertools import pairwise

from bot.topics.forms import ANY_FORM
from bot.topics.normalise import fold
from bot.topics.query.lex import QueryError
from bot.topics.query.node import IN_TITLE, And, AtLeast, Leaf, Loose, Near, Node, Not, Or, Pattern, walk
from bot.topics.query.requires import groups


def check(node: Node) -> None:
    """Raises QueryError for a query that matches everything, or with a part that could never match."""
    for each in walk(node):
        if isinstance(each, And) and (why := _contradiction(each)):
            raise QueryError(f"“{each}” could never match: {why}.", 1)
    if not groups(node):
        raise QueryError(f"this {_why_everything(node)}", 1)


def _why_everything(node: Node) -> str:
    if isinstance(node, Or):
        open_end = next(part for part in node.parts if not groups(part))
        return (
            f"would match almost everything: “{open_end}” is true of most articles. Expected a word in each part of OR."
        )
    if any(isinstance(each, Pattern) for each in walk(node, negated=False)):
        return "has only a regular expression to go by: expected a word that must occur as well."
    return "would match every article without those words: expected a word that must occur, as in Iraq -football."


def _contradiction(node: And) -> str:
    """Why all the parts cannot be true at once; empty where they can."""
    for part in node.parts:
        if isinstance(part, Not) and part.part in node.parts:
            return f"it wants {part.part} and excludes it"
    required, excluded = _must(node), _must_not(node)
    for wanted in sorted(required):
        for unwanted in sorted(excluded):
            if _implies(wanted, unwanted):
                same = wanted == unwanted
                return f"{wanted} is wanted and excluded" if same else f"{wanted} holds {unwanted}, which is excluded"
    languages = sorted(key.removeprefix("lang:") for key in required if key.startswith("lang:"))
    for one, other in pairwise(languages):
        if not f"{other}-".startswith(f"{one}-"):
            return f"an article is in one language, not in {one} and {other}"
    return ""


def _must(node: Node) -> set[str]:  # noqa: PLR0911  (one return for each kind of node)
    """Keys without which it is false."""
    if isinstance(node, Leaf):
        return {node.key}
    if isinstance(node, Loose):
        place = IN_TITLE if node.in_title else ""
        return {place + word for word in node.words}
    if isinstance(node, And):
        return set().union(*map(_must, node.parts))
    if isinstance(node, Near):
        return _must(node.left) | _must(node.right)
    if isinstance(node, Or):
        return set.intersection(*map(_must, node.parts))
    if isinstance(node, AtLeast):
        total = sum(weight for _, weight in node.items)
        return set().union(*(_must(item) for item, weight in node.items if total - weight < node.threshold))
    return set()


def _must_not(node: Node) -> set[str]:
    """Keys with any of which it is false."""
    if isinstance(node, Not):
        return _enough(node.part)
    if isinstance(node, And):
        return set().union(*map(_must_not, node.parts))
    if isinstance(node, Or):
        return set.intersection(*map(_must_not, node.parts))
    return set()


def _enough(node: Node) -> set[str]:
    """Keys any of which makes it true."""
    if isinstance(node, Leaf):
        return {node.key}
    if isinstance(node, Or):
        return set().union(*map(_enough, node.parts))
    return set()


def _implies(key: str, other: str) -> bool:
    """Whether an article with the one cannot be without the other."""
    if key.startswith(IN_TITLE):
        key, other = key.removeprefix(IN_TITLE), other.removeprefix(IN_TITLE)
    if key == other:
        return True
    if ":" in key + other or "@" in key + other or key.endswith("*"):
        return key.endswith("*") and other.endswith("*") and key.startswith(other[:-1])
    if key.endswith(ANY_FORM):
        return False
    if other.endswith(ANY_FORM):
        return fold(other.removesuffix(ANY_FORM)) in key.split()
    if other.endswith("*"):
        return any(word.startswith(other[:-1]) for word in key.split())
    return f" {other} " in f" {key} "
