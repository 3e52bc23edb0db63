"""The outbox under every order of claims, crashes, refusals, doubts, pauses and time that hypothesis can think of.

A worker is somebody who may stop for ever, or for a while, between any two of its steps. What counts is the log of the
platform: no message twice, none out of order, and in the end none missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bot.core.message import Message
from bot.core.model import Delivery, DeliveryState
from bot.store import Outbox, Store
from tests.store.databases import Clock

LEASE = timedelta(seconds=30)
worlds = count()
T = TypeVar("T")


@dataclass
class Hand:
    """A worker with a message in hand. `posted` once the platform has it, as far as this worker knows."""

    delivery: Delivery
    owner: str
    posted: bool = False


class OutboxMachine(RuleBasedStateMachine):
    def __init__(self, url: str) -> None:
        super().__init__()
        world = next(worlds)
        self.channels = [f"web:{world}-{name}" for name in "ab"]
        self.clock = Clock()
        self.runner = asyncio.Runner()
        self.store = self.run(Store.open(url, clock=self.clock))
        self.queued: dict[str, list[str]] = {channel: [] for channel in self.channels}
        self.platform: dict[str, list[str]] = {channel: [] for channel in self.channels}
        self.held: set[str] = set()
        self.ended: set[str] = set()
        self.hands: list[Hand] = []
        self.workers = count()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def write(self, act: Callable[[Outbox], Coroutine[Any, Any, T]]) -> T:
        async def inside() -> T:
            async with self.store.begin() as tx:
                return await act(tx.outbox)

        return self.run(inside())

    def holds(self, hand: Hand) -> bool:
        return self.write(lambda outbox: outbox.holds(hand.delivery, owner=hand.owner))

    @rule(channel=st.integers(0, 1))
    def add(self, channel: int) -> None:
        name = self.channels[channel]
        if name in self.held:
            return  # a paused channel's subscriptions do not ring
        new = f"{name}-{len(self.queued[name])}"
        assert self.write(lambda outbox: outbox.add(Delivery(new, "web", name, Message(title=new))))
        self.queued[name].append(new)

    @rule(channel=st.integers(0, 1))
    def claim(self, channel: int) -> None:
        name, owner = self.channels[channel], f"w{next(self.workers)}"
        hand = self.take(name, owner)
        if hand is None:
            return
        delivery = hand.delivery
        assert name not in self.held
        for earlier in self.queued[name][: self.queued[name].index(delivery.id)]:
            assert self.state(earlier) in (DeliveryState.SENT, DeliveryState.DEAD), "a message was passed by"
        self.hands.append(hand)

    def take(self, channel: str, owner: str) -> Hand | None:
        delivery = self.write(lambda outbox: outbox.claim(channel, owner=owner, lease=LEASE))
        return Hand(delivery, owner) if delivery else None

    def note(self, hand: Hand) -> bool:
        return self.write(lambda outbox: outbox.sent(hand.delivery, owner=hand.owner, remote_id="r")) is not None

    def hand(self, data: st.DataObject) -> Hand:
        return data.draw(st.sampled_from(self.hands))

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def post(self, data: st.DataObject) -> None:
        """The step that shows: look after doubt, look at the fence, send."""
        hand = self.hand(data)
        self.send(hand)

    def send(self, hand: Hand) -> None:
        log = self.platform[hand.delivery.channel]
        if hand.posted:
            return
        if hand.delivery.attempt > 1 and hand.delivery.id in log:
            hand.posted = True
        elif self.holds(hand):
            log.append(hand.delivery.id)
            hand.posted = True
        else:
            self.hands.remove(hand)

    @precondition(lambda self: any(hand.posted for hand in self.hands))
    @rule(data=st.data())
    def note_sent(self, data: st.DataObject) -> None:
        hand = data.draw(st.sampled_from([hand for hand in self.hands if hand.posted]))
        self.hands.remove(hand)
        if self.note(hand):
            assert hand.delivery.id not in self.ended
            self.ended.add(hand.delivery.id)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.hands.remove(self.hand(data))

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), seconds=st.integers(0, 90), unknown=st.booleans())
    def put_off(self, data: st.DataObject, seconds: int, unknown: bool) -> None:
        """Refused at the door, or no answer although it may have been posted."""
        hand = self.hand(data)
        refused = not unknown and not hand.posted
        self.hands.remove(hand)
        self.write(
            lambda outbox: outbox.retry(
                hand.delivery,
                owner=hand.owner,
                after=timedelta(seconds=seconds),
                reason="try later",
                unknown=not refused,
                refused=refused,
            )
        )

    @precondition(lambda self: any(not hand.posted for hand in self.hands))
    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        hand = data.draw(st.sampled_from([hand for hand in self.hands if not hand.posted]))
        self.hands.remove(hand)
        if self.write(lambda outbox: outbox.dead(hand.delivery, owner=hand.owner, reason="rejected")):
            self.ended.add(hand.delivery.id)

    @rule(seconds=st.sampled_from([1, 10, 29, 30, 31, 100]))
    def wait(self, seconds: int) -> None:
        self.clock.turn(timedelta(seconds=seconds))

    @rule(channel=st.integers(0, 1))
    def hold(self, channel: int) -> None:
        self.held.add(self.channels[channel])
        self.write(lambda outbox: outbox.hold_channel(self.channels[channel], "archived"))

    @rule(channel=st.integers(0, 1))
    def release(self, channel: int) -> None:
        self.held.discard(self.channels[channel])
        self.write(lambda outbox: outbox.release_channel(self.channels[channel]))

    def state(self, delivery_id: str) -> DeliveryState:
        found = self.write(lambda outbox: outbox.get(delivery_id, "web"))
        assert found is not None
        return found.state

    @invariant()
    def no_channel_has_two_owners(self) -> None:
        owners = [hand.delivery.channel for hand in self.hands if self.holds(hand)]
        assert len(owners) == len(set(owners))

    @invariant()
    def the_platform_has_each_message_once_and_in_order(self) -> None:
        for channel, log in self.platform.items():
            assert log == [each for each in self.queued[channel] if each in log]

    def teardown(self) -> None:
        try:
            self.nothing_is_lost_in_the_end()
        finally:
            self.run(self.store.close())
            self.runner.close()

    def nothing_is_lost_in_the_end(self) -> None:
        """All workers are gone; one that does not die delivers the rest."""
        for number in range(len(self.channels)):
            self.release(number)
        self.clock.turn(timedelta(hours=1))
        for channel in self.channels:
            while hand := self.take(channel, "last"):
                self.send(hand)
                assert hand.posted
                assert self.note(hand)
            for each in self.queued[channel]:
                assert self.state(each) in (DeliveryState.SENT, DeliveryState.DEAD)
                if self.state(each) is DeliveryState.SENT:
                    assert self.platform[channel].count(each) == 1
        self.the_platform_has_each_message_once_and_in_order()


def run(url: str, *, examples: int) -> None:
    class Machine(OutboxMachine):
        def __init__(self) -> None:
            super().__init__(url)

    few = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Machine, settings=few)


def test_every_message_arrives_once_and_in_order_on_sqlite(tmp_path: Path) -> None:
    run(f"sqlite:///{tmp_path}/newsbell.db", examples=10)


@pytest.mark.postgres
def test_every_message_arrives_once_and_in_order_on_postgres(postgres_url: str) -> None:
    run(postgres_url, examples=3)
