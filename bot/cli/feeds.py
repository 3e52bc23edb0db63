"""newsbell feeds list, add, test, set, import, export: the operator's feeds, heard by every channel."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import logs
from bot.core.cadence import first_check
from bot.core.errors import FetchError, NotAFeed, UserError
from bot.core.feed_list import FOLDERS, Outline, folder
from bot.core.model import EVERYONE, OPERATOR, Deed, Feed
from bot.settings import load
from bot.store import Tx

if TYPE_CHECKING:
    from bot.house import House

app = typer.Typer(no_args_is_help=True, help="The feeds that every channel hears.")


@asynccontextmanager
async def _house(config: Path) -> AsyncIterator[House]:
    from bot.app import open_house

    settings = load(config)
    logs.configure("error", settings.logs.format)
    async with open_house(settings) as house:
        yield house


async def _added(tx: Tx, feed: Feed) -> None:
    await tx.audit.note(Deed(EVERYONE, "feeds add", feed.name, name=OPERATOR))


@app.command("list")
def list_(context: typer.Context) -> None:
    """Every feed with its state and the reason."""

    async def show() -> None:
        async with _house(context.obj) as house, house.store.read() as tx:
            table = Table("feed", "state", "a day", "last read", "reason", box=None)
            for feed in await tx.feeds.visible(EVERYONE):
                read = feed.ok_at.strftime("%Y-%m-%d %H:%M") if feed.ok_at else "never"
                table.add_row(feed.title or feed.source, feed.state, f"{feed.per_day:.1f}", read, feed.reason)
            Console().print(table)

    asyncio.run(show())


@app.command()
def add(context: typer.Context, url: Annotated[str, typer.Argument(help="Address of a feed or of a page.")]) -> None:
    """Add a feed for every channel."""

    async def look() -> None:
        async with _house(context.obj) as house:
            try:
                final, fetched = await house.source.look(url)
            except NotAFeed as error:
                offers = "".join(f"\n  newsbell feeds add {offer}" for offer in error.offers)
                hint = f" It offers these feeds:{offers}" if offers else " It offers no feed that we could find."
                raise UserError(f"{url} is not a feed but {error.found}.{hint}") from error
            feed, new = await house.poller.add_feed(final, fetched, tenant=EVERYONE, added_by=OPERATOR, also=_added)
            Console().print(f"{'added' if new else 'known already'}: {feed.title or final}", markup=False)
            undated = datetime.min.replace(tzinfo=UTC)
            newest = sorted(fetched.entries, key=lambda entry: entry.published or undated, reverse=True)[:3]
            for entry in newest:
                dated = f"{entry.published:%Y-%m-%d %H:%M}" if entry.published else "undated"
                Console().print(f"  {dated:16} {entry.title}", markup=False)

    asyncio.run(look())


@app.command()
def test(context: typer.Context, url: Annotated[str, typer.Argument(help="Address of a feed or of a page.")]) -> None:
    """Look at an address without adding it: everything learned, and what would be alerted."""

    async def look() -> None:
        from bot.cli.examine import examine

        async with _house(context.obj) as house:
            try:
                lines = await examine(house, url)
            except NotAFeed as error:
                offers = f" It offers: {' '.join(error.offers)}" if error.offers else ""
                raise UserError(f"{url} is not a feed but {error.found}.{offers}") from error
            except FetchError as error:
                raise UserError(f"{url} cannot be read ({error.state}): {error}.") from error
        table = Table(box=None, show_header=False)
        for name, value in lines:
            table.add_row(Text(name, style="dim"), Text(value))
        Console().print(table)

    asyncio.run(look())


@app.command("set")
def set_(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of a feed that is known.")],
    minutes: Annotated[int | None, typer.Option(min=0, help="Minutes between two looks; 0: by its pace.")] = None,
    user_agent: Annotated[str | None, typer.Option(help="Sent instead of our own; empty: our own again.")] = None,
    full_text: Annotated[bool | None, typer.Option(help="Read the pages of its articles (needs the extra).")] = None,
) -> None:
    """How often one feed is looked at, as whom (for a server that refuses our User-Agent), and what of it is read."""

    async def adjust() -> None:
        async with _house(context.obj) as house, house.store.begin() as tx:
            feed = await tx.feeds.by_url(url, EVERYONE)
            if feed is None:
                raise UserError(f"There is no feed of that address; newsbell feeds add {url} adds it.")
            interval = feed.interval if minutes is None else timedelta(minutes=minutes) or None
            agent = feed.agent if user_agent is None else user_agent
            if not agent.isprintable() or len(agent) > 200:
                raise UserError("A User-Agent is one line of at most 200 characters.")
            await tx.feeds.adjust(feed.id, interval=interval, agent=agent)
            if full_text is not None:
                if full_text and house.poller.full_text is None:
                    raise UserError("Article pages are read by an extra: pip install newsbell[fulltext].")
                await tx.feeds.read_pages(feed.id, full_text)
            how = f"every {interval.total_seconds() / 60:g} minutes" if interval else "by its own pace"
            pages: dict[bool | None, str] = {
                True: ", with the pages of its articles",
                False: ", without the pages of its articles",
            }
            told = pages.get(feed.full_text if full_text is None else full_text, "")
            now_read = f"{how}, as {agent or 'ourselves'}{told}"
            await tx.audit.note(Deed(EVERYONE, "feeds set", feed.name, detail=now_read, name=OPERATOR))
        Console().print(f"{feed.name}: {now_read}", markup=False)

    asyncio.run(adjust())


@app.command("import")
def import_(context: typer.Context, file: Annotated[Path, typer.Argument(help="OPML file, or - for input.")]) -> None:
    """Add every feed of an OPML file, its folders as regions; their first looks are spread."""
    from bot.sources import opml

    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error

    async def take() -> None:
        found = opml.read(body)
        added = 0
        async with _house(context.obj) as house, house.store.begin() as tx:
            now = await tx.now()
            for place, outline in enumerate(found.outlines):
                _, new = await tx.feeds.add(
                    outline.url,
                    tenant=EVERYONE,
                    added_by=OPERATOR,
                    title=outline.title,
                    region=FOLDERS.join(outline.folder),
                    private=outline.private,
                    now=first_check(place, len(found.outlines), now=now),
                )
                added += new
            if added:
                what = f"{added} feed{'s' * (added != 1)}"
                await tx.audit.note(Deed(EVERYONE, "feeds import", what, detail=f"from {file.name}", name=OPERATOR))
        skipped = f", {found.skipped} skipped (not http or https)" if found.skipped else ""
        Console().print(f"{added} feeds added, {len(found.outlines) - added} known already{skipped}")

    asyncio.run(take())


@app.command()
def export(context: typer.Context) -> None:
    """Write the feeds as OPML to standard output, in folders by region; private addresses are left out."""
    from bot.sources import opml

    async def give() -> None:
        async with _house(context.obj) as house, house.store.read() as tx:
            feeds = [feed for feed in await tx.feeds.visible(EVERYONE) if not feed.private]
        outlines = [Outline(f.url, f.title or f.source, folder(f.region)) for f in feeds]
        sys.stdout.write(opml.write(outlines, title="Newsbell's feeds", now=datetime.now(UTC)))

    asyncio.run(give())
