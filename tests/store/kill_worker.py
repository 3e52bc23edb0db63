"""A program that works on a store until it is killed: each round stores an article, its alert and its mark in one go.

    python -m tests.store.kill_worker URL

Prints the number of each round once it is committed.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from bot.core.message import Message
from bot.core.model import Delivery, Entry
from bot.store import Store

CHANNEL = "web:here"


def say(line: str) -> None:
    """In one piece: a kill may come between two writes, and print makes several where output is unbuffered."""
    sys.stdout.write(line)
    sys.stdout.flush()


async def work(url: str) -> None:
    store = await Store.open(url)
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add("https://news.example/rss", now=await tx.now())
        number = len(await tx.archive.of_feed(feed.id, limit=1_000_000))
    while True:
        number += 1
        async with store.begin() as tx:
            now = await tx.now()
            [article] = await tx.archive.add(feed, [Entry(f"k{number}", f"News {number}")], now=now)
            story = await tx.archive.open_story(article, now=now)
            name = f"d{number}"
            await tx.outbox.add(Delivery(name, "web", CHANNEL, Message(title=name), int(article.id), story))
            await tx.outbox.mark_alerted(CHANNEL, story, [name], delivery_id=name, now=now)
        say(f"queued {number}\n")
        async with store.begin() as tx:
            delivery = await tx.outbox.claim(CHANNEL, owner="worker", lease=timedelta(seconds=30))
        if delivery is not None:
            async with store.begin() as tx:
                if await tx.outbox.sent(delivery, owner="worker", remote_id=f"r-{delivery.id}"):
                    name = delivery.id
            say(f"sent {name}\n")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
