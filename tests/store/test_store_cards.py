"""Cards: claimed only when posted, one holder at a time, and no edit of an earlier message."""

from __future__ import annotations

from datetime import timedelta

from bot.core.message import Message
from bot.core.model import Card, Channel, Delivery, Entry
from bot.store import Store
from bot.store.cards import COALESCE
from tests.store.databases import START, Clock

HERE = Channel("web:general", "web", "general")
LEASE = timedelta(seconds=30)
REST = timedelta(seconds=10)


async def alert(store: Store, name: str, *, story: int = 7, posted: bool = True) -> None:
    delivery = Delivery(name, "web", HERE.id, Message(title=name), story_id=story, topics=("ISIL",))
    async with store.begin() as tx:
        assert await tx.outbox.add(delivery)
        await tx.cards.open(delivery, now=await tx.now())
    if posted:
        await post(store)


async def post(store: Store) -> None:
    async with store.begin() as tx:
        held = await tx.outbox.claim(HERE.id, owner="courier", lease=LEASE)
        assert held is not None
        assert await tx.outbox.sent(held, owner="courier", remote_id=f"remote {held.id}")


async def want(store: Store, story: int = 7) -> None:
    async with store.begin() as tx:
        await tx.cards.want(story, now=await tx.now())


async def claim(store: Store, owner: str = "a") -> Card | None:
    async with store.begin() as tx:
        due = await tx.cards.due_channels()
        card = await tx.cards.claim(HERE.id, owner=owner, lease=LEASE)
    assert due == ([HERE.id] if card else [])
    return card


async def holds(store: Store, card: Card, owner: str = "a") -> bool:
    async with store.read() as tx:
        return await tx.cards.holds(card, owner=owner)


async def shown(store: Store, card: Card, owner: str = "a") -> bool:
    async with store.begin() as tx:
        return await tx.cards.shown(card, owner=owner, face="face", rest=REST)


async def test_a_card_is_due_a_moment_after_its_story_changed_and_only_once(store: Store, clock: Clock) -> None:
    await alert(store, "first")
    assert await claim(store) is None
    await want(store)
    await want(store)
    assert await claim(store) is None
    clock.turn(COALESCE)
    card = await claim(store)
    assert card is not None
    assert (card.remote_id, card.message, card.wanted, card.topics) == (
        "remote first", Message(title="first"), 2, ("ISIL",),
    )  # fmt: skip
    assert await claim(store, "b") is None
    assert await shown(store, card)
    assert await claim(store) is None


async def test_what_changes_while_a_card_is_edited_is_shown_by_the_next_edit(store: Store, clock: Clock) -> None:
    await alert(store, "first")
    await want(store)
    clock.turn(COALESCE)
    card = await claim(store)
    assert card is not None
    await want(store)
    assert await shown(store, card)
    assert await claim(store) is None
    clock.turn(REST)
    again = await claim(store)
    assert again is not None
    assert (again.wanted, again.face) == (2, "face")


async def test_a_card_is_not_claimed_before_its_message_is_posted(store: Store, clock: Clock) -> None:
    await alert(store, "first", posted=False)
    await want(store)
    clock.turn(COALESCE)
    assert await claim(store) is None
    await post(store)
    assert await claim(store) is not None


async def test_who_comes_back_after_the_lease_has_lost_the_card(store: Store, clock: Clock) -> None:
    await alert(store, "first")
    await want(store)
    clock.turn(COALESCE)
    late = await claim(store, "a")
    assert late is not None
    assert await holds(store, late, "a")
    clock.turn(LEASE)
    assert not await holds(store, late, "a")
    card = await claim(store, "b")
    assert card is not None
    assert not await shown(store, late, "a")
    async with store.begin() as tx:
        assert not await tx.cards.forget(late, owner="a")
    assert await holds(store, card, "b")
    assert await shown(store, card, "b")


async def test_a_newer_alert_of_the_story_takes_over_and_the_older_message_is_let_alone(
    store: Store, clock: Clock
) -> None:
    await alert(store, "first")
    await want(store)
    clock.turn(COALESCE)
    late = await claim(store)
    assert late is not None
    await alert(store, "second")
    assert not await holds(store, late)
    assert not await shown(store, late)
    assert await claim(store) is None
    await want(store)
    clock.turn(COALESCE)
    card = await claim(store)
    assert card is not None
    assert card.remote_id == "remote second"
    assert card.attempt > late.attempt


async def test_a_failed_edit_waits_and_is_counted(store: Store, clock: Clock) -> None:
    await alert(store, "first")
    await want(store)
    clock.turn(COALESCE)
    card = await claim(store)
    assert card is not None
    async with store.begin() as tx:
        assert await tx.cards.later(card, owner="a", after=REST, failed=True)
    await want(store)
    assert await claim(store) is None
    clock.turn(REST)
    again = await claim(store)
    assert again is not None
    assert again.failures == 1


async def test_cards_go_with_their_delivery_and_when_their_story_is_over(store: Store, clock: Clock) -> None:
    await alert(store, "first")
    await alert(store, "second", story=8)
    clock.turn(timedelta(days=10))
    await want(store, 8)
    async with store.begin() as tx:
        assert await tx.cards.prune(START + timedelta(days=5)) == 1
        await tx.outbox.prune(START + timedelta(days=5))
    clock.turn(COALESCE)
    assert await claim(store) is None


async def test_a_story_s_reports_are_told_to_those_who_may_see_them(store: Store) -> None:
    async with store.begin() as tx:
        shared, _ = await tx.feeds.add("https://wire.example/rss", source="The Wire", now=START)
        own, _ = await tx.feeds.add("https://own.example/rss", tenant="web", source="Own", now=START)
        [first] = await tx.archive.add(shared, [Entry("1", "Raid in Hawija")], now=START)
        [second] = await tx.archive.add(own, [Entry("2", "A raid")], now=START)
        story = await tx.archive.open_story(first, now=START)
        await tx.reports.note(first.id, story, origin="Reuters", why="new", score=0.1)
        await tx.archive.join_story(second.id, story, copy_of=first.id, now=START)
        await tx.reports.note(second.id, story, origin="Reuters", why="copy", score=0.9)
    async with store.read() as tx:
        reports = await tx.reports.of_story(story, "web")
        assert [(r.title, r.source, r.origin, r.why, r.copy_of) for r in reports] == [
            ("Raid in Hawija", "The Wire", "Reuters", "new", ""),
            ("A raid", "Own", "Reuters", "copy", first.id),
        ]
        assert [r.title for r in await tx.reports.of_story(story, "others")] == ["Raid in Hawija"]
        assert await tx.reports.get(second.id, "others") is None
        assert await tx.reports.get(second.id, "web") == (reports[1], story)
        assert await tx.reports.standing(story, "Reuters", "web") == (1, 2)
        assert await tx.reports.standing(story, "AP", "others") == (1, 0)


async def test_a_move_by_hand_is_heard_of_by_its_revision(store: Store) -> None:
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add("https://wire.example/rss", source="The Wire", now=START)
        first, second = await tx.archive.add(feed, [Entry("1", "One"), Entry("2", "Two")], now=START)
        story = await tx.archive.open_story(first, now=START)
        await tx.reports.note(first.id, story, origin="AP", why="new", score=0)
        other = await tx.archive.open_story(second, now=START)
        await tx.reports.note(second.id, other, origin="AFP", why="new", score=0)
    async with store.read() as tx:
        assert await tx.reports.moved_after(0, START - LEASE) == ([], 0)
    async with store.begin() as tx:
        await tx.reports.move(second.id, story, why="merged", moved_by="ada", now=START)
    async with store.read() as tx:
        [moved], revision = await tx.reports.moved_after(0, START - LEASE)
        assert (moved.id, moved.story_id) == (second.id, story)
        assert await tx.reports.moved_after(revision, START - LEASE) == ([], revision)
        last = (await tx.reports.of_story(story, "web"))[-1]
        assert (last.origin, last.why, last.moved_by) == ("AFP", "merged", "ada")
        known = await tx.archive.story(story)
        assert known is not None
        assert known.articles == 2
