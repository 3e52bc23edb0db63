"""Slack: one slash command with the words of every command, alerts as Block Kit, Socket Mode."""

from bot.platforms.slack.platform import SlackPlatform

connect = SlackPlatform

__all__ = ["SlackPlatform", "connect"]
