"""The web channel's own log."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.message import Message, paragraph
from bot.core.model import Channel
from bot.store import ChatMessage, Store
from tests.store.databases import START, Clock

GENERAL = Channel("web:general", "web", "general")


async def test_channels_come_in_the_order_they_were_added(store: Store, clock: Clock) -> None:
    await store.chat.add_channel(Channel("web:z", "web", "z"))
    clock.turn(timedelta(seconds=1))
    await store.chat.add_channel(Channel("web:a", "web", "a"))
    await store.chat.add_channel(Channel("web:z", "web", "renamed"))
    assert await store.chat.channels() == [Channel("web:z", "web", "renamed"), Channel("web:a", "web", "a")]
    await store.chat.remove_channel("web:z")
    assert await store.chat.channels() == [Channel("web:a", "web", "a")]


async def test_a_delivery_is_posted_once_and_found_again(store: Store) -> None:
    await store.chat.add_channel(GENERAL)
    first = await store.chat.post(GENERAL.id, Message(title="Alert"), delivery_id="d1")
    assert await store.chat.post(GENERAL.id, Message(title="Alert"), delivery_id="d1") == first
    assert await store.chat.find(GENERAL.id, "d1") == first
    assert await store.chat.find(GENERAL.id, "d2") is None
    assert await store.chat.find(GENERAL.id, "") is None
    replies = {await store.chat.post(GENERAL.id, Message(title="Reply"), delivery_id="") for _ in range(2)}
    assert len(replies | {first}) == 3


async def test_posting_the_same_delivery_at_once_is_one_message(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(2)]
    await stores[0].chat.add_channel(GENERAL)
    numbers = await asyncio.gather(
        *(stores[n % 2].chat.post(GENERAL.id, Message(title="Alert"), delivery_id="d1") for n in range(8))
    )
    assert len(set(numbers)) == 1
    assert len(await stores[0].chat.after(GENERAL.id)) == 1
    for store in stores:
        await store.close()


async def test_after_goes_on_from_a_number_and_without_one_shows_the_newest(store: Store) -> None:
    await store.chat.add_channel(GENERAL)
    numbers = [await store.chat.post(GENERAL.id, Message(title=str(n)), delivery_id="") for n in range(6)]

    async def titles(**how: int) -> list[str]:
        return [said.message.title for said in await store.chat.after(GENERAL.id, **how)]

    assert await titles(limit=3) == ["3", "4", "5"]
    assert await titles(after=numbers[1], limit=3) == ["2", "3", "4"]
    assert await titles(after=numbers[5]) == []
    assert await store.chat.after("web:nowhere") == []


async def test_an_edit_is_told_to_who_asks_since(store: Store, clock: Clock) -> None:
    await store.chat.add_channel(GENERAL)
    said = Message(title="Alert", body=(paragraph("half a face: \ud83d, a NUL: \x00"),))
    number = await store.chat.post(GENERAL.id, said, delivery_id="d1")
    assert await store.chat.changed(GENERAL.id, START) == []
    edited_at = clock.turn(timedelta(minutes=1))
    await store.chat.edit(number, Message(title="Muted"))
    expected = ChatMessage(number, GENERAL.id, START, edited_at, Message(title="Muted"), "d1")
    assert await store.chat.changed(GENERAL.id, edited_at) == [expected]
    assert await store.chat.changed(GENERAL.id, edited_at + timedelta(seconds=1)) == []
    assert await store.chat.after(GENERAL.id) == [expected]


async def test_what_is_not_there_is_a_key_error(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.chat.post("web:nowhere", Message(title="x"), delivery_id="")
    with pytest.raises(KeyError):
        await store.chat.edit(99, Message(title="x"))


async def test_a_message_comes_back_as_it_was_said(store: Store) -> None:
    await store.chat.add_channel(GENERAL)
    said = Message(title="T\ud83d", body=(paragraph("a\x00b", kind=paragraph().kind),), at=START)
    await store.chat.post(GENERAL.id, said, delivery_id="")
    [back] = await store.chat.after(GENERAL.id)
    assert back.message == said
