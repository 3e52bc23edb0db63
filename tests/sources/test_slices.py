"""A document in slices: nothing lost, nothing counted twice, nothing quadratic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.slices import HASH, hashes, slice_hashes, slices, vanished


def document(*items: str) -> str:
    return "<rss><channel><title>t</title>" + "\n".join(items) + "</channel></rss>"


def test_a_feed_is_cut_into_head_items_and_tail() -> None:
    found = slices(document("<item><title>a</title></item>", "<item>b</item>"))
    assert found is not None
    assert found.head == "<rss><channel><title>t</title>"
    assert found.items == ("<item><title>a</title></item>", "<item>b</item>")
    assert found.tail == "</channel></rss>"
    assert found.only(found.items[1:]) == document("<item>b</item>")


def test_items_inside_comments_and_cdata_are_none() -> None:
    found = slices(document("<item><![CDATA[<item>]]></item>", "<!-- <item></item> -->", "<item>x</item>"))
    assert found is not None
    assert len(found.items) == 2


def test_prefixes_attributes_and_near_names() -> None:
    found = slices("<r:RDF><items/><itemize/><r:item about='x'>1</r:item ></r:RDF>")
    assert found is not None
    assert found.items == ("<r:item about='x'>1</r:item >",)


def test_what_cannot_be_sliced_is_told() -> None:
    for each in (
        document(),
        document("<item>"),
        document("<item><item></item></item>"),
        document("</item>"),
        document("<item/>"),
        document("<item>a</item>", "<entry>b</entry>"),
        document("<item>a</item>", "<!-- unclosed"),
        "<item",
        "",
    ):
        assert slices(each) is None


@given(st.lists(st.text(alphabet="abc <>&-![]x", max_size=12), max_size=6))
def test_honest_items_come_back_as_they_were(texts: list[str]) -> None:
    items = [f"<item n='{n}'>{text.replace('<', '&lt;')}</item>" for n, text in enumerate(texts)]
    found = slices(document(*items))
    assert (found.items if found else ()) == tuple(items)


@given(st.text(alphabet="<>!-[]CDATAitem/? \n", max_size=80))
def test_whatever_it_is_the_slices_lie_in_the_document(text: str) -> None:
    found = slices(text)
    if found:
        assert text.startswith(found.head)
        assert text.endswith(found.tail)
        assert all(item in text for item in found.items)


def test_two_texts_have_two_hashes() -> None:
    a, b, again = slice_hashes(["a", "b", "a"])
    assert a == again != b
    assert slice_hashes(["\ud800"]) == slice_hashes(["\ud800"])
    assert len(a) == HASH
    assert hashes(a + b) == {a, b}
    assert slice_hashes([]) == []
    assert hashes("") == frozenset()


def packed(letters: str) -> str:
    return "".join(letter * HASH for letter in letters)


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        ("abcd", "xabc", False),  # a new one came, the oldest dropped off
        ("abcd", "acd", True),
        ("abcd", "xbcd", False),  # corrected, or gone for a new one: the daily whole look tells
        ("abcd", "bcd", True),  # the newest was taken back
        ("abcd", "xacd", False),
        ("abcd", "acde", True),  # a document of fixed length: an older one stands at its end again
        ("abcd", "wxyz", False),
        ("", "ab", False),
    ],
)
def test_an_item_is_missed_where_one_that_stood_behind_it_stays(before: str, now: str, gone: bool) -> None:
    assert vanished(packed(before), [letter * HASH for letter in now]) is gone
