"""The archive asked about a topic: how far back an answer reaches is known."""

from __future__ import annotations

from datetime import timedelta

from bot.core.model import Fetched
from bot.search import look
from bot.topics import resolve
from tests.fakes.newsroom import GENERAL, WIRE, Newsroom
from tests.fakes.ports import entries


async def test_an_answer_tells_from_when_on_it_is_whole(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    since = newsroom.clock() - timedelta(days=1)
    for number in range(5):
        titles = (f"Chile votes, round {number}",)
        newsroom.source.give(
            WIRE, Fetched(entries=entries(*titles, at=newsroom.clock() + timedelta(hours=4), url=WIRE))
        )
        await newsroom.poll()
    topic, following = resolve("Chile", newsroom.catalogue), newsroom.pipeline.following

    async def ask(limit: int, most: int) -> tuple[int, bool]:
        found, reached = await look(
            newsroom.store, following, topic, tenant=GENERAL.tenant, since=since, limit=limit, most=most
        )
        assert reached == (since if reached < found[-1].article.when else found[-1].article.when)
        return len(found), reached == since

    assert await ask(limit=10, most=1000) == (5, True)
    assert await ask(limit=3, most=1000) == (3, False)
    assert await ask(limit=10, most=2) == (2, False)
