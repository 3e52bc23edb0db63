"""A workspace where the app is installed: its clients there, and who is who; and the one of a token in the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import ChannelGone
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.outcome import OUT, TIMEOUT, code_of

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Team:
    """One workspace. `bot` is how people there call the bot, `scopes` what they have granted it.

    `client` asks and answers, and tries again by itself: nothing that it does would matter if it were done twice.
    `posting` has none of the SDK's retries: its handler for broken connections would post a second time.
    """

    id: str
    name: str
    bot: str
    user: str
    bot_id: str
    scopes: frozenset[str]
    client: AsyncWebClient
    posting: AsyncWebClient
    directory: Directory


class Teams(Protocol):
    """`renew` says what a person does about a token that Slack no longer takes."""

    renew: str

    async def get(self, team: str) -> Team:
        """Raises ChannelGone where the app is not installed, and as the SDK does."""
        ...

    async def hosting(self, team: Team, channel: str) -> Team:
        """Whose a channel is that was spoken in: a shared one may be another workspace's. Raises as the SDK does."""
        ...

    async def gone(self, team: str) -> str | None:
        """The id of a workspace whose token is worth nothing any more, or None. Raises as the SDK does."""
        ...


class OneTeam:
    """The one workspace whose token stands in the settings, whatever team an event or a channel names."""

    renew = "copy the Bot User OAuth Token again and set NEWSBELL_SLACK__BOT_TOKEN"

    def __init__(self, token: str, api_url: str, clock: Clock) -> None:
        self._token = token
        self._api_url = api_url
        self._clock = clock
        self._team: Team | None = None

    async def get(self, _team: str = "") -> Team:
        if self._team is None:
            met = await introduced(self._token, self._api_url, self._clock)
            self._team = self._team or met
        return self._team

    async def hosting(self, team: Team, _channel: str) -> Team:
        return team

    async def gone(self, team: str) -> str | None:
        known = self._team.id if self._team else team
        return known if await is_out(self._token, self._api_url) else None


async def is_out(token: str, api_url: str) -> bool:
    """Whether a token is worth nothing. Raises as the SDK does where nobody can tell."""
    try:
        await asking(token, api_url).auth_test()
    except SlackApiError as error:
        if code_of(error) not in OUT:
            raise
        return True
    return False


def asking(token: str, api_url: str) -> AsyncWebClient:
    """A client that tries again by itself."""
    return AsyncWebClient(
        token,
        base_url=api_url,
        timeout=int(TIMEOUT),
        retry_handlers=[AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(max_retry_count=2)],
    )


async def introduced(token: str, api_url: str, clock: Clock, **more: Any) -> Team:
    """The workspace of a token, which Slack is asked for. Raises as the SDK does."""
    posting = AsyncWebClient(token, base_url=api_url, timeout=int(TIMEOUT), retry_handlers=[])
    who = await posting.auth_test()
    client = asking(token, api_url)
    team, bot = str(who["team_id"]), f"@{who['user']}"
    granted = next((value for key, value in who.headers.items() if key.casefold() == "x-oauth-scopes"), "")
    return Team(
        id=team,
        name=str(who["team"]),
        bot=bot,
        user=str(who["user_id"]),
        bot_id=str(who.get("bot_id") or ""),
        scopes=frozenset(scope.strip() for scope in str(granted).split(",")),
        client=client,
        posting=posting,
        directory=Directory(client, clock, team=team, bot=bot, **more),
    )


class Authorize(AsyncAuthorize):
    """Bolt's question which token answers an event."""

    def __init__(self, teams: Teams) -> None:
        self._teams = teams

    async def __call__(self, *, team_id: str | None, **_: Any) -> AuthorizeResult | None:
        try:
            team = await self._teams.get(team_id or "")
        except ChannelGone:
            return None
        return AuthorizeResult(
            enterprise_id=None,
            team_id=team.id,
            bot_user_id=team.user,
            bot_id=team.bot_id,
            bot_token=team.client.token,
        )
