"""The audit log as those who manage a server read it, and the limits of one server."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.commands import COMMANDS
from bot.core.command import Invocation
from bot.core.limits import Limits, Turnstile
from bot.core.message import Message
from bot.core.model import Channel, Deed, Delivery, Fetched, Outcome, Person
from bot.core.router import Router
from tests.fakes.newsroom import ADA, GENERAL, OIL, Newsroom
from tests.fakes.ports import entries

BOB = Person("bob", "Bob")
LOCAL = "https://local.example/rss"


async def reply(room: Newsroom, line: str, person: Person = ADA) -> Message:
    call = Invocation(GENERAL.tenant, GENERAL, person, (GENERAL, OIL))
    return (await room.router.answer(call, line)).message


async def test_each_change_is_told_with_who_what_where_and_how(newsroom: Newsroom) -> None:
    newsroom.source.give(LOCAL, Fetched(entries=entries("Chile votes", at=newsroom.clock()), title="Local News"))
    for line in (
        "/subscribe Chile to #oil silent:yes",
        "/subscribe Chile to #oil silent:no",
        "/subscribe Peru",
        "/ring Peru follow",
        "/unsubscribe Peru confirm:yes",
        f"/feed add {LOCAL}",
        "/feed set Local News 30m",
        "/feed pause Local News",
        "/topic create grain wheat OR barley",
        "/topic edit grain wheat",
        "/topic rollback grain 1",
        "/topic delete grain confirm:yes",
    ):
        assert "wrong" not in (await reply(newsroom, line)).text
    said = (await reply(newsroom, "/audit")).body
    told = [line.text.partition(" · ")[2] for line in reversed(said[:-1])]
    assert told == [
        "Ada · /subscribe Peru in #general",
        "Ada · /ring Peru in #general: once per story → with follow-ups",
        "Ada · /unsubscribe Peru in #general",
        "Ada · /feed add Local News in #general",
        "Ada · /feed set Local News in #general: by its pace → every 30 min",
        "Ada · /feed pause Local News in #general",
        "Ada · /topic create grain in #general: wheat OR barley",
        "Ada · /topic edit grain in #general: wheat OR barley → wheat",
        "Ada · /topic rollback grain in #general: wheat → wheat OR barley",
        "Ada · /topic delete grain in #general: wheat OR barley",
    ]
    older = [line.text.partition(" · ")[2] for line in (await reply(newsroom, "/audit page:2")).body]
    assert older == [
        "Ada · /subscribe Chile in #oil: rings silently → as usual",
        "Ada · /subscribe Chile in #oil: rings silently",
    ]


async def test_what_changed_nothing_is_not_told(newsroom: Newsroom) -> None:
    await reply(newsroom, "/subscribe Peru")
    for line in ("/subscribe Peru", "/ring Peru once", "/unmute 1", "/unsubscribe Peru", "/feed remove X confirm:yes"):
        await reply(newsroom, line)
    async with newsroom.store.read() as tx:
        assert await tx.audit.count(GENERAL.tenant) == 1


async def test_it_is_for_those_who_manage_and_notes_who_tried(newsroom: Newsroom) -> None:
    assert "for those who manage" in (await reply(newsroom, "/audit", BOB)).text
    await reply(newsroom, "/subscribe Peru", BOB)
    call = Invocation(GENERAL.tenant, GENERAL, ADA, (GENERAL, OIL))
    answer = await newsroom.router.answer(call, "/audit")
    assert answer.private
    assert "Bob · /subscribe in #general — refused" in answer.message.text
    assert "Bob · /audit in #general — refused" in answer.message.text


async def test_what_newsbell_did_by_itself_and_possible_duplicates_are_marked(newsroom: Newsroom) -> None:
    async with newsroom.store.begin() as tx:
        await tx.audit.note(
            Deed("fake", "sent again", "Chile votes", GENERAL.id, "no history", outcome=Outcome.DOUBLED)
        )
        await tx.audit.note(Deed("other", "subscribe", "Peru", "fake:x", person="eve"))
    said = (await reply(newsroom, "/audit")).text
    assert "Newsbell · sent again Chile votes" in said
    assert "— possible duplicate" in said
    assert "Peru" not in said


async def test_a_page_that_there_is_not_is_the_last(newsroom: Newsroom) -> None:
    assert (await reply(newsroom, "/audit page:99")).title == "Nothing was changed here yet"
    await reply(newsroom, "/subscribe Peru")
    assert "Peru" in (await reply(newsroom, "/audit page:99")).text


async def test_lines_past_their_keep_are_let_go(newsroom: Newsroom) -> None:
    await reply(newsroom, "/subscribe Peru")
    newsroom.clock.forward(timedelta(days=89))
    await newsroom.pipeline.retain()
    assert "Peru" in (await reply(newsroom, "/audit")).text
    newsroom.clock.forward(timedelta(days=2))
    await newsroom.pipeline.retain()
    assert (await reply(newsroom, "/audit")).title == "Nothing was changed here yet"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("/subscribe Peru", "/subscribe Chile"), "This server follows 1 topic, which is the most. /unsubscribe one"),
        (
            ("/feed add https://a.example/", f"/feed add {LOCAL}"),
            "This server has 1 feed of its own, which is the most",
        ),
        (("/topic create grain wheat", "/topic create metal tin"), "This server has named 1 topic, which is the most"),
        (("/topic import grain = wheat ;; metal = tin",), "A server may name 1 topic at most. Nothing was imported."),
    ],
)
async def test_a_limit_is_told_in_one_sentence_and_nothing_is_half_done(
    newsroom: Newsroom, lines: tuple[str, ...], said: str
) -> None:
    newsroom.router.desk.limits = Limits(1, 1, 1)
    for address in (LOCAL, "https://a.example/"):
        newsroom.source.give(address, Fetched(entries=entries("Chile votes", at=newsroom.clock()), title=address))
    for line in lines[:-1]:
        assert "the most" not in (await reply(newsroom, line)).text
    async with newsroom.store.read() as tx:
        before = await tx.audit.count("fake"), len(await tx.feeds.visible("fake"))
    assert said in (await reply(newsroom, lines[-1])).text
    async with newsroom.store.read() as tx:
        assert before == (await tx.audit.count("fake"), len(await tx.feeds.visible("fake")))
        assert len(await tx.subscriptions.of_tenant("fake")) <= 1
    for line in lines[:-1]:  # what is there already may be said again
        assert "the most" not in (await reply(newsroom, line)).text


async def test_too_many_commands_in_a_minute_are_told_when_to_come_back(newsroom: Newsroom) -> None:
    router = Router(COMMANDS, newsroom.router.desk, Turnstile(2, lambda: 0.0))
    call = Invocation(GENERAL.tenant, GENERAL, ADA, (GENERAL,))
    for _ in range(2):
        assert "the most" not in (await router.answer(call, "/status")).message.text
    third = (await router.call(call, "status", {})).message.text
    assert third == "2 commands a minute are the most for one server. Ask again in 60 s."
    assert await router.choices(call, "help", "name", "sub"), "half a word is not a command"
    other = Invocation("other", Channel("fake:other", "other", "other"), ADA)
    assert "the most" not in (await router.answer(other, "/status")).message.text


async def test_why_an_alert_did_not_come_is_told_by_status(newsroom: Newsroom) -> None:
    async with newsroom.store.begin() as tx:
        for number in range(3):
            await tx.outbox.add(
                Delivery(str(number), "fake", GENERAL.id, Message(title="x"), created_at=newsroom.clock())
            )
        claimed = await tx.outbox.claim(GENERAL.id, owner="w", lease=timedelta(minutes=1))
        assert claimed
        await tx.outbox.dead(claimed, owner="w", reason="400: too strange")
    newsroom.clock.forward(timedelta(hours=12))
    async with newsroom.store.begin() as tx:
        assert await tx.outbox.expire(timedelta(hours=12)) == [GENERAL.id] * 2
    said = await newsroom.say("/status")
    assert "3 alerts could not be delivered: older than 12 hours (2); 400: too strange (1)." in said
