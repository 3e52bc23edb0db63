"""Drawing an outlet's items as RSS 2.0, Atom 1.0 or JSON Feed 1.1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree as ET  # only writes here; nothing foreign is parsed

from bot.demo.articles import Format, Outlet
from bot.demo.schedule import Item

CONTENT_TYPE = {
    Format.RSS: "application/rss+xml",
    Format.ATOM: "application/atom+xml",
    Format.JSON: "application/feed+json",
}


def draw(outlet: Outlet, items: Sequence[Item], *, site: str, url: str) -> bytes:
    """The feed as it is sent. `site` is the server's root without a slash at its end, `url` the feed's own address."""
    return {Format.RSS: _rss, Format.ATOM: _atom, Format.JSON: _json}[outlet.format](outlet, items, site, url)


def tag(guid: str) -> str:
    """The item's name for ever, whatever port the demo found free (a tag URI, RFC 4151)."""
    return f"tag:sample-wire.example,2026:{guid}"


def _html(item: Item) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in item.paragraphs)


def _rss(outlet: Outlet, items: Sequence[Item], site: str, url: str) -> bytes:
    rss = ET.Element(
        "rss",
        {
            "version": "2.0",
            "xmlns:atom": "http://www.w3.org/2005/Atom",
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
        },
    )
    channel = ET.SubElement(rss, "channel")
    _add(channel, "title", outlet.name)
    _add(channel, "link", f"{site}/")
    _add(channel, "description", outlet.description)
    _add(channel, "language", outlet.lang)
    _add(channel, "atom:link", href=url, rel="self", type=CONTENT_TYPE[Format.RSS])
    if items:
        _add(channel, "lastBuildDate", format_datetime(latest(items)))
    for item in items:
        entry = ET.SubElement(channel, "item")
        _add(entry, "title", item.title)
        _add(entry, "link", f"{site}/articles/{item.guid}")
        _add(entry, "guid", tag(item.guid), isPermaLink="false")
        _add(entry, "pubDate", format_datetime(item.published))
        _add(entry, "description", item.paragraphs[0])
        if outlet.full:
            _add(entry, "content:encoded", _html(item))
    return _xml(rss)


def _atom(outlet: Outlet, items: Sequence[Item], site: str, url: str) -> bytes:
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": outlet.lang})
    _add(feed, "id", tag(outlet.id))
    _add(feed, "title", outlet.name)
    _add(feed, "subtitle", outlet.description)
    _add(feed, "link", href=url, rel="self", type=CONTENT_TYPE[Format.ATOM])
    _add(feed, "link", href=f"{site}/", rel="alternate", type="text/html")
    _add(feed, "updated", latest(items).isoformat() if items else "1970-01-01T00:00:00+00:00")
    _add(ET.SubElement(feed, "author"), "name", outlet.name)
    for item in items:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", tag(item.guid))
        _add(entry, "title", item.title)
        _add(entry, "link", href=f"{site}/articles/{item.guid}", rel="alternate", type="text/html")
        _add(entry, "published", item.published.isoformat())
        _add(entry, "updated", item.updated.isoformat())
        _add(entry, "summary", item.paragraphs[0], type="text")
        if outlet.full:
            _add(entry, "content", _html(item), type="html")
    return _xml(feed)


def _json(outlet: Outlet, items: Sequence[Item], site: str, url: str) -> bytes:
    entries = []
    for item in items:
        entry = {
            "id": tag(item.guid),
            "url": f"{site}/articles/{item.guid}",
            "title": item.title,
            "summary": item.paragraphs[0],
            "date_published": item.published.isoformat(),
            "date_modified": item.updated.isoformat(),
        }
        # The format wants a content in each item: a summary-only feed repeats its summary there.
        entry |= {"content_html": _html(item)} if outlet.full else {"content_text": item.paragraphs[0]}
        entries.append(entry)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "description": outlet.description,
        "home_page_url": f"{site}/",
        "feed_url": url,
        "language": outlet.lang,
        "items": entries,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def latest(items: Sequence[Item]) -> datetime:
    """When the newest change among some items was made."""
    return max(item.updated for item in items)


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = text or None


def _xml(root: ET.Element) -> bytes:
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"
