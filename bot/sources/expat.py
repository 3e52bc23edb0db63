"""feedparser's XML driver with the brakes on: the standard library's expat driver, buffered and bounded.

feedparser takes the name of a module with `create_parser` (`feedparser.api.PREFERRED_XML_PARSERS`). Two things differ
from `xml.sax.expatreader`, neither of them for an honest feed:
- expat collects text before it calls back (`buffer_text`), which halves the time of a parse;
- what feedparser is quadratic in is cut: attributes of one element, the author's text (its search for an e-mail
  address: 20 kB take 4 s), nesting.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any
from xml.sax import expatreader

ATTRIBUTES = 100
DEPTH = 200
AUTHOR = 1000
AUTHORS = frozenset(
    {"author", "creator", "publisher", "managingeditor", "webmaster", "contributor", "name", "email", "owner"}
)


class BoundedParser(expatreader.ExpatParser):
    """One per document. What lies deeper than `DEPTH`, or is said by an author beyond `AUTHOR`, is left out."""

    _parser: Any  # pyexpat's parser; the base class's stub does not name it
    _cont_handler: Any

    def reset(self) -> None:
        super().reset()
        self._depth = 0
        self._author_at = 0
        self._author_left = 0
        self._parser.buffer_text = True
        self._parser.buffer_size = 1 << 16

    def _reset_cont_handler(self) -> None:
        super()._reset_cont_handler()  # type: ignore[misc]  # a method of the base class that its stub leaves out
        self._parser.CharacterDataHandler = self._characters

    def start_element_ns(self, name: str, attrs: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH:
            return
        if len(attrs) > ATTRIBUTES:
            attrs = dict(islice(attrs.items(), ATTRIBUTES))
        if not self._author_at and _local(name) in AUTHORS:
            self._author_at, self._author_left = self._depth, AUTHOR
        super().start_element_ns(name, attrs)

    def end_element_ns(self, name: str) -> None:
        self._depth -= 1
        if self._depth >= DEPTH:
            return
        if self._author_at > self._depth:
            self._author_at = 0
        super().end_element_ns(name)

    def _characters(self, text: str) -> None:
        if self._depth > DEPTH:
            return
        if self._author_at:
            text = text[: self._author_left]
            self._author_left -= len(text)
        self._cont_handler.characters(text)


def _local(name: str) -> str:
    """The local name in expat's "namespace name prefix" form."""
    parts = name.split(" ", 2)
    return (parts[1] if len(parts) > 1 else parts[0]).lower()


def create_parser(*_: object) -> BoundedParser:
    return BoundedParser()
