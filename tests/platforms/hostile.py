"""Texts and messages that try to be more than text, for the drawing of every platform."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.core.chart import Chart
from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, Style, Tone

FRAGMENTS = (
    "@everyone", "@here", "<@123456789012345678>", "<@!1>", "<@&123>", "<#123456789012345678>", "</run:123>",
    "<:name:123>", "<a:name:123>", "<t:0:R>", "<t:1>", "<id:customize>", "<https://evil.example>",
    "https://evil.example/a", "[click](https://evil.example)", "[a](<https://evil.example>)",
    "](https://evil.example)", "[", "]", "(", ")", "](", "# big", "## big", "-# small", "> quote", ">>> all",
    "- item", "+ item", "* item", "1. item", "12345. x", "**bold**", "*", "**", "_", "__", "~~", "||", "`",
    "```", "\\", "\\\\", "\\*", "<", ">", "|", "&", ";", "!", "@", "#", "<!channel>", "<!here>", "<!everyone>",
    "<!subteam^S1>", "<@U123>", "<#C123|name>", "<http://evil.example|good>", "<mailto:a@b|c>",
    "&lt;!channel&gt;", "&amp;", "&#60;", "<!date^1^x|y>", "\u202e", "\u2066", "\u2069", "\u200f", "\u200b",
    "\u2028", "\u2029", "\n", "\r\n", "\n# ", "\n- ", "\n> ", "\t", "\x00", "\x1b[31m", "\ud800", "\U000e0041",
    "e\u0301", "\u0627\u0644\u0639\u0631\u0627\u0642", "🇮🇶", "😀", "\u200d", "\ufeff", "://", "http://", " ",
    "  ", "1", "a", ".",
)  # fmt: skip

texts = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=6)), max_size=8).map("".join)
URLS = (
    "", "https://news.example/a(b)c?x=[1]|2#<y>", "http://user:pass@news.example/", "javascript:alert(1)",
    "https://", "//news.example", "https://news.example/\u202eabc def", "ftp://news.example/a",
    "https://nëws.example/ä", "x" * 3000, "https://news.example/" + "a" * 3000, "http://[::1]/",
    "http://news.example:99999/", "https://news.example/a)](b", "https://ex\nample.com/",
    "https://a|b.example/", "https://evil>.example/x", "data:text/html,x",
)  # fmt: skip
urls = st.one_of(st.sampled_from(URLS), texts.map(lambda text: f"https://news.example/{text}"))
spans = st.builds(Span, texts, st.booleans(), urls)
paragraphs = st.builds(Paragraph, st.lists(spans, max_size=3).map(tuple), st.sampled_from(Kind), st.integers(0, 12))
buttons = st.builds(Button, texts, texts, st.one_of(st.just(""), urls), st.sampled_from(Style))
messages = st.builds(
    Message,
    title=texts,
    url=urls,
    source=texts,
    at=st.one_of(st.none(), st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),
    body=st.lists(paragraphs, max_size=3).map(tuple),
    fields=st.lists(st.builds(Field, texts, texts), max_size=3).map(tuple),
    buttons=st.lists(buttons, max_size=4).map(tuple),
    footer=texts,
    image=urls,
    tone=st.sampled_from(Tone),
    chart=st.none()
    | st.builds(Chart, texts, texts, st.lists(st.tuples(texts, st.integers(0, 99)), max_size=30).map(tuple)),
)


def many(count: int, seed: int = 7) -> list[str]:
    """Random texts from the fragments, faster than hypothesis makes them and without its shrinking."""
    dice = random.Random(seed)
    return ["".join(dice.choices(FRAGMENTS, k=dice.randint(1, 9))) for _ in range(count)]


EMPTY = Message()
HUGE = Message(
    title="Headline *" * 200,
    url="https://news.example/" + "a" * 600,
    source="Source_" * 100,
    at=datetime(2026, 11, 26, tzinfo=UTC),
    body=tuple(
        Paragraph((Span("*words* 😀 [x](y) & <z>\n" * 200, bold=number % 2 == 0), Span("<more>" * 300)), kind)
        for number in range(20)
        for kind in Kind
    ),
    fields=tuple(Field(f"Field* {number}" * 9, "value_ & <b> " * 300) for number in range(40)),
    buttons=tuple(Button(f"Label {number} " * 20, f"news {number} " + "word " * (number % 40)) for number in range(60)),
    footer="Footer> " * 300,
    image="https://news.example/picture.jpg",
    tone=Tone.ALERT,
)
