"""/feeds and /feed ...: where the news comes from, and how it is doing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated

from bot.commands.desk import Desk, noted
from bot.commands.wording import ago, counted, duration, listed, paged
from bot.core.command import Choice, Invocation, Option, command
from bot.core.errors import FetchError, NotAFeed, NotFound, UserError
from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, Style, Tone, dated, paragraph
from bot.core.model import Feed, FeedState, Fetched
from bot.store import Tx

LEAST_MINUTES = 5

SAID = {
    FeedState.NEW: "not read yet",
    FeedState.ACTIVE: "answering",
    FeedState.BACKOFF: "failing",
    FeedState.THROTTLED: "asked us to wait",
    FeedState.BLOCKED: "refuses us",
    FeedState.NOT_FEED: "is not a feed",
    FeedState.MOVING: "is moving",
    FeedState.GONE: "is gone",
    FeedState.DORMANT: "silent for long",
    FeedState.PAUSED: "paused",
}


async def visible_feeds(desk: Desk, call: Invocation, partial: str) -> Sequence[Choice]:
    """The feeds that this server hears, by outlet and title."""
    wanted = partial.casefold()
    async with desk.store.read() as tx:
        known = await tx.feeds.visible(call.tenant)
    return [Choice(named(f), f"{named(f)} — {SAID[f.state]}") for f in known if wanted in named(f).casefold()][:25]


def named(feed: Feed) -> str:
    """What people call a feed. A private address is never shown: it may hold a key."""
    return feed.name


Which = Annotated[str, Option("Name or address of a feed", rest=True, complete=visible_feeds)]


@command("feeds", "Where the news comes from, with the health of each feed")
async def feeds(
    desk: Desk, call: Invocation, page: Annotated[int, Option("Page of the list", hidden=True)] = 1
) -> Message:
    async with desk.store.read() as tx:
        now = await tx.now()
        known = await tx.feeds.visible(call.tenant)
        states = await tx.feeds.count(call.tenant)
    if not known:
        return Message(title="There are no feeds yet", body=(paragraph("Add one with /feed add and its address."),))

    def draw(feed: Feed) -> Paragraph:
        pace = f"{feed.per_day:.0f} a day" if feed.per_day >= 1 else "less than one a day"
        told = feed.reason or (f"{pace}, checked {ago(feed.checked_at, now)}" if feed.checked_at else "")
        state = " · ".join(part for part in (SAID[feed.state], told) if part)
        return Paragraph((Span(named(feed), bold=True), Span(f" · {state}")), Kind.ITEM)

    body, turn = paged(known, page, "feeds", draw, size=15)
    summary = ", ".join(f"{count} {SAID[state]}" for state, count in states.items() if count)
    return Message(title=f"{counted(len(known), 'feed')}: {summary}", body=tuple(body), buttons=turn)


@command("feed add", "Add a feed for this server", manage=True, examples=("feed add https://example.org/rss",))
async def feed_add(
    desk: Desk, call: Invocation, url: Annotated[str, Option("Address of the feed, or of a page that has one")]
) -> Message:
    final, fetched = await _look(desk, url, "feed add")
    listed = next((each for each in desk.pack if each.url in (final, url)), None)

    async def note(tx: Tx, feed: Feed) -> None:
        most = desk.limits.feeds
        await tx.lock(f"limits of {call.tenant}")
        if await tx.feeds.count_own(call.tenant) > most:
            raise UserError(
                f"This server has {counted(most, 'feed')} of its own, which is the most. /feed remove one first."
            )
        await noted(tx, call, "feed add", named(feed))

    feed, new = await desk.poller.add_feed(
        final,
        fetched,
        tenant=call.tenant,
        added_by=call.person.id,
        source=listed.source if listed else "",
        region=listed.region if listed else "",
        also=note,
    )
    newest = sorted(fetched.entries, key=lambda e: e.published or desk.started_at, reverse=True)[:3]
    title = f"Added {named(feed)}" if new else f"{named(feed)} is among your feeds already"
    return Message(
        title=title,
        body=(
            paragraph(
                f"{counted(len(fetched.entries), 'article')} in it now; they are in the archive and ring nothing."
            ),
            *(Paragraph((Span(e.title, url=e.url),), Kind.ITEM) for e in newest),
        ),
        buttons=(Button("Show", f"feed show {named(feed)}"),),
        tone=Tone.SUCCESS if new else Tone.INFO,
    )


@command("feed test", "Look at an address without adding it", manage=True, examples=("feed test example.org",))
async def feed_test(
    desk: Desk, call: Invocation, url: Annotated[str, Option("Address of a feed or of a page")]
) -> Message:
    final, fetched = await _look(desk, url, "feed test")
    newest = sorted(fetched.entries, key=lambda e: e.published or desk.started_at, reverse=True)[:5]
    dated = sum(1 for e in fetched.entries if e.published)
    return Message(
        title=fetched.title or "A feed",
        body=tuple(Paragraph((Span(e.title, url=e.url),), Kind.ITEM) for e in newest),
        fields=(
            Field("Articles", f"{len(fetched.entries)}, {dated} with a date"),
            Field("Language", fetched.lang or "not said"),
            Field("Asks to be polled", f"every {duration(fetched.hint)} at most" if fetched.hint else "as we like"),
            Field("Size", f"{fetched.size // 1024:,} kB"),
        ),
        buttons=(Button("Add it", f"feed add {final}", style=Style.PRIMARY),),
        tone=Tone.SUCCESS,
    )


async def _look(desk: Desk, url: str, verb: str) -> tuple[str, Fetched]:
    try:
        return await desk.look(url)
    except NotAFeed as error:
        offers = tuple(Button(offer, f"{verb} {offer}") for offer in error.offers[:5])
        hint = "It offers these feeds:" if offers else "It offers no feed that we could find."
        raise NotFound(f"That is not a feed but {error.found}. {hint}", offers) from error
    except FetchError as error:
        raise UserError(f"That address cannot be read: {error}.") from error


@command("feed show", "Everything known about a feed", examples=("feed show BBC News",))
async def feed_show(desk: Desk, call: Invocation, feed: Which) -> Message:
    known = await _the_feed(desk, call, feed)
    async with desk.store.read() as tx:
        now = await tx.now()
        recent = await tx.archive.of_feed(known.id, limit=3)
        gaps, missed = await tx.gaps.count(known.id, now - timedelta(days=30))
    body = [paragraph(f"{SAID[known.state].capitalize()}{f': {known.reason}' if known.reason else ''}.")]
    for article in recent:
        body += listed(article)
    turn = ("feed resume", "Resume") if known.state is FeedState.PAUSED else ("feed pause", "Pause")
    return Message(
        title=named(known),
        url="" if known.private else known.url,
        body=tuple(body),
        fields=(
            Field("Outlet", known.source or "not said"),
            Field("Language", known.lang or "not said"),
            Field("Articles a day", f"{known.per_day:.1f}"),
            Field("Last read", ago(known.ok_at, now)),
            dated("Next look", known.next_check_at) if known.next_check_at else Field("Next look", "when due"),
            *_besides(known),
            *_gaps(known, gaps, missed),
        ),
        buttons=(
            Button(turn[1], f"{turn[0]} {named(known)}"),
            Button("Remove", f"feed remove {named(known)}", style=Style.DANGER),
        ),
        tone=Tone.INFO if known.state in (FeedState.ACTIVE, FeedState.NEW) else Tone.WARNING,
    )


def _besides(feed: Feed) -> list[Field]:
    """What is worth a line only where it is so."""
    fields = [Field("Looked at", f"every {duration(feed.interval)}")] if feed.interval else []
    if feed.fails:
        fields.append(Field("Failures in a row", str(feed.fails)))
    if feed.failing_since:
        fields.append(dated("Failing since", feed.failing_since))
    if feed.full_text:
        fields.append(Field("Text", "from the pages of its articles"))
    if feed.pushed:
        fields.append(Field("News", "announced by its hub; looked at less often"))
    return fields


def _gaps(feed: Feed, count: int, missed: timedelta) -> list[Field]:
    """When two looks in a row had nothing in common, and how often that was."""
    if feed.gap_at is None:
        return []
    often = [Field("Gaps in 30 days", f"{count}, {duration(missed)} together")] if count else []
    return [dated("May have missed articles before", feed.gap_at), *often]


@command("feed pause", "Stop hearing a feed until it is resumed", manage=True, examples=("feed pause BBC News",))
async def feed_pause(desk: Desk, call: Invocation, feed: Which) -> Message:
    return await _pause(desk, call, feed, paused=True)


@command("feed resume", "Hear a paused feed again", manage=True, examples=("feed resume BBC News",))
async def feed_resume(desk: Desk, call: Invocation, feed: Which) -> Message:
    return await _pause(desk, call, feed, paused=False)


async def _pause(desk: Desk, call: Invocation, feed: str, *, paused: bool) -> Message:
    known = await _the_feed(desk, call, feed)
    async with desk.store.begin() as tx:
        done = await tx.feeds.pause(known.id, call.tenant, paused)
        if done:
            await noted(tx, call, "feed pause" if paused else "feed resume", named(known))
    if not done:
        raise UserError(f"{named(known)} is {'paused already' if paused else 'not paused'}.")
    undo = ("Resume", f"feed resume {named(known)}") if paused else ("Pause", f"feed pause {named(known)}")
    state = "Paused" if paused else "Resumed"
    return Message(title=f"{state} {named(known)}", buttons=(Button(*undo),), tone=Tone.SUCCESS)


@command(
    "feed set",
    "How often a feed of this server is looked at",
    manage=True,
    examples=("feed set BBC News 10m", "feed set BBC News 0m"),
)
async def feed_set(
    desk: Desk,
    call: Invocation,
    feed: Which,
    minutes: Annotated[
        int, Option("Minutes between two looks; 0 leaves it to its pace", unit="m", least=0, most=10_080)
    ],
) -> Message:
    if 0 < minutes < LEAST_MINUTES:
        raise UserError(f"{LEAST_MINUTES} minutes are the least: sooner is not polite.")
    known = await _the_feed(desk, call, feed)
    interval = timedelta(minutes=minutes) if minutes else None
    async with desk.store.begin() as tx:
        if await tx.feeds.users(known.id) != {call.tenant}:
            raise UserError(f"{named(known)} is heard by others too, so its pace is not this server's to set.")
        await tx.feeds.adjust(known.id, interval=interval, agent=known.agent)
        was, is_now = (f"every {duration(each)}" if each else "by its pace" for each in (known.interval, interval))
        await noted(tx, call, "feed set", named(known), detail=f"{was} → {is_now}")
    how = (
        f"every {duration(interval)}, unless its server asks for less" if interval else "as often as its pace asks for"
    )
    before = int(known.interval.total_seconds()) // 60 if known.interval else 0
    return Message(
        title=f"{named(known)} is looked at {how}",
        buttons=(Button("Undo", f"feed set {named(known)} {before}m"),),
        tone=Tone.SUCCESS,
    )


@command(
    "feed fulltext",
    "Read the pages of a feed's articles, for feeds that give only summaries",
    manage=True,
    examples=("feed fulltext BBC News", "feed fulltext BBC News off:yes"),
)
async def feed_fulltext(
    desk: Desk, call: Invocation, feed: Which, off: Annotated[bool, Option("No longer")] = False
) -> Message:
    if desk.poller.full_text is None:
        raise UserError("Newsbell was installed here without what reads article pages (the extra fulltext).")
    known = await _the_feed(desk, call, feed)
    async with desk.store.begin() as tx:
        if await tx.feeds.users(known.id) != {call.tenant}:
            raise UserError(f"{named(known)} is heard by others too, so how it is read is not this server's to set.")
        await tx.feeds.read_pages(known.id, not off)
        await noted(tx, call, "feed fulltext", named(known), detail="off" if off else "on")
    what = "by its own summaries" if off else "with the pages of its articles"
    undo = f"feed fulltext {named(known)}{'' if off else ' off:yes'}"
    return Message(
        title=f"{named(known)} is read {what}",
        body=()
        if off
        else (paragraph("What the feed says stays the summary, and is the text where a page cannot be read."),),
        buttons=(Button("Undo", undo),),
        tone=Tone.SUCCESS,
    )


@command("feed remove", "Remove a feed of this server", manage=True, examples=("feed remove BBC News",))
async def feed_remove(
    desk: Desk, call: Invocation, feed: Which, confirm: Annotated[bool, Option("Yes, really", hidden=True)] = False
) -> Message:
    known = await _the_feed(desk, call, feed)
    async with desk.store.read() as tx:
        owned = await tx.feeds.owned(known.id, call.tenant)
    if not owned:
        raise UserError(
            f"{named(known)} comes with the pack that every server hears. You can pause it for yours.",
            (Button("Pause it", f"feed pause {named(known)}"),),
        )
    if not confirm:
        return Message(
            title=f"Remove {named(known)}?",
            body=(paragraph("It will no longer be polled for this server. Its articles stay in the archive."),),
            buttons=(Button("Remove it", f"feed remove {named(known)} confirm:yes", style=Style.DANGER),),
            tone=Tone.WARNING,
        )
    async with desk.store.begin() as tx:
        if await tx.feeds.remove(known.id, call.tenant):
            await noted(tx, call, "feed remove", named(known))
    again = () if known.private else (Button("Add it again", f"feed add {known.url}"),)
    return Message(title=f"Removed {named(known)}", buttons=again, tone=Tone.SUCCESS)


async def _the_feed(desk: Desk, call: Invocation, text: str) -> Feed:
    """The feed that is meant by a name, an address or a part of a name. Raises NotFound with the nearest."""
    wanted = text.strip().strip('"“”').casefold()
    async with desk.store.read() as tx:
        known = await tx.feeds.visible(call.tenant)
    for feed in known:
        if wanted in (feed.url.casefold(), feed.title.casefold(), feed.source.casefold(), named(feed).casefold()):
            return feed
    partly = [feed for feed in known if wanted in named(feed).casefold()]
    if len(partly) == 1:
        return partly[0]
    names = [named(feed) for feed in partly] or get_close_matches(text, [named(f) for f in known], n=5, cutoff=0.4)
    buttons = tuple(Button(name, f"feed show {name}") for name in names[:5])
    raise NotFound(f"Which feed is “{text}”? " + ("Perhaps one of these:" if names else "/feeds lists them."), buttons)
