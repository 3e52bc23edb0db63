"""The Slack platform: Socket Mode or HTTP for what people say, the Web API for what the outbox hands us."""

from __future__ import annotations

import asyncio
import functools
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import ChannelGone, SettingsError
from bot.core.message import Message
from bot.core.model import Subscription
from bot.core.ports import Places
from bot.core.router import Router
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.door import PATH, Door
from bot.platforms.slack.draw import Drawn, draw
from bot.platforms.slack.listen import Listener
from bot.platforms.slack.manifest import SCOPES
from bot.platforms.slack.outcome import GONE, TIMEOUT, WRONG_TOKEN, code_of, judged
from bot.platforms.slack.thread import EVENT as UPDATE
from bot.platforms.slack.thread import Threads, updates
from bot.platforms.slack.windows import Followed
from bot.platforms.slack.workspace import Workspace

log = structlog.get_logger(__name__)

EVENT = "delivery"
"""The type of the metadata that carries a delivery's id."""
PLAINLY = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "mrkdwn": False}
"""No previews, and no reading of the text for names and marks."""
SKEW = timedelta(seconds=30)
PAGE, PAGES = 15, 10
"""Apps outside Slack's directory get 15 messages of history a request; an alert is lost within minutes, not days."""
REMEMBERED = 4096
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LOST = 30.0
"""Seconds between two looks at the connection; after two bad ones the next try takes a new address."""
PICTURE_OR_BLOCKS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
REFUSED = {*WRONG_TOKEN, "account_inactive", "token_revoked"}
BOT_TOKEN = ("NEWSBELL_SLACK__BOT_TOKEN", "Bot User OAuth Token, xoxb-")
APP_TOKEN = ("NEWSBELL_SLACK__APP_TOKEN", "app-level token, xapp-")

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


async def _nothing(_tenant: str) -> Sequence[Subscription]:
    return ()


class SlackPlatform:
    """Channels are `slack:<team>:<channel>`, tenants `slack:<team>`.

    `app_token` (xapp-) opens Socket Mode, which `run` needs; posting needs the bot token alone. `command` is the slash
    command as it is set in the app's manifest. With the `transport` "http" Slack comes to `doors` instead, which wants
    the signing secret and a public address. `followed` tells a tenant's subscriptions, for the Home tab; `places`
    hears of channels that close or open and of the app's removal.
    """

    name = "slack"
    whispers = True
    dedupes_for = timedelta(0)

    def __init__(
        self,
        bot_token: str,
        app_token: str | None = None,
        signing_secret: str | None = None,
        *,
        api_url: str = "https://slack.com/api/",
        command: str = "/news",
        transport: str = "socket",
        followed: Followed = _nothing,
        places: Places | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._bot_token = bot_token
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._api_url = api_url
        self._command = command
        self._transport = transport
        self._door = Door(signing_secret or "", clock)
        self._followed = followed
        self._places = places
        self._clock = clock
        self._bot = "@Newsbell"
        self._sent: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._threads = Threads()
        self._posting: AsyncWebClient | None = None

    @property
    def doors(self) -> dict[str, Door]:
        """What the web server serves for us: an ASGI application by its path."""
        return {PATH: self._door} if self._transport == "http" else {}

    async def run(self, router: Router) -> None:
        """Keeps a connection up until cancelled. Raises SettingsError where only a person can help."""
        self._must_be_set()
        client = AsyncWebClient(
            self._bot_token,
            base_url=self._api_url,
            timeout=int(TIMEOUT),
            # Safe here: nothing that this client does would matter if it were done twice.
            retry_handlers=[AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(max_retry_count=2)],
        )
        who = await self._until_reached(client.auth_test, *BOT_TOKEN)
        self._bot = f"@{who['user']}"
        # Signatures are checked at our own door, which also knows replays; over Socket Mode there are none.
        app = AsyncApp(client=client, signing_secret=self._signing_secret or "", request_verification_enabled=False)
        directory = Directory(client, self._clock, team=str(who["team_id"]), bot=self._bot)
        Listener(router, client, directory, self._command, self._followed).register(app)
        Workspace(client, directory, self._places, str(who["user_id"])).register(app)
        bound = log.bind(bot=self._bot, team=who["team"], command=self._command)
        if self._transport == "http":
            await self._serve(app, bound)
        else:
            await self._connect(app, bound)

    async def _serve(self, app: AsyncApp, bound: Any) -> None:
        self._door.app = app
        bound.info("slack is awaited", path=PATH)
        try:
            await asyncio.Event().wait()
        finally:
            self._door.app = None

    async def _connect(self, app: AsyncApp, bound: Any) -> None:
        handler = AsyncSocketModeHandler(app, self._app_token)
        try:
            # The first address is asked for here, because the SDK would log a wrong token for ever and go on trying.
            handler.client.wss_uri = await self._until_reached(handler.client.issue_new_wss_url, *APP_TOKEN)
            await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK's
            bound.info("slack connected")
            await freshen(handler.client, LOST)
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # the SDK's

    def _must_be_set(self) -> None:
        if self._transport == "http" and not self._signing_secret:
            raise SettingsError(
                "NEWSBELL_SLACK__SIGNING_SECRET is not set: copy the Signing Secret (Basic Information > App "
                "Credentials). Without it anybody could speak as Slack."
            )
        if self._transport != "http" and not self._app_token:
            raise SettingsError(
                "NEWSBELL_SLACK__APP_TOKEN is not set: make an app-level token with the scope connections:write "
                "(Basic Information > App-Level Tokens, it begins with xapp-)."
            )

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        known = self._sent.get((channel, delivery_id))
        if known:
            return known
        posted = await self._write(
            message,
            "chat.postMessage",
            channel=_channel(channel),
            metadata={"event_type": EVENT, "event_payload": {"id": delivery_id}},
            **PLAINLY,
        )
        return self._remember(channel, delivery_id, str(posted["ts"]))

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """Change it in place; with a thread wished for, what is new is said there too, and rings for who follows it."""
        place = _channel(channel)
        await self._write(message, "chat.update", channel=place, ts=remote_id, link_names=False)
        if not message.manner.thread:
            return
        async with judged(self._bot):
            said = await self._reading(place, lambda: self._threads.said(self._client(), place, remote_id))
        fresh = {key: each for key, each in updates(message).items() if key not in said}
        if not fresh:
            return
        self._threads.forget(place, remote_id)  # until we know that it was said: an answer may be lost
        await self._write(
            Message(body=tuple(fresh.values())),
            "chat.postMessage",
            channel=place,
            thread_ts=remote_id,
            metadata={"event_type": UPDATE, "event_payload": {"keys": list(fresh)}},
            **PLAINLY,
        )
        self._threads.remember(place, remote_id, said.union(fresh))

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        """Reads the channel back for the delivery's metadata; a public channel is joined for that."""
        oldest = f"{(since - SKEW).timestamp():.6f}"
        async with judged(self._bot):
            place = await self._conversation(_channel(channel))
            found = await self._reading(place, lambda: self._read_back(place, delivery_id, oldest))
        return self._remember(channel, delivery_id, found) if found else None

    async def check(self) -> str:
        """Who the bot is and where. Raises SettingsError where a token is wrong or a scope is missing, or as `send`."""
        async with judged(self._bot):
            who = await self._asked(self._client().auth_test, *BOT_TOKEN)
            if self._transport == "http":
                self._must_be_set()
            elif self._app_token:
                opening = functools.partial(self._client().apps_connections_open, app_token=self._app_token)
                await self._asked(opening, *APP_TOKEN)
        granted = {scope.strip() for scope in str(_header(who, "x-oauth-scopes")).split(",")}
        missing = [scope for scope in SCOPES if scope not in granted]
        if missing:
            raise SettingsError(
                f"The Slack app lacks the scopes {', '.join(missing)}: add them under OAuth & Permissions (or paste "
                "config/slack-manifest.yaml again under App Manifest) and reinstall the app."
            )
        if self._transport == "http":
            how = f"; Slack's requests are awaited at {PATH}"
        else:
            how = "" if self._app_token else "; without NEWSBELL_SLACK__APP_TOKEN it posts but hears no commands"
        return f"@{who['user']} in {who['team']}{how}"

    async def check_channel(self, channel: str, *, threads: bool = False) -> str:
        """What the channel is called. Raises ChannelGone with what a person can do where alerts cannot be posted."""
        place = _channel(channel)
        async with judged(self._bot):
            answer = await self._client().conversations_info(channel=await self._conversation(place))
        known = answer.get("channel") or {}
        if known.get("is_archived"):
            raise ChannelGone(GONE["is_archived"])
        return "a direct message" if known.get("is_im") else f"#{known.get('name') or place}"

    async def _conversation(self, place: str) -> str:
        """What can be read back: a person may be posted to by their id, but not read by it."""
        if place[0] not in "UW":
            return place
        opened = await self._client().conversations_open(users=place)
        return str(opened["channel"]["id"])

    async def _reading(self, place: str, read: Callable[[], Awaitable[T]]) -> T:
        """chat:write.public lets us post where we are not, but not read: a public channel is joined for that."""
        try:
            return await read()
        except SlackApiError as error:
            if code_of(error) != "not_in_channel":
                raise
        await self._client().conversations_join(channel=place)
        return await read()

    async def _read_back(self, place: str, delivery_id: str, oldest: str) -> str | None:
        cursor = ""
        for _ in range(PAGES):
            answer = await self._client().conversations_history(
                channel=place, oldest=oldest, include_all_metadata=True, limit=PAGE, cursor=cursor
            )
            for posted in answer.get("messages") or ():
                metadata = posted.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == EVENT and payload.get("id") == delivery_id:
                    return str(posted["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    async def _write(self, message: Message, method: str, **arguments: Any) -> Any:
        """As it should look; without its picture, and then without blocks, where Slack refuses those before acting."""
        full = draw(message)
        tries = [full, *([draw(message, image=False)] if message.image else []), Drawn(full.text, ())]
        answer: Any = None
        async with judged(self._bot):
            for drawn in tries:
                try:
                    answer = await self._client().api_call(
                        method, json={**arguments, "text": drawn.text, "blocks": list(drawn.blocks)}
                    )
                    break
                except SlackApiError as error:
                    if code_of(error) not in PICTURE_OR_BLOCKS or drawn is tries[-1]:
                        raise
                    log.warning("slack refused blocks", channel=arguments["channel"], reason=code_of(error))
        return answer

    def _client(self) -> AsyncWebClient:
        """Without the SDK's retries: its handler for broken connections would post a second time."""
        if self._posting is None:
            self._posting = AsyncWebClient(
                self._bot_token, base_url=self._api_url, timeout=int(TIMEOUT), retry_handlers=[]
            )
        return self._posting

    def _remember(self, channel: str, delivery_id: str, ts: str) -> str:
        """Slack has no key that makes a second post of a delivery the first one, so within a process we are it."""
        self._sent[channel, delivery_id] = ts
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return ts

    async def _until_reached(self, ask: Callable[[], Any], setting: str, kind: str) -> Any:
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._asked(ask, setting, kind)
            except (SlackClientError, aiohttp.ClientError, OSError) as error:
                reason = code_of(error) if isinstance(error, SlackApiError) else repr(error)[:200]
                log.warning("slack cannot be reached", reason=reason, seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    async def _asked(ask: Callable[[], Any], setting: str, kind: str) -> Any:
        try:
            return await ask()
        except SlackApiError as error:
            if code_of(error) not in REFUSED:
                raise
            raise SettingsError(
                f"{setting} is not accepted by Slack ({code_of(error)}): copy the {kind}... again from your app's "
                "page at api.slack.com/apps."
            ) from error


class Socket(Protocol):
    """What we need of the SDK's Socket Mode client."""

    wss_uri: str | None

    async def is_connected(self) -> bool: ...


async def freshen(socket: Socket, seconds: float) -> None:
    """Watches the connection for ever: an address of Slack's opens once, and the SDK would try a spent one again."""
    lost = 0
    while True:
        await asyncio.sleep(seconds)
        lost = 0 if await socket.is_connected() else lost + 1
        if lost > 1:
            log.warning("slack connection lost", seconds=lost * seconds)
            socket.wss_uri = None


def _header(answer: Any, name: str) -> str:
    return next((value for key, value in answer.headers.items() if key.casefold() == name), "")


def _channel(channel: str) -> str:
    platform, _, place = channel.partition(":")
    team, _, identity = place.partition(":")
    if platform != "slack" or not team or not identity:
        raise ChannelGone(f"{channel} is not a Slack channel")
    return identity
