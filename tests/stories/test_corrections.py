"""What of a changed text is a change."""

from __future__ import annotations

import pytest

from bot.stories.corrections import Change, change

TITLE = "Nine killed in raid on cave"
TEXT = "Troops killed nine fighters in a raid on a cave in the desert. Two soldiers were hurt. The cave was sealed."


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        (TITLE, TEXT, Change()),
        ("NINE KILLED IN RAID ON CAVE", TEXT, Change()),
        (f"{TITLE}!", f"{TEXT} Read more", Change()),
        ("Seven killed in raid on cave", TEXT, Change(headline=True)),
        (TITLE, "", Change()),
        ("", TEXT, Change()),
        (TITLE, TEXT[:60], Change()),
        (TITLE, f"{TEXT} Families were told on Sunday, a spokesman said.", Change()),
        (TITLE, "A river flooded the lower town and a bridge fell into it at night.", Change(text=True)),
        ("", "", Change()),
    ],
)
def test_a_headline_is_changed_by_its_words_and_a_text_by_what_it_says(title: str, text: str, found: Change) -> None:
    assert change(TITLE, TEXT, title, text) == found
    assert bool(found) == (found != Change())


def test_a_corrected_number_is_a_change_and_a_count_of_comments_is_none() -> None:
    old = "The quake had a magnitude of 6.8 and was felt in three towns on the coast, the institute said."
    assert change("Quake", old, "Quake", old.replace("6.8", "6.5")).text
    assert not change("Quake", f"{old}\n12 comments", "Quake", f"{old}\n13 comments")
    assert not change("Quake", old, "Quake", f"{old} It was 11 km deep.")
