"""Who speaks and where: people's roles and names and their channels, asked of Slack once and remembered for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.command import Invocation
from bot.core.model import Channel, Person

log = structlog.get_logger(__name__)

REMEMBERED = timedelta(minutes=5)
"""A role that was taken away works for so long at most."""
ENTRIES = 2000
PATIENCE = 5.0  # seconds for all questions about one command
PAGES = 5  # of 200 channels

UNNAMED = ("", "privategroup")
"""What Slack calls the channel of a slash command that is typed in a private one."""
SPOKEN = {"directmessage": "direct message"}

T = TypeVar("T")


class Directory:
    """Asks nothing twice within five minutes; what Slack does not tell is answered with the least rights."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._known: OrderedDict[tuple[str, ...], tuple[datetime, Any]] = OrderedDict()

    async def invocation(self, team: str, channel: str, user: str, name: str = "") -> Invocation:
        """Who says something, where."""
        tenant = f"slack:{team}"
        nobody: dict[str, Any] = {}
        profile, channels = nobody, ()
        try:
            async with asyncio.timeout(PATIENCE):
                profile, channels = await asyncio.gather(self._profile(user), self._channels(team, user))
                if name in UNNAMED:
                    name = next((each.name for each in channels if each.id.endswith(f":{channel}")), "")
                    name = name or await self._name(channel)
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.warning("slack does not say who speaks", team=team, user=user, reason=str(error)[:200])
        return Invocation(
            tenant=tenant,
            channel=Channel(f"slack:{team}:{channel}", tenant, SPOKEN.get(name, name) or channel),
            person=Person(f"slack:{team}:{user}", _display_name(profile) or user, may_manage(profile)),
            channels=channels,
            zone=profile.get("tz") or "UTC",
            locale=profile.get("locale") or "en",
        )

    async def _profile(self, user: str) -> dict[str, Any]:
        async def ask() -> dict[str, Any]:
            answer = await self._client.users_info(user=user, include_locale=True)
            return dict(answer.get("user") or {})

        return await self._once(("profile", user), ask)

    async def _channels(self, team: str, user: str) -> tuple[Channel, ...]:
        """The channels that this person is in and the bot can see: those that may be subscribed."""

        async def ask() -> tuple[Channel, ...]:
            found: list[Channel] = []
            cursor = ""
            for _ in range(PAGES):
                answer = await self._client.users_conversations(
                    user=user, types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor
                )
                found += [
                    Channel(f"slack:{team}:{each['id']}", f"slack:{team}", each.get("name", ""))
                    for each in answer.get("channels") or ()
                ]
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    break
            return tuple(sorted(found, key=lambda channel: channel.name))

        return await self._once(("channels", team, user), ask)

    async def _name(self, channel: str) -> str:
        async def ask() -> str:
            answer = await self._client.conversations_info(channel=channel)
            return str((answer.get("channel") or {}).get("name") or "direct message")

        return await self._once(("name", channel), ask)

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


def may_manage(profile: dict[str, Any]) -> bool:
    """Admins, and members of the workspace where they can speak; no guest, no stranger of a shared channel, no bot."""
    if not profile or profile.get("deleted"):
        return False
    if any(profile.get(role) for role in ("is_admin", "is_owner", "is_primary_owner")):
        return True
    return not any(profile.get(kind) for kind in ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot"))


def _display_name(profile: dict[str, Any]) -> str:
    shown = (profile.get("profile") or {}).get("display_name")
    return str(shown or profile.get("real_name") or profile.get("name") or "")
