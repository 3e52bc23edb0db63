"""What a domain is asked by all processes together, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.store import Store
from tests.store.databases import Clock

SECOND = timedelta(seconds=1)


async def take(store: Store, host: str = "a.news.example", *, per_minute: int = 5, gap: float = 0) -> float:
    async with store.begin() as tx:
        return await tx.budgets.take("news.example", host, per_minute=per_minute, gap=gap)


async def test_a_domain_is_asked_so_often_in_any_minute_and_no_more(store: Store, clock: Clock) -> None:
    for _ in range(5):
        assert await take(store) == 0
        clock.turn(SECOND)
    assert await take(store) == 55
    clock.turn(55 * SECOND)
    assert await take(store) == 0
    assert await take(store) == 1
    async with store.begin() as tx:
        assert await tx.budgets.take("other.example", "other.example", per_minute=5, gap=0) == 0


async def test_two_looks_at_one_host_are_a_gap_apart_and_its_neighbours_do_not_wait(store: Store, clock: Clock) -> None:
    assert await take(store, gap=1.5) == 0
    assert await take(store, gap=1.5) == 1.5
    assert await take(store, "b.news.example", gap=1.5) == 0
    clock.turn(1.5 * SECOND)
    assert await take(store, gap=1.5) == 0


async def test_many_at_once_are_counted_one_by_one(store: Store) -> None:
    waits = await asyncio.gather(*(take(store, per_minute=5) for _ in range(12)))
    assert waits.count(0) == 5


async def test_domains_that_nobody_asks_are_forgotten(store: Store, clock: Clock) -> None:
    for _ in range(5):
        await take(store)
    clock.turn(timedelta(days=2))
    async with store.begin() as tx:
        await tx.budgets.prune()
    assert await take(store) == 0
