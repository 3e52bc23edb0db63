"""The demo as a person sees it: the sample wire goes on, and a card of the web channel changes before their eyes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import launched, pages
from tests.fakes.air import PATIENCE, on_air

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_a_card_is_edited_live_as_its_story_goes_on(tmp_path: Path) -> None:
    async with (
        on_air(tmp_path, web={"enabled": True, "port": 0}) as (house, air),
        launched() as chromium,
        pages(chromium) as opener,
    ):
        await house.follow("Iraq", "web:general")
        page = await opener(house.front_door)
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        air.begin()
        first = page.locator(".alert").first
        await expect(first).to_be_visible(timeout=PATIENCE * 1000)
        edited = page.locator(".alert:has(.edited-at)").first
        await expect(edited).to_be_visible(timeout=PATIENCE * 1000)
        await expect(edited).to_contain_text(re.compile("[2-9] outlets, [1-9] origins?|Headline changed"))
