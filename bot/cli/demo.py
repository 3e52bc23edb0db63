"""newsbell demo: the sample wire and the web channel, without network or token."""

from __future__ import annotations

import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot import logs
from bot.cli.serve import say_where, status_line, until_stopped
from bot.demo import Wire
from bot.settings import Settings, load

POLL = timedelta(seconds=2)
HEAD_START = timedelta(seconds=4)
FORGOTTEN = timedelta(hours=1)
"""A demo that stopped less than this ago is picked up where it was; an older one starts anew."""
FOLLOWED = ("ISIL", "Russia-Iraq")


def demo(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option(help="Start the sample wire from its beginning.")] = False,
    pace: Annotated[float, typer.Option(help="Seconds from one article to the next.", min=0.1)] = 4.0,
) -> None:
    """Try it: a sample wire and the web channel, no network and no token."""
    settings = _harmless(load(context.obj))
    logs.configure("warning" if settings.logs.level == "info" else settings.logs.level, settings.logs.format)
    sample = settings.feeds.pack.parent / "demo"

    async def serve() -> None:
        from bot.app import open_house

        wire = await _on_the_air(sample, settings.data_dir, fresh=fresh, pace=timedelta(seconds=pace))
        try:
            allowed = frozenset({wire.address})
            async with open_house(settings, feeds=wire.feeds(), allowed=allowed, interval=POLL) as house:
                for topic in FOLLOWED:
                    await house.follow(topic, "web:general")

                async def progress() -> str:
                    published, total = wire.progress()
                    end = " (that was all; --fresh starts anew)" if wire.finished else ""
                    return f"Sample wire {published}/{total}{end} · {await house.figures()}"

                async with status_line(progress):
                    await house.run(lambda: say_where(house.front_door, "a sample wire of invented outlets"))
        finally:
            await wire.close()

    until_stopped(serve)


def _harmless(given: Settings) -> Settings:
    """The settings with data of its own and without tokens: nothing of a demo may reach a real channel."""
    return given.model_copy(
        update={
            "data_dir": given.data_dir / "demo",
            "database_url": type(given.database_url)(""),
            "feeds": given.feeds.model_copy(update={"host_gap_seconds": 0.0}),
            "web": given.web.model_copy(update={"enabled": True}),
            "discord": given.discord.model_copy(update={"token": None}),
            "slack": given.slack.model_copy(update={"bot_token": None}),
            "llm": given.llm.model_copy(update={"base_url": ""}),
        }
    )


async def _on_the_air(sample: Path, folder: Path, *, fresh: bool, pace: timedelta) -> Wire:
    """The wire, started. A demo that was stopped a moment ago goes on where it was; an old one starts anew.

    So does one whose port was taken meanwhile: its feeds would have other addresses than the ones it remembers.
    """
    if not fresh and (kept := _kept(folder)):
        t0, port = kept
        wire = Wire(sample, clock=_now, t0=t0, pace=pace, port=port)
        await wire.start()
        if wire.address[1] == port:
            return wire
        await wire.close()
    # A feed's first look rings nothing: the wire begins when a slow machine has had that look too.
    t0 = _now() + HEAD_START
    wire = Wire(sample, clock=_now, t0=t0, pace=pace)
    await wire.start()
    _anew(folder, t0, wire.address[1])
    return wire


def _now() -> datetime:
    return datetime.now(UTC)


def _kept(folder: Path) -> tuple[datetime, int] | None:
    """When the demo of this folder began and on which port, if it was not long ago."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((folder / "wire.json").read_text())
        t0 = datetime.fromisoformat(kept["t0"])
        return (t0, int(kept["port"])) if _now() - t0 < FORGOTTEN else None
    return None


def _anew(folder: Path, t0: datetime, port: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wire.json").write_text(json.dumps({"t0": t0.isoformat(), "port": port}))
