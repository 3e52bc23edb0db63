"""A Discord on loopback that speaks the real wire protocol; unmodified discord.py connects to it.

    async with FakeDiscord() as discord:
        platform = DiscordPlatform("token", **discord.addresses)
        ...
        answer = await discord.slash("subscribe", topic="ISIL")
        discord.fail("drop after")           # the next message is posted, and the connection cut before the answer
        discord.posted                       # the log: loss and doubling are counted here

It validates what it is asked and what it answers (Discord's OpenAPI where the repository's neighbour holds it, and the
rules that are not in it by hand): whoever leaves with something in `invalid` has failed. The end of a test run says how
many requests were looked at.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes import discord_schema
from tests.fakes.discord_gateway import FakeGateway
from tests.fakes.discord_people import People
from tests.fakes.discord_world import (
    APPLICATION,
    CREATE_THREADS,
    EPOCH,
    FORUM,
    NEWS_CHANNEL,
    SEND,
    SEND_IN_THREADS,
    TEXT_CHANNEL,
    THREAD,
    VIEW,
    VOICE_CHANNEL,
    Channel,
    Guild,
    Payload,
    Refusal,
    Role,
    Throttling,
    User,
    answer,
    characters,
    faults_by_hand,
    names_that_are_the_same,
    stored_message,
    without_localizations,
)

GUILD = 500_000_000_000_000_000
DESK, ELITE = (510_000_000_000_000_000 + number for number in (1, 2))
GENERAL, ALERTS, SECRET, LOCKED, VOICE, NEWS, STORIES = (600_000_000_000_000_000 + number for number in range(1, 8))
IRAQ_TAG = 520_000_000_000_000_001

NONCE_WINDOW = timedelta(minutes=3)  # "the past few minutes"; the length is not published


@dataclass
class Posted:
    """One message that really came to be. `nonce` is the delivery's id."""

    message_id: str
    channel_id: int
    nonce: str | None
    body: Payload
    at: datetime


@dataclass
class Fault:
    kind: str
    seconds: float = 0.5


class FakeDiscord:
    """`rate` is how many posts a channel takes in how many seconds; its headers say so before a 429 has to."""

    def __init__(
        self,
        *,
        token: str = "token",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rate: tuple[int, float] = (50, 1.0),
    ) -> None:
        self.rate = rate
        self.throttled = 0
        self._buckets: dict[str, tuple[float, int]] = {}
        self.token = token
        self.clock = clock
        self.bot = User(APPLICATION, "newsbell", bot=True)
        self.manager, self.reader = User(2001, "mia"), User(2002, "rob")
        channels = [
            Channel(GENERAL, "general"),
            Channel(ALERTS, "alerts"),
            Channel(SECRET, "secret", people_lack=VIEW),
            Channel(LOCKED, "locked", bot_lacks=SEND),
            Channel(VOICE, "voice", VOICE_CHANNEL),
            Channel(NEWS, "wire", NEWS_CHANNEL),
            Channel(STORIES, "stories", FORUM, tags={IRAQ_TAG: "Iraq"}),
        ]
        roles = [Role(DESK, "desk", mentionable=True), Role(ELITE, "elite")]
        self.guild = Guild(
            GUILD,
            "Newsroom",
            {channel.id: channel for channel in channels},
            {self.manager.id},
            {role.id: role for role in roles},
            owner=self.manager.id,
        )
        self.dms: dict[int, Channel] = {}
        self.commands: dict[int | None, list[Payload]] = {}
        self.command_syncs = 0
        self.creations_left = 200
        self.posted: list[Posted] = []
        self.edits: list[tuple[str, Payload]] = []
        self.requests: list[tuple[str, str]] = []
        self.invalid: list[str] = []
        self.files: dict[str, bytes] = {}  # what was attached, by its name
        self._faults: list[Fault] = []
        self._nonces: dict[tuple[int, str], tuple[datetime, Payload]] = {}
        self._sequence = 0
        self.gateway = FakeGateway(self)
        self.people = People(self)
        self.slash, self.autocomplete, self.press = self.people.slash, self.people.autocomplete, self.people.press
        self.press_for_window, self.fill = self.people.press_for_window, self.people.fill
        self.slash_for_window = self.people.slash_for_window
        self.menu = self.people.menu
        self.handed_over: dict[str, bytes] = {}
        """What people attached to commands and windows, by number."""
        self.lose_files = False
        self.deaf: set[int] = set()
        """People who let the bot write them no direct messages."""
        self._runner: web.AppRunner | None = None
        self.port = 0

    # Life

    async def __aenter__(self) -> FakeDiscord:
        app = web.Application()
        app.router.add_get("/gw", self.gateway.serve)
        app.router.add_get("/gw/", self.gateway.serve)
        app.router.add_route("*", "/api/v10/{path:.*}", self._serve)
        app.router.add_get("/attachments/{number}/{name}", self._attachment)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, failure: type[BaseException] | None, *_: object) -> None:
        await self.gateway.close()
        if self._runner:
            await self._runner.cleanup()
        discord_schema.COUNTED.update(requests=len(self.requests), invalid=len(self.invalid))
        # So it holds for every test there is, and not only for those that think of it.
        assert failure or not self.invalid, self.invalid

    @property
    def addresses(self) -> dict[str, Any]:
        """The keyword arguments that point DiscordPlatform here."""
        return {
            "api_url": f"http://127.0.0.1:{self.port}/api/v10",
            "gateway_url": f"ws://127.0.0.1:{self.port}/gw",
            "cdn_url": f"http://127.0.0.1:{self.port}",
        }

    def fail(self, kind: str, times: int = 1, seconds: float = 0.5) -> None:
        """The next posts or edits of messages go wrong.

        "429", "429 everywhere", "429 wall" (without Via), "500", "500 after" (acting), "drop", "drop after", "slow"
        (acts only after `seconds`), "400", "400 picture" (only while there is one), "403", "401".
        """
        self._faults += [Fault(kind, seconds)] * times

    def channel(self, channel_id: int) -> Channel:
        found = self.guild.channels.get(channel_id) or self.dms.get(channel_id)
        if found is None:
            raise Refusal(404, 10003, "Unknown Channel")
        return found

    async def delete_channel(self, channel_id: int) -> None:
        channel = self.guild.channels[channel_id]
        gone = {**self.guild.channel_payload(channel, self.bot), "guild_id": str(self.guild.id)}
        del self.guild.channels[channel_id]
        await self.gateway.dispatch("CHANNEL_DELETE", gone)

    async def change_channel(self, channel_id: int, *, bot_lacks: int) -> None:
        channel = self.guild.channels[channel_id]
        channel.bot_lacks = bot_lacks
        changed = {**self.guild.channel_payload(channel, self.bot), "guild_id": str(self.guild.id)}
        await self.gateway.dispatch("CHANNEL_UPDATE", changed)

    async def put_out(self) -> None:
        """The server throws the bot out."""
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(self.guild.id)})

    async def take_in(self) -> None:
        """The server lets the bot in."""
        payload = self.guild.payload(self.bot)
        del payload["unavailable"]
        await self.gateway.dispatch("GUILD_CREATE", payload)

    async def change_roles(self, everyone: int) -> None:
        """What everybody may do in the whole server, the bot too."""
        self.guild.everyone = everyone
        role = self.guild.role_payload(Role(self.guild.id, "@everyone"))
        await self.gateway.dispatch("GUILD_ROLE_UPDATE", {"guild_id": str(self.guild.id), "role": role})

    def snowflake(self) -> int:
        self._sequence += 1
        return (int(self.clock().timestamp() * 1000) - EPOCH << 22) + self._sequence % 4096

    # HTTP

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        if self.lose_files:
            return web.Response(status=404)
        return web.Response(body=self.handed_over[request.match_info["number"]])

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        self.requests.append((request.method, path))
        body = await self._read(request)
        check = discord_schema.present()
        if check:
            faults = discord_schema.request_faults(request.method, path, body, dict(request.query))
            self.invalid += [f"{request.method} {path}: {fault}" for fault in faults]
        if request.headers.get("Authorization") != f"Bot {self.token}" and not path.startswith(
            ("/interactions", "/webhooks")
        ):
            return answer(401, {"code": 0, "message": "401: Unauthorized"})
        try:
            status, value = await self._route(request, path, body)
        except Refusal as refusal:
            return answer(refusal.status, refusal.body, refusal.headers)
        if check:
            faults = discord_schema.response_faults(request.method, path, status, value)
            self.invalid += [f"our answer to {request.method} {path}: {fault}" for fault in faults]
        return answer(status, value, self._bucket_headers(request.method, path))

    async def _read(self, request: web.Request) -> Any:
        """The body, with what is attached beside it: files come as parts, as discord.py sends them."""
        if request.content_type != "multipart/form-data":
            raw = await request.read()
            return json.loads(raw) if raw else None
        body: Any = None
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "payload_json":
                body = await part.json()
            else:
                self.files[str(part.filename)] = bytes(await part.read())
        return body

    async def _route(self, request: web.Request, path: str, body: Any) -> tuple[int, Any]:
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("POST", "/users/@me/channels", self._open_dm),
            ("GET", r"/applications/\d+(?:/guilds/(\d+))?/commands", self._get_commands),
            ("PUT", r"/applications/\d+(?:/guilds/(\d+))?/commands", self._put_commands),
            ("POST", r"/channels/(\d+)/messages", self._create_message),
            ("GET", r"/channels/(\d+)/messages", self._history),
            ("PATCH", r"/channels/(\d+)/messages/(\d+)", self._edit_message),
            ("GET", r"/channels/(\d+)", self._get_channel),
            ("GET", r"/channels/(\d+)/messages/(\d+)", self._get_message),
            ("POST", r"/channels/(\d+)/messages/(\d+)/threads", self._create_thread),
            ("POST", r"/channels/(\d+)/threads", self._create_post),
            ("GET", r"/guilds/\d+/threads/active", self._active_threads),
            ("GET", r"/guilds/\d+", self._get_guild),
            ("GET", r"/guilds/\d+/members/\d+", self._get_member),
            ("GET", r"/guilds/\d+/channels", self._get_channels),
            ("POST", r"/interactions/(\d+)/([^/]+)/callback", self.people.callback),
            ("POST", r"/webhooks/\d+/([^/]+)", self.people.followup),
            ("PATCH", r"/webhooks/\d+/([^/]+)/messages/@original", self.people.edit_original),
            ("DELETE", r"/webhooks/\d+/([^/]+)/messages/@original", self.people.delete_original),
        ]
        for method, pattern, handler in routes:
            if method == request.method and (match := re.fullmatch(pattern, path)):
                result: tuple[int, Any] = await handler(request, body, *match.groups())
                return result
        self.invalid.append(f"{request.method} {path} is not played by the fake")
        raise Refusal(404, 0, "404: Not Found")

    async def _gateway_bot(self, _request: web.Request, _body: Any) -> tuple[int, Any]:
        return 200, self.gateway.bot_info()

    async def _me(self, _request: web.Request, _body: Any) -> tuple[int, Any]:
        return 200, {**self.bot.payload(), "mfa_enabled": False, "locale": "en-US"}

    async def _application(self, _request: web.Request, _body: Any) -> tuple[int, Any]:
        owner = self.manager.payload()
        return 200, {
            **dict.fromkeys(("icon", "type", "interactions_endpoint_url", "role_connections_verification_url", "team")),
            "id": str(APPLICATION),
            "name": "Newsbell",
            "description": "",
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "owner": owner,
            "bot_public": True,
            "bot_require_code_grant": False,
            "approximate_guild_count": 1,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
        }

    async def _open_dm(self, _request: web.Request, body: Payload) -> tuple[int, Any]:
        channel = self.people.dm_with(
            next(u for u in (self.manager, self.reader) if str(u.id) == str(body["recipient_id"]))
        )
        if int(body["recipient_id"]) in self.deaf:
            raise Refusal(403, 50278, "Cannot send messages to this user due to having no mutual guilds")
        return 200, self.people.dm_payload(channel)

    async def _get_commands(self, request: web.Request, _body: Any, guild: str | None) -> tuple[int, Any]:
        known = self.commands.get(int(guild) if guild else None, [])
        return 200, known if request.query.get("with_localizations") == "true" else without_localizations(known)

    async def _put_commands(self, _request: web.Request, body: list[Payload], guild: str | None) -> tuple[int, Any]:
        self.command_syncs += 1
        scope = int(guild) if guild else None
        self.invalid += [fault for command in body for fault in names_that_are_the_same(command)]
        size = max(map(characters, body), default=0)
        if len(body) > 100 or size > 8000:
            self.invalid.append(f"{len(body)} commands, the largest of {size} characters")
        known = {(each["type"], each["name"]) for each in self.commands.get(scope, [])}
        fresh = sum((command.get("type", 1), command["name"]) not in known for command in body)
        if fresh > self.creations_left:
            raise Refusal(400, 30034, "Maximum number of daily application command creates has been reached (200)")
        self.creations_left -= fresh
        self.commands[scope] = [self._registered(command, scope) for command in body]
        return 200, self.commands[scope]

    def _registered(self, command: Payload, guild: int | None) -> Payload:
        """As Discord answers: with ids, rights as text, and without the keys that say nothing."""

        def lean(option: Payload) -> Payload:
            kept = {key: value for key, value in option.items() if value not in (None, [], {}, False)}
            return {**kept, **({"options": [lean(o) for o in option["options"]]} if option.get("options") else {})}

        rights = command.get("default_member_permissions")
        return {
            "id": str(self.snowflake()),
            "application_id": str(APPLICATION),
            "version": str(self.snowflake()),
            "type": command.get("type", 1),
            "name": command["name"],
            "description": command.get("description") or "",
            "default_member_permissions": None if rights is None else str(rights),
            "nsfw": bool(command.get("nsfw")),
            **({"guild_id": str(guild)} if guild else {"dm_permission": True}),
            "contexts": None if guild else command.get("contexts"),
            **({} if guild else {"integration_types": command.get("integration_types") or [0]}),
            **({"options": [lean(option) for option in command["options"]]} if command.get("options") else {}),
            "name_localizations": command.get("name_localizations") or None,
            "description_localizations": command.get("description_localizations") or None,
        }

    # Messages

    def _take(self, channel_id: str) -> None:
        """One post out of the channel's bucket. Raises Throttling where it is empty."""
        limit, seconds = self.rate
        now = asyncio.get_running_loop().time()
        began, used = self._buckets.get(channel_id, (now, 0))
        if now - began >= seconds:
            began, used = now, 0
        if used >= limit:
            self.throttled += 1
            raise Throttling("429", round(seconds - (now - began), 3))
        self._buckets[channel_id] = began, used + 1

    def _bucket_headers(self, method: str, path: str) -> dict[str, str]:
        match = re.fullmatch(r"/channels/(\d+)/messages", path)
        if method != "POST" or match is None or match[1] not in self._buckets:
            return {}
        limit, seconds = self.rate
        began, used = self._buckets[match[1]]
        left = max(seconds - (asyncio.get_running_loop().time() - began), 0)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - used),
            "X-RateLimit-Reset": f"{datetime.now(UTC).timestamp() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": "messages",
        }

    async def _create_message(self, request: web.Request, body: Payload, channel_id: str) -> tuple[int, Any]:
        self._take(channel_id)
        fault = self._faults.pop(0) if self._faults else None
        await self._before(request, fault, body)
        channel = self._writable(int(channel_id))
        self.check(body)
        stored = self._store(channel, body)
        await self._after(request, fault)
        return 200, stored

    def _store(self, channel: Channel, body: Payload) -> Payload:
        nonce = body.get("nonce")
        known = self._nonces.get((channel.id, str(nonce)))
        if nonce and body.get("enforce_nonce") and known and self.clock() - known[0] < NONCE_WINDOW:
            if known[1] not in channel.messages:
                raise Refusal(404, 10008, "Unknown Message")
            return {**known[1], "nonce": nonce}
        identity = self.snowflake()
        stored = stored_message(identity, channel.id, self.bot, body, self.clock())
        channel.messages.append(stored)
        if nonce:
            self._nonces[channel.id, str(nonce)] = self.clock(), stored
        self.posted.append(Posted(str(identity), channel.id, nonce, body, self.clock()))
        return {**stored, **({"nonce": nonce} if nonce else {})}

    async def _edit_message(self, request: web.Request, body: Payload, channel: str, message: str) -> tuple[int, Any]:
        fault = self._faults.pop(0) if self._faults else None
        await self._before(request, fault, body)
        found = self._message(self._writable(int(channel)), message)
        self.check({"flags": found["flags"], **body})
        changed = stored_message(int(message), int(channel), self.bot, {"flags": found["flags"], **body}, self.clock())
        found.update(
            {key: changed[key] for key in ("components", "embeds")} | {"edited_timestamp": changed["timestamp"]}
        )
        self.edits.append((message, body))
        await self._after(request, fault)
        return 200, found

    async def _history(self, request: web.Request, _body: Any, channel_id: str) -> tuple[int, Any]:
        channel = self.channel(int(channel_id))
        if channel.bot_lacks & VIEW:
            raise Refusal(403, 50001, "Missing Access")
        if channel.type == FORUM:
            raise Refusal(400, 50008, "Cannot send messages in a non-text channel")
        limit = int(request.query.get("limit", 50))
        after, before = int(request.query.get("after", 0)), int(request.query.get("before", 1 << 63))
        chosen = [each for each in channel.messages if after < int(each["id"]) < before]
        chosen = chosen[:limit] if "after" in request.query else chosen[-limit:]
        return 200, list(reversed(chosen))

    # Servers

    async def _get_guild(self, _request: web.Request, _body: Any) -> tuple[int, Any]:
        return 200, self.guild.full_payload(self.bot)

    async def _get_member(self, _request: web.Request, _body: Any) -> tuple[int, Any]:
        absent = dict.fromkeys(("banner", "communication_disabled_until", "premium_since"))
        member = self.guild.member(self.bot)
        del member["permissions"]
        return 200, {**absent, **member, "pending": False}

    async def _get_channels(self, _request: web.Request, _body: Any) -> tuple[int, Any]:
        channels = [each for each in self.guild.channels.values() if each.type != THREAD]
        return 200, [{**self.guild.channel_payload(c, self.bot), "guild_id": str(self.guild.id)} for c in channels]

    # Threads

    async def _get_channel(self, _request: web.Request, _body: Any, channel_id: str) -> tuple[int, Any]:
        channel = self.channel(int(channel_id))
        if channel.id in self.dms:
            return 200, self.people.dm_payload(channel)
        if channel.type == THREAD:
            return 200, self.guild.thread_payload(channel, self.bot)
        return 200, {**self.guild.channel_payload(channel, self.bot), "guild_id": str(self.guild.id)}

    async def _get_message(self, _request: web.Request, _body: Any, channel: str, message: str) -> tuple[int, Any]:
        return 200, self._message(self.channel(int(channel)), message)

    async def _create_thread(
        self, _request: web.Request, body: Payload, channel_id: str, message: str
    ) -> tuple[int, Any]:
        parent = self._writable(int(channel_id))
        self._message(parent, message)
        if parent.bot_lacks & CREATE_THREADS:
            raise Refusal(403, 50013, "Missing Permissions")
        if int(message) in self.guild.channels:
            raise Refusal(400, 160004, "A thread has already been created for this message")
        return 201, self._open(int(message), body["name"], parent, ())

    async def _create_post(self, request: web.Request, body: Payload, channel_id: str) -> tuple[int, Any]:
        fault = self._faults.pop(0) if self._faults else None
        await self._before(request, fault, body)
        parent = self.channel(int(channel_id))
        if parent.bot_lacks & SEND:
            raise Refusal(403, 50013, "Missing Permissions")
        self.check(body["message"])
        identity = self.snowflake()
        opened = self._open(identity, body["name"], parent, tuple(int(tag) for tag in body.get("applied_tags") or ()))
        message = stored_message(identity, identity, self.bot, body["message"], self.clock())
        self.guild.channels[identity].messages.append(message)
        self.posted.append(Posted(str(identity), parent.id, None, body["message"], self.clock()))
        await self._after(request, fault)
        return 201, {**opened, "message": message}

    def _open(self, identity: int, name: str, parent: Channel, applied: tuple[int, ...]) -> Payload:
        thread = Channel(identity, name, THREAD, parent=parent.id, applied=applied)
        self.guild.channels[identity] = thread
        return self.guild.thread_payload(thread, self.bot)

    async def _active_threads(self, _request: web.Request, _body: Any) -> tuple[int, Any]:
        threads = [each for each in self.guild.channels.values() if each.type == THREAD]
        payloads = [self.guild.thread_payload(each, self.bot) for each in threads]
        return 200, {"threads": payloads, "members": [], "has_more": False}

    def _message(self, channel: Channel, identity: str) -> Payload:
        found = next((each for each in channel.messages if each["id"] == identity), None)
        if found is None:
            raise Refusal(404, 10008, "Unknown Message")
        return found

    def _writable(self, channel_id: int) -> Channel:
        channel = self.channel(channel_id)
        home = channel if channel.parent is None else self.channel(channel.parent)
        if home.bot_lacks & VIEW:
            raise Refusal(403, 50001, "Missing Access")
        if home.bot_lacks & (SEND if home is channel else SEND_IN_THREADS):
            raise Refusal(403, 50013, "Missing Permissions")
        if channel.locked:
            raise Refusal(400, 50083, "Thread is archived")
        if channel.type not in (TEXT_CHANNEL, NEWS_CHANNEL, THREAD, 1):
            raise Refusal(400, 50008, "Cannot send messages in a non-text channel")
        return channel

    def check(self, body: Payload) -> None:
        faults = faults_by_hand(body)
        if faults:
            self.invalid += faults
            raise Refusal(400, 50035, f"Invalid Form Body: {faults[0]}")
        if not (body.get("content") or body.get("components") or body.get("embeds")):
            raise Refusal(400, 50006, "Cannot send an empty message")

    async def _before(self, request: web.Request, fault: Fault | None, body: Payload) -> None:
        match fault.kind if fault else "":
            case "429" | "429 everywhere" | "429 wall" as kind:
                raise Throttling(kind, fault.seconds if fault else 0)
            case "500":
                raise Refusal(500, 0, "Internal Server Error")
            case "400":
                raise Refusal(400, 50035, "Invalid Form Body")
            case "400 picture" if '"media"' in json.dumps(body):
                raise Refusal(400, 50035, "Invalid Form Body: media.url")
            case "401":
                raise Refusal(401, 0, "401: Unauthorized")
            case "403":
                raise Refusal(403, 50013, "Missing Permissions")
            case "drop":
                await self._cut(request)
            case "slow":
                await asyncio.sleep(fault.seconds if fault else 0)

    async def _after(self, request: web.Request, fault: Fault | None) -> None:
        if fault and fault.kind == "500 after":
            raise Refusal(500, 0, "Internal Server Error")
        if fault and fault.kind == "drop after":
            await self._cut(request)

    async def _cut(self, request: web.Request) -> None:
        if request.transport:
            request.transport.abort()
        await asyncio.sleep(0.05)
        raise Refusal(500, 0, "nobody reads this")
