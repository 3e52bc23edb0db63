"""Subscriptions: one per channel and topic, tombstones, revisions, and stories that a channel has heard enough of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.core.model import Channel, Sensitivity, Subscription
from bot.store import Store
from bot.store.tables import subscription
from tests.store.databases import START

HERE = Channel("web:here", "web", "here")
THERE = Channel("web:there", "web", "there")
ELSEWHERE = Channel("discord:1", "discord-guild", "general")


async def test_subscribing_twice_is_one_subscription_with_the_later_sensitivity(store: Store) -> None:
    async with store.begin() as tx:
        first, created = await tx.subscriptions.add("web", HERE, "ISIL", created_by="ann", now=START)
        again, created_again = await tx.subscriptions.add(
            "web", HERE, "ISIL", sensitivity=Sensitivity.STRONG, now=START
        )
        assert (created, created_again) == (True, False)
        assert first == Subscription(first.id, "web", "web:here", "ISIL", created_by="ann", created_at=START)
        assert again == replace(first, sensitivity=Sensitivity.STRONG)
        assert await tx.subscriptions.of_channel("web:here", "web") == [again]
        assert await tx.channels.get("web:here") == HERE


async def test_each_tenant_sees_and_ends_its_own(store: Store) -> None:
    async with store.begin() as tx:
        ours, _ = await tx.subscriptions.add("web", HERE, "ISIL", now=START)
        other, _ = await tx.subscriptions.add("discord-guild", ELSEWHERE, "ISIL", now=START)
        assert await tx.subscriptions.of_tenant("web") == [ours]
        assert await tx.subscriptions.of_channel(ELSEWHERE.id, "web") == []
        assert not await tx.subscriptions.remove(other.id, "web")
        assert await tx.subscriptions.of_tenant("discord-guild") == [other]


async def test_a_channel_of_another_tenant_cannot_be_subscribed(store: Store) -> None:
    async with store.begin() as tx:
        await tx.channels.remember(ELSEWHERE, now=START)
        with pytest.raises(ValueError, match="own tenant"):
            await tx.subscriptions.add("web", ELSEWHERE, "ISIL", now=START)
        with pytest.raises(ValueError, match="another tenant"):
            await tx.subscriptions.add("web", replace(ELSEWHERE, tenant="web"), "ISIL", now=START)


async def test_the_database_itself_refuses_a_row_across_tenants(store: Store) -> None:
    async with store.begin() as tx:
        await tx.channels.remember(ELSEWHERE, now=START)
    with pytest.raises(IntegrityError):
        async with store.begin() as tx:
            await tx.subscriptions.mute_story(ELSEWHERE.id, "web", 1, by="mallory", now=START)


async def test_an_ended_subscription_stays_as_a_tombstone_and_may_begin_again(store: Store) -> None:
    async with store.begin() as tx:
        first, _ = await tx.subscriptions.add("web", HERE, "ISIL", now=START)
        assert await tx.subscriptions.remove(first.id, "web")
        assert not await tx.subscriptions.remove(first.id, "web")
        assert await tx.subscriptions.of_tenant("web") == []
        second, created = await tx.subscriptions.add("web", HERE, "ISIL", now=START)
        assert created
        assert second.id != first.id
        [ended] = await tx.rows(select(subscription.c.ended_at).where(subscription.c.id == first.id))
        assert ended.ended_at == START


async def test_whoever_asks_for_changes_misses_none(store: Store) -> None:
    async with store.begin() as tx:
        assert await tx.subscriptions.changed(0) == ([], [], 0)
        a, _ = await tx.subscriptions.add("web", HERE, "A", now=START)
        b, _ = await tx.subscriptions.add("web", HERE, "B", now=START)
        alive, ended, revision = await tx.subscriptions.changed(0)
        assert (alive, ended) == ([a, b], [])
        assert await tx.subscriptions.changed(revision) == ([], [], revision)
        await tx.subscriptions.remove(a.id, "web")
        assert await tx.subscriptions.pause_channel("web:here", "the channel is archived") == 1
        alive, ended, later = await tx.subscriptions.changed(revision)
        assert alive == [replace(b, paused="the channel is archived")]
        assert ended == [a.id]
        assert await tx.subscriptions.pause_channel("web:here", "again") == 0
        assert await tx.subscriptions.resume_channel("web:here") == 1
        assert (await tx.subscriptions.changed(later))[0] == [b]


async def test_changes_made_at_once_get_numbers_in_the_order_they_become_visible(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(2)]
    known: dict[int, Subscription] = {}
    revision = 0

    async def subscribe(number: int) -> None:
        async with stores[number % 2].begin() as tx:
            await tx.subscriptions.add("web", HERE, f"topic {number}", now=START)

    async def follow() -> None:
        nonlocal revision
        async with stores[0].read() as tx:
            alive, _, revision = await tx.subscriptions.changed(revision)
        known.update({each.id: each for each in alive})

    async def follow_all_along() -> None:
        while len(known) < 30:
            await follow()
            await asyncio.sleep(0)

    async with asyncio.timeout(30):
        await asyncio.gather(follow_all_along(), *(subscribe(number) for number in range(30)))
    for store in stores:
        await store.close()
    assert len(known) == 30


async def test_a_muted_story_is_muted_in_that_channel_until_unmuted(store: Store) -> None:
    async with store.begin() as tx:
        await tx.channels.remember(THERE, now=START)
        for _ in range(2):
            await tx.subscriptions.mute_story("web:here", "web", 7, by="ann", now=START)
        await tx.subscriptions.mute_story("web:there", "web", 7, by="bob", now=START)
        assert await tx.subscriptions.muted(7) == {"web:here", "web:there"}
        assert await tx.subscriptions.muted(8) == frozenset()
        assert not await tx.subscriptions.unmute_story("web:here", "discord-guild", 7)
        assert await tx.subscriptions.unmute_story("web:here", "web", 7)
        assert not await tx.subscriptions.unmute_story("web:here", "web", 7)
        assert await tx.subscriptions.muted(7) == {"web:there"}
