"""The whole house in a real browser: subscribe by typing, hear an alert arrive live, mute its story."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.app import House, open_house
from bot.demo import Wire
from bot.platforms.web import WebPlatform
from tests.browser import NewPage, chromium, new_page
from tests.fakes.settings import ROOT, quiet

__all__ = ["chromium", "new_page"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The demo in the test's own loop: nothing is on the wire yet but its backlog."""
    begin = datetime.now(UTC) + timedelta(seconds=12)
    wire = Wire(ROOT / "config/demo", clock=lambda: datetime.now(UTC), t0=begin, pace=timedelta(seconds=0.3), port=0)
    await wire.start()
    async with open_house(
        quiet(tmp_path, feeds={"host_gap_seconds": 0}, web={"port": 0}),
        feeds=wire.feeds(),
        allowed=frozenset({wire.address}),
        interval=timedelta(seconds=1),
    ) as opened:
        running = asyncio.create_task(opened.run())
        web = opened.platforms["web"]
        assert isinstance(web, WebPlatform)
        await web.started.wait()
        yield opened
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    await wire.close()


@pytest.mark.browser
async def test_a_newcomer_subscribes_hears_an_alert_and_mutes_its_story(house: House, new_page: NewPage) -> None:
    page = await new_page(house.front_door)
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    line = page.get_by_role("combobox", name="Command")
    await line.press_sequentially("/subscribe Russia-Ir")
    await expect(page.get_by_role("option").filter(has_text="Russia-Iraq")).to_be_visible()
    await line.press("Tab")
    await expect(line).to_have_value("/subscribe Russia-Iran")
    await line.fill("/subscribe Russia-Iraq")
    await line.press("Escape")
    await line.press("Enter")
    answer = page.locator("#lines .whisper")
    await expect(answer).to_contain_text("Following Russia-Iraq in #general")
    await expect(answer).to_contain_text("Only you can see this")

    card = page.locator("li[data-kind=alert]").first
    await expect(card).to_contain_text("Russia-Iraq")
    await expect(card.locator("mark").first).to_be_visible()
    await card.get_by_role("button", name="Mute story").click()
    await expect(page.locator("#lines .whisper").filter(has_text="Muted:")).to_be_visible()


@pytest.mark.browser
async def test_a_card_goes_on_telling_its_story_while_one_looks_at_it(house: House, new_page: NewPage) -> None:
    page = await new_page(house.front_door)
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    line = page.get_by_role("combobox", name="Command")
    await line.fill("/subscribe Iraq")
    await line.press("Escape")
    await line.press("Enter")
    card = page.locator("li[data-kind=alert]").filter(has_text=re.compile(r"[2-9] outlets")).first
    await expect(card).to_contain_text("Last update")
    await expect(card).to_contain_text("Latest:")
    await expect(card.locator(".edited-at")).to_have_text("updated")
    await expect(card.locator("mark").first).to_be_visible()  # what made it ring is still quoted
    corrected = page.locator("li[data-kind=alert]").filter(has_text="Headline changed by Northern Wire").first
    await expect(corrected).to_contain_text("CORRECTED: Seven ISIL fighters killed")
    await expect(corrected).to_contain_text("it was “Nine ISIL fighters killed")
