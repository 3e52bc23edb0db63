"""Bodies that hurt parsers: each is a case of the wild, or of somebody who means it."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

from tests.fakes.newsstand import RSS


def item(inside: str) -> str:
    return f"<rss version='2.0'><channel><item><title>x</title>{inside}</item></channel></rss>"


def entity_bomb(levels: int, width: int) -> str:
    lines = ['<!ENTITY a0 "lol">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * width}">' for n in range(1, levels)]
    return f"<?xml version='1.0'?><!DOCTYPE rss [{''.join(lines)}]>" + item(
        f"<description>&a{levels - 1};</description>"
    )


HTML_BOMB = "<![CDATA[{}]]>"
CORPUS: dict[str, str | bytes] = {
    "author": item(f"<author>{'a' * 100_000}</author>"),
    "author with dots": item(f"<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>{'a.' * 50_000}</dc:creator>"),
    "author in cdata": item(f"<author><![CDATA[{'a' * 100_000}]]></author>"),
    "author in pieces": item(f"<author>{'aaaaaaaaaa<!-- -->' * 10_000}</author>"),
    "author in loose markup": item(f"<author>{'a' * 60_000}</author>") + "<unclosed &",
    "many authors": item(f"<author>{'a' * 900}</author>" * 300),
    "channel author": f"<rss><channel><managingEditor>{'a' * 100_000}</managingEditor></channel></rss>",
    "atom author": f"<feed xmlns='http://www.w3.org/2005/Atom'><author><name>{'a' * 100_000}</name></author></feed>",
    "attributes": "<rss><channel><item " + " ".join(f"a{n}='1'" for n in range(100_000)) + "></item></channel></rss>",
    "attributes on the root": "<rss " + " ".join(f"a{n}='1'" for n in range(50_000)) + "><channel/></rss>",
    "one long attribute": item(f"<enclosure url='{'x' * 4_000_000}'/>"),
    "namespaces": "<rss " + " ".join(f"xmlns:n{n}='u:{n}'" for n in range(20_000)) + "><channel/></rss>",
    "nesting": item("<a>" * 100_000 + "</a>" * 100_000),
    "nesting unclosed": "<rss>" + "<a>" * 200_000,
    "nested items": "<rss><channel>" + "<item>" * 50_000,
    "billion laughs": entity_bomb(10, 10),
    "quadratic entity": f"<!DOCTYPE rss [<!ENTITY a '{'x' * 50_000}'>]>"
    + item(f"<description>{'&a;' * 20_000}</description>"),
    "external entity": "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    + item("<description>&x;</description>"),
    "external entity over http": "<!DOCTYPE rss [<!ENTITY x SYSTEM 'http://127.0.0.1/x'>]>" + item("<link>&x;</link>"),
    "parameter entity": "<!DOCTYPE rss [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]>" + item(""),
    "external dtd": "<!DOCTYPE rss SYSTEM 'file:///etc/passwd'>" + item(""),
    "xinclude": item("<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd' parse='text'/>"),
    "stylesheet": "<?xml-stylesheet href='file:///etc/passwd'?>" + item(""),
    "path as body": b"/etc/passwd",
    "device as body": b"/dev/zero",
    "url as body": b"http://127.0.0.1:1/feed",
    "url as body with newline": b"http://127.0.0.1:1/feed\n",
    "nul bytes": item("<title>a\0b</title>"),
    "only nuls": b"\0" * 1_000_000,
    "utf-7": "<?xml version='1.0' encoding='utf-7'?>" + item("<title>+ADw-script+AD4-</title>"),
    "utf-16 declared, utf-8 sent": "<?xml version='1.0' encoding='utf-16'?>" + item(""),
    "ebcdic": "<?xml version='1.0' encoding='cp037'?>".encode("cp037") + item("").encode("cp037"),
    "idna as charset": "<?xml version='1.0' encoding='idna'?>" + item(""),
    "zip as charset": "<?xml version='1.0' encoding='zlib_codec'?>" + item(""),
    "surrogates": item("<title>\\ud800</title>").encode().replace(b"\\ud800", b"\xed\xa0\x80"),
    "references to nothing": item("<title>" + "&#0;&#xD800;&#xFFFF;&#x110000;&#99999999999;" * 5000 + "</title>"),
    "a million references": item("<description>" + "&amp;lt;" * 500_000 + "</description>"),
    "ampersands": item("<description>" + "& " * 500_000 + "</description>"),
    "comments in html": item("<description>" + HTML_BOMB.format("<!--" * 100_000) + "</description>"),
    "urls in css": item("<description>" + HTML_BOMB.format(f"<p style='{'url(' * 30_000}'>") + "</description>"),
    "unfinished tags": item("<description>" + HTML_BOMB.format("<a " * 100_000) + "</description>"),
    "nested html": item("<description>" + HTML_BOMB.format("<div>" * 100_000) + "</description>"),
    "nested html in every item": "<rss><channel>"
    + f"<item><description>{HTML_BOMB.format('<div>' * 10_000)}</description></item>" * 60
    + "</channel></rss>",
    "unclosed comment": "<rss><channel>" + "<!--" * 200_000,
    "unclosed cdata": "<rss><channel><item><title>" + "<![CDATA[" * 200_000,
    "unclosed instruction": "<rss>" + "<?x" * 200_000,
    "open angles": "<rss>" + "<" * 1_000_000,
    "marked sections": "<rss><channel><item><title>" + "<![x" * 50_000,
    "one huge item": item(f"<description>{'word ' * 900_000}</description>"),
    "one huge title": item(f"<title>{'word ' * 900_000}</title>"),
    "one huge guid": item(f"<guid>{'g' * 4_000_000}</guid>"),
    "tiny items": "<rss><channel>" + "<item/>" * 500_000 + "</channel></rss>",
    "many items": "<rss><channel>" + "<item><guid>x</guid></item>" * 100_000 + "</channel></rss>",
    "digits as dates": item(f"<pubDate>{'9' * 100_000}</pubDate>"),
    "impossible dates": item("<pubDate>31 Feb 9999 99:99:99 +9999</pubDate>") + item("<pubDate>-0001-00-00</pubDate>"),
    "zalgo": item(f"<title>a{chr(0x301) * 500_000}</title>"),
    "deep json": "[" * 1_000_000,
    "deep json feed": '{"version":"https://jsonfeed.org/version/1","items":' + "[" * 100_000,
    "json numbers": '{"version":"https://jsonfeed.org/version/1","items":[{"id":' + "9" * 1_000_000 + "}]}",
    "json of odd types": '{"version":"https://jsonfeed.org/version/1","items":[{"id":[],"title":{},"url":1e999,"image":null}]}',
    "html page": "<html>" + "<p><a href=/feed>x</a>" * 100_000,
    "html nesting": "<html>" + "<div>" * 200_000,
    "html attributes": "<html><body " + " ".join(f"a{n}=1" for n in range(50_000)) + ">",
    "gzip inside": gzip.compress(RSS),
    "whitespace": b" " * 4_000_000 + RSS,
    "random": bytes((n * 7919 + n // 251) % 256 for n in range(200_000)),
}


def family(name: str, bodies: Iterable[str | bytes]) -> dict[str, str | bytes]:
    return {f"{name} {number}": body for number, body in enumerate(bodies)}


BIG = RSS.replace(b"</channel>", b"<item><title>x</title><guid>y</guid></item>" * 200 + b"</channel>")
ODD_ITEMS = (
    "<title/>",
    "<guid/><link/><title/><description/>",
    "<link>javascript:alert(1)</link><title>x</title>",
    "<link>file:///etc/passwd</link><guid isPermaLink='true'>file:///etc/passwd</guid>",
    "<link>http://[::1]:99999/</link>",
    "<link>//evil.example\\@good.example/</link>",
    "<link>http://user:pass@host.example/x</link>",
    f"<link>https://x.example/{'a/' * 20_000}</link>",
    "<enclosure url='data:text/html,x' type='image/png'/>",
    "<pubDate>2041-01-01T00:00:00Z</pubDate><title>later</title>",
    "<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate><title>never</title>",
    "<pubDate>now</pubDate><pubDate>then</pubDate>",
    "<title><![CDATA[<script>alert(1)</script>]]></title>",
    "<title>&lt;img src=x onerror=alert(1)&gt;</title>",
    "<title>@everyone &lt;!channel&gt; &lt;@U123&gt;</title>",
    "<title>\u202egnp.exe\u2066</title>",
    "<title>\x1b[2J\x1b]0;owned\x07</title>",
    "<title>" + "\U0001f468\u200d\U0001f469\u200d" * 5_000 + "</title>",
    "<source url='file:///etc/passwd'>x</source>",
    "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><iframe src='//x'/></content:encoded>",
    "<media:group xmlns:media='http://search.yahoo.com/mrss/'>" * 500,
    "<category>" + "c" * 1_000_000 + "</category>",
    "<category>x</category>" * 20_000,
    "<enclosure url='https://x.example/a'/>" * 20_000,
)
CORPUS |= family("cut", (RSS[: len(RSS) * tenth // 10] for tenth in range(1, 10)))
CORPUS |= family("odd item", (item(inside) for inside in ODD_ITEMS))
CORPUS |= family("charset", (
    "<?xml version='1.0' encoding='utf-16'?>".encode("utf-16") + RSS,
    RSS.decode().encode("utf-16-le"),
    RSS.decode().encode("utf-32"),
    b"\xef\xbb\xbf" * 50 + RSS,
    RSS.replace(b"utf-8", b"x-user-defined"),
    RSS.replace(b"Baghdad", "B\xe4gdad".encode("latin-1")),
    RSS.replace(b"Baghdad", b"\xff\xfe\x00B"),
    RSS.replace(b"utf-8", b"iso-2022-jp").replace(b"Baghdad", b"\x1b$B\x1b$B\x1b(B"),
    RSS.replace(b"utf-8", b"a" * 50_000),
))  # fmt: skip
CORPUS |= family("document", (
    RSS + RSS,
    RSS + b"<html>" * 100_000,
    b"junk before\n" + RSS,
    b"<!-- " + b"x" * 3_000_000 + b" -->" + RSS,
    b"<?xml version='1.0'?>" * 100 + RSS,
    BIG.replace(b"</item>", b"", 100),
    BIG.replace(b"<item>", b"<ITEM>"),
    RSS.replace(b"<rss", b"<x:rss xmlns:x='u'").replace(b"</rss", b"</x:rss"),
    RSS.replace(b"channel>", b"channel\n\n>"),
    b"<rss version='2.0'><channel>" + b"<title>t</title>" * 100_000,
    b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"<entry><link href='x'/></entry>" * 30_000,
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>" + b"<item/>" * 30_000,
    b"<feed xmlns='http://www.w3.org/2005/Atom' xml:base='file:///etc/'><entry><link href='passwd'/></entry></feed>",
    b"<opml><body>" + b"<outline>" * 100_000,
    b"<urlset>" + b"<url/>" * 100_000,
    b"%PDF-1.7 " + RSS,
    b"PK\x03\x04" + RSS,
    b"{}" * 100_000,
    b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[{}," * 100_000,
    b'{"version":"https://jsonfeed.org/version/1.1","items":[' + b'{"id":"a"},' * 50_000 + b"{}]}",
))  # fmt: skip
