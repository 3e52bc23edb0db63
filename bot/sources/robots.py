"""robots.txt (RFC 9309): asked only before a page is fetched that no person named."""

from __future__ import annotations

from urllib.robotparser import RobotFileParser

from bot.sources.charset import decode

AGENT = "Newsbell"
FILE_MOST = 500_000
"""Bytes that must be read, says the standard; what comes after is not looked at."""


def may_look(status: int, body: bytes | bytearray, url: str) -> bool:
    """Whether the rules let us look: a site without any lets everybody, one whose rules cannot be had lets nobody."""
    if 400 <= status < 500:
        return True
    if status != 200:
        return False
    rules = RobotFileParser()
    rules.parse(decode(bytes(body[:FILE_MOST])).splitlines())
    rules.modified()  # without a date it takes them for unread, and forbids all
    return rules.can_fetch(AGENT, url)
