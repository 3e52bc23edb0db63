"""The life of a server: the welcome as it takes us in, what it closes and opens, and the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.core.message import Button, Kind, Message, Style, Tone, paragraph
from bot.core.ports import Places
from bot.platforms.discord.draw import still
from bot.platforms.discord.rights import advice, may_post, missing, rooms

log = structlog.get_logger(__name__)

SILENT = discord.AllowedMentions.none()

WELCOME = Message(
    title="Newsbell is here",
    body=(
        paragraph("News alerts in three steps:"),
        paragraph("Follow something: press the button, or type /subscribe and a country, an organisation, a relation "
                  "such as Russia-Iraq, or any words.", kind=Kind.ITEM),
        paragraph("Each new story about it is posted once, in the channel where you subscribed or in the one you "
                  "chose, with the sentence that made it match.", kind=Kind.ITEM),
        paragraph("Ask at any time: /news searches the archive, /help shows the rest.", kind=Kind.ITEM),
    ),
    buttons=(
        Button("Follow a topic", "subscribe", style=Style.PRIMARY),
        Button("Browse topics", "topics"),
        Button("Help", "help"),
    ),
    footer="Setting up is for those with the Manage Server right; Server Settings > Integrations changes that.",
    tone=Tone.SUCCESS,
)  # fmt: skip


Inbox = Callable[[discord.abc.Snowflake], Awaitable[discord.DMChannel]]


class Servers:
    """Tells the house what Discord tells us of servers and channels; a failure in here must not reach the gateway.

    `inbox` opens the direct messages with a person.
    """

    def __init__(self, places: Places | None, inbox: Inbox) -> None:
        self._places = places
        self._inbox = inbox
        self._closed: dict[int, set[int]] = {}
        """Channels in which we may not post, by server: what changed is seen against it."""

    def met(self, guild: discord.Guild) -> None:
        """A server that was there before: how it stands now is not news."""
        self._closed[guild.id] = _closed(guild)

    async def joined(self, guild: discord.Guild) -> None:
        """Say hello once, where most will see it and we may speak; to the owner where we may speak nowhere."""
        self.met(guild)
        log.info("discord server joined", server=guild.id, name=guild.name)
        room = _front_room(guild)
        try:
            if room is not None:
                await room.send(view=still(WELCOME), allowed_mentions=SILENT)
            elif guild.owner_id:
                owner = await self._inbox(discord.Object(guild.owner_id))
                await owner.send(view=still(_nowhere(guild.name)), allowed_mentions=SILENT)
        except discord.HTTPException as error:
            log.warning("welcome not posted", server=guild.id, reason=str(error)[:200])

    async def left(self, guild: discord.Guild) -> None:
        self._closed.pop(guild.id, None)
        if self._places:
            await self._places.removed(f"discord:{guild.id}")

    async def lost(self, guild_id: int, channel_id: int) -> None:
        """A channel or a thread was deleted."""
        self._closed.get(guild_id, set()).discard(channel_id)
        if self._places:
            await self._places.closed(
                f"discord:{channel_id}", "It was deleted in Discord: subscribe again in another channel"
            )

    async def changed(self, guild: discord.Guild) -> None:
        """Rights may have changed somewhere in the server: of a channel, or of a role that reaches many."""
        before, now = self._closed.get(guild.id), _closed(guild)
        self._closed[guild.id] = now
        if before is None or self._places is None:
            return
        for channel in rooms(guild):
            if channel.id in now - before:
                lacking = missing(channel.permissions_for(guild.me))
                await self._places.closed(f"discord:{channel.id}", advice(channel.name, lacking))
            elif channel.id in before - now:
                await self._places.opened(f"discord:{channel.id}")


def _nowhere(server: str) -> Message:
    """The welcome for who owns a server in which there is no place for it."""
    return Message(
        title=f"Newsbell is in {server}, and may write nowhere",
        body=(
            paragraph("There is no channel that everybody sees and in which it may post. To hear of the news there:"),
            paragraph("Give it the View Channel and Send Messages rights in a channel (Edit Channel > Permissions); "
                      "one that not everybody sees will do.", kind=Kind.ITEM),
            paragraph("Type /subscribe in that channel, and a country, an organisation, a relation such as "
                      "Russia-Iraq, or any words.", kind=Kind.ITEM),
        ),
        footer="This is said once.",
        tone=Tone.WARNING,
    )  # fmt: skip


def _closed(guild: discord.Guild) -> set[int]:
    if guild.me is None:
        return set()
    return {channel.id for channel in rooms(guild) if not may_post(channel.permissions_for(guild.me))}


def _front_room(guild: discord.Guild) -> discord.TextChannel | None:
    """The channel for a server's own notices, else the first one that everybody sees and we may speak in."""
    if guild.me is None:
        return None
    rooms = [guild.system_channel, *guild.text_channels]
    return next(
        (
            room
            for room in rooms
            if room
            and may_post(room.permissions_for(guild.me))
            and room.permissions_for(guild.default_role).view_channel
        ),
        None,
    )
