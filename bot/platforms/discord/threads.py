"""Threads: one under an alert for those who talk about its story; and forums, where each alert is a post of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import discord
import structlog

from bot.core.errors import DeliveryError
from bot.core.message import Message
from bot.platforms.discord.outcome import judged
from bot.platforms.plain import cut, line

log = structlog.get_logger(__name__)

NAME = 100  # characters of a thread's name
TAGS = 5  # on one post
THREAD_EXISTS = 160004
POST = "post:"
"""How the remote id of a forum's post begins: its message is in the thread of the same number."""


async def open_thread(client: discord.Client, channel_id: int, message_id: int, message: Message) -> None:
    """A thread under a posted alert. One that cannot be is logged: the alert is out, and that is what counts."""
    try:
        async with judged(lambda: "Give the bot the Create Public Threads right"):
            channel = await client.fetch_channel(channel_id)
            if isinstance(channel, discord.TextChannel):
                await channel.create_thread(name=name(message), message=discord.Object(message_id))
    except DeliveryError as error:
        cause = error.__cause__
        if not (isinstance(cause, discord.HTTPException) and cause.code == THREAD_EXISTS):
            log.warning("no thread for an alert", channel=channel_id, reason=str(error))


async def forum(client: discord.Client, channel_id: int) -> discord.ForumChannel | None:
    """The channel if it is a forum or a media channel."""
    channel = await client.fetch_channel(channel_id)
    return channel if isinstance(channel, discord.ForumChannel) else None


async def find_post(
    place: discord.ForumChannel, since: datetime, is_it: Callable[[discord.Message], bool]
) -> str | None:
    """The remote id of a post in the forum whose first message is the one."""
    threads = [each for each in await place.guild.active_threads() if each.parent_id == place.id]
    for thread in sorted(threads, key=lambda each: -each.id):
        if discord.utils.snowflake_time(thread.id) < since:
            break
        try:
            first = await thread.fetch_message(thread.id)
        except discord.NotFound:
            continue
        if is_it(first):
            return f"{POST}{thread.id}"
    return None


def name(message: Message) -> str:
    return cut(line(message.title), NAME) or "Alert"


def tags(place: discord.ForumChannel, message: Message) -> list[discord.ForumTag]:
    """The forum's tags that are called like the alert's topics; any one where the forum insists on one."""
    topics = {topic.strip().casefold() for field in message.fields for topic in field.value.split(",")}
    fitting = [tag for tag in place.available_tags if tag.name.casefold() in topics and not tag.moderated]
    if not fitting and place.flags.require_tag:
        fitting = [tag for tag in place.available_tags if not tag.moderated][:1]
    return fitting[:TAGS]
