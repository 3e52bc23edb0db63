"""What happened: stories by voices, what grows, a topic by days, and what is new since one last asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.chart import sparkline
from bot.core.command import Invocation
from bot.core.message import Message
from bot.core.model import Channel, Fetched, Person
from tests.fakes.newsroom import ADA, GENERAL, OIL, Newsroom
from tests.fakes.ports import entries

BOB = Person("bob", "Bob")
STRANGER = Channel("fake:elsewhere", "another server", "elsewhere")
RAID = "Iraqi army drives Islamic State out of Hawija"
RAID_TEXT = (
    "Iraqi troops drove Islamic State fighters out of Hawija on Thursday, the army said in Baghdad. "
    "The town in Kirkuk province had been held by the group for three years."
)
WHEAT = "Iraq buys wheat from Australia for the winter"
WHEAT_TEXT = "Iraq bought 200,000 tonnes of Australian wheat in a tender, traders said. The ships sail in a month."
SOURCES = ("The Wire", "The Other", "The Third")


def url(source: str) -> str:
    return f"https://{source.split()[1].lower()}.example/rss"


async def reply(room: Newsroom, line: str, person: Person = ADA, channel: Channel = GENERAL) -> Message:
    call = Invocation(channel.tenant, channel, person, (GENERAL, OIL))
    return (await room.router.answer(call, line)).message


async def publish(room: Newsroom, source: str, title: str, text: str) -> None:
    at = room.clock() + timedelta(hours=4)
    room.source.give(url(source), Fetched(entries=entries(title, at=at, text=text, url=url(source))))
    await room.poll(url(source))


@pytest.fixture
async def room(newsroom: Newsroom) -> Newsroom:
    """A small story, and after it a larger one by three outlets."""
    for source in SOURCES:
        await newsroom.add_feed(url(source), source=source)
    await publish(newsroom, "The Wire", WHEAT, WHEAT_TEXT)
    for source in SOURCES:
        await publish(newsroom, source, f"{RAID}, {source.split()[1]} reports", RAID_TEXT.replace("Thursday", source))
    return newsroom


def headlines(message: Message) -> list[str]:
    return [next((s.text for s in p.spans if s.bold), "") for p in message.body if p.kind == "item"]


async def test_stories_are_ranked_by_independent_origins(room: Newsroom) -> None:
    message = await reply(room, "/stories Iraq 3")
    assert message.title == "2 stories about Iraq in the last 3 days"
    assert headlines(message) == [f"{RAID}, Wire reports", WHEAT]
    assert "3 outlets, 3 origins" in message.body[0].text
    assert [b.label for b in message.buttons] == ["Story 1", "Story 2"]
    assert (await reply(room, f"/{message.buttons[1].command}")).title == WHEAT
    assert headlines(await reply(room, "/stories ISIL")) == [f"{RAID}, Wire reports"]
    assert len(headlines(await reply(room, "/stories"))) == 2
    assert "No stories about Chile" in (await reply(room, "/stories Chile")).text


async def test_a_private_feed_s_articles_are_counted_for_their_server_alone(room: Newsroom) -> None:
    await room.add_feed("https://hidden.example/rss", tenant=STRANGER.tenant, source="Our Hidden")
    await publish(room, "Our Hidden", f"{RAID}, hidden source reports", RAID_TEXT.replace("Thursday", "Friday"))
    assert "3 outlets, 3 origins" in (await reply(room, "/stories ISIL")).text
    assert "4 outlets, 4 origins" in (await reply(room, "/stories ISIL", channel=STRANGER)).text


async def test_what_grows_comes_first_and_what_stands_still_is_not_named(room: Newsroom) -> None:
    assert headlines(await reply(room, "/trending")) == [f"{RAID}, Wire reports"]
    room.clock.forward(timedelta(hours=12))
    assert (await reply(room, "/trending")).title == "Nothing is growing now"


async def test_a_timeline_draws_the_days_and_tells_the_busiest(room: Newsroom) -> None:
    room.clock.forward(timedelta(days=2))
    await publish(room, "The Other", "Iraqi parliament passes the budget", "The parliament in Iraq passed the budget.")
    message = await reply(room, "/timeline Iraq 5d")
    assert message.title == "Iraq: the last 5 days"
    assert message.chart
    assert message.chart.text == "·██·▄  25 Nov to 29 Nov: 5 articles, most (2) 26 Nov"
    assert message.chart.text in message.text
    assert [p.spans[0].text for p in message.body] == ["26 Nov", "27 Nov", "29 Nov"]
    assert f"2 articles: {RAID}, Other reports" in message.text
    assert {f.name: f.value for f in message.fields}["Today"] == "1, against 1.0 on a usual day"
    assert "nothing in the last 14 days" in (await reply(room, "/timeline Chile")).text


async def test_a_brief_tells_what_is_new_since_one_last_asked(room: Newsroom) -> None:
    assert "Nothing is followed here yet" in (await reply(room, "/brief")).text
    await reply(room, "/subscribe Iraq")
    first = await reply(room, "/brief")
    assert first.title == "#general: 2 stories in the last 24 hours"
    assert headlines(first) == [f"{RAID}, Wire reports", WHEAT]
    room.clock.forward(timedelta(hours=2))
    assert (await reply(room, "/brief")).title == "#general: nothing new since you last asked, 2 h ago"
    await publish(room, "The Other", "Iraqi parliament passes the budget", "The parliament in Iraq passed the budget.")
    assert headlines(await reply(room, "/brief")) == ["Iraqi parliament passes the budget"]
    assert len(headlines(await reply(room, "/brief", person=BOB))) == 3
    assert headlines(await reply(room, "/brief ISIL", person=BOB)) == []
    assert headlines(await reply(room, "/brief ISIL", person=Person("eve"))) == [f"{RAID}, Wire reports"]


@pytest.mark.parametrize(
    ("counts", "drawn"),
    [([], ""), ([0, 0], "··"), ([1], "█"), ([0, 1, 4, 8], "·▁▄█"), ([100, 1], "█▁")],
)
def test_a_sparkline_is_as_high_as_its_highest(counts: list[int], drawn: str) -> None:
    assert sparkline(counts) == drawn
