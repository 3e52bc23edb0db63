"""Whether the bot may post in a channel, asked of Discord's HTTP API alone: before a start there is no gateway."""

from __future__ import annotations

import discord

from bot.core.errors import ChannelGone
from bot.platforms.discord.rights import advice, missing, needed

INVITE = discord.Permissions(view_channel=True, send_messages=True, read_message_history=True)
THREADS = discord.Permissions(create_public_threads=True, send_messages_in_threads=True)
WHY = {
    "View Channel": "to see the channels that alerts go to",
    "Send Messages": "for the alerts, and for posts in a forum",
    "Read Message History": "so that an interrupted alert is not posted twice",
    "Create Public Threads": "for a thread under each alert, where a subscription asks for it",
    "Send Messages in Threads": "for what follows in it, and to post in a thread in which somebody subscribed",
}


async def look_at(client: discord.Client, channel_id: int, *, threads: bool = False) -> str:
    """What the channel is called, if we may post there. Raises ChannelGone that names each right that is missing.

    `threads` is whether each story is to have a thread there.
    """
    channel = await client.fetch_channel(channel_id)
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return "direct messages"
    assert client.user
    # A channel alone does not know the roles of its server, without which its rights cannot be told.
    guild = await client.fetch_guild(channel.guild.id, with_counts=False)
    me = await guild.fetch_member(client.user.id)
    # A thread has the rights of its channel.
    home = channel.parent_id if isinstance(channel, discord.Thread) else channel_id
    whole = next((each for each in await guild.fetch_channels() if each.id == home), None)
    rights = needed(channel.type, threads=threads)
    lacking = missing(whole.permissions_for(me), rights) if whole else ["View Channel"]
    if lacking:
        raise ChannelGone(advice(whole.name if whole else channel.name, lacking))
    if isinstance(channel, discord.Thread):
        if channel.locked:
            raise ChannelGone(f"The thread “{channel.name}” is locked: unlock it, or choose another channel.")
        return f"the thread “{channel.name}” in {guild.name}"
    return f"#{channel.name} in {guild.name}"


def invitation(application_id: int, *, threads: bool) -> str:
    """The link by which a server takes the bot in, with the least rights that it needs."""
    rights = discord.Permissions(INVITE.value | THREADS.value) if threads else INVITE
    return discord.utils.oauth_url(application_id, permissions=rights, scopes=("bot", "applications.commands"))


def personal_invitation(application_id: int) -> str:
    """The link by which a person takes the bot along, for alerts in direct messages."""
    return f"{discord.utils.oauth_url(application_id, scopes=('applications.commands',))}&integration_type=1"
