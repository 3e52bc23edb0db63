"""The sample wire's outlets and articles, as they are written in `config/demo/`.

`outlets.toml` holds the outlets; every other file holds one running story (or a bundle of unrelated pieces):

    story = "anbar-raid"                  # a label for tests, never published

    [[article]]
    guid = "anbar-raid-northern-wire"
    outlet = "northern-wire"
    place = 10                            # live: its place in the sequence; or `hours = 30` before the start
    title = "..."
    text = '''Paragraphs, parted by an empty line.'''

    [[article.correction]]                # the same article again, later, with another headline (or text)
    place = 120
    title = "..."

An article may say `copy_of = "guid"` in place of a text: it then prints that text word for word and credits its outlet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from bot.core import toml
from bot.core.errors import SettingsError


class Format(StrEnum):
    RSS = "rss"
    ATOM = "atom"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who publishes. `full` feeds carry the whole text, the others the first paragraph alone."""

    id: str
    name: str
    description: str
    lang: str
    region: str
    format: Format
    full: bool


@dataclass(frozen=True, slots=True)
class Correction:
    place: float
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleArticle:
    """`place` orders what is live (only the order counts, so gaps are free); `before` dates the backlog."""

    guid: str
    outlet: Outlet
    story: str
    title: str
    paragraphs: tuple[str, ...] = ()
    place: float | None = None
    before: timedelta | None = None
    copy_of: str = ""
    corrections: tuple[Correction, ...] = ()


def load(folder: Path) -> tuple[tuple[Outlet, ...], tuple[SampleArticle, ...]]:
    """Everything in the folder. Raises SettingsError that names the file and the place of what is wrong."""
    outlets = {outlet.id: outlet for outlet in _outlets(folder / "outlets.toml")}
    articles: dict[str, SampleArticle] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == "outlets.toml":
            continue
        document = toml.read(path)
        document.only("story", "article")
        story = document.text("story", "")
        for entry in document.tables("article"):
            article = _article(entry, story, outlets)
            if article.guid in articles:
                raise SettingsError(f"{entry.where}: guid {article.guid!r} is already taken")
            articles[article.guid] = article
    return tuple(outlets.values()), tuple(_printed(article, articles, folder) for article in articles.values())


def _outlets(path: Path) -> list[Outlet]:
    document = toml.read(path)
    document.only("outlet")
    found: list[Outlet] = []
    for entry in document.tables("outlet"):
        entry.only("id", "name", "description", "lang", "region", "format", "full")
        kind = entry.text("format")
        if kind not in tuple(Format):
            raise SettingsError(f"{entry.where}: format must be one of {', '.join(Format)}, not {kind!r}")
        outlet = Outlet(
            id=_slug(entry, "id"),
            name=entry.text("name"),
            description=entry.text("description"),
            lang=entry.text("lang"),
            region=entry.text("region"),
            format=Format(kind),
            full=entry.flag("full", True),
        )
        if any(outlet.id == other.id for other in found):
            raise SettingsError(f"{entry.where}: id {outlet.id!r} is already taken")
        found.append(outlet)
    return found


def _article(entry: toml.Table, story: str, outlets: dict[str, Outlet]) -> SampleArticle:
    entry.only("guid", "outlet", "title", "text", "place", "hours", "copy_of", "correction")
    outlet = outlets.get(entry.text("outlet"))
    if outlet is None:
        raise SettingsError(f"{entry.where}: outlet {entry.text('outlet')!r} is not in outlets.toml")
    place, hours = entry.number("place"), entry.number("hours")
    if (place is None) == (hours is None):
        raise SettingsError(f"{entry.where}: give either place (live) or hours (before the start)")
    if hours is not None and hours <= 0:
        raise SettingsError(f"{entry.where}: hours must be more than 0, because the backlog is older than the start")
    copy_of = entry.text("copy_of", "")
    paragraphs = () if copy_of else _paragraphs(entry.text("text"))
    title = entry.text("title")
    return SampleArticle(
        guid=_slug(entry, "guid"),
        outlet=outlet,
        story=story,
        title=title,
        paragraphs=paragraphs,
        place=place,
        before=None if hours is None else timedelta(hours=hours),
        copy_of=copy_of,
        corrections=tuple(_correction(each, title, paragraphs, place) for each in entry.tables("correction")),
    )


def _correction(entry: toml.Table, title: str, paragraphs: tuple[str, ...], after: float | None) -> Correction:
    entry.only("place", "title", "text")
    place = entry.number("place")
    if place is None or place <= (after or 0):
        raise SettingsError(f"{entry.where}: place must be a number after that of the article")
    text = entry.text("text", "")
    return Correction(place, entry.text("title", title), _paragraphs(text) if text else paragraphs)


def _printed(article: SampleArticle, articles: dict[str, SampleArticle], folder: Path) -> SampleArticle:
    """A wire copy takes its text, and the text of its corrections, from the original."""
    if not article.copy_of:
        return article
    original = articles.get(article.copy_of)
    if original is None or original.copy_of:
        raise SettingsError(
            f"{folder}: {article.guid} is a copy of {article.copy_of!r}, which is no article of its own"
        )
    *start, last = original.paragraphs
    paragraphs = (*start, f"{last} ({original.outlet.name})")
    return replace(
        article,
        paragraphs=paragraphs,
        corrections=tuple(replace(each, paragraphs=each.paragraphs or paragraphs) for each in article.corrections),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", text) if part.strip())


def _slug(entry: toml.Table, key: str) -> str:
    """A name that can stand in a path as it is."""
    name = entry.text(key)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise SettingsError(f"{entry.where}: {key} {name!r} must be lower-case words with hyphens")
    return name
