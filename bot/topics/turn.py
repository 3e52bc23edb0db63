"""Decides whether a story that has rung in a channel rings there again: what each subscription chose.

By default a story rings once and its card goes on in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.model import Repeat, Telling
from bot.topics.normalise import fold


class Why(StrEnum):
    """Why it rings."""

    ARTICLE = "every article"
    ORIGINS = "origins"
    WORD = "watch word"
    FOLLOW_UP = "follow-up"
    SURGE = "surge"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Turn:
    """What an article brings to a story that is known.

    `origins` counts the independent ones, with the article; `new_origin` says whether it is the first of its own.
    `repeats` is true for a copy, `update` where an outlet's own item came again, which is a copy too. `text` and
    `before` are headline and lead of the article, and of those that were in the story before it.
    """

    origins: int
    new_origin: bool
    repeats: bool
    update: bool
    text: str
    before: str


def again(telling: Telling, turn: Turn) -> tuple[Why, str] | None:
    """Why the article rings although its story has rung, with the watch word where it is one; None for silence."""
    if word := watched(telling, turn):
        return Why.WORD, word
    if telling.origins and turn.new_origin and turn.origins == telling.origins:
        return Why.ORIGINS, ""
    if telling.repeat is Repeat.ARTICLE and not turn.update:
        return Why.ARTICLE, ""
    if telling.repeat is Repeat.FOLLOW and not turn.repeats:
        return Why.FOLLOW_UP, ""
    return None


def watched(telling: Telling, turn: Turn) -> str:
    """The first watch word that the story did not have before."""
    if not telling.watch:
        return ""
    text, before = f" {fold(turn.text)} ", f" {fold(turn.before)} "
    for word in telling.watch:
        wanted = f" {fold(word)} "
        if wanted.strip() and wanted in text and wanted not in before:
            return word
    return ""
