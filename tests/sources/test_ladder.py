"""The ladder before parsing: what is letter for letter as before is not read again, and nothing is lost by that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Feed, Fetched
from bot.sources.feed import FeedSource
from bot.sources.ladder import unread
from bot.sources.parse import Reader
from bot.sources.slices import HASH, hashes, slice_hashes
from tests.fakes.newsstand import CONTACT, NOW, Newsstand, Reply, newsstand

READER = Reader()
FEEDS = sorted((Path(__file__).parent / "feeds").glob("*.xml"))
JOB = {"url": "https://feeds.example/x/feed.xml", "now": NOW.isoformat()}


def read(body: bytes, slices: str = "") -> dict[str, Any]:
    return READER.read(body, {**JOB, "slices": slices})


def packed(answer: dict[str, Any]) -> list[str]:
    text = answer["slices"]
    return [text[at : at + HASH] for at in range(0, len(text), HASH)]


def document_of(*titles: str, tail: str = "") -> str:
    items = "".join(f"<item><title>{title}</title></item>" for title in titles)
    return f"<rss><channel><title>T</title>{items}{tail}</channel></rss>"


@pytest.mark.parametrize("file", FEEDS, ids=lambda file: file.stem)
def test_whatever_is_known_the_rest_is_read_as_in_the_whole_document(file: Path) -> None:
    whole = read(file.read_bytes())
    marks = packed(whole)
    assert marks
    for left_out in range(len(marks)):
        known = "".join(mark for place, mark in enumerate(marks) if place != left_out)
        part = read(file.read_bytes(), known)
        assert part["entries"] == [whole["entries"][left_out]]
        assert part.get("known", 0) == len(marks) - 1
        assert part["slices"] == whole["slices"]
        assert {name: part[name] for name in ("title", "site_url", "ttl", "skip_hours")} == {
            name: whole[name] for name in ("title", "site_url", "ttl", "skip_hours")
        }


@pytest.mark.parametrize("file", FEEDS, ids=lambda file: file.stem)
def test_where_all_is_known_nothing_is_parsed(file: Path) -> None:
    marks = read(file.read_bytes())["slices"]
    assert read(file.read_bytes(), marks) == {"kind": "same", "slices": marks, "known": len(hashes(marks))}


@pytest.mark.parametrize("file", FEEDS, ids=lambda file: file.stem)
def test_what_the_loop_takes_for_new_is_what_the_parsing_process_does(file: Path) -> None:
    body = file.read_bytes()
    marks = packed(read(body))
    for left_out in range(len(marks)):
        known = "".join(mark for place, mark in enumerate(marks) if place != left_out)
        part = unread(body, known)
        if part is None:  # not plain enough, or its only item is new
            return
        assert (part.known, part.fresh, part.marks) == (len(marks) - 1, 1, "".join(marks))
        there = READER.read(part.body, {**JOB, "part": "1"})
        assert there["entries"] == read(body, known)["entries"]
    everything = unread(body, "".join(marks))
    assert everything is None or (everything.fresh, everything.known) == (0, len(marks))


@pytest.mark.parametrize(
    "body",
    [
        document_of("a\x08", "b"),
        document_of("a&#8;", "b"),
        document_of("a\ufffe", "b"),
        document_of("~{VPND~}", "b"),
        document_of("é", "b").encode().decode("utf-8").encode("latin-1"),
        document_of(*"ab", tail="<item>"),
        document_of("a" * 1_000_001, "b"),
        document_of(*["<!---->" * 10_001, "b"]),
    ],
    ids=["control", "reference", "no-character", "seven-bit", "not-utf-8", "unclosed", "large", "many-marks"],
)
def test_what_is_not_plain_is_left_to_the_parsing_process(body: str | bytes) -> None:
    (known,) = slice_hashes(["<item><title>b</title></item>"])
    assert unread(document_of("a", "b").encode(), known) is not None
    assert unread(body.encode() if isinstance(body, str) else body, known) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab<>&; ]!-'\"", max_size=12), min_size=2, max_size=5), st.sets(st.integers(0, 4)))
def test_a_title_of_any_characters_is_read_the_same_in_part_and_in_whole(titles: list[str], known: set[int]) -> None:
    items = "".join(f"<item><guid>{n}</guid><title>{title}</title></item>" for n, title in enumerate(titles))
    body = f"<rss><channel><title>T</title>{items}</channel></rss>".encode()
    whole = read(body)
    if not whole.get("slices"):
        return
    marks = packed(whole)
    rest = [entry for place, entry in enumerate(whole["entries"]) if place not in known]
    part = read(body, "".join(mark for place, mark in enumerate(marks) if place in known))
    # Where what is new alone is malformed, the whole is read instead: more than needed, never less.
    assert part.get("entries", []) in (rest, whole["entries"])


def test_a_feed_whose_items_share_an_id_is_always_read_whole() -> None:
    items = "".join(f"<item><guid>same</guid><link>https://x.example/{n}</link></item>" for n in range(3))
    answer = read(f"<rss><channel>{items}</channel></rss>".encode())
    assert answer["slices"] == ""
    assert len(answer["entries"]) == 3


def document(*items: str, built: str = "1") -> Reply:
    inside = "".join(f"<item><guid>{item}</guid><title>News {item}</title></item>" for item in items)
    body = f"<rss version='2.0'><channel><title>T</title><lastBuildDate>{built}</lastBuildDate>{inside}</channel></rss>"
    return Reply(body.encode())


class Later:
    """A source whose time can be moved on."""

    def __init__(self, stand: Newsstand) -> None:
        self.now = NOW
        self.stand = stand
        self.source = FeedSource(contact=CONTACT, allowed=[stand.at], gap=0, jitter=0, per_minute=0, lanes=1, now=self)
        self.feed = Feed(1, stand.url("/feed"), per_day=5)

    def __call__(self) -> datetime:
        return self.now

    async def look(self, reply: Reply, after: timedelta = timedelta(hours=1)) -> Fetched:
        self.now += after
        self.stand.on("/feed", reply)
        fetched = await self.source.fetch(self.feed)
        self.feed = replace(self.feed, cache=dict(fetched.cache))
        return fetched


async def test_a_document_that_only_says_when_it_was_built_is_unchanged() -> None:
    async with newsstand() as stand:
        later = Later(stand)
        async with later.source:
            await later.look(document("a", "b", built="1"))
            same = await later.look(document("a", "b", built="2"))
            assert (same.unchanged, same.known, same.entries) == (True, 2, ())
            new = await later.look(document("c", "a", "b", built="3"))
            assert ([entry.key for entry in new.entries], new.known) == (["c"], 2)
            edited = await later.look(document("c", "a2", "b", built="3"))
            assert [entry.key for entry in edited.entries] == ["a2"]


async def test_once_a_day_all_of_it_is_read() -> None:
    async with newsstand() as stand:
        later = Later(stand)
        async with later.source:
            await later.look(document("a", "b", built="1"))
            assert (await later.look(document("a", "b", built="2"), timedelta(hours=22))).unchanged
            assert len((await later.look(document("a", "b", built="3"), timedelta(hours=3))).entries) == 2
            assert (await later.look(document("a", "b", built="4"), timedelta(hours=3))).unchanged


async def test_a_server_that_says_not_modified_for_ever_is_found_out() -> None:
    """FreshRSS#1020, Miniflux#51: the validators stand still whatever is published."""
    lie = {"ETag": '"same"', "Last-Modified": "Thu, 26 Nov 2026 09:00:00 GMT"}
    async with newsstand() as stand:
        later = Later(stand)
        async with later.source:
            await later.look(Reply(document("a").body, headers=lie))
            for _ in range(13):
                await later.look(Reply(status=304), timedelta(days=1))
                assert stand.asked[-1].values("if-none-match") == [b'"same"']
            await later.look(Reply(document("b", "a").body, headers=lie), timedelta(days=1))
            assert stand.asked[-1].values("if-none-match") == []
            after = await later.look(Reply(document("c", "b", "a").body, headers=lie), timedelta(days=1))
            assert stand.asked[-1].values("if-none-match") == []
            assert not after.conditional


async def test_a_quiet_feed_with_old_validators_is_believed_and_asked_once_a_week_at_most() -> None:
    headers = {"ETag": '"same"'}
    async with newsstand() as stand:
        later = Later(stand)
        async with later.source:
            later.feed = replace(later.feed, per_day=0.1)
            await later.look(Reply(document("a").body, headers=headers))
            for _ in range(40):
                await later.look(Reply(status=304), timedelta(days=1))
                assert stand.asked[-1].values("if-none-match") == [b'"same"']
            later.feed = replace(later.feed, per_day=5)
            bare = 0
            for _ in range(21):
                await later.look(Reply(document("a").body, headers=headers), timedelta(days=1))
                bare += not stand.asked[-1].values("if-none-match")
            assert bare == 3
            assert "distrusted" not in later.feed.cache


async def test_a_last_modified_in_the_future_is_doubted() -> None:
    headers = {"Last-Modified": "Sat, 26 Nov 2041 09:00:00 GMT"}
    async with newsstand() as stand:
        later = Later(stand)
        async with later.source:
            await later.look(Reply(document("a").body, headers=headers))
            await later.look(Reply(status=304), timedelta(days=6))
            assert stand.asked[-1].values("if-modified-since") != []
            await later.look(Reply(document("a").body, headers=headers), timedelta(days=2))
            assert stand.asked[-1].values("if-modified-since") == []


async def test_a_server_without_validators_is_known_after_three_answers() -> None:
    async with newsstand() as stand:
        later = Later(stand)
        async with later.source:
            conditional = [(await later.look(document("a", built=str(n)))).conditional for n in range(4)]
            assert conditional == [True, True, False, False]
            assert (await later.look(Reply(document("a").body, headers={"ETag": "1"}))).conditional


async def test_where_compression_is_broken_it_is_asked_for_plain_once() -> None:
    async with newsstand() as stand:
        later = Later(stand)
        async with later.source:
            broken = Reply(b"\x1f\x8b\x08\x00junk" * 20, headers={"Content-Encoding": "gzip"})
            stand.on("/feed", broken, document("a"))
            fetched = await later.source.fetch(later.feed)
            assert [entry.key for entry in fetched.entries] == ["a"]
            assert [asked.values("accept-encoding") for asked in stand.asked] == [[b"gzip"], [b"identity"]]
