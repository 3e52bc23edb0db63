"""What is opened is wired, the pack is the file's, and a platform that falls gets up again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.app import open_house
from bot.core.errors import SettingsError
from bot.core.model import EVERYONE
from bot.core.pack import PackFeed
from bot.core.router import Router
from bot.house import keep_running
from bot.settings import Settings
from tests.fakes.ports import FakePlatform
from tests.fakes.settings import quiet

BBC = PackFeed("https://bbc.example/rss", "BBC World", "BBC")
DW = PackFeed("https://dw.example/rss", "DW", "Deutsche Welle")


async def titles(settings: Settings, *feeds: PackFeed) -> set[str]:
    async with open_house(settings, feeds=feeds) as house, house.store.read() as tx:
        return {feed.title for feed in await tx.feeds.visible(EVERYONE)}


async def test_a_feed_that_leaves_the_pack_leaves_the_house_and_one_of_the_operator_stays(tmp_path: Path) -> None:
    settings = quiet(tmp_path)
    assert await titles(settings, BBC, DW) == {"BBC World", "DW"}
    async with open_house(settings, feeds=(BBC, DW)) as house, house.store.begin() as tx:
        await tx.feeds.add("https://own.example", tenant=EVERYONE, added_by="operator", title="Own", now=await tx.now())
    assert await titles(settings, BBC) == {"BBC World", "Own"}
    assert await titles(settings, BBC, DW) == {"BBC World", "DW", "Own"}


async def test_first_looks_at_a_pack_are_spread(tmp_path: Path) -> None:
    feeds = [PackFeed(f"https://{n}.example/rss", f"Feed {n}", f"Feed {n}") for n in range(50)]
    async with open_house(quiet(tmp_path), feeds=feeds) as house, house.store.read() as tx:
        due = sorted(feed.next_check_at for feed in await tx.feeds.visible(EVERYONE) if feed.next_check_at)
    assert 8 < (due[-1] - due[0]).total_seconds() < 12


async def test_platforms_are_on_as_soon_as_their_token_is_set(tmp_path: Path) -> None:
    settings = quiet(tmp_path)
    async with open_house(settings, feeds=()) as house:
        assert set(house.platforms) == set()
        assert (await house.health())["status"] == "ok"
    more = Settings.model_validate(
        {**settings.model_dump(), "discord": {"token": "x"}, "slack": {"bot_token": "xoxb-x"}, "web": {"port": 0}}
    )
    async with open_house(more, feeds=()) as house:
        assert set(house.platforms) == {"discord", "slack", "web"}


async def test_a_model_without_a_name_is_a_setting_to_mend(tmp_path: Path) -> None:
    settings = quiet(tmp_path, llm={"base_url": "http://127.0.0.1:1/v1"})
    with pytest.raises(SettingsError, match=r"llm\.model"):
        async with open_house(settings, feeds=()):
            pass


class Clumsy(FakePlatform):
    """Falls over twice, then runs."""

    falls = 0
    up = False

    async def run(self, router: Router) -> None:
        if self.falls < 2:
            self.falls += 1
            raise ConnectionError
        self.up = True


async def test_a_platform_that_falls_over_is_started_again() -> None:
    platform = Clumsy()
    await asyncio.wait_for(keep_running(platform, Router((), None), least=0.01), 10)
    assert platform.up


async def test_a_platform_with_a_wrong_token_ends_the_program_with_the_reason() -> None:
    class Refused(FakePlatform):
        async def run(self, router: Router) -> None:
            raise SettingsError("The token is wrong.")

    with pytest.raises(SettingsError, match="The token is wrong"):
        await keep_running(Refused(), Router((), None))
