"""The web channel, really served on loopback, with a chat log in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from bot.core.model import Channel
from bot.platforms.web import WebPlatform
from tests.fakes.ports import Clock
from tests.platforms.web.memory_chat import Desk, MemoryChat, small_router


@dataclass
class Web:
    """A running web channel. `http` is a client that keeps cookies and has its base at the page."""

    platform: WebPlatform
    chat: MemoryChat
    desk: Desk
    http: ClientSession
    running: asyncio.Task[None]

    async def get(self, path: str, **more: Any) -> Any:
        async with self.http.get(path, **more) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def say(self, text: str, channel: str = "general", **more: Any) -> Any:
        async with self.http.post(f"/api/channels/{channel}/commands", json={"text": text, **more}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


Serve = Callable[..., AbstractAsyncContextManager[Web]]


@pytest.fixture
def chat(clock: Clock) -> MemoryChat:
    filled = MemoryChat(clock)
    filled.places = [Channel("web:general", "web", "general"), Channel("web:alerts", "web", "alerts")]
    return filled


def platform(chat: MemoryChat, clock: Clock, **more: Any) -> WebPlatform:
    async def health() -> dict[str, Any]:
        return {"status": "ok", "feeds": 40}

    given = {"host": "127.0.0.1", "port": 0, "password": None, **more}
    return WebPlatform(
        **{"chat": chat, "health": health, "metrics": lambda: b"newsbell_polls_total 7.0\n", "clock": clock, **given}
    )


@pytest.fixture
def serve(chat: MemoryChat, clock: Clock) -> Serve:
    """`async with serve(password=...) as web`: the constructor's arguments, where they matter."""

    @asynccontextmanager
    async def serving(**more: Any) -> AsyncIterator[Web]:
        desk = Desk()
        served = platform(**{"chat": chat, "clock": clock, **more})
        running = asyncio.create_task(served.run(small_router(desk)))
        waiting = asyncio.create_task(served.started.wait())
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            waiting.cancel()
            running.result()
        async with ClientSession(served.url, cookie_jar=CookieJar(unsafe=True)) as http:
            yield Web(served, chat, desk, http, running)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    return serving


@pytest.fixture
async def web(serve: Serve) -> AsyncIterator[Web]:
    async with serve() as served:
        yield served
