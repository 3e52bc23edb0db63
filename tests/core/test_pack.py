"""Feed packs: what a good one brings, and how a bad one is refused."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.errors import SettingsError
from bot.core.pack import PackFeed, load, search

DEFAULT = Path(__file__).parents[2] / "config" / "feeds.toml"

GOOD = """\
# A pack of two.
[[feed]]
url = "https://example.org/rss"
title = "Example"
source = "Example Post"
lang = "pt-BR"
region = "Europe"
kind = "newspaper"
interval = 15
poll = false
fulltext = true

[[feed]]
url = "http://example.net:8080/feed?a=1"
title = "Other"
source = "Other"
"""


def pack(folder: Path, text: str) -> Path:
    path = folder / "feeds.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pack_is_read_in_its_order(tmp_path: Path) -> None:
    assert load(pack(tmp_path, GOOD)) == (
        PackFeed(
            "https://example.org/rss",
            "Example",
            "Example Post",
            "pt-BR",
            "Europe",
            "newspaper",
            timedelta(minutes=15),
            poll=False,
            full_text=True,
        ),
        PackFeed("http://example.net:8080/feed?a=1", "Other", "Other"),
    )


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("middle east", ["Baghdad Now", "Basra"]),
        ("Arabic", ["Basra"]),
        ("ar newspaper", ["Basra"]),
        ("news east", ["Baghdad Now", "Basra"]),
        ("basra.example", ["Basra"]),
        ("portuguese", ["Rio"]),
        ("east europe", []),
        ("", ["Baghdad Now", "Basra", "Rio"]),
        ("--- ?", ["Baghdad Now", "Basra", "Rio"]),
    ],
)
def test_the_catalogue_is_searched_by_region_language_kind_and_name(words: str, titles: list[str]) -> None:
    feeds = [
        PackFeed("https://now.example/rss", "Baghdad Now", "News of Baghdad", "en", "Middle East", "online"),
        PackFeed("https://basra.example/rss", "Basra", "Basra", "ar", "Middle East", "newspaper"),
        PackFeed("https://rio.example/rss", "Rio", "Rio", "pt-BR", "Latin America", "agency"),
    ]
    assert [feed.title for feed in search(feeds, words)] == titles


def test_every_feed_of_the_default_pack_has_a_region_a_language_and_a_kind() -> None:
    assert [feed.title for feed in load(DEFAULT) if not (feed.region and feed.lang and feed.kind)] == []


def test_an_empty_pack_is_a_pack(tmp_path: Path) -> None:
    assert load(pack(tmp_path, "# nothing yet\n")) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Other"\n', "", "line 13, [[feed]] number 2: title is missing"),
        ('title = "Other"', 'title = " "', "number 2: title is empty"),
        ('title = "Other"', "title = 7", "number 2: title must be a text in quotes, not 7"),
        ('source = "Other"', "", "number 2: source is missing"),
        ('source = "Other"', 'sourse = "Other"', "number 2: there is no key 'sourse' here"),
        ('lang = "pt-BR"', 'lang = "Portuguese!"', "number 1: lang 'Portuguese!' is not a language tag"),
        ("interval = 15", "interval = 0", "number 1: interval 0 is not a number of minutes from 1 to 10080"),
        ("interval = 15", 'interval = "15m"', "number 1: interval must be a number, not '15m'"),
        ("poll = false", "poll = 0", "number 1: poll must be true or false, not 0"),
        ("https://example.org/rss", "ftp://example.org/rss", "must begin with https:// or http://"),
        ("https://example.org/rss", "example.org/rss", "must begin with https:// or http://"),
        ("https://example.org/rss", "file:///etc/passwd", "must begin with https:// or http://"),
        ("https://example.org/rss", "https://", "is not an address"),
        ("https://example.org/rss", "https://example.org/a b", "is not an address"),
        ("https://example.org/rss", "https://example.org:99999/", "is not an address"),
        ("https://example.org/rss", "https://[::1/", "is not an address"),
        ('[[feed]]\nurl = "http:', '[[feeds]]\nurl = "http:', "there is no key 'feeds' here; known are feed"),
        ("# A pack of two.\n[[feed]]", "[feed]", "line 12"),
        ("# A pack of two.", "feed = ", "is not valid TOML"),
        ("# A pack of two.", "x = " + "[" * 9000, "is nested too deeply"),
        (GOOD, "feed = 3", "feed must be written as [[feed]] tables"),
        (GOOD, "feed = [{ url = 'https://a.example/', title = 'A' }]", ".toml, [[feed]] number 1: source is missing"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    path = pack(tmp_path, GOOD.replace(old, new))
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path)) and said in str(caught.value)


def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    path = pack(tmp_path, GOOD.replace("https://example.org", "https://user:secret@example.org"))
    with pytest.raises(SettingsError, match="must not hold a user name") as caught:
        load(path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "again",
    [
        "https://example.org/rss",
        "http://example.org/rss",
        "https://EXAMPLE.org/rss/",
        "https://www.example.org:443/rss",
    ],
)
def test_an_address_that_comes_twice_is_refused_under_any_spelling(tmp_path: Path, again: str) -> None:
    path = pack(tmp_path, GOOD.replace("http://example.net:8080/feed?a=1", again))
    with pytest.raises(SettingsError, match=r"number 2: url .* is already there \(line 2, \[\[feed\]\] number 1\)"):
        load(path)


def test_addresses_that_differ_in_query_or_port_are_two_feeds(tmp_path: Path) -> None:
    text = GOOD.replace("https://example.org/rss", "http://example.net:8080/feed?a=2")
    assert len(load(pack(tmp_path, text))) == 2
    text = GOOD.replace("https://example.org/rss", "http://example.net:9090/feed?a=1")
    assert len(load(pack(tmp_path, text))) == 2


def test_a_missing_file_and_bytes_that_are_no_text_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml")
    path = tmp_path / "feeds.toml"
    path.write_bytes(b'[[feed]]\ntitle = "\xff"\n')
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load(path)


@given(
    text=st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                ["[[feed]]", 'url = "', "https://", "a.example", '"', "title = 'T'", "source = 'S'", "\n", " "]
            )
        ).map("".join),
        st.text(max_size=30).map(lambda junk: GOOD.replace("example.org/rss", junk)),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_a_pack_or_is_refused_in_words(tmp_path: Path, text: str) -> None:
    try:
        path = pack(tmp_path, text)
    except UnicodeEncodeError:
        return
    try:
        feeds = load(path)
    except SettingsError as error:
        assert str(path) in str(error)
    else:
        assert all(feed.url.startswith(("https://", "http://")) and feed.title and feed.source for feed in feeds)


@pytest.fixture(scope="module")
def default() -> tuple[PackFeed, ...]:
    return tuple(feed for feed in load(DEFAULT) if feed.poll)  # what is only listed need not be balanced


def test_the_default_pack_is_balanced_over_regions_and_languages(default: tuple[PackFeed, ...]) -> None:
    assert len(default) >= 60
    regions = Counter(feed.region for feed in default)
    assert len(regions) >= 8 and min(regions.values()) >= 4
    assert max(regions.values()) <= len(default) / 4
    languages = Counter(feed.lang for feed in default)
    assert len(languages) >= 12
    assert {"ar", "fa", "fr", "es", "ru", "de", "zh", "pt-BR"} <= set(languages)
    assert len({feed.source for feed in default}) >= 60


def test_the_default_pack_is_complete_and_speaks_https(default: tuple[PackFeed, ...]) -> None:
    assert [feed for feed in default if not (feed.title and feed.source and feed.lang and feed.region)] == []
    assert [feed.url for feed in default if urlsplit(feed.url).scheme != "https"] == []


def test_no_outlet_weighs_too_much_in_the_default_pack(default: tuple[PackFeed, ...]) -> None:
    assert max(Counter(feed.source for feed in default).values()) <= 8
