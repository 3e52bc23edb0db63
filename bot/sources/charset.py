"""Bytes to text: what the bytes themselves say counts more than what their labels say."""

from __future__ import annotations

import codecs
import re

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{2,40})["']""")
META = re.compile(rb"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?([a-z0-9._:-]{2,40})""")
HEADER = re.compile(r"""(?i)charset\s*=\s*["']?([a-z0-9._:-]{2,40})""")

# As browsers do: the wider set that such pages are really written in.
WIDER = {
    **{"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"},
    **{"euc_kr": "cp949", "iso8859-9": "cp1254", "tis-620": "cp874", "big5": "big5hkscs"},
}
# UTF-7 turns `+ADw-` into `<`, and some codecs are not character sets at all.
REFUSED = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
ESCAPING = ("iso2022_jp", "iso2022_kr", "hz")
"""Seven-bit encodings look like valid UTF-8; only the label and an escape character tell."""


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a feed or page: byte order mark, else valid UTF-8, else the declared charset, else windows-1252."""
    for mark, name in BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    labels = [found.decode("ascii") for pattern in (DECLARED, META) for found in pattern.findall(body[:2048])[:1]]
    names = [name for label in (*labels, *HEADER.findall(content_type)[:1]) if (name := _codec(label))]
    chosen = (
        _wide(body)
        or next((name for name in names if name.startswith(ESCAPING) and (b"\x1b" in body or b"~{" in body)), "")
        or _utf8(body)
        or next((name for name in names if not name.startswith("utf")), "cp1252")
    )
    return body.decode(chosen, "replace")


def _wide(body: bytes) -> str:
    return {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}.get(body[:2], "")


def _utf8(body: bytes) -> str:
    """Valid, or so nearly that nothing else explains it: a few broken characters, or the last one cut in half."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for char in text if char > "\x7f") - broken if broken else 0
    return "utf-8" if broken * 20 <= whole else ""


def _codec(label: str) -> str:
    try:
        name = codecs.lookup(label).name
        "".encode(name)  # raises LookupError for what is no character set
    except (LookupError, UnicodeError, ValueError):
        return ""
    return "" if name in REFUSED else WIDER.get(name, name)
