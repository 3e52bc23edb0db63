"""Marks: one wins, over any number of processes, until the mark ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.store import Store
from tests.store.databases import Clock

MINUTE = timedelta(minutes=1)


async def test_a_mark_is_set_once_until_it_ends(store: Store, clock: Clock) -> None:
    assert await store.marks.put("a", MINUTE)
    assert not await store.marks.put("a", MINUTE)
    assert await store.marks.put("b", MINUTE)
    clock.turn(timedelta(seconds=59))
    assert not await store.marks.put("a", MINUTE)
    clock.turn(timedelta(seconds=1))
    assert await store.marks.put("a", MINUTE)
    assert not await store.marks.put("a", MINUTE)


async def test_a_mark_is_taken_once_while_it_stands(store: Store, clock: Clock) -> None:
    await store.marks.put("ticket", MINUTE)
    await store.marks.put("old", MINUTE)
    assert await store.marks.take("ticket")
    assert not await store.marks.take("ticket")
    assert not await store.marks.take("never set")
    clock.turn(MINUTE)
    assert not await store.marks.take("old")


async def test_of_many_at_once_one_wins(store: Store) -> None:
    assert sum(await asyncio.gather(*(store.marks.put("a", MINUTE) for _ in range(8)))) == 1
    assert sum(await asyncio.gather(*(store.marks.take("a") for _ in range(8)))) == 1


async def test_marks_that_have_ended_are_let_go(store: Store, clock: Clock) -> None:
    await store.marks.put("a", MINUTE)
    await store.marks.put("b", 2 * MINUTE)
    clock.turn(MINUTE)
    assert await store.marks.prune() == 1
    assert not await store.marks.put("b", MINUTE)
