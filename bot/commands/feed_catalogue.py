"""/feed catalogue: the feeds that Newsbell knows of, to be found by region, language and kind and added by a press."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated

from bot.commands.desk import Desk
from bot.commands.wording import counted, paged
from bot.core.command import Choice, Invocation, Option, command
from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, paragraph
from bot.core.pack import PackFeed, language, search

PAGE = 12
ADDED_AT_ONCE = 5
"""Buttons of a reply: a row on every platform."""


async def shelves(desk: Desk, call: Invocation, partial: str) -> Sequence[Choice]:
    """Regions, languages and kinds that begin so."""
    known = {name for feed in desk.pack for name in (feed.region, language(feed), feed.kind) if name}
    return [Choice(name) for name in sorted(known) if partial.casefold() in name.casefold()][:25]


@command(
    "feed catalogue",
    "Feeds that can be added, by region, language, kind or outlet",
    examples=("feed catalogue middle east", "feed catalogue arabic newspaper"),
)
async def feed_catalogue(
    desk: Desk,
    call: Invocation,
    words: Annotated[str, Option("What to look for, in any order", rest=True, complete=shelves)] = "",
    page: Annotated[int, Option("Page of the list", hidden=True)] = 1,
) -> Message:
    if not words.strip():
        return _overview(desk.pack)
    found = search(desk.pack, words)
    if not found:
        return Message(title=f"The catalogue has nothing for “{words}”", body=_overview(desk.pack).body[1:])
    async with desk.store.read() as tx:
        heard = {feed.url for feed in await tx.feeds.visible(call.tenant)}
    body, turn = paged(found, page, f"feed catalogue {words}", lambda feed: _line(feed, feed.url in heard), size=PAGE)
    shown = found[(page - 1) * PAGE : page * PAGE]
    absent = [feed for feed in shown if feed.url not in heard][:ADDED_AT_ONCE]
    return Message(
        title=f"{counted(len(found), 'feed')} for “{words}”",
        body=tuple(body),
        buttons=(*(Button(f"Add {feed.title}"[:40], f"feed add {feed.url}") for feed in absent), *turn),
    )


def _line(feed: PackFeed, heard: bool) -> Paragraph:
    about = " · ".join(
        part
        for part in (feed.source if feed.source != feed.title else "", feed.region, language(feed), feed.kind)
        if part
    )
    state = "heard here" if heard else feed.url
    return Paragraph((Span(feed.title, bold=True), Span(f" · {about} · {state}")), Kind.ITEM)


def _overview(feeds: Sequence[PackFeed]) -> Message:
    if not feeds:
        return Message(title="The catalogue is empty", body=(paragraph("/feed add takes the address of any feed."),))
    return Message(
        title=f"The catalogue has {counted(len(feeds), 'feed')}",
        body=(
            paragraph("Say what you look for: /feed catalogue middle east, /feed catalogue arabic newspaper."),
            *(
                paragraph(f"{shelf}: {held}")
                for shelf, held in (
                    ("Regions", _shelf(feed.region for feed in feeds)),
                    ("Languages", _shelf(language(feed) for feed in feeds)),
                    ("Kinds", _shelf(feed.kind for feed in feeds)),
                )
                if held
            ),
        ),
        fields=(Field("Not among them?", "/feed add takes the address of any feed, or of a page that has one"),),
    )


def _shelf(names: Iterable[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in Counter(filter(None, names)).most_common())
