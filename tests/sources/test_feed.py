"""The feed source against a real server: what it sends, what it understands, and what it says when it cannot."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot.core.errors import FetchError, ForbiddenAddress, NotAFeed, Throttled
from bot.core.model import Feed, Fetched
from bot.sources.feed import FeedSource, connect
from bot.sources.fetch import Limits
from tests.fakes.newsstand import CONTACT, NOW, RSS, Newsstand, Reply, newsstand, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = RSS.replace(b"</channel>", b"<item><title>Third</title><guid>three</guid></item></channel>")


def source(*stands: Newsstand, **options: Any) -> FeedSource:
    allowed = [stand.at for stand in stands]
    usual: dict[str, Any] = {"gap": 0, "jitter": 0, "per_minute": 0, "lanes": 1, "now": lambda: NOW}
    return FeedSource(contact=CONTACT, allowed=allowed, **{**usual, **options})


@dataclass
class Street:
    """A stand and a source that may visit it. Each test uses its own paths, and looks at what was asked since."""

    stand: Newsstand
    source: FeedSource

    async def fetch(self, path: str, *replies: Reply, feed: Feed | None = None) -> Fetched:
        if replies:
            self.stand.on(path, *replies)
        return await self.source.fetch(feed or Feed(1, self.stand.url(path)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened() -> AsyncIterator[Street]:
    async with newsstand() as stand, source(stand) as reader:
        yield Street(stand, reader)


@pytest.fixture
def street(opened: Street) -> Street:
    opened.stand.asked.clear()
    opened.source._gate._hosts.clear()  # a host that one test was told to leave alone is asked again by the next
    return opened


async def test_the_factory_has_the_name_that_the_app_looks_for() -> None:
    assert connect is FeedSource


async def test_a_feed_brings_its_entries(street: Street) -> None:
    fetched = await street.fetch("/plain", Reply(RSS, headers={"Content-Type": "application/rss+xml"}))
    assert [(entry.key, entry.title) for entry in fetched.entries] == [
        ("one", "Parliament in Baghdad passes the budget"),
        ("two", "Floods close roads in the south"),
    ]
    assert fetched.entries[0].published == NOW - timedelta(hours=3)
    assert (fetched.title, fetched.site_url, fetched.lang) == ("Example World", "https://news.example/", "en")
    assert (fetched.status, fetched.size, fetched.unchanged, fetched.partial) == (200, len(RSS), False, False)
    assert street.stand.asked[0].values("if-none-match") == []
    assert f"(+{CONTACT}; feed poller)".encode() in street.stand.asked[0].values("user-agent")[0]


TAGS = ['"abc"', 'W/"abc"', "unquoted", '"with, comma"', '"ä-in-utf8"', 'W/"a\'b"', '""']


@pytest.mark.parametrize("tag", TAGS)
async def test_validators_come_back_byte_for_byte(street: Street, tag: str) -> None:
    stamp = "Thu, 26 Nov 2026 09:00:00 +0000 (odd)"
    first = await street.fetch("/v", Reply(RSS, headers={"ETag": tag, "Last-Modified": stamp}), Reply(status=304))
    again = await street.fetch("/v", feed=Feed(1, street.stand.url("/v"), cache=first.cache))
    assert again.unchanged and again.status == 304 and again.size == 0
    asked = street.stand.asked[-1]
    assert asked.values("if-none-match") == [tag.encode()]
    assert asked.values("if-modified-since") == [stamp.encode()]
    assert dict(again.cache) == dict(first.cache)


async def test_validators_follow_the_server(street: Street) -> None:
    url = street.stand.on(
        "/follow",
        Reply(RSS, headers={"ETag": '"1"', "Last-Modified": "A"}),
        Reply(status=304, headers={"ETag": '"2"'}),  # a 304 may carry new ones
        Reply(RSS, headers={"Last-Modified": "B"}),  # the body of old, but one validator is new and one gone
        Reply(MORE),  # none at all any more
        Reply(RSS),
    )
    cache: Any = {}
    sent = []
    for _ in range(5):
        fetched = await street.source.fetch(Feed(1, url, cache=cache))
        cache = fetched.cache
        asked = street.stand.asked[-1]
        sent.append((asked.values("if-none-match"), asked.values("if-modified-since")))
    assert sent == [([], []), ([b'"1"'], [b"A"]), ([b'"2"'], [b"A"]), ([], [b"B"]), ([], [])]


async def test_the_same_body_is_unchanged_without_being_parsed(street: Street) -> None:
    first = await street.fetch("/same", Reply(RSS))
    again = await street.fetch("/same", feed=Feed(1, street.stand.url("/same"), cache=first.cache))
    assert again.unchanged and again.status == 200
    assert again.entries == ()
    changed = await street.fetch("/same", Reply(MORE), feed=Feed(1, street.stand.url("/same"), cache=again.cache))
    assert not changed.unchanged
    assert (len(changed.entries), changed.known) == (1, 2)


async def test_after_an_update_of_the_reader_old_validators_are_not_used(street: Street) -> None:
    first = await street.fetch("/old", Reply(RSS, headers={"ETag": '"1"'}))
    old = {**first.cache, "reader": "0"}
    again = await street.fetch("/old", feed=Feed(1, street.stand.url("/old"), cache=old))
    assert street.stand.asked[-1].values("if-none-match") == []
    assert len(again.entries) == 2


async def test_a_cut_body_counts_but_leaves_no_validators() -> None:
    async def cut(reader: Any, writer: Any) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 99999\r\n\r\n' + RSS[:-40])
        await writer.drain()

    async def closed_early(reader: Any, writer: Any) -> None:
        writer.write(
            b'HTTP/1.1 200 OK\r\nETag: "1"\r\n\r\n' + RSS[:-40]
        )  # no length: the cut cannot be seen on the wire
        await writer.drain()

    packed = gzip.compress(RSS)[:-30]

    async def cut_gzip(reader: Any, writer: Any) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Encoding: gzip\r\n')
        writer.write(b"Content-Length: %d\r\n\r\n" % len(packed) + packed)
        await writer.drain()

    for talk in (cut, closed_early, cut_gzip):
        async with wire(talk) as port:
            reader = FeedSource(contact=CONTACT, allowed=[("127.0.0.1", port)], gap=0, jitter=0, per_minute=0, lanes=1)
            async with reader:
                fetched = await reader.fetch(Feed(1, f"http://127.0.0.1:{port}/feed"))
        assert fetched.partial
        assert fetched.entries
        assert dict(fetched.cache) == {}


async def test_a_feed_beyond_the_cap_is_partial() -> None:
    items = b"".join(b"<item><guid>%d</guid><title>n</title></item>" % n for n in range(1000))
    async with newsstand() as stand, source(stand, limits=Limits(body=10_000)) as reader:
        stand.on("/big", Reply(b"<rss version='2.0'><channel>" + items + b"</channel></rss>", headers={"ETag": '"1"'}))
        fetched = await reader.fetch(Feed(1, stand.url("/big")))
    assert fetched.partial and len(fetched.entries) > 100 and not fetched.cache


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((404, "backoff"), (400, "backoff"), (500, "backoff"), (502, "backoff"), (503, "backoff"), (418, "backoff")),
        *((204, "backoff"), (206, "backoff"), (226, "backoff"), (300, "backoff"), (304, "backoff")),
        *((401, "blocked"), (403, "blocked"), (451, "blocked"), (999, "blocked"), (410, "gone")),
    ],
)
async def test_each_status_has_its_state_and_a_sentence(street: Street, status: int, state: str) -> None:
    with pytest.raises(FetchError) as error:
        await street.fetch("/s", Reply(status=status))
    assert error.value.state == state
    assert str(error.value).startswith("127.0.0.1 ")
    assert not isinstance(error.value, (NotAFeed, Throttled))


async def test_a_cloudflare_check_is_a_block(street: Street) -> None:
    with pytest.raises(FetchError, match="only browsers") as error:
        await street.fetch("/cf", Reply(status=503, headers={"cf-mitigated": "challenge"}))
    assert error.value.state == "blocked"
    with pytest.raises(FetchError, match="only browsers") as error:
        await street.fetch(
            "/cf2", Reply(b"<html><title>Just a moment...</title>", headers={"Content-Type": "text/html"})
        )
    assert error.value.state == "blocked"


@pytest.mark.parametrize(
    ("status", "header", "fails", "wait"),
    [
        (429, "120", 0, timedelta(minutes=2)),
        (429, "Thu, 26 Nov 2026 13:00:00 GMT", 0, timedelta(hours=1)),
        (429, "1000000000000", 0, timedelta(days=7)),
        (429, "0", 0, timedelta(seconds=1)),
        (429, "soon", 0, timedelta(hours=1)),
        (429, "", 0, timedelta(hours=1)),
        (429, "", 2, timedelta(hours=4)),
        (429, "-7", 50, timedelta(days=1)),
        (503, "300", 0, timedelta(minutes=5)),
    ],
)
async def test_a_server_that_asks_for_patience_gets_it(
    street: Street, status: int, header: str, fails: int, wait: timedelta
) -> None:
    # The reference server sends its own Date, the real time: told apart from ours by a fixed one.
    headers = {"Retry-After": header, "Date": "Thu, 26 Nov 2026 12:00:00 GMT"} if header else {}
    street.stand.on("/slow", Reply(status=status, headers=headers))
    with pytest.raises(Throttled) as error:
        await street.fetch("/slow", feed=Feed(1, street.stand.url("/slow"), fails=fails))
    assert error.value.wait == wait
    assert error.value.state == "throttled"


async def test_the_hosts_other_feeds_wait_as_well(street: Street) -> None:
    with pytest.raises(Throttled):
        await street.fetch("/one", Reply(status=429, headers={"Retry-After": "600"}))
    with pytest.raises(Throttled):
        await street.fetch("/other", Reply(RSS))
    assert street.stand.paths() == ["/one"]


async def test_a_permanent_move_is_reported_and_a_temporary_one_is_not(street: Street) -> None:
    street.stand.on("/new", Reply(RSS, headers={"ETag": '"1"'}))
    moved = await street.fetch("/moved", Reply(status=301, headers={"Location": "/new"}))
    assert moved.moved_to == street.stand.url("/new")
    passing = await street.fetch("/passing", Reply(status=302, headers={"Location": "/new"}))
    assert passing.moved_to == ""
    street.stand.on("/new", Reply(status=304))
    still = await street.source.fetch(Feed(1, street.stand.url("/moved"), cache=moved.cache))
    assert still.unchanged and still.moved_to == street.stand.url("/new")


async def test_a_page_behind_a_permanent_redirect_is_no_move(street: Street) -> None:
    street.stand.on("/login", Reply(b"<html><title>Log in</title></html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(NotAFeed, match="a web page, “Log in”"):
        await street.fetch("/captive", Reply(status=301, headers={"Location": "/login"}))


async def test_hints_of_headers_and_feed(street: Street) -> None:
    body = RSS.replace(b"<language>", b"<ttl>90</ttl><language>")
    hinted = await street.fetch("/h", Reply(body, headers={"ETag": '"1"'}), Reply(status=304), Reply(body))
    assert hinted.hint == timedelta(minutes=90)
    feed = Feed(1, street.stand.url("/h"), cache=hinted.cache)
    assert (await street.source.fetch(feed)).hint == timedelta(minutes=90)  # a 304 does not repeat the ttl
    assert (await street.source.fetch(feed)).hint == timedelta(minutes=90)
    aged = await street.fetch("/a", Reply(RSS, headers={"Cache-Control": "max-age=7200", "Age": "3600"}))
    assert aged.hint == timedelta(hours=1)
    assert (await street.fetch("/n", Reply(RSS))).hint is None


@pytest.mark.parametrize("body", [b"", b"   ", b'{"version": "https://jsonfeed.org/version/1.1", "items": ['])
async def test_empty_and_broken_bodies_are_failures_and_no_news(street: Street, body: bytes) -> None:
    with pytest.raises(FetchError) as error:
        await street.fetch("/e", Reply(body))
    assert error.value.state == "backoff"


# --- A person adds a feed.

PAGE = b"""<!doctype html><html><head><title>BBC News &amp; more</title><meta name="generator" content="WordPress 6.5">
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
<link rel="alternate" type="application/rss+xml" title="News" href="/news.rss">
<link rel="alternate" type="application/atom+xml" href="https://feeds.example/atom">
<link rel="alternate" hreflang="de" href="/de"><link rel="stylesheet" href="/x.css"></head>
<body><a href="/feed.xml">RSS</a><a href="javascript:feed">x</a><a href="https://elsewhere.example/feed">y</a></body>"""
HTML = {"Content-Type": "text/html; charset=utf-8"}


async def test_looking_at_a_feed_brings_its_address_and_its_first_answer_with_one_request(street: Street) -> None:
    street.stand.on("/feed", Reply(RSS))
    url, fetched = await street.source.look(f"  <{street.stand.url()}> ")
    assert url == street.stand.url()
    assert len(fetched.entries) == 2
    assert len(street.stand.asked) == 1


async def test_looking_through_permanent_redirects_brings_their_end_and_through_others_the_start(
    street: Street,
) -> None:
    street.stand.on("/end", Reply(RSS))
    street.stand.on("/p", Reply(status=308, headers={"Location": "/end"}))
    street.stand.on("/t", Reply(status=307, headers={"Location": "/end"}))
    assert (await street.source.look(street.stand.url("/p")))[0] == street.stand.url("/end")
    assert (await street.source.look(street.stand.url("/t")))[0] == street.stand.url("/t")


async def test_without_a_scheme_https_is_tried_and_then_http(street: Street) -> None:
    street.stand.on("/feed", Reply(RSS))
    url, _ = await street.source.look(f"127.0.0.1:{street.stand.port}/feed")
    assert url == street.stand.url()
    assert (await street.source.look(f"feed:{street.stand.url()}"))[0] == street.stand.url()


async def test_a_key_is_not_tried_out_in_the_open(street: Street) -> None:
    street.stand.on("/feed", Reply(RSS))
    with pytest.raises(FetchError):
        await street.source.look(f"127.0.0.1:{street.stand.port}/feed?token={TOKEN}")
    assert street.stand.asked == []


async def test_a_page_is_named_and_its_feeds_are_offered(street: Street) -> None:
    street.stand.on("/news", Reply(PAGE, headers=HTML))
    with pytest.raises(NotAFeed) as error:
        await street.source.look(street.stand.url("/news"))
    assert error.value.found == "a web page, “BBC News & more”"
    assert error.value.offers == (
        street.stand.url("/news.rss"),
        "https://feeds.example/atom",
        street.stand.url("/comments/feed/"),
        street.stand.url("/feed.xml"),
    )
    assert street.stand.paths() == ["/news"]


async def test_a_page_that_offers_nothing_is_tried_at_two_well_known_paths(street: Street) -> None:
    street.stand.on("/", Reply(b"<html><title>Quiet</title></html>", headers=HTML))
    street.stand.on("/rss.xml", Reply(RSS))
    street.stand.on("/feed", Reply(status=404))
    with pytest.raises(NotAFeed) as error:
        await street.source.look(street.stand.url("/"))
    assert error.value.offers == (street.stand.url("/rss.xml"),)
    assert street.stand.paths() == ["/", "/feed", "/rss.xml"]


async def test_what_is_neither_feed_nor_page_is_named(street: Street) -> None:
    street.stand.on("/pdf", Reply(b"%PDF-1.7", headers={"Content-Type": "application/pdf"}))
    with pytest.raises(NotAFeed, match="not a feed: found a PDF document"):
        await street.source.look(street.stand.url("/pdf"))


@pytest.mark.parametrize("typed", ["", "   ", "iraq", "what is this", "<>", "/feed"])
async def test_what_is_no_address_is_said_so(street: Street, typed: str) -> None:
    with pytest.raises(FetchError, match="not a web address"):
        await street.source.look(typed)
    assert street.stand.asked == []


@pytest.mark.parametrize(
    "typed",
    [
        "file:///etc/passwd",
        "ftp://x.example/",
        "javascript:alert(1)",
        "http://10.0.0.1/",
        "192.168.1.1/feed",
        "[::1]:80/",
    ],
)
async def test_what_may_not_be_visited_is_refused_in_one_sentence(street: Street, typed: str) -> None:
    with pytest.raises(ForbiddenAddress) as error:
        await street.source.look(typed)
    assert re.fullmatch(r"[^\n]+[^.\n]", str(error.value))


async def test_a_path_as_a_body_opens_no_file(street: Street) -> None:
    for body in (b"/etc/passwd", b"/dev/zero", b"http://127.0.0.1:1/x", str(__file__).encode()):
        with pytest.raises(NotAFeed, match="plain text"):
            await street.fetch("/path", Reply(body))


# --- Secrets

TOKEN = "s3cr3tT0k3n9Q7Zx4"


async def test_no_error_holds_a_private_address(street: Street) -> None:
    stand = street.stand
    paths = {
        "/404": Reply(status=404),
        "/429": Reply(status=429),
        "/403": Reply(status=403),
        "/html": Reply(PAGE.replace(b"/news.rss", b""), headers=HTML),
        "/loop": Reply(status=301, headers={"Location": f"/loop?token={TOKEN}"}),
        "/bad": Reply(b"<rss", headers={"Content-Encoding": "br"}),
        "/to-private": Reply(status=302, headers={"Location": f"http://10.0.0.1/?token={TOKEN}"}),
    }
    for path, reply in paths.items():
        street.source._gate._hosts.clear()
        stand.on(path, reply)
        url = stand.url(path).replace("http://", f"http://user:{TOKEN}@") + f"?token={TOKEN}"
        with pytest.raises(FetchError) as error:
            await street.source.fetch(Feed(1, url))
        chain: BaseException | None = error.value
        while chain is not None:
            assert TOKEN not in str(chain) + repr(chain)
            chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


async def test_an_address_that_is_a_key_is_private(street: Street) -> None:
    street.stand.on("/p", Reply(RSS))
    public, fetched = await street.source.look(street.stand.url("/p"))
    assert not fetched.private
    keyed, fetched = await street.source.look(f"{public}?token={TOKEN}")
    assert fetched.private and TOKEN in keyed
    assert (await street.source.fetch(Feed(1, keyed, cache=fetched.cache))).private


async def test_a_password_moves_along_only_on_its_own_host(street: Street) -> None:
    street.stand.on("/new", Reply(RSS))
    street.stand.on("/moving", Reply(status=301, headers={"Location": "/new"}))
    own = street.stand.url("/moving").replace("http://", "http://me:pw@")
    fetched = await street.source.fetch(Feed(1, own))
    assert fetched.moved_to == street.stand.url("/new").replace("http://", "http://me:pw@")
    async with newsstand() as other, source(street.stand, other) as reader:
        # Another origin, told by the port: no credentials are sent there.
        other.on("/new", Reply(RSS))
        street.stand.on("/away", Reply(status=301, headers={"Location": other.url("/new")}))
        await reader.fetch(Feed(1, street.stand.url("/away").replace("http://", "http://me:pw@")))
        assert other.asked[-1].values("authorization") == []


async def test_the_same_feed_is_replaced_piece_by_piece(street: Street) -> None:
    """What the pipeline does between two looks: everything it needs is in the cache, as text."""
    feed = Feed(1, street.stand.on("/life", Reply(RSS, headers={"ETag": '"1"'}), Reply(status=304), Reply(MORE)))
    seen = []
    for _ in range(3):
        fetched = await street.source.fetch(feed)
        assert all(isinstance(key, str) and isinstance(value, str) for key, value in fetched.cache.items())
        feed = replace(feed, cache=dict(fetched.cache))
        seen.append((fetched.unchanged, len(fetched.entries)))
    assert seen == [(False, 2), (True, 0), (False, 1)]
    assert (fetched.known, fetched.entries[0].title) == (2, "Third")


async def test_a_source_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="not open"):
        await FeedSource(contact=CONTACT, allowed=[("127.0.0.1", 9)]).fetch(Feed(1, "http://127.0.0.1:9/"))
