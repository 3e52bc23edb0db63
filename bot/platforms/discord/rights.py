"""What the bot needs in a channel, as Discord's settings call it, and how somebody gives it."""

from __future__ import annotations

import discord

NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
}
"""The last to find a lost message again: without it alerts still go out."""


def rooms(guild: discord.Guild) -> list[discord.TextChannel | discord.ForumChannel]:
    """The channels of a server that can take alerts."""
    return [*guild.text_channels, *guild.forums]


def may_post(permissions: discord.Permissions) -> bool:
    return permissions.view_channel and permissions.send_messages


def missing(permissions: discord.Permissions) -> list[str]:
    """The rights that somebody has to give, by the names they have in the settings."""
    return [shown for right, shown in NEEDED.items() if not getattr(permissions, right)]


def advice(name: str, lacking: list[str]) -> str:
    """What somebody has to change so that the bot may post in the channel of that name."""
    place = f"#{name}" if name else "the channel"
    shown = lacking or list(NEEDED.values())[:2]
    rights = "right" if len(shown) == 1 else "rights"
    return (
        f"Give the bot the {' and '.join(shown)} {rights} in {place} (Edit Channel > Permissions), "
        f"or choose another channel."
    )
