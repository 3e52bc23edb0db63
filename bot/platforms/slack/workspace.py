"""What a workspace tells of its channels and of us: closed, open again, or the app put out."""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.ports import Places
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.outcome import GONE, OUT, code_of

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
PUT_OUT = ("app_uninstalled", "tokens_revoked")


class Workspace:
    """Events may come late, twice and out of order: what they say is asked again where it would cost something."""

    def __init__(self, client: AsyncWebClient, directory: Directory, places: Places | None, user: str) -> None:
        self._client = client
        self._directory = directory
        self._places = places
        self._user = user

    def register(self, app: AsyncApp) -> None:
        for kind in CLOSED:
            app.event(kind)(self.closed)
        for kind in OPENED:
            app.event(kind)(self.opened)
        for kind in PUT_OUT:
            app.event(kind)(self.put_out)

    async def closed(self, ack: AsyncAck, event: Event) -> None:
        await ack()
        self._directory.forget_channels()
        if self._places and not await self._is_open(event["channel"]):
            reason = GONE[CLOSED[event["type"]]].format(bot=self._directory.bot)
            await self._places.closed(self._id(event["channel"]), reason)

    async def opened(self, ack: AsyncAck, event: Event) -> None:
        """A channel was unarchived, or somebody joined one: only we are of interest."""
        await ack()
        if event["type"] == "member_joined_channel" and event.get("user") != self._user:
            return
        self._directory.forget_channels()
        if self._places and await self._is_open(event["channel"]):
            await self._places.opened(self._id(event["channel"]))

    async def put_out(self, ack: AsyncAck) -> None:
        """Nothing is kept of a workspace that put us out; but one that took us in again since is not put out."""
        await ack()
        try:
            await self._client.auth_test()
        except SlackApiError as error:
            if code_of(error) not in OUT:
                raise
            log.warning("the app was removed from the workspace", team=self._directory.team, reason=code_of(error))
            if self._places:
                await self._places.removed(self._directory.tenant)
            return
        log.info("an event says that the app was removed, but its token works", team=self._directory.team)

    async def _is_open(self, channel: str) -> bool:
        try:
            answer = await self._client.conversations_info(channel=channel)
        except SlackApiError as error:
            log.debug("slack does not show a channel", channel=channel, reason=code_of(error))
            return False
        return not (answer.get("channel") or {}).get("is_archived")

    def _id(self, channel: str) -> str:
        return f"{self._directory.tenant}:{channel}"
