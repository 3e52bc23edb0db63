"""What a recount and a pulse ask of the database, on each of the two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete

from bot.core.message import Message
from bot.core.model import Channel, Deed, Delivery, Entry, Outcome
from bot.store import Store
from bot.store import tables as t
from tests.store.databases import START, Clock

HERE = Channel("web:here", "web", "here")
MINUTE = timedelta(minutes=1)


async def test_articles_that_might_ring_come_in_pages_and_those_that_were_changed_do_not(store: Store) -> None:
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add("https://x.example/", now=START)
        articles = await tx.archive.add(feed, [Entry(str(n), f"Title {n}") for n in range(6)], now=START)
        by_title = {article.title: article for article in articles}  # a feed's newest item, its first, comes last
        for article in articles:
            story = await tx.archive.open_story(article, now=START)
            await tx.reports.note(
                article.id, story, origin="", why="new", score=0.0, may_ring=article.title != "Title 1"
            )
        await tx.revisions.take(feed, [Entry("2", "Another title")], now=START)
        await tx.reports.move(by_title["Title 3"].id, 1, why="merged", moved_by="ann", now=START)
        first = await tx.reports.might_ring(START - MINUTE, START + MINUTE, after=0, limit=2)
        rest = await tx.reports.might_ring(START - MINUTE, START + MINUTE, after=int(first[-1].id), limit=2)
        assert [article.title for article in (*first, *rest)] == ["Title 5", "Title 4", "Title 0"]
        assert await tx.reports.might_ring(START + MINUTE, START + 2 * MINUTE, after=0, limit=2) == []


async def test_what_is_about_an_article_what_is_gone_and_what_is_stuck(store: Store) -> None:
    alert = Delivery("a", "web", HERE.id, Message(title="a"), article_id=7, topics=("Chile", "Peru"), created_at=START)
    async with store.begin() as tx:
        await tx.outbox.add(alert)
        await tx.outbox.add(replace(alert, id="b", article_id=8))
        await tx.outbox.mark_alerted(HERE.id, 1, ["Chile", "Peru"], delivery_id="b", now=START)
        assert await tx.deliveries.about(7) == {(HERE.id, "Chile"), (HERE.id, "Peru")}
        assert await tx.deliveries.vanished(START) == []
        await tx.execute(delete(t.delivery).where(t.delivery.c.id == "b"))
        assert await tx.deliveries.vanished(START) == [(HERE.id, "b")]
        assert await tx.deliveries.vanished(START + MINUTE) == []
        assert await tx.deliveries.stuck(START) == []
        assert await tx.deliveries.stuck(START + MINUTE) == [(HERE.id, "a")]


async def test_the_pulse_is_of_heads_that_could_go_and_of_the_last_try(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        for name in ("a", "b"):
            await tx.outbox.add(Delivery(name, "web", HERE.id, Message(title=name), created_at=START))
        assert await tx.deliveries.overdue() == [(HERE.id, START)]
        assert await tx.deliveries.pulse() == (None, None)
        claimed = await tx.outbox.claim(HERE.id, owner="w", lease=MINUTE)
        assert claimed
        assert await tx.deliveries.overdue() == []
        assert await tx.deliveries.pulse() == (START, None)
    clock.now += 2 * MINUTE
    async with store.begin() as tx:
        assert await tx.deliveries.overdue() == [(HERE.id, START + MINUTE)], "since its lease ended"
        await tx.outbox.sent(claimed, owner="w", remote_id="1")
        assert await tx.deliveries.pulse() == (START + 2 * MINUTE, START + 2 * MINUTE)
        assert await tx.feeds.pulse() == (None, None)
        await tx.feeds.add("https://x.example/", now=START)
        assert await tx.feeds.pulse() == (START, None)


async def test_the_audit_log_is_read_by_its_server_in_pages_and_pruned(store: Store) -> None:
    async with store.begin() as tx:
        for number in range(5):
            await tx.audit.note(Deed("web", "mute", f"story {number}", person="ann", at=START + number * MINUTE))
        await tx.audit.note(Deed("other", "mute", "theirs", outcome=Outcome.REFUSED, at=START))
        page = await tx.audit.of_tenant("web", limit=2, skip=1)
        assert [deed.what for deed in page] == ["story 3", "story 2"]
        assert page[0] == Deed("web", "mute", "story 3", person="ann", at=START + 3 * MINUTE)
        assert await tx.audit.has("web", ["mute", "ring"], since=START + 4 * MINUTE)
        assert not await tx.audit.has("web", ["mute"], since=START + 5 * MINUTE)
        assert not await tx.audit.has("web", ["ring"], since=START)
        assert await tx.audit.prune(START + 2 * MINUTE) == 3
        assert (await tx.audit.count("web"), await tx.audit.count("other")) == (3, 0)
