"""Every text here was written for the test."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["The minister resigned.", "Her deputy takes over."],
        ["Who knew?", "Nobody did!", "Then it rained..."],
        ["Dr. Amal Haddad met Sen. J. R. Whitlow in St. Orban.", "They spoke for an hour."],
        ["Inflation fell to 3.5 percent.", "It was 4.1 percent in March."],
        ["The talks moved to the U.S.", "The delegation left at 5 p.m. Monday."],
        ["The U.S. Senate voted at 9 a.m. EST.", "Nobody was absent."],
        ["He joined Harrow Inc. in 2011.", "The firm, Harrow Inc., is gone."],
        ["She finished in No. 3 and said no.", "Then she left."],
        ["Nobody asked me.", "Everybody looked at the tower of St. Orban."],
        ["It happened on Jan. 5 near Mt. Kessel.", "Two were hurt."],
        ['"We are leaving," she said.', '"Nobody will stop us."', "The hall went quiet."],
        ["“Why now?” he asked.", "(Nobody answered.)", "The vote went on."],
        ["Visit example.org for version 2.0.1 of the map.", "It is free."],
        ["Ash (pumice, etc.) covered the town.", "Roads, fields, etc. were closed."],
        ["Yahoo! Inc. bought it.", "What a day!", "Shares rose."],
        ["Am 3. Oktober sprach Dr. Weber z. B. über den 2. Weltkrieg.", "Danach war Pause."],
        ["Die Firma zahlt ca. 5 Mio. Euro bzw. mehr.", "Das reicht nicht."],
        ["M. Dupont et Mme. Leroy ont signé.", "« Enfin ! » a dit la maire.", "La salle a applaudi."],
        ["Elle a dit « oui. »", "Puis elle est partie."],
        ["Роман А. С. Громова издан.", "Его читают."],
        ["El Sr. Gómez llegó tarde.", "¿Quién lo esperaba?", "¡Nadie!", "Luego habló."],
        ["Проф. И. П. Громов живёт на ул. Садовой.", "Он пишет книгу."],
        ["Το πλοίο έφυγε.", "Ποιος το είδε;", "Κανείς."],
        ["大臣が辞任した。", "後任は未定だ！", "「知らない。」と述べた。"],
        ["部长辞职了。", "谁来接任？", "没有人知道。"],
        ["وصل الوزير إلى المدينة.", "من استقبله؟", "لا أحد يعرف."],
        ["وزیر نے استعفیٰ دیا۔", "کوئی نہیں جانتا۔"],
        ["मंत्री ने इस्तीफ़ा दिया।", "डॉ. मेहता अब काम संभालेंगे।"],
        ["장관이 사임했다.", "후임은 아직 없다."],
        ["Նախարարը հեռացավ։", "Ոչ ոք չգիտի։"],
    ],
)
def test_known_sentences_are_found(expected: list[str]) -> None:
    wide = all(ord(sentence[-1]) > 0x3000 for sentence in expected)
    assert split(("" if wide else " ").join(expected)) == expected


def test_a_headline_without_a_full_stop_is_a_sentence_of_its_own() -> None:
    assert split("Bridge closes for repairs\n\nThe old bridge shut on Friday. Ferries run instead.") == [
        "Bridge closes for repairs",
        "The old bridge shut on Friday.",
        "Ferries run instead.",
    ]


def test_a_line_break_ends_a_sentence_but_a_machine_wrapped_line_goes_on() -> None:
    assert split("Milk\nBread\nEggs") == ["Milk", "Bread", "Eggs"]
    assert split("The council met for the third time this week and\ndecided nothing. It meets again.") == [
        "The council met for the third time this week and\ndecided nothing.",
        "It meets again.",
    ]


def test_a_numbered_item_keeps_its_number() -> None:
    assert split("1. The harbour reopens\n2. The market does not") == [
        "1. The harbour reopens",
        "2. The market does not",
    ]


@pytest.mark.parametrize("unit", ["a. ", "A. ", '."', "...", "U.S. ", "1. ", "。」と", " \n", "x" * 45 + "\rb", ". ("])
def test_hostile_text_is_split_in_linear_time(unit: str) -> None:
    """Counted in lines of Python run, not in seconds: four times the text may cost no more than five times the work."""

    def work(length: int) -> int:
        lines = 0

        def trace(*_: object) -> object:
            nonlocal lines
            lines += 1
            return trace

        text = unit * (length // len(unit))
        before = sys.gettrace()  # that of a coverage run
        sys.settrace(trace)  # type: ignore[arg-type]  # its type is recursive
        try:
            sentences(text)
        finally:
            sys.settrace(before)
        return lines

    assert work(8_000) <= 5 * work(2_000)


def test_nothing_comes_of_nothing() -> None:
    assert sentences("") == sentences(" \n\t ") == []


MARKS = st.text(alphabet="aB1 .!?…。」\"')(\n\r;-ا؟δ", max_size=200)


@given(st.one_of(st.text(max_size=300), MARKS))
@settings(deadline=None)
def test_spans_are_ordered_trimmed_and_leave_out_only_white_space(text: str) -> None:
    at = 0
    for start, end in sentences(text):
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@given(st.one_of(st.text(max_size=120), MARKS))
@settings(deadline=None)
def test_a_text_before_an_empty_line_does_not_change_what_follows(text: str) -> None:
    start = "The old bridge shut on Friday.\n\n"
    assert split(start + text) == ["The old bridge shut on Friday.", *split(text)]
