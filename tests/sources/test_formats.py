"""Every format that feeds come in, read into the same words."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import feedparser
import pytest

from bot.sources.parse import HEADERS, Reader

FEEDS = Path(__file__).parent / "feeds"
FILES = sorted(path.name for path in FEEDS.iterdir())
NOW = "2026-11-26T12:00:00+00:00"
NAMES = ("key", "title", "url", "link_key", "summary", "text", "published", "lang", "image")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def read(reader: Reader, name: str, url: str = "https://feeds.example/x/feed.xml") -> dict[str, Any]:
    answer = reader.read((FEEDS / name).read_bytes(), {"url": url, "now": NOW})
    assert answer["kind"] == "feed"
    assert answer["whole"]
    return answer


def entries(reader: Reader, name: str) -> list[dict[str, str | None]]:
    return [dict(zip(NAMES, values, strict=True)) for values in read(reader, name)["entries"]]


def test_rss_090(reader: Reader) -> None:
    assert read(reader, "rss090.xml")["title"] == "First of All Formats"
    assert [(entry["title"], entry["key"]) for entry in entries(reader, "rss090.xml")] == [
        ("Observers arrive in the capital", "https://first.example/observers"),
        ("Talks go into a second week", "https://first.example/talks"),
    ]


def test_rss_091(reader: Reader) -> None:
    first, second = entries(reader, "rss091.xml")
    assert first["title"] == "Harbour reopens after the storm"
    assert first["key"] == first["link_key"] == "https://herald.example/harbour"
    assert first["summary"] == "Ships wait outside."
    assert (first["published"], first["lang"], second["summary"]) == (None, "en", "")


def test_rss_092_items_without_title_are_called_by_their_first_words(reader: Reader) -> None:
    note, podcast = entries(reader, "rss092.xml")
    assert note["title"] and note["title"].startswith("A note without a title")
    assert note["key"] and note["key"].startswith("text:")
    assert note["lang"] == "en"
    assert podcast["image"] == ""


def test_rss_10(reader: Reader) -> None:
    (only,) = entries(reader, "rss10.xml")
    assert only["key"] == only["url"] == "https://science.example/1"
    assert only["summary"] == "Ice & rock."
    assert only["published"] == "2026-11-25T07:30:00+00:00"


def test_rss_20_with_its_modules(reader: Reader) -> None:
    feed = read(reader, "rss20.xml")
    assert (feed["title"], feed["site_url"], feed["lang"]) == ("World & Region", "https://world.example/", "en")
    assert (feed["ttl"], feed["update"], feed["skip_hours"], feed["skip_days"]) == (30, 0, [1, 2], ["sunday"])
    first, second = entries(reader, "rss20.xml")
    assert first["key"] == "world:4711"
    assert first["url"] == "https://world.example/iraq-budget?utm_source=rss&utm_medium=feed"
    assert first["link_key"] == "https://world.example/iraq-budget"
    assert first["summary"] == "Members of parliament voted in Baghdad."
    assert first["text"] == "Members of parliament voted in Baghdad.\nThe session lasted nine hours & ended at dawn."
    assert first["published"] == "2026-11-26T08:00:00+00:00"
    assert first["image"] == "https://world.example/iraq.jpg"
    assert second["title"] == "Russia & Iraq sign a note"
    assert second["url"] == "https://feeds.example/russia-iraq"
    assert second["published"] == "2026-11-26T06:00:00+00:00"
    assert second["image"] == "https://feeds.example/thumb.png"


def test_atom_03(reader: Reader) -> None:
    (only,) = entries(reader, "atom03.xml")
    assert only["key"] == "tag:journal.example,2026:1"
    assert only["title"] == "Le sommet d'Amman s'ouvre"
    assert only["text"] == "Les ministres sont arrivés."
    assert (only["published"], only["lang"]) == ("2026-11-25T09:00:00+00:00", "fr")


def test_atom_10(reader: Reader) -> None:
    feed = read(reader, "atom10.xml")
    assert feed["title"] == "Zeitung & Bote"
    (only,) = entries(reader, "atom10.xml")
    assert only["key"] == "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"
    assert only["title"] == "5 < 6: Bündnis verfehlt die Mehrheit"
    assert only["url"] == "https://zeitung.example/de/artikel/1"
    assert only["summary"] == "Der Bundestag stimmt erneut ab."
    assert only["text"] == "Der Bundestag stimmt erneut ab.\nDas Ergebnis kommt am Abend."
    assert (only["published"], only["lang"]) == ("2026-11-26T08:30:00+00:00", "de")
    assert only["image"] == "https://zeitung.example/1.jpg"


def test_json_10(reader: Reader) -> None:
    (only,) = entries(reader, "json10.json")
    assert (only["key"], only["url"]) == ("17", "https://post.example/17")
    assert only["text"] == "The first boat left at six."
    assert only["published"] == "2026-11-26T11:00:00+00:00"
    assert (only["lang"], only["image"]) == ("en", "https://post.example/17.png")


def test_json_11(reader: Reader) -> None:
    first, second = entries(reader, "json11.json")
    assert first["title"] == first["text"] == "Sin título: el tren vuelve a circular."
    assert (first["url"], first["lang"]) == ("https://other.example/a", "es")
    assert first["image"] == "https://post.example/a.jpg"
    assert (second["title"], second["summary"], second["lang"]) == ("Con título", "Breve.", "pt")


@pytest.mark.parametrize("name", FILES)
def test_keys_survive_a_move_to_another_host(reader: Reader, name: str) -> None:
    here = read(reader, name, "https://old.example/feed.xml")["entries"]
    there = read(reader, name, "http://new.example:8080/other/path/feed.xml?x=1")["entries"]
    assert [entry[0] for entry in here] == [entry[0] for entry in there]


@pytest.mark.parametrize("name", FILES)
def test_reading_twice_gives_the_same(reader: Reader, name: str) -> None:
    assert read(reader, name) == read(reader, name)


def corpus() -> list[Path]:
    folder = os.environ.get("NEWSBELL_FEED_CORPUS")
    more = [path for path in Path(folder).rglob("*") if path.is_file()] if folder else []
    return [*(FEEDS / name for name in FILES), *more]


@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.name)
def test_our_driver_reads_what_the_default_one_reads(path: Path) -> None:
    def parsed(drivers: list[str]) -> Any:
        usual = feedparser.api.PREFERRED_XML_PARSERS
        feedparser.api.PREFERRED_XML_PARSERS = drivers
        try:
            return feedparser.parse(
                io.BytesIO(path.read_bytes()),
                response_headers=HEADERS,
                sanitize_html=False,
                resolve_relative_uris=False,
            )
        finally:
            feedparser.api.PREFERRED_XML_PARSERS = usual

    ours, default = parsed(["bot.sources.expat"]), parsed(["drv_libxml2"])
    assert ours.entries == default.entries
    assert ours.feed == default.feed
    assert bool(ours.bozo) == bool(default.bozo)


@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.name)
def test_no_entry_is_lost_that_feedparser_alone_finds(reader: Reader, path: Path) -> None:
    body = path.read_bytes()
    alone = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    keys = {
        entry.get("id") or entry.get("link") or entry.get("title") or entry.get("summary") for entry in alone.entries
    }
    answer = reader.read(body, {"url": "https://x.example/", "now": NOW})
    assert len(answer.get("entries", ())) >= len(keys - {None})
