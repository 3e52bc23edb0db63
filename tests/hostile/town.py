"""A town of hostile servers in a process of its own, so that what they cost is not taken for the bot's."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from tests.fakes.newsstand import Talk, wire
from tests.sources.hostile_bodies import CORPUS
from tests.sources.hostile_wires import WIRES

BODIES = [
    (name, body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body) for name, body in CORPUS.items()
]


def honest(name: str, *numbers: int) -> bytes:
    items = "".join(
        f"<item><title>News {n} of {name}</title><guid>{name}/{n}</guid><link>https://x.example/{name}/{n}</link></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


def serve(told: Any, state: Any) -> None:
    """The town, in a process of its own: an address for each body, a port for each wire, and an honest feed.

    `state` is whether they are hostile now, and how many items they have while they are honest.
    """

    async def run() -> None:
        asked = 0

        async def page(request: web.Request) -> web.Response:
            nonlocal asked
            if request.path == "/honest":
                asked += 1
                return web.Response(body=honest("honest", *range(asked + 2, max(asked - 38, 0), -1)))
            name, body = BODIES[int(request.path[1:])]
            return web.Response(body=body if state[0] else honest(name, *range(state[1], 0, -1)))

        def sometimes(name: str, talk: Talk) -> Talk:
            async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if state[0]:
                    await talk(reader, writer)
                    return
                body = honest(name, *range(state[1], 0, -1))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nConnection: close\r\n")
                writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()

            return speak

        app = web.Application()
        app.router.add_get("/{name}", page)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        async with AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(wire(sometimes(*each))) for each in WIRES.items()]
            told.send((runner.addresses[0][1], wires))
            await asyncio.Event().wait()

    asyncio.run(run())
