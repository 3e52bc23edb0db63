"""A feed pack: the TOML file of feeds that a new house starts with, and the catalogue in which servers find more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bot.core import toml
from bot.core.errors import SettingsError

WEEK = 7 * 24 * 60
"""Minutes."""

LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "ku": "Kurdish", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "sw": "Swahili", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""By which people ask for a language; one that is not here is found by its tag."""


@dataclass(frozen=True, slots=True)
class PackFeed:
    """One feed of a pack. `source` is the outlet's name as readers know it, `lang` a language tag (BCP 47).

    `kind` says what it is (agency, newspaper) or its subject; `interval` is a fixed one. What is not to `poll` is only
    listed, until a server adds it. `full_text` says whether its articles' pages are read, if it says anything.
    """

    url: str
    title: str
    source: str
    lang: str = ""
    region: str = ""
    kind: str = ""
    interval: timedelta | None = None
    poll: bool = True
    full_text: bool | None = None


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
    entry.only("url", "title", "source", "lang", "region", "kind", "interval", "poll", "fulltext")
    return PackFeed(
        url=_url(entry),
        title=entry.text("title"),
        source=entry.text("source"),
        lang=_lang(entry),
        region=entry.text("region", ""),
        kind=entry.text("kind", ""),
        interval=_interval(entry),
        poll=entry.flag("poll", True),
        full_text=entry.flag("fulltext", False) if "fulltext" in entry.values else None,
    )


def _interval(entry: toml.Table) -> timedelta | None:
    minutes = entry.number("interval")
    if minutes is not None and not 1 <= minutes <= WEEK:
        raise SettingsError(f"{entry.where}: interval {minutes!r} is not a number of minutes from 1 to {WEEK}")
    return None if minutes is None else timedelta(minutes=minutes)


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


def language(feed: PackFeed) -> str:
    """The feed's language in English."""
    return LANGUAGES.get(feed.lang.partition("-")[0], feed.lang)


def search(feeds: Iterable[PackFeed], words: str) -> list[PackFeed]:
    """Those of which every word asked for begins one of theirs: in region, language, kind, outlet, title or host."""
    wanted = set(_words(words))
    return [feed for feed in feeds if all(any(has.startswith(word) for has in _said(feed)) for word in wanted)]


def _said(feed: PackFeed) -> set[str]:
    host = urlsplit(feed.url).hostname or ""
    return {
        *_words(f"{feed.region} {language(feed)} {feed.kind} {feed.source} {feed.title} {host}"),
        feed.lang.casefold(),
    }


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"\w+", text.casefold())


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
