"""newsbell check: whether the bot could run here, line by line."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from bot import logs
from bot.core.errors import FetchError, NewsbellError
from bot.core.model import EVERYONE, Feed
from bot.core.ports import ChecksChannels, Platform
from bot.settings import Settings, load

if TYPE_CHECKING:
    from bot.house import House


def check(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help="Look at this platform alone: discord, slack, web.")] = "",
    feeds: Annotated[bool, typer.Option(help="Also look at every feed.")] = True,
    quick: Annotated[bool, typer.Option(help="Settings, database and tokens only.")] = False,
    lately: Annotated[
        bool, typer.Option(help="Only whether feeds were polled and alerts delivered lately; for a container.")
    ] = False,
) -> None:
    """Check settings, database, tokens and each feed; the exit code is 0 only if all is well."""
    settings = load(context.obj)
    logs.configure("error", settings.logs.format)
    if lately:
        raise typer.Exit(_lately(settings))
    raise typer.Exit(asyncio.run(_check(settings, only=platform, feeds=feeds and not quick and not platform)))


def _lately(settings: Settings) -> int:
    """Whether the bot that works on this database does its work; nothing else is opened for it."""
    from bot.cli.database import with_store
    from bot.pulse import feel

    report = Report()
    on = {"web": settings.web.enabled, "console": settings.console.enabled}
    on |= {"discord": bool(settings.discord.token), "slack": bool(settings.slack.bot_token or settings.slack.client_id)}
    found = with_store(settings, lambda store: feel(store, [name for name, enabled in on.items() if enabled]))
    for each in found.trouble:
        report.bad("lately", each)
    if not found.trouble:
        report.good("polled and delivered lately")
    return 1 if report.failures else 0


async def _check(settings: Settings, *, only: str = "", feeds: bool) -> int:
    from bot.app import open_house

    report = Report()
    report.good("settings")
    async with open_house(settings) as house:
        report.good(f"database ({house.store.dialect})")
        await house.store.look_for_room()
        for warning in house.store.warnings():
            report.note(warning)
        await _check_secrets(house, report)
        report.good(f"topics ({len(house.router.desk.catalogue.entities)} by name)")
        if only and only not in house.platforms:
            on = ", ".join(house.platforms) or "none is"
            report.bad(only, f"this platform is not on ({on}); README, Settings, says what switches it on.")
        for platform in house.platforms.values():
            if only not in ("", platform.name):
                continue
            try:
                report.good(f"{platform.name}: {await platform.check()}")
            except NewsbellError as error:
                report.bad(platform.name, str(error))
            else:
                await _check_channels(house, platform, report)
        if feeds:
            await check_feeds(house, report)
    return 1 if report.failures else 0


async def _check_secrets(house: House, report: Report) -> None:
    """Whether the keys of the settings open what is stored."""
    try:
        count = await house.vault.check()
    except NewsbellError as error:
        report.bad("stored secrets", str(error))
    else:
        if count:
            report.good(f"stored secrets ({count})")


async def _check_channels(house: House, platform: Platform, report: Report) -> None:
    """Ask for each channel that follows something whether its alerts could be posted."""
    if not isinstance(platform, ChecksChannels):
        return
    async with house.store.read() as tx:
        alive, _, _ = await tx.subscriptions.changed(0)
    threaded = {each.channel for each in alive if each.manner.thread}
    for channel in sorted({each.channel for each in alive if each.channel.startswith(f"{platform.name}:")}):
        try:
            report.good(f"{platform.name}: {await platform.check_channel(channel, threads=channel in threaded)}")
        except NewsbellError as error:
            report.bad(f"{platform.name}: {channel}", str(error))


async def check_feeds(house: House, report: Report) -> None:
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
    unread = 0
    try:
        for looked in asyncio.as_completed(looks):
            what, why = await looked
            report.bad(what, why) if why else report.good(what)
            unread += bool(why)
        if unread == len(looks) > 1:
            report.note("No feed could be read: is this machine connected to the internet?")
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
