"""Files and long texts: lists of feeds handed over and taken away, and a window of several lines to edit a topic in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import open_house
from bot.core.feed_list import Outline
from bot.core.message import Button, File, Message
from bot.platforms.discord import DiscordPlatform
from bot.sources import opml
from tests.fakes.discord_server import ALERTS, FakeDiscord
from tests.fakes.settings import quiet
from tests.platforms.discord.test_discord_end_to_end import running

SEVERAL_LINES = 2  # the style of a text field
LIST = opml.write(
    [
        Outline("https://news.example/rss", "The Example", ("World", "Middle East")),
        Outline("https://other.example/rss", "The Other"),
    ],
    title="Mine",
    now=datetime(2026, 11, 26, tzinfo=UTC),
).encode()


@pytest.fixture
async def platform(discord: FakeDiscord, tmp_path: Path) -> AsyncIterator[DiscordPlatform]:
    """All commands of the house, with an empty database."""
    async with open_house(quiet(tmp_path), feeds=()) as house, running(discord, house.router) as opened:
        yield opened


@pytest.mark.usefixtures("platform")
async def test_a_list_of_feeds_is_handed_over_and_taken_away_as_a_file(discord: FakeDiscord) -> None:
    taken = await discord.slash("feed import", file=File("mine.opml", LIST))
    assert taken.private
    assert "2 feeds added" in taken.text
    assert (
        "2 feeds of the list you had already"
        in (await discord.slash("feed import", file=File("again.opml", LIST))).text
    )
    given = await discord.slash("feed export")
    assert [each["name"] for each in given.message["components"] if each["type"] == 13] == ["newsbell.opml"]
    found = opml.read(discord.files["newsbell.opml"])
    assert {(each.url, each.title, each.folder) for each in found.outlines} == {
        ("https://news.example/rss", "The Example", ("World", "Middle East")),
        ("https://other.example/rss", "The Other", ()),
    }


NO_LISTS = (
    (b"<opml>" + b" " * 1_000_000 + b"</opml>", "larger than 1 MB"),
    (b"<!DOCTYPE x [<!ENTITY a 'aa'>]><opml><body/></opml>", "declares a document type"),
    (b"\x89PNG", "not an OPML file"),
    (b"<opml><body><outline xmlUrl='file:///etc/passwd'/></body></opml>", "no feed in mine"),
)


@pytest.mark.usefixtures("platform")
async def test_a_file_that_is_no_list_of_feeds_adds_nothing(discord: FakeDiscord) -> None:
    for content, said in NO_LISTS:
        answer = await discord.slash("feed import", file=File("mine.opml", content))
        assert said in answer.text
    assert "There are no feeds yet" in (await discord.slash("feeds")).text


@pytest.mark.usefixtures("platform")
async def test_a_file_that_discord_does_not_hand_over_is_asked_for_again(discord: FakeDiscord) -> None:
    discord.lose_files = True
    answer = await discord.slash("feed import", file=File("mine.opml", LIST))
    assert "did not hand over mine.opml" in answer.text


async def test_a_button_asks_for_the_file_in_a_window(discord: FakeDiscord, platform: DiscordPlatform) -> None:
    await platform.send(
        f"discord:{ALERTS}", Message(title="Feeds", buttons=(Button("Import", "feed import"),)), delivery_id="d"
    )
    window = await discord.press_for_window(discord.channel(ALERTS).messages[-1], "Import")
    answer = await discord.fill(window, File=File("mine.opml", LIST))
    assert "2 feeds added" in answer.text


@pytest.mark.usefixtures("platform")
async def test_a_topic_is_edited_in_a_window_that_begins_with_what_it_means(discord: FakeDiscord) -> None:
    window = await discord.slash_for_window("topic create")
    assert window.fields["Query"]["style"] == SEVERAL_LINES
    made = await discord.fill(window, Name="grain deal", Query='Ukraine NEAR/20\n(grain OR wheat)\n-"grain alcohol"')
    assert "grain deal is a topic now" in made.text
    assert await discord.autocomplete("topic edit", "name", "gra") == [
        ('grain deal: Ukraine NEAR/20 (grain OR wheat) -"grain alcohol"', "grain deal")
    ]
    window = await discord.slash_for_window("topic edit", name="grain deal")
    assert list(window.fields) == ["Query"]
    assert window.fields["Query"]["value"] == 'Ukraine NEAR/20 (grain OR wheat) -"grain alcohol"'
    changed = await discord.fill(window, Query="Ukraine NEAR/20 grain")
    assert "grain deal is changed" in changed.text
    at_once = await discord.slash("topic edit", name="grain deal", query="Ukraine grain")
    assert "grain deal is changed" in at_once.text


@pytest.mark.usefixtures("platform")
async def test_a_mistake_in_a_window_is_told_and_the_text_is_kept(discord: FakeDiscord) -> None:
    window = await discord.slash_for_window("topic create")
    wrong = await discord.fill(window, Name="grain deal", Query="Ukraine (grain OR wheat")
    assert wrong.private
    window = await discord.press_for_window(wrong.message, "Edit again")
    assert {label: each["value"] for label, each in window.fields.items()} == {
        "Name": "grain deal",
        "Query": "Ukraine (grain OR wheat",
    }
    right = await discord.fill(window, Name="grain deal", Query="Ukraine (grain OR wheat)")
    assert "grain deal is a topic now" in right.text


async def test_a_draft_is_forgotten_with_its_process_and_a_window_is_for_those_who_may(
    discord: FakeDiscord, tmp_path: Path
) -> None:
    async with open_house(quiet(tmp_path), feeds=()) as house:
        async with running(discord, house.router):
            window = await discord.slash_for_window("topic create")
            wrong = await discord.fill(window, Name="grain deal", Query="(grain")
        async with running(discord, house.router):
            assert "too old" in (await discord.press(wrong.message, "Edit again")).text
            refused = await discord.slash("topic create", user=discord.reader)
            assert "those who manage this server" in refused.text
