"""The local web channel: a page like a chat, and the small JSON API that it uses."""

from bot.platforms.web.platform import WebPlatform, connect

__all__ = ["WebPlatform", "connect"]
