"""The one normalisation: what is the same, where it stands in the original, and that folding settles."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.topics.normalise import Tokens, fold

# Letters of the world, with what breaks tokenisers between them.
SCRIPTS = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            "Iraq's U.S. “çéßøłıİ” وال لل بالعِرَاقـ 伊斯兰国 イラク ﾊﾟ 러시아 ไทย हिन्दी ½ﬁ\u200c\u00ad\u0301ʼŉ-–"
        ),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Iraq’s army", "iraq army"),
        ("IRAQ'S ARMY", "iraq army"),
        ("the militants’ retreat", "the militants retreat"),
        ("U.S.-led", "u s led"),
        ("l’Irak", "l irak"),
        ("Irak'ta", "irak ta"),
        ("Da‘esh", "da esh"),
        ("Côte d’Ivoire", "cote d ivoire"),
        ("İSTANBUL ıstanbul", "istanbul istanbul"),
        ("Straße Øresund Łódź Æther", "strasse oresund lodz aether"),
        ("ＵＳ ﬁne ½", "us fine 1 2"),
        ("Αθήνας ΑΘΗΝΑΣ", "αθηνασ αθηνασ"),
        ("العِرَاقُ العـــراق", "العراق العراق"),
        ("والعراق بالعراق للعراق", "و العراق ب العراق ل العراق"),
        ("ایران ايران", "ايران ايران"),
        ("می‌خواهد", fold("میخواهد")),
        ("伊斯兰国IS", "伊 斯 兰 国 is"),
        ("イラク ｲﾗｸ", "イ ラ ク イ ラ ク"),
        ("이라크의", "이 라 크 의"),
        ("हिन्दी में", "हिन्दी में"),
        ("so\u00adft zero\u200bwidth", "soft zerowidth"),
        ("oil—price…snake_case", "oil price snake case"),
        ("€100 100% #tag @name", "100 100 tag name"),
        ("— … “”", ""),
    ],
)
def test_spellings_that_are_one_fold_to_one(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_thai_is_found_inside_a_run_of_letters() -> None:
    assert f" {fold('ไทย')} " in f" {fold('ประเทศไทยวันนี้')} "


def test_offsets_point_at_the_words_as_they_were_written() -> None:
    text = "“Iraq’s” çağrı — 伊拉克 والعراق للعراق"
    tokens = Tokens(text)
    written = [text[start:end] for start, end in tokens.spans]
    assert written == ["Iraq", "çağrı", "伊", "拉", "克", "و", "العراق", "ل", "لعراق"]


def test_a_vowelled_arabic_word_keeps_its_marks_in_its_span() -> None:
    text = "وَالْعِرَاق"
    assert [text[start:end] for start, end in Tokens(text).spans] == ["وَ", "الْعِرَاق"]


@settings(deadline=None)
@given(SCRIPTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(SCRIPTS)
def test_case_and_surroundings_make_no_difference(text: str) -> None:
    assert fold(f"  {text} !") == fold(text)


@settings(deadline=None)
@given(SCRIPTS)
def test_every_token_has_a_span_inside_the_text_in_order(text: str) -> None:
    tokens = Tokens(text)
    assert len(tokens.spans) == len(tokens.words)
    assert all(word for word in tokens.words)
    at = 0
    for start, end in tokens.spans:
        assert at <= start < end <= len(text)
        at = start


@settings(deadline=None)
@given(SCRIPTS)
def test_the_text_of_a_span_folds_to_its_token(text: str) -> None:
    tokens = Tokens(text)
    for word, (start, end) in zip(tokens.words, tokens.spans, strict=True):
        # The article that melted into an Arabic "lil" is written as its lam alone, and a prefix stands by itself.
        assert word in fold(text[start:end]).split() or word[2:] in fold(text[start:end])


@settings(deadline=None)
@given(st.text(st.sampled_from("aB1'’. -\u00e9"), max_size=40))
def test_plain_and_accented_texts_take_the_same_way(text: str) -> None:
    # A letter outside ASCII sends the whole text down the slow path; its other words must not change.
    assert Tokens(f"{text} é").words == [*Tokens(text).words, "e"]


def test_a_hostile_text_is_read_in_linear_steps() -> None:
    for piece in ("a\u0301" * 50_000, "\u200b" * 50_000, "وال" * 30_000, "ก่" * 50_000, "'s" * 50_000):
        assert len(Tokens(piece).words) <= len(piece)
