"""Links that may be opened, and the forms in which one article is linked."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.links import link_key, web_link

ARTICLE = "https://example.org/world/iraq-budget"
SAME = [
    "http://example.org/world/iraq-budget",
    "https://www.example.org/world/iraq-budget/",
    "https://m.example.org/world/iraq-budget#comments",
    "https://amp.example.org/world/iraq-budget",
    "https://EXAMPLE.org:443/world/iraq-budget",
    "https://example.org/world/iraq-budget?utm_source=rss&utm_medium=feed&fbclid=x",
    "https://example.org/world/iraq-budget?at_medium=RSS&at_campaign=KARANGA",
    "https://example.org/world/iraq-budget?traffic_source=rss",
    "https://example.org/world/iraq-budget?maca=en-rss-en-all-1573-rdf",
    "https://example.org/world/iraq-budget?source=rss",
    "https://example.org/world/iraq-budget/amp/",
    "https://example.org/amp/world/iraq-budget",
    "https://example.org/world/iraq-budget.amp",
    "https://example.org/world/iraq-budget?amp=1",
    "https://example.org/world/iraq-budget?outputType=amp",
    "https://example-org.cdn.ampproject.org/c/s/example.org/world/iraq-budget",
    "https://www.google.com/amp/s/www.example.org/world/iraq-budget",
    "https://www.google.com/url?rct=j&sa=t&url=https://example.org/world/iraq-budget&ct=ga",
    "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fexample.org%2fworld%2firaq-budget",
    "https://news.google.com/rss/articles/"
    + urlsafe_b64encode(b"\x08\x13\x22\x25" + ARTICLE.encode() + b"\xd2\x01\x00").decode(),
]
DIFFERENT = [
    "https://example.org/world/iraq-budget-2",
    "https://example.org/world/iraq-budget?id=7",
    "https://example.org/world/iraq-budget?page=2",
    "https://example.com/world/iraq-budget",
    "https://sport.example.org/world/iraq-budget",
    "https://example.org/World/iraq-budget",
    "https://example.org:8080/world/iraq-budget",
    "https://example.org/world/iraq-budget?source=reuters",
]


@pytest.mark.parametrize("url", SAME)
def test_one_article_has_one_key(url: str) -> None:
    assert link_key(url) == ARTICLE


@pytest.mark.parametrize("url", DIFFERENT)
def test_other_articles_have_others(url: str) -> None:
    assert link_key(url) != ARTICLE


def test_the_order_of_parameters_does_not_matter() -> None:
    assert link_key("https://x.example/a?b=1&a=2") == link_key("https://x.example/a?a=2&b=1")


@pytest.mark.parametrize(
    ("link", "base", "expected"),
    [
        ("https://x.example/a b", "", "https://x.example/a%20b"),
        (" https://x.example/\u200ba ", "", "https://x.example/a"),
        ("/a", "https://x.example/feed", "https://x.example/a"),
        ("//y.example/a", "https://x.example/feed", "https://y.example/a"),
        ("?p=1", "https://x.example/feed", "https://x.example/feed?p=1"),
        ("https://me:pw@x.example/", "", "https://x.example/"),
        ("https://x.example/<script>\"'`", "", "https://x.example/%3Cscript%3E%22'%60"),
        ("HTTPS://x.example/", "", "https://x.example/"),
        ("javascript:alert(1)", "https://x.example/", ""),
        ("java\nscript:alert(1)", "https://x.example/", ""),
        ("data:text/html,x", "https://x.example/", ""),
        ("file:///etc/passwd", "", ""),
        ("http://", "", ""),
        ("http://[::1", "", ""),
        ("http://x.example:port/", "", ""),
        ("http://x<y.example/", "", ""),
        ("https://x.example/" + "a" * 3000, "", ""),
        ("", "https://x.example/", ""),
    ],
)
def test_only_links_that_a_reader_may_open(link: str, base: str, expected: str) -> None:
    assert web_link(link, base) == expected


@given(st.text(max_size=100), st.sampled_from(["", "https://x.example/feed", "http://[::1]/"]))
def test_no_text_breaks_them(text: str, base: str) -> None:
    for link in (text, f"https://{text}", f"https://x.example/{text}", f"https://news.google.com/articles/{text}"):
        found = web_link(link, base)
        assert found == "" or found.startswith(("http://", "https://"))
        assert not any(char in found for char in ' <>"\n')
        key = link_key(link)
        assert key == "" or key.startswith("http")
