"""Cards under every order of changes, edits, deaths, pauses, new alerts and time that hypothesis can think of.

A worker may stop for ever, or for a while, between any two of its steps. What counts is what the platform shows: no
message is edited before it is posted, none shows an older state after a newer one, and in the end the newest alert of
each story shows all that has happened since it rang.
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
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bot.core.message import Message
from bot.core.model import Card, Delivery
from bot.store import Store, Tx
from bot.store.cards import COALESCE
from tests.store.databases import Clock

LEASE = timedelta(seconds=30)
REST = timedelta(seconds=10)
worlds = count()
T = TypeVar("T")


@dataclass
class Hand:
    """A worker with a card in hand, and the state of its story that it has read."""

    card: Card
    owner: str
    read: int
    edited: bool = False


class CardMachine(RuleBasedStateMachine):
    def __init__(self, url: str) -> None:
        super().__init__()
        world = next(worlds)
        self.channel = f"web:cards-{world}"
        self.stories = [world * 2 + 1, world * 2 + 2]
        self.clock = Clock()
        self.runner = asyncio.Runner()
        self.store = self.run(Store.open(url, clock=self.clock))
        self.happened = dict.fromkeys(self.stories, 0)
        self.newest: dict[int, str] = {}
        self.since: dict[str, int] = {}
        """What had happened when an alert was queued, which it says by itself."""
        self.deleted: set[str] = set()
        self.shows: dict[str, int] = {}
        """What each posted message shows of its story; 0 as it was posted."""
        self.hands: list[Hand] = []
        self.workers = count()
        self.alerts = count()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def write(self, act: Callable[[Tx], Coroutine[Any, Any, T]]) -> T:
        async def inside() -> T:
            async with self.store.begin() as tx:
                return await act(tx)

        return self.run(inside())

    @initialize()
    def begin(self) -> None:
        for which in (0, 1):
            self.ring(which)
            self.post()
            self.happen(which)

    @rule(which=st.integers(0, 1))
    def ring(self, which: int) -> None:
        story = self.stories[which]
        name = f"{self.channel}-{next(self.alerts)}"
        delivery = Delivery(name, "web", self.channel, Message(title=name), story_id=story)

        async def queue(tx: Tx) -> None:
            await tx.outbox.add(delivery)
            await tx.cards.open(delivery, now=await tx.now())

        self.write(queue)
        self.newest[story] = name
        self.since[name] = self.happened[story]

    @rule()
    def post(self) -> None:
        async def carry(tx: Tx) -> None:
            if held := await tx.outbox.claim(self.channel, owner="courier", lease=LEASE):
                self.shows[held.id] = 0
                await tx.outbox.sent(held, owner="courier", remote_id=held.id)

        self.write(carry)

    @rule(which=st.integers(0, 1))
    def happen(self, which: int) -> None:
        story = self.stories[which]

        async def want(tx: Tx) -> None:
            await tx.cards.want(story, now=await tx.now())

        self.write(want)
        self.happened[story] += 1

    @rule(patience=st.sampled_from([timedelta(), COALESCE, REST]))
    def claim(self, patience: timedelta) -> None:
        self.clock.turn(patience)
        self.take(f"w{next(self.workers)}")

    def take(self, owner: str) -> Hand | None:
        card = self.write(lambda tx: tx.cards.claim(self.channel, owner=owner, lease=LEASE))
        if card is None:
            return None
        assert card.remote_id in self.shows, "a card was claimed before its message was posted"
        assert card.remote_id == card.delivery_id == self.newest[card.story_id]
        hand = Hand(card, owner, self.happened[card.story_id])
        self.hands.append(hand)
        return hand

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """The step that shows: look at the fence, edit."""
        self.show(data.draw(st.sampled_from(self.hands)))

    def show(self, hand: Hand) -> None:
        if not self.write(lambda tx: tx.cards.holds(hand.card, owner=hand.owner)):
            self.hands.remove(hand)
        elif hand.card.remote_id in self.deleted:
            self.hands.remove(hand)
            self.write(lambda tx: tx.cards.forget(hand.card, owner=hand.owner))
        else:
            assert hand.read >= self.shows[hand.card.remote_id], "an older state was shown after a newer one"
            self.shows[hand.card.remote_id] = hand.read
            hand.edited = True

    @precondition(lambda self: any(not hand.edited for hand in self.hands))
    @rule(data=st.data(), meanwhile=st.booleans())
    def edit_and_note(self, data: st.DataObject, meanwhile: bool) -> None:
        """All goes well; or nearly, since the story goes on while the message is on its way."""
        hand = data.draw(st.sampled_from([hand for hand in self.hands if not hand.edited]))
        self.show(hand)
        if meanwhile:
            self.happen(self.stories.index(hand.card.story_id))
        if hand.edited:
            self.noted(hand)

    @precondition(lambda self: any(hand.edited for hand in self.hands))
    @rule(data=st.data())
    def note(self, data: st.DataObject) -> None:
        self.noted(data.draw(st.sampled_from([hand for hand in self.hands if hand.edited])))

    def noted(self, hand: Hand) -> None:
        self.hands.remove(hand)
        self.write(lambda tx: tx.cards.shown(hand.card, owner=hand.owner, face="", rest=REST))

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.hands.remove(data.draw(st.sampled_from(self.hands)))

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), seconds=st.integers(0, 90))
    def put_off(self, data: st.DataObject, seconds: int) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        self.hands.remove(hand)
        after = timedelta(seconds=seconds)
        self.write(lambda tx: tx.cards.later(hand.card, owner=hand.owner, after=after, failed=True))

    @precondition(lambda self: self.shows)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.deleted.add(data.draw(st.sampled_from(sorted(self.shows))))

    @rule(seconds=st.sampled_from([1, 2, 10, 29, 30, 31, 100]))
    def wait(self, seconds: int) -> None:
        self.clock.turn(timedelta(seconds=seconds))

    def teardown(self) -> None:
        try:
            self.every_card_is_up_to_date_in_the_end()
        finally:
            self.run(self.store.close())
            self.runner.close()

    def every_card_is_up_to_date_in_the_end(self) -> None:
        """All workers are gone; one that does not die does the rest."""
        self.hands.clear()
        self.clock.turn(timedelta(hours=1))
        for _ in range(next(self.alerts) + 1):
            self.post()
        self.clock.turn(COALESCE)
        while hand := self.take("last"):
            self.show(hand)
            if hand.edited:
                self.noted(hand)
        for story, name in self.newest.items():
            if name not in self.deleted:
                assert max(self.shows[name], self.since[name]) == self.happened[story]


def run(url: str, *, examples: int) -> None:
    class Machine(CardMachine):
        def __init__(self) -> None:
            super().__init__(url)

    few = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Machine, settings=few)


def test_a_card_never_goes_back_and_ends_up_to_date_on_sqlite(tmp_path: Path) -> None:
    run(f"sqlite:///{tmp_path}/newsbell.db", examples=25)


@pytest.mark.postgres
def test_a_card_never_goes_back_and_ends_up_to_date_on_postgres(postgres_url: str) -> None:
    run(postgres_url, examples=3)
