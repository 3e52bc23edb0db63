"""Pages of articles: the text of one, and what no page may do to us."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.core.errors import FetchError
from bot.sources.article import ArticleReader
from bot.sources.feed import FeedSource
from bot.sources.lane import LaneLimits
from tests.fakes.newsstand import CONTACT, Newsstand, Reply, newsstand

BODY = "".join(
    f"<p>Paragraph {number}: the parliament in Baghdad has passed part {number} of its budget after weeks of delay, "
    f"and officials said on Thursday that article {number} of the law was the hardest of all.</p>"
    for number in range(8)
)
PAGE = (
    "<!doctype html><html><head><meta charset='utf-8'><title>Budget passed</title></head><body>"
    "<nav><a href='/'>Home</a> <a href='/world'>World</a></nav><div class='cookie-banner'>We value your privacy.</div>"
    f"<article><h1>Parliament in Baghdad passes the budget</h1>{BODY}</article>"
    "<footer>© Example News. All rights reserved.</footer><script>alert(1)</script></body></html>"
).encode()
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture(scope="module")
def reader() -> ArticleReader:
    return ArticleReader()


def test_the_text_of_an_article_comes_without_what_surrounds_it(reader: ArticleReader) -> None:
    text = reader.read(PAGE, {"content_type": "text/html"})["text"]
    assert text.count("parliament in Baghdad") == 8
    assert not [word for word in ("Home", "privacy", "rights reserved", "alert", "<p>") if word in text]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00" * 100, b"<html>", b"not html at all", b"<" * 20_000, b"<div>" * 2_000, b"\xff\xfe<html>",
        b"<html><body>" + b"<p>x</p>" * 2_000, b"<!--" * 5_000, b"&" * 20_000, b"<a " + b"x=1 " * 5_000 + b">",
    ],
)  # fmt: skip
def test_no_page_breaks_the_reader(reader: ArticleReader, body: bytes) -> None:
    assert isinstance(reader.read(body, {})["text"], str)


@pytest.fixture
async def stand() -> AsyncIterator[Newsstand]:
    async with newsstand() as opened:
        yield opened


async def test_a_page_is_read_in_a_process_that_can_be_killed(stand: Newsstand) -> None:
    source = FeedSource(
        contact=CONTACT, allowed=[stand.at], gap=0, jitter=0, per_minute=0, lane_limits=LaneLimits(start=60, wall=30)
    )
    good = stand.on("/good", Reply(PAGE, headers=HTML))
    gone = stand.on("/gone", Reply(status=404, headers=HTML))
    picture = stand.on("/picture", Reply(b"\x89PNG", headers={"Content-Type": "image/png"}))
    inside = stand.on("/inside", Reply(status=302, headers={"Location": "http://169.254.169.254/latest"}))
    await source._fetcher.open()
    try:
        assert "parliament in Baghdad" in await source.page(good)
        for url in (gone, picture, inside, "http://127.0.0.1:1/", "http://[::1]/", "file:///etc/passwd"):
            with pytest.raises(FetchError):
                await source.page(url)
    finally:
        await source.close()
    assert stand.paths() == ["/good", "/gone", "/picture", "/inside"]
    assert stand.asked[0].values("accept")[0].startswith(b"text/html")
