"""Bytes are believed more than their labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.charset import decode

RUSSIAN = "Парламент принял бюджет"
JAPANESE = "国会は予算案を可決した"


def labelled(charset: str, text: str) -> str:
    return f"<?xml version='1.0' encoding='{charset}'?><t>{text}</t>"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (labelled("utf-8", RUSSIAN).encode(), "", RUSSIAN),
        (labelled("windows-1251", RUSSIAN).encode("cp1251"), "", RUSSIAN),
        (labelled("koi8-r", RUSSIAN).encode("koi8-r"), "text/xml; charset=utf-8", RUSSIAN),
        (f"<t>{RUSSIAN}</t>".encode("cp1251"), "text/xml; charset=windows-1251", RUSSIAN),
        (labelled("windows-1251", RUSSIAN).encode(), "text/xml; charset=us-ascii", RUSSIAN),  # valid UTF-8 wins
        (labelled("utf-16", RUSSIAN).encode("utf-16"), "", RUSSIAN),
        (labelled("x", RUSSIAN).encode("utf-16-le"), "", RUSSIAN),
        (labelled("x", RUSSIAN).encode("utf-16-be"), "", RUSSIAN),
        (b"\xef\xbb\xbf" + RUSSIAN.encode(), "text/xml; charset=koi8-r", RUSSIAN),
        (labelled("shift_jis", JAPANESE).encode("cp932"), "", JAPANESE),
        (labelled("iso-2022-jp", JAPANESE).encode("iso-2022-jp"), "", JAPANESE),
        (labelled("gb2312", "镕").encode("gb18030"), "", "镕"),
        (labelled("iso-8859-1", "It’s €5").encode("cp1252"), "", "It’s €5"),
        (b"<t>caf\xe9 \x93quoted\x94</t>", "", "café “quoted”"),
        (b'<html><meta charset="windows-1251">' + RUSSIAN.encode("cp1251"), "", RUSSIAN),
        (labelled("utf-8", RUSSIAN).encode()[:-5], "", RUSSIAN[:-3]),
        ((RUSSIAN * 20).encode() + b"\xff" + RUSSIAN.encode(), "", RUSSIAN * 20 + "\ufffd" + RUSSIAN),
        (labelled("utf-7", "+ADw-").encode(), "", "+ADw-"),
        (labelled("rot13", "abc").encode(), "", "abc"),
        (labelled("unicode_escape", r"\x3c").encode(), "", r"\x3c"),
    ],
)
def test_decoding(body: bytes, content_type: str, expected: str) -> None:
    assert expected in decode(body, content_type)


@given(st.binary(max_size=200), st.text(max_size=30))
def test_no_bytes_and_no_label_break_it(body: bytes, label: str) -> None:
    assert isinstance(decode(body, f"text/xml; charset={label}"), str)
    assert isinstance(decode(b"<?xml version='1.0' encoding='" + label.encode() + b"'?>" + body), str)
