"""The sample wire as a feed reader and a browser see it: the real server, asked over loopback."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import aiohttp
import feedparser
import pytest

from bot.core.errors import SettingsError
from bot.demo import Wire

SAMPLE = Path(__file__).parents[2] / "config" / "demo"
T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PACE = timedelta(seconds=4)

OUTLETS = """
[[outlet]]
id = "post"
name = "The <Post>"
description = "Sample wire: a & b"
lang = "en"
region = "Europe"
format = "rss"

[[outlet]]
id = "daily"
name = "Daily"
description = "Sample wire: summaries"
lang = "ar"
region = "Middle East"
format = "atom"
full = false

[[outlet]]
id = "ledger"
name = "Ledger"
description = "Sample wire: JSON"
lang = "en"
region = "World"
format = "json"
"""

STORY = """
story = "harbour"

[[article]]
guid = "old"
outlet = "post"
hours = 30
title = "Old news"
text = "It happened before."

[[article]]
guid = "first"
outlet = "post"
place = 10
title = "First <script>alert(1)</script> & more"
text = '''
One "quoted" paragraph with <b>no</b> markup.

Another one.
'''
[[article.correction]]
place = 40
title = "First, corrected"

[[article]]
guid = "second"
outlet = "daily"
place = 20
title = "خبر ثان"
copy_of = "first"

[[article]]
guid = "third"
outlet = "ledger"
place = 30.5
title = "Third"
text = "Money moved."
"""


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def after(self, items: int) -> None:
        """Stand just behind the moment of that many live items."""
        self.now = T0 + PACE * items + timedelta(milliseconds=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(T0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outlets.toml").write_text(OUTLETS, encoding="utf-8")
    (tmp_path / "harbour.toml").write_text(STORY, encoding="utf-8")
    return tmp_path


@asynccontextmanager
async def running(folder: Path, clock: Callable[[], datetime], port: int = 0) -> AsyncIterator[Wire]:
    wire = Wire(folder, clock=clock, t0=T0, pace=PACE, port=port)
    await wire.start()
    try:
        yield wire
    finally:
        await wire.close()


@pytest.fixture
async def wire(folder: Path, clock: Clock) -> AsyncIterator[Wire]:
    async with running(folder, clock) as started:
        yield started


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


def url_of(wire: Wire, outlet: str) -> str:
    return next(feed.url for feed in wire.feeds() if f"/{outlet}." in feed.url)


async def body_of(http: aiohttp.ClientSession, url: str) -> bytes:
    async with http.get(url, headers={"Accept-Encoding": "identity"}) as response:
        assert response.status == 200
        return await response.read()


async def test_before_the_first_item_a_feed_holds_the_backlog_alone(wire: Wire, http: aiohttp.ClientSession) -> None:
    parsed = feedparser.parse(await body_of(http, url_of(wire, "post")))
    assert [entry.title for entry in parsed.entries] == ["Old news"]
    assert parsedate_to_datetime(parsed.entries[0].published) == T0 - timedelta(hours=30)
    assert wire.progress() == (0, 4)


async def test_items_appear_one_by_one_as_the_clock_moves(
    wire: Wire, http: aiohttp.ClientSession, clock: Clock
) -> None:
    clock.after(1)
    post = feedparser.parse(await body_of(http, url_of(wire, "post")))
    assert post.entries[0].id.endswith(":first")
    assert parsedate_to_datetime(post.entries[0].published) == T0 + PACE
    assert feedparser.parse(await body_of(http, url_of(wire, "daily"))).entries == []
    clock.after(2)
    assert len(feedparser.parse(await body_of(http, url_of(wire, "daily"))).entries) == 1
    assert json.loads(await body_of(http, url_of(wire, "ledger")))["items"] == []
    assert wire.progress() == (2, 4) and not wire.finished
    clock.after(400)
    assert wire.progress() == (4, 4) and wire.finished


async def test_full_feeds_carry_all_paragraphs_and_the_others_the_first(
    wire: Wire, http: aiohttp.ClientSession, clock: Clock
) -> None:
    clock.after(3)
    post = feedparser.parse(await body_of(http, url_of(wire, "post"))).entries[0]
    assert "Another one." in post.content[0].value
    assert post.summary == 'One "quoted" paragraph with <b>no</b> markup.'
    daily = feedparser.parse(await body_of(http, url_of(wire, "daily"))).entries[0]
    assert "content" not in daily and "Another one." not in daily.summary
    ledger = json.loads(await body_of(http, url_of(wire, "ledger")))
    assert ledger["version"].endswith("/1.1") and ledger["items"][0]["content_html"] == "<p>Money moved.</p>"


async def test_a_correction_is_the_same_item_with_another_headline(
    wire: Wire, http: aiohttp.ClientSession, clock: Clock
) -> None:
    clock.after(3)
    before = feedparser.parse(await body_of(http, url_of(wire, "post"))).entries[0]
    clock.after(4)
    after = feedparser.parse(await body_of(http, url_of(wire, "post"))).entries[0]
    assert (before.id, before.published, before.link) == (after.id, after.published, after.link)
    assert after.title == "First, corrected" != before.title


async def test_a_wire_copy_prints_the_text_and_credits_its_origin(
    wire: Wire, http: aiohttp.ClientSession, clock: Clock
) -> None:
    clock.after(2)
    page = (await body_of(http, url_of(wire, "daily").replace("feeds/daily.atom", "articles/second"))).decode()
    assert "<p>Another one. (The &lt;Post&gt;)</p>" in page


@pytest.mark.parametrize("outlet", ["post", "daily", "ledger"])
async def test_an_unchanged_feed_answers_304_to_its_tag_and_to_its_date(
    wire: Wire, http: aiohttp.ClientSession, clock: Clock, outlet: str
) -> None:
    clock.after(3)
    url = url_of(wire, outlet)
    async with http.get(url) as response:
        tag, modified = response.headers["ETag"], response.headers["Last-Modified"]
        assert response.headers["Cache-Control"] == "no-cache"
    for condition in ({"If-None-Match": tag}, {"If-None-Match": f'"x", {tag}'}, {"If-Modified-Since": modified}):
        async with http.get(url, headers=condition) as response:
            assert response.status == 304, condition
            assert await response.read() == b""
            assert response.headers["ETag"] == tag


async def test_a_changed_feed_is_sent_again(wire: Wire, http: aiohttp.ClientSession, clock: Clock) -> None:
    clock.after(1)
    url = url_of(wire, "post")
    async with http.get(url) as response:
        tag, modified = response.headers["ETag"], response.headers["Last-Modified"]
    clock.after(4)
    for condition in ({"If-None-Match": tag}, {"If-Modified-Since": modified}):
        async with http.get(url, headers=condition) as response:
            assert response.status == 200 and b"First, corrected" in gzip.decompress(await response.read())


async def test_the_tag_overrules_the_date(wire: Wire, http: aiohttp.ClientSession, clock: Clock) -> None:
    clock.after(1)
    later = format_datetime(clock() + timedelta(days=1), usegmt=True)
    async with http.get(
        url_of(wire, "post"), headers={"If-None-Match": '"another"', "If-Modified-Since": later}
    ) as response:
        assert response.status == 200
        assert parsedate_to_datetime(response.headers["Last-Modified"]) == T0 + PACE


@pytest.mark.parametrize(
    ("accept", "coding"),
    [("gzip", "gzip"), ("br, gzip;q=0.8", "gzip"), ("identity", None), ("gzip;q=0", None), ("deflate, br", None)],
)
async def test_gzip_is_used_where_it_is_accepted(
    wire: Wire, http: aiohttp.ClientSession, accept: str, coding: str | None
) -> None:
    async with http.get(url_of(wire, "post"), headers={"Accept-Encoding": accept}) as response:
        assert response.headers.get("Content-Encoding") == coding
        body = await response.read()
    text = gzip.decompress(body) if coding else body
    assert feedparser.parse(text).feed.title == "The <Post>"


async def test_a_page_escapes_what_it_shows_and_allows_no_script(
    wire: Wire, http: aiohttp.ClientSession, clock: Clock
) -> None:
    clock.after(1)
    root = url_of(wire, "post").removesuffix("/feeds/post.rss")
    async with http.get(f"{root}/articles/first", headers={"Accept-Encoding": "identity"}) as response:
        page = await response.text()
        policy = response.headers["Content-Security-Policy"]
    assert "<script" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<p>One &quot;quoted&quot; paragraph with &lt;b&gt;no&lt;/b&gt; markup.</p>" in page
    assert "default-src 'none'" in policy and "script-src" not in policy
    front = (await body_of(http, f"{root}/")).decode()
    assert "<script" not in front and "/articles/first" in front and "The &lt;Post&gt;" in front
    assert (await body_of(http, f"{root}/style.css")).startswith(b":root")


async def test_what_is_not_out_yet_is_not_found(wire: Wire, http: aiohttp.ClientSession, clock: Clock) -> None:
    root = url_of(wire, "post").removesuffix("/feeds/post.rss")
    for path in ("/articles/first", "/articles/nothing", "/feeds/post.atom", "/feeds/none.rss", "/articles/..%2f"):
        async with http.get(root + path) as response:
            assert response.status == 404, path
    clock.after(1)
    async with http.get(f"{root}/articles/first") as response:
        assert response.status == 200


async def test_a_restart_on_another_port_goes_on_where_it_was(
    folder: Path, http: aiohttp.ClientSession, clock: Clock
) -> None:
    clock.after(2)
    async with running(folder, clock) as first:
        before = feedparser.parse(await body_of(http, url_of(first, "post")))
        taken = first.address[1]
        async with running(folder, clock, port=taken) as second:
            assert second.address[1] != taken
            after = feedparser.parse(await body_of(http, url_of(second, "post")))
            assert second.progress() == first.progress() == (2, 4)
    assert [(e.id, e.title, e.published) for e in before.entries] == [
        (e.id, e.title, e.published) for e in after.entries
    ]


async def test_the_wanted_port_is_used_where_it_is_free(folder: Path, clock: Clock) -> None:
    async with running(folder, clock) as wire:
        free = wire.address[1]
    async with running(folder, clock, port=free) as again:
        assert again.address == ("127.0.0.1", free)


async def test_closing_twice_is_nothing_and_an_address_needs_a_start(folder: Path, clock: Clock) -> None:
    wire = Wire(folder, clock=clock, t0=T0)
    await wire.close()
    with pytest.raises(RuntimeError):
        _ = wire.address
    await wire.start()
    await wire.close()
    await wire.close()


async def test_the_whole_sample_parses_and_adds_up(http: aiohttp.ClientSession, clock: Clock) -> None:
    async with running(SAMPLE, clock) as wire:
        clock.after(wire.progress()[1])
        assert wire.finished
        keys: set[str] = set()
        formats: set[str] = set()
        for feed in wire.feeds():
            body = await body_of(http, feed.url)
            if feed.url.endswith(".json"):
                document = json.loads(body)
                formats.add("json")
                keys |= {item["id"] for item in document["items"]}
                links = [item["url"] for item in document["items"]]
                assert document["title"] == feed.source and document["language"] == feed.lang
            else:
                parsed = feedparser.parse(body)
                assert not parsed.bozo
                formats.add(parsed.version)
                keys |= {entry.id for entry in parsed.entries}
                links = [entry.link for entry in parsed.entries]
                assert parsed.feed.title == feed.source and parsed.feed.language == feed.lang
                assert all(entry.published_parsed and entry.summary for entry in parsed.entries)
            assert links, feed
            assert b"<h1>" in await body_of(http, links[0])
        assert formats == {"rss20", "atom10", "json"}
        corrections = 2
        assert len(keys) == wire.progress()[1] - corrections + 37


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("harbour.toml", 'story = "a"\n[[article]\n', "line 2"),
        ("harbour.toml", STORY.replace("place = 20\n", ""), "line 25, [[article]] number 3: give either place"),
        ("harbour.toml", STORY.replace('copy_of = "first"', 'copy_of = "nobody"'), "second is a copy of 'nobody'"),
        ("harbour.toml", STORY.replace('outlet = "daily"', 'outlet = "nobody"'), "outlet 'nobody' is not in"),
        ("harbour.toml", STORY.replace('guid = "third"', 'guid = "first"'), "guid 'first' is already taken"),
        ("harbour.toml", STORY.replace('guid = "third"', 'guid = "../third"'), "must be lower-case words"),
        ("harbour.toml", STORY.replace("place = 40", "place = 9"), "number after that of the article"),
        ("harbour.toml", STORY.replace("hours = 30", "hours = -1"), "hours must be more than 0"),
        ("harbour.toml", STORY.replace("hours = 30", "hours = true"), "hours must be a number"),
        ("harbour.toml", STORY.replace("hours = 30", "hour = 30"), "there is no key 'hour'"),
        ("outlets.toml", OUTLETS.replace('"atom"', '"pdf"'), "format must be one of rss, atom, json"),
        ("outlets.toml", OUTLETS.replace('id = "daily"', 'id = "post"'), "id 'post' is already taken"),
        ("outlets.toml", OUTLETS.replace("full = false", 'full = "no"'), "full must be true or false"),
    ],
)
def test_a_broken_sample_is_refused_with_its_file_and_place(
    folder: Path, clock: Clock, name: str, text: str, said: str
) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Wire(folder, clock=clock, t0=T0)
    assert said in str(caught.value) and str(folder) in str(caught.value)


def test_a_folder_without_outlets_is_refused(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(SettingsError, match=r"outlets\.toml: cannot be read"):
        Wire(tmp_path, clock=clock, t0=T0)


def test_a_start_must_be_an_aware_instant(folder: Path, clock: Clock) -> None:
    with pytest.raises(ValueError, match="aware"):
        Wire(folder, clock=clock, t0=datetime(2026, 3, 2))
