"""The Slack platform: Socket Mode or HTTP for what people say, the Web API for what the outbox hands us."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import DeliveryError, SettingsError
from bot.core.message import Message
from bot.core.model import Subscription
from bot.core.ports import Places
from bot.core.router import Router
from bot.platforms.slack.door import INSTALL, PATH, REDIRECT, Door
from bot.platforms.slack.install import Installations, Installer, Vault
from bot.platforms.slack.listen import Listener
from bot.platforms.slack.manifest import SCOPES
from bot.platforms.slack.many import ManyTeams
from bot.platforms.slack.once import InMemory, Marks
from bot.platforms.slack.outcome import WRONG_TOKEN, code_of, judged
from bot.platforms.slack.post import THREAD, Poster
from bot.platforms.slack.teams import Authorize, OneTeam, Team
from bot.platforms.slack.windows import Followed
from bot.platforms.slack.workspace import Workspace

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LOST = 30.0
"""Seconds between two looks at the connection; after two bad ones the next try takes a new address."""
REFUSED = {*WRONG_TOKEN, "account_inactive", "token_revoked"}
NOT_INSTALLED = "Newsbell is no longer installed in this workspace. Ask an admin to install it again."
BOT_TOKEN = ("NEWSBELL_SLACK__BOT_TOKEN", "Bot User OAuth Token, xoxb-")
KINDS = {
    "xoxb-": "a bot token",
    "xapp-": "an app-level token",
    "xoxp-": "a person's token",
    "xoxe.xoxb-": "a bot token that ends within hours",
    "xoxe-": "a refresh token",
}
"""Slack's tokens by their beginnings."""
NAMED = 10
"""Workspaces that a check calls by their names."""
APP_TOKEN = ("NEWSBELL_SLACK__APP_TOKEN", "app-level token, xapp-")


def _now() -> datetime:
    return datetime.now(UTC)


async def _nothing(_tenant: str) -> Sequence[Subscription]:
    return ()


class SlackPlatform:
    """Channels are `slack:<team>:<channel>`, tenants `slack:<team>`.

    `app_token` (xapp-) opens Socket Mode, which `run` needs; posting needs the bot token alone. `command` is the slash
    command as it is set in the app's manifest. With the `transport` "http" Slack comes to `doors` instead, which wants
    the signing secret and a public address. There `client_id` and `client_secret` in place of the bot token let any
    number of workspaces install the app; their tokens are kept in the `vault`. `followed` tells a tenant's
    subscriptions, for the Home tab; `places` hears of channels that close or open and of the app's removal; `marks`
    are what all processes know to have happened.
    """

    name = "slack"
    whispers = True
    dedupes_for = timedelta(0)

    def __init__(
        self,
        bot_token: str | None = None,
        app_token: str | None = None,
        signing_secret: str | None = None,
        *,
        client_id: str = "",
        client_secret: str | None = None,
        vault: Vault | None = None,
        api_url: str = "https://slack.com/api/",
        command: str = "/news",
        transport: str = "socket",
        followed: Followed = _nothing,
        places: Places | None = None,
        marks: Marks | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._api_url = api_url
        self._command = command
        self._transport = transport
        self._marks = marks or InMemory(clock)
        self._door = Door(signing_secret or "", clock, self._marks)
        self._followed = followed
        self._places = places
        self._bot_token, self._client_id, self._client_secret = bot_token, client_id, client_secret
        self._teams: OneTeam | ManyTeams = OneTeam(bot_token or "", api_url, clock)
        self._installer: Installer | None = None
        if client_id and client_secret and vault:
            installations = Installations(vault)
            self._installer = Installer(
                client_id,
                client_secret,
                api_url=api_url,
                installations=installations,
                marks=self._marks,
                clock=clock,
            )
            rotator = AsyncTokenRotator(
                client_id=client_id, client_secret=client_secret, client=AsyncWebClient(base_url=api_url)
            )
            self._teams = ManyTeams(installations, rotator, self._marks, api_url, clock, self._hand_over)
        self._poster = Poster(self._teams)

    @property
    def doors(self) -> dict[str, Door | Installer]:
        """What the web server serves for us: an ASGI application by its path."""
        if self._transport != "http":
            return {}
        installer = self._installer
        return {PATH: self._door, **({INSTALL: installer, REDIRECT: installer} if installer else {})}

    async def _hand_over(self, channel: str, reason: str) -> None:
        if self._places:
            await self._places.closed(channel, reason)

    async def run(self, router: Router) -> None:
        """Keeps a connection up until cancelled. Raises SettingsError where only a person can help."""
        self._must_be_set()
        bound = log.bind(command=self._command)
        if isinstance(self._teams, OneTeam):
            team = await self._until_reached(self._teams.get, *BOT_TOKEN)
            bound = bound.bind(bot=team.bot, team=team.name)
        app = self._app(router)
        if self._transport == "http":
            await self._serve(app, bound)
        else:
            await self._connect(app, bound)

    def _app(self, router: Router) -> AsyncApp:
        # Signatures are checked at our own door, which also knows replays; over Socket Mode there are none.
        app = AsyncApp(
            client=AsyncWebClient(base_url=self._api_url),
            authorize=Authorize(self._teams),  # type: ignore[arg-type]  # Bolt's own class for it may answer None
            signing_secret=self._signing_secret or "",
            request_verification_enabled=False,
            user_facing_authorize_error_message=NOT_INSTALLED,
        )
        Listener(router, self._teams, self._marks, self._command, self._followed).register(app)
        Workspace(self._teams, self._places).register(app)
        return app

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
        self._must_be_of_its_kind()
        if self._client_id and self._bot_token:
            raise SettingsError(
                "NEWSBELL_SLACK__BOT_TOKEN is one workspace's, NEWSBELL_SLACK__CLIENT_ID lets many install the app: "
                "set one of the two."
            )
        if self._client_id and self._transport != "http":
            raise SettingsError(
                "NEWSBELL_SLACK__TRANSPORT must be http where NEWSBELL_SLACK__CLIENT_ID is set: workspaces install the "
                "app at a public address."
            )
        if self._client_id and not self._client_secret:
            raise SettingsError(
                "NEWSBELL_SLACK__CLIENT_SECRET is not set: copy the Client Secret (Basic Information > App "
                "Credentials)."
            )
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

    def _must_be_of_its_kind(self) -> None:
        """A token in the other's place, or one that would end: Slack's own answers do not say so."""
        for token, wanted, (setting, kind) in (
            (self._bot_token, "xoxb-", BOT_TOKEN),
            (self._app_token, "xapp-", APP_TOKEN),
        ):
            if token and not token.startswith(wanted):
                found = next((name for start, name in KINDS.items() if token.startswith(start)), "no token of Slack's")
                ends = ". Turn token rotation off, or let workspaces install the app" if "ends" in found else ""
                raise SettingsError(f"{setting} holds {found}: it wants the {kind}...{ends}.")

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        return await self._poster.send(channel, message, delivery_id)

    def thread(self, channel: str, remote_id: str) -> str:
        return f"{channel}{THREAD}{remote_id}"

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        await self._poster.edit(channel, remote_id, message)

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        return await self._poster.find(channel, delivery_id, since)

    async def check_channel(self, channel: str, *, threads: bool = False) -> str:
        """What the channel is called; a thread needs no more rights than a post. Raises as `send` does."""
        return await self._poster.check_channel(channel)

    async def check(self) -> str:
        """Who the bot is and where. Raises SettingsError where a token is wrong or a scope is missing, or as `send`."""
        async with judged(renew=self._teams.renew):
            self._must_be_of_its_kind()
            if self._transport == "http" or self._client_id:
                self._must_be_set()
            if isinstance(self._teams, ManyTeams):
                return await _check_each(self._teams)
            team = await self._asked(self._teams.get, *BOT_TOKEN)
            if self._transport != "http" and self._app_token:
                opening = functools.partial(team.posting.apps_connections_open, app_token=self._app_token)
                await self._asked(opening, *APP_TOKEN)
        _must_be_granted(team)
        if self._transport == "http":
            how = f"; Slack's requests are awaited at {PATH}"
        else:
            how = "" if self._app_token else "; without NEWSBELL_SLACK__APP_TOKEN it posts but hears no commands"
        return f"{team.bot} in {team.name}{how}"

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


def _must_be_granted(team: Team) -> None:
    missing = [scope for scope in SCOPES if scope not in team.scopes]
    if missing:
        raise SettingsError(
            f"The Slack app lacks the scopes {', '.join(missing)}: add them under OAuth & Permissions (or paste "
            "config/slack-manifest.yaml again under App Manifest) and reinstall the app."
        )


async def _check_each(teams: ManyTeams) -> str:
    names: list[str] = []
    for identity in await teams.installations.teams():
        try:
            async with judged(renew=teams.renew):
                team = await teams.get(identity)
        except DeliveryError as error:
            raise SettingsError(f"Workspace {identity}: {error}") from error
        if missing := [scope for scope in SCOPES if scope not in team.scopes]:
            raise SettingsError(
                f"The Slack app lacks the scopes {', '.join(missing)} in {team.name}: an admin there installs it again "
                f"at {INSTALL}."
            )
        names.append(team.name)
    shown = ", ".join(names[:NAMED]) + (" ..." if names[NAMED:] else "")
    return f"{len(names)} workspaces{f' ({shown})' if shown else ''}; they install the app at {INSTALL}"
