"""Channels that we know, and tenants that are forgotten to the last row."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from bot.core.message import Message
from bot.core.model import EVERYONE, Channel, Deed, Delivery, Entry
from bot.store import Seal, Store, Vault, new_key
from bot.store.tables import metadata
from tests.store.databases import START

SHARED = {"host", "domain", "counter", "erased_subscription", "mark"} | {
    "seen", "gap", "push", "sought", "report", "revision"
}  # fmt: skip
"""Without a tenant: hosts and domains are public, counters, marks and bare numbers say nothing; what was seen, missed,
pushed and looked for goes with its feed, how an article came to its story and what it said before with the article."""


async def test_a_channel_is_remembered_by_the_name_it_has_today(store: Store) -> None:
    async with store.begin() as tx:
        await tx.channels.remember(Channel("slack:1", "team", "old-name"), now=START)
        await tx.channels.remember(Channel("slack:1", "team", "new-name"), now=START)
        await tx.channels.remember(Channel("slack:2", "team", "a-name"), now=START)
        assert await tx.channels.get("slack:1") == Channel("slack:1", "team", "new-name")
        assert await tx.channels.get("slack:3") is None
        assert [channel.name for channel in await tx.channels.of_tenant("team")] == ["a-name", "new-name"]
        assert await tx.channels.of_tenant("others") == []


async def live(store: Store, tenant: str) -> None:
    """Leave a row of this tenant in every table that has tenants."""
    here = Channel(f"web:{tenant}", tenant, "here")
    await store.chat.add_channel(here)
    await store.chat.post(here.id, Message(title=tenant), delivery_id=tenant)
    await Vault(store.begin, store.read, Seal(new_key())).put(tenant, "installation", tenant)
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add(
            f"https://x.example/?{tenant}", tenant=tenant, added_by=tenant, private=True, now=START
        )
        await tx.feeds.add("https://public.example/", tenant=tenant, added_by=tenant, now=START)
        [article] = await tx.archive.add(feed, [Entry(tenant, tenant)], now=START)
        story = await tx.archive.open_story(article, now=START)
        await tx.subscriptions.add(tenant, here, tenant, created_by=tenant, now=START)
        await tx.topics.write(tenant, tenant, tenant, "oil", by=tenant, now=START)
        await tx.subscriptions.mute_story(here.id, tenant, story, by=tenant, now=START)
        await tx.audit.note(Deed(tenant, "subscribe", tenant, here.id))
        await tx.readers.look(tenant, here.id, "ann", now=START)
        delivery = Delivery(tenant, tenant, here.id, Message(title=tenant), story_id=story, topics=(tenant,))
        await tx.outbox.add(delivery)
        await tx.cards.open(delivery, now=START)
        await tx.outbox.mark_alerted(here.id, story, [tenant], delivery_id=tenant, now=START)


async def rows_of(store: Store, tenant: str) -> dict[str, int]:
    async with store.read() as tx:
        return {
            name: (
                await tx.execute(select(func.count()).select_from(table).where(table.c.tenant == tenant))
            ).scalar_one()
            for name, table in metadata.tables.items()
            if "tenant" in table.c
        }


async def test_a_new_channel_met_by_two_processes_at_once_is_noted_once(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(2)]

    async def meet(store: Store, channel: Channel, *, named: bool) -> None:
        async with store.begin() as tx:
            if named:
                await tx.channels.remember(channel, now=START)
            else:
                await tx.channels.meet(channel.id, channel.tenant, now=START)

    for number in range(20):
        channel = Channel(f"web:{number}", "web", "new")
        await asyncio.gather(*(meet(store, channel, named=named) for store in stores * 3 for named in (True, False)))
    async with stores[0].read() as tx:
        assert len(await tx.channels.of_tenant("web")) == 20
    for store in stores:
        await store.close()


async def test_every_table_either_carries_the_tenant_or_is_known_not_to() -> None:
    assert {name for name, table in metadata.tables.items() if "tenant" not in table.c} == SHARED
    for name, table in metadata.tables.items():
        if name not in SHARED:
            assert not table.c.tenant.nullable


async def test_an_erased_tenant_leaves_no_row_anywhere_and_others_keep_theirs(store: Store) -> None:
    await live(store, "mallory")
    await live(store, "ann")
    before = await rows_of(store, "ann")
    assert all(before.values()), before
    assert before == await rows_of(store, "mallory")
    async with store.begin() as tx:
        alive, _, revision = await tx.subscriptions.changed(0)
        erased = await tx.channels.erase_tenant("mallory")
    assert erased == sum(before.values())
    assert not any((await rows_of(store, "mallory")).values())
    assert await rows_of(store, "ann") == before
    async with store.read() as tx:
        for name, table in metadata.tables.items():
            for row in await tx.rows(select(table)):
                assert "mallory" not in str(row), name
        gone = [each.id for each in alive if each.tenant == "mallory"]
        assert await tx.subscriptions.changed(revision) == ([], gone, revision + 1)
        assert await tx.archive.search([["mallory"]], tenant="mallory") == []
    await live(store, "mallory")
    assert await rows_of(store, "mallory") == before


async def test_a_story_that_others_have_part_in_outlives_its_opener(store: Store) -> None:
    async with store.begin() as tx:
        private, _ = await tx.feeds.add("https://x.example/", tenant="a", private=True, source="A's", now=START)
        public, _ = await tx.feeds.add("https://public.example/", source="Public", now=START)
        [secret] = await tx.archive.add(private, [Entry("s", "Secret headline")], now=START)
        [known] = await tx.archive.add(public, [Entry("p", "Public headline")], now=START)
        story = await tx.archive.open_story(secret, now=START)
        await tx.archive.join_story(known.id, story, copy_of=None, now=START)
        await tx.channels.erase_tenant("a")
        left = await tx.archive.story(story)
    assert left is not None
    assert (left.headline, left.articles, left.sources) == ("Public headline", 1, ("Public",))


async def test_what_all_share_cannot_be_erased(store: Store) -> None:
    async with store.begin() as tx:
        with pytest.raises(ValueError, match="share"):
            await tx.channels.erase_tenant(EVERYONE)
