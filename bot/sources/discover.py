"""The feeds of a web page: those it advertises, those it links to, and those that its kind of site always has."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.sources.links import web_link
from bot.sources.sites import known_feed
from bot.sources.text import one_line

HTML_MOST = 400_000
OFFERS = 10

FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "text/rss+xml"}
    | {"application/rss", "application/atom", "application/x-rss+xml", "application/x-atom+xml"}
)
LOOKS_LIKE_FEED = re.compile(
    r"(?i)(?:^|[/._-])(?:rss2?|atom|feeds?)(?:[/_-][\w-]{1,30})?/?(?:\.(?:xml|rss|atom|json|rdf|php))?/?$|\.(?:rss|atom|rdf)$"
    r"|/(?:rss|feed|atom|index|news)\.xml$|[?&](?:feed|format|type)=(?:rss2?|atom|feed)"
)
COMMENTS = re.compile(r"(?i)comment|kommentar|commentaire|comentario")
CHALLENGE = re.compile(
    r"(?i)^(just a moment|attention required|checking your browser|ddos-guard|access denied|one moment, please)"
)

WELL_KNOWN = {
    "wordpress": "/feed/",
    "ghost": "/rss/",
    "hugo": "/index.xml",
    "jekyll": "/feed.xml",
    "drupal": "/rss.xml",
}
GUESSES = ("/feed", "/rss.xml")


def page(html: str, url: str) -> dict[str, object]:
    """What the page is: its `title`, the feeds it `offers`, `guesses` worth a try, whether it is a bot `challenge`."""
    tree = LexborHTMLParser(html[:HTML_MOST])
    heading = tree.css_first("title")
    title = one_line(heading.text(), 100) if heading else ""
    base_tag = tree.css_first("base[href]")
    base = (web_link(base_tag.attributes.get("href") or "", url) if base_tag else "") or url
    advertised = [link for tag in tree.css("link[rel][href]") if (link := _advertised(tag, base))]
    linked = [link for tag in tree.css("a[href]")[:3000] if (link := _linked(tag, base))]
    offers = list(dict.fromkeys((*_by_quality(advertised), *_by_quality(linked), *filter(None, [known_feed(url)]))))
    generator = tree.css_first("meta[name=generator]")
    kind = (generator.attributes.get("content") or "").split(" ")[0].casefold() if generator else ""
    guesses = dict.fromkeys(urljoin(base, path) for path in (WELL_KNOWN.get(kind, GUESSES[0]), *GUESSES))
    return {
        "title": title,
        "offers": offers[:OFFERS],
        "guesses": list(guesses)[:2],
        "challenge": bool(CHALLENGE.match(title)),
    }


def _advertised(tag: LexborNode, base: str) -> str:
    attributes = tag.attributes
    relations = (attributes.get("rel") or "").casefold().split()
    kind = (attributes.get("type") or "").partition(";")[0].strip().casefold()
    if not ("alternate" in relations and kind in FEED_TYPES) and "feed" not in relations:
        return ""
    return web_link(attributes.get("href") or "", base)


def _linked(tag: LexborNode, base: str) -> str:
    href = tag.attributes.get("href") or ""
    link = web_link(href, base)
    if not link or not LOOKS_LIKE_FEED.search(link.partition("#")[0]):
        return ""
    here, there = (".".join((urlsplit(each).hostname or "").split(".")[-2:]) for each in (base, link))
    return link if here == there or "feedburner" in there else ""


def _by_quality(links: list[str]) -> list[str]:
    """In the page's order, feeds of comments last."""
    return sorted(links, key=lambda link: bool(COMMENTS.search(link)))
