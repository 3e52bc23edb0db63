"""A Slack platform that is connected to the fake Slack, by either transport, while a test plays on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from bot.core.router import Router
from bot.platforms.slack import SlackPlatform
from bot.platforms.slack.door import PATH, Door
from bot.platforms.slack.install import Vault
from bot.platforms.web import WebPlatform
from tests.fakes.sample_commands import sample_router
from tests.fakes.slack_oauth import CLIENT_ID, CLIENT_SECRET
from tests.fakes.slack_server import FakeSlack
from tests.platforms.web.memory_chat import MemoryChat


class MemoryVault:
    """What the house keeps sealed, in the open."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def put(self, tenant: str, name: str, plain: str) -> None:
        self.kept[tenant, name] = plain

    async def get(self, tenant: str, name: str) -> str | None:
        return self.kept.get((tenant, name))

    async def tenants(self, name: str) -> list[str]:
        return sorted(tenant for tenant, known in self.kept if known == name)


def platform_for_many(slack: FakeSlack, vault: Vault, **options: Any) -> SlackPlatform:
    """One that any workspace can install."""
    return SlackPlatform(
        signing_secret=slack.http.secret,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        vault=vault,
        transport="http",
        api_url=slack.api_url,
        **options,
    )


def platform_at(slack: FakeSlack, **options: Any) -> SlackPlatform:
    if "vault" in options:
        return platform_for_many(slack, **options)
    options.setdefault("transport", "http" if slack.wire is slack.http else "socket")
    return SlackPlatform("xoxb-token", "xapp-token", slack.http.secret, api_url=slack.api_url, **options)


@asynccontextmanager
async def running(slack: FakeSlack, router: Router | None = None, **options: Any) -> AsyncIterator[SlackPlatform]:
    platform = platform_at(slack, **options)
    router = router or sample_router()[0]
    tasks = [asyncio.create_task(platform.run(router))]
    try:
        if platform.doors:
            await _served(slack, platform, router, tasks)
        else:
            await slack.socket.connected()
        yield platform
        await slack.wire.acknowledged()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _served(slack: FakeSlack, platform: SlackPlatform, router: Router, tasks: list[asyncio.Task[None]]) -> None:
    """The real web server, with the platform's door on its port."""

    async def health() -> dict[str, Any]:
        return {}

    web = WebPlatform(
        host="127.0.0.1",
        port=0,
        password="behind a login",
        chat=MemoryChat(lambda: datetime.now(UTC)),
        health=health,
        metrics=lambda: b"",
        clock=lambda: datetime.now(UTC),
        mounts=platform.doors,
    )
    tasks.append(asyncio.create_task(web.run(router)))
    await web.started.wait()
    slack.http.url, slack.oauth.url = f"{web.url}{PATH}", web.url
    door = platform.doors[PATH]
    assert isinstance(door, Door)
    async with asyncio.timeout(10):
        while door.app is None:
            await asyncio.sleep(0.01)
