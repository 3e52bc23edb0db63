"""/status: is it working, and how well; measured, not claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.commands.desk import Desk
from bot.commands.wording import counted, duration
from bot.core.command import Invocation, command
from bot.core.message import Button, Field, Message, Tone, paragraph
from bot.core.model import DeliveryState, FeedState

WELL = {FeedState.ACTIVE, FeedState.NEW, FeedState.PAUSED}


@command("status", "What Newsbell did in the last 24 hours, and whether all is well")
async def status(desk: Desk, call: Invocation) -> Message:
    async with desk.store.read() as tx:
        now = await tx.now()
        day = now - timedelta(days=1)
        feeds = await tx.feeds.count(call.tenant)
        archive = await tx.archive.count(call.tenant, day)
        sent = await tx.deliveries.counts(call.tenant, day)
        lateness = await tx.deliveries.lateness(call.tenant, day)
        reasons = await tx.deliveries.reasons(call.tenant, day)
        following = await tx.subscriptions.of_tenant(call.tenant)
    trouble = sum(count for state, count in feeds.items() if state not in WELL)
    undelivered = sent.get(DeliveryState.DEAD, 0) + sent.get(DeliveryState.EXPIRED, 0)
    full = desk.store.short_of_room
    well = not trouble and not undelivered and not full
    fields = [
        Field("Feeds", f"{feeds.get(FeedState.ACTIVE, 0)} of {sum(feeds.values())} answering"),
        Field("Articles", f"{archive.articles:,} in {counted(archive.stories, 'story', 'stories')}"),
        Field("Sources", f"{archive.sources}"),
        Field("Alerts delivered", f"{sent.get(DeliveryState.SENT, 0)}"),
        Field("Waiting", f"{sum(sent.get(s, 0) for s in _WAITING)}"),
        Field("Undelivered", f"{undelivered}"),
        Field("Following", counted(len(following), "topic")),
        Field("Platforms", ", ".join(sorted(desk.platforms)) or "none"),
    ]
    if lateness:
        fields.append(
            Field("Queued to posted", f"{lateness[0]:.1f} s median, {lateness[1]:.1f} s at the 95th percentile")
        )
    return Message(
        title="All is well" if well else "Working, with trouble",
        body=() if well else (paragraph(_trouble(trouble, undelivered, reasons, full, alone=_alone(feeds))),),
        fields=tuple(fields),
        buttons=(Button("Feeds", "feeds"), Button("Subscriptions", "subscriptions")),
        footer=f"Newsbell {desk.version}, up for {duration(now - desk.started_at)}; the figures are of 24 hours",
        tone=Tone.SUCCESS if well else Tone.WARNING,
    )


_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.HELD)


def _alone(feeds: Mapping[FeedState, int]) -> bool:
    """Whether several feeds fail and none answers: then it is hardly their fault."""
    return not feeds.get(FeedState.ACTIVE) and feeds.get(FeedState.BACKOFF, 0) > 1


def _trouble(feeds: int, undelivered: int, reasons: Sequence[tuple[str, int]], full: bool, *, alone: bool) -> str:
    parts = []
    if full:
        parts.append("The disk is nearly full: no feed is looked at until there is room; what waits is still posted.")
    if feeds:
        parts.append(f"{counted(feeds, 'feed')} cannot be read at the moment; /feeds says why.")
    if alone:
        parts.append("None answers: perhaps the machine that Newsbell runs on has no connection to the internet.")
    if undelivered:
        why = "; ".join(f"{reason.rstrip('.')} ({times})" for reason, times in reasons)
        parts.append(f"{counted(undelivered, 'alert')} could not be delivered: {why}.")
    return " ".join(parts)
