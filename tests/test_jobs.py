"""The queue engine behind three words, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.jobs import Handler, Jobs


@asynccontextmanager
async def working(**handlers: Handler) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open("sqlite+aiosqlite:///")
    for kind, handler in handlers.items():
        jobs.on(kind, handler)
    worker = asyncio.create_task(jobs.run())
    try:
        yield jobs
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await jobs.close()


async def test_a_key_kicked_twice_is_looked_at_once() -> None:
    seen: list[str] = []
    done = asyncio.Event()

    async def poll(key: str) -> None:
        seen.append(key)
        if len(seen) == 2:
            done.set()

    jobs = await Jobs.open("sqlite+aiosqlite:///")
    jobs.on("poll", poll)
    await jobs.kick("poll", ["a", "b", "a"])
    await jobs.kick("poll", ["b"])
    worker = asyncio.create_task(jobs.run())
    await asyncio.wait_for(done.wait(), 10)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert sorted(seen) == ["a", "b"]


async def test_a_kick_during_the_work_is_not_lost() -> None:
    runs = 0
    started, go, twice = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def flush(key: str) -> None:
        nonlocal runs
        runs += 1
        started.set()
        if runs == 2:
            twice.set()
        await go.wait()

    async with working(flush=flush) as jobs:
        await jobs.kick("flush", ["c"])
        await asyncio.wait_for(started.wait(), 10)
        await jobs.kick("flush", ["c"])
        go.set()
        await asyncio.wait_for(twice.wait(), 10)
    assert runs == 2


async def test_a_handler_that_fails_harms_no_other() -> None:
    done = asyncio.Event()

    async def poll(key: str) -> None:
        if key == "bad":
            raise RuntimeError
        done.set()

    async with working(poll=poll) as jobs:
        await jobs.kick("poll", ["bad", "good"])
        await asyncio.wait_for(done.wait(), 10)
        await jobs.tidy()


async def test_a_process_takes_no_more_of_a_kind_than_it_has_hands_for_and_the_next_at_once() -> None:
    running, most, seen = 0, 0, 0
    go, done, other = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def flush(key: str) -> None:
        nonlocal running, most, seen
        running, seen = running + 1, seen + 1
        most = max(most, running)
        await go.wait()
        running -= 1
        if seen == 40:
            done.set()

    async def poll(_: str) -> None:
        other.set()

    jobs = await Jobs.open("sqlite+aiosqlite:///")
    jobs.on("flush", flush, at_once=3)
    jobs.on("poll", poll)
    worker = asyncio.create_task(jobs.run())
    await jobs.kick("flush", [str(number) for number in range(40)])
    await jobs.kick("poll", ["a"])  # behind forty, and yet not kept waiting by them
    await asyncio.wait_for(other.wait(), 10)
    assert (running, seen) == (3, 3)
    go.set()
    await asyncio.wait_for(done.wait(), 10)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    await jobs.close()
    assert most == 3
