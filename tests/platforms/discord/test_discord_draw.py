"""What a card says, what no text can make of it, and that it is within Discord's limits at every size."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from bot.core.message import Button, Field, Kind, Message, Span, dated, marked, paragraph
from bot.platforms.discord.draw import draw, escape, label, marks
from bot.platforms.discord.embed import embed
from bot.platforms.plain import INVISIBLE, clean, safe_url
from tests.fakes import discord_schema
from tests.fakes.discord_world import COMPONENTS_V2, faults_by_hand, text_of, walk
from tests.platforms import hostile
from tests.platforms.discord.discord_grammar import read

ZERO_WIDTH_SPACE = "\u200b"


def card(message: Message, **options: Any) -> dict[str, Any]:
    view = draw(message, **options)
    return {"components": view.to_components(), "flags": COMPONENTS_V2, "allowed_mentions": {"parse": []}}  # type: ignore[no-untyped-call]  # discord.py's


def text(message: Message) -> str:
    return text_of(card(message))


def shows_itself(escaped: str, plain: str) -> None:
    shown = read(escaped)
    assert shown.marks == [], (plain, escaped)
    assert shown.links == []
    assert shown.text.replace(ZERO_WIDTH_SPACE, "") == plain


@settings(max_examples=300, deadline=None)
@given(hostile.texts)
def test_escaped_text_shows_itself_and_nothing_else(untrusted: str) -> None:
    shows_itself(escape(untrusted), clean(untrusted))


@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_hostile_texts_show_themselves_and_nothing_else(count: int) -> None:
    for untrusted in hostile.many(count):
        shows_itself(escape(untrusted), clean(untrusted))


def test_a_link_made_of_any_text_leads_where_we_said() -> None:
    for untrusted in hostile.many(5_000):
        if not label(untrusted):
            continue
        shown = read(f"[{label(untrusted)}](https://news.example/)")
        assert shown.links == ["https://news.example/"], untrusted
        assert shown.marks == []


@settings(max_examples=60, deadline=None)
@given(hostile.messages)
def test_a_card_of_any_message_pings_nobody_links_where_we_said_and_keeps_the_limits(message: Message) -> None:
    drawn = card(message, delivery_id="0123456789abcdef01234567")
    assert faults_by_hand(drawn) == []
    said = text_of(drawn)
    assert not INVISIBLE.search(said.replace(ZERO_WIDTH_SPACE, ""))
    shown = read(said)
    given_urls = {message.url, *(span.url for each in message.body for span in each.spans)}
    assert set(shown.links) <= {safe_url(url) for url in given_urls} - {""}
    stamps = [mark for mark in shown.marks if mark.startswith("ping")]
    assert len(stamps) <= (1 if message.at else 0)
    assert all(mark.startswith("ping <t:") for mark in stamps)
    assert not [mark for mark in shown.marks if mark.startswith("address")]
    assert sum(mark == "line ### " for mark in shown.marks) <= 1
    assert not [mark for mark in shown.marks if mark in ("line # ", "line ## ")]


@pytest.mark.skipif(not discord_schema.present(), reason="Discord's description is not beside this repository")
@settings(max_examples=25, deadline=None)
@given(hostile.messages)
def test_a_card_of_any_message_is_what_discords_description_allows(message: Message) -> None:
    assert discord_schema.request_faults("POST", "/channels/1/messages", card(message), {}) == []


@pytest.mark.parametrize("message", [hostile.EMPTY, hostile.HUGE])
def test_the_smallest_and_the_largest_message_are_within_the_limits(message: Message) -> None:
    drawn = card(message, delivery_id="d" * 24)
    assert faults_by_hand(drawn) == []
    assert len(walk(drawn["components"])) <= 40


def test_the_largest_message_still_shows_each_of_its_parts() -> None:
    said = text(hostile.HUGE)
    assert "### [Headline" in said
    assert "<t:1795651200:R>" in said
    assert "words" in said
    assert "Field" in said
    assert "-# Footer" in said


def test_a_body_that_is_cut_says_so() -> None:
    said = text(Message(body=tuple(paragraph(f"{number} " + "words " * 20, kind=Kind.ITEM) for number in range(100))))
    assert 3800 < len(said) <= 4000
    assert said.endswith("…")


def test_paragraphs_are_drawn_by_their_kind() -> None:
    said = text(
        Message(
            body=(
                paragraph("One"),
                paragraph("Two"),
                paragraph("a\nb", kind=Kind.QUOTE),
                paragraph("item", kind=Kind.ITEM),
                paragraph("1. item", kind=Kind.ITEM, number=2),
                paragraph("note", kind=Kind.NOTE),
            )
        )
    )
    assert said == "One\n\nTwo\n> a\n> b\n- item\n2. 1\\. item\n-# note"


def test_marked_words_are_bold_and_their_white_space_is_not() -> None:
    assert text(Message(body=(marked("In Iraq today", [(2, 8)], Kind.TEXT),))) == "In **Iraq** today"
    assert text(Message(body=(paragraph(Span("a", bold=True), Span("b", bold=True)),))) == "**ab**"


def test_links_are_ours_and_percent_encoded() -> None:
    linked = Message(body=(paragraph(Span("[here](x)", url="https://news.example/a b(c)")),))
    assert text(linked) == "[\\(here\\)\\(x\\)](https://news.example/a%20b%28c%29)"
    assert text(Message(title="T", url="javascript:alert(1)")) == "### T"
    assert text(Message(title="T", url="https://user:secret@news.example/")) == "### [T](https://news.example/)"


def test_an_instant_is_drawn_in_the_readers_zone() -> None:
    assert (
        text(Message(title="T", source="Wire", at=datetime(2026, 11, 26, tzinfo=UTC)))
        == "### T\n-# Wire · <t:1795651200:R>"
    )


def test_an_instant_in_a_text_or_a_field_is_drawn_in_the_readers_zone_too() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    message = Message(body=(paragraph("Changed ", at, ".", kind=Kind.NOTE),), fields=(dated("First seen", at),))
    assert text(message) == "-# Changed <t:1795651200:f>.\n**First seen:** <t:1795651200:f>"
    drawn = embed(message)
    assert (drawn.description, drawn.fields[0].value) == ("-# Changed <t:1795651200:f>.", "<t:1795651200:f>")


def test_two_buttons_of_one_command_become_one_and_a_bad_address_none() -> None:
    message = Message(
        title="T",
        buttons=(
            Button("A", "x"),
            Button("B", "x"),
            Button("C", url="javascript:x"),
            Button("D", url="https://a.example"),
        ),
    )
    assert [each["label"] for each in walk(card(message)["components"]) if each["type"] == 2] == ["A", "D"]


def test_fields_are_lines_under_the_body() -> None:
    assert text(Message(title="T", fields=(Field("Topic", "ISIL"), Field("Empty", "")))) == "### T\n**Topic:** ISIL"


def test_the_marks_of_two_deliveries_differ_and_stay_clear_of_discords_own_numbers() -> None:
    seen = [marks(f"{number:024x}") for number in range(10_000)]
    assert len(set(seen)) == 10_000
    assert all(10_000 < first < second < 1 << 31 for first, second in seen)
