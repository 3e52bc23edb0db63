"""The queue engine on PostgreSQL, where several processes share the work."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from bot.jobs import Handler, Jobs
from tests.store.conftest import database_for

pytestmark = pytest.mark.postgres


@pytest_asyncio.fixture
async def queue_url(postgres_server: str) -> str:
    """A database of its own: the queue's tables are not the store's, whose tests look at every table there is."""
    return await database_for(postgres_server, "queue", anew=True)


async def test_processes_add_their_hands(queue_url: str) -> None:
    """Two that share a queue each have as many jobs in hand as they may."""
    seen = [0, 0]
    go, all_there = asyncio.Event(), asyncio.Event()

    def at_work(process: int) -> Handler:
        async def flush(_: str) -> None:
            seen[process] += 1
            if seen == [4, 4]:
                all_there.set()
            await go.wait()

        return flush

    both = [await Jobs.open(queue_url) for _ in seen]
    for process, jobs in enumerate(both):
        jobs.on("flush", at_work(process), at_once=4)
    await both[0].kick("flush", [str(number) for number in range(20)])
    workers = [asyncio.create_task(jobs.run()) for jobs in both]
    await asyncio.wait_for(all_there.wait(), 20)
    assert seen == [4, 4]
    go.set()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    for jobs in both:
        await jobs.close()
