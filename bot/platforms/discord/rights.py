"""What the bot needs in a channel, as Discord's settings call it, and how somebody gives it."""

from __future__ import annotations

import discord

NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
}
"""The last to find a lost message again: without it alerts still go out."""
IN_THREADS = {
    "view_channel": "View Channel",
    "send_messages_in_threads": "Send Messages in Threads",
    "read_message_history": "Read Message History",
}
"""In a thread that somebody subscribed in; its channel gives the rights."""
FOR_THREADS = {
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}
"""Besides, where a subscription wants a thread for each story. A post in a forum wants only the second."""


def rooms(guild: discord.Guild) -> list[discord.TextChannel | discord.ForumChannel]:
    """The channels of a server that can take alerts."""
    return [*guild.text_channels, *guild.forums]


def may_post(permissions: discord.Permissions) -> bool:
    return permissions.view_channel and permissions.send_messages


def needed(kind: discord.ChannelType, *, threads: bool = False) -> dict[str, str]:
    """The rights that alerts need in such a channel; with `threads`, where each story has one."""
    if kind in (discord.ChannelType.public_thread, discord.ChannelType.private_thread, discord.ChannelType.news_thread):
        return IN_THREADS
    if not threads:
        return NEEDED
    if kind in (discord.ChannelType.forum, discord.ChannelType.media):
        return NEEDED | {"send_messages_in_threads": FOR_THREADS["send_messages_in_threads"]}
    return NEEDED | FOR_THREADS


def missing(permissions: discord.Permissions, wanted: dict[str, str] = NEEDED) -> list[str]:
    """The rights that somebody has to give, by the names they have in the settings."""
    return [shown for right, shown in wanted.items() if not getattr(permissions, right)]


def advice(name: str, lacking: list[str]) -> str:
    """What somebody has to change so that the bot may post in the channel of that name."""
    place = f"#{name}" if name else "the channel"
    shown = lacking or list(NEEDED.values())[:2]
    rights = "right" if len(shown) == 1 else "rights"
    return (
        f"Give the bot the {' and '.join(shown)} {rights} in {place} (Edit Channel > Permissions), "
        f"or choose another channel."
    )
