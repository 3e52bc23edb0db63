"""The way out: an alert posted, edited and looked up in its workspace, by the Web API alone."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError

from bot.core.errors import ChannelGone
from bot.core.message import Message
from bot.platforms.slack.draw import Drawn, looks
from bot.platforms.slack.outcome import GONE, code_of, judged, taken
from bot.platforms.slack.teams import Team, Teams
from bot.platforms.slack.thread import EVENT as UPDATE
from bot.platforms.slack.thread import Threads, updates

EVENT = "delivery"
"""The type of the metadata that carries a delivery's id."""
PLAINLY = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "mrkdwn": False}
"""No previews, and no reading of the text for names and marks."""
SKEW = timedelta(seconds=30)
PAGE, PAGES = 15, 10
"""Apps outside Slack's directory get 15 messages of history a request; an alert is lost within minutes, not days."""
REMEMBERED = 4096
THREAD = "/"
"""Between a channel and the message in whose thread something goes, in an address that `thread` has made."""
NO_THREAD = {"thread_not_found", "invalid_thread_ts", "message_not_found", "cannot_reply_to_message"}

T = TypeVar("T")


class Poster:
    """Keeps the promises of `core.ports.Platform` about send, edit, find and check_channel."""

    def __init__(self, teams: Teams) -> None:
        self._teams = teams
        self._sent: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._threads = Threads()

    async def send(self, channel: str, message: Message, delivery_id: str) -> str:
        """Into a channel, or into the thread of an address that has one."""
        channel, _, root = channel.partition(THREAD)
        known = self._sent.get((channel, delivery_id))
        if known:
            return known
        team, place = await self._at(channel)
        posted = await self._write(
            team,
            message,
            "chat.postMessage",
            channel=place,
            metadata={"event_type": EVENT, "event_payload": {"id": delivery_id}},
            **({"thread_ts": root} if root else {}),
            **PLAINLY,
        )
        return self._remember(channel, delivery_id, str(posted["ts"]))

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """Change it in place; with a thread wished for, what is new is said there too, and rings for who follows it."""
        team, place = await self._at(channel)
        await self._write(team, message, "chat.update", channel=place, ts=remote_id, link_names=False)
        if not message.manner.thread:
            return
        async with self._judged(team):
            said = await _reading(team, place, lambda: self._threads.said(team.posting, place, remote_id))
        fresh = {key: each for key, each in updates(message).items() if key not in said}
        if not fresh:
            return
        self._threads.forget(place, remote_id)  # until we know that it was said: an answer may be lost
        await self._write(
            team,
            Message(body=tuple(fresh.values())),
            "chat.postMessage",
            channel=place,
            thread_ts=remote_id,
            metadata={"event_type": UPDATE, "event_payload": {"keys": list(fresh)}},
            **PLAINLY,
        )
        self._threads.remember(place, remote_id, said.union(fresh))

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        """Reads the history back for the delivery's metadata; a public channel is joined for that."""
        oldest = f"{(since - SKEW).timestamp():.6f}"
        channel, _, root = channel.partition(THREAD)
        team, place = await self._at(channel)
        async with self._judged(team):
            place = await _conversation(team, place)
            found = await _reading(team, place, lambda: _read_back(team, place, root, delivery_id, oldest))
            if root and not found:  # it was posted into the channel, if the thread's first message was deleted
                found = await _reading(team, place, lambda: _read_back(team, place, "", delivery_id, oldest))
        return self._remember(channel, delivery_id, found) if found else None

    async def check_channel(self, channel: str) -> str:
        """What the channel is called. Raises ChannelGone with what a person can do where alerts cannot be posted."""
        team, place = await self._at(channel)
        async with self._judged(team):
            answer = await team.posting.conversations_info(channel=await _conversation(team, place))
        known = answer.get("channel") or {}
        if known.get("is_archived"):
            raise ChannelGone(GONE["is_archived"])
        return "a direct message" if known.get("is_im") else f"#{known.get('name') or place}"

    async def _at(self, channel: str) -> tuple[Team, str]:
        """The workspace of a channel, and Slack's own id of the channel."""
        platform, _, place = channel.partition(":")
        team, _, identity = place.partition(":")
        if platform != "slack" or not team or not identity:
            raise ChannelGone(f"{channel} is not a Slack channel")
        async with judged(renew=self._teams.renew):
            return await self._teams.get(team), identity

    def _judged(self, team: Team) -> Any:
        return judged(team.bot, renew=self._teams.renew)

    async def _write(self, team: Team, message: Message, method: str, **arguments: Any) -> Any:
        async def say(drawn: Drawn) -> Any:
            return await _called(team, method, {**arguments, "text": drawn.text, "blocks": list(drawn.blocks)})

        async with self._judged(team):
            return await taken(looks(message), say)

    def _remember(self, channel: str, delivery_id: str, ts: str) -> str:
        """Slack has no key that makes a second post of a delivery the first one, so within a process we are it."""
        self._sent[channel, delivery_id] = ts
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return ts


async def _called(team: Team, method: str, arguments: dict[str, Any]) -> Any:
    """Into the channel what should go into the thread of a message that was deleted."""
    try:
        return await team.posting.api_call(method, json=arguments)
    except SlackApiError as error:
        if "thread_ts" not in arguments or code_of(error) not in NO_THREAD:
            raise
    return await team.posting.api_call(method, json={**arguments, "thread_ts": None})


async def _conversation(team: Team, place: str) -> str:
    """What can be read back: a person may be posted to by their id, but not read by it."""
    if place[0] not in "UW":
        return place
    opened = await team.posting.conversations_open(users=place)
    return str(opened["channel"]["id"])


async def _reading(team: Team, place: str, read: Callable[[], Awaitable[T]]) -> T:
    """chat:write.public lets us post where we are not, but not read: a public channel is joined for that."""
    try:
        return await read()
    except SlackApiError as error:
        if code_of(error) != "not_in_channel":
            raise
    await team.posting.conversations_join(channel=place)
    return await read()


async def _read_back(team: Team, place: str, root: str, delivery_id: str, oldest: str) -> str | None:
    """The delivery in the channel, or in the thread of `root`."""
    client = team.posting
    ask = functools.partial(client.conversations_replies, ts=root) if root else client.conversations_history
    cursor = ""
    for _ in range(PAGES):
        try:
            answer = await ask(channel=place, oldest=oldest, include_all_metadata=True, limit=PAGE, cursor=cursor)
        except SlackApiError as error:
            if root and code_of(error) in NO_THREAD:
                return None
            raise
        for posted in answer.get("messages") or ():
            metadata = posted.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT and payload.get("id") == delivery_id:
                return str(posted["ts"])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return None
