"""The fake Discord's gateway: HELLO, IDENTIFY, READY, heartbeats, RESUME with replay, zlib-stream."""

from __future__ import annotations

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.fakes.discord_world import APPLICATION, Payload

if TYPE_CHECKING:
    from tests.fakes.discord_server import FakeDiscord

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11


@dataclass
class Session:
    id: str
    resumable: bool = True
    events: list[Payload] = field(default_factory=list)
    """All that was dispatched, for those who resume; the sequence number is the place in it."""


class Line:
    """One websocket. The compression's context lasts as long as it does."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        compressed = request.query.get("compress") == "zlib-stream"
        self._deflate = zlib.compressobj() if compressed else None

    async def send(self, payload: Payload | str) -> None:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        if self._deflate is None:
            await self.socket.send_str(text)
            return
        await self.socket.send_bytes(self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH))


class FakeGateway:
    """`identifies` and `resumes` count what the client asked; set `refuse_token` or `refuse_intents` to close on it."""

    def __init__(self, discord: FakeDiscord) -> None:
        self.discord = discord
        self.identifies: list[Payload] = []
        self.resumes = 0
        self.closed_codes: list[int] = []
        self.refuse_token = False
        self.refuse_intents = False
        self.ready = asyncio.Event()
        self._session: Session | None = None
        self._line: Line | None = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=4096)  # Discord closes with 4002 above it
        await socket.prepare(request)
        line = Line(socket, request)
        await line.send({"op": HELLO, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            payload = json.loads(message.data)
            match payload["op"]:
                case 1:
                    await line.send({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
                case 2:
                    await self._identify(line, payload["d"])
                case 6:
                    await self._resume(line, payload["d"])
        if self._line is line:
            self._line = None
            self.ready.clear()
        return socket

    async def dispatch(self, name: str, data: Payload) -> None:
        """Sends an event; while nobody listens it waits for a RESUME."""
        assert self._session, "nobody has connected yet"
        event = {"op": DISPATCH, "t": name, "d": data, "s": len(self._session.events) + 1}
        self._session.events.append(event)
        if self._line:
            await self._line.send(event)

    async def connected(self, seconds: float = 20) -> None:
        """Waits until the client has heard READY or RESUMED."""
        await asyncio.wait_for(self.ready.wait(), seconds)

    # What goes wrong

    async def drop(self) -> None:
        """The connection breaks without a word."""
        line, self._line = self._line, None
        self.ready.clear()
        if line and line.request.transport:
            line.request.transport.abort()

    async def ask_to_reconnect(self) -> None:
        await self._tell({"op": RECONNECT, "d": None, "s": None, "t": None})

    async def invalidate(self, *, resumable: bool) -> None:
        if self._session:
            self._session.resumable = resumable
        await self._tell({"op": INVALID_SESSION, "d": resumable, "s": None, "t": None})

    async def shut(self, code: int) -> None:
        """Closes the connection with a code, such as 4000 or 4004."""
        line, self._line = self._line, None
        self.ready.clear()
        if line:
            await line.socket.close(code=code)

    async def close(self) -> None:
        await self.shut(1001)

    async def _tell(self, payload: Payload) -> None:
        line, self._line = self._line, None
        self.ready.clear()
        assert line, "nobody is connected"
        await line.send(payload)

    # The handshake

    async def _identify(self, line: Line, data: Payload) -> None:
        self.identifies.append(data)
        if self.refuse_token or data["token"] != self.discord.token:
            await line.socket.close(code=4004, message=b"Authentication failed.")
            return
        privileged = data["intents"] & (1 << 1 | 1 << 8 | 1 << 15)
        if self.refuse_intents or privileged:
            await line.socket.close(code=4014, message=b"Disallowed intent(s).")
            return
        self._session = Session(f"session-{len(self.identifies)}")
        self._line = line
        guild = self.discord.guild
        ready: dict[str, Any] = {
            "v": 10,
            "user": {**self.discord.bot.payload(), "mfa_enabled": False, "verified": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True}],
            "session_id": self._session.id,
            "resume_gateway_url": f"ws://127.0.0.1:{self.discord.port}/gw",
            "application": {"id": str(APPLICATION), "flags": 0},
            "session_type": "normal",
        }
        await self.dispatch("READY", ready)
        if data["intents"] & 1:
            await self.dispatch("GUILD_CREATE", guild.payload(self.discord.bot))
        self.ready.set()

    async def _resume(self, line: Line, data: Payload) -> None:
        self.resumes += 1
        session = self._session
        if session is None or session.id != data["session_id"] or not session.resumable:
            await line.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        self._line = line
        for event in session.events[data["seq"] :]:
            await line.send(event)
        await self.dispatch("RESUMED", {})
        self.ready.set()
