"""Hubs: where feeds name them, and what keeps us from knocking at our own doors on their word."""

from __future__ import annotations

import pytest

from bot.core.errors import FetchError
from bot.sources.feed import FeedSource
from bot.sources.hub import advertised
from bot.sources.parse import Reader
from tests.fakes.newsstand import CONTACT, Reply, newsstand

URL = "https://news.example/feed"
ITEM = "<item><guid>1</guid><title>One</title></item>"
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


@pytest.mark.parametrize(
    ("link", "told", "found"),
    [
        ("", {}, ("", "")),
        ("", {"hub": "https://hub.example/", "topic": "/self"}, ("https://hub.example/", "https://news.example/self")),
        ("", {"hub": "https://hub.example/"}, ("https://hub.example/", URL)),
        ("", {"topic": "https://news.example/self"}, ("", "")),
        ("", {"hub": "javascript:alert(1)"}, ("", "")),
        (
            '<https://hub.example/>; rel="hub", <https://news.example/self>; rel=self',
            {"hub": "https://other.example/"},
            ("https://hub.example/", "https://news.example/self"),
        ),
        ('</hub>; title="a, b"; rel="next hub"', {}, ("https://news.example/hub", URL)),
        ("<https://hub.example/>; rel=preconnect", {}, ("", "")),
        ("<<<>>>;;;,,," * 50, {}, ("", "")),
    ],
)
def test_a_hub_is_named_by_the_headers_or_by_the_feed(link: str, told: dict[str, str], found: tuple[str, str]) -> None:
    assert advertised({"link": link}, told, URL) == found


@pytest.mark.parametrize(
    "body",
    [
        f'<rss version="2.0"><channel><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://h.example/"/>'
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://s.example/"/>{ITEM}</channel></rss>',
        f'<feed {ATOM}><link rel="hub" href="https://h.example/"/><link rel="self" href="https://s.example/"/>'
        "<entry><id>1</id><title>One</title></entry></feed>",
        '{"version": "https://jsonfeed.org/version/1.1", "feed_url": "https://s.example/", "hubs": '
        '[{"type": "rssCloud", "url": "x"}, {"type": "WebSub", "url": "https://h.example/"}], "items": [{"id": "1"}]}',
    ],
)
def test_every_format_can_name_its_hub(body: str) -> None:
    told = Reader().read(body.encode(), {"now": "2026-11-26T12:00:00+00:00", "url": URL})
    assert (told["hub"], told["topic"]) == ("https://h.example/", "https://s.example/")


def test_a_feed_without_a_hub_has_none() -> None:
    body = f"<rss version='2.0'><channel>{ITEM}</channel></rss>".encode()
    assert Reader().read(body, {"now": "2026-11-26T12:00:00+00:00", "url": URL})["hub"] == ""


@pytest.mark.parametrize(
    "hub",
    [
        "http://localhost/", "http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/",
        "http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "file:///etc/passwd",
        "gopher://127.0.0.1/", "https://hub.example:22/", "http://user:pw@hub.example/", "http://[64:ff9b::7f00:1]/",
    ],
)  # fmt: skip
async def test_a_hub_leads_nowhere_that_a_feed_may_not(hub: str) -> None:
    async with FeedSource(contact=CONTACT, gap=0, jitter=0, per_minute=0, lanes=1) as source:
        with pytest.raises(FetchError):
            await source.ask_hub(hub, {"hub.mode": "subscribe"})


async def test_a_hub_gets_a_form_and_its_no_is_heard() -> None:
    async with newsstand() as stand:
        source = FeedSource(contact=CONTACT, allowed=[stand.at], gap=0, jitter=0, per_minute=0, lanes=1)
        moved = Reply(status=307, headers={"Location": "http://169.254.169.254/"})
        hub = stand.on("/hub", Reply(status=202), Reply(status=500), moved)
        async with source:
            await source.ask_hub(hub, {"hub.mode": "subscribe"})
            assert stand.asked[0].method == "POST"
            assert stand.asked[0].values("content-type") == [b"application/x-www-form-urlencoded"]
            for status in (500, 307):
                with pytest.raises(FetchError, match=f"HTTP {status}"):
                    await source.ask_hub(hub, {"hub.mode": "subscribe"})
