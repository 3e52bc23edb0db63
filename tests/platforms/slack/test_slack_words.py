"""Slack's typed markup, and the words of the house as Slack says them."""

from __future__ import annotations

import pytest
from hypothesis import given

from bot.core.message import Message, Span, paragraph
from bot.core.model import Channel
from bot.platforms.slack.words import Words, after_mention, plain
from tests.platforms import hostile

CHANNELS = (Channel("slack:T1:C1", "slack:T1", "alerts"),)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ISIL to <#C1|alerts>", "ISIL to #slack:T1:C1"),
        ("ISIL to <#C1>", "ISIL to #slack:T1:C1"),
        ("ISIL to <#C9|other>", "ISIL to #other"),
        ("<@U1|bob> <@U2>", "@bob @U2"),
        ("<!here> <!subteam^S1|@desk> <!subteam^S1>", "@here @desk @slack:S1"),
        ("<https://a.example/?x=1&amp;y=2|a.example>", "https://a.example/?x=1&y=2"),
        ("R&amp;D &lt;b&gt; &amp;lt;", "R&D <b> &lt;"),
        ("“oil   price”\n7d", "“oil price” 7d"),
    ],
)
def test_what_was_typed_is_read_as_it_was_meant(typed: str, meant: str) -> None:
    assert plain(typed, CHANNELS) == meant


@given(hostile.texts)
def test_any_text_can_be_read(typed: str) -> None:
    assert "\n" not in plain(typed, CHANNELS)


def test_a_mention_of_the_bot_is_not_part_of_the_words() -> None:
    assert after_mention("<@U1> news Iraq") == "news Iraq"
    assert after_mention(" <@U1|newsbell>: help") == "help"
    assert after_mention("<@U1>") == ""


def test_the_houses_own_news_is_called_search() -> None:
    words = Words("/news", ("news", "subscribe", "feed add"))
    assert words.line("search Iraq 7d") == "news Iraq 7d"
    assert words.line("Search Iraq") == "news Iraq"
    assert words.line("") == "help"
    assert words.line("/subscribe ISIL") == "subscribe ISIL"
    assert Words("/bell", ("news",)).line("search Iraq") == "search Iraq"


def test_answers_say_commands_as_they_are_typed_here() -> None:
    words = Words("/news", ("news", "subscribe", "feed add", "feed"))
    link = Span("/subscribe", url="https://a.example/subscribe")
    message = words.in_slack(Message(title="/news x", body=(paragraph("Try /feed add, a/news or /newsroom: ", link),)))
    assert message.title == "/news search x"
    assert message.body[0].text == "Try /news feed add, a/news or /newsroom: /news subscribe"
    assert message.body[0].spans[1].url == "https://a.example/subscribe"
