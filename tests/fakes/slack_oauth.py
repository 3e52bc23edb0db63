"""The fake Slack's OAuth v2: the page where a person allows the app, codes and refresh tokens that work once."""

from __future__ import annotations

import base64
import json
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp import web

from tests.fakes.slack_world import BOT, SCOPES, TEAM, Payload, SlackError, User

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

CLIENT_ID, CLIENT_SECRET = "11.22", "a client secret"
LIVES = 43_200  # seconds that a rotating token lives


@dataclass
class Install:
    """The app in one workspace."""

    team: str = TEAM
    name: str = "Newsroom"
    bot: str = BOT
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    removed: bool = False


CALLER: ContextVar[Install] = ContextVar("the installation whose token a request has")


@dataclass
class Token:
    install: Install
    ends: float | None = None


class FakeOAuth:
    """`url` is the app's public address. With `rotating` tokens end, and are traded for the next by refresh tokens."""

    def __init__(self, slack: FakeSlack, token: str) -> None:
        self.slack = slack
        self.url = ""
        self.rotating = False
        self.broken = False
        self.whole_organization = False
        self.own = Install(scopes=slack.scopes)
        self.installs: dict[str, Install] = {TEAM: self.own}
        self.tokens: dict[str, Token] = {token: Token(self.own)}
        self.traded = 0
        self._codes: dict[str, tuple[Install, User]] = {}
        self._refreshing: dict[str, Install] = {}

    def called(self, token: str) -> Install:
        """Whose token it is."""
        known = self.tokens.get(token)
        if known is None:
            raise SlackError("invalid_auth")
        if known.install.removed:
            raise SlackError("account_inactive")
        if known.ends is not None and known.ends <= self.slack.clock().timestamp():
            raise SlackError("token_expired")
        return known.install

    # A person's browser

    async def install(self, team: str = TEAM, name: str = "Newsroom", user: User | None = None) -> tuple[int, str]:
        """From the app's page by Slack's to the page that says how it went."""
        state, cookie = await self.begin()
        return await self.come_back(state=state, code=self.allow(team, name, user), cookie=cookie)

    async def begin(self) -> tuple[str, str]:
        """Opens the app's page, and is sent to Slack's: the state, and the cookie."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}/slack/install", allow_redirects=False) as response,
        ):
            assert response.status == 302, await response.text()
            there = urlsplit(response.headers["Location"])
            cookie = response.headers["Set-Cookie"]
        query = {key: values[0] for key, values in parse_qs(there.query, keep_blank_values=True).items()}
        if f"{there.scheme}://{there.netloc}{there.path}" != self.slack.api_url.replace("/api/", "/oauth/v2/authorize"):
            self.slack.invalid.append(f"sent to {there.netloc}{there.path}")
        if query["client_id"] != CLIENT_ID or set(query["scope"].split(",")) != set(SCOPES) or query.get("user_scope"):
            self.slack.invalid.append(f"asked for {query}")
        if not {"secure", "httponly"} <= {part.strip().casefold() for part in cookie.split(";")}:
            self.slack.invalid.append("a cookie that is not safe")
        return query["state"], cookie.partition(";")[0]

    def allow(self, team: str = TEAM, name: str = "Newsroom", user: User | None = None) -> str:
        """The person presses Allow: a code that works once."""
        install = self.installs.get(team)
        if install is None or install.removed:
            install = Install(team, name, BOT if team == TEAM else f"U0BOT{team[2:]}")
            self.installs[team] = install
        install.name = name
        for channel in self.slack.channels.values():
            if team in channel.teams and channel.id[0] == "D":
                channel.members.add(install.bot)
        code = f"code-{self.slack.next()}"
        self._codes[code] = install, user or self.slack.admin
        return code

    async def come_back(self, *, cookie: str = "", **query: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(
                f"{self.url}/slack/oauth_redirect?{urlencode(query)}",
                headers={"Cookie": cookie} if cookie else {},
                allow_redirects=False,
            ) as response,
        ):
            return response.status, await response.text()

    def grant(self, team: str) -> str:
        """An installation as the app has stored it."""
        install = self.installs[team]
        granted = self._granted(install)
        return json.dumps(
            {
                "team_id": team,
                "team_name": install.name,
                "bot_token": granted["access_token"],
                "bot_id": f"B{install.bot}",
                "bot_user_id": install.bot,
                "installed_at": 0.0,
            }
        )

    # The Web API's side

    def access(self, request: web.Request, arguments: Payload) -> Payload:
        """oauth.v2.access, for a code or a refresh token."""
        given = base64.b64decode(request.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        if given != f"{CLIENT_ID}:{CLIENT_SECRET}":
            raise SlackError("bad_client_secret")
        if self.broken:
            raise SlackError("internal_error", 500)
        if arguments.get("grant_type") == "refresh_token":
            install = self._refreshing.pop(arguments["refresh_token"], None)
            if install is None or install.removed:
                raise SlackError("invalid_refresh_token")
            self.traded += 1
            return {**self._granted(install), "team": {"id": install.team, "name": install.name}}
        install, user = self._codes.pop(arguments.get("code", ""), (None, None))
        if install is None or user is None:
            raise SlackError("invalid_code")
        return {
            **self._granted(install),
            "app_id": "A1",
            "bot_user_id": install.bot,
            "team": {"id": install.team, "name": install.name},
            "enterprise": {"id": "E0ALL", "name": "All"} if self.whole_organization else None,
            "is_enterprise_install": self.whole_organization,
            "authed_user": {"id": user.id},
        }

    def _granted(self, install: Install) -> Payload:
        token = f"xoxb-{self.slack.next()}"
        granted: dict[str, Any] = {
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(sorted(install.scopes)),
        }
        self.tokens[token] = Token(install)
        if self.rotating:
            refresh = f"xoxe-{self.slack.next()}"
            self._refreshing[refresh] = install
            self.tokens[token].ends = self.slack.clock().timestamp() + LIVES
            granted |= {"refresh_token": refresh, "expires_in": LIVES}
        return granted
