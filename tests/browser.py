"""A headless Chromium of the system, for tests that drive the web channel.

`from tests.browser import chromium, new_page` brings the fixtures; each test that uses them is marked `browser`.
The asynchronous API is used, because the server under test lives in the test's own loop. A module with many such
tests makes module-wide fixtures of `launched` and `pages`, since a browser takes a second to start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=15_000)  # On a busy machine a browser takes its time.

NewPage = Callable[..., Awaitable[Page]]


def chromium_path() -> str | None:
    """The browser to drive: $CHROMIUM, or what the system has."""
    return os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """The browser; the test is skipped where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip(f"no Chromium here (looked for {', '.join(NAMES)} and at $CHROMIUM)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def pages(browser: Browser) -> AsyncIterator[NewPage]:
    """Opens pages, `phone=True` and `dark=True` as wished. An error on any of them fails the test at its end."""
    troubles: list[str] = []
    contexts: list[BrowserContext] = []

    async def new_page(url: str, *, phone: bool = False, dark: bool = False, **more: Any) -> Page:
        context = await browser.new_context(
            viewport={"width": 390, "height": 844} if phone else {"width": 1180, "height": 760},
            is_mobile=phone,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            **more,
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "console",
            # A refused request is reported by the browser too, and some tests provoke one.
            lambda said: (
                troubles.append(f"console: {said.text}")
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        await page.goto(url)
        return page

    yield new_page
    for context in contexts:
        await context.close()
    assert not troubles


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest.fixture
async def new_page(chromium: Browser) -> AsyncIterator[NewPage]:
    async with pages(chromium) as opener:
        yield opener
