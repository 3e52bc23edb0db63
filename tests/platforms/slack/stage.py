"""A Slack platform that is connected to the fake Slack while a test plays on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from bot.core.router import Router
from bot.platforms.slack import SlackPlatform
from tests.fakes.sample_commands import sample_router
from tests.fakes.slack_server import FakeSlack


def platform_at(slack: FakeSlack, **options: Any) -> SlackPlatform:
    return SlackPlatform("xoxb-token", "xapp-token", api_url=slack.api_url, **options)


@asynccontextmanager
async def running(slack: FakeSlack, router: Router | None = None, **options: Any) -> AsyncIterator[SlackPlatform]:
    platform = platform_at(slack, **options)
    task = asyncio.create_task(platform.run(router or sample_router()[0]))
    try:
        await slack.socket.connected()
        yield platform
        await slack.socket.acknowledged()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
