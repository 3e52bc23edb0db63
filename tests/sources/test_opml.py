"""Lists of feeds go in and out, whatever wrote them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.errors import UserError
from bot.sources.mask import is_private
from bot.sources.opml import DEPTH_MOST, FILE_MOST, OUTLINES_MOST, Outline, read, write
from bot.sources.text import one_line

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)

FILE = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>My feeds</title></head><body>
<outline text="World"><outline text="Middle East"><outline type="rss" text="A &amp; B" xmlUrl="https://a.example/feed?x=1&amp;y=2"/></outline>
<outline title="Only a title" XMLURL="http://b.example/rss"/></outline>
<outline text="Bare & ampersand" xmlUrl="https://c.example/?a=1&b=2"/>
<outline text="Again" xmlUrl="http://b.example/rss"/>
<outline text="feed scheme" xmlUrl="feed://d.example/rss"/><outline text="both" xmlUrl="feed:https://e.example/rss"/>
<outline text="Bad" xmlUrl="javascript:alert(1)"/><outline text="Local" xmlUrl="file:///etc/passwd"/>
<outline text="A page" type="link" url="https://f.example/"/>
</body></opml>"""


def test_a_list_is_read_with_its_folders() -> None:
    found = read(FILE)
    assert found.title == "My feeds"
    assert found.outlines == (
        Outline("https://a.example/feed?x=1&y=2", "A & B", ("World", "Middle East")),
        Outline("http://b.example/rss", "Only a title", ("World",)),
        Outline("https://c.example/?a=1&b=2", "Bare & ampersand"),
        Outline("http://d.example/rss", "feed scheme"),
        Outline("https://e.example/rss", "both"),
    )
    assert found.skipped == 2


def test_an_address_with_a_key_is_private() -> None:
    urls = ("https://x.example/feed?token=s3cr3t", "https://x.example/feed")
    found = read(write([Outline(url) for url in urls], title="Mine", now=datetime(2026, 11, 26, tzinfo=UTC)).encode())
    assert {each.url: each.private for each in found.outlines} == dict(zip(urls, (True, False), strict=True))


def outlines(count: int) -> bytes:
    return b"<opml><body>" + b"<outline text='x' xmlUrl='https://x.example/'/>" * count + b"</body></opml>"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not an OPML file: line 1 is not proper XML"),
        (b"<opml><body>\n<outline></opml>", "line 2 is not proper XML"),
        (b"<rss/>", "it begins with <rss>"),
        (b"<html><body>", "it begins with <html>"),
        (b"\x89PNG\r\n", "not proper XML"),
        (b"x" * (FILE_MOST + 1), "larger than 1 MB"),
        (outlines(OUTLINES_MOST + 1), f"more than {OUTLINES_MOST} entries"),
        (b"<opml><body>" + b"<outline text='f'>" * (DEPTH_MOST + 2), f"more than {DEPTH_MOST} deep"),
        (b"<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml>&x;</opml>", "declares a document type"),
        (b"<!DOCTYPE opml SYSTEM 'http://127.0.0.1/x.dtd'><opml/>", "declares a document type"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        read(data)
    assert str(error.value).endswith(".")


def test_a_list_at_the_limits_is_read() -> None:
    assert len(read(outlines(OUTLINES_MOST)).outlines) == 1
    nested = b"<outline text='f'>" * DEPTH_MOST + b"<outline xmlUrl='http://x.example/'/>" + b"</outline>" * DEPTH_MOST
    assert len(read(b"<opml><body>" + nested + b"</body></opml>").outlines[0].folder) == DEPTH_MOST


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251", "utf-8-sig"])
def test_other_charsets(encoding: str) -> None:
    text = "<?xml version='1.0' encoding='{}'?><opml><body><outline text='Новости' xmlUrl='http://x.example/'/></body></opml>"
    found = read(text.format(encoding.removesuffix("-sig")).encode(encoding))
    assert found.outlines[0].title == "Новости"


names = st.text(min_size=1, max_size=20).map(str.strip).filter(lambda text: text.isprintable() and text != "")


@given(
    st.lists(
        st.builds(
            Outline,
            st.from_regex(r"https?://[a-z]{1,8}\.example/[a-z0-9?&=%\"'<>]{0,20}", fullmatch=True),
            names,
            st.lists(names, max_size=3).map(tuple),
        ),
        max_size=8,
        unique_by=lambda each: each.url,
    ),
    names,
)
@example([Outline("http://a.example/0000000000000000", "0")], "0")
def test_what_is_written_is_read_again(feeds: list[Outline], title: str) -> None:
    clean = [
        Outline(
            each.url,
            one_line(each.title, 200),
            tuple(filter(None, (one_line(f, 200) for f in each.folder))),
            is_private(each.url),
        )
        for each in feeds
    ]
    clean = [each for each in clean if each.title]
    written = write(clean, title=title, now=NOW)
    assert set(read(written.encode()).outlines) == set(clean)


def test_the_document_is_opml_2_and_escaped() -> None:
    written = write([Outline("https://x.example/?a&b", '"<&>', ("A & B",))], title="<Mine>", now=NOW)
    assert written.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">')
    assert "<title>&lt;Mine&gt;</title>" in written
    assert "<dateCreated>Thu, 26 Nov 2026 12:00:00 +0000</dateCreated>" in written
    assert 'text="A &amp; B"' in written
    assert 'xmlUrl="https://x.example/?a&amp;b"' in written
