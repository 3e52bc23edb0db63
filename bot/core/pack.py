"""A feed pack: the TOML file of feeds that a new house starts with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.core import toml
from bot.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class PackFeed:
    """One feed of a pack. `source` is the outlet's name as readers know it, `lang` a language tag (BCP 47)."""

    url: str
    title: str
    source: str
    lang: str = ""
    region: str = ""


def load(path: Path) -> tuple[PackFeed, ...]:
    """The feeds of a pack, in the order of the file.

    Raises SettingsError that names the file, the entry and the key: for TOML that does not parse, a key that is
    missing, unknown or of the wrong kind, an address that is not http(s), and an address that comes twice.
    """
    document = toml.read(path)
    document.only("feed")
    feeds: list[PackFeed] = []
    places: dict[str, str] = {}
    for entry in document.tables("feed"):
        feed = _feed(entry)
        known = _same(feed.url)
        if known in places:
            raise SettingsError(f"{entry.where}: url {feed.url} is already there ({places[known]})")
        places[known] = entry.where.removeprefix(f"{path}, ")
        feeds.append(feed)
    return tuple(feeds)


def _feed(entry: toml.Table) -> PackFeed:
    entry.only("url", "title", "source", "lang", "region")
    return PackFeed(
        url=_url(entry),
        title=entry.text("title"),
        source=entry.text("source"),
        lang=_lang(entry),
        region=entry.text("region", ""),
    )


def _url(entry: toml.Table) -> str:
    url = entry.text("url")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # an impossible port shows only when it is read
    except ValueError as error:
        raise SettingsError(f"{entry.where}: url {url!r} is not an address ({error})") from error
    if parts.scheme not in ("http", "https"):
        raise SettingsError(f"{entry.where}: url {url!r} must begin with https:// or http://")
    if not host or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise SettingsError(f"{entry.where}: url {url!r} is not an address")
    if parts.username or parts.password:
        raise SettingsError(f"{entry.where}: url must not hold a user name or password, because packs are shared")
    return url


def _lang(entry: toml.Table) -> str:
    lang = entry.text("lang", "")
    if lang and not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", lang):
        raise SettingsError(f"{entry.where}: lang {lang!r} is not a language tag such as en, ar or pt-BR")
    return lang


def _same(url: str) -> str:
    """What two spellings of one feed's address have in common."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{(parts.hostname or '').removeprefix('www.')}{port}{parts.path.rstrip('/')}{query}"
