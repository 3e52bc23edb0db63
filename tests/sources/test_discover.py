"""The feeds of pages, by what they say and by what kind of site they are."""

from __future__ import annotations

import pytest

from bot.sources.discover import page
from bot.sources.sites import known_feed


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        (
            "https://www.youtube.com/channel/UC16niRr50-MSBwiO3YDb3RA",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UC16niRr50-MSBwiO3YDb3RA",
        ),
        (
            "https://youtube.com/playlist?list=PLabcdefghij",
            "https://www.youtube.com/feeds/videos.xml?playlist_id=PLabcdefghij",
        ),
        ("https://old.reddit.com/r/worldnews/", "https://www.reddit.com/r/worldnews/.rss"),
        ("https://github.com/kurtmckee/feedparser", "https://github.com/kurtmckee/feedparser/releases.atom"),
        ("https://mastodon.social/@reporter", "https://mastodon.social/@reporter.rss"),
        ("https://analysis.substack.com/", "https://analysis.substack.com/feed"),
        ("https://medium.com/@reporter", "https://medium.com/feed/@reporter"),
        ("http://notes.blogspot.com", "https://notes.blogspot.com/feeds/posts/default"),
        ("https://bsky.app/profile/reporter.example", "https://bsky.app/profile/reporter.example/rss"),
        ("https://www.reddit.com/r/worldnews/comments/abc/title/", ""),
        ("https://github.com/", ""),
        ("https://news.example/", ""),
        ("https://github.com.evil.example/a/b", ""),
        ("https://evil.example/?github.com/a/b", ""),
    ],
)
def test_known_sites(url: str, feed: str) -> None:
    assert known_feed(url) == feed


def test_advertised_feeds_come_first_then_links_and_comments_last() -> None:
    found = page(
        """<base href="/news/"><title> The
        Page </title><link rel="alternate" type="application/rss+xml" href="comments.rss">
        <link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" href="main.atom">
        <link rel=feed href="/hfeed">
        <link rel=alternate type="application/json" href="/wp-json/x">
        <a href="/rss">R</a><a href="/rssential-oils">x</a>""",
        "https://site.example/start",
    )
    assert found["title"] == "The Page"
    assert found["offers"] == [
        "https://site.example/news/main.atom",
        "https://site.example/hfeed",
        "https://site.example/news/comments.rss",
        "https://site.example/rss",
    ]


@pytest.mark.parametrize(
    "href",
    [
        "/feed/",
        "/rss",
        "/news.rss",
        "/feed.xml",
        "/atom.xml",
        "/index.xml",
        "/a/rss/world.xml",
        "/?feed=rss2",
        "/feeds/all.atom",
    ],
)
def test_links_that_look_like_feeds(href: str) -> None:
    assert page(f"<a href='{href}'>x</a>", "https://site.example/")["offers"] == [f"https://site.example{href}"]


@pytest.mark.parametrize(
    "href",
    [
        "/about",
        "/feedback",
        "/sitemap.xml",
        "/breastfeeding",
        "/rss.html?x",
        "mailto:rss@x",
        "javascript:rss",
        "https://other.example/feed",
    ],
)
def test_links_that_do_not(href: str) -> None:
    assert page(f"<a href='{href}'>x</a>", "https://site.example/")["offers"] == []


def test_the_generator_tells_where_to_try_first() -> None:
    assert page("<meta name=generator content='Hugo 0.120'>", "https://site.example/a/")["guesses"] == [
        "https://site.example/index.xml",
        "https://site.example/feed",
    ]
    assert len(page("", "https://site.example/")["guesses"]) == 2  # type: ignore[arg-type]  # a list


def test_a_page_of_links_offers_ten_at_most() -> None:
    assert len(page("".join(f"<a href='/{n}.rss'>x</a>" for n in range(500)), "https://s.example/")["offers"]) == 10  # type: ignore[arg-type]  # a list
