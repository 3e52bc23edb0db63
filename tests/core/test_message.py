"""Messages survive the outbox, and marks fall where they should."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.chart import Chart
from bot.core.message import (
    Button,
    Field,
    File,
    Kind,
    Manner,
    Message,
    Paragraph,
    Role,
    Span,
    Style,
    Tone,
    from_json,
    marked,
    to_json,
    together,
)

texts = st.text(max_size=20)
instants = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
messages = st.builds(
    Message,
    title=texts,
    url=texts,
    source=texts,
    at=instants,
    body=st.lists(
        st.builds(
            Paragraph,
            st.lists(st.builds(Span, texts, st.booleans(), texts, instants), max_size=3).map(tuple),
            st.sampled_from(Kind),
            st.integers(0, 99),
        ),
        max_size=3,
    ).map(tuple),
    fields=st.lists(st.builds(Field, texts, texts, instants), max_size=2).map(tuple),
    buttons=st.lists(st.builds(Button, texts, texts, texts, st.sampled_from(Style)), max_size=2).map(tuple),
    footer=texts,
    image=texts,
    tone=st.sampled_from(Tone),
    chart=st.none() | st.builds(Chart, texts, texts, st.lists(st.tuples(texts, st.integers(0))).map(tuple)),
    file=st.none() | st.builds(File, texts, texts.map(str.encode)),
)


@given(messages)
def test_a_message_comes_back_from_the_outbox_as_it_was(message: Message) -> None:
    assert from_json(to_json(message)) == message


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=5))
def test_marking_changes_no_letter(sentence: str, spans: list[tuple[int, int]]) -> None:
    inside = [(min(a, len(sentence)), min(b, len(sentence))) for a, b in spans]
    assert marked(sentence, inside).text == sentence


def test_overlapping_spans_are_drawn_once() -> None:
    quote = marked("Islamic State fighters", [(0, 13), (8, 13), (14, 22)])
    assert [(s.text, s.bold) for s in quote.spans] == [("Islamic State", True), (" ", False), ("fighters", True)]


def test_a_message_frozen_before_there_were_manners_arrives_as_usual() -> None:
    old = to_json(Message(title="T"))
    del old["manner"]
    assert from_json(old) == Message(title="T")


def test_one_message_for_several_wishes_calls_all_and_is_silent_only_if_all_want_it() -> None:
    desk, night = Role("x:1", "desk"), Role("x:2", "night")
    quiet, loud = Manner(roles=(desk,), silent=True), Manner(roles=(night, desk), thread=True)
    assert together([quiet, loud]) == Manner(roles=(desk, night), thread=True)
    assert together([quiet, quiet]) == quiet
    assert together([]) == Manner()
