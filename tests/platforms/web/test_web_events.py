"""Live events: what comes, what is resumed after a lost connection, and how they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.message import Message
from bot.core.model import Channel
from bot.platforms.web.events import Cursor, Wire, stream
from tests.fakes.ports import Clock
from tests.platforms.web.conftest import Web
from tests.platforms.web.memory_chat import MemoryChat, alert

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


async def events(answer: ClientResponse) -> AsyncIterator[tuple[str, str, Any]]:
    """The events of a response: (name, id, data)."""
    assert answer.status == 200
    assert answer.content_type == "text/event-stream"
    found: dict[str, str] = {}
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            found[name] = value
        elif "data" in found:
            yield found["event"], found["id"], json.loads(found["data"])
            found = {}


async def upcoming(answer: ClientResponse, count: int) -> list[tuple[str, str, Any]]:
    found = []
    async with asyncio.timeout(20):
        async for each in events(answer):
            if each[0] != "beat":
                found.append(each)
            if len(found) == count:
                break
    return found


async def test_new_and_edited_messages_come_as_they_happen(web: Web) -> None:
    async with web.http.get("/api/channels/general/events") as answer:
        number = await web.platform.send("web:general", alert("First"), delivery_id="d1")
        await web.platform.send("web:alerts", alert("Elsewhere"), delivery_id="d2")
        [(name, _, line)] = await upcoming(answer, 1)
        assert (name, line["id"], line["message"]["title"]) == ("message", int(number), "First")
        web.chat.clock = lambda: NOW + timedelta(seconds=1)
        await web.platform.edit("web:general", number, alert("First, corrected"))
        [(name, _, line)] = await upcoming(answer, 1)
        assert (name, line["id"], line["message"]["title"]) == ("edit", int(number), "First, corrected")
        assert line["edited_at"]


async def test_a_connection_that_comes_back_has_lost_nothing(web: Web, clock: Clock) -> None:
    async with web.http.get("/api/channels/general/events") as answer:
        first = await web.platform.send("web:general", alert("One"), delivery_id="d1")
        [(_, cursor, _)] = await upcoming(answer, 1)
    clock.forward(timedelta(minutes=5))
    for title in ("Two", "Three"):
        await web.platform.send("web:general", alert(title), delivery_id=title)
    await web.platform.edit("web:general", first, alert("One, corrected"))
    async with web.http.get("/api/channels/general/events", headers={"Last-Event-ID": cursor}) as answer:
        found = await upcoming(answer, 3)
    assert [(name, line["message"]["title"]) for name, _, line in found] == [
        ("edit", "One, corrected"),
        ("message", "Two"),
        ("message", "Three"),
    ]


async def test_a_page_that_read_the_messages_hears_the_rest(web: Web) -> None:
    await web.platform.send("web:general", alert("Read"), delivery_id="d1")
    page = await web.get("/api/channels/general/messages")
    await web.platform.send("web:general", alert("Between"), delivery_id="d2")
    async with web.http.get("/api/channels/general/events", params={"after": page["cursor"]}) as answer:
        [(_, _, line)] = await upcoming(answer, 1)
    assert line["message"]["title"] == "Between"


async def test_all_channels_are_heard_at_once_and_so_are_changes_of_their_list(web: Web) -> None:
    async with web.http.get("/api/events") as answer:
        [(name, _, data)] = await upcoming(answer, 1)
        assert (name, [c["name"] for c in data]) == ("channels", ["general", "alerts"])
        async with web.http.post("/api/channels", json={"name": "syria"}) as made:
            assert made.status == 201
        [(name, _, data)] = await upcoming(answer, 1)
        assert (name, [c["name"] for c in data]) == ("channels", ["general", "alerts", "syria"])
        await web.platform.send("web:syria", alert("Here"), delivery_id="d1")
        await web.platform.send("web:alerts", alert("There"), delivery_id="d2")
        found = await upcoming(answer, 2)
        assert [line["channel"] for _, _, line in found] == ["web:syria", "web:alerts"]


async def test_a_deleted_channel_says_so_and_its_stream_ends(web: Web) -> None:
    async with web.http.get("/api/channels/alerts/events") as answer:
        async with web.http.delete("/api/channels/alerts") as gone:
            assert gone.status == 204
        assert [(name, data) async for name, _, data in events(answer)] == [("gone", {"id": "web:alerts"})]


async def test_the_program_stops_although_streams_are_open(web: Web) -> None:
    async with web.http.get("/api/events") as one, web.http.get("/api/channels/general/events") as two:
        await upcoming(one, 1)
        web.running.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await web.running
            assert [name async for name, _, _ in events(one)] == []
            assert [name async for name, _, _ in events(two)] == []


async def collect(chat: MemoryChat, cursor: Cursor, only: str = "") -> tuple[list[tuple[str, Any]], Cursor]:
    """All the events from a cursor on, until there are no more: with no time allowed for silence, a beat says so."""
    found: list[tuple[str, Any]] = []
    async for raw in stream(chat, Wire(), only, cursor, chat.clock, beat=0):
        if raw.startswith(b"retry"):
            continue
        fields = dict(line.split(": ", 1) for line in raw.decode().strip().splitlines())
        cursor = Cursor.parse(fields["id"], NOW + timedelta(days=9)) or cursor
        if fields["event"] == "beat":
            return found, cursor
        found.append((fields["event"], json.loads(fields["data"])))
    raise AssertionError("the stream ended by itself")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(0, 2)),
        st.tuples(st.just("edit"), st.integers(0, 30)),
        st.tuples(st.just("wait"), st.integers(1, 100_000)),
        st.tuples(st.just("reconnect"), st.just(0)),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_between_connections_the_reader_ends_up_with_the_log(steps: list[tuple[str, int]]) -> None:
    async def story() -> None:
        now = NOW
        chat = MemoryChat(lambda: now)
        chat.places = [Channel(f"web:c{i}", "web", f"c{i}") for i in range(3)]
        cursor = Cursor(0, NOW)
        seen: dict[int, str] = {}
        order: list[int] = []

        async def read() -> None:
            nonlocal cursor
            found, cursor = await collect(chat, cursor)
            for name, data in found:
                if name == "channels":
                    continue
                if name == "message":
                    order.append(data["id"])
                seen[data["id"]] = data["message"]["title"]

        for turn, (step, number) in enumerate(steps):
            if step == "post":
                await chat.post(f"web:c{number}", Message(title=f"post {turn}"), delivery_id=f"d{turn}")
            elif step == "edit" and chat.lines:
                await chat.edit(chat.lines[number % len(chat.lines)].id, Message(title=f"edit {turn}"))
            elif step == "wait":
                now += timedelta(milliseconds=number)
            elif step == "reconnect":
                await read()
        await read()
        assert seen == {line.id: line.message.title for line in chat.lines}
        assert order == sorted(set(order)), "a message came twice, or out of its order"

    asyncio.run(story())


async def test_what_another_process_posts_is_heard_too(chat: MemoryChat, clock: Clock) -> None:
    # Nobody rings the wire: the stream has to look by itself.
    found = stream(chat, Wire(), "web:general", Cursor(0, NOW), clock, beat=0.02)
    assert (await anext(found)).startswith(b"retry")
    assert b"event: beat" in await anext(found)
    await chat.post("web:general", alert(), delivery_id="d1")
    async with asyncio.timeout(10):
        async for each in found:
            if b"event: message" in each:
                break


async def test_more_than_one_page_of_news_comes_in_order_and_whole(chat: MemoryChat) -> None:
    await chat.post("web:general", Message(title="before"), delivery_id="before")
    for number in range(1300):
        await chat.post(("web:general", "web:alerts")[number % 3 == 0], Message(), delivery_id=str(number))
    found, _ = await collect(chat, Cursor(1, NOW))
    assert [data["id"] for name, data in found if name == "message"] == list(range(2, 1302))


@given(st.integers(0, 10**12), st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1)))
def test_a_cursor_survives_its_journey(last: int, edited: datetime) -> None:
    cursor = Cursor(last, edited.replace(tzinfo=UTC))
    back = Cursor.parse(str(cursor), NOW)
    assert back is not None
    assert back.last == last
    assert timedelta(0) <= cursor.edited - back.edited < timedelta(milliseconds=1)


@given(st.text())
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    parsed = Cursor.parse(text, NOW)
    assert parsed is None or parsed.edited <= NOW


@pytest.mark.parametrize("text", ["", "x", "-1", "1-x", "1-", "٣", "9" * 30, "1-" + "9" * 20])
def test_these_are_no_cursors(text: str) -> None:
    assert Cursor.parse(text, NOW) is None or text == "1-"
