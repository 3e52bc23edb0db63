"""Lists of feeds in OPML 2.0 (opml.org/spec2.opml), as every feed reader imports and exports them.

Read with expat alone: its amplification guard, no DTD and a few caps leave a hostile file nothing to do. Readers that
ride on `html.parser` are quadratic in unfinished tags (64 kB cost more than ten seconds).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from itertools import groupby
from urllib.parse import urlsplit
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from bot.core.errors import UserError
from bot.core.feed_list import FeedList, Outline
from bot.sources.charset import decode
from bot.sources.mask import is_private
from bot.sources.text import one_line

__all__ = ["FeedList", "Outline", "read", "write"]

FILE_MOST = 1_000_000
OUTLINES_MOST = 5000
DEPTH_MOST = 10
URL_MOST = 2048

BARE_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
DECLARATION = re.compile(r"\s*<\?xml\b[^>]{0,500}\?>")
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read(data: bytes) -> FeedList:
    """The feeds of an OPML file, each address once. Raises UserError, which says what is wrong with the file."""
    if len(data) > FILE_MOST:
        raise UserError(f"That file is larger than {FILE_MOST // 1_000_000} MB: too large for a list of feeds.")
    text = ILLEGAL.sub("", DECLARATION.sub("", decode(data).lstrip("\ufeff"), count=1)).strip()
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(BARE_AMPERSAND.sub("&amp;", text).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise UserError(f"That is not an OPML file: line {error.lineno} is not proper XML.") from None
    return FeedList(one_line(reader.title, 200), tuple(reader.found.values()), reader.skipped)


def _refuse_doctype(*_: object) -> None:
    raise UserError("That file declares a document type, which a list of feeds does not need; it was not read.")


class _Reader:
    def __init__(self) -> None:
        self.title = ""
        self.found: dict[str, Outline] = {}
        self.skipped = 0
        self._path: list[str] = []
        self._folders: list[str] = []
        self._outlines = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.lower()
        if not self._path and name != "opml":
            raise UserError(f"That is not an OPML file: it begins with <{one_line(name, 40)}>.")
        self._path.append(name)
        if name != "outline":
            return
        self._outlines += 1
        if self._outlines > OUTLINES_MOST:
            raise UserError(f"That list has more than {OUTLINES_MOST} entries; please split it.")
        if len(self._folders) > DEPTH_MOST:
            raise UserError(f"That list nests folders more than {DEPTH_MOST} deep.")
        said = {key.lower(): value.strip() for key, value in attributes.items()}
        title = one_line(said.get("text") or said.get("title") or "", 200)
        url = said.get("xmlurl", "")
        if url:
            self._take(url, title)
        self._folders.append("" if url else title)

    def end(self, _: str) -> None:
        if self._path.pop() == "outline":
            self._folders.pop()

    def characters(self, text: str) -> None:
        if self._path[1:] == ["head", "title"] and len(self.title) < 1000:
            self.title += text

    def _take(self, url: str, title: str) -> None:
        url = re.sub(r"(?i)^feed:(?://)?(?=https?:)", "", url)
        url = re.sub(r"(?i)^feed://", "http://", url)
        if not _is_web(url):
            self.skipped += 1
            return
        self.found.setdefault(url, Outline(url, title, tuple(filter(None, self._folders)), is_private(url)))


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme.lower() in ("http", "https")
        and bool(parts.hostname)
        and len(url) <= URL_MOST
        and url.isprintable()
    )


def write(outlines: Iterable[Outline], *, title: str, now: datetime) -> str:
    """An OPML 2.0 document, folders nested and in alphabetical order.

    The addresses are written as they are: whoever exports a list with private feeds exports their keys.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        "  <head>",
        f"    <title>{escape(one_line(title, 200))}</title>",
        f"    <dateCreated>{format_datetime(now)}</dateCreated>",
        "  </head>",
        "  <body>",
        *_lines(sorted(outlines, key=lambda each: (each.folder, each.title.casefold(), each.url)), depth=0),
        "  </body>",
        "</opml>",
    ]
    return "\n".join(lines) + "\n"


def _lines(outlines: list[Outline], depth: int) -> Iterator[str]:
    """Those that lie here first, then each folder with its own."""
    indent = "  " * (depth + 2)
    for folder, group in groupby(outlines, key=lambda each: each.folder[depth] if len(each.folder) > depth else ""):
        if folder:
            yield f"{indent}<outline text={_quoted(folder)}>"
            yield from _lines(list(group), depth + 1)
            yield f"{indent}</outline>"
            continue
        for each in group:
            name = _quoted(each.title or each.url)
            yield f'{indent}<outline type="rss" text={name} title={name} xmlUrl={quoteattr(each.url)}/>'


def _quoted(text: str) -> str:
    return quoteattr(one_line(text, 200))
