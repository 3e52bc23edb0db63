"""The one door through which strangers' text comes in: no markup, nothing invisible, nothing that breaks a database.

What passes is plain text in NFC. Newlines part paragraphs; there are no other control characters.
"""

from __future__ import annotations

import re
from html import unescape
from unicodedata import normalize

import nh3

HTML_MOST = 64_000
"""Characters of markup looked at per text: HTML parsers are quadratic in nesting (64 kB: 0.6 s at worst)."""

# NUL and the other controls, soft hyphens, zero-width and bidirectional marks, tags, non-characters, lone surrogates.
# PostgreSQL refuses some of them, a terminal obeys others, and a reader is deceived by the rest.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
# The zero-width joiners spell words in Persian, Hindi and emoji: they stay between two characters beyond Latin.
STRAY_JOINER = re.compile(
    "(?<![\u0590-\uffff\U00010000-\U0010ffff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0590-\uffff\U00010000-\U0010ffff])"
)
JOINERS = re.compile("([\u200c\u200d])[\u200c\u200d]+")
MARKS = re.compile("([\u0300-\u036f\u0489]{4})[\u0300-\u036f\u0489]+")
"""A letter carries at most four accents; stacks of them run over the lines above."""

BREAK = re.compile("\r\n?|[\x85\u2028\u2029]")
BLANKS = re.compile("[^\\S\n]+")
LINES = re.compile(" ?\n[ \n]*")

BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption", "figure"}
    | {"footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"}
    | {"table", "tbody", "td", "th", "thead", "tr", "ul"}
)
UNREAD = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "textarea", "select"})
BLOCK_TAG = re.compile(f"</?(?:{'|'.join(sorted(BLOCKS))})>")
MARKUP = re.compile(
    r"</?(?:p|a|br|div|span|img|em|strong|b|i|ul|li|h[1-6]|figure|table)\b[^<>]{0,2000}>", re.IGNORECASE
)
REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
APPEARED = re.compile(r"\n?The post [^\n]{1,500} (?:appeared first|first appeared) on [^\n]{1,200}\.?\s*$")
"""WordPress signs every item with the site's name, which would match topics that the item is not about."""


def clean(text: str) -> str:
    """Visible text and newlines only, in NFC, blanks collapsed."""
    text = INVISIBLE.sub("", BREAK.sub("\n", text))
    if "\u200c" in text or "\u200d" in text:
        text = STRAY_JOINER.sub("", JOINERS.sub(r"\1", text))
    text = MARKS.sub(r"\1", normalize("NFC", text))
    return LINES.sub("\n", BLANKS.sub(" ", text)).strip()


def one_line(text: str, most: int) -> str:
    """Clean text without newlines, cut at `most` characters."""
    return cut(clean(text).replace("\n", " "), most)


def cut(text: str, most: int) -> str:
    """At most that many characters, at a word's end if there is one near; an ellipsis says that it was cut."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    space = max(kept.rfind(" "), kept.rfind("\n"))
    return (kept[:space] if space > most * 0.8 else kept).rstrip(" ,;:-–—") + "…"


def plain(html: str, most: int) -> str:
    """HTML as clean text of at most `most` characters: blocks become lines, scripts and styles vanish."""
    text = html[:HTML_MOST]
    for _ in range(2):  # twice: many feeds escape their markup once too often
        if "<" in text:
            text = BLOCK_TAG.sub("\n", nh3.clean(text, tags=set(BLOCKS), attributes={}, clean_content_tags=set(UNREAD)))
        text = unescape(text) if "&" in text else text
        if not MARKUP.search(text):
            break
    return cut(APPEARED.sub("", clean(text)), most)


def unescaped(text: str) -> str:
    """Text that was declared plain, with the character references that feeds leave in it all the same."""
    return REFERENCE.sub(lambda found: unescape(found.group()), text) if "&" in text else text
