"""What the blocks say, what no text can make of them, and that they are within Slack's limits at every size."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from bot.core.chart import Chart
from bot.core.message import Button, Field, File, Kind, Manner, Message, Role, Span, dated, marked, paragraph
from bot.platforms.plain import INVISIBLE, clean, safe_url
from bot.platforms.slack.draw import LOOKALIKES, draw, escape
from tests.fakes.slack_world import block_faults, buttons_of, schema_faults, text_of
from tests.platforms import hostile
from tests.platforms.slack.slack_grammar import read

ALIKE = str.maketrans({alike: sign for sign, alike in LOOKALIKES.items()} | {"›": ">"})


def blocks(message: Message, **options: Any) -> list[dict[str, Any]]:
    return list(draw(message, **options).blocks)


def text(message: Message) -> str:
    return text_of({"blocks": blocks(message)}).strip()


def texts_in(value: Any, kind: str) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in texts_in(each, kind)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") == kind else []
    return own + [text for each in value.values() for text in texts_in(each, kind)]


def urls_in(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(urls_in, value))
    if not isinstance(value, dict):
        return set()
    own = {value[key] for key in ("url", "image_url") if key in value}
    return own.union(*map(urls_in, value.values()))


def shows_itself(escaped: str, plain: str) -> None:
    shown = read(escaped)
    assert shown.marks == [], (plain, escaped)
    assert shown.links == []
    assert shown.text.translate(ALIKE) == plain.translate(ALIKE)


@settings(max_examples=300, deadline=None)
@given(hostile.texts)
def test_escaped_text_shows_itself_and_nothing_else(untrusted: str) -> None:
    shows_itself(escape(untrusted), clean(untrusted))


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_hostile_texts_show_themselves_and_nothing_else(count: int) -> None:
    for untrusted in hostile.many(count, seed=11):
        shows_itself(escape(untrusted), clean(untrusted))


@settings(max_examples=60, deadline=None)
@given(hostile.messages)
def test_blocks_of_any_message_ping_nobody_link_where_we_said_and_keep_the_limits(message: Message) -> None:
    drawn = draw(message)
    assert block_faults(list(drawn.blocks)) == []
    assert schema_faults(list(drawn.blocks)) == []
    assert drawn.text
    shows_itself(drawn.text, read(drawn.text).text)
    given_urls = {message.url, message.image, *(button.url for button in message.buttons)}
    given_urls |= {span.url for each in message.body for span in each.spans}
    allowed = {safe_url(url) for url in given_urls} - {""}
    assert urls_in(list(drawn.blocks)) <= allowed
    for kind in ("mrkdwn", "plain_text", "text"):
        assert not any(INVISIBLE.search(each) for each in texts_in(list(drawn.blocks), kind))
    for each in texts_in(list(drawn.blocks), "mrkdwn"):
        shown = read(each)
        assert {url for url, _ in shown.links} <= allowed
        assert [mark for mark in shown.marks if not mark.startswith(("token <!date^", "style *"))] == []


@pytest.mark.parametrize("message", [hostile.EMPTY, hostile.HUGE])
def test_the_smallest_and_the_largest_message_are_within_the_limits(message: Message) -> None:
    assert block_faults(blocks(message)) == []
    assert schema_faults(blocks(message)) == []


def test_the_largest_message_still_shows_each_of_its_parts() -> None:
    said = text(hostile.HUGE)
    assert "Headline" in said
    assert "<!date^1795651200^" in said
    assert "*words*" in said
    assert "Field" in said
    assert "Footer" in said
    assert buttons_of({"blocks": blocks(hostile.HUGE)})


def test_a_body_that_is_cut_says_so() -> None:
    said = text(Message(body=tuple(paragraph(f"{number} " + "words " * 40, kind=Kind.ITEM) for number in range(100))))
    assert said.endswith("…")


def test_paragraphs_are_drawn_by_their_kind() -> None:
    body = (
        paragraph("One"),
        paragraph("Two"),
        paragraph("quoted", kind=Kind.QUOTE),
        paragraph("first", kind=Kind.ITEM),
        paragraph("second", kind=Kind.ITEM),
        paragraph("one", kind=Kind.ITEM, number=1),
        paragraph("two", kind=Kind.ITEM, number=2),
        paragraph("nine", kind=Kind.ITEM, number=9),
        paragraph("small", kind=Kind.NOTE),
    )
    rich, small = blocks(Message(body=body))
    assert [each["type"] for each in rich["elements"]] == [
        "rich_text_section",
        "rich_text_section",
        "rich_text_quote",
        "rich_text_list",
        "rich_text_list",
        "rich_text_list",
    ]
    assert len(rich["elements"][3]["elements"]) == 2
    counted, ninth = rich["elements"][4:]
    assert (counted["style"], len(counted["elements"]), ninth["style"]) == ("ordered", 2, "bullet")
    assert [each["text"] for each in ninth["elements"][0]["elements"]] == ["9. ", "nine"]
    assert small == {"type": "context", "elements": [{"type": "plain_text", "text": "small", "emoji": False}]}


def test_marked_words_are_bold() -> None:
    (rich,) = blocks(Message(body=(marked("In *Iraq* today", [(3, 9)]),)))
    assert rich["elements"][0]["elements"] == [
        {"type": "text", "text": "In "},
        {"type": "text", "text": "*Iraq*", "style": {"bold": True}},
        {"type": "text", "text": " today"},
    ]


def test_links_are_ours_and_percent_encoded() -> None:
    linked = Message(body=(paragraph(Span("here", url="https://news.example/a b|c>d")),))
    assert urls_in(blocks(linked)) == {"https://news.example/a%20b%7Cc%3Ed"}
    assert text(Message(title="T", url="javascript:alert(1)")) == "*T*"
    assert text(Message(title="a|b", url="https://u:p@news.example/?x=1&y=2")) == (
        "*<https://news.example/?x=1&amp;y=2|a|b>*"
    )


def test_an_instant_is_drawn_in_the_readers_zone_with_a_fallback() -> None:
    said = text(Message(source="Wire", at=datetime(2026, 11, 26, tzinfo=UTC)))
    assert said == "Wire · <!date^1795651200^{date_short_pretty} {time}|26 Nov, 00:00 UTC>"


def test_an_instant_in_a_text_or_a_field_is_drawn_in_the_readers_zone_too() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    date = "<!date^1795651200^{date_short_pretty} {time}|26 Nov, 00:00 UTC>"
    drawn = blocks(
        Message(
            body=(paragraph("Seen ", at), paragraph("Changed by A & B, ", at, kind=Kind.NOTE)),
            fields=(dated("First seen", at),),
        )
    )
    assert drawn[0]["elements"][0]["elements"][1] == {
        "type": "date",
        "timestamp": 1795651200,
        "format": "{date_short_pretty} {time}",
        "fallback": "26 Nov, 00:00 UTC",
    }
    assert drawn[1]["elements"][0]["text"] == f"Changed by A &amp; B, {date}"
    assert drawn[2]["fields"][0]["text"] == f"*First seen*\n{date}"
    assert schema_faults(drawn) == []


def test_a_chart_is_slacks_own_in_at_most_twenty_bars_and_a_line_of_signs_where_it_is_refused() -> None:
    chart = Chart("ISIL", "articles", tuple((f"day {day}", day) for day in range(50)))
    message = Message(title="T", chart=chart)
    drawn = blocks(message)[1]
    assert (drawn["type"], drawn["title"], drawn["chart"]["type"]) == ("data_visualization", "ISIL", "bar")
    [series] = drawn["chart"]["series"]
    assert [point["label"] for point in series["data"]] == drawn["chart"]["axis_config"]["categories"]
    assert len(series["data"]) == 17
    assert series["data"][-1] == {"label": "day 47", "value": 47 + 48 + 49}
    assert block_faults(blocks(message)) == []
    assert blocks(message, image=False)[1]["elements"][0]["text"] == " ".join(chart.text.split())


def test_buttons_carry_their_command_line_and_a_bad_address_none() -> None:
    message = Message(
        title="T", buttons=(Button("A", "news Iraq"), Button("B", url="javascript:x"), Button("C", "x" * 2001))
    )
    buttons = buttons_of({"blocks": blocks(message)})
    assert list(buttons) == ["A"]
    assert buttons["A"]["value"] == "news Iraq"


def test_a_file_is_text_to_copy_and_one_that_is_too_long_is_said_to_be() -> None:
    shown = draw(Message(title="2 feeds", file=File("newsbell.opml", b"<opml/>"))).blocks[-1]
    assert shown["elements"][0] == {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "<opml/>"}]}
    told = draw(Message(title="145 feeds", file=File("newsbell.opml", b"<outline/>" * 2000)))
    assert told.blocks[-1]["elements"][0]["text"] == "newsbell.opml is too long to be shown in Slack."
    assert [*schema_faults([*told.blocks, shown]), *block_faults([*told.blocks, shown])] == []


def test_fields_stand_side_by_side() -> None:
    _, section = blocks(Message(title="T", fields=(Field("Topic", "ISIL"), Field("Empty", ""))))
    assert [each["text"] for each in section["fields"]] == ["*Topic*\nISIL"]


def test_the_text_for_notifications_says_it_all() -> None:
    assert draw(Message(title="A <b>", body=(paragraph("c & d"),))).text == "A &lt;b&gt;\nc &amp; d"


def test_only_the_subscriptions_own_mention_goes_out_and_no_text_can_make_one() -> None:
    roles = (
        Role("slack:here", "here"),
        Role("slack:S0DESK", "<!channel>"),
        Role("slack:<!channel>"),
        Role("x:channel"),
    )
    said = text(Message(title="<!channel>", manner=Manner(roles)))
    assert said == "<!here> <!subteam^S0DESK>\n\n*&lt;!channel&gt;*"
    assert "<!" not in draw(Message(title="T", manner=Manner(roles))).text
