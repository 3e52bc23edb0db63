"""Full text: which pages are read, and what becomes of an alert when they cannot be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.errors import FetchError
from bot.core.model import Article, Entry, Fetched
from bot.full_text import FullText, is_about
from tests.fakes.newsroom import WIRE, Newsroom

MINUTE = timedelta(minutes=1)
PAGE = "The ferry company of Chile said on Thursday that the old bridge opens again after eleven years of repairs.\n"


class Pages:
    """The pages of the world, by their address."""

    def __init__(self, room: Newsroom, *, everywhere: bool = True) -> None:
        self.room = room
        self.texts: dict[str, str | FetchError] = {}
        self.asked: list[str] = []
        self.slow = 0.0
        room.poller.full_text = FullText(store=room.store, read=self.read, everywhere=everywhere)

    async def read(self, url: str) -> str:
        self.asked.append(url)
        await asyncio.sleep(self.slow)
        text = self.texts.get(url, "")
        if isinstance(text, FetchError):
            raise text
        return text

    def entry(self, name: str, title: str, summary: str = "Repairs took eleven years.", text: str = "") -> Entry:
        at = self.room.clock() - MINUTE
        return Entry(name, title, f"https://wire.example/{name}", f"wire.example/{name}", summary, text, at, "en")

    async def look(self, *entries: Entry) -> None:
        self.room.source.give(WIRE, Fetched(entries=entries))
        await self.room.poll()

    async def article(self, title: str) -> Article:
        async with self.room.store.read() as tx:
            return next(each for each in await tx.archive.latest("fake", limit=50) if each.title == title)


@pytest.fixture
async def pages(newsroom: Newsroom) -> Pages:
    """A feed that was read once."""
    pages = Pages(newsroom)
    await newsroom.add_feed()
    await pages.look(pages.entry("old", "Norway holds its interest rate"))
    assert pages.asked == [], "a feed's backlog is not read page by page"
    return pages


async def test_the_page_of_a_new_article_is_its_text_once_and_the_feeds_words_its_summary(pages: Pages) -> None:
    await pages.room.say("/subscribe ferry Chile")
    entry = pages.entry("bridge", "Old bridge opens again", text="Repairs took eleven years, it says here.")
    pages.texts[entry.url] = PAGE * 4
    await pages.look(entry)
    await pages.look(entry)
    await pages.look(entry, pages.entry("old", "Norway holds its interest rate"))
    article = await pages.article("Old bridge opens again")
    assert (article.summary, article.text) == ("Repairs took eleven years, it says here.", (PAGE * 4).strip())
    assert pages.asked == [entry.url]
    await pages.room.flush()
    assert pages.room.platform.titles() == ["Old bridge opens again"], "what the feed did not say rings too"
    assert "Nothing" in await pages.room.say("/changes") or "No " in await pages.room.say("/changes")


@pytest.mark.parametrize(
    "page",
    [
        FetchError("wire.example gives no page (HTTP 403)"),
        "",
        "short",
        "We value your privacy. We and our partners store cookies on your device; choose what you accept. " * 9,
    ],
)
async def test_where_the_page_is_no_article_the_feeds_summary_does(pages: Pages, page: str | FetchError) -> None:
    entry = pages.entry("bridge", "Old bridge in Chile opens again")
    pages.texts[entry.url] = page
    await pages.look(entry)
    article = await pages.article(entry.title)
    assert (article.summary, article.text) == ("Repairs took eleven years.", "")


async def test_what_two_pages_say_alike_is_no_article(pages: Pages) -> None:
    entries = [pages.entry(name, f"Old bridge in Chile opens again, part {name}") for name in ("one", "two")]
    for entry in entries:
        pages.texts[entry.url] = PAGE * 4
    await pages.look(*entries)
    assert [(await pages.article(entry.title)).text for entry in entries] == ["", ""]


async def test_a_feed_that_gives_the_text_itself_is_taken_at_its_word(pages: Pages) -> None:
    entry = pages.entry("bridge", "Old bridge opens again", text=PAGE * 20)
    await pages.look(entry)
    assert pages.asked == []
    assert (await pages.article(entry.title)).text == (PAGE * 20).strip()


async def test_pages_that_take_too_long_and_those_beyond_eight_are_left_out(pages: Pages) -> None:
    entries = [pages.entry(f"{n}", f"Bridge number {n} of Chile opens again") for n in range(9)]
    entries[0] = replace(entries[0], published=pages.room.clock() - 60 * MINUTE)
    await pages.look(*entries)
    assert len(pages.asked) == 8 and entries[0].url not in pages.asked
    pages.room.poller.full_text = FullText(store=pages.room.store, read=pages.read, everywhere=True, seconds=0.01)
    pages.slow = 60
    late = pages.entry("late", "The last bridge opens again")
    await pages.look(late)
    assert (await pages.article(late.title)).summary == "Repairs took eleven years."


@pytest.mark.parametrize(
    ("everywhere", "line", "read"),
    [
        (False, "", False),
        (False, "/feed fulltext mine", True),
        (True, "", True),
        (True, "/feed fulltext mine off:yes", False),
    ],
)
async def test_it_is_chosen_by_setting_and_by_feed(newsroom: Newsroom, everywhere: bool, line: str, read: bool) -> None:
    pages = Pages(newsroom, everywhere=everywhere)
    feed = await newsroom.add_feed(tenant="fake", source="mine")
    if line:
        assert "is read" in await newsroom.say(line)
    await pages.look(pages.entry("old", "Norway holds its interest rate"))
    await pages.look(pages.entry("bridge", "Old bridge opens again"))
    assert bool(pages.asked) is read
    async with newsroom.store.read() as tx:
        known = await tx.feeds.get(feed.id)
    assert known and known.full_text == (None if not line else read)


async def test_what_others_hear_too_is_not_one_servers_to_set(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    assert "installed here without" in await newsroom.say("/feed fulltext The Wire")
    Pages(newsroom)
    assert "heard by others too" in await newsroom.say("/feed fulltext The Wire")


@pytest.mark.parametrize(
    ("text", "said", "about"),
    [
        ("The bridge in Chile opens", "Chile opens bridge", True),
        ("Accept all cookies", "Chile opens bridge", False),
        ("日本の首相は木曜日に記者会見を開いた", "日本の首相が記者会見", True),
        ("クッキーを受け入れてください", "日本の首相が記者会見", False),
        ("anything", "", True),
    ],
)
def test_a_page_is_about_what_the_feed_said_if_it_has_half_of_its_words(text: str, said: str, about: bool) -> None:
    assert is_about(text, said) is about
