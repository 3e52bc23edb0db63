"""What a score is made of, for people: "72 of 100: lead 50, frequency 44"."""

from __future__ import annotations

from collections.abc import Sequence

from bot.topics.score import LEAD_SENTENCES, Scorer, Side


def parts(scorer: Scorer, sides: Sequence[Side], *, apart: bool) -> tuple[str, ...]:
    """The parts of the score of an article about all of `sides`, each with its worth of 100 where it has one.

    One side is scored by title, lead and frequency, as independent hints: 50 and 50 make 75. Several are scored by the
    sentence that brings them together, with further ones at half their worth.
    """
    if len(sides) == 1:
        return (*_alone(scorer, sides[0]), *_weakness(sides[0]))
    if apart and scorer.is_rubric:
        return ("a standing rubric brings nothing together",)
    near, how_near = scorer.near(sides)
    meetings = scorer.meetings(sides, apart=apart)
    best = scorer.all_met(sides, meetings) if meetings else 0.0
    each = 0.0 if apart else scorer.each_alone(sides)
    if each > max(best, near):
        return (f"much about each of them {_worth(each)}",)
    if near >= best:
        return (f"together in {how_near} {_worth(near)}",)
    said = [f"together in {_place(scorer, meetings[0][1])} {_worth(meetings[0][0])}"]
    said += [f"in {_place(scorer, index)} {_worth(worth / 2)}" for worth, index in meetings[1:3] if worth]
    if (prominence := scorer.prominence(sides)) < 0.995:
        said.append(f"times {prominence:.2f}, for the article says little else of them")
    return tuple(said)


def _alone(scorer: Scorer, side: Side) -> list[str]:
    names = ("title", "lead", "frequency")
    worths = scorer.hints(side.by_sentence)
    return [f"{name} {_worth(worth)}" for name, worth in zip(names, worths, strict=True) if worth >= 0.005]


def _weakness(side: Side) -> list[str]:
    """Why each of the parts is small: it is only pointed at, or stands in a dateline."""
    heaviest = max(placed.weight for found in side.by_sentence.values() for placed in found)
    return [] if heaviest >= 0.995 else [f"by names that count for {_worth(heaviest)} at most"]


def _place(scorer: Scorer, index: int) -> str:
    number = scorer.document.sentences[index].number
    if number < 0:
        return "the title"
    return "the lead" if number < LEAD_SENTENCES else f"sentence {number + 1}"


def _worth(share: float) -> int:
    return round(share * 100)
