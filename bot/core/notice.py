"""What is said about a feed itself: that it went dark, is back, published more than was alerted; and about the disk."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from bot.core.message import Button, Field, Message, Tone, dated, paragraph
from bot.core.model import Channel, Delivery, Feed


def gone_dark(feed: Feed, channel: Channel, *, now: datetime, own: bool = False) -> Delivery:
    """`feed` is as it is after the failure that made it dark; `own` where the channel is of one who added it."""
    last = dated("Last read", feed.ok_at) if feed.ok_at else Field("Last read", "never")
    message = Message(
        title=f"{_name(feed, own)} brings nothing at the moment",
        body=(
            paragraph(f"{feed.reason[:1].upper()}{feed.reason[1:]}."),
            paragraph("It is still asked, less often; you hear once more when it is back."),
        ),
        fields=(last, Field("Failures in a row", str(feed.fails))),
        buttons=() if feed.private else (Button("Show", f"feed show {feed.name}"),),
        tone=Tone.WARNING,
    )
    return _delivery(feed, channel, message, f"dark {feed.failing_since}", now)


def back_again(feed: Feed, channel: Channel, *, now: datetime, own: bool = False) -> Delivery:
    """`feed` is as it was before the look that succeeded."""
    since = (" It had been away since ", feed.failing_since, ".") if feed.failing_since else ()
    message = Message(
        title=f"{_name(feed, own)} is back",
        body=(
            paragraph("It can be read again.", *since),
            paragraph("What it published meanwhile is alerted if it is not too old."),
        ),
        tone=Tone.SUCCESS,
    )
    return _delivery(feed, channel, message, f"back {feed.failing_since}", now)


def and_more(feed: Feed, channel: Channel, count: int, *, now: datetime) -> Delivery:
    """The line after the alerts of a flood that was stopped."""
    articles = "1 more article that you follow" if count == 1 else f"{count} more articles that you follow"
    message = Message(
        body=(paragraph(f"{_name(feed)} published {articles} at once. They are in the archive: /news finds them."),)
    )
    return _delivery(feed, channel, message, f"more {now.isoformat()}", now)


def of_room(channel: Channel, *, short: bool, now: datetime) -> Delivery:
    """That the disk is full, or no longer."""
    if short:
        title, said = "The disk is nearly full", "No feed is looked at until there is room; what waits is still posted."
    else:
        title, said = (
            "There is room on the disk again",
            "Feeds are looked at again, and what they still show is alerted.",
        )
    tone = Tone.WARNING if short else Tone.SUCCESS
    number = blake2b(f"room {short} {channel.id} {now.isoformat()}".encode(), digest_size=12).hexdigest()
    message = Message(title=title, body=(paragraph(said),), tone=tone)
    return Delivery(number, channel.tenant, channel.id, message, created_at=now)


def _name(feed: Feed, own: bool = False) -> str:
    """A private feed's own title may say more than others should know; its address, more than anybody should."""
    named = own and (feed.title or feed.source)
    return "A private feed" if feed.private and not named else feed.name


def _delivery(feed: Feed, channel: Channel, message: Message, what: str, now: datetime) -> Delivery:
    number = blake2b(f"feed {feed.id} {what} {channel.id}".encode(), digest_size=12).hexdigest()
    return Delivery(number, channel.tenant, channel.id, message, created_at=now)
