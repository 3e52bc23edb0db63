"""Bytes of a stranger's server to plain values: a feed's entries, or what else was found there.

This runs in a child process that may be killed at any moment (`bot.sources.lane` says why); nothing here is imported
by the bot itself. feedparser does the reading, for it is the most liberal reader there is; around it stand the guards:

    bytes -> text (charset) -> what is it? -> at most 2,000 items -> feedparser on BytesIO -> clean text, links, keys

feedparser is never given the real address: permalinks that are relative would be resolved against it, and a feed that
moves to another host would come back as all new. It gets a base that stands for "here", which is taken out again.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import count
from time import struct_time
from typing import Any, TypeVar

import feedparser

from bot.sources import discover, jsonfeed
from bot.sources.charset import decode
from bot.sources.dates import moment
from bot.sources.language import Languages, primary
from bot.sources.links import link_key, web_link
from bot.sources.slices import ILLEGAL, ILLEGAL_REFERENCE, hashes, slice_hashes, slices, vanished
from bot.sources.text import clean, cut, one_line, plain, unescaped

feedparser.api.PREFERRED_XML_PARSERS = ["bot.sources.expat"]
# It works out anew at each element what the base address is, which is the same in nearly all of a document.
feedparser.mixin.make_safe_absolute_uri = lru_cache(64)(feedparser.mixin.make_safe_absolute_uri)

ITEMS = 2000
TITLE = 500
SUMMARY = 4000
TEXT = 40_000
TEXT_OF_ALL = 2_000_000
"""Characters of all the texts of one feed together; beyond it the rest keep title and link only."""
KEY = 500

BLANK = "\x00\t\n\r \ufeff"

BASE = "https://base.invalid/~/x/"
HERE = ((BASE, ""), ("https://base.invalid/~/", "../"), ("https://base.invalid/", "/"))
HEADERS = {"content-type": "application/xml; charset=utf-8", "content-location": BASE}

DECLARATION = re.compile(r"\s*<\?xml\b[^>]{0,500}\?>")
ROOT = re.compile(r"<([A-Za-z_][\w.-]{0,40}(?::[\w.-]{1,40})?)")
CLOSED = re.compile(r"</(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel", "rss2"})
PAGE_ROOTS = frozenset(
    {"html", "head", "body", "div", "p", "script", "meta", "title", "style", "link", "h1", "center", "br"}
)
XML_NAMES = {"urlset": "a sitemap", "sitemapindex": "a sitemap", "opml": "a list of feeds (OPML)", "svg": "a picture"}
MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"RIFF", "a picture or a sound"),
    (b"PK\x03\x04", "a zip archive"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)

Raw = dict[str, Any]
T = TypeVar("T")


class Reader:
    """Reads one body after another. `languages` is loaded once, for it holds a model."""

    def __init__(self, languages: Languages | None = None) -> None:
        self._languages = languages or Languages()

    def read(self, body: bytes, job: Mapping[str, str]) -> dict[str, Any]:
        """`job` has `url` (where the body came from), `content_type` and `now` (ISO 8601).

        With `slices`, the hashes of the items that are known letter for letter, only the others are read. With `part`,
        the number of items that there must be, the body has no others: it is "broken" where one is missing.
        The answer's `kind` is "feed" (with everything about it), "same" (none but those), "other" (with what was
        `found`), "empty" or "broken".
        """
        if not body.strip(BLANK.encode()):
            return {"kind": "empty"}
        if found := next((words for magic, words in MAGIC if body.startswith(magic)), ""):
            return {"kind": "other", "found": found}
        text = decode(body, job.get("content_type", "")).lstrip(BLANK)
        return self._json(text, job) if text.startswith(("{", "[")) else self._markup(text, job)

    def _markup(self, text: str, job: Mapping[str, str]) -> dict[str, Any]:
        root = root_of(text)
        bare = root.rpartition(":")[2]
        if bare not in FEED_ROOTS and (bare in PAGE_ROOTS or "html" in job.get("content_type", "")):
            page = discover.page(text, job.get("url", ""))
            title = f"a web page, “{page['title']}”" if page["title"] else "a web page"
            return {"kind": "other", "found": title, **page}
        if bare in XML_NAMES:
            return {"kind": "other", "found": XML_NAMES[bare]}
        if not root:
            return {"kind": "other", "found": "plain text" if "\x00" not in text else "binary data"}
        answer = self._xml(text, job)
        if bare not in FEED_ROOTS and not answer.get("entries"):
            return {"kind": "other", "found": f"an XML document <{one_line(root, 40)}>"}
        return answer

    def _json(self, text: str, job: Mapping[str, str]) -> dict[str, Any]:
        try:
            feed = jsonfeed.read(text)
        except (ValueError, RecursionError):
            return {"kind": "broken", "found": "JSON that ends early or is malformed"}
        if feed is None:
            return {"kind": "other", "found": "a JSON document"}
        return self._feed(feed, _both_ends(feed["entries"]), job) | {
            "format": "json",
            "whole": True,
            "hub": feed["hub"],
            "topic": feed["topic"],
        }

    def _xml(self, text: str, job: Mapping[str, str]) -> dict[str, Any]:
        document = ILLEGAL_REFERENCE.sub("", ILLEGAL.sub("", DECLARATION.sub("", text, count=1))).lstrip()
        if expected := int(job.get("part", 0)):
            return self._part(document, expected, document, job) or {"kind": "broken", "found": "a part of a feed"}
        cutting = slices(document)
        items = _both_ends(cutting.items) if cutting else ()
        marks = slice_hashes(items)
        known = hashes(job.get("slices", ""))
        fresh = [item for item, mark in zip(items, marks, strict=True) if mark not in known]
        if cutting and len(fresh) < len(items) and not vanished(job.get("slices", ""), marks):
            if not fresh:
                return {"kind": "same", "slices": "".join(marks), "known": len(marks)}
            # Only what is new is read. Where that goes wrong in any way, the whole document is.
            answer = self._part(cutting.only(fresh), len(fresh), document, job)
            if answer is not None:
                return answer | {"slices": "".join(marks), "known": len(marks) - len(fresh)}
        parsed = _parsed(cutting.only(items) if cutting and len(items) < len(cutting.items) else document)
        if parsed is None:
            return {"kind": "broken", "found": "XML that cannot be read"}
        raws = [_xml_entry(entry) for entry in _both_ends(parsed.entries)]
        # An id that two items share is told only by both of them; and what one parser sees and the other does not is
        # for the whole document to say.
        sliceable = len(items) == len(raws) and not _shared_ids(raws, [raw["link"] for raw in raws])
        if items and not raws:
            raws = _rescued(items)
        return self._told(parsed, raws, document, job) | {
            "slices": "".join(marks) if sliceable else "",
            "whole": bool(not parsed.bozo or CLOSED.search(document[-4096:])) and bool(raws or not items),
        }

    def _part(self, part: str, expected: int, document: str, job: Mapping[str, str]) -> dict[str, Any] | None:
        """What a document with only some of its items says; None where it does not hold together so."""
        parsed = _parsed(part)
        if parsed is None or parsed.bozo or len(parsed.entries) != expected:
            return None
        return self._told(parsed, [_xml_entry(entry) for entry in parsed.entries], document, job) | {"whole": True}

    def _told(self, parsed: Any, raws: Sequence[Raw], document: str, job: Mapping[str, str]) -> dict[str, Any]:
        told = parsed.feed
        feed = {"title": _value(told, "title"), "link": told.get("link", ""), "language": told.get("language", "")}
        return self._feed(feed, raws, job) | {
            "format": parsed.version or "xml",
            "hub": _related(told, "hub"),
            "topic": _related(told, "self"),
            "ttl": _number(told.get("ttl")),
            "update": _update_minutes(told),
            "skip_hours": sorted({int(each) % 24 for each in re.findall(r"\d{1,2}", _block(document, "skipHours"))}),
            "skip_days": sorted(
                {
                    each.casefold()
                    for each in re.findall(
                        r"(?i)\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", _block(document, "skipDays")
                    )
                }
            ),
        }

    def _feed(self, feed: Raw, raws: Sequence[Raw], job: Mapping[str, str]) -> dict[str, Any]:
        now = datetime.fromisoformat(job["now"])
        site = web_link(_relative(feed["link"]), job.get("url", ""))
        lang = primary(feed["language"])
        usual = lang or primary(job.get("lang", ""))
        return {
            "kind": "feed",
            "title": one_line(unescaped(feed["title"]) if "<" not in feed["title"] else plain(feed["title"], 200), 200),
            "site_url": site,
            "lang": lang,
            "entries": list(self._entries(raws, job.get("url", ""), usual, now)),
        }

    def _entries(self, raws: Sequence[Raw], url: str, lang: str, now: datetime) -> Iterator[list[str | None]]:
        """Key, title, url, link key, summary, text, published, language and image, in the order of the document."""
        room = TEXT_OF_ALL
        written = [_relative(raw["link"]) for raw in raws]
        linked = [web_link(link, url) for link in written]
        canonical = [link_key(link) if link else "" for link in linked]
        # What a feed wrote without a host is its name for the item on any host: a move must not rename it.
        names = [same if "://" in link else link for link, same in zip(written, canonical, strict=True)]
        shared = _shared_ids(raws, names)
        seen: set[str] = set()
        for raw, link, same, name in zip(raws, linked, canonical, names, strict=True):
            title = _title(raw)
            summary, text = _texts(raw) if room > 0 else ("", "")
            room -= len(summary) + len(text)
            key = _key(raw, name, title, summary or text, shared)
            if not key or key in seen:
                continue
            seen.add(key)
            published = moment(raw["date"], raw.get("parsed"), now)
            yield [
                key,
                title or cut((summary or text).partition("\n")[0], 120) or link,
                link,
                same,
                summary,
                text,
                published.isoformat() if published else None,
                self._languages.of(f"{title}. {summary or text}", raw["language"] or lang),
                web_link(_relative(raw["image"]), url),
            ]


def root_of(text: str) -> str:
    """The name of the root element in lower case, past declarations, comments and a little junk; empty if none."""
    at = 0
    for _ in count():
        at = text.find("<", at)
        if at < 0 or at > 65_536:
            return ""
        closer = next(
            (end for start, end in (("<!--", "-->"), ("<?", "?>"), ("<!", ">")) if text.startswith(start, at)), ""
        )
        if not closer:
            found = ROOT.match(text, at)
            return found[1].lower() if found else ""
        if text[at : at + 14].lower() == "<!doctype html":
            return "html"
        end = text.find(closer, at)
        if closer == ">" and 0 <= (subset := text.find("[", at)) < end:
            closer = "]"
            end = text.find(closer, subset)
        if end < 0:
            return ""
        at = end + len(closer)
    return ""


def _parsed(document: str) -> Any | None:
    """What feedparser makes of it; None where it breaks."""
    try:
        # BytesIO always: given bytes or text, feedparser opens the file, or fetches the URL, that they may name.
        return feedparser.parse(
            io.BytesIO(document.encode("utf-8", "replace")),
            response_headers=HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        return None


def _both_ends(items: Sequence[T]) -> Sequence[T]:
    """At most `ITEMS`, from the start and from the end: most feeds begin with the newest item, some end with it."""
    return items if len(items) <= ITEMS else [*items[: ITEMS // 2], *items[-ITEMS // 2 :]]


def _rescued(items: Sequence[str]) -> list[Raw]:
    """The entries of a document in which feedparser sees none: its items lie under names or namespaces of their own."""
    prefix = re.match(r"<([\w.-]+:)?", items[0])
    inside = "".join(items)
    if prefix and prefix[1]:
        inside = inside.replace(f"<{prefix[1]}", "<").replace(f"</{prefix[1]}", "</")
    parsed = _parsed(f'<rss version="2.0"><channel>{inside}</channel></rss>')
    return [_xml_entry(entry) for entry in parsed.entries] if parsed is not None else []


def _xml_entry(entry: Any) -> Raw:
    contents = [each.get("value") or "" for each in entry.get("content", ())]
    content = max(contents, key=len, default="")
    detail = entry.get("summary_detail") or {}
    summary = entry.get("summary") or ""
    title = entry.get("title_detail") or {}
    date = next((name for name in ("published", "updated", "created") if name in entry), "")
    parsed = entry.get(f"{date}_parsed") if date else None
    return {
        "id": _relative(entry.get("id") or ""),
        "link": entry.get("feedburner_origlink") or entry.get("link") or "",
        "title": entry.get("title") or "",
        "title_markup": title.get("type") not in (None, "text/plain"),
        # feedparser repeats the content as the summary where there is none.
        "summary": "" if summary == content else summary,
        "summary_plain": detail.get("type") == "text/plain",
        "html": content,
        "text": "",
        "date": (entry.get(date) or "") if date else "",
        "parsed": parsed if isinstance(parsed, struct_time) else None,
        "language": title.get("language") or detail.get("language") or entry.get("dc_language") or "",
        "image": _image(entry),
    }


def _image(entry: Any) -> str:
    """Media RSS, an enclosure, or iTunes: the first that is a picture."""
    candidates = [each.get("url") for each in entry.get("media_thumbnail", ())]
    candidates += [
        each.get("url")
        for each in entry.get("media_content", ())
        if each.get("medium") == "image" or str(each.get("type", "")).startswith("image/")
    ]
    candidates += [
        each.get("href") for each in entry.get("enclosures", ()) if str(each.get("type", "")).startswith("image/")
    ]
    candidates.append((entry.get("image") or {}).get("href"))
    return next((str(each) for each in candidates if each), "")


def _title(raw: Raw) -> str:
    title = raw["title"][:8000]
    return one_line(plain(title, TITLE * 2) if raw.get("title_markup") else unescaped(title), TITLE)


def _texts(raw: Raw) -> tuple[str, str]:
    """Summary and full text; where a feed puts the whole article into its summary, that is the text."""
    summary = raw["summary"]
    summary = cut(clean(unescaped(summary[:TEXT])), TEXT) if raw.get("summary_plain") else plain(summary, TEXT)
    text = plain(raw["html"], TEXT) or cut(clean(raw["text"][:TEXT]), TEXT)
    if len(summary) > SUMMARY:
        text = max(text, summary, key=len)
        summary = cut(summary, SUMMARY)
    return summary, "" if text == summary else text


def _shared_ids(raws: Sequence[Raw], canonical: list[str]) -> set[str]:
    """Ids that several items of the document bear although they link to different things: no identity at all."""
    links: dict[str, str] = {}
    shared: set[str] = set()
    for raw, link in zip(raws, canonical, strict=True):
        identity = raw["id"].strip()
        if identity and links.setdefault(identity, link) != link:
            shared.add(identity)
    return shared


def _key(raw: Raw, link: str, title: str, text: str, shared: set[str]) -> str:
    """The item's name inside its feed for ever. Raw id, else canonical link, else a hash of what it says."""
    identity = raw["id"].strip()
    if identity in shared:
        identity = f"{identity} {link}"
    key = clean(identity).replace("\n", " ") or link
    if not key and (title or text):
        key = "text:" + sha256(f"{title}\n{text[:200]}".encode()).hexdigest()[:32]
    return key if len(key) <= KEY else "long:" + sha256(key.encode()).hexdigest()[:32]


def _relative(url: str) -> str:
    """The address as the feed wrote it, with the base that stood for "here" taken out."""
    for prefix, meant in HERE:
        if url.startswith(prefix):
            return meant + url[len(prefix) :]
    return url


def _related(source: Any, relation: str) -> str:
    """The first link of that relation of the feed itself."""
    links = source.get("links") or ()
    return next((_relative(str(each.get("href") or "")) for each in links if each.get("rel") == relation), "")


def _value(source: Any, name: str) -> str:
    return source.get(name) or ""


def _number(value: object) -> int:
    text = str(value or "").strip()
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _block(document: str, name: str) -> str:
    """The inside of one short element of the feed's head, by plain search."""
    start = document.find(f"<{name}", 0, 65_536)
    end = document.find(f"</{name}", start, start + 4096) if start >= 0 else -1
    return document[start + len(name) + 1 : end] if end > 0 else ""


def _update_minutes(feed: Any) -> int:
    """Syndication module: WordPress writes "hourly, once" into every feed by default, which tells nothing."""
    period = {"hourly": 60, "daily": 1440, "weekly": 10_080}.get(
        str(feed.get("sy_updateperiod", "")).strip().casefold(), 0
    )
    minutes = period // max(_number(feed.get("sy_updatefrequency")) or 1, 1)
    return 0 if minutes == 60 else minutes
