"""A Discord of its own for every test that asks for one, and a platform that posts to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.platforms.discord import DiscordPlatform
from tests.fakes.discord_server import FakeDiscord


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    """As it closes, it fails a test that asked it for something invalid."""
    async with FakeDiscord() as server:
        yield server


@pytest.fixture
async def posting(discord: FakeDiscord) -> AsyncIterator[DiscordPlatform]:
    """A platform that posts without a gateway, as a worker does."""
    platform = DiscordPlatform("token", **discord.addresses)
    yield platform
    await platform.close()
