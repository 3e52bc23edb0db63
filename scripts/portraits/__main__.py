"""Pictures for the README of what the platforms would draw: `python -m scripts.portraits`, from the project's folder.

A house on the sample wire sends to servers that speak Discord's and Slack's protocols; what they were sent is drawn in
the manner of the two, without a font or a picture from elsewhere. Needs a Chromium, as scripts/screenshot.py does.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot import logs
from bot.commands.subscriptions import subscribe
from scripts.portraits import discord, slack
from scripts.portraits.sitting import TYPED, sit
from scripts.screenshot import ARGUMENTS, chromium

DOCS = Path(__file__).parents[2] / "docs"


def main() -> None:
    browser_path = chromium()
    logs.configure("error", "text")
    with tempfile.TemporaryDirectory() as folder:
        sitting = asyncio.run(sit(Path(folder)))
    topic = subscribe.options[0]
    pages = {
        "discord": (860, discord.page(sitting.discord, subscribe.name, topic, TYPED, sitting.offers)),
        "slack": (1320, slack.page(sitting.slack, sitting.home)),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        for name, (width, html) in pages.items():
            page = browser.new_page(viewport={"width": width, "height": 200}, device_scale_factor=2)
            page.set_content(html)
            page.screenshot(path=DOCS / f"{name}.png", full_page=True)
            print(DOCS / f"{name}.png", file=sys.stderr)
        browser.close()


if __name__ == "__main__":
    main()
