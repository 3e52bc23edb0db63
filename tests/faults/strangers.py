"""Strangers at the door: what one server may learn of another, and change there, whatever it says. Nothing.

A server has much that is its own: a private feed, named topics, subscriptions, muted stories, cards, an audit log.
Others say its ids and names, over every command and every way in: typed lines and presses of buttons (`answer`),
forms and application commands (`call`), completions (`choices`, `complete`). A secret word stands in all that is its
own and must be in no answer; its rows are compared before and after.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from bot.commands import COMMANDS
from bot.core.command import Command, Invocation, Option, OptionKind, Reply
from bot.core.limits import Limits
from bot.core.message import Role, to_json
from bot.core.model import EVERYONE, Channel, Fetched, Person
from bot.store import Store
from bot.store import tables as t
from bot.topics import Catalogue
from tests.fakes.newsroom import Newsroom
from tests.fakes.ports import Clock, FakePlatform, FakeSource, entries

ROOT = Path(__file__).parents[2]

SECRET = "Quetzalcoatlus"
"""In every text of the victim. The strangers never say it, so wherever they hear it they have read it."""
WAR, DESK = Channel("fake:war", "victim", "war-room"), Channel("fake:desk", "victim", "desk")
OWN, FORGED = Channel("fake:own", "stranger", "own"), Channel("fake:war", "stranger", "war-room")
NIGHT = Role("fake:role", "night-shift")
ANN, EVE = Person("fake:ann", "Ann", may_manage=True), Person("fake:eve", "Eve", may_manage=True)
GUEST = Invocation("victim", WAR, Person("fake:guest", "Guest"), (WAR, DESK))
PUBLIC, PRIVATE = "https://public.example/rss", f"https://private.example/rss?token={SECRET}"
NO_NUMBER = "987654"
SHARED = {"feed.weight"}
"""How many servers hear a public feed is a fact about the feed."""
BETWEEN_LOOKS = 50
"""Calls between two looks at the rows."""


@dataclass
class Siege:
    """What came of it: `told` are answers that let on that there is something, `crashes` those of a bug."""

    told: list[str]
    calls: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    commands: set[str] = field(default_factory=set)
    reads: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)


@dataclass
class Life:
    """What the victim left behind: lines of all buttons that it was shown, and numbers, some of them its own alone."""

    presses: list[str]
    numbers: dict[str, list[str]]
    private: dict[str, list[str]]


async def besiege(folder: Path, calls: int, seed: int) -> Siege:
    """Let strangers say that many things, drawn from a seed."""
    async with _hall(folder) as room:
        return await _attack(room, Random(seed), calls, await _live(room))


@asynccontextmanager
async def _hall(folder: Path) -> AsyncIterator[Newsroom]:
    clock = Clock()
    store = await Store.open(f"sqlite:///{folder}/newsbell.db", clock=clock)
    room = Newsroom(store, clock, FakeSource(), FakePlatform(), Catalogue.load(ROOT / "config/topics.toml"))
    await room.restart()
    room.router.desk.limits = Limits(10_000, 10_000, 10_000)
    logging.disable(logging.CRITICAL)  # a store that refuses what a platform claims is logged as a bug of ours
    try:
        yield room
    finally:
        logging.disable(logging.NOTSET)
        await store.close()


async def _live(room: Newsroom) -> Life:
    """The victim's life."""
    presses: list[str] = []
    heard: list[str] = []

    async def say(line: str) -> None:
        call = Invocation("victim", WAR, ANN, (WAR, DESK), roles=(NIGHT,))
        message = (await room.router.answer(call, line)).message
        presses.extend(button.command for button in message.buttons if button.command)
        heard.append(message.text)

    def give(url: str, *titles: str, name: str = "") -> None:
        found = entries(*titles, at=room.clock())
        room.source.give(url, Fetched(entries=found, title=name, private=url == PRIVATE))

    give(PUBLIC, "Rain in Oslo", name="Public Wire")
    give(PRIVATE, "Nothing yet", name=f"{SECRET} Gazette")
    await room.add_feed(PUBLIC, source="Public Wire")
    for line in (
        f"/feed add {PRIVATE}",
        f'/topic create harvest wheat OR "{SECRET} barley"',
        f'/topic edit harvest wheat OR barley OR "{SECRET} rye"',
        "/subscribe harvest",
        f'/subscribe "{SECRET} oil" to #desk',
        "/subscribe Chile mention @night-shift",
        "/subscribe Peru",
        "/ring Peru follow",
        f'/ring Chile watch:"{SECRET}"',
    ):
        await say(line)
    give(PRIVATE, f"Chile and the {SECRET} treaty", f"{SECRET} oil found in Peru", f"Wheat, barley and {SECRET} rye")
    give(PUBLIC, "Chile votes", "Peru counts llamas")
    await room.poll(PRIVATE)
    await room.poll(PUBLIC)
    await room.flush(WAR, DESK)
    presses += [b.command for _, _, message in room.platform.posted for b in message.buttons if b.command]
    for line in ("feeds", "subscriptions", "topic history harvest", "topic share harvest", "audit", "stories", "latest",
                 "feed show Public Wire", "status", "mute 2", "topic test harvest", "brief"):  # fmt: skip
        await say(f"/{line}")
    assert SECRET in " ".join(heard), "whose own it is hears it"
    assert len(room.platform.posted) >= 4
    async with room.store.read() as tx:
        article = t.article.c
        rows = await tx.rows(select(article.id, article.story_id, article.tenant).order_by(article.id))
    open_to_all = {row.story_id for row in rows if row.tenant == EVERYONE}
    private = {
        "article": [str(row.id) for row in rows if row.tenant == "victim"],
        "story": sorted({str(row.story_id) for row in rows if row.story_id not in open_to_all}),
    }
    assert all(private.values())
    known = {
        "article": [str(row.id) for row in rows],
        "story": sorted({str(row.story_id) for row in rows}),
    }
    return Life(
        list(dict.fromkeys(presses)),
        {**known, "into": known["story"]},
        {**private, "into": private["story"]},
    )


# -- what they say --------------------------------------------------------------------------------------------------

SAYINGS = (
    *("harvest", "Chile", "Peru", "Gazette", "Public Wire", "desk", "war-room", "victim", "fake:war", "oil", PUBLIC),
    *("https://private.example/rss", "*", "%", "wheat OR barley", "all", '"rye"', "Chile-Peru", "1", "x"),
)


def _value(random: Random, option: Option, life: Life) -> Any:
    if option.name in life.numbers and random.random() < 0.9:
        return random.choice(life.numbers[option.name])
    if option.kind is OptionKind.CHANNEL:
        return random.choice(("fake:war", "#war-room", "fake:desk", "#own", "fake:own", "fake:nowhere"))
    if option.kind is OptionKind.ROLE:
        return random.choice(("fake:role", "@night-shift", "none", "everyone"))
    if option.kind is OptionKind.FLAG:
        return random.choice(("yes", "no"))
    if option.kind is OptionKind.INT:
        return str(random.randint(option.least, min(option.most, 40)))
    if option.choices and random.random() < 0.9:
        return random.choice(option.choices).value
    return random.choice(SAYINGS)


def _values(random: Random, command: Command, life: Life) -> dict[str, Any]:
    chosen = [option for option in command.options if option.required or random.random() < 0.4]
    return {option.name: _value(random, option, life) for option in chosen}


def _line(command: Command, values: dict[str, Any]) -> str:
    rest = {option.name for option in command.options if option.rest}
    named = " ".join(f'{name}:"{value}"' for name, value in values.items() if name not in rest)
    return f"/{command.name} {' '.join(str(values[name]) for name in rest if name in values)} {named}"


def _stranger(random: Random) -> Invocation:
    """Somebody who manages a server of their own, or an event of a platform that does not fit together."""
    eve = replace(EVE, may_manage=random.random() < 0.9)
    usual = Invocation("stranger", OWN, eve, (OWN,))
    return random.choice(
        (
            usual,
            usual,
            usual,
            replace(usual, channel=WAR),  # the victim's channel in the stranger's name
            replace(usual, channels=(OWN, WAR, DESK)),  # ... and among what they may choose from
            replace(usual, channel=FORGED, channels=(OWN, FORGED)),  # as if it were the stranger's: the keys refuse it
        )
    )


async def _attack(room: Newsroom, random: Random, calls: int, life: Life) -> Siege:
    siege = Siege(told=await _told_apart(room, life))
    before = await _rows(room.store)
    since: list[str] = []
    for number in range(calls):
        command = COMMANDS[number % len(COMMANDS)]
        # One of the victim's own who lacks the right may read, and must change nothing either.
        guest = command.manage and random.random() < 0.1
        call = GUEST if guest else _stranger(random)
        way, line, text = await _say(room, random, call, command, life)
        siege.calls += 1
        siege.ways[way] += 1
        siege.commands.add(command.name)
        said = f"{way} {line} by {call.person.name} of {call.tenant} in {call.channel}"
        since.append(said)
        if SECRET in text and SECRET not in line and not guest:
            siege.reads.append(said)
        if "wrong on our side" in text and call.channel != FORGED:
            siege.crashes.append(said)
        if number % BETWEEN_LOOKS == BETWEEN_LOOKS - 1 or number == calls - 1:
            after = await _rows(room.store)
            if after != before:
                siege.changes.append(f"{sorted(after ^ before)} by one of {since}")
                before = after
            since = []
    return siege


async def _say(room: Newsroom, random: Random, call: Invocation, command: Command, life: Life) -> tuple[str, str, str]:
    """One thing said in one of the ways there are: the way, the line that it comes to, and all that was answered."""
    values = _values(random, command, life)
    way = random.choice(("typed", "pressed", "form", "form", "completion", "completion of a line"))
    line = random.choice(life.presses) if way == "pressed" else _line(command, values)
    router = room.router
    if way in ("typed", "pressed"):
        return way, line, _shown(await router.answer(call, line))
    if way == "form":
        return way, line, _shown(await router.call(call, command.name, values))
    if way == "completion" and command.options:
        option = random.choice(command.options)
        partial = str(values.get(option.name, ""))[: random.randint(0, 4)]
        return way, line, repr(await router.choices(call, command.name, option.name, partial))
    return way, line, repr(await router.complete(call, line[: random.randint(1, len(line))]))


async def _told_apart(room: Newsroom, life: Life) -> list[str]:
    """Commands that answer a number of the victim's otherwise than one that there is not."""
    told = []
    usual = Invocation("stranger", OWN, EVE, (OWN,))
    for command in COMMANDS:
        for option in command.options:
            for number in life.private.get(option.name, ()):
                others = {o.name: NO_NUMBER + "0" for o in command.options if o.required and o.name != option.name}
                answers = [
                    _shown(await room.router.call(usual, command.name, {**others, option.name: each}))
                    for each in (number, NO_NUMBER)
                ]
                if answers[0].replace(number, NO_NUMBER) != answers[1].replace(number, NO_NUMBER):
                    told.append(f"{command.name} {number}: {answers[0]}")
    return told


def _shown(reply: Reply) -> str:
    return repr(to_json(reply.message))


async def _rows(store: Store) -> frozenset[str]:
    """All that is the victim's: rows that bear its name, and what hangs on its private feed."""
    found: list[str] = []
    own_article = select(t.article.c.id).where(t.article.c.tenant == "victim")
    async with store.read() as tx:
        for name, table in sorted(t.metadata.tables.items()):
            if name == "audit":  # a guest's attempt is noted there, which is no change
                wanted = select(table).where(table.c.tenant == "victim", table.c.outcome != "refused")
            elif "tenant" in table.c:
                # What everybody hears is the victim's too: nobody else may set, pause or remove it for them.
                owners = ("victim", EVERYONE) if name in ("feed", "feed_use") else ("victim",)
                columns = [column for column in table.c if f"{name}.{column.name}" not in SHARED]
                wanted = select(*columns).where(table.c.tenant.in_(owners))
            elif name in ("report", "revision"):
                wanted = select(table).where(table.c.article_id.in_(own_article))
            else:
                continue
            found += [f"{name}: {dict(row._mapping)}" for row in await tx.rows(wanted)]
    return frozenset(found)


# -- the audit log ---------------------------------------------------------------------------------------------------

CHANGED = (t.subscription, t.named_topic, t.muted_story, t.feed_use, t.feed, t.report)
"""What commands set up. A revision rises without a change, and a feed's own state with each look at it."""
UNTOLD = {"revision", "next_check_at", "checked_at", "ok_at", "state", "pace", "cache"}


async def audited(folder: Path, calls: int, seed: int) -> tuple[int, list[str]]:
    """Have the victim's own manager say that many things; how many changed something, and those told wrongly.

    A change is told in the audit log, and what changed nothing is not.
    """
    async with _hall(folder) as room:
        life = await _live(room)
        random = Random(seed)
        changes, wrong = 0, []
        manages = [command for command in COMMANDS if command.manage]
        ann = Invocation("victim", WAR, ANN, (WAR, DESK), roles=(NIGHT,))
        before, lines = await _set_up(room.store)
        for number in range(calls):
            _, line, _ = await _say(room, random, ann, manages[number % len(manages)], life)
            after, told = await _set_up(room.store)
            changes += after != before
            if (after != before) != (told > lines):
                wrong.append(f"{line}: {'a change without a line' if after != before else 'a line without a change'}")
            before, lines = after, told
        return changes, wrong


async def _set_up(store: Store) -> tuple[list[str], int]:
    """All that is set up, and how many lines the audit log has."""
    found: list[str] = []
    async with store.read() as tx:
        for table in CHANGED:
            columns = [column for column in table.c if column.name not in UNTOLD]
            found += sorted(map(repr, await tx.rows(select(*columns))))
        return found, await tx.audit.count("victim")
