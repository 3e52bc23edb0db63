"""What is a standing rubric by its headline, and what only speaks of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import Article
from bot.stories import Stories, is_rubric

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "title",
    [
        "World weather: snow in Moscow, dust in Baghdad",
        "Weather forecast - rain in the south",
        "Stock markets | oil up, gold down",
        "Today's horoscope: patience",
        "Météo : neige à Moscou, poussière à Bagdad",
        "Wetter: Regen in Bagdad",
        "Погода: снег в Москве",
    ],
)
def test_a_rubric_says_its_name_first(title: str) -> None:
    assert is_rubric(title)


@pytest.mark.parametrize(
    "title",
    [
        "Weather satellite falls on Baghdad",
        "Storm kills nine in Texas: weather service",
        "Markets fall as Moscow and Baghdad quarrel",
        "Weather-beaten ships leave Basra",
        "Stockholm: two held over arms for Iraq",
        "",
    ],
)
def test_news_of_the_weather_and_of_the_markets_is_news(title: str) -> None:
    assert not is_rubric(title)


def article(number: int, title: str, text: str, source: str) -> Article:
    at = NOW + timedelta(minutes=number)
    return Article(str(number), title, text, source=source, lang="en", published=at)


def test_rubrics_of_two_outlets_are_two_stories_and_one_that_is_updated_is_one() -> None:
    stories = Stories()
    text = "Snow is expected in Moscow and dust in Baghdad on Friday, with rain in London and sun in Nairobi."
    stories.remember(article(1, "World weather: snow in Moscow, dust in Baghdad", text, "A"), 1)
    other = article(2, "Weather: Moscow sees snow and Baghdad dust", f"{text} {text}", "B")
    assert stories.place(other).story is None
    again = article(3, "World weather: snow in Moscow, dust in Baghdad", text, "A")
    assert stories.place(again).story == 1
    stories.forget(["1"])
    assert len(stories) == 0
