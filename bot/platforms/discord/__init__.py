"""Discord: typed slash commands, alerts as cards, buttons that outlive a restart."""

from bot.platforms.discord.platform import DiscordPlatform

connect = DiscordPlatform

__all__ = ["DiscordPlatform", "connect"]
