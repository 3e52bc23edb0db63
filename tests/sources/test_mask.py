"""An address that is a key is never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.mask import is_private, shown

SECRET = "a8F3kq92LmX07bTz"

PRIVATE = [
    f"https://me:{SECRET}@example.org/feed",
    f"https://example.org/feed?token={SECRET}",
    f"https://example.org/feed?x={SECRET}",
    f"https://example.org/rss/{SECRET}/unread.xml",
    f"https://example.org/feed?{SECRET}",
    f"https://example.org/private.atom?feed_token={SECRET}&format=atom",
    f"https://example.org/feed?user=anna&key={SECRET}#frag",
    f"https://example.org/{SECRET}.rss",
    f"https://example.org:8443/f?password={SECRET}",
]
PUBLIC = [
    "https://feeds.bbci.co.uk/news/world/rss.xml",
    "https://www.aljazeera.com/xml/rss/all.xml",
    "https://rss.nytimes.com/services/xml/rss/nyt/World.xml",
    "https://www.youtube.com/feeds/videos.xml?channel_id=UC16niRr50-MSBwiO3YDb3RA",
    "https://news.google.com/rss/search?q=Iraq+budget&hl=en-US&gl=US&ceid=US:en",
    "https://example.org/2026/11/26/un-security-council-meets-on-syria-after-ceasefire",
    "https://www.reddit.com/r/worldnews/.rss",
    "https://example.org/feed?format=rss&page=2",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_are_recognised_and_masked(url: str) -> None:
    assert is_private(url)
    assert SECRET not in shown(url)
    assert "example.org" in shown(url)


@pytest.mark.parametrize("url", PUBLIC)
def test_public_addresses_are_shown_as_they_are(url: str) -> None:
    assert not is_private(url)
    assert "…" not in shown(url)
    assert shown(url).startswith(url.partition("?")[0])


def test_a_uuid_in_the_path_is_a_key() -> None:
    assert is_private("https://example.org/feeds/3f2504e0-4f89-41d3-9a0c-0305e82c3301")


@given(st.text(max_size=80))
def test_no_text_breaks_it_and_a_password_never_gets_out(text: str) -> None:
    shown(text)
    is_private(text)
    url = f"https://user:{SECRET}@example.org/{text}"
    assert SECRET not in shown(url)
    assert is_private(url)
