"""A Slack on loopback that speaks the real wire protocol; unmodified slack-bolt and slack_sdk connect to it.

    async with FakeSlack() as slack:
        platform = SlackPlatform("xoxb-token", "xapp-token", api_url=slack.api_url)
        ...
        answer = await slack.slash("subscribe ISIL")
        slack.fail("drop after")             # the next post is made, and the connection cut before the answer
        slack.removed = True                 # the app was uninstalled: its tokens are worth nothing
        slack.posted                         # the log: loss and doubling are counted here

With `transport="http"` people's doings come as signed requests to `slack.http.url`, else over Socket Mode.

The Web API takes form, JSON and query arguments and checks tokens and scopes; Socket Mode sends envelopes and wants
each acknowledged within three seconds; an address for answers takes five of them. Whoever leaves
with something in `invalid` has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.core.message import File
from tests.fakes.slack_http import FakeRequests
from tests.fakes.slack_oauth import CALLER, FakeOAuth
from tests.fakes.slack_people import PATIENCE, Answer, SlackPeople
from tests.fakes.slack_socket import FakeSocketMode
from tests.fakes.slack_views import SlackViews
from tests.fakes.slack_world import (
    ALERTS,
    ARCHIVED,
    BOT,
    DIRECT,
    GENERAL,
    GROUP,
    OPEN,
    PRIVATE,
    SCOPES,
    TEAM,
    Channel,
    Payload,
    SlackError,
    User,
    block_faults,
    schema_faults,
)

NEEDS = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "files.info": "files:read",
    "conversations.info": "channels:read",
    "conversations.join": "channels:join",
    "users.info": "users:read",
    "users.conversations": "channels:read",
    "conversations.list": "channels:read",
    "usergroups.list": "usergroups:read",
    "conversations.open": "im:write",
}


@dataclass
class Posted:
    """One message that really came to be. `delivery_id` is from its metadata."""

    ts: str
    channel: str
    delivery_id: str | None
    body: Payload
    team: str = TEAM


@dataclass
class Fault:
    kind: str
    seconds: float


class FakeSlack:
    def __init__(
        self,
        *,
        bot_token: str = "xoxb-token",
        app_token: str = "xapp-token",
        signing_secret: str = "a signing secret",
        transport: str = "socket",
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
        self.oauth = FakeOAuth(self, bot_token)
        self.history_page = 15
        self.expired_addresses = False
        self.lose_files = False
        self.deleted: set[str] = set()
        self.uploads: dict[str, tuple[File, bool]] = {}
        self._faults: list[Fault] = []
        self.socket = FakeSocketMode(self)
        self.http = FakeRequests(self, signing_secret)
        self.wire: FakeSocketMode | FakeRequests = self.http if transport == "http" else self.socket
        people = SlackPeople(self)
        self.slash, self.type, self.press, self.mention = people.slash, people.type, people.press, people.mention
        self.tell, self.answer = people.tell, people.answer
        self.views = SlackViews(self)
        self._people = people
        self._counter = 0
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> FakeSlack:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve)
        app.router.add_get("/link", self.socket.serve)
        app.router.add_get("/files/{identity}", self._download)
        app.router.add_post("/answers/{address}", self._people.answered)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, failure: type[BaseException] | None, *_: object) -> None:
        await self.socket.close()
        if self._runner:
            await self._runner.cleanup()
        # So it holds for every test there is, and not only for those that think of it.
        assert failure or not self.invalid, self.invalid

    @property
    def removed(self) -> bool:
        return self.oauth.own.removed

    @removed.setter
    def removed(self, removed: bool) -> None:
        self.oauth.own.removed = removed

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def fail(self, kind: str, times: int = 1, seconds: float = 30) -> None:
        """The next posts or edits go wrong.

        "well" (nothing does), "429", "500", "500 after" (acting), "drop", "drop after", "page" (HTML),
        "slow" (acts after `seconds`), "invalid_blocks picture" (only while there is one), or any error of Slack's.
        """
        self._faults += [Fault(kind, seconds)] * times

    async def ephemeral(self) -> Answer:
        """The next answer that only one person sees, other than by an address for answers."""
        return await asyncio.wait_for(self.ephemerals.get(), PATIENCE)

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
            if method == "apps.connections.open":
                if self.removed or token != self.app_token:
                    raise SlackError("account_inactive" if self.removed else "invalid_auth")
            elif method != "oauth.v2.access":
                caller = self.oauth.called(token)
                CALLER.set(caller)
                if (scope := NEEDS.get(method)) and scope not in caller.scopes:
                    raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(caller.scopes)))
            result = await handler(request, arguments)
        except SlackError as error:
            return web.json_response(error.body, status=error.status, headers=error.headers)
        if isinstance(result, web.StreamResponse):
            return result
        granted = CALLER.get(self.oauth.own).scopes
        return web.json_response({"ok": True, **result}, headers={"X-OAuth-Scopes": ",".join(sorted(granted))})

    def upload(self, file: File, *, elsewhere: bool = False) -> str:
        """The id of a file that somebody uploads here, or that is kept elsewhere and only shown here."""
        identity = f"F{self.next()}"
        self.uploads[identity] = (file, elsewhere)
        return identity

    async def _files_info(self, _request: web.Request, arguments: Payload) -> Payload:
        if arguments["file"] not in self.uploads:
            raise SlackError("file_not_found")
        file, elsewhere = self.uploads[arguments["file"]]
        host = "https://elsewhere.example" if elsewhere else f"http://127.0.0.1:{self.port}"
        return {
            "file": {
                "id": arguments["file"],
                "name": file.name,
                "size": len(file.content),
                "is_external": False,
                "url_private_download": f"{host}/files/{arguments['file']}",
            }
        }

    async def _download(self, request: web.Request) -> web.Response:
        """Who has no right to a file is sent to a page to log in."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.oauth.called(token).removed or self.lose_files:
            return web.Response(status=302, headers={"Location": "/login"})
        return web.Response(body=self.uploads[request.match_info["identity"]][0].content)

    async def _auth_test(self, _request: web.Request, _arguments: Payload) -> Payload:
        own = CALLER.get()
        who = {"team": own.name, "team_id": own.team, "user": "newsbell", "user_id": own.bot}
        return {**who, "bot_id": f"B{own.bot}", "url": "x"}

    async def _oauth_v2_access(self, request: web.Request, arguments: Payload) -> Payload:
        return self.oauth.access(request, arguments)

    async def _apps_connections_open(self, _request: web.Request, _arguments: Payload) -> Payload:
        return {"url": f"ws://127.0.0.1:{self.port}/link?ticket={self.next()}"}

    async def _users_info(self, _request: web.Request, arguments: Payload) -> Payload:
        if arguments["user"] not in self.users:
            raise SlackError("user_not_found")
        return {"user": self.users[arguments["user"]].payload()}

    async def _users_conversations(self, _request: web.Request, arguments: Payload) -> Payload:
        return self._listed(
            arguments, {each.id for each in self.channels.values() if arguments["user"] in each.members}
        )

    async def _conversations_list(self, _request: web.Request, arguments: Payload) -> Payload:
        return self._listed(arguments, set(self.channels))

    def _listed(self, arguments: Payload, among: set[str]) -> Payload:
        kinds = arguments["types"].split(",")
        own = CALLER.get()
        chosen = [
            each.payload()
            for each in self.channels.values()
            if each.id in among
            and own.team in each.teams
            and not each.archived
            and ("private_channel" if each.private else "public_channel") in kinds
            and (not each.private or own.bot in each.members)
            and each.id[0] != "D"
        ]
        start = int(arguments.get("cursor") or 0)
        end = start + min(int(arguments["limit"]), 2)  # small pages, so that a second one is asked for
        cursor = str(end) if end < len(chosen) else ""
        return {"channels": chosen[start:end], "response_metadata": {"next_cursor": cursor}}

    async def _usergroups_list(self, _request: web.Request, _arguments: Payload) -> Payload:
        return {"usergroups": [{"id": GROUP, "handle": "newsdesk", "name": "The desk", "team_id": TEAM}]}

    async def _conversations_info(self, _request: web.Request, arguments: Payload) -> Payload:
        return {"channel": self._channel(arguments["channel"]).payload()}

    async def _conversations_join(self, _request: web.Request, arguments: Payload) -> Payload:
        channel = self._channel(arguments["channel"])
        channel.members.add(CALLER.get().bot)
        return {"channel": {"id": channel.id}}

    async def _conversations_history(self, _request: web.Request, arguments: Payload) -> Payload:
        channel = self._readable(arguments["channel"])
        top = [each for each in channel.messages if each.get("thread_ts", each["ts"]) == each["ts"]]
        newest_first = [each for each in reversed(top) if float(each["ts"]) > float(arguments.get("oldest") or 0)]
        return self._page(newest_first, arguments)

    async def _conversations_replies(self, _request: web.Request, arguments: Payload) -> Payload:
        channel = self._readable(arguments["channel"])
        thread = [each for each in channel.messages if arguments["ts"] in (each["ts"], each.get("thread_ts"))]
        if not thread:
            raise SlackError("thread_not_found")
        return self._page(thread, arguments)

    def _readable(self, identity: str) -> Channel:
        channel = self._channel(identity)
        kind = {"C": "channels", "G": "groups", "D": "im"}[channel.id[0]]
        own = CALLER.get()
        if f"{kind}:history" not in own.scopes:
            raise SlackError("missing_scope", needed=f"{kind}:history", provided=",".join(sorted(own.scopes)))
        if own.bot not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def _page(self, messages: list[Payload], arguments: Payload) -> Payload:
        start = int(arguments.get("cursor") or 0)
        end = start + min(int(arguments.get("limit") or 15), self.history_page)
        with_metadata = str(arguments.get("include_all_metadata")).lower() in ("1", "true")
        page = [m if with_metadata else {k: v for k, v in m.items() if k != "metadata"} for m in messages[start:end]]
        more = end < len(messages)
        return {"messages": page, "has_more": more, "response_metadata": {"next_cursor": str(end) if more else ""}}

    async def _chat_postMessage(self, request: web.Request, arguments: Payload) -> Any:
        fault = self._faults.pop(0) if self._faults else None
        if early := await self._before(request, fault, arguments):
            return early
        channel = self._writable(arguments["channel"])
        self._check(arguments)
        if arguments.get("thread_ts") in self.deleted:
            raise SlackError("thread_not_found")
        ts = self.ts()
        kept: Payload = {
            key: arguments[key] for key in ("text", "blocks", "metadata", "thread_ts") if arguments.get(key)
        }
        own = CALLER.get()
        message: Payload = {"type": "message", "user": own.bot, "bot_id": f"B{own.bot}", "ts": ts, **kept}
        channel.messages.append(message)
        metadata: Payload = arguments.get("metadata") or {}
        identity = metadata.get("event_payload", {}).get("id")
        self.posted.append(Posted(ts, channel.id, identity, arguments, own.team))
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
        return {"message_ts": self.ts()}

    async def _views_open(self, _request: web.Request, arguments: Payload) -> Payload:
        return self.views.open(arguments)

    async def _views_update(self, _request: web.Request, arguments: Payload) -> Payload:
        return await self.views.update(arguments)

    async def _views_publish(self, _request: web.Request, arguments: Payload) -> Payload:
        return await self.views.publish(arguments)

    async def _conversations_open(self, _request: web.Request, arguments: Payload) -> Payload:
        return {"channel": {"id": self._direct(arguments["users"]).id}}

    def _direct(self, user: str) -> Channel:
        """The app's own conversation with a person."""
        if user not in self.users:
            raise SlackError("user_not_found")
        kept = next((each for each in self.channels.values() if each.id[0] == "D" and user in each.members), None)
        if kept is None:
            kept = Channel(
                f"D{self.next()}",
                "directmessage",
                private=True,
                members={CALLER.get(self.oauth.own).bot, user},
                teams=(self.users[user].team,),
            )
            self.channels[kept.id] = kept
        return kept

    def _channel(self, identity: str) -> Channel:
        channel = self.channels.get(identity)
        own = CALLER.get()
        hidden = (
            channel is None or own.team not in channel.teams or (channel.private and own.bot not in channel.members)
        )
        if channel is None or hidden:
            raise SlackError("channel_not_found")
        return channel

    def _writable(self, identity: str) -> Channel:
        channel = self._direct(identity) if identity[0] == "U" else self._channel(identity)
        if channel.archived:
            raise SlackError("is_archived")
        own = CALLER.get()
        if own.bot not in channel.members and "chat:write.public" not in own.scopes:
            raise SlackError("not_in_channel")
        return channel

    def _check(self, arguments: Payload) -> None:
        if not arguments.get("text"):
            self.invalid.append("a message without a text for notifications")
        if faults := self.faults_of(arguments.get("blocks") or []):
            self.invalid += faults
            raise SlackError("invalid_blocks", response_metadata={"messages": faults})

    @staticmethod
    def faults_of(blocks: list[Payload]) -> list[str]:
        return block_faults(blocks) + schema_faults(blocks)

    async def _before(self, request: web.Request, fault: Fault | None, arguments: Payload) -> web.Response | None:
        if fault is None or fault.kind in ("well", "500 after", "drop after"):
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

    def ts(self) -> str:
        self._counter += 1
        return f"{int(self.clock().timestamp())}.{self._counter:06d}"

    def next(self) -> int:
        self._counter += 1
        return self._counter
