"""/mute and /unmute: a channel that has heard enough of a story."""

from __future__ import annotations

from typing import Annotated

from bot.commands.desk import Desk, noted
from bot.core.command import Invocation, Option, command
from bot.core.errors import NotFound
from bot.core.message import Button, Message, Tone
from bot.core.model import Story

Number = Annotated[int, Option("Number of the story, as its button has it", most=2**53 - 1)]


@command("mute", "Hear no more of a story in this channel", manage=True, examples=("mute 12",))
async def mute(desk: Desk, call: Invocation, story: Number) -> Message:
    known = await _story(desk, call, story)
    async with desk.store.begin() as tx:
        now = await tx.now()
        if await tx.subscriptions.mute_story(call.channel.id, call.tenant, story, by=call.person.id, now=now):
            await noted(tx, call, "mute", f"story {story}", detail=known.headline)
    return Message(
        title=f"Muted: {known.headline}",
        footer=f"#{call.channel.name} hears no more of this story. Other stories still ring.",
        buttons=(Button("Unmute", f"unmute {story}"),),
        tone=Tone.SUCCESS,
    )


@command("unmute", "Hear of a muted story again", manage=True, examples=("unmute 12",))
async def unmute(desk: Desk, call: Invocation, story: Number) -> Message:
    known = await _story(desk, call, story)
    async with desk.store.begin() as tx:
        if await tx.subscriptions.unmute_story(call.channel.id, call.tenant, story):
            await noted(tx, call, "unmute", f"story {story}", detail=known.headline)
    return Message(title=f"No longer muted: {known.headline}", tone=Tone.SUCCESS)


async def _story(desk: Desk, call: Invocation, story: int) -> Story:
    async with desk.store.read() as tx:
        known = await tx.archive.story(story, call.tenant)
    if known is None:
        raise NotFound("That story is no longer in the archive.")
    return known
