"""The outbox: claims, fences, outcomes and what becomes of messages nobody could deliver."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bot.core.message import Message, paragraph
from bot.core.model import Channel, Delivery, DeliveryState
from bot.store import Store, Tx
from tests.store.databases import START, Clock

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
HERE = "web:here"


def alert(number: int | str, channel: str = HERE, tenant: str = "web", **more: Any) -> Delivery:
    message = Message(title=f"Alert {number}", body=(paragraph("text"),), at=START)
    return Delivery(f"d{number}", tenant, channel, message, topics=("ISIL", "Iraq"), created_at=START, **more)


async def claimed(tx: Tx, owner: str = "w", channel: str = HERE) -> Delivery:
    found = await tx.outbox.claim(channel, owner=owner, lease=LEASE)
    assert found is not None
    return found


async def test_a_message_is_queued_once_and_comes_back_as_it_was(store: Store) -> None:
    queued = alert(1, article_id=7, story_id=3)
    async with store.begin() as tx:
        assert await tx.outbox.add(queued)
        assert not await tx.outbox.add(replace(queued, message=Message(title="changed meanwhile")))
        assert await tx.outbox.get("d1", "web") == queued
        assert await tx.outbox.get("d1", "another") is None
        assert await tx.outbox.get("d2", "web") is None
        assert await tx.outbox.last(HERE) == [queued]


async def test_the_channel_of_another_tenant_is_out_of_reach(store: Store) -> None:
    async with store.begin() as tx:
        await tx.channels.remember(Channel(HERE, "web", "here"), now=START)
    with pytest.raises(IntegrityError):
        async with store.begin() as tx:
            await tx.outbox.add(alert(1, tenant="mallory"))


async def test_claims_take_the_head_write_the_dispatch_and_keep_the_order(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        for number in range(3):
            await tx.outbox.add(alert(number))
        first = await claimed(tx)
        assert (first.id, first.state, first.attempt, first.unknown) == ("d0", DeliveryState.SENDING, 1, False)
        assert first.first_dispatch == first.last_dispatch == START
        assert await tx.outbox.claim(HERE, owner="other", lease=LEASE) is None
        assert await tx.outbox.due_channels() == []
        clock.turn(SECOND)
        assert await tx.outbox.holds(first, owner="w")
        assert not await tx.outbox.holds(first, owner="other")
        assert await tx.outbox.sent(first, owner="w", remote_id="r0")
        assert not await tx.outbox.sent(first, owner="w", remote_id="r0 again")
        assert (await claimed(tx)).id == "d1"
        done = await tx.outbox.remote(HERE, "r0")
        assert done is not None
        assert (done.id, done.state, done.remote_id) == ("d0", DeliveryState.SENT, "r0")
        assert await tx.outbox.remote("web:there", "r0") is None
        assert await tx.outbox.remote(HERE, "") is None


async def test_a_lease_that_ran_out_passes_the_row_on_in_doubt(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        slow = await claimed(tx, "slow")
        clock.turn(LEASE)
        assert not await tx.outbox.holds(slow, owner="slow")
        assert await tx.outbox.due_channels() == [HERE]
        quick = await claimed(tx, "quick")
        assert (quick.attempt, quick.unknown, quick.first_dispatch) == (2, True, START)
        assert quick.last_dispatch == START + LEASE
        later = timedelta(minutes=1)
        assert not await tx.outbox.sent(slow, owner="slow", remote_id="twice")
        assert not await tx.outbox.dead(slow, owner="slow", reason="gone")
        assert not await tx.outbox.retry(slow, owner="slow", after=later, reason="", unknown=True, refused=False)
        assert await tx.outbox.holds(quick, owner="quick")


async def test_the_same_worker_cannot_mistake_its_second_claim_for_its_first(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        before = await claimed(tx, "w")
        clock.turn(LEASE)
        after = await claimed(tx, "w")
        assert not await tx.outbox.holds(before, owner="w")
        assert not await tx.outbox.sent(before, owner="w", remote_id="stale")
        assert await tx.outbox.holds(after, owner="w")


async def test_a_retry_waits_at_the_head_and_lets_nobody_pass(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        await tx.outbox.add(alert(2))
        first = await claimed(tx)
        assert await tx.outbox.retry(
            first, owner="w", after=5 * SECOND, reason="no answer", unknown=True, refused=False
        )
        waiting = await tx.outbox.get("d1", "web")
        assert waiting is not None
        assert (waiting.state, waiting.reason, waiting.unknown) == (DeliveryState.PENDING, "no answer", True)
        assert await tx.outbox.claim(HERE, owner="w", lease=LEASE) is None
        assert await tx.outbox.due_channels() == []
        clock.turn(5 * SECOND)
        again = await claimed(tx)
        assert (again.id, again.attempt, again.unknown) == ("d1", 2, True)
        assert await tx.outbox.retry(again, owner="w", after=SECOND, reason="429", unknown=False, refused=True)
        clock.turn(SECOND)
        assert (await claimed(tx)).unknown  # doubt once said stays: only a look at the platform ends it


async def test_a_refusal_costs_no_attempt_and_leaves_no_trace_of_a_dispatch(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        for _ in range(20):
            first = await claimed(tx)
            assert first.attempt == 1
            assert first.first_dispatch == clock()
            assert await tx.outbox.retry(first, owner="w", after=SECOND, reason="429", unknown=False, refused=True)
            clock.turn(SECOND)


async def test_a_message_that_kills_one_worker_after_another_is_dead(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        await tx.outbox.add(alert(2))
        for worker in range(6):
            assert await tx.outbox.deaths(HERE) == worker
            assert worker == 0 or await tx.outbox.claim(HERE, owner="w", lease=LEASE, most_deaths=worker - 1) is None
            assert (await claimed(tx, f"w{worker}")).id == "d1"
            clock.turn(LEASE)
        assert (await claimed(tx, "w6")).id == "d2"
        poison = await tx.outbox.get("d1", "web")
        assert poison is not None
        assert (poison.state, poison.attempt) == (DeliveryState.DEAD, 6)
        assert "6 workers" in poison.reason


async def test_an_outcome_between_deaths_begins_the_count_anew(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        for _ in range(4):
            await claimed(tx)
            clock.turn(LEASE)
            alive = await claimed(tx)
            await tx.outbox.retry(alive, owner="w", after=SECOND, reason="500", unknown=True, refused=False)
            clock.turn(SECOND)
        assert (await claimed(tx)).attempt == 9


async def test_dead_and_expired_rows_say_why_and_make_way(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        for number in range(3):
            await tx.outbox.add(alert(number))
        await tx.outbox.dead(await claimed(tx), owner="w", reason="the platform will not take it")
        clock.turn(timedelta(hours=24) - SECOND)
        in_hand = await claimed(tx)
        clock.turn(SECOND)
        assert await tx.outbox.expire(timedelta(hours=24), "web:elsewhere") == []
        assert await tx.outbox.expire(timedelta(hours=24), HERE) == [HERE]
        assert await tx.outbox.expire(timedelta(hours=24)) == []
        states = {each.id: (each.state, each.reason) for each in await tx.outbox.last(HERE)}
        assert states == {
            "d0": (DeliveryState.DEAD, "the platform will not take it"),
            "d1": (DeliveryState.SENDING, ""),  # somebody may be sending it this moment
            "d2": (DeliveryState.EXPIRED, "older than 24 hours"),
        }
        assert in_hand.id == "d1"
        assert await tx.deliveries.counts("web", START) == {
            DeliveryState.DEAD: 1,
            DeliveryState.SENDING: 1,
            DeliveryState.EXPIRED: 1,
        }
        assert await tx.deliveries.counts("others", START) == {}
        assert await tx.deliveries.counts(None, START + SECOND) == {}


async def test_what_was_held_or_left_by_the_dead_expires_too(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        await claimed(tx)
        await tx.outbox.add(alert(2, "web:closed"))
        await tx.outbox.hold_channel("web:closed", "archived")
        clock.turn(timedelta(hours=24))
        assert len(await tx.outbox.expire(timedelta(hours=24))) == 2
        assert await tx.outbox.release_channel("web:closed") == 0
        [left], [held] = await tx.outbox.last(HERE), await tx.outbox.last("web:closed")
    assert (left.state, left.reason) == (DeliveryState.EXPIRED, "older than 24 hours; it may have been posted")
    assert (held.state, held.reason) == (DeliveryState.EXPIRED, "older than 24 hours")


async def test_every_tenant_has_a_channel_among_the_first(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        for number in range(20):
            await tx.outbox.add(alert(f"big {number}", f"web:big-{number:02}", "big"))
            clock.turn(SECOND)
        await tx.outbox.add(replace(alert("small", "web:small", "small"), created_at=clock()))
        assert await tx.outbox.due_channels(3) == ["web:big-00", "web:small", "web:big-01"]


async def test_what_may_not_go_yet_waits_and_holds_up_what_is_behind(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1), not_before=START + 10 * SECOND)
        await tx.outbox.add(alert(2))
        assert await tx.outbox.due_channels() == []
        assert await tx.outbox.claim(HERE, owner="w", lease=LEASE) is None
        clock.turn(10 * SECOND)
        assert (await claimed(tx)).id == "d1"


async def test_channels_with_something_due_come_longest_waiting_first(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        for number, wait in enumerate((3, 1, 2, 60)):
            await tx.outbox.add(alert(number, f"web:{number}"), not_before=START + wait * SECOND)
            await tx.outbox.add(alert(f"{number}b", f"web:{number}"))
        clock.turn(5 * SECOND)
        assert await tx.outbox.due_channels() == ["web:1", "web:2", "web:0"]
        assert await tx.outbox.due_channels(limit=1) == ["web:1"]


async def test_a_held_channel_keeps_everything_until_it_is_released(store: Store) -> None:
    async with store.begin() as tx:
        for number in range(3):
            await tx.outbox.add(alert(number))
        await tx.outbox.add(alert("other", "web:there"))
        assert await tx.outbox.hold_channel(HERE, "archived") == 3
        assert await tx.outbox.due_channels() == ["web:there"]
        assert await tx.outbox.claim(HERE, owner="w", lease=LEASE) is None
        assert {each.reason for each in await tx.outbox.last(HERE)} == {"archived"}
        assert await tx.outbox.release_channel(HERE) == 3
        assert (await claimed(tx)).id == "d0"


async def test_a_message_in_the_air_while_its_channel_is_held_is_neither_lost_nor_doubled(
    store: Store, clock: Clock
) -> None:
    async with store.begin() as tx:
        for number in range(3):
            await tx.outbox.add(alert(number))
        in_the_air = await claimed(tx)
        await tx.outbox.hold_channel(HERE, "archived")
        assert not await tx.outbox.holds(in_the_air, owner="w")  # who has not sent yet stops here
        assert await tx.outbox.sent(in_the_air, owner="w", remote_id="r0")  # who has, says so
        await tx.outbox.release_channel(HERE)
        in_the_air = await claimed(tx)
        await tx.outbox.hold_channel(HERE, "archived")
        await tx.outbox.release_channel(HERE)
        assert await tx.outbox.claim(HERE, owner="other", lease=LEASE) is None  # its holder may still be at it
        clock.turn(LEASE)
        assert (await claimed(tx, "other")).unknown
        await tx.outbox.hold_channel(HERE, "archived")
        held = await tx.outbox.get("d1", "web")
        assert held is not None
        assert await tx.outbox.retry(held, owner="other", after=SECOND, reason="x", unknown=True, refused=False)
        still = await tx.outbox.get("d1", "web")
        assert still is not None
        assert still.state is DeliveryState.HELD


async def test_what_rang_for_a_story_is_remembered_by_channel_and_topic(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        await tx.outbox.mark_alerted(HERE, 3, ["ISIL", "Iraq", "ISIL"], delivery_id="d1", now=START)
        assert await tx.outbox.alerted(3) == {(HERE, "ISIL"), (HERE, "Iraq")}
        assert await tx.outbox.alerted(4) == frozenset()
        await tx.outbox.mark_alerted(HERE, 3, ["Iraq"], delivery_id="d2", now=START + 2 * SECOND)
        assert await tx.outbox.alerted(3, since=START + SECOND) == {(HERE, "Iraq")}


async def test_lateness_is_median_and_95th_percentile_of_what_was_sent(store: Store, clock: Clock) -> None:
    async with store.begin() as tx:
        assert await tx.deliveries.lateness(None, START) is None
        for number in range(100):
            await tx.outbox.add(alert(number))
        for _ in range(100):
            clock.turn(SECOND)
            await tx.outbox.sent(await claimed(tx), owner="w", remote_id="r")
        assert await tx.deliveries.lateness(None, START) == (50, 95)
        assert await tx.deliveries.lateness("web", START + 91 * SECOND) == (95, 100)
        assert await tx.deliveries.lateness("others", START) is None


async def test_finished_rows_are_pruned_and_open_ones_never(store: Store) -> None:
    async with store.begin() as tx:
        for number in range(5):
            await tx.outbox.add(alert(number))
        for _ in range(3):
            await tx.outbox.sent(await claimed(tx), owner="w", remote_id="r")
        assert await tx.outbox.prune(START + SECOND, batch=2) == 2
        assert await tx.outbox.prune(START + SECOND, batch=2) == 1
        assert await tx.outbox.prune(START + SECOND, batch=2) == 0
        assert [each.id for each in await tx.outbox.last(HERE)] == ["d4", "d3"]


async def test_of_workers_that_claim_at_once_one_holds_the_head_and_none_its_follower(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(3)]
    async with stores[0].begin() as tx:
        for number in range(40):
            await tx.outbox.add(alert(number, f"web:{number % 4}"))
    sent: dict[str, list[str]] = {f"web:{n}": [] for n in range(4)}

    async def work(number: int) -> None:
        store, owner = stores[number % 3], f"w{number}"
        while sum(map(len, sent.values())) < 40:
            for channel in sent:
                async with store.begin() as tx:
                    delivery = await tx.outbox.claim(channel, owner=owner, lease=LEASE)
                if delivery is None:
                    await asyncio.sleep(0.01)  # SQLite lets those who wait from outside starve beside a busy loop
                    continue
                async with store.read() as tx:
                    assert await tx.outbox.holds(delivery, owner=owner)
                sent[channel].append(delivery.id)
                async with store.begin() as tx:
                    assert await tx.outbox.sent(delivery, owner=owner, remote_id=delivery.id)

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(number) for number in range(6)))
    for store in stores:
        await store.close()
    for number in range(4):
        assert sent[f"web:{number}"] == [f"d{each}" for each in range(number, 40, 4)]


async def test_what_waits_for_a_retry_is_hastened_and_what_is_put_off_on_purpose_is_not(
    store: Store, clock: Clock
) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(alert(1))
        await tx.outbox.add(alert(2, "web:elsewhere"), not_before=clock() + timedelta(hours=8))
        hour = timedelta(hours=1)
        await tx.outbox.retry(await claimed(tx), owner="w", after=hour, reason="500", unknown=False, refused=False)
        assert await tx.outbox.hasten("we") == 0
        assert await tx.outbox.hasten("web") == 1
        assert await tx.outbox.due_channels() == [HERE]
