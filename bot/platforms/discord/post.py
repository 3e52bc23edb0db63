"""Posts, edits and finds again the alerts in Discord's channels; needs the HTTP API alone, no gateway."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import discord
import structlog

from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.core.message import Message
from bot.platforms.discord.audit import look_at
from bot.platforms.discord.draw import look as card
from bot.platforms.discord.draw import marks, nonce, roles
from bot.platforms.discord.outcome import (
    CLOSED_INBOX,
    NOT_A_PLACE,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    BotMustWait,
    judged,
    trace,
    wrong_token,
)
from bot.platforms.discord.rights import advice
from bot.platforms.discord.threads import POST, find_post, forum, name, open_thread, tags

log = structlog.get_logger(__name__)

READ_BACK = 300
"""Messages looked through for a lost one: three requests, more than any channel gets within an outage."""
SKEW = timedelta(seconds=30)
"""Discord stamps a message by its own clock; we look that much further back."""
REPEATED = timedelta(minutes=10)
"""How far back a forum's post that is sent a second time is looked for."""
REPLY = "{}/{}"
"""The remote id of a message in the thread of another."""
IN_THREAD = re.compile(r"(\d+)/(\d+)")
DELETED = "deleted"
"""The remote id of a message that somebody deleted before we learned its id."""

T = TypeVar("T")
Posting = Callable[[T, Message, str, bool], Awaitable[str]]


class Look(Protocol):
    """Draws a message as keyword arguments of discord.py's `send` and `edit`."""

    def __call__(self, message: Message, *, delivery_id: str = "", image: bool = True) -> dict[str, Any]: ...


SILENT = discord.AllowedMentions.none()


class Post:
    """One HTTP session for all deliveries. It logs in by itself at the first of them.

    `advice` says what somebody has to change so that the bot may post in the channel of that id.
    """

    def __init__(
        self, token: str, clock: Callable[[], datetime], advice: Callable[[int], str], look: Look = card
    ) -> None:
        self._token = token
        self._clock = clock
        self._advice = advice
        self._look = look
        self._client: discord.Client | None = None
        self._login = asyncio.Lock()
        self._forums: dict[int, discord.ForumChannel] = {}
        self._inboxes: dict[int, int] = {}
        self._wait: tuple[datetime, BotMustWait] | None = None

    async def send(self, channel_id: int, message: Message, delivery_id: str) -> str:
        async with self._channel(channel_id) as channel:
            if channel_id not in self._forums:
                try:
                    remote_id = await self._pictured(channel, message, delivery_id, self._create)
                except discord.HTTPException as error:
                    if error.code not in NOT_A_PLACE or not await self._is_forum(channel_id):
                        raise
            if channel_id in self._forums:
                remote_id = await self._pictured(self._forums[channel_id], message, delivery_id, self._publish)
        if message.manner.thread and remote_id.isdecimal() and self._client:
            await open_thread(self._client, channel_id, int(remote_id), message)
        return remote_id

    async def reply(self, channel_id: int, root: int, message: Message, delivery_id: str) -> str:
        """Into the thread of a message, which has the message's own number; where that is closed, into the channel."""
        for _ in range(2):
            try:
                async with self._channel(root) as thread:
                    return REPLY.format(root, await self._pictured(thread, message, delivery_id, self._create))
            except ChannelGone as error:
                cause = error.__cause__
                if not (isinstance(cause, discord.HTTPException) and cause.code == UNKNOWN_CHANNEL and self._client):
                    log.warning("what follows an alert is not in its thread", channel=channel_id, reason=str(error))
                    break
                # A process that was killed right after the alert has opened none.
                await open_thread(self._client, channel_id, root, message)
        return await self.send(channel_id, message, delivery_id)

    async def edit(self, channel_id: int, remote_id: str, message: Message) -> None:
        if remote_id.startswith(POST):
            remote_id = remote_id.removeprefix(POST)
            channel_id = int(remote_id)
        if match := IN_THREAD.fullmatch(remote_id):
            channel_id, remote_id = int(match[1]), match[2]
        if not remote_id.isdecimal():
            raise Rejected("The message was deleted in Discord")
        async with self._channel(channel_id) as channel:
            await channel.get_partial_message(int(remote_id)).edit(**self._look(message), allowed_mentions=SILENT)

    async def find(self, channel_id: int, delivery_id: str, since: datetime) -> str | None:
        """Looks for the marks on our own cards. Without the right to read the history, Discord shows an empty one."""
        found = None
        async with self._channel(channel_id) as channel:
            try:
                async for posted in channel.history(limit=READ_BACK, after=since - SKEW, oldest_first=True):
                    if _carries(posted, delivery_id):
                        found = str(posted.id)
                        break
            except discord.HTTPException as error:
                if error.code not in NOT_A_PLACE or not await self._is_forum(channel_id):
                    raise
                found = await find_post(
                    self._forums[channel_id], since - SKEW, lambda posted: _carries(posted, delivery_id)
                )
        return found

    async def find_reply(self, root: int, delivery_id: str, since: datetime) -> str | None:
        """As `find`, in the thread of a message; in one that is not there, nothing is."""
        try:
            found = await self.find(root, delivery_id, since)
        except ChannelGone:
            return None
        return REPLY.format(root, found) if found else None

    async def inbox(self, person_id: int) -> int:
        """The channel of the direct messages with a person. Raises ChannelGone where they let us write none."""
        if person_id not in self._inboxes:
            async with judged(lambda: CLOSED_INBOX):
                opened = await (await self._logged_in()).create_dm(discord.Object(person_id))
            self._inboxes[person_id] = opened.id
        return self._inboxes[person_id]

    async def who(self) -> str:
        """The bot's name and reach, asked of Discord with the token."""
        async with judged(lambda: ""):
            client = await self._logged_in()
        servers = client.application.approximate_guild_count if client.application else 0
        return f"{client.user} in {servers} server{'' if servers == 1 else 's'}"

    async def application(self) -> int:
        """The application's id, by which it is invited."""
        async with judged(lambda: ""):
            client = await self._logged_in()
        return client.application_id or 0

    async def look_at(self, channel_id: int, *, threads: bool) -> str:
        """What the channel is called, if we may post there."""
        async with judged(lambda: advice("", [])):
            return await look_at(await self._logged_in(), channel_id, threads=threads)

    async def close(self) -> None:
        if self._client:
            await self._client.close()
            self._client = None

    async def _is_forum(self, channel_id: int) -> bool:
        found = await forum(await self._logged_in(), channel_id)
        if found:
            self._forums[channel_id] = found
        return found is not None

    async def _pictured(self, place: T, message: Message, delivery_id: str, post: Posting[T]) -> str:
        """Posted with its picture, or without where Discord does not take it: that must not cost the alert."""
        try:
            return await post(place, message, delivery_id, True)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE:
                return DELETED  # the nonce is known and its message was deleted meanwhile: it was posted, once
            if error.status != 400 or not message.image or error.code in NOT_A_PLACE:
                raise
            log.warning("alert posted without its picture", reason=error.text[:200])
            return await post(place, message, delivery_id, False)

    async def _publish(self, place: discord.ForumChannel, message: Message, delivery_id: str, image: bool) -> str:
        """A post in a forum. Forums know no nonce, so one that may be there already is looked for first."""
        try:
            known = await find_post(place, self._clock() - REPEATED, lambda posted: _carries(posted, delivery_id))
            if known:
                return known
            made = await place.create_thread(
                name=name(message),
                **self._look(message, delivery_id=delivery_id, image=image),
                applied_tags=tags(place, message),
                silent=message.manner.silent,
                allowed_mentions=_allowed(message),
            )
        except discord.HTTPException:
            self._forums.pop(place.id, None)  # its tags may have changed
            raise
        return f"{POST}{made.thread.id}"

    async def _create(
        self, channel: discord.PartialMessageable, message: Message, delivery_id: str, image: bool
    ) -> str:
        posted = await channel.send(
            **self._look(message, delivery_id=delivery_id, image=image),
            nonce=nonce(delivery_id),
            silent=message.manner.silent,
            allowed_mentions=_allowed(message),
        )
        return str(posted.id)

    @asynccontextmanager
    async def _channel(self, channel_id: int) -> AsyncIterator[discord.PartialMessageable]:
        """The channel for one request, unless all of the bot is asked to wait; the outcome is one of the three."""
        if self._wait and self._clock() < self._wait[0]:
            until, reason = self._wait
            raise TryLater(str(reason), until - self._clock(), refused=True)
        try:
            async with judged(lambda: self._advice(channel_id)):
                client = await self._logged_in()
                yield client.get_partial_messageable(channel_id)
        except BotMustWait as error:
            self._wait = self._clock() + error.wait, error
            log.warning("discord asks the bot to wait", seconds=error.wait.total_seconds(), reason=str(error))
            raise

    async def _logged_in(self) -> discord.Client:
        async with self._login:
            if self._client is None:
                client = discord.Client(intents=discord.Intents.none(), http_trace=trace(), max_messages=None)
                try:
                    await client.login(self._token)
                except discord.LoginFailure as error:
                    await client.close()
                    raise wrong_token() from error
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client


def _allowed(message: Message) -> discord.AllowedMentions:
    called = [discord.Object(role) for role in roles(message.manner)]
    return discord.AllowedMentions(everyone=False, users=False, roles=called or False, replied_user=False)


def _carries(posted: discord.Message, delivery_id: str) -> bool:
    """Whether it is this delivery's card."""
    return set(marks(delivery_id)) <= set(_ids(posted.components)) or posted.nonce == nonce(delivery_id)


def _ids(components: Iterable[discord.Component]) -> Iterator[int | None]:
    for component in components:
        yield getattr(component, "id", None)  # only those of Components V2 have one
        yield from _ids(getattr(component, "children", ()))
