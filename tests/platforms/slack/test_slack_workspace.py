"""What a workspace tells: channels that close and open, who is told, and the end when the app is removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_bolt.async_app import AsyncBoltContext
from sqlalchemy import select

from bot.app import open_house
from bot.core.errors import ChannelGone
from bot.core.message import Message
from bot.core.model import Subscription
from bot.core.ports import ChecksChannels
from bot.house import House
from bot.platforms.slack.teams import Team
from bot.platforms.slack.workspace import Workspace
from bot.store import tables
from tests.fakes.settings import quiet
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import ALERTS, ARCHIVED, BOT, GENERAL, PRIVATE, TEAM, text_of
from tests.platforms.slack.stage import platform_at, running

TENANT = f"slack:{TEAM}"
PLACE = f"{TENANT}:{ALERTS}"


@dataclass
class Heard:
    """What the house was told."""

    closed_: list[tuple[str, str]] = field(default_factory=list)
    opened_: list[str] = field(default_factory=list)
    removed_: list[str] = field(default_factory=list)

    async def closed(self, channel: str, reason: str) -> None:
        self.closed_.append((channel, reason))

    async def opened(self, channel: str) -> None:
        self.opened_.append(channel)

    async def removed(self, tenant: str) -> None:
        self.removed_.append(tenant)


async def heard(slack: FakeSlack, *events: dict[str, object]) -> Heard:
    places = Heard()
    async with running(slack, places=places):
        for event in events:
            await slack.tell(event)
        await slack.wire.acknowledged()
        await until(lambda: slack.calls[-1][0] in ("conversations.info", "auth.test") or not events)
        await asyncio.sleep(0.2)  # nothing may follow
    return places


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.02)


async def test_a_channel_that_is_archived_closes_with_what_a_person_can_do(slack: FakeSlack) -> None:
    slack.channels[ALERTS].archived = True
    places = await heard(slack, {"type": "channel_archive", "channel": ALERTS, "user": "U1"})
    assert places.closed_ == [(PLACE, "The channel is archived: unarchive it, or choose another channel.")]


async def test_a_channel_that_is_deleted_closes(slack: FakeSlack) -> None:
    del slack.channels[ALERTS]
    places = await heard(slack, {"type": "channel_deleted", "channel": ALERTS})
    assert [channel for channel, _ in places.closed_] == [PLACE]


async def test_a_private_channel_that_put_the_bot_out_says_how_to_invite_it(slack: FakeSlack) -> None:
    places = await heard(slack, {"type": "group_left", "channel": PRIVATE})
    assert places.closed_ == [(f"{TENANT}:{PRIVATE}", "Invite the bot to the channel: type /invite @newsbell there.")]


async def test_a_late_event_of_a_channel_that_is_open_again_closes_nothing(slack: FakeSlack) -> None:
    places = await heard(slack, {"type": "channel_archive", "channel": ALERTS, "user": "U1"})
    assert places.closed_ == []


async def test_an_unarchived_channel_and_an_invitation_open_it_again(slack: FakeSlack) -> None:
    slack.channels[PRIVATE].members.add(BOT)
    places = await heard(
        slack,
        {"type": "member_joined_channel", "channel": GENERAL, "user": slack.reader.id, "channel_type": "C"},
        {"type": "channel_unarchive", "channel": ALERTS, "user": "U1"},
        {"type": "member_joined_channel", "channel": PRIVATE, "user": BOT, "channel_type": "G"},
    )
    assert sorted(places.opened_) == sorted([PLACE, f"{TENANT}:{PRIVATE}"])


@pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])
async def test_a_workspace_that_removed_the_app_is_forgotten(slack: FakeSlack, kind: str) -> None:
    places = Heard()
    async with running(slack, places=places):
        await slack.slash("help")
        slack.removed = True
        await slack.tell({"type": kind})
        await until(lambda: bool(places.removed_))
    assert places.removed_ == [TENANT]


async def test_an_uninstall_while_slack_cannot_be_reached_is_asked_about_again(slack: FakeSlack) -> None:
    class Unreached:
        renew = ""
        asked = 0

        async def gone(self, team: str) -> str | None:
            self.asked += 1
            if self.asked < 3:
                raise OSError("no network")
            return team

        async def get(self, team: str) -> Team:
            raise NotImplementedError

        async def hosting(self, team: Team, channel: str) -> Team:
            raise NotImplementedError

    async def heard() -> None: ...

    places, teams = Heard(), Unreached()
    workspace = Workspace(teams, places, again=(0, 0))
    await workspace.put_out(heard, AsyncBoltContext({"team_id": TEAM}))  # type: ignore[arg-type]  # all it needs
    assert places.removed_ == [TENANT]


async def test_a_late_uninstall_of_an_app_that_is_installed_again_erases_nothing(slack: FakeSlack) -> None:
    assert (await heard(slack, {"type": "app_uninstalled"})).removed_ == []


async def test_who_asks_in_a_private_channel_is_told_to_invite_the_bot(slack: FakeSlack) -> None:
    async with running(slack):
        said = await slack.slash("subscribe ISIL", channel=PRIVATE)
        assert "I am not in this channel and can post nothing here. Type /invite @newsbell first." in said.text
        slack.channels[PRIVATE].members.add(BOT)
        await slack.tell({"type": "member_joined_channel", "channel": PRIVATE, "user": BOT, "channel_type": "G"})
        await slack.wire.acknowledged()
        said = await slack.slash("subscribe ISIL", channel=PRIVATE)
        assert "/invite" not in said.text
        assert "private follows ISIL" in said.text


async def test_a_person_is_posted_to_and_read_back(slack: FakeSlack) -> None:
    person = f"{TENANT}:{slack.reader.id}"
    ts = await platform_at(slack).send(person, Message(title="Paused"), delivery_id="d1")
    assert await platform_at(slack).find(person, "d1", datetime.fromtimestamp(0, UTC)) == ts


async def test_a_check_of_a_channel_says_what_it_is_called_or_what_to_do(slack: FakeSlack) -> None:
    platform = platform_at(slack)
    assert isinstance(platform, ChecksChannels)
    assert await platform.check_channel(PLACE) == "#alerts"
    assert await platform.check_channel(f"{TENANT}:{slack.reader.id}") == "a direct message"
    with pytest.raises(ChannelGone, match="unarchive it"):
        await platform.check_channel(f"{TENANT}:{ARCHIVED}")
    with pytest.raises(ChannelGone, match="/invite"):
        await platform.check_channel(f"{TENANT}:{PRIVATE}")


# The whole house


@asynccontextmanager
async def house_at(slack: FakeSlack, folder: Path) -> AsyncIterator[House]:
    tokens = {"bot_token": "xoxb-token", "app_token": "xapp-token", "api_url": slack.api_url}
    async with open_house(quiet(folder, slack=tokens), feeds=()) as house:
        task = asyncio.create_task(house.run())
        try:
            await slack.socket.connected()
            yield house
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def followed(house: House) -> list[Subscription]:
    return await house.followed(TENANT)


async def test_an_archived_channel_pauses_and_its_subscriber_is_told_once(slack: FakeSlack, tmp_path: Path) -> None:
    async with house_at(slack, tmp_path) as house:
        await slack.slash('subscribe "oil"', channel=ALERTS)
        await slack.slash('subscribe "gas"', channel=ALERTS)
        slack.channels[ALERTS].archived = True
        await slack.tell({"type": "channel_archive", "channel": ALERTS, "user": "U1"})
        await until(lambda: bool(slack.posted))
        await slack.tell({"type": "channel_archive", "channel": ALERTS, "user": "U1"})
        assert all(each.paused.endswith("unarchive it, or choose another channel.") for each in await followed(house))
        tab = await slack.views.home()
        slack.channels[ALERTS].archived = False
        await slack.tell({"type": "channel_unarchive", "channel": ALERTS, "user": "U1"})
        while [each for each in await followed(house) if each.paused]:
            await asyncio.sleep(0.02)
    (told,) = slack.posted
    assert told.channel == slack._direct(slack.admin.id).id
    assert "Alerts in #alerts are paused" in text_of(told.body)
    assert "unarchive it" in text_of(told.body)
    assert "Feeds" in tab.text


async def test_nothing_of_a_workspace_is_left_after_it_removed_the_app(slack: FakeSlack, tmp_path: Path) -> None:
    async with house_at(slack, tmp_path) as house:
        await slack.slash('subscribe "oil" to #alerts', channel=GENERAL)
        slack.channels[ALERTS].archived = True
        await slack.tell({"type": "channel_archive", "channel": ALERTS, "user": "U1"})
        await until(lambda: bool(slack.posted))
        slack.removed = True
        await slack.tell({"type": "app_uninstalled"})
        while await followed(house):
            await asyncio.sleep(0.02)
        async with house.store.read() as tx:
            for table in tables.metadata.sorted_tables:
                if "tenant" in table.c:
                    rows = await tx.rows(select(table.c.tenant).where(table.c.tenant.startswith(TENANT)))
                    assert rows == [], table.name
