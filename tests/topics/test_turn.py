"""Whether a story that has rung rings again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model import Repeat, Telling
from bot.topics.turn import Turn, Why, again

TURN = Turn(
    origins=2,
    new_origin=True,
    repeats=False,
    update=False,
    text="Two killed in raid\nA cease-fire was announced in Baghdad's north.",
    before="Raid in the north\nPolice said nothing.",
)


def test_a_story_rings_once_by_default() -> None:
    assert again(Telling(), TURN) is None


@pytest.mark.parametrize(
    ("repeat", "turn", "why"),
    [
        (Repeat.ARTICLE, TURN, (Why.ARTICLE, "")),
        (Repeat.ARTICLE, replace(TURN, repeats=True), (Why.ARTICLE, "")),
        (Repeat.ARTICLE, replace(TURN, repeats=True, update=True), None),
        (Repeat.FOLLOW, TURN, (Why.FOLLOW_UP, "")),
        (Repeat.FOLLOW, replace(TURN, repeats=True), None),
    ],
)
def test_every_article_or_what_is_new_in_it(repeat: Repeat, turn: Turn, why: tuple[Why, str] | None) -> None:
    assert again(Telling(repeat=repeat), turn) == why


def test_it_rings_at_the_origin_that_was_chosen_and_not_at_its_copies() -> None:
    third = Telling(origins=3)
    assert again(third, TURN) is None
    assert again(third, replace(TURN, origins=3)) == (Why.ORIGINS, "")
    assert again(third, replace(TURN, origins=3, new_origin=False)) is None
    assert again(third, replace(TURN, origins=4)) is None


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("killed",), "killed"),
        (("kill",), ""),
        (("ceasefire", "Cease-Fire"), "Cease-Fire"),
        (("Baghdad",), "Baghdad"),
        (("Police",), ""),  # the story had it before
        (("said nothing",), ""),
        (("...", "raid"), ""),
    ],
)
def test_a_watch_word_rings_when_it_is_new_to_the_story(words: tuple[str, ...], found: str) -> None:
    assert again(Telling(watch=words), TURN) == ((Why.WORD, found) if found else None)
