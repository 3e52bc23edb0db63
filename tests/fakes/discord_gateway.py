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
    shard: int = 0
    resumable: bool = True
    events: list[Payload] = field(default_factory=list)
    """All that was dispatched, for those who resume; the sequence number is the place in it."""
    line: Line | None = None


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
    """`identifies` and `resumes` count what the client asked; set `refuse_token` or `refuse_intents` to close on it.

    `shards` connections are asked for; a server is on the one that its id falls on, and so are all faults.
    `starts_left` is the day's rest of session starts.
    """

    def __init__(self, discord: FakeDiscord) -> None:
        self.discord = discord
        self.identifies: list[Payload] = []
        self.resumes = 0
        self.closed_codes: list[int] = []
        self.refuse_token = False
        self.refuse_intents = False
        self.shards = 1
        self.starts_left = 1000
        self.reset_after = 14_400_000
        self.ready = asyncio.Event()
        self._sessions: dict[int, Session] = {}

    @property
    def home(self) -> int:
        """The shard of our server."""
        return (self.discord.guild.id >> 22) % self.shards

    def bot_info(self) -> Payload:
        """The answer to GET /gateway/bot."""
        limit = {"total": 1000, "remaining": self.starts_left, "reset_after": self.reset_after, "max_concurrency": 1}
        return {"url": f"ws://127.0.0.1:{self.discord.port}/gw", "shards": self.shards, "session_start_limit": limit}

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
        for session in self._sessions.values():
            if session.line is line:
                session.line = None
                self.ready.clear()
        return socket

    async def dispatch(self, name: str, data: Payload) -> None:
        """Sends an event; while nobody listens it waits for a RESUME."""
        session = self._sessions.get(self.home if "guild_id" in data or name.startswith("GUILD") else 0)
        assert session, "nobody has connected yet"
        await self._say(session, name, data)

    async def _say(self, session: Session, name: str, data: Payload) -> None:
        event = {"op": DISPATCH, "t": name, "d": data, "s": len(session.events) + 1}
        session.events.append(event)
        if session.line:
            await session.line.send(event)

    async def connected(self, seconds: float = 20) -> None:
        """Waits until the client has heard READY or RESUMED."""
        await asyncio.wait_for(self.ready.wait(), seconds)

    # What goes wrong

    async def drop(self) -> None:
        """The connection breaks without a word."""
        line = self._hang_up()
        if line and line.request.transport:
            line.request.transport.abort()

    async def ask_to_reconnect(self) -> None:
        await self._tell({"op": RECONNECT, "d": None, "s": None, "t": None})

    async def invalidate(self, *, resumable: bool) -> None:
        if session := self._sessions.get(self.home):
            session.resumable = resumable
        await self._tell({"op": INVALID_SESSION, "d": resumable, "s": None, "t": None})

    async def shut(self, code: int) -> None:
        """Closes the connection with a code, such as 4000 or 4004."""
        line = self._hang_up()
        if line:
            await line.socket.close(code=code)

    async def close(self) -> None:
        await self.shut(1001)

    async def _tell(self, payload: Payload) -> None:
        line = self._hang_up()
        assert line, "nobody is connected"
        await line.send(payload)

    def _hang_up(self) -> Line | None:
        session = self._sessions.get(self.home)
        line = session.line if session else None
        if session:
            session.line = None
        self.ready.clear()
        return line

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
        self.starts_left -= 1
        shard, of = data.get("shard") or (0, 1)
        assert of == self.shards, "as many shards as were asked for"
        session = self._sessions[shard] = Session(f"session-{len(self.identifies)}", shard, line=line)
        guild = self.discord.guild
        ready: dict[str, Any] = {
            "v": 10,
            "user": {**self.discord.bot.payload(), "mfa_enabled": False, "verified": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True}] if shard == self.home else [],
            "session_id": session.id,
            "resume_gateway_url": f"ws://127.0.0.1:{self.discord.port}/gw",
            "application": {"id": str(APPLICATION), "flags": 0},
            "session_type": "normal",
            "shard": [shard, of],
        }
        await self._say(session, "READY", ready)
        if data["intents"] & 1 and shard == self.home:
            await self._say(session, "GUILD_CREATE", guild.payload(self.discord.bot))
        if all(number in self._sessions for number in range(self.shards)):
            self.ready.set()

    async def _resume(self, line: Line, data: Payload) -> None:
        self.resumes += 1
        session = next((each for each in self._sessions.values() if each.id == data["session_id"]), None)
        if session is None or not session.resumable:
            await line.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        session.line = line
        for event in session.events[data["seq"] :]:
            await line.send(event)
        await self._say(session, "RESUMED", {})
        self.ready.set()
