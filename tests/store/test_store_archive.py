"""The archive: what is new, what is kept, who sees it, and which story it belongs to."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.model import EVERYONE, Article, Entry, Feed, Story
from bot.store import ArchiveCount, Store, Tx
from bot.store.article_row import row_of
from bot.store.words import LONGEST_TEXT, LONGEST_TITLE, MOST_WORDS, clean, searchable
from tests.store.databases import START, Clock

DAY = timedelta(days=1)


async def feed_of(tx: Tx, tenant: str = EVERYONE, url: str = "https://news.example/rss", **more: Any) -> Feed:
    feed, _ = await tx.feeds.add(url, tenant=tenant, source=more.pop("source", "The Example"), now=START, **more)
    return feed


async def one(tx: Tx, feed: Feed, title: str, *, at: datetime = START) -> Article:
    [article] = await tx.archive.add(feed, [Entry(title, title, published=at)], now=at)
    return article


async def test_only_new_entries_come_back_oldest_first(store: Store) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx)
        document = [
            Entry("3", "newest", published=START),
            Entry("2", "undated, second", lang="fr"),
            Entry("1", "undated, first"),
            Entry("0", "oldest", published=START - DAY, url="https://news.example/0", image="https://i.example/0.png"),
        ]
        articles = await tx.archive.add(feed, document, now=START)
        assert [article.title for article in articles] == ["oldest", "undated, first", "undated, second", "newest"]
        assert [int(article.id) for article in articles] == sorted(int(article.id) for article in articles)
        assert articles[0] == Article(
            id=articles[0].id,
            title="oldest",
            url="https://news.example/0",
            image="https://i.example/0.png",
            published=START - DAY,
            source="The Example",
            feed_id=feed.id,
            fetched_at=START,
        )
        assert await tx.archive.get(articles[0].id, "anybody") == articles[0]
        assert await tx.archive.add(feed, [Entry("4", "more"), *document], now=START + DAY) != []
        assert await tx.archive.add(feed, document, now=START + DAY) == []


async def test_the_same_key_is_another_article_in_another_feed_and_one_in_one_document(store: Store) -> None:
    async with store.begin() as tx:
        first, second = await feed_of(tx), await feed_of(tx, url="https://other.example/rss")
        twice = [Entry("k", "as the document has it first"), Entry("k", "and again")]
        assert [a.title for a in await tx.archive.add(first, twice, now=START)] == ["as the document has it first"]
        assert len(await tx.archive.add(second, twice, now=START)) == 1


async def test_unseen_keeps_the_order_and_knows_what_came_before(store: Store) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx)
        await tx.archive.add(feed, [Entry("b", "B")], now=START)
    async with store.read() as tx:
        fresh = await tx.archive.unseen(feed.id, [Entry("a", "A"), Entry("b", "B"), Entry("c", "C"), Entry("a", "A2")])
    assert [entry.title for entry in fresh] == ["A", "C"]


async def test_nothing_is_stored_for_a_feed_that_was_removed_meanwhile(store: Store) -> None:
    async with store.begin() as tx:
        assert await tx.archive.add(Feed(77, "https://gone.example/"), [Entry("k", "K")], now=START) == []
        feed = await feed_of(tx, "a")
        await tx.feeds.remove(feed.id, "a")
        assert await tx.archive.add(feed, [Entry("k", "K")], now=START) == []


HOSTILE = [
    Entry("nul", "I\x00\x00J"),
    Entry("surrogate \ud83d", "half \ud83d of a face"),
    Entry("big", "T" * 10_000_000, text="x " * 2_000_000),
    Entry("year one", "dated", published=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    Entry("naive", "dated", published=datetime(2026, 11, 25, 12)),  # the point of it
    Entry("word", "w" * 5000),
    Entry("quotes", """ ' '' \\ \\' :1 & | ! <-> "" * """),
    Entry("url", "long", url="https://x.example/" + "x" * 5000),
]


async def test_hostile_text_is_stored_as_far_as_it_can_be(store: Store) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx)
        articles = {a.title[:10]: a for a in await tx.archive.add(feed, HOSTILE, now=START)}
        assert len(await tx.archive.latest("t", limit=100)) == len(HOSTILE)
        assert await tx.archive.unseen(feed.id, HOSTILE) == []
    assert "IJ" in articles
    assert "half  of a" in articles
    big = articles["T" * 10]
    assert (len(big.title), len(big.text)) == (LONGEST_TITLE, LONGEST_TEXT - 1)
    assert articles["long"].url == ""


async def test_one_poison_row_of_a_thousand_costs_only_itself(store: Store) -> None:
    """The door cleans what we know of; for what we do not know, a row that the database itself refuses."""
    async with store.begin() as tx:
        feed = await feed_of(tx)
        rows = [row_of(feed, EVERYONE, f"{n:032x}", Entry(str(n), f"News {n}"), START) for n in range(1000)]
        rows[500]["feed_id"] = 2**63
        ids = await tx.archive._insert(rows)
        assert len(ids) == 999
        assert rows[500]["key"] not in ids
        rows[500]["feed_id"] = feed.id
        rows[500]["title"] = None
        assert await tx.archive._insert([rows[500]]) == {}
        assert len(await tx.archive.latest("t", limit=2000)) == 999


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(codec=None), max_size=200))
def test_cleaned_text_fits_both_databases_and_is_what_it_was_otherwise(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned
    if text.isprintable():
        assert cleaned == text.strip()


def test_the_index_holds_no_more_words_than_a_phrase_can_be_found_in() -> None:
    words = searchable("many words " * 20_000, "w" * 5000).split()
    assert len(words) == MOST_WORDS
    assert max(map(len, searchable("w" * 5000).split())) == 100


async def test_private_articles_are_seen_by_their_tenant_alone(store: Store) -> None:
    async with store.begin() as tx:
        public = await one(tx, await feed_of(tx), "public")
        private = await one(tx, await feed_of(tx, "a", "https://x.example/?token=1", private=True), "private")
        own = await one(tx, await feed_of(tx, "b", "https://own.example/"), "added by b")
        for tenant, seen in (("a", {public, private}), ("b", {public, own}), (EVERYONE, {public})):
            assert set(await tx.archive.latest(tenant)) == seen
            found = await tx.archive.search([["public", "private", "added"]], tenant=tenant)
            assert set(found) == seen
            for article in (public, private, own):
                assert (await tx.archive.get(article.id, tenant) is not None) == (article in seen)
            assert (await tx.archive.count(tenant, START - DAY)).articles == len(seen)


@pytest.mark.parametrize("article_id", ["", "x", "-1", "٣", "9" * 30, "1; DROP TABLE article", "0"])
async def test_an_id_that_is_not_ours_finds_nothing(store: Store, article_id: str) -> None:
    async with store.read() as tx:
        assert await tx.archive.get(article_id, "t") is None


async def test_the_archive_of_a_removed_feed_stays_up_to_its_removal(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx, "a")
        await feed_of(tx, "b")
        before = await one(tx, feed, "before")
        clock.turn(DAY)
        await tx.feeds.remove(feed.id, "a")
        after = await one(tx, feed, "after", at=START + 2 * DAY)
        assert await tx.archive.latest("a") == [before]
        assert await tx.archive.latest("b") == [after, before]


async def test_pages_join_without_gap_or_overlap_even_within_one_instant(store: Store) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx)
        entries = [Entry(str(n), f"news {n}", published=START - (n // 4) * DAY) for n in range(19)]
        await tx.archive.add(feed, entries, now=START)
        whole = await tx.archive.search([["news"]], tenant="t")
        pages: list[Article] = []
        before = None
        while page := await tx.archive.search([["news"]], tenant="t", limit=3, before=before):
            pages += page
            before = (page[-1].when, int(page[-1].id))
        assert pages == whole
        assert len({article.id for article in pages}) == 19
        assert [article.when for article in pages] == sorted((a.when for a in pages), reverse=True)
        assert await tx.archive.latest("t", limit=30) == whole


async def test_counts_are_of_articles_stories_outlets_and_feeds(store: Store) -> None:
    async with store.begin() as tx:
        first = await feed_of(tx)
        second = await feed_of(tx, url="https://other.example/", source="Other")
        a, b = await one(tx, first, "a"), await one(tx, second, "b")
        await one(tx, first, "old", at=START - 3 * DAY)
        story = await tx.archive.open_story(a, now=START)
        await tx.archive.join_story(b.id, story, copy_of=a.id, now=START)
        assert await tx.archive.count("t", START - DAY) == ArchiveCount(2, 1, 2, 2)


async def test_a_story_names_its_outlets_earliest_first(store: Store) -> None:
    async with store.begin() as tx:
        one_feed = await feed_of(tx, source="First")
        other = await feed_of(tx, url="https://other.example/", source="Second")
        opener = await one(tx, other, "Quake in Chile")
        earlier = await one(tx, one_feed, "Chile shakes", at=START - DAY)
        story = await tx.archive.open_story(opener, now=START)
        assert await tx.archive.story(story) == Story(story, "Quake in Chile", START, START, 1, ("Second",))
        for _ in range(2):  # saying it twice changes nothing
            await tx.archive.join_story(opener.id, story, copy_of=None, now=START)
            await tx.archive.join_story(earlier.id, story, copy_of=opener.id, now=START)
        told = Story(story, "Quake in Chile", START - DAY, START, 2, ("First", "Second"))
        assert await tx.archive.story(story) == told
        assert await tx.archive.story(story + 1) is None
        members = await tx.archive.of_story(story, "t")
        assert [article.id for article in members] == [opener.id, earlier.id]
        assert {article.story_id for article in members} == {story}
        assert await tx.archive.of_story(0, "t") == []


async def test_an_article_moves_from_story_to_story(store: Store) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx)
        a, b = await one(tx, feed, "a"), await one(tx, feed, "b")
        first, second = await tx.archive.open_story(a, now=START), await tx.archive.open_story(b, now=START)
        await tx.archive.join_story(b.id, first, copy_of=None, now=START)
        for story, count in ((first, 2), (second, 0)):
            known = await tx.archive.story(story)
            assert known is not None
            assert known.articles == count


async def test_a_story_tells_others_nothing_of_a_private_feed(store: Store) -> None:
    async with store.begin() as tx:
        secret = await one(tx, await feed_of(tx, "a", "https://x.example/", private=True, source="Ann's"), "Secret")
        public = await one(tx, await feed_of(tx), "Public", at=START + DAY)
        story = await tx.archive.open_story(secret, now=START)
        assert await tx.archive.story(story, "b") is None
        await tx.archive.join_story(public.id, story, copy_of=None, now=START)
        assert await tx.archive.story(story, "b") == Story(
            story, "Public", START + DAY, START + DAY, 1, ("The Example",)
        )
        own = await tx.archive.story(story, "a")
        assert own is not None
        assert own.sources == ("Ann's", "The Example")
        assert [article.title for article in await tx.archive.of_story(story, "b")] == ["Public"]


async def test_placed_articles_come_back_by_number_to_fill_a_memory(store: Store) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx)
        old = await one(tx, feed, "old", at=START - 9 * DAY)
        placed = [await one(tx, feed, f"placed {n}") for n in range(3)]
        await one(tx, feed, "in no story")
        for article in (old, *placed):
            await tx.archive.open_story(article, now=START)
        since = START - DAY
        assert [a.title for a in await tx.archive.placed_after(0, since)] == ["placed 0", "placed 1", "placed 2"]
        first = await tx.archive.placed_after(0, since, limit=1)
        rest = await tx.archive.placed_after(int(first[0].id), since)
        assert [a.title for a in first + rest] == ["placed 0", "placed 1", "placed 2"]
        assert all(article.story_id for article in rest)


async def test_pruning_lets_articles_go_and_remembers_their_keys_longer(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx)
        old = [Entry(str(n), f"old {n}") for n in range(5)]
        articles = await tx.archive.add(feed, old, now=START)
        story = await tx.archive.open_story(articles[0], now=START)
        await tx.subscriptions.mute_story("web:a", "web", story, by="ann", now=START)
        kept = await one(tx, feed, "kept", at=START + 40 * DAY)
        clock.turn(41 * DAY)
        assert await tx.archive.prune(START + DAY, batch=3) == 3
        assert await tx.archive.prune(START + DAY, batch=3) == 2
        assert await tx.archive.prune(START + DAY, batch=3) == 0
        assert await tx.archive.latest("t") == [kept]
        assert await tx.archive.search([["old"]], tenant="t") == []
        assert await tx.archive.story(story) is None
        assert await tx.subscriptions.muted(story) == frozenset()
        assert await tx.archive.unseen(feed.id, old) == []
        assert await tx.feeds.get(feed.id) is not None


async def test_what_is_still_in_its_feed_is_not_forgotten(store: Store, clock: Clock) -> None:
    lasting, passing = Entry("lasting", "A page that stays"), Entry("passing", "News")
    async with store.begin() as tx:
        feed = await feed_of(tx)
        await tx.archive.add(feed, [lasting, passing], now=START)
        for _ in range(20):
            clock.turn(10 * DAY)
            assert await tx.archive.add(feed, [lasting], now=clock()) == []
            await tx.archive.prune(clock() - 30 * DAY)
        fresh = await tx.archive.unseen(feed.id, [lasting, passing])
    assert fresh == [passing]


async def test_a_feed_without_user_or_article_goes_with_the_last_of_them(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        feed = await feed_of(tx, "a")
        article = await one(tx, feed, "last")
        await tx.feeds.remove(feed.id, "a")
        await tx.archive.prune(START - DAY)
        assert await tx.archive.get(article.id, "a") is not None
        await tx.archive.prune(START + DAY)
        again = await feed_of(tx, "a")
        assert again.id > feed.id  # numbers are never given twice
        assert again.checked_at is None
