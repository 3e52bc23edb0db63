"""What an alert says."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.alert import compose
from bot.core.message import Kind, Style
from bot.core.model import Article, Evidence, Match

ARTICLE = Article(
    "7",
    "Baghdad and Moscow share intelligence",
    url="https://example.org/7",
    source="Tigris Post",
    published=datetime(2026, 11, 26, 9, tzinfo=UTC),
)
EVIDENCE = Evidence("Russia and Iraq set up a cell against Daesh.", ((0, 6), (11, 15)))


def test_an_alert_quotes_the_sentence_with_the_matching_words_marked() -> None:
    alert = compose(ARTICLE, [Match("Russia-Iraq", 0.9, (EVIDENCE,))], summary="A summary.", story_id=3)
    quote, summary = alert.body
    assert quote.kind is Kind.QUOTE
    assert [s.text for s in quote.spans if s.bold] == ["Russia", "Iraq"]
    assert summary.text == "A summary."
    assert (alert.title, alert.source, alert.url) == (ARTICLE.title, "Tigris Post", ARTICLE.url)
    assert alert.fields[0].value == "Russia-Iraq"


def test_its_buttons_are_commands() -> None:
    alert = compose(ARTICLE, [Match("ISIL", 0.9, (EVIDENCE,))], summary="", story_id=3)
    assert [(b.label, b.command or b.url) for b in alert.buttons] == [
        ("Mute story", "mute 3"),
        ("Unsubscribe", "unsubscribe ISIL"),
        ("Summary", "summary 3"),
        ("More like this", "more 7"),
        ("Why", "why 7"),
        ("Source", "https://example.org/7"),
    ]
    assert alert.buttons[1].style is Style.DANGER


def test_two_topics_with_one_sentence_quote_it_once_and_can_each_be_left() -> None:
    matches = [Match("Russia-Iraq", 0.9, (EVIDENCE,)), Match("ISIL", 0.8, (EVIDENCE,))]
    alert = compose(ARTICLE, matches, summary=EVIDENCE.sentence, story_id=3)
    assert len(alert.body) == 1
    assert [b.label for b in alert.buttons[1:3]] == ["Unsubscribe Russia-Iraq", "Unsubscribe ISIL"]
    assert alert.fields[0] == type(alert.fields[0])("Topics", "Russia-Iraq, ISIL")
