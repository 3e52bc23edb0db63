"""newsbell run: the bot itself, until it is stopped; and what the demo shares with it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from bot import logs
from bot.core.errors import SettingsError
from bot.settings import Settings, load

terminal = Console(stderr=True)


def run(
    context: typer.Context,
    roles: Annotated[
        str, typer.Option(help="What this process does, of many on one PostgreSQL (docs/scale.md).")
    ] = "poll,match,deliver,gateway,web",
) -> None:
    """Start the bot: real feeds, config/settings.toml, every platform that has its token."""
    from bot.house import ROLES

    wanted = frozenset(role.strip() for role in roles.split(","))
    if unknown := wanted - set(ROLES):
        raise SettingsError(f"--roles knows {', '.join(ROLES)}, not {', '.join(sorted(unknown))}.")
    _run(load(context.obj), wanted)


def worker(context: typer.Context) -> None:
    """Start one more process beside others: it polls, matches and delivers, and listens to nobody."""
    from bot.house import WORKER

    _run(load(context.obj), WORKER)


def _run(settings: Settings, roles: frozenset[str]) -> None:
    logs.configure(settings.logs.level, settings.logs.format)

    async def serve() -> None:
        from bot.app import open_house
        from bot.house import ROLES

        if roles != set(ROLES) and settings.database.startswith("sqlite"):
            raise SettingsError(
                "Only on PostgreSQL can processes share the work: set NEWSBELL_DATABASE_URL, or leave out --roles."
            )
        async with open_house(settings, roles=roles) as house:
            what = ", ".join(sorted(house.platforms)) or "no platform is on"
            await house.run(lambda: say_where(house.front_door, what))

    until_stopped(serve)


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
