"""What the reader makes of bodies: identity, text, what else may be found, and where they were cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sources.parse import Reader, root_of

NOW = "2026-11-26T12:00:00+00:00"
READER = Reader()


def read(body: bytes | str, url: str = "https://news.example/feed", **job: str) -> dict[str, Any]:
    return READER.read(body.encode() if isinstance(body, str) else body, {"url": url, "now": NOW, **job})


def rss(*items: str, head: str = "") -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f"<rss version='2.0'><channel><title>T</title>{head}{inside}</channel></rss>"


def keys(body: str, url: str = "https://news.example/feed") -> list[str]:
    return [entry[0] for entry in read(body, url)["entries"]]


def first(body: str | bytes, **job: str) -> dict[str, str]:
    names = ("key", "title", "url", "link_key", "summary", "text", "published", "lang", "image")
    return dict(zip(names, read(body, **job)["entries"][0], strict=True))


def test_the_raw_guid_is_the_key() -> None:
    assert keys(rss("<guid> t3_abc </guid><link>https://x.example/1</link>")) == ["t3_abc"]
    assert keys(rss("<guid isPermaLink='true'>/a/1</guid>")) == ["/a/1"]


def test_a_guid_shared_by_items_with_different_links_is_no_identity() -> None:
    body = rss(*(f"<guid>same</guid><link>https://x.example/{n}</link>" for n in range(3)))
    assert keys(body) == [f"same https://x.example/{n}" for n in range(3)]


def test_an_item_that_is_there_twice_is_one() -> None:
    item = "<guid>a</guid><link>https://x.example/1?utm_source=rss</link>"
    assert keys(rss(item, item)) == ["a"]


def test_without_a_guid_the_canonical_link_is_the_key_and_without_a_link_the_words() -> None:
    assert keys(rss("<title>t</title><link>https://www.x.example/1/?utm_medium=a&amp;b=2</link>")) == [
        "https://x.example/1?b=2"
    ]
    one, other = keys(
        rss("<title>Same</title><description>a</description>", "<title>Same</title><description>b</description>")
    )
    assert one.startswith("text:") and other.startswith("text:") and one != other


def test_an_item_that_says_nothing_is_left_out() -> None:
    assert keys(rss("", "<title></title>", "<title>x</title>")) == keys(rss("<title>x</title>"))


def test_relative_links_name_items_alike_on_any_host() -> None:
    body = rss("<title>t</title><link>/a/1</link>")
    assert keys(body, "https://old.example/feed") == keys(body, "http://new.example/x/feed") == ["/a/1"]
    assert read(body, "http://new.example/x/feed")["entries"][0][2] == "http://new.example/a/1"


def test_a_long_guid_is_hashed() -> None:
    (key,) = keys(rss(f"<guid>{'x' * 5000}</guid>"))
    assert key.startswith("long:") and len(key) < 50


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "ftp://x.example/",
        "http://",
        "jav&#x09;ascript:x",
        "mailto:a@b",
    ],
)
def test_only_web_links_are_kept(link: str) -> None:
    item = first(
        rss(
            f"<title>t</title><guid isPermaLink='false'>1</guid><link>{link}</link>"
            f"<enclosure type='image/png' url='{link}'/>"
        )
    )
    assert item["url"].startswith("http") is False or "news.example" in item["url"]
    assert "javascript" not in item["url"]
    assert item["image"] == "" or "news.example" in item["image"]


def test_a_user_name_in_a_link_is_taken_out() -> None:
    assert (
        first(rss("<title>t</title><link>https://bank.example@evil.example/x</link>"))["url"]
        == "https://evil.example/x"
    )


def test_markup_in_titles_and_texts_becomes_plain() -> None:
    item = first(
        rss(
            "<title>A &lt;b&gt;bold&lt;/b&gt; &amp;amp; true</title>"
            "<description>&lt;img src=x onerror=alert(1)&gt;One&lt;br&gt;two &amp;lt;3</description>"
        )
    )
    assert item["title"] == "A bold & true"
    assert item["summary"] == "One\ntwo <3"


def test_markup_that_was_escaped_once_too_often_becomes_plain_as_well() -> None:
    item = first(
        rss("<title>t</title><description>&amp;lt;p&amp;gt;One &amp;amp;amp; two&amp;lt;/p&amp;gt;</description>")
    )
    assert item["summary"] == "One & two"


def test_what_was_invisible_is_gone() -> None:
    item = first(rss("<title>I\x00raq \u202evotes\u200b \ufeffto&#x1;day\ud7ff</title><guid>k\u200bey\x00</guid>"))
    assert item["title"] == "Iraq votes today\ud7ff"
    assert item["key"] == "key"


def test_a_full_article_in_the_description_is_the_text_and_its_start_the_summary() -> None:
    item = first(rss(f"<title>t</title><description>{'word ' * 2000}</description>"))
    assert len(item["summary"]) <= 4000 and item["summary"].endswith("…")
    assert len(item["text"]) == 9999


def test_the_wordpress_signature_is_taken_off() -> None:
    body = (
        "&lt;p&gt;News.&lt;/p&gt;&lt;p&gt;The post &lt;a href='x'&gt;T&lt;/a&gt; appeared first on "
        "&lt;a href='y'&gt;Iraq Times&lt;/a&gt;.&lt;/p&gt;"
    )
    assert first(rss(f"<title>t</title><description>{body}</description>"))["summary"] == "News."


def test_the_language_is_the_declared_one_unless_the_letters_say_otherwise() -> None:
    arabic = "البرلمان العراقي يصوت على الموازنة بعد أسابيع من التأخير"
    assert (
        first(rss("<title>Ein deutscher Titel ohne Zweifel</title>", head="<language>en-us</language>"))["lang"] == "en"
    )
    assert first(rss(f"<title>{arabic}</title>", head="<language>en-us</language>"))["lang"] == "ar"
    assert first(rss(f"<title>{arabic}</title>"))["lang"] == "ar"
    assert first(rss("<title>Der Bundestag stimmt am Abend über den Haushalt ab</title>"))["lang"] == "de"
    assert first(rss("<title>Short</title>"))["lang"] == ""
    assert first(rss("<title>Short</title>"), lang="fr")["lang"] == "fr"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<!doctype html><title>BBC&nbsp;News</title>", "a web page, “BBC News”"),
        ("<html><body>x</body></html>", "a web page"),
        ("  \n<!-- hello --><HTML>", "a web page"),
        ("<urlset xmlns='x'><url/></urlset>", "a sitemap"),
        ("<opml version='2.0'><body/></opml>", "a list of feeds (OPML)"),
        ("<svg/>", "a picture"),
        ("<note><to/></note>", "an XML document <note>"),
        ('{"a": 1}', "a JSON document"),
        ("[1, 2]", "a JSON document"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "a JSON document"),
        ("just words", "plain text"),
        ("/etc/passwd", "plain text"),
        ("http://127.0.0.1/", "plain text"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PK\x03\x04", "a zip archive"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes | str, found: str) -> None:
    answer = read(body)
    assert (answer["kind"], answer["found"]) == ("other", found)


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf", b"\0\0"])
def test_nothing_is_empty(body: bytes) -> None:
    assert read(body) == {"kind": "empty"}


@pytest.mark.parametrize(
    "body", ['{"version": "https://jsonfeed.org/version/1.1", "items": [', "[" * 100_000, '{"a": ' + "9" * 5000]
)
def test_broken_json_is_broken(body: str) -> None:
    assert read(body)["kind"] in ("broken", "other")


@pytest.mark.parametrize(
    "body",
    [
        "\ufeff" + rss("<title>a</title>"),
        "\n\n  " + rss("<title>a</title>"),
        "<?xml version='1.0' encoding='utf-16'?>" + rss("<title>a</title>"),
        "<?xml version='1.0' encoding='nonsense'?>" + rss("<title>a</title>"),
        "<?xml version='1.0'?><?xml-stylesheet href='x.xsl'?><!-- hi --><!DOCTYPE rss [<!ENTITY x 'y'>]>"
        + rss("<title>a</title>"),
        "Warning: mysql_connect() failed\n" + rss("<title>a</title>"),
        rss("<title>a & b</title>"),
        rss("<title>a</title><description>&nbsp;&eacute; &unknown;</description>"),
        rss("<title>a</title><unclosed>"),
        rss("<title>a</title>") + "<!-- generated in 0.1 s --><script></script>",
    ],
)
def test_sloppy_feeds_are_read(body: str) -> None:
    answer = read(body)
    assert answer["kind"] == "feed"
    assert answer["whole"]
    assert answer["entries"][0][1].startswith("a")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1251", "koi8-r"])
def test_charsets(encoding: str) -> None:
    label = encoding.replace("-le", "")
    body = f"<?xml version='1.0' encoding='{label}'?>" + rss(
        "<title>Парламент принял бюджет после долгих споров</title>"
    )
    assert first(body.encode(encoding))["title"] == "Парламент принял бюджет после долгих споров"


def test_a_charset_only_in_the_header_counts_and_utf7_never() -> None:
    body = rss("<title>Привет, мир и соседи</title>").encode("cp1251")
    assert first(body, content_type="text/xml; charset=windows-1251")["title"] == "Привет, мир и соседи"
    item = first("<?xml version='1.0' encoding='utf-7'?>" + rss("<title>+ADw-b+AD4-</title>"))
    assert item["title"] == "+ADw-b+AD4-"


def test_a_cut_body_says_so_and_keeps_what_came() -> None:
    whole = rss(*(f"<title>number {n} of the list</title><guid>{n}</guid>" for n in range(10)))
    for cut in range(len(whole) // 2, len(whole) - 10, 7):
        answer = read(whole[:cut])
        assert answer["kind"] == "feed"
        assert not answer["whole"]
        assert len(answer["entries"]) >= 3


def test_two_thousand_items_are_enough() -> None:
    answer = read(rss(*(f"<guid>{n}</guid><title>t</title>" for n in range(2100))))
    found = [entry[0] for entry in answer["entries"]]
    assert len(found) == 2000
    assert (found[0], found[999], found[1000], found[-1]) == ("0", "999", "1100", "2099")
    assert answer["whole"]
    many = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": n, "title": "t"} for n in range(2100)]}
    assert [entry[0] for entry in read(json.dumps(many))["entries"]] == found


@pytest.mark.parametrize(
    "body",
    [
        "<x:rss xmlns:x='http://own.example/'><x:channel><x:item><x:title>A</x:title><x:link>https://e.example/1</x:link>"
        "</x:item></x:channel></x:rss>",
        "<items><item><title>A</title><link>https://e.example/1</link></item></items>",
    ],
)
def test_items_that_feedparser_overlooks_are_rescued(body: str) -> None:
    answer = read(body)
    assert [(entry[1], entry[2]) for entry in answer["entries"]] == [("A", "https://e.example/1")]


def test_a_challenge_is_told_from_a_page() -> None:
    assert read("<html><title>Just a moment...</title></html>")["challenge"]
    assert not read("<html><title>News in a moment</title></html>")["challenge"]


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("<rss>", "rss"),
        ("<?xml?><!-- <html> --><feed/>", "feed"),
        ("<!DOCTYPE x [<!ENTITY a '>'>]><rdf:RDF>", "rdf:rdf"),
        ("<!--", ""),
        ("", ""),
        ("<", ""),
    ],
)
def test_the_root_element(text: str, root: str) -> None:
    assert root_of(text) == root


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.text(alphabet="<>&;/!?-[]\"'= aitemrsschnl{}:,0", max_size=200).map(str.encode))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    for wrapped in (body, b"<rss><channel><item><title>" + body + b"</title></item></channel></rss>"):
        answer = read(wrapped)
        assert answer["kind"] in ("feed", "other", "empty", "broken")
        json.dumps(answer)
