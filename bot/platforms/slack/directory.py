"""Who speaks and where: people's roles and names and their channels, asked of Slack once and remembered for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.command import Invocation
from bot.core.message import Role
from bot.core.model import Channel, Person
from bot.platforms.slack.outcome import code_of

log = structlog.get_logger(__name__)

REMEMBERED = timedelta(minutes=5)
"""A role that was taken away works for so long at most."""
ENTRIES = 2000
PATIENCE = 5.0  # seconds for all questions about one command
PAGES = 5  # of 200 channels

HURRY = 2.0  # seconds
HERE = Role("slack:here", "here")

PRIVATE_CHANNEL = "privategroup"
"""What Slack calls the channel of a slash command that is typed in a private one."""
UNNAMED = ("", PRIVATE_CHANNEL)
SPOKEN = {"directmessage": "direct message", PRIVATE_CHANNEL: "this channel"}

T = TypeVar("T")


class Directory:
    """Asks nothing twice within five minutes; what Slack does not tell is answered with the least rights.

    `team` is the workspace that installed the app. A channel that is shared with another workspace belongs to it all
    the same, whoever speaks: an event's own team may be that of a stranger. But those that are hosted by a workspace
    which is said to have the app too (`elsewhere`) are not chosen here.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        clock: Callable[[], datetime],
        *,
        team: str,
        bot: str = "@Newsbell",
        elsewhere: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        self.team = team
        self.bot = bot
        self._client = client
        self._clock = clock
        self._elsewhere = elsewhere
        self._known: OrderedDict[tuple[str, ...], tuple[datetime, Any]] = OrderedDict()

    @property
    def tenant(self) -> str:
        return f"slack:{self.team}"

    async def invocation(self, channel: str, user: str, name: str = "", *, chosen: bool = False) -> Invocation:
        """Who says something, where.

        A channel that was `chosen` in a window, and not spoken in, is closed to who is not in it.
        """
        profile: dict[str, Any] = {}
        channels: tuple[Channel, ...] = ()
        roles: tuple[Role, ...] = (HERE,)
        try:
            async with asyncio.timeout(PATIENCE):
                profile, channels, roles = await asyncio.gather(self._profile(user), self._channels(user), self.roles())
                if is_admin(profile):
                    channels = tuple(dict.fromkeys((*channels, *await self._public_channels())))
                if name in UNNAMED and channel:
                    name = next((each.name for each in channels if each.id.endswith(f":{channel}")), "")
                    name = name or await self._name(channel)
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.warning("slack does not say who speaks", team=self.team, user=user, reason=str(error)[:200])
        place = self._place(channel or user, SPOKEN.get(name, name))
        outside = chosen and not channel.startswith("D") and all(place.id != each.id for each in channels)
        advice = f"You or I are not in that channel. Join it, and if it is private type /invite {self.bot} there first."
        return Invocation(
            tenant=self.tenant,
            channel=place,
            person=Person(f"slack:{self.team}:{user}", _display_name(profile) or user, may_manage(profile, self.team)),
            channels=channels,
            zone=profile.get("tz") or "UTC",
            locale=profile.get("locale") or "en",
            roles=roles,
            closed=advice if outside else "",
        )

    def forget_channels(self) -> None:
        """Channels have changed: who may choose which is asked again."""
        for key in [key for key in self._known if key[0] != "profile"]:
            del self._known[key]

    def is_hidden(self, call: Invocation, name: str) -> bool:
        """Whether somebody types the slash command in a private channel that the bot is not in."""
        return name == PRIVATE_CHANNEL and call.channel.name == SPOKEN[PRIVATE_CHANNEL]

    async def bare(self, channel: str, user: str) -> Invocation:
        """Without asking who this is, and so without any right: for completions, which Slack gives three seconds."""
        roles: tuple[Role, ...] = (HERE,)
        with suppress(SlackClientError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(HURRY):
                roles = await self.roles()
        person = Person(f"slack:{self.team}:{user}")
        return Invocation(self.tenant, self._place(channel or user, ""), person, roles=roles)

    async def roles(self) -> tuple[Role, ...]:
        """Who can be called together: whoever is there, and the user groups, where the app may see them."""

        async def ask() -> tuple[Role, ...]:
            try:
                answer = await self._client.usergroups_list()
            except SlackApiError as error:  # a workspace without groups, or an app from before this scope
                log.debug("slack does not tell its user groups", reason=code_of(error))
                return (HERE,)
            groups = answer.get("usergroups") or ()
            return (HERE, *(Role(f"slack:{each['id']}", str(each.get("handle", ""))) for each in groups))

        return await self._once(("roles",), ask)

    def _place(self, channel: str, name: str) -> Channel:
        return Channel(f"{self.tenant}:{channel}", self.tenant, name or channel)

    async def _profile(self, user: str) -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            answer = await self._client.users_info(user=user, include_locale=True)
            return dict(answer.get("user") or {})

        return await self._once(("profile", user), ask)

    async def _channels(self, user: str) -> tuple[Channel, ...]:
        """The channels that this person is in and the bot can see: those that may be subscribed."""

        def ask(cursor: str) -> Awaitable[Any]:
            return self._client.users_conversations(
                user=user, types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor
            )

        return await self._once(("channels", user), lambda: self._paged(ask))

    async def _public_channels(self) -> tuple[Channel, ...]:
        """What admins look after, whether they are in it or not."""

        def ask(cursor: str) -> Awaitable[Any]:
            return self._client.conversations_list(
                types="public_channel", exclude_archived=True, limit=200, cursor=cursor
            )

        return await self._once(("public channels",), lambda: self._paged(ask))

    async def _paged(self, ask: Callable[[str], Awaitable[Any]]) -> tuple[Channel, ...]:
        found: list[Channel] = []
        cursor = ""
        for _ in range(PAGES):
            answer = await ask(cursor)
            for each in answer.get("channels") or ():
                host = _host(each)
                if not (self._elsewhere and host not in ("", self.team) and await self._elsewhere(host)):
                    found.append(self._place(each["id"], each.get("name", "")))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return tuple(sorted(found, key=lambda channel: channel.name))

    async def shared(self, channel: str) -> tuple[str, tuple[str, ...]]:
        """The workspace that hosts a channel which several share, and all of those; empty for any other channel."""
        if not channel or channel[0] not in "CG":
            return "", ()
        try:
            async with asyncio.timeout(PATIENCE):
                known = await self._info(channel)
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.debug("slack does not tell whose a channel is", channel=channel, reason=repr(error)[:200])
            return "", ()
        host = _host(known)
        return host, tuple(dict.fromkeys((self.team, *(known.get("shared_team_ids") or ())))) if host else ()

    async def _name(self, channel: str) -> str:
        try:
            known = await self._info(channel)
        except SlackApiError as error:
            if code_of(error) != "channel_not_found":
                raise
            return PRIVATE_CHANNEL
        return str(known.get("name") or "direct message")

    async def _info(self, channel: str) -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            answer = await self._client.conversations_info(channel=channel)
            return dict(answer.get("channel") or {})

        return await self._once(("channel", channel), ask)

    async def _once(self, key: tuple[str, ...], ask: Callable[[], Awaitable[T]]) -> T:
        known = self._known.get(key)
        if known and self._clock() < known[0]:
            answer: T = known[1]
            return answer
        answer = await ask()
        self._known[key] = self._clock() + REMEMBERED, answer
        self._known.move_to_end(key)
        while len(self._known) > ENTRIES:
            self._known.popitem(last=False)
        return answer


def may_manage(profile: dict[str, Any], team: str) -> bool:
    """Admins, and members of the workspace where they can speak; no guest, no stranger of a shared channel, no bot."""
    home = (profile.get("enterprise_user") or {}).get("teams") or [profile.get("team_id") or team]
    if not profile or profile.get("deleted") or team not in home:
        return False
    if is_admin(profile):
        return True
    return not any(profile.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot"))


def _host(channel: dict[str, Any]) -> str:
    """Whose a channel is that is shared beyond one company; empty where it is not, or where Slack does not say."""
    return str(channel.get("conversation_host_id") or "") if channel.get("is_ext_shared") else ""


def is_admin(profile: dict[str, Any]) -> bool:
    return any(profile.get(role) for role in ("is_admin", "is_owner", "is_primary_owner"))


def _display_name(profile: dict[str, Any]) -> str:
    shown = (profile.get("profile") or {}).get("display_name")
    return str(shown or profile.get("real_name") or profile.get("name") or "")
