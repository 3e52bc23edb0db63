"""A loopback server for tests: it answers as it is told and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CONTACT = "https://newsbell.example/about"

RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Example World</title><link>https://news.example/</link><language>en</language>
<item><title>Parliament in Baghdad passes the budget</title><link>https://news.example/1</link><guid>one</guid>
<description>The vote ended weeks of delay.</description><pubDate>Thu, 26 Nov 2026 09:00:00 GMT</pubDate></item>
<item><title>Floods close roads in the south</title><link>https://news.example/2</link><guid>two</guid></item>
</channel></rss>"""


@dataclass(frozen=True)
class Reply:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: tuple[tuple[bytes, bytes], ...]

    def values(self, name: str) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name.lower().encode()]


class Newsstand:
    def __init__(self) -> None:
        self.port = 0
        self.asked: list[Asked] = []
        self._replies: dict[str, list[Reply]] = {}

    @property
    def at(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def url(self, path: str = "/feed") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def on(self, path: str, *replies: Reply) -> str:
        """Answer these in turn, the last one for ever. The URL comes back."""
        self._replies[path] = list(replies)
        return self.url(path)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(Asked(request.method, request.path_qs, tuple(request.raw_headers)))
        replies = self._replies.get(request.path_qs) or self._replies.get(request.path)
        if not replies:
            return web.Response(status=404)
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return web.Response(body=reply.body, status=reply.status, headers=dict(reply.headers))


@asynccontextmanager
async def newsstand() -> AsyncIterator[Newsstand]:
    stand = Newsstand()
    runner = web.AppRunner(_app(stand), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand.port = runner.addresses[0][1]
    try:
        yield stand
    finally:
        await runner.cleanup()


def _app(stand: Newsstand) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", stand.handle)
    return app


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def wire(talk: Talk, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A server that speaks raw bytes once the request's head is read; its port comes out."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
