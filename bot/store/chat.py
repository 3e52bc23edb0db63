"""The web channel's own messages: what a chat platform elsewhere would keep for us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.core.message import Message
from bot.core.model import Channel
from bot.store import tables as t
from bot.store.transaction import Begin, Record, Transaction
from bot.store.words import clean

said = t.chat_message.c


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """`delivery_id` is empty for what no delivery brought: commands and their replies."""

    id: int
    channel: str
    at: datetime
    edited_at: datetime | None
    message: Message
    delivery_id: str


class ChatLog:
    """Every method is a transaction of its own."""

    def __init__(self, begin: Begin, read: Begin) -> None:
        self._begin = begin
        self._read = read

    async def channels(self) -> list[Channel]:
        """In the order they were added."""
        async with self._read() as tx:
            rows = await tx.rows(select(t.chat_channel).order_by(t.chat_channel.c.added_at, t.chat_channel.c.id))
        return [Channel(row.id, row.tenant, row.name) for row in rows]

    async def add_channel(self, channel: Channel) -> None:
        """Add a channel, or rename it."""
        async with self._begin() as tx:
            put = tx.insert(t.chat_channel).values(
                id=channel.id, tenant=channel.tenant, name=clean(channel.name), added_at=await tx.now()
            )
            await tx.execute(put.on_conflict_do_update(index_elements=["id"], set_={"name": put.excluded.name}))

    async def remove_channel(self, channel_id: str) -> None:
        """With all its messages."""
        async with self._begin() as tx:
            await tx.execute(delete(t.chat_channel).where(t.chat_channel.c.id == channel_id))

    async def post(self, channel_id: str, message: Message, *, delivery_id: str) -> int:
        """The number of the message; posting the same delivery again posts nothing and answers with the first.

        Raises KeyError if there is no such channel.
        """
        async with self._begin() as tx:
            await tx.lock("chat")  # numbers must appear in their order, or `after` would skip one for ever
            if delivery_id and (found := await self._find(tx, channel_id, delivery_id)) is not None:
                return found
            place = await tx.first(select(t.chat_channel).where(t.chat_channel.c.id == channel_id))
            if place is None:
                raise KeyError(channel_id)
            result = await tx.execute(
                tx.insert(t.chat_message)
                .values(
                    channel=channel_id, tenant=place.tenant, at=await tx.now(), message=message, delivery_id=delivery_id
                )
                .returning(said.id)
            )
            return int(result.scalar_one())

    async def edit(self, message_id: int, message: Message) -> None:
        """Change a message in place. Raises KeyError if there is none of that number."""
        async with self._begin() as tx:
            edited = await tx.changed(
                update(t.chat_message).where(said.id == message_id).values(message=message, edited_at=await tx.now())
            )
            if not edited:
                raise KeyError(message_id)

    async def after(self, channel_id: str, after: int = 0, limit: int = 100) -> list[ChatMessage]:
        """The messages with a larger number, oldest first; without a number the newest `limit`."""
        wanted = select(t.chat_message).where(said.channel == channel_id).limit(limit)
        async with self._read() as tx:
            if after:
                rows = await tx.rows(wanted.where(said.id > after).order_by(said.id))
            else:
                rows = list(reversed(await tx.rows(wanted.order_by(said.id.desc()))))
        return [_message(row) for row in rows]

    async def find(self, channel_id: str, delivery_id: str) -> int | None:
        """The number of the message that this delivery brought."""
        if not delivery_id:
            return None
        async with self._read() as tx:
            return await self._find(tx, channel_id, delivery_id)

    async def changed(self, channel_id: str, since: datetime) -> list[ChatMessage]:
        """The messages edited at that instant or later, in the order of their edits."""
        async with self._read() as tx:
            rows = await tx.rows(
                select(t.chat_message)
                .where(said.channel == channel_id, t.EDITED, said.edited_at >= since)
                .order_by(said.edited_at, said.id)
            )
        return [_message(row) for row in rows]

    async def _find(self, tx: Transaction, channel: str, delivery_id: str) -> int | None:
        row = await tx.first(
            select(said.id).where(said.channel == channel, said.delivery_id == delivery_id, t.DELIVERED)
        )
        return row.id if row else None


def _message(row: Record) -> ChatMessage:
    return ChatMessage(row.id, row.channel, row.at, row.edited_at, row.message, row.delivery_id)
