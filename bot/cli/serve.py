"""newsbell demo, run, check: the bot itself, and whether it could run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from bot import logs
from bot.core.errors import FetchError, NewsbellError
from bot.core.model import EVERYONE, Feed
from bot.settings import Settings, load

if TYPE_CHECKING:
    from bot.app import House

DEMO_POLL = timedelta(seconds=2)
DEMO_HEAD_START = timedelta(seconds=4)
DEMO_FORGOTTEN = timedelta(hours=1)
"""A demo that stopped less than this ago is picked up where it was; an older one starts anew."""

terminal = Console(stderr=True)


def run(context: typer.Context) -> None:
    """Start the bot: real feeds, config/settings.toml, every platform that has its token."""
    settings = load(context.obj)
    logs.configure(settings.logs.level, settings.logs.format)

    async def serve() -> None:
        from bot.app import open_house

        async with open_house(settings) as house:
            say_where(house.front_door, ", ".join(sorted(house.platforms)) or "no platform is on")
            await house.run()

    until_stopped(serve)


def demo(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option(help="Start the sample wire from its beginning.")] = False,
    pace: Annotated[float, typer.Option(help="Seconds from one article to the next.", min=0.1)] = 4.0,
) -> None:
    """Try it: a sample wire and the web channel, no network and no token."""
    given = load(context.obj)
    settings = given.model_copy(
        update={
            "data_dir": given.data_dir / "demo",
            "feeds": given.feeds.model_copy(update={"host_gap_seconds": 0.0}),
            # Nothing of a demo may reach a real channel.
            "discord": given.discord.model_copy(update={"token": None}),
            "slack": given.slack.model_copy(update={"bot_token": None}),
            "web": given.web.model_copy(update={"enabled": True}),
            "database_url": type(given.database_url)(""),
        }
    )
    logs.configure("warning" if settings.logs.level == "info" else settings.logs.level, settings.logs.format)
    sample = settings.feeds.pack.parent / "demo"

    async def serve() -> None:
        from bot.app import open_house
        from bot.demo import Wire

        t0 = _wire_start(settings.data_dir, fresh=fresh)
        wire = Wire(sample, clock=lambda: datetime.now(UTC), t0=t0, pace=timedelta(seconds=pace))
        await wire.start()
        try:
            allowed = frozenset({wire.address})
            async with open_house(settings, feeds=wire.feeds(), allowed=allowed, interval=DEMO_POLL) as house:
                for topic in ("ISIL", "Russia-Iraq"):
                    await house.follow(topic, "web:general")
                say_where(house.front_door, "a sample wire of invented outlets")

                async def progress() -> str:
                    published, total = wire.progress()
                    end = " (that was all; --fresh starts anew)" if wire.finished else ""
                    return f"Sample wire {published}/{total}{end} · {await house.figures()}"

                async with status_line(progress):
                    await house.run()
        finally:
            await wire.close()

    until_stopped(serve)


def _wire_start(folder: Path, *, fresh: bool) -> datetime:
    """When the wire began: a demo that was stopped a moment ago goes on where it was, an old one starts anew."""
    note = folder / "wire.json"
    now = datetime.now(UTC)
    with contextlib.suppress(OSError, ValueError, KeyError):
        kept = json.loads(note.read_text())
        t0 = datetime.fromisoformat(kept["t0"])
        if not fresh and now - t0 < DEMO_FORGOTTEN:
            return t0
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    # A feed's first look rings nothing: the wire begins when a slow machine has had that look too.
    t0 = now + DEMO_HEAD_START
    note.write_text(json.dumps({"t0": t0.isoformat()}))
    return t0


def say_where(front_door: str, what: str) -> None:
    """The one line that says where to look; never logged, for it may hold the key of the door."""
    where = f"open {front_door} ({what})" if front_door else what
    terminal.print(f"Newsbell is on: {where}. Ctrl-C stops it.", soft_wrap=True, markup=False, highlight=False)


@asynccontextmanager
async def status_line(say: Callable[[], Awaitable[str]]) -> AsyncIterator[None]:
    """A line at the foot of the terminal that is kept up to date; nothing where nobody watches."""
    if not terminal.is_terminal:
        yield
        return
    with Live(Text(""), console=terminal, auto_refresh=False, transient=True) as live:

        async def refresh() -> None:
            while True:
                live.update(Text(await say(), style="dim"), refresh=True)
                await asyncio.sleep(0.5)

        task = asyncio.create_task(refresh())
        try:
            yield
        finally:
            task.cancel()


def until_stopped(serve: Callable[[], Awaitable[None]]) -> None:
    """Run until Ctrl-C or SIGTERM, and stop cleanly: what is being posted is finished, nothing is left half done."""

    async def supervised() -> None:
        task = asyncio.ensure_future(serve())
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(stop, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(supervised())
    terminal.print("Stopped.")


def check(
    context: typer.Context,
    feeds: Annotated[bool, typer.Option(help="Also look at every feed.")] = True,
    quick: Annotated[bool, typer.Option(help="Settings and database only; the container's health check.")] = False,
) -> None:
    """Check settings, database, tokens and each feed; the exit code is 0 only if all is well."""
    settings = load(context.obj)
    logs.configure("error", settings.logs.format)
    raise typer.Exit(asyncio.run(_check(settings, feeds=feeds and not quick)))


async def _check(settings: Settings, *, feeds: bool) -> int:
    from bot.app import open_house

    report = Report()
    report.good("settings")
    async with open_house(settings) as house:
        report.good(f"database ({house.store.dialect})")
        for warning in house.store.warnings():
            report.note(warning)
        report.good(f"topics ({len(house.router.desk.catalogue.entities)} by name)")
        for platform in house.platforms.values():
            try:
                report.good(f"{platform.name}: {await platform.check()}")
            except NewsbellError as error:
                report.bad(platform.name, str(error))
        if feeds:
            await _check_feeds(house, report)
    return 1 if report.failures else 0


async def _check_feeds(house: House, report: Report) -> None:
    """Look at every feed, a few hosts at a time; what they bring is not stored."""
    gate = asyncio.Semaphore(16)

    async def look(feed: Feed) -> tuple[str, str]:
        async with gate:
            try:
                fetched = await house.source.fetch(feed)
            except FetchError as error:
                return f"feed {feed.title}", str(error)
            return f"feed {feed.title}: {len(fetched.entries)} articles", ""

    async with house.store.read() as tx:
        known = await tx.feeds.visible(EVERYONE)
    # Without what we remember of it, or an unchanged feed would look empty.
    looks = [asyncio.create_task(look(replace(feed, cache={}))) for feed in known]
    try:
        for looked in asyncio.as_completed(looks):
            what, why = await looked
            report.bad(what, why) if why else report.good(what)
    finally:
        for task in looks:
            task.cancel()
        await asyncio.gather(*looks, return_exceptions=True)


class Report:
    """What `check` found, a line each; counts what is wrong."""

    def __init__(self) -> None:
        self.failures = 0

    def good(self, what: str) -> None:
        self._say("ok  ", "green", what)

    def note(self, what: str) -> None:
        self._say("note", "yellow", what)

    def bad(self, what: str, why: str) -> None:
        self.failures += 1
        self._say("bad ", "red", f"{what}: {why}")

    def _say(self, mark: str, colour: str, text: str) -> None:
        typer.secho(mark, fg=colour, nl=False)
        typer.echo(f" {text}")
