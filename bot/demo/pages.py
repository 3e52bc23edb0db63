"""The sample wire's web pages: an index, and a page for each article so that a link in an alert leads somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from bot.core.pack import PackFeed
from bot.demo.schedule import Item

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of every page: nothing but the one style sheet."""

STYLE = """\
:root { color-scheme: light dark; font: 1.05rem/1.6 Georgia, 'Noto Serif', serif; }
body { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1.2rem 4rem; }
header, footer, .when, li span { font: .85rem/1.5 system-ui, sans-serif; opacity: .75; }
header { border-bottom: 1px solid; padding-bottom: .5rem; margin-bottom: 1.5rem; }
footer { border-top: 1px solid; padding-top: .5rem; margin-top: 2.5rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
ul { list-style: none; padding: 0; }
li { margin: .7rem 0; }
li span { display: block; }
a { color: inherit; }
"""

NOTE = "Sample wire: invented news for trying Newsbell. Nothing here happened."


def article(item: Item) -> str:
    """The page of one article, in its outlet's language and direction of writing."""
    updated = f"<br>Updated {_time(item.updated)}" if item.updated > item.published else ""
    text = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in item.paragraphs)
    return _page(
        item.title,
        f"<header>{escape(item.outlet.name)} · <a href='/'>All sample news</a></header>\n"
        f"<article lang='{escape(item.outlet.lang)}' dir='auto'>\n<h1>{escape(item.title)}</h1>\n"
        f"<div class='when'>{_time(item.published)}{updated}</div>\n{text}\n</article>",
    )


def index(feeds: Iterable[PackFeed], items: Sequence[Item]) -> str:
    """The front page: what is published so far, newest first, and the feeds."""
    outlets = "\n".join(
        f"<li dir='auto'><a href='{escape(feed.url)}'>{escape(feed.title)}</a>"
        f"<span>{escape(feed.region)}, {escape(feed.lang)}</span></li>"
        for feed in feeds
    )
    news = "\n".join(
        f"<li lang='{escape(item.outlet.lang)}' dir='auto'><a href='/articles/{escape(item.guid)}'>"
        f"{escape(item.title)}</a><span>{escape(item.outlet.name)} · {_time(item.published)}</span></li>"
        for item in items
    )
    return _page(
        "Sample wire", f"<h1>Sample wire</h1>\n<h2>News</h2>\n<ul>{news}</ul>\n<h2>Feeds</h2>\n<ul>{outlets}</ul>"
    )


def _page(title: str, body: str) -> str:
    return (
        "<!doctype html>\n<html lang='en'>\n<head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><link rel='stylesheet' href='/style.css'></head>\n"
        f"<body>\n{body}\n<footer>{NOTE}</footer>\n</body>\n</html>\n"
    )


def _time(when: datetime) -> str:
    # English words in a page that may be Arabic: without a direction of their own their order would be turned round.
    return f"<time lang='en' dir='ltr' datetime='{when.isoformat()}'>{when:%d %B %Y, %H:%M} UTC</time>"
