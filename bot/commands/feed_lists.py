"""/feed import and /feed export: lists of feeds as files, as every feed reader writes and reads them (OPML)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from bot.commands.desk import Desk, noted
from bot.commands.wording import counted
from bot.core.cadence import first_check
from bot.core.command import Invocation, Option, command
from bot.core.errors import NotFound, UserError
from bot.core.feed_list import FOLDERS, Outline, folder
from bot.core.message import Button, File, Kind, Message, Tone, paragraph

NAME = "newsbell.opml"


@command("feed import", "Add every feed of an OPML file, as feed readers export it", manage=True)
async def feed_import(
    desk: Desk, call: Invocation, file: Annotated[File, Option("The OPML file to attach, at most 1 MB")]
) -> Message:
    # A file of the largest size that is let in takes a tenth of a second to read: others need not wait for that.
    found = await asyncio.to_thread(desk.lists.read, file.content)
    if not found.outlines:
        raise UserError(f"There is no feed in {file.name}.")
    most = desk.limits.feeds
    async with desk.store.begin() as tx:
        await tx.lock(f"limits of {call.tenant}")
        now = await tx.now()
        added = 0
        for place, outline in enumerate(found.outlines):
            _, new = await tx.feeds.add(
                outline.url,
                tenant=call.tenant,
                added_by=call.person.id,
                title=outline.title,
                region=FOLDERS.join(outline.folder),
                private=outline.private,
                now=first_check(place, len(found.outlines), now=now),
            )
            added += new
        if await tx.feeds.count_own(call.tenant) > most:
            raise UserError(
                f"With these {counted(len(found.outlines), 'feed')} this server would have more than {most:,} of its "
                "own, which is the most. Nothing was added."
            )
        await noted(tx, call, "feed import", counted(added, "feed"))
    known = len(found.outlines) - added
    told = [f"{counted(known, 'feed')} of the list you had already."] if known else []
    told += [f"{counted(found.skipped, 'entry', 'entries')} had no web address."] if found.skipped else []
    return Message(
        title=f"{counted(added, 'feed')} added",
        body=(
            *(paragraph(text) for text in told),
            paragraph("They are looked at within the next minutes; what is in them now rings nothing.", kind=Kind.NOTE),
        ),
        buttons=(Button("Feeds", "feeds"),),
        tone=Tone.SUCCESS if added else Tone.INFO,
    )


@command("feed export", "All feeds of this server as an OPML file, for any feed reader", manage=True)
async def feed_export(desk: Desk, call: Invocation) -> Message:
    async with desk.store.read() as tx:
        now = await tx.now()
        feeds = [feed for feed in await tx.feeds.visible(call.tenant) if not feed.private]
    if not feeds:
        raise NotFound("There are no feeds to export yet. Add one with /feed add and its address.")
    outlines = [Outline(feed.url, feed.title or feed.source, folder(feed.region)) for feed in feeds]
    content = desk.lists.write(outlines, title="Newsbell's feeds", now=now).encode()
    return Message(
        title=counted(len(feeds), "feed"),
        body=(paragraph("Any feed reader imports this file, and so does /feed import in another server."),),
        footer="Feeds with a key or a password in their address are left out.",
        file=File(NAME, content),
        tone=Tone.SUCCESS,
    )
