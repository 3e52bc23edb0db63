"""What becomes of a place where alerts went: closed to us, open again, or a server that put us out."""

from __future__ import annotations

from hashlib import blake2b

import structlog

from bot.core.message import Message, Tone, paragraph
from bot.core.model import Deed, Delivery
from bot.core.ports import Whispers
from bot.store import Store, Tx

log = structlog.get_logger(__name__)

TOPICS_NAMED = 10


class Places:
    """Keeps the promise of `core.ports.Places` with the store."""

    def __init__(self, store: Store, whispers: Whispers) -> None:
        self.store = store
        self.whispers = whispers

    async def closed(self, channel: str, reason: str) -> None:
        async with self.store.begin() as tx:
            await close(tx, channel, reason, self.whispers)

    async def opened(self, channel: str) -> None:
        async with self.store.begin() as tx:
            resumed = await tx.subscriptions.reopen_channel(channel)
            if resumed:
                await tx.outbox.release_channel(channel)
                await _note(tx, channel, "resumed", "the channel is open again")
        if resumed:
            log.info("channel is open again; its subscriptions go on", channel=channel, subscriptions=resumed)

    async def removed(self, tenant: str) -> None:
        async with self.store.begin() as tx:
            rows = await tx.channels.erase_tenant(tenant)
            for below in await tx.channels.tenants_below(tenant):
                rows += await tx.channels.erase_tenant(below)
        log.info("server has put us out; all that was its own is erased", tenant=tenant, rows=rows)


async def close(tx: Tx, channel: str, reason: str, whispers: Whispers) -> None:
    """Pause what rings in a channel that is closed to us, keep what waits, and tell each who subscribed, once."""
    await tx.outbox.hold_channel(channel, reason)
    place = await tx.channels.get(channel)
    if place is None:
        return
    ringing = [each for each in await tx.subscriptions.of_channel(channel, place.tenant) if not each.paused]
    if not ringing:
        return
    await tx.subscriptions.close_channel(channel, reason)
    log.warning("channel is closed to us; its subscriptions pause", channel=channel, reason=reason)
    await _note(tx, channel, "paused", reason)
    now = await tx.now()
    named = ", ".join(each.topic for each in ringing[:TOPICS_NAMED]) + (" ..." if ringing[TOPICS_NAMED:] else "")
    told = Message(
        title=f"Alerts in #{place.name or 'a channel of yours'} are paused",
        body=(
            paragraph(reason.rstrip(".") + "."),
            paragraph(f"It follows {named}. They go on when I may post there again, or at the next /subscribe there."),
        ),
        tone=Tone.WARNING,
    )
    for person in dict.fromkeys(each.created_by for each in ringing):
        if not person.startswith(f"{place.platform}:") or person in (channel, place.tenant) or not whispers(person):
            continue
        key = blake2b(f"closed\0{channel}\0{person}\0{now.isoformat()}".encode(), digest_size=12).hexdigest()
        await tx.outbox.add(Delivery(key, person, person, told, created_at=now))


async def _note(tx: Tx, channel: str, did: str, detail: str) -> None:
    """What we did by ourselves stands in the audit log too."""
    if place := await tx.channels.get(channel):
        await tx.audit.note(Deed(place.tenant, did, "the subscriptions", channel, detail))
