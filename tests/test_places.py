"""What becomes of places: a channel that closes tells those who subscribed once, and goes on when it opens again."""

from __future__ import annotations

from bot.core.errors import ChannelGone
from bot.core.model import Channel, DeliveryState, Fetched, Person
from bot.places import Places
from tests.fakes.newsroom import GENERAL, OIL, WIRE, Newsroom
from tests.fakes.ports import entries

EVE = Person("fake:eve", "Eve", may_manage=True)
INBOX = Channel("fake:eve", "fake:eve")
OTHERS = Channel("fake:others", "another server", "others")
REASON = "Give the bot the Send Messages right in #general"


async def follow_and_ring(room: Newsroom, *titles: str) -> None:
    await room.add_feed()
    room.source.give(WIRE, Fetched(entries=entries("Rain in Oslo", at=room.clock())))
    await room.poll()
    room.source.give(WIRE, Fetched(entries=entries(*titles, at=room.clock())))
    await room.poll()


async def test_a_channel_that_closes_while_an_alert_is_posted_tells_who_subscribed_once(newsroom: Newsroom) -> None:
    await newsroom.say("/subscribe Chile", person=EVE)
    await newsroom.say("/subscribe Peru", person=EVE)
    await newsroom.say("/subscribe Norway")  # by somebody without direct messages here
    newsroom.platform.faults = [ChannelGone(REASON)]
    await follow_and_ring(newsroom, "Chile votes for a new constitution", "Peru counts llamas in the highlands")
    await newsroom.flush(GENERAL, INBOX)
    await newsroom.flush(GENERAL, INBOX)
    assert "the channel is closed to me. Give the bot the Send Messages right" in await newsroom.say("/subscriptions")
    (place, _, told), *others = newsroom.platform.posted
    assert (place, others) == (EVE.id, [])
    assert told.title == "Alerts in #general are paused"
    assert "Chile, Peru, Norway" in told.text
    assert REASON in told.text


async def test_where_people_have_no_direct_messages_nobody_is_written_to(newsroom: Newsroom) -> None:
    newsroom.platform.whispers = False
    await newsroom.say("/subscribe Chile", person=EVE)
    newsroom.platform.faults = [ChannelGone(REASON)]
    await follow_and_ring(newsroom, "Chile votes for a new constitution")
    await newsroom.flush(GENERAL)
    assert "the channel is closed to me" in await newsroom.say("/subscriptions")
    async with newsroom.store.read() as tx:
        assert await tx.channels.get(INBOX.id) is None
        assert await tx.outbox.last(INBOX.id) == []


async def test_what_waited_goes_out_when_the_channel_opens_again(newsroom: Newsroom) -> None:
    await newsroom.say("/subscribe Chile", person=EVE)
    newsroom.platform.faults = [ChannelGone(REASON)]
    await follow_and_ring(newsroom, "Chile votes for a new constitution")
    await newsroom.flush(GENERAL)
    places = Places(newsroom.store, lambda _: True)
    await places.opened(OIL.id)
    await newsroom.flush(GENERAL)
    assert newsroom.platform.titles() == []
    await places.opened(GENERAL.id)
    told = await newsroom.say("/audit", person=EVE)
    assert f"Newsbell · paused the subscriptions in #general: {REASON}" in told
    assert "Newsbell · resumed the subscriptions in #general: the channel is open again" in told
    await newsroom.flush(GENERAL)
    assert newsroom.platform.titles() == ["Chile votes for a new constitution"]
    assert "paused" not in await newsroom.say("/subscriptions")


async def test_a_pause_that_somebody_asked_for_outlasts_the_closing_and_opening(newsroom: Newsroom) -> None:
    await newsroom.say("/subscribe Chile", person=EVE)
    async with newsroom.store.begin() as tx:
        await tx.subscriptions.pause_channel(GENERAL.id, "paused by Eve")
    places = Places(newsroom.store, lambda _: True)
    await places.closed(GENERAL.id, REASON)
    await places.opened(GENERAL.id)
    assert "paused by Eve" in await newsroom.say("/subscriptions")
    await newsroom.flush(INBOX)
    assert newsroom.platform.posted == []


async def test_nothing_is_told_of_a_channel_that_nobody_follows_anything_in(newsroom: Newsroom) -> None:
    await Places(newsroom.store, lambda _: True).closed("fake:unknown", REASON)
    await newsroom.flush(INBOX)
    assert newsroom.platform.posted == []


async def test_a_server_that_puts_us_out_leaves_nothing_and_the_others_stay(newsroom: Newsroom) -> None:
    await newsroom.say("/subscribe Chile", person=EVE)
    await newsroom.say("/subscribe Chile", channel=OTHERS, person=EVE)
    await follow_and_ring(newsroom, "Chile votes for a new constitution")
    await Places(newsroom.store, lambda _: True).removed(GENERAL.tenant)
    await newsroom.flush(GENERAL, OTHERS)
    assert [place for place, _, _ in newsroom.platform.posted] == [OTHERS.id]
    async with newsroom.store.read() as tx:
        assert await tx.subscriptions.of_tenant(GENERAL.tenant) == []
        assert await tx.channels.of_tenant(GENERAL.tenant) == []
        assert sum((await tx.deliveries.counts(GENERAL.tenant, newsroom.clock.now.replace(year=2000))).values()) == 0
        assert (await tx.deliveries.counts(OTHERS.tenant, newsroom.clock.now.replace(year=2000)))[
            DeliveryState.SENT
        ] == 1
