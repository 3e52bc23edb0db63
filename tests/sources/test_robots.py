"""Before a page that no person named is fetched, its site's robots.txt has a say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import FetchError
from bot.core.model import Feed
from bot.sources.feed import FeedSource
from bot.sources.robots import may_look
from tests.fakes.newsstand import CONTACT, RSS, Reply, newsstand

SITE = "https://news.example/world/"


@pytest.mark.parametrize(
    ("status", "body", "may"),
    [
        (404, b"", True),
        (403, b"", True),
        (500, b"", False),
        (200, b"", True),
        (200, b"User-agent: *\nDisallow: /", False),
        (200, b"User-agent: *\nDisallow: /private", True),
        (200, b"User-agent: Newsbell\nDisallow: /world\n\nUser-agent: *\nAllow: /", False),
        (200, b"User-agent: Newsbell\nAllow: /\n\nUser-agent: *\nDisallow: /", True),
        (200, b"<html>not rules at all</html>", True),
    ],
)
def test_the_rules_are_read_as_the_standard_says(status: int, body: bytes, may: bool) -> None:
    assert may_look(status, body, SITE) is may


@given(st.binary(max_size=2000))
def test_no_file_breaks_it(body: bytes) -> None:
    assert may_look(200, body, SITE) in (True, False)


async def test_a_lost_feeds_site_is_asked_for_its_feeds_unless_it_does_not_want_that() -> None:
    page = b"<html><head><link rel='alternate' type='application/rss+xml' href='/new.xml'></head><body>Hi</body></html>"
    html = {"Content-Type": "text/html"}
    async with newsstand() as stand:
        source = FeedSource(contact=CONTACT, allowed=[stand.at], gap=0, jitter=0, per_minute=0, lanes=1)
        stand.on("/world/", Reply(page, headers=html))
        stand.on("/", Reply(RSS))
        stand.on("/robots.txt", Reply(status=404), Reply(status=404), Reply(b"User-agent: *\nDisallow: /"))
        lost = Feed(1, stand.url("/old.xml"), cache={"site": stand.url("/world/")})
        async with source:
            assert await source.offered(lost) == (stand.url("/new.xml"),)
            assert await source.offered(Feed(2, stand.url("/old.xml"))) == (stand.url("/"),)
            with pytest.raises(FetchError, match=r"robots\.txt"):
                await source.offered(lost)
    assert stand.paths() == ["/robots.txt", "/world/", "/robots.txt", "/", "/robots.txt"]
