"""Untrusted text and addresses before any platform escapes them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.platforms.plain import INVISIBLE, clean, cut, fit, line, safe_url, units
from tests.platforms import hostile


@pytest.mark.parametrize(
    ("untrusted", "cleaned"),
    [
        ("a\u202eb\u2066c\u200bd\ufeffe", "abcde"),
        ("a\x00b\x1b[31mc\x7fd", "ab[31mcd"),
        ("a \t  b\r\n  c\u2028d", "a b\nc\nd"),
        ("e\u0301", "é"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("tag\U000e0041s", "tags"),
        ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),  # joiners that words and emoji are spelled with
    ],
)
def test_text_is_cleaned(untrusted: str, cleaned: str) -> None:
    assert clean(untrusted) == cleaned


@example("\u2028\x1f")
@given(hostile.texts)
def test_clean_text_can_be_sent_and_stays_as_it_is(untrusted: str) -> None:
    cleaned = clean(untrusted)
    assert not INVISIBLE.search(cleaned)
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned
    assert "\n" not in line(untrusted)


@given(hostile.texts, st.integers(0, 40))
def test_what_is_cut_fits(text: str, most: int) -> None:
    assert units(cut(text, most)) <= max(most, 0)
    assert units(fit(text, most, lambda plain: re.sub(r"[^a-z]", r"\\\g<0>", plain))) <= most


def test_text_is_cut_at_a_word_and_counted_as_the_platforms_count() -> None:
    assert cut("one two three four", 15) == "one two three…"
    assert cut("one", 3) == "one"
    assert units("a😀") == 3
    assert cut("😀😀😀", 4) == "😀…"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://news.example/a(b)?q=[1]#<x>", "https://news.example/a%28b%29?q=%5B1%5D#%3Cx%3E"),
        ("HTTPS://News.Example", "https://news.example/"),
        ("http://user:secret@news.example:8080/a", "http://news.example:8080/a"),
        ("https://nëws.example/ä%20b", "https://xn--nws-jma.example/%C3%A4%20b"),
        ("https://news.example/@everyone|x", "https://news.example/%40everyone%7Cx"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//news.example/a", ""),
        ("https://", ""),
        ("https://news.example:99999/", ""),
        ("https://a|b.example/", ""),
        ("https://[news.example/", ""),
        ("", ""),
    ],
)
def test_only_http_addresses_survive_and_nothing_in_them_is_markup(url: str, safe: str) -> None:
    assert safe_url(url) == safe


def test_a_long_address_is_dropped_and_not_cut() -> None:
    assert safe_url("https://news.example/" + "a" * 100, 100) == ""


@given(hostile.urls)
def test_a_safe_address_is_plain_ascii_and_safe_again(url: str) -> None:
    safe = safe_url(url)
    if not safe:
        return
    assert re.fullmatch(r"[\x21-\x7e]+", safe)
    assert not set(safe) & set("()<>|\\\"`{}^ '")
    assert urlsplit(safe).scheme in ("http", "https")
    assert "@" not in safe
    assert safe_url(safe) == safe
