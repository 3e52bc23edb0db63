"""The context menu of a message: of our alerts, of anybody's message with a link, and of what names nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import pytest

from bot.core.command import Invocation, Option, command
from bot.core.message import Button, Message
from bot.core.router import Router
from tests.fakes.discord_server import ALERTS, FakeDiscord
from tests.fakes.discord_world import Payload, stored_message
from tests.fakes.sample_commands import Desk, sample_router
from tests.platforms.discord.test_discord_end_to_end import ALERT, DELIVERY, PLACE, running


@command("more", "More like an article")
async def more(desk: Desk, call: Invocation, article: Annotated[str, Option("Which", rest=True)]) -> Message:
    desk.note("more", call, article=article)
    return Message(title=f"More like {article}")


@command("story show", "A story")
async def story_show(desk: Desk, call: Invocation, story: Annotated[int, Option("Which")]) -> Message:
    desk.note("story show", call, story=story)
    return Message(title=f"Story {story}")


OURS = replace(ALERT, buttons=(Button("Mute story", "mute 7"), Button("More like this", "more 42")))


@pytest.fixture
def router() -> Router:
    return Router((more, story_show), Desk())


def somebodys(discord: FakeDiscord, **body: Any) -> Payload:
    return stored_message(discord.snowflake(), ALERTS, discord.reader, body, discord.clock())


async def test_an_alert_of_ours_leads_to_its_own_article_and_story(discord: FakeDiscord, router: Router) -> None:
    async with running(discord, router) as platform:
        await platform.send(PLACE, OURS, delivery_id=DELIVERY)
        (posted,) = discord.channel(ALERTS).messages
        resembling = await discord.menu("More like this", posted, user=discord.reader)
        story = await discord.menu("Why", posted, user=discord.reader)
    assert resembling.private
    assert "More like 42" in resembling.text
    assert story.private
    assert "Story 7" in story.text


async def test_anybodys_message_is_looked_for_by_its_headline_or_its_words(
    discord: FakeDiscord, router: Router
) -> None:
    link = "https://news.example/a"
    embed = {"type": "link", "url": link, "title": "Iraq and Russia sign pact"}
    async with running(discord, router):
        await discord.menu("More like this", somebodys(discord, content=link, embeds=[embed]))
        await discord.menu("More like this", somebodys(discord, content=f"<@123> days:3 \u202eNorway {link} votes"))
        nothing = await discord.menu("More like this", somebodys(discord, content=link))
        not_ours = await discord.menu("Why", somebodys(discord, content=link))
    assert [values["article"] for _, _, values in router.desk.calls] == [
        "Iraq and Russia sign pact", "days:3 Norway votes",
    ]  # fmt: skip
    assert "no headline" in nothing.text
    assert "no alert of mine" in not_ours.text


async def test_menus_are_there_for_commands_that_are(discord: FakeDiscord, router: Router) -> None:
    async with running(discord, router):
        pass
    async with running(discord, router):
        assert {each["name"] for each in discord.commands[None] if each["type"] == 3} == {"More like this", "Why"}
    assert discord.command_syncs == 1
    async with running(discord):
        assert not [each for each in discord.commands[None] if each["type"] == 3 and each["name"] == "Why"]


async def test_when_the_days_creations_are_used_up_what_was_registered_goes_on(discord: FakeDiscord) -> None:
    router, desk = sample_router()
    async with running(discord, router):
        pass
    discord.creations_left = 0
    async with running(discord, Router((*router.commands, story_show), desk)):
        assert "Topics" in (await discord.slash("topics")).text
    assert [each for each in discord.commands[None] if each["type"] == 3 and each["name"] == "Why"] == []
