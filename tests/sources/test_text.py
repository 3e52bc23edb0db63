"""Text from strangers comes in plain, visible and bounded."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.text import INVISIBLE, clean, cut, one_line, plain, unescaped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\0b\x07c\x7fd\x9fe", "abcde"),
        ("pay\u202egnp.exe", "paygnp.exe"),
        ("ze\u200bro\ufeff wi\u2060dth\xad", "zero width"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("one\r\ntwo\u2028three\x85four", "one\ntwo\nthree\nfour"),
        ("  many \t\u00a0 blanks \n\n\n  and lines  ", "many blanks\nand lines"),
        ("e\u0301", "é"),
        ("a" + "\u0301" * 50, "á" + "\u0301" * 4),
        ("می\u200cشود", "می\u200cشود"),  # the joiner is a letter's shape in Persian
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("a\u200db\u200c", "ab"),
        ("\u200dIraq\u200d", "Iraq"),
        ("plain text, “quoted” — and 中文", "plain text, “quoted” — and 中文"),
    ],
)
def test_cleaning(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text())
def test_whatever_comes_in_nothing_invisible_comes_out(text: str) -> None:
    out = clean(text)
    assert not INVISIBLE.search(out)
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in out if char != "\n")
    assert out == out.strip()
    out.encode("utf-8")
    assert "\n" not in one_line(text, 50)
    assert len(one_line(text, 50)) <= 50


@given(st.text(alphabet="ab\u200c\u200d\u0301\u202e \n<>&;", max_size=60))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("no markup", "no markup"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("The <b>UN</b> said<br>so", "The UN said\nso"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("x<script>alert(1)</script><style>p{}</style>y", "xy"),
        ("a &amp; b &lt;c&gt; &eacute; &#8217;", "a & b <c> é ’"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("<a href='javascript:x'>link</a>", "link"),
        ("<img src=x onerror=alert(1)>text", "text"),
        ("&lt;p&gt;twice&lt;/p&gt;", "twice"),
        ("<!-- comment -->text<![CDATA[x]]>", "text"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("", ""),
    ],
)
def test_html_becomes_plain(html: str, expected: str) -> None:
    assert plain(html, 1000) == expected


@given(st.text(alphabet="<>/abp&;#x\"'= !-[]0", max_size=120))
def test_no_tag_survives(html: str) -> None:
    out = plain(html, 100)
    assert len(out) <= 100
    assert not re.search(r"<(?:script|img|p|b)\s[^<>]*=", out)


def test_cutting_prefers_the_end_of_a_word() -> None:
    assert cut("one two three four", 16) == "one two three…"
    assert cut("x" * 30, 10) == "x" * 9 + "…"
    assert cut("short", 10) == "short"
    assert len(cut("a " * 500, 77)) <= 77


def test_references_in_declared_plain_text() -> None:
    assert unescaped("AT&amp;T &#8217;s &nope; R&D; a & b") == "AT&T ’s &nope; R&D; a & b"
