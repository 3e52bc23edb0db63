"""The sample wire: invented outlets that publish over real HTTP on loopback, for a first look without a network."""

from bot.demo.wire import Wire

__all__ = ["Wire"]
