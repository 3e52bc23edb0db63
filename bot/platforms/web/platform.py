"""The web channel as a platform: it serves the pages and the API, and an alert sent is a message in the log."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from bot import __version__
from bot.core.errors import ChannelGone, Rejected, SettingsError
from bot.core.message import Message
from bot.core.model import Channel
from bot.core.router import Router
from bot.platforms.web.api import Room, api, operations
from bot.platforms.web.chat import TENANT, ChatLog
from bot.platforms.web.events import Wire
from bot.platforms.web.gate import Gate, Names
from bot.platforms.web.login import Doorkeeper
from bot.platforms.web.pages import furnish, pages

log = structlog.get_logger(__name__)

GRACE = 2
"""Seconds that requests in flight get to end when the program stops."""

ABOUT = """
The web channel's own page uses nothing else. Say commands, read what rang, and listen to what comes.

Errors are `{"error": "one sentence"}`. From a script: `curl -H "Authorization: Bearer $PASSWORD"` where a password
is set, and nothing where there is none.
"""


class WebPlatform:
    """Channels that live in our own store, shown by a page on this machine.

    On loopback it is open. Anywhere else people log in: by the password, or, where none is set, by the link that
    `front_door` gives, which works once. `hosts` are more names that the page may be called by (behind a proxy).
    `mounts` are other platforms' applications by their exact path, which know their callers themselves.
    `port` 0 takes any free one. `started` is set as soon as connections are accepted.
    """

    name = "web"
    whispers = False
    dedupes_for = timedelta.max
    """A delivery id is unique in the archive of the page."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        password: str | None,
        chat: ChatLog,
        health: Callable[[], Awaitable[Mapping[str, Any]]],
        metrics: Callable[[], bytes],
        clock: Callable[[], datetime],
        hosts: tuple[str, ...] = (),
        mounts: Mapping[str, ASGIApp] = {},
    ) -> None:
        self._host = host.strip("[]")
        self._port = port
        self._chat = chat
        self._health = health
        self._metrics = metrics
        self._clock = clock
        self._mounts = mounts
        self._names = Names.of(self._host, hosts)
        self._door = Doorkeeper(password or None, clock)
        self._wire = Wire()
        self.started = asyncio.Event()

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page; the real port once it is started."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self._port}"

    @property
    def front_door(self) -> str:
        """The address to print at the start: with the one-time key where that is the only way in.

        The key is in the fragment, which no server, proxy or log ever sees. Print this, and never log it.
        """
        only_by_key = self._names.need_login and self._door.password is None
        return f"{self.url}/#key={self._door.key}" if only_by_key and self._door.key else f"{self.url}/"

    def app(self, router: Router) -> ASGIApp:
        """The whole of it as an ASGI application."""
        inside = FastAPI(
            title="Newsbell",
            summary="News that rings the right channel.",
            description=ABOUT.strip(),
            version=__version__,
            docs_url=None,
            redoc_url=None,
        )
        gate = Gate(inside, self._names, self._door, self._mounts)
        inside.include_router(api(Room(self._chat, self._wire, router, self._clock, gate.locked)))
        inside.include_router(operations(self._health, self._metrics))
        inside.include_router(pages(self._door, self._wire))
        furnish(inside)
        return gate

    async def check(self) -> str:
        """Where it is served; nothing is opened, for the bot itself may be serving there now."""
        return f"served at {self.url}{', behind a login' if self._names.need_login else ''}"

    async def run(self, router: Router) -> None:
        """Serve until cancelled. Raises SettingsError where the address cannot be had."""
        listening = self._listen()
        try:
            if not await self._chat.channels():
                await self._chat.add_channel(Channel(f"{self.name}:general", TENANT, "general"))
            await self._serve(router, listening)
        finally:
            listening.close()

    async def _serve(self, router: Router, listening: socket.socket) -> None:
        config = uvicorn.Config(
            self.app(router),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
        server = _Server(config)
        self._wire.closed = False
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="web channel")
        self.started.set()
        log.info("web channel is listening", address=self.url)
        try:
            await asyncio.shield(serving)
        finally:
            # The streams never end by themselves, and the server waits for what is open: so they are ended first.
            self._wire.close()
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await serving

    def _listen(self) -> socket.socket:
        """Bound here and not by the server, so that a taken port is told in words."""
        setting = "NEWSBELL_WEB__PORT"
        try:
            family, kind, proto, _, address = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except socket.gaierror as error:
            raise SettingsError(f"NEWSBELL_WEB__HOST: {self._host!r} is no address of this machine.") from error
        listening = socket.socket(family, kind, proto)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(256)
        except OSError as error:
            listening.close()
            why = {
                errno.EADDRINUSE: f"port {self._port} is taken by another program; choose another one.",
                errno.EACCES: f"port {self._port} is not allowed for this user; choose one above 1023.",
                errno.EADDRNOTAVAIL: f"{self._host} is no address of this machine.",
            }.get(error.errno or 0, f"cannot listen on {self._host}:{self._port}: {error.strerror}.")
            if error.errno == errno.EADDRNOTAVAIL:
                setting = "NEWSBELL_WEB__HOST"
            raise SettingsError(f"{setting}: {why}") from error
        listening.setblocking(False)
        self._port = listening.getsockname()[1]
        return listening

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        """Post into the log, once per delivery id, and wake the open pages."""
        try:
            posted = await self._chat.post(channel, message, delivery_id=delivery_id)
        except KeyError as error:
            raise _gone(channel) from error
        self._wire.ring()
        return str(posted)

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """Change a message in the log; the open pages redraw it."""
        await self._must_exist(channel)
        if not remote_id.isdecimal():
            raise Rejected(f"{remote_id!r} is no message of the web channel.")
        try:
            await self._chat.edit(int(remote_id), message)
        except KeyError as error:
            raise Rejected(f"Message {remote_id} is no longer in {channel}.") from error
        self._wire.ring()

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        """The log knows every delivery id that it holds, so `since` is not needed."""
        await self._must_exist(channel)
        found = await self._chat.find(channel, delivery_id)
        return None if found is None else str(found)

    async def _must_exist(self, channel: str) -> None:
        if all(each.id != channel for each in await self._chat.channels()):
            raise _gone(channel)


def _gone(channel: str) -> ChannelGone:
    return ChannelGone(f"The channel {channel} was deleted on the web page; make it again there, or unsubscribe.")


class _Server(uvicorn.Server):
    """Leaves the signals to the program: it stops everything in its own order."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


connect = WebPlatform
