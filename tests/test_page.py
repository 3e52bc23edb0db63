"""The whole house in a real browser: subscribe by typing, hear an alert arrive live, mute its story."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import NewPage, chromium, new_page
from tests.fakes.air import Air, on_air

__all__ = ["chromium", "new_page"]


@dataclass(frozen=True)
class Scene:
    """A front door, and the wire behind it, on which nothing is but its backlog."""

    door: str
    air: Air


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with on_air(tmp_path, web={"port": 0}) as (house, air):
        yield Scene(house.front_door, air)


@pytest.mark.browser
async def test_a_newcomer_subscribes_hears_an_alert_and_mutes_its_story(scene: Scene, new_page: NewPage) -> None:
    page = await new_page(scene.door)
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
    scene.air.begin()

    card = page.locator("li[data-kind=alert]").first
    await expect(card).to_contain_text("Russia-Iraq")
    await expect(card.locator("mark").first).to_be_visible()
    await card.get_by_role("button", name="Mute story").click()
    await expect(page.locator("#lines .whisper").filter(has_text="Muted:")).to_be_visible()


@pytest.mark.browser
async def test_a_card_goes_on_telling_its_story_while_one_looks_at_it(scene: Scene, new_page: NewPage) -> None:
    page = await new_page(scene.door)
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    line = page.get_by_role("combobox", name="Command")
    await line.fill("/subscribe Iraq")
    await line.press("Escape")
    await line.press("Enter")
    await expect(page.locator("#lines .whisper")).to_contain_text("Following Iraq in #general")
    scene.air.begin()
    card = page.locator("li[data-kind=alert]").filter(has_text=re.compile(r"[2-9] outlets")).first
    await expect(card).to_contain_text("Last update")
    await expect(card).to_contain_text("Latest:")
    await expect(card.locator(".edited-at")).to_have_text("updated")
    await expect(card.locator("mark").first).to_be_visible()  # what made it ring is still quoted
    corrected = page.locator("li[data-kind=alert]").filter(has_text="Headline changed by Northern Wire").first
    await expect(corrected).to_contain_text("CORRECTED: Seven ISIL fighters killed")
    await expect(corrected).to_contain_text("it was “Nine ISIL fighters killed")
