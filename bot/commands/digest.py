"""/stories, /trending, /timeline, /brief: what happened, by how many independent voices report it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from bot.commands.desk import Desk
from bot.commands.search import Found, find
from bot.commands.topics import names_of_topics, understood
from bot.commands.wording import ago, counted, day, paged
from bot.core.chart import Chart
from bot.core.command import Invocation, Option, command
from bot.core.errors import UserError
from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, paragraph
from bot.store import Standing
from bot.topics import Topic

LATELY = timedelta(hours=6)
"""What counts as growth."""
TRENDS = timedelta(hours=24)
LOOKED_AT = 1000
"""Articles of one topic that are looked at; of a broader one the newest."""
FIRST_BRIEF = timedelta(hours=24)
LONGEST_BRIEF = timedelta(days=7)
SHOWN = 8
DAYS_TOLD = 5


def _drawn(each: Standing, now: datetime, count: int = 0) -> Paragraph:
    voices = f"{counted(each.outlets, 'outlet')}, {counted(each.origins, 'origin')}"
    growth = f", {each.lately} in the last {LATELY // timedelta(hours=1)} h" if each.lately else ""
    return Paragraph(
        (Span(each.headline, bold=True), Span(f" · {voices}{growth} · {ago(each.last_seen, now)}")), Kind.ITEM, count
    )


def _open(shown: Sequence[Standing]) -> tuple[Button, ...]:
    return tuple(Button(f"Story {number}", f"story show {each.story_id}") for number, each in enumerate(shown, start=1))


@command(
    "stories",
    "The stories of the last days, those of most independent origins first",
    private=False,
    examples=("stories", "stories Iraq", "stories ISIL 7d"),
)
async def stories(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic; all news without it", rest=True, complete=names_of_topics)] = "",
    days: Annotated[int, Option("How many days back", unit="d", most=30)] = 2,
    page: Annotated[int, Option("Page of the list", hidden=True)] = 1,
) -> Message:
    meant = understood(desk, call, topic, "stories") if topic else None
    among = await _stories_about(desk, call, meant, days) if meant else None
    async with desk.store.read() as tx:
        now = await tx.now()
        since = now - timedelta(days=days)
        found = await tx.growth.stories(call.tenant, since=since, lately=now - LATELY, among=among)
    about = f" about {meant.name}" if meant else ""
    if not found:
        return Message(title=f"No stories{about} in the last {counted(days, 'day')}")
    size = SHOWN
    numbered = [(number, each) for number, each in enumerate(found, start=1)]
    body, turn = paged(
        numbered, page, f"stories {topic} days:{days}".replace("  ", " "),
        lambda pair: _drawn(pair[1], now, (pair[0] - 1) % size + 1), size=size,
    )  # fmt: skip
    shown = found[(page - 1) * size : page * size]
    title = f"{counted(len(found), 'story', 'stories')}{about} in the last {counted(days, 'day')}"
    return Message(title=title, body=tuple(body), buttons=(*_open(shown), *turn))


async def _stories_about(desk: Desk, call: Invocation, topic: Topic, days: int) -> list[int]:
    found = await find(desk, topic, tenant=call.tenant, days=days, limit=LOOKED_AT)
    return list(dict.fromkeys(each.article.story_id for each in found if each.article.story_id))


@command("trending", "The stories that grow fastest now", private=False, examples=("trending",))
async def trending(desk: Desk, call: Invocation) -> Message:
    async with desk.store.read() as tx:
        now = await tx.now()
        found = await tx.growth.stories(call.tenant, since=now - TRENDS, lately=now - LATELY)
    growing = [each for each in found if each.lately and each.outlets > 1]
    growing.sort(key=lambda each: (-each.lately * each.origins, -each.origins, each.story_id))
    if not growing:
        return Message(
            title="Nothing is growing now",
            body=(paragraph(f"No story came to a second outlet within {LATELY // timedelta(hours=1)} hours."),),
            buttons=(Button("Stories", "stories"),),
        )
    shown = growing[:SHOWN]
    return Message(
        title="Growing now",
        body=tuple(_drawn(each, now, number) for number, each in enumerate(shown, start=1)),
        buttons=_open(shown),
        footer="By new reports and independent origins.",
    )


@command(
    "timeline",
    "A topic day by day: how many articles, and what happened on its busiest days",
    private=False,
    examples=("timeline ISIL", "timeline Russia-Iraq 30d"),
)
async def timeline(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic, a relation, words or a “phrase”", rest=True, complete=names_of_topics)],
    days: Annotated[int, Option("How many days back", unit="d", most=90)] = 14,
) -> Message:
    meant = understood(desk, call, topic, "timeline")
    found = await find(desk, meant, tenant=call.tenant, days=days, limit=LOOKED_AT)
    async with desk.store.read() as tx:
        now = await tx.now()
    if not found:
        return Message(
            title=f"{meant.name}: nothing in the last {counted(days, 'day')}",
            buttons=(Button("Subscribe", f"subscribe {meant.name}"),),
        )
    today = day(now, call.zone)
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    by_day: dict[date, list[Found]] = defaultdict(list)
    for each in found:
        by_day[day(each.article.when, call.zone)].append(each)
    counts = [len(by_day[each]) for each in dates]
    busiest = sorted((each for each in dates if by_day[each]), key=lambda each: -len(by_day[each]))[:DAYS_TOLD]
    usual = sum(counts[:-1]) / max(1, len(counts) - 1)
    return Message(
        title=f"{meant.name}: the last {counted(days, 'day')}",
        body=tuple(_told(each, by_day[each]) for each in sorted(busiest)),
        chart=Chart(meant.name, "articles", tuple(zip(map(_date, dates), counts, strict=True))),
        fields=(
            Field("Articles", f"{len(found):,}"),
            Field("Today", f"{counts[-1]}, against {usual:.1f} on a usual day"),
        ),
        buttons=(Button("Stories", f"stories {meant.name} days:{min(days, 30)}"), Button("News", f"news {meant.name}")),
    )


def _told(each: date, found: Sequence[Found]) -> Paragraph:
    """A day by the story that most of its articles tell."""
    story, _ = Counter(one.article.story_id for one in found).most_common(1)[0]
    first = [one.article for one in found if one.article.story_id == story][-1]
    about = f" {counted(len(found), 'article')}: "
    return Paragraph((Span(_date(each), bold=True), Span(about), Span(first.title, url=first.url)), Kind.ITEM)


def _date(each: date) -> str:
    return f"{each.day} {each:%b}"


@command(
    "brief",
    "What happened since you last asked: the stories of what this channel follows, by importance",
    examples=("brief", "brief Iraq"),
)
async def brief(
    desk: Desk,
    call: Invocation,
    topic: Annotated[
        str, Option("A topic; else all that this channel follows", rest=True, complete=names_of_topics)
    ] = "",
) -> Message:
    async with desk.store.read() as tx:
        now = await tx.now()
        followed = [] if topic else await tx.subscriptions.of_channel(call.channel.id, call.tenant)
        looked = await tx.readers.looked(call.tenant, call.channel.id, call.person.id)
    wanted = [topic] if topic else [each.topic for each in followed]
    if not wanted:
        return Message(
            title="Nothing is followed here yet",
            body=(paragraph("Name a topic, or follow some: /brief tells the news of what the channel follows."),),
            buttons=(Button("Stories of all feeds", "stories"), Button("Browse topics", "topics")),
        )
    since = max(looked or now - FIRST_BRIEF, now - LONGEST_BRIEF)
    days = (now - since) // timedelta(days=1) + 1
    numbers: dict[int, None] = {}
    for each in wanted:
        try:
            meant = understood(desk, call, each, "brief")
        except UserError:
            if topic:
                raise
            continue  # a topic that the catalogue has lost is told of by /subscriptions
        found = await find(desk, meant, tenant=call.tenant, days=days + 1, limit=LOOKED_AT)
        # By when we read it, not when it was published: a feed may be late.
        numbers |= {f.article.story_id: None for f in found if (f.article.fetched_at or now) > since}
    async with desk.store.begin() as tx:
        known = [number for number in numbers if number]
        begin = now - timedelta(days=days + 1)
        standings = await tx.growth.stories(call.tenant, since=begin, lately=now - LATELY, among=known)
        if not topic:
            await tx.readers.look(call.tenant, call.channel.id, call.person.id, now=now)
    about = topic or f"#{call.channel.name}"
    when = f"since you last asked, {ago(since, now)}" if looked else "in the last 24 hours"
    if not standings:
        return Message(title=f"{about}: nothing new {when}", buttons=(Button("Stories", "stories"),))
    shown = standings[:SHOWN]
    rest = len(standings) - len(shown)
    more = (paragraph(f"And {counted(rest, 'smaller story', 'smaller stories')}.", kind=Kind.NOTE),) if rest else ()
    return Message(
        title=f"{about}: {counted(len(standings), 'story', 'stories')} {when}",
        body=(*(_drawn(each, now, number) for number, each in enumerate(shown, start=1)), *more),
        buttons=_open(shown),
    )
