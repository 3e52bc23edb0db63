"""The protocol of the way out, rule by rule; what the simulator finds at random is told here in order."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.core.errors import ChannelGone, DeliveryError, Rejected, TryLater
from bot.core.message import Message
from bot.core.model import Delivery, DeliveryState, Outcome
from bot.courier import CALM, RETRIES, SEND_LEASE, SEND_TIMEOUT, SETTLE, Courier, Times, counted
from bot.jobs import Jobs
from bot.metrics import REGISTRY
from bot.store import Store, Tx
from tests.fakes.ports import Clock, FakePlatform

HERE = "fake:here"


@dataclass
class Desk:
    """A courier with one platform, and what a test may do to them."""

    store: Store
    clock: Clock
    platform: FakePlatform = field(default_factory=FakePlatform)

    async def open(self) -> Desk:
        await self.restart()
        return self

    async def restart(self, calm: timedelta = CALM) -> None:
        """A process that is calm after so much time of the event loop, which stands still here."""
        self.courier = Courier(
            store=self.store,
            platforms={"fake": self.platform},
            jobs=await Jobs.open("sqlite+aiosqlite:///"),
            name="courier",
            times=Times(calm=calm),
        )

    async def queue(self, *names: str, channel: str = HERE, tenant: str = "fake") -> None:
        async with self.store.begin() as tx:
            for name in names:
                await tx.outbox.add(Delivery(name, tenant, channel, Message(title=name), created_at=self.clock()))

    async def claim_and_die(self) -> None:
        async with self.store.begin() as tx:
            assert await tx.outbox.claim(HERE, owner="dead", lease=SEND_LEASE)

    async def crash_loop(self, deaths: int) -> None:
        """So many workers in a row die with the head of the channel in hand."""
        for _ in range(deaths):
            await self.claim_and_die()
            self.clock.forward(SEND_LEASE)

    async def after(self, wait: timedelta, channel: str = HERE) -> None:
        self.clock.forward(wait)
        await self.courier.flush(channel)

    async def row(self, name: str) -> Delivery:
        async with self.store.read() as tx:
            found = await tx.outbox.get(name, "fake")
        assert found is not None
        return found


@pytest.fixture
async def desk(store: Store, clock: Clock) -> Desk:
    return await Desk(store, clock).open()


def test_the_times_hang_together() -> None:
    assert SEND_LEASE > SETTLE + SEND_TIMEOUT
    assert SEND_TIMEOUT < SEND_LEASE / 2
    assert RETRIES[0] * 1.2 + 2 * SEND_TIMEOUT < timedelta(seconds=60)  # the first retry is within Discord's window


async def test_a_send_in_doubt_is_repeated_at_once_where_the_platform_drops_repetitions(desk: Desk) -> None:
    desk.platform.dedupes_for = timedelta(seconds=60)
    desk.platform.idempotent = desk.platform.acts = True
    desk.platform.faults = [TryLater("the connection broke", unknown=True)]
    await desk.queue("a")
    await desk.courier.flush(HERE)
    await desk.after(RETRIES[0] * 1.3)
    assert desk.platform.titles() == ["a"]
    assert (await desk.row("a")).state is DeliveryState.SENT


async def test_a_send_in_doubt_is_looked_up_only_once_the_history_can_be_trusted(desk: Desk) -> None:
    desk.platform.acts = True
    desk.platform.faults = [TryLater("the connection broke", unknown=True)]
    await desk.queue("a")
    await desk.courier.flush(HERE)
    await desk.after(SETTLE - timedelta(seconds=1))
    assert desk.platform.lookups == 0
    await desk.after(timedelta(seconds=1))
    assert desk.platform.lookups == 1
    assert desk.platform.titles() == ["a"]


async def test_a_retry_later_than_the_platform_remembers_is_looked_up(desk: Desk) -> None:
    desk.platform.dedupes_for = timedelta(seconds=60)
    await desk.queue("a")
    await desk.claim_and_die()
    await desk.after(timedelta(hours=1))
    assert desk.platform.lookups == 1


async def test_what_never_left_is_not_looked_up(desk: Desk) -> None:
    desk.platform.faults = [TryLater("the host does not exist")]
    await desk.queue("a")
    await desk.courier.flush(HERE)
    await desk.after(timedelta(seconds=10))
    assert (desk.platform.lookups, desk.platform.titles()) == (0, ["a"])


async def test_where_nobody_can_look_we_rather_ring_twice(desk: Desk) -> None:
    async def closed(*_: object) -> str | None:
        raise ChannelGone("the app lacks the scope channels:history")

    desk.platform.find = closed  # type: ignore[method-assign,assignment]  # an app without the scope
    await desk.queue("a")
    await desk.claim_and_die()
    await desk.after(SEND_LEASE)
    assert desk.platform.titles() == ["a"]


async def test_a_bug_while_sending_gets_three_attempts_and_the_next_message_its_turn(desk: Desk) -> None:
    send = desk.platform.send

    async def broken(channel: str, message: Message, *, delivery_id: str) -> str:
        if delivery_id == "poison":
            raise ZeroDivisionError
        return await send(channel, message, delivery_id=delivery_id)

    desk.platform.send = broken  # type: ignore[method-assign]  # a bug in a room, as a test can make one
    await desk.queue("poison", "good")
    for wait in (timedelta(0), *RETRIES[:3]):
        await desk.after(wait * 1.3)
    row = await desk.row("poison")
    assert (row.state, row.attempt) == (DeliveryState.DEAD, 3)
    assert desk.platform.titles() == ["good"]


async def test_a_database_that_fails_before_the_send_is_not_the_messages_fault(desk: Desk) -> None:
    await desk.queue("a")
    read, failing = desk.store.read, True

    def broken(*, aside: bool = True) -> AbstractAsyncContextManager[Tx]:
        if failing:
            raise OSError("the database is away")
        return read(aside=aside)

    desk.store.read = broken  # type: ignore[method-assign]  # a database that comes and goes
    for wait in (timedelta(0), *RETRIES[:3]):
        await desk.after(wait * 1.3)
    failing = False
    await desk.after(RETRIES[3] * 1.3)
    assert desk.platform.titles() == ["a"]
    assert desk.platform.lookups == 0  # nothing had left


async def test_nothing_past_its_shelf_life_is_sent_after_a_long_sleep(desk: Desk) -> None:
    await desk.queue("old")
    await desk.after(timedelta(hours=25))
    assert desk.platform.posted == []
    assert (await desk.row("old")).state is DeliveryState.EXPIRED


@pytest.mark.parametrize(("reach", "calls"), [("tenant", 2), ("platform", 1)])
async def test_a_refusal_that_means_more_than_its_channel_stops_the_others(desk: Desk, reach: str, calls: int) -> None:
    refusal = TryLater("the token is wrong", timedelta(minutes=10), refused=True, reach=reach)  # type: ignore[arg-type]
    faults: list[DeliveryError] = [refusal, Rejected("so that it counts as a call")]
    desk.platform.faults = list(faults)
    for number in range(3):
        await desk.queue(f"mine {number}", channel=f"fake:{number}")
    await desk.queue("theirs", channel="fake:theirs", tenant="others")
    for channel in ("fake:0", "fake:1", "fake:2", "fake:theirs"):
        await desk.courier.flush(channel)
    assert len(faults) - len(desk.platform.faults) == calls


async def test_what_workers_died_of_goes_alone_and_waits_for_another_such(desk: Desk) -> None:
    await desk.queue("suspect")
    await desk.claim_and_die()
    async with desk.courier.room.alone():
        desk.clock.forward(SEND_LEASE)
        going = asyncio.create_task(desk.courier.flush(HERE))
        await asyncio.sleep(0.05)
        assert not going.done()  # nothing is claimed meanwhile: its lease would run out at the door
        assert desk.platform.posted == []
    await going
    assert desk.platform.titles() == ["suspect"]


async def test_what_workers_died_of_again_and_again_waits_for_one_that_has_lived_a_while(desk: Desk) -> None:
    await desk.queue("suspect", "next")
    await desk.crash_loop(deaths=3)
    await desk.courier.flush(HERE)
    assert desk.platform.titles() == []
    row = await desk.row("suspect")
    assert (row.deaths, row.attempt) == (2, 3)  # untouched: who dies while it merely waits, does not die of it
    await desk.restart(calm=timedelta(0))
    await desk.courier.flush(HERE)
    assert desk.platform.titles() == ["suspect", "next"]


async def test_poison_that_a_process_in_a_crash_loop_finds_is_given_up_and_makes_way(desk: Desk) -> None:
    await desk.queue("poison", "next")
    await desk.crash_loop(deaths=6)
    await desk.courier.flush(HERE)
    assert (await desk.row("poison")).state is DeliveryState.DEAD
    assert desk.platform.titles() == ["next"]


async def test_a_suspect_that_was_put_back_is_a_suspect_still(desk: Desk) -> None:
    await desk.queue("suspect")
    await desk.claim_and_die()
    desk.courier.gate("fake").pause("fake", 60)
    await desk.after(SEND_LEASE)
    row = await desk.row("suspect")
    assert (row.state, row.deaths, row.attempt, row.unknown) == (DeliveryState.PENDING, 1, 1, True)


async def test_what_is_sent_again_blindly_is_marked_in_the_audit_log_of_its_server(desk: Desk) -> None:
    class Forgetful(FakePlatform):
        async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
            raise Rejected("the app may not read the history")

    desk.platform = desk.courier.platforms["fake"] = Forgetful(acts=True)  # type: ignore[index]  # a dict, in tests
    desk.platform.faults = [TryLater("the connection broke", unknown=True)]
    await desk.queue("a")
    await desk.courier.flush(HERE)
    await desk.after(RETRIES[0] * 1.3 + SETTLE)
    assert desk.platform.titles() == ["a", "a"]
    async with desk.store.read() as tx:
        [deed] = await tx.audit.of_tenant("fake", limit=10)
    assert (deed.outcome, deed.what, deed.channel, deed.person) == (Outcome.DOUBLED, "a", HERE, "")
    assert deed.detail == "the app may not read the history"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (TryLater("no connection"), "never left"),
        (TryLater("429", refused=True), "refused"),
        (TryLater("reset", unknown=True), "unknown"),
        (Rejected("too strange"), "rejected"),
        (ChannelGone("put out"), "closed"),
        (ValueError("a bug"), "unknown"),
    ],
)
def test_what_came_of_a_try_is_counted(fault: Exception, outcome: str) -> None:
    before = REGISTRY.get_sample_value("newsbell_sends_total", {"platform": "p", "outcome": outcome}) or 0
    with suppress(Exception), counted("p"):
        raise fault
    assert REGISTRY.get_sample_value("newsbell_sends_total", {"platform": "p", "outcome": outcome}) == before + 1


async def test_how_late_an_alert_is_counts_from_its_publication(desk: Desk) -> None:
    before = REGISTRY.get_sample_value("newsbell_told_seconds_sum") or 0
    told = Message(title="a", at=desk.clock() - timedelta(minutes=5))
    async with desk.store.begin() as tx:
        await tx.outbox.add(Delivery("a", "fake", HERE, told, created_at=desk.clock()))
    await desk.after(timedelta(minutes=1))
    assert REGISTRY.get_sample_value("newsbell_told_seconds_sum") == before + 360
    assert REGISTRY.get_sample_value("newsbell_sends_total", {"platform": "fake", "outcome": "posted"})
