"""How much an article is about a query that is true of it, by the same measures as any other topic."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model import Match, Sensitivity
from bot.topics.parts import parts
from bot.topics.query.evaluate import Evaluator
from bot.topics.query.node import (
    FIELDS,
    IN_TITLE,
    And,
    AtLeast,
    How,
    Leaf,
    Loose,
    Near,
    Node,
    Not,
    Pattern,
    clauses,
    leaves,
    walk,
)
from bot.topics.query.row import ANY, NEAR, items
from bot.topics.score import THRESHOLDS, Scorer, Side

SAID_SO = 0.5
"""A query that says itself how close is close enough (NEAR, SENT, title:, MIN) has its say: it rings at NORMAL."""
MOST_SIDES = 5
"""More groups than these are not asked to meet in one sentence."""


def judge_query(name: str, node: Node, scorer: Scorer, evaluator: Evaluator, sensitivity: Sensitivity) -> Match | None:
    """The match of a query that is true, or None where the article says too little of it."""
    return judged(name, _sides(node, scorer, evaluator), scorer, sensitivity, says=says_how_close(node))


def judge_row(
    name: str, row: Sequence[int], scorer: Scorer, evaluator: Evaluator, sensitivity: Sensitivity, *, says: bool
) -> Match | None:
    """The same for a query that is kept as a row; `says` is what `says_how_close` answers of it."""
    sides: list[Side] = []
    mentions = scorer.present.mentions
    for kind, groups, words, ordered in items(row):
        if kind == NEAR:
            how = How.ONEAR if ordered else How.NEAR
            pair = evaluator.together(how, words, mentions(groups[0]), mentions(groups[1]))
            sides += map(scorer.side_of, pair or ())
        elif kind == ANY and (side := scorer.side(groups[0])):
            sides.append(side)
    return judged(name, sides, scorer, sensitivity, says=says)


def judged(
    name: str,
    sides: Sequence[Side],
    scorer: Scorer,
    sensitivity: Sensitivity,
    *,
    apart: bool = False,
    most: int = MOST_SIDES,
    says: bool = False,
) -> Match | None:
    """The match of a topic that is true, by all that it requires; `most` of its sides are asked to meet."""
    if not sides:
        # Nothing but what is said of the article (source, language): it is exactly what was asked for.
        return Match(name, 1.0, scorer.opening())
    score = sides[0].score if len(sides) == 1 else scorer.together(sides[:most], apart=apart)
    if score < SAID_SO and says:
        score = SAID_SO
    score = round(score, 4)
    # Sides that are the same words bring nothing together: that rings nobody, not even at EVERYTHING.
    return Match(name, score, scorer.quotes(sides)) if score and score >= THRESHOLDS[sensitivity] else None


def parts_of(node: Node, scorer: Scorer, evaluator: Evaluator) -> tuple[str, ...]:
    """The parts of the score of a query that is true."""
    sides = _sides(node, scorer, evaluator)[:MOST_SIDES]
    if not sides:
        return ("it asks for nothing of the text",)
    raised = (
        (f"at least {round(SAID_SO * 100)}, for it says itself how close is close",) if says_how_close(node) else ()
    )
    return (*parts(scorer, sides, apart=False), *raised)


def _sides(node: Node, scorer: Scorer, evaluator: Evaluator) -> list[Side]:
    """Each thing that the query requires, as the article speaks of it."""
    if isinstance(node, And):
        return [side for part in node.parts for side in _sides(part, scorer, evaluator)]
    if isinstance(node, Near):
        pair = evaluator.sides(node)
        return [scorer.side_of(each) for each in pair] if pair else []
    if keys := leaves(node):
        # What many topics ask for is worked out once.
        numbers = (scorer.present.number_of(key) for key in keys)
        side = scorer.side(tuple(number for number in numbers if number is not None))
        return [side] if side else []
    found = evaluator.found(node)
    return [scorer.side_of(found)] if found else []


def is_flat(node: Node) -> bool:
    """Whether its groups are all that its score is made of: words, ORs of words and what is excluded beside them."""
    required = [leaves(part) for part in clauses(node) if not isinstance(part, Not)]
    return all(keys and not any(key.startswith((IN_TITLE, *FIELDS)) for key in keys) for keys in required)


def says_how_close(node: Node) -> bool:
    """Whether it says itself how close is close enough."""
    return any(
        isinstance(each, Near | Loose | AtLeast)
        or (isinstance(each, Leaf) and each.key.startswith(IN_TITLE))
        or (isinstance(each, Pattern) and each.in_title)
        for each in walk(node, negated=False)
    )
