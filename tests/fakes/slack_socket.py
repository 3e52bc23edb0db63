"""The fake Slack's Socket Mode: envelopes, acknowledgements within three seconds, refreshed connections, redelivery."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from tests.fakes.slack_world import Payload

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

ACK = 3.0  # seconds for the acknowledgement of an envelope


class FakeSocketMode:
    """`opened` counts the connections, `acks` holds the seconds that each envelope waited for its acknowledgement."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.acks: dict[str, float] = {}
        self.opened = 0
        self.ready = asyncio.Event()
        self._unacknowledged: dict[str, tuple[float, Payload]] = {}
        self._sockets: list[web.WebSocketResponse] = []

    async def connected(self, seconds: float = 20) -> None:
        """Waits until a client is there."""
        await asyncio.wait_for(self.ready.wait(), seconds)

    async def acknowledged(self, seconds: float = 8) -> None:
        """Waits until every envelope is."""
        async with asyncio.timeout(seconds):
            while self._unacknowledged:
                await asyncio.sleep(0.01)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened += 1
        self._sockets.append(socket)
        hello = {"type": "hello", "num_connections": len(self._sockets), "connection_info": {"app_id": "A1"}}
        await socket.send_str(json.dumps(hello))
        self.ready.set()
        # What an earlier connection took without an acknowledgement is told again.
        for identity, (_, envelope) in list(self._unacknowledged.items()):
            self._unacknowledged[identity] = asyncio.get_running_loop().time(), envelope
            await socket.send_str(json.dumps(envelope | {"retry_attempt": 1, "retry_reason": "timeout"}))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                said = json.loads(message.data)
                identity = said.get("envelope_id", "")
                if identity in self.acks:
                    continue  # told again while its acknowledgement was on the way: acknowledged twice, as it may be
                if identity not in self._unacknowledged:
                    self.slack.invalid.append("an acknowledgement of no envelope")
                    continue
                began, envelope = self._unacknowledged.pop(identity)
                self.acks[identity] = asyncio.get_running_loop().time() - began
                if self.acks[identity] > ACK:
                    self.slack.invalid.append(f"an envelope was acknowledged after {self.acks[identity]:.1f} s")
                if answer := said.get("payload"):
                    await self.slack.views.acted(envelope["payload"], answer)
        if socket in self._sockets:
            self._sockets.remove(socket)
        return socket

    async def envelope(self, kind: str, payload: Payload) -> None:
        identity = f"envelope-{self.slack.next()}"
        envelope = {
            "envelope_id": identity,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **({"retry_attempt": 0, "retry_reason": ""} if kind == "events_api" else {}),
        }
        self._unacknowledged[identity] = asyncio.get_running_loop().time(), envelope
        if self._sockets:
            await self._sockets[-1].send_str(json.dumps(envelope))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Asks the client to open another connection, as Slack does every few hours."""
        self.ready.clear()
        for socket in list(self._sockets):
            await socket.send_str(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))

    async def close(self) -> None:
        self.ready.clear()
        for socket in list(self._sockets):
            await socket.close()
