"""The newsstand of polling.py: thousands of feeds as they are on the web, made up from a seed, and their server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from hashlib import sha256
from itertools import accumulate, islice
from multiprocessing.synchronize import Event
from random import Random
from typing import Any

from aiohttp import web

from benchmarks.language import SYLLABLES, often
from bot.core.model import Entry, Fetched
from bot.sources.feed import READER
from bot.sources.links import link_key
from bot.sources.slices import slice_hashes

ITEMS = 40
BEGAN = datetime.fromisoformat(os.environ.setdefault("POLLING_BEGAN", datetime.now(UTC).isoformat(timespec="seconds")))
"""The same in the processes that are started from this one."""
OLDEST = BEGAN - timedelta(days=3650)
MODES = ("full", "not modified", "same body", "nothing new", "one new item")


@cache
def per_day(number: int) -> float:
    """What a feed posts: two thirds less than once a day, a tenth more than twenty times."""
    return float(10 ** Random(number).gauss(-0.4, 0.9))


ENGLISH = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which"
    " one you were her all she there would their we him been has when who will more no if out so said"
)
SMALL = ENGLISH.split()
"""The commonest words of English, commonest first: nearly half of a text."""
OFTEN = list(accumulate(1 / rank for rank in range(1, len(SMALL) + 1)))
TURNS = [Random(place).random() < 0.45 for place in range(240)]
"""Where the small words stand."""
VOCABULARY = 60_000


@cache
def vocabulary() -> tuple[list[str], list[float]]:
    chance = Random(1)
    words = ["".join(chance.choices(SYLLABLES, k=chance.choice((2, 3, 3, 4)))) for _ in range(VOCABULARY)]
    return words, often(VOCABULARY)


@dataclass(frozen=True, slots=True)
class Item:
    """An article of a feed: as its document has it, and as it is read."""

    source: str
    entry: Entry


def item(number: int, key: str, published: datetime, chance: Random) -> Item:
    """A screen of HTML; its words come as often as in natural texts, which is what stories are told apart by."""
    words, often = vocabulary()
    small, rare = (
        iter(chance.choices(SMALL, cum_weights=OFTEN, k=150)),
        iter(chance.choices(words, cum_weights=often, k=170)),
    )
    told = (next(small) if usual else next(rare) for usual in TURNS)

    def some(count: int) -> str:
        return " ".join(islice(told, count))

    paragraphs = [(some(24).capitalize(), some(2), some(2), some(22)) for _ in range(4)]
    html = "".join(
        f"<p class='lead' style='margin:0'>{start} <a href='/{n}?a={key}&amp;b=1'>{link}</a> <em>{stress}</em> {end}."
        f"<img src='/img/{key}{n}.jpg' alt='{stress}' width='640'/></p>"
        for n, (start, link, stress, end) in enumerate(paragraphs)
    )
    title, at, name = some(9).capitalize(), f"https://h{number}.example/{key}", f"{number}-{key}"
    text = "\n".join(f"{' '.join(parts)}." for parts in paragraphs)
    return Item(
        f"<item><title>{title}</title><link>{at}</link><guid>{name}</guid><pubDate>{format_datetime(published)}</pubDate>"
        f"<description><![CDATA[{html}]]></description></item>",
        Entry(key=name, title=title, url=at, link_key=link_key(at), summary=text, published=published, lang="en"),
    )


def made(number: int, size: int) -> list[Item]:
    """What a feed has had for long: as far apart as it posts."""
    chance, apart = Random(number), timedelta(days=1 / per_day(number))
    published = (max(BEGAN - n * apart, OLDEST) for n in range(1, size + 1))
    return [item(number, str(n), at, chance) for n, at in enumerate(published, 1)]


@cache
def items(number: int, size: int) -> tuple[str, ...]:
    return tuple(each.source for each in made(number, size))


def document(number: int, mode: str, turn: int, shown: Iterable[str]) -> bytes:
    """A blog's feed: items with a screen of HTML each; what is new in it goes by mode and turn."""
    new = item(number, f"new{turn}", BEGAN, Random(f"{number} {turn}")).source if mode == "one new item" else ""
    built = turn if mode in ("nothing new", "one new item") else 0
    head = (
        f"<title>Feed {number}</title><link>https://h{number}.example/</link><lastBuildDate>{built}</lastBuildDate>"
        "<language>en-GB</language>"
    )
    inside = "".join((head, new, *shown))
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{inside}</channel></rss>".encode()


def serve(port: Any, ready: Event, state: Any) -> None:
    """The server: `state` is the mode, the turn and the items of a document, set by the measuring process."""

    async def handle(request: web.Request) -> web.Response:
        mode, turn = MODES[state[0]], state[1]
        if mode == "not modified" and request.headers.get("If-None-Match"):
            return web.Response(status=304, headers={"ETag": '"1"'})
        number = int(request.path[1:])
        body = document(number, mode, turn, items(number, state[2]))
        return web.Response(body=body, headers={"ETag": '"1"', "Content-Type": "application/rss+xml"})

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/{number}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        port.value = runner.addresses[0][1]
        ready.set()
        await asyncio.Event().wait()

    asyncio.run(run())


def remembered(number: int, size: int, since: datetime) -> Fetched:
    """What is known of a feed that has been read for long; of its articles those since then."""
    shown = made(number, size)
    sources = [each.source for each in shown]
    cache = {
        "reader": READER,
        "sha256": sha256(document(number, "full", 0, sources)).hexdigest(),
        "parsed_at": BEGAN.isoformat(),
        "validated": BEGAN.isoformat(),
        "etag": '"1"',
        "slices": "".join(slice_hashes(sources)),
    }
    recent = tuple(each.entry for each in shown if each.entry.published and each.entry.published >= since)
    return Fetched(entries=recent, known=size - len(recent), cache=cache, title=f"Feed {number}", lang="en")
