"""Every text was written for the tests."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.stories.words import language, stem, terms, words


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("The Mayor's bridges are closing in the U.S.", "en", ["mayor", "bridg", "close"]),
        ("J.C. Penney opens 20 stores", "en", ["jc", "penney", "open", "20", "store"]),
        ("L'attaque de l’aéroport d'Alger", "fr", ["attaqu", "aéroport", "alger"]),
        ("大臣が辞任", "ja", ["大臣", "臣が", "が辞", "辞任"]),
        ("मंत्री ने इस्तीफ़ा दिया", "hi", ["मंत्र", "इस्तीफ़", "दिय"]),
        ("ประเทศ", "th", ["ประ", "ระเ", "ะเท", "เทศ"]),
        ("Ünal’ın köprüsü", "xx", ["ünal'ın", "köprüsü"]),
        ("", "en", []),
    ],
)
def test_terms_are_stems_without_small_words_or_pairs_of_characters(text: str, lang: str, expected: list[str]) -> None:
    assert list(terms(text, lang)) == expected


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        ("en-GB", "Der Deich ist gebrochen", "en"),
        ("zh_Hans", "", "zh"),
        ("nb", "", "no"),
        ("", "The dyke has broken and the town is under water", "en"),
        ("", "Der Deich ist in der Nacht gebrochen", "de"),
        ("", "La digue a cédé dans la nuit et les rues sont sous l'eau", "fr"),
        ("", "Дамба была прорвана ночью, и город под водой", "ru"),
        ("english", "The dyke has broken", "en"),
        ("", "12345", ""),
    ],
)
def test_the_language_is_declared_or_told_by_its_small_words(declared: str, text: str, expected: str) -> None:
    assert language(declared, text) == expected


def test_words_for_copies_leave_nothing_out() -> None:
    assert words("The dyke — the OLD dyke.") == ["the", "dyke", "the", "old", "dyke"]
    assert words("大坝决口") == ["大坝", "坝决", "决口"]


def test_numbers_are_not_stemmed() -> None:
    assert stem("2026", "en") == "2026"


@given(st.text(max_size=200), st.sampled_from(["en", "de", "ja", "ar", "th", "ko", ""]))
@settings(deadline=None)
def test_any_text_has_terms(text: str, lang: str) -> None:
    assert all(term and not term.isspace() for term in terms(text, lang))


@given(st.text(alphabet="aé'’ß_ .-9I\u0130\ufb01Жشا", max_size=40))
@settings(deadline=None)
def test_a_text_of_spaced_words_is_cut_in_the_same_places_whichever_way_it_is_read(text: str) -> None:
    """A sign of a script without spaces has the whole text read the long way."""
    both = [*words(text), *words("水"), *terms(text, "en"), "水"]
    assert [*words(f"{text} 水"), *terms(f"{text} 水", "en")] == both
