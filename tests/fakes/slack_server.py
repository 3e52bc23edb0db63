"""A Slack on loopback that speaks the real wire protocol; unmodified slack-bolt and slack_sdk connect to it.

    async with FakeSlack() as slack:
        platform = SlackPlatform("xoxb-token", "xapp-token", api_url=slack.api_url)
        ...
        answer = await slack.slash("subscribe ISIL")
        slack.fail("drop after")             # the next post is made, and the connection cut before the answer
        slack.posted                         # the log: loss and doubling are counted here

The Web API takes form, JSON and query arguments and checks tokens and scopes; Socket Mode sends envelopes and wants
each acknowledged within three seconds; an address for answers takes five of them. `invalid` must be empty at the end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.slack_world import (
    ALERTS,
    ARCHIVED,
    BOT,
    DIRECT,
    GENERAL,
    OPEN,
    PRIVATE,
    SCOPES,
    TEAM,
    Channel,
    Payload,
    SlackError,
    User,
    block_faults,
    buttons_of,
    schema_faults,
    text_of,
)

PATIENCE = 8.0  # seconds until a test gives up waiting for an answer
ACK = 3.0  # seconds for the acknowledgement of an envelope

NEEDS = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "conversations.info": "channels:read",
    "conversations.join": "channels:join",
    "users.info": "users:read",
    "users.conversations": "channels:read",
}


@dataclass
class Posted:
    """One message that really came to be. `delivery_id` is from its metadata."""

    ts: str
    channel: str
    delivery_id: str | None
    body: Payload


@dataclass
class Answer:
    """What a person sees: an answer to one event."""

    message: Payload
    private: bool
    replaced: bool = False

    @property
    def text(self) -> str:
        return text_of(self.message)

    @property
    def buttons(self) -> dict[str, Payload]:
        return buttons_of(self.message)


@dataclass
class Fault:
    kind: str
    seconds: float


@dataclass
class Address:
    """A response_url: five answers in thirty minutes."""

    uses: int = 0
    answers: asyncio.Queue[Answer] = field(default_factory=asyncio.Queue)


class FakeSlack:
    def __init__(
        self,
        *,
        bot_token: str = "xoxb-token",
        app_token: str = "xapp-token",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.bot_token, self.app_token, self.clock = bot_token, app_token, clock
        self.scopes = set(SCOPES)
        self.admin, self.reader = User("U0ADMIN", "mia", admin=True), User("U0READER", "rob")
        self.guest = User("U0GUEST", "gus", guest=True)
        self.users = {user.id: user for user in (self.admin, self.reader, self.guest)}
        everyone = {BOT, *self.users}
        self.channels = {
            each.id: each
            for each in (
                Channel(GENERAL, "general", members=set(everyone)),
                Channel(ALERTS, "alerts", members=everyone - {self.guest.id}),
                Channel(PRIVATE, "private", private=True, members={self.admin.id}),
                Channel(ARCHIVED, "old", archived=True, members=set(everyone)),
                Channel(OPEN, "open", members=set(self.users)),
                Channel(DIRECT, "directmessage", private=True, members={BOT, self.admin.id}),
            )
        }
        self.posted: list[Posted] = []
        self.edits: list[Payload] = []
        self.ephemerals: asyncio.Queue[Answer] = asyncio.Queue()
        self.calls: list[tuple[str, Payload]] = []
        self.invalid: list[str] = []
        self.acks: dict[str, float] = {}
        self.history_page = 15
        self.sockets_opened = 0
        self.connected_event = asyncio.Event()
        self._faults: list[Fault] = []
        self._addresses: dict[str, Address] = {}
        self._unacknowledged: dict[str, tuple[float, Payload]] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._counter = 0
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> FakeSlack:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve)
        app.router.add_get("/link", self._socket)
        app.router.add_post("/answers/{address}", self._answered)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self._sockets:
            await socket.close()
        if self._runner:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def fail(self, kind: str, times: int = 1, seconds: float = 30) -> None:
        """The next posts or edits go wrong.

        "429", "500", "500 after" (acting), "drop", "drop after", "page" (HTML), "slow" (acts after `seconds`),
        "invalid_blocks picture" (only while there is one), or any error of Slack's by its name.
        """
        self._faults += [Fault(kind, seconds)] * times

    async def connected(self) -> None:
        await asyncio.wait_for(self.connected_event.wait(), 20)

    # What people do

    async def slash(
        self, text: str, *, user: User | None = None, channel: str = GENERAL, command: str = "/news"
    ) -> Answer:
        """Types the slash command; the first answer comes back."""
        user = user or self.admin
        place = self.channels.get(channel)
        name = place.name if place and (not place.private or channel == DIRECT) else "privategroup"
        key, url = self._address()
        await self._envelope(
            "slash_commands",
            {
                "command": command,
                "text": text,
                "team_id": TEAM,
                "team_domain": "newsroom",
                "channel_id": channel,
                "channel_name": name,
                "user_id": user.id,
                "user_name": user.name,
                "response_url": url,
                "trigger_id": f"{self._next()}.1.abc",
                "api_app_id": "A1",
                "is_enterprise_install": "false",
            },
        )
        return await self._answer_at(key)

    async def press(
        self, message: Payload, label: str, *, user: User | None = None, channel: str = GENERAL, private: bool = False
    ) -> Answer:
        """Presses a button of a posted message, or of an answer where `private`."""
        user = user or self.admin
        key, url = self._address()
        action = {**buttons_of(message)[label], "action_ts": self._ts(), "block_id": "b"}
        await self._envelope(
            "interactive",
            {
                "type": "block_actions",
                "team": {"id": TEAM, "domain": "newsroom"},
                "user": {"id": user.id, "username": user.name, "team_id": TEAM},
                "channel": {"id": channel, "name": self.channels[channel].name},
                "container": {"type": "message", "channel_id": channel, "is_ephemeral": private, "message_ts": "1.1"},
                "actions": [action],
                "api_app_id": "A1",
                "trigger_id": f"{self._next()}.1.abc",
                "response_url": url,
                **({} if private else {"message": message}),
            },
        )
        return await self._answer_at(key)

    async def mention(
        self, text: str, *, user: User | None = None, channel: str = GENERAL, event_id: str = "", thread: str = ""
    ) -> None:
        """Writes to the bot in a channel. Its answer is the next of `ephemerals` or of `posted`."""
        event = {
            "type": "app_mention",
            "user": (user or self.admin).id,
            "text": f"<@{BOT}> {text}",
            "ts": self._ts(),
            "channel": channel,
            "team": TEAM,
            **({"thread_ts": thread} if thread else {}),
        }
        body = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A1",
            "event": event,
            "event_id": event_id or f"Ev{self._next()}",
            "event_time": 1,
            "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True, "is_enterprise_install": False}],
        }
        await self._envelope("events_api", body)

    async def ephemeral(self) -> Answer:
        return await asyncio.wait_for(self.ephemerals.get(), PATIENCE)

    async def acknowledged(self) -> None:
        """Waits until every envelope is; notes those that took more than three seconds."""
        async with asyncio.timeout(PATIENCE):
            while self._unacknowledged:
                await asyncio.sleep(0.01)

    def _address(self) -> tuple[str, str]:
        key = f"a{self._next()}"
        self._addresses[key] = Address()
        return key, f"http://127.0.0.1:{self.port}/answers/{key}"

    async def _answer_at(self, key: str) -> Answer:
        return await asyncio.wait_for(self._addresses[key].answers.get(), PATIENCE)

    async def _answered(self, request: web.Request) -> web.Response:
        address = self._addresses[request.match_info["address"]]
        body = await request.json()
        address.uses += 1
        if address.uses > 5:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        if faults := self._faults_of(body.get("blocks") or []):
            self.invalid += faults
            return web.Response(status=400, text="invalid_blocks")
        private = body.get("response_type", "ephemeral") == "ephemeral"
        address.answers.put_nowait(Answer(body, private, bool(body.get("replace_original"))))
        return web.Response(text="ok")

    # Socket Mode

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets_opened += 1
        self._sockets.append(socket)
        hello = {"type": "hello", "num_connections": len(self._sockets), "connection_info": {"app_id": "A1"}}
        await socket.send_str(json.dumps(hello))
        self.connected_event.set()
        # What an earlier connection took without an acknowledgement is told again.
        for identity, (_, envelope) in list(self._unacknowledged.items()):
            self._unacknowledged[identity] = asyncio.get_running_loop().time(), envelope
            await socket.send_str(json.dumps(envelope | {"retry_attempt": 1, "retry_reason": "timeout"}))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                identity = json.loads(message.data).get("envelope_id", "")
                began, _ = self._unacknowledged.pop(identity, (0.0, {}))
                self.acks[identity] = asyncio.get_running_loop().time() - began
                if self.acks[identity] > ACK:
                    self.invalid.append(f"an envelope was acknowledged after {self.acks[identity]:.1f} s")
        if socket in self._sockets:
            self._sockets.remove(socket)
        return socket

    async def _envelope(self, kind: str, payload: Payload) -> None:
        identity = f"envelope-{self._next()}"
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
        self.connected_event.clear()
        for socket in list(self._sockets):
            await socket.send_str(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))

    # The Web API

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments: Payload = dict(request.query)
        if request.content_type == "application/json":
            arguments |= await request.json()
        else:
            arguments |= dict(await request.post())
        self.calls.append((method, arguments))
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or arguments.get("token", "")
        try:
            if handler is None:
                self.invalid.append(f"{method} is not played by the fake")
                raise SlackError("unknown_method")
            wanted = self.app_token if method == "apps.connections.open" else self.bot_token
            if token != wanted:
                raise SlackError("invalid_auth")
            if (scope := NEEDS.get(method)) and scope not in self.scopes:
                raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))
            result = await handler(request, arguments)
        except SlackError as error:
            return web.json_response(error.body, status=error.status, headers=error.headers)
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response({"ok": True, **result}, headers={"X-OAuth-Scopes": ",".join(sorted(self.scopes))})

    async def _auth_test(self, _request: web.Request, _arguments: Payload) -> Payload:
        return {"team": "Newsroom", "team_id": TEAM, "user": "newsbell", "user_id": BOT, "bot_id": "B1", "url": "x"}

    async def _apps_connections_open(self, _request: web.Request, _arguments: Payload) -> Payload:
        return {"url": f"ws://127.0.0.1:{self.port}/link?ticket={self._next()}"}

    async def _users_info(self, _request: web.Request, arguments: Payload) -> Payload:
        if arguments["user"] not in self.users:
            raise SlackError("user_not_found")
        return {"user": self.users[arguments["user"]].payload()}

    async def _users_conversations(self, _request: web.Request, arguments: Payload) -> Payload:
        kinds = arguments["types"].split(",")
        chosen = [
            {"id": each.id, "name": each.name, "is_private": each.private}
            for each in self.channels.values()
            if arguments["user"] in each.members
            and not each.archived
            and ("private_channel" if each.private else "public_channel") in kinds
            and (not each.private or BOT in each.members)
            and each.id != DIRECT
        ]
        start = int(arguments.get("cursor") or 0)
        end = start + min(int(arguments["limit"]), 2)  # small pages, so that a second one is asked for
        cursor = str(end) if end < len(chosen) else ""
        return {"channels": chosen[start:end], "response_metadata": {"next_cursor": cursor}}

    async def _conversations_info(self, _request: web.Request, arguments: Payload) -> Payload:
        channel = self._channel(arguments["channel"])
        return {"channel": {"id": channel.id, "name": channel.name}}

    async def _conversations_join(self, _request: web.Request, arguments: Payload) -> Payload:
        channel = self._channel(arguments["channel"])
        channel.members.add(BOT)
        return {"channel": {"id": channel.id}}

    async def _conversations_history(self, _request: web.Request, arguments: Payload) -> Payload:
        channel = self._channel(arguments["channel"])
        kind = {"C": "channels", "G": "groups", "D": "im"}[channel.id[0]]
        if f"{kind}:history" not in self.scopes:
            raise SlackError("missing_scope", needed=f"{kind}:history", provided=",".join(sorted(self.scopes)))
        if BOT not in channel.members:
            raise SlackError("not_in_channel")
        newest_first = [m for m in reversed(channel.messages) if float(m["ts"]) > float(arguments.get("oldest") or 0)]
        start = int(arguments.get("cursor") or 0)
        end = start + min(int(arguments.get("limit") or 15), self.history_page)
        with_metadata = str(arguments.get("include_all_metadata")).lower() in ("1", "true")
        page = [
            m if with_metadata else {k: v for k, v in m.items() if k != "metadata"} for m in newest_first[start:end]
        ]
        more = end < len(newest_first)
        return {"messages": page, "has_more": more, "response_metadata": {"next_cursor": str(end) if more else ""}}

    async def _chat_postMessage(self, request: web.Request, arguments: Payload) -> Any:
        fault = self._faults.pop(0) if self._faults else None
        if early := await self._before(request, fault, arguments):
            return early
        channel = self._writable(arguments["channel"])
        self._check(arguments)
        ts = self._ts()
        kept: Payload = {key: arguments[key] for key in ("text", "blocks", "metadata", "thread_ts") if key in arguments}
        message: Payload = {"type": "message", "user": BOT, "bot_id": "B1", "ts": ts, **kept}
        channel.messages.append(message)
        metadata: Payload = arguments.get("metadata") or {}
        identity = metadata.get("event_payload", {}).get("id")
        self.posted.append(Posted(ts, channel.id, identity, arguments))
        await self._after(request, fault)
        return {"channel": channel.id, "ts": ts, "message": message}

    async def _chat_update(self, request: web.Request, arguments: Payload) -> Any:
        fault = self._faults.pop(0) if self._faults else None
        if early := await self._before(request, fault, arguments):
            return early
        channel = self._writable(arguments["channel"])
        self._check(arguments)
        message = next((each for each in channel.messages if each["ts"] == arguments["ts"]), None)
        if message is None:
            raise SlackError("message_not_found")
        message |= {key: arguments[key] for key in ("text", "blocks") if key in arguments}
        self.edits.append(arguments)
        await self._after(request, fault)
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"]}

    async def _chat_postEphemeral(self, _request: web.Request, arguments: Payload) -> Payload:
        channel = self._writable(arguments["channel"])
        self._check(arguments)
        if arguments["user"] not in channel.members:
            raise SlackError("user_not_in_channel")
        self.ephemerals.put_nowait(Answer(arguments, private=True))
        return {"message_ts": self._ts()}

    def _channel(self, identity: str) -> Channel:
        channel = self.channels.get(identity)
        if channel is None or (channel.private and BOT not in channel.members):
            raise SlackError("channel_not_found")
        return channel

    def _writable(self, identity: str) -> Channel:
        channel = self._channel(identity)
        if channel.archived:
            raise SlackError("is_archived")
        if BOT not in channel.members and "chat:write.public" not in self.scopes:
            raise SlackError("not_in_channel")
        return channel

    def _check(self, arguments: Payload) -> None:
        if not arguments.get("text"):
            self.invalid.append("a message without a text for notifications")
        if faults := self._faults_of(arguments.get("blocks") or []):
            self.invalid += faults
            raise SlackError("invalid_blocks", response_metadata={"messages": faults})

    @staticmethod
    def _faults_of(blocks: list[Payload]) -> list[str]:
        return block_faults(blocks) + schema_faults(blocks)

    async def _before(self, request: web.Request, fault: Fault | None, arguments: Payload) -> web.Response | None:
        if fault is None or fault.kind in ("500 after", "drop after"):
            return None
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "429":
            raise SlackError("ratelimited", 429, {"Retry-After": str(int(fault.seconds))})
        elif fault.kind == "500":
            raise SlackError("internal_error", 500)
        elif fault.kind == "page":
            return web.Response(status=503, text="<html>Service Unavailable</html>", content_type="text/html")
        elif fault.kind == "drop":
            await self._cut(request)
        elif fault.kind == "invalid_blocks picture":
            if any(block.get("accessory") for block in arguments.get("blocks") or ()):
                raise SlackError("invalid_blocks", response_metadata={"messages": ["downloading image failed"]})
        else:
            raise SlackError(fault.kind)
        return None

    async def _after(self, request: web.Request, fault: Fault | None) -> None:
        if fault and fault.kind == "500 after":
            raise SlackError("internal_error", 500)
        if fault and fault.kind == "drop after":
            await self._cut(request)

    async def _cut(self, request: web.Request) -> None:
        if request.transport:
            request.transport.abort()
        await asyncio.sleep(0.05)
        raise SlackError("nobody reads this", 500)

    def _ts(self) -> str:
        self._counter += 1
        return f"{int(self.clock().timestamp())}.{self._counter:06d}"

    def _next(self) -> int:
        self._counter += 1
        return self._counter
