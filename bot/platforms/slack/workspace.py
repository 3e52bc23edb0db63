"""What a workspace tells of its channels and of us: closed, open again, or the app put out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.ports import Places
from bot.platforms.slack.outcome import GONE, code_of
from bot.platforms.slack.teams import Team, Teams

log = structlog.get_logger(__name__)

Event = dict[str, Any]

CLOSED = {
    "channel_archive": "is_archived",
    "group_archive": "is_archived",
    "channel_deleted": "channel_not_found",
    "group_deleted": "channel_not_found",
    "group_left": "not_in_channel",  # a public channel may be posted in from outside
}
"""Events that close a channel to us, each with the error that a post would bring now."""
OPENED = ("channel_unarchive", "group_unarchive", "member_joined_channel")
AGAIN = (2.0, 30.0, 300.0)
"""Seconds between questions whether the app was removed, where Slack does not answer."""
PUT_OUT = ("app_uninstalled", "tokens_revoked")


class Workspace:
    """Events may come late, twice and out of order: what they say is asked again where it would cost something."""

    def __init__(self, teams: Teams, places: Places | None, *, again: Sequence[float] = AGAIN) -> None:
        self._teams = teams
        self._places = places
        self._again = again

    def register(self, app: AsyncApp) -> None:
        for kind in CLOSED:
            app.event(kind)(self.closed)
        for kind in OPENED:
            app.event(kind)(self.opened)
        for kind in PUT_OUT:
            app.event(kind)(self.put_out)

    async def closed(self, ack: AsyncAck, event: Event, context: AsyncBoltContext) -> None:
        await ack()
        team = await self._team(context)
        team = await self._teams.hosting(team, event["channel"])
        team.directory.forget_channels()
        if self._places and not await _is_open(team, event["channel"]):
            reason = GONE[CLOSED[event["type"]]].format(bot=team.bot)
            await self._places.closed(_id(team, event["channel"]), reason)

    async def opened(self, ack: AsyncAck, event: Event, context: AsyncBoltContext) -> None:
        """A channel was unarchived, or somebody joined one: only we are of interest."""
        await ack()
        team = await self._team(context)
        if event["type"] == "member_joined_channel" and event.get("user") != team.user:
            return
        team.directory.forget_channels()
        team = await self._teams.hosting(team, event["channel"])
        if self._places and await _is_open(team, event["channel"]):
            await self._places.opened(_id(team, event["channel"]))

    async def put_out(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        """Nothing is kept of a workspace that put us out; but one that took us in again since is not put out."""
        await ack()
        gone = await self._gone(context.team_id or "")
        if gone is None:
            log.info("an event says that the app was removed, but its token works", team=context.team_id)
            return
        log.warning("the app was removed from the workspace", team=gone)
        if self._places:
            await self._places.removed(f"slack:{gone}")

    async def _gone(self, team: str) -> str | None:
        """Slack says it once: where it cannot be reached now, it is asked again before the word is lost."""
        for pause in self._again:
            try:
                return await self._teams.gone(team)
            except (SlackClientError, aiohttp.ClientError, OSError) as error:
                log.warning("slack does not say whether the app was removed", team=team, reason=repr(error)[:200])
            await asyncio.sleep(pause)
        return await self._teams.gone(team)

    async def _team(self, context: AsyncBoltContext) -> Team:
        return await self._teams.get(context.team_id or "")


async def _is_open(team: Team, channel: str) -> bool:
    try:
        answer = await team.client.conversations_info(channel=channel)
    except SlackApiError as error:
        log.debug("slack does not show a channel", channel=channel, reason=code_of(error))
        return False
    return not (answer.get("channel") or {}).get("is_archived")


def _id(team: Team, channel: str) -> str:
    return f"slack:{team.id}:{channel}"
