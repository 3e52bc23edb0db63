"""Topics that a server names: made, edited, tested, rolled back, shared and followed by their name."""

from __future__ import annotations

import pytest

from bot.core.command import Invocation
from bot.core.message import Message
from bot.core.model import Channel, Entry, Fetched, Person
from tests.fakes.newsroom import ADA, GENERAL, OIL, WIRE, Newsroom
from tests.fakes.ports import entries

BOB = Person("bob", "Bob")
STRANGER = Channel("fake:elsewhere", "another server", "elsewhere")


async def reply(room: Newsroom, line: str, channel: Channel = GENERAL, person: Person = ADA) -> Message:
    call = Invocation(channel.tenant, channel, person, (GENERAL, OIL))
    return (await room.router.answer(call, line)).message


async def publish(room: Newsroom, *titles: str) -> None:
    room.source.give(WIRE, Fetched(entries=entries(*titles, at=room.clock())))
    await room.poll()


async def rung(room: Newsroom) -> list[str]:
    await room.flush()
    return [posted[2].title for posted in room.platform.posted]


async def test_a_named_topic_is_followed_by_its_name(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    await publish(newsroom, "Nothing")
    made = await reply(newsroom, "/topic create grain-deal Ukraine NEAR/20 (grain OR wheat)")
    assert made.title == "grain-deal is a topic now"
    assert "Read as: Ukraine NEAR/20 (grain OR wheat)." in made.text
    followed = await reply(newsroom, "/subscribe grain-deal")
    assert followed.title == "Following grain-deal in #general"
    assert "grain-deal is your topic. Read as: Ukraine NEAR/20" in followed.text
    await publish(newsroom, "Ukraine ships wheat again", "Ukraine votes")
    assert await rung(newsroom) == ["Ukraine ships wheat again"]
    assert newsroom.platform.posted[0][2].fields[0].value == "grain-deal"
    assert "grain-deal" in await newsroom.say("/subscriptions")
    assert "wheat" in (await reply(newsroom, "/news grain-deal")).text
    assert (await reply(newsroom, "/unsubscribe GRAIN-DEAL confirm:yes")).title.endswith("no longer follows grain-deal")


async def test_who_follows_a_topic_follows_its_edits_also_after_a_restart(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    await publish(newsroom, "Nothing")
    await reply(newsroom, "/topic create farming wheat OR barley")
    await reply(newsroom, "/subscribe farming")
    edited = await reply(newsroom, "/topic edit farming barley OR rye")
    assert "Version 2." in edited.text
    await publish(newsroom, "Wheat is dear", "Rye is dear")
    assert await rung(newsroom) == ["Rye is dear"]
    await newsroom.restart()
    await publish(newsroom, "Wheat is cheap", "Barley is cheap")
    assert await rung(newsroom) == ["Rye is dear", "Barley is cheap"]


async def test_an_earlier_version_comes_back(newsroom: Newsroom) -> None:
    await reply(newsroom, "/topic create farming wheat OR barley")
    await reply(newsroom, "/topic edit farming rye OR barley")
    history = await reply(newsroom, "/topic history farming")
    assert history.title == "farming: 2 versions"
    assert [button.command for button in history.buttons] == ['topic rollback "farming" 1']
    back = await reply(newsroom, f"/{history.buttons[0].command}")
    assert back.title == "farming is version 1 again"
    assert "Version 3." in back.text
    assert "wheat OR barley" in (await reply(newsroom, "/topic farming")).text
    assert "no version 9" in (await reply(newsroom, "/topic rollback farming 9")).text


async def test_deleting_asks_refuses_where_it_is_followed_and_can_be_undone(newsroom: Newsroom) -> None:
    await reply(newsroom, "/topic create farming wheat OR barley")
    await reply(newsroom, "/subscribe farming")
    assert "followed by 1 channel" in (await reply(newsroom, "/topic delete farming")).text
    await reply(newsroom, "/unsubscribe farming confirm:yes")
    asked = await reply(newsroom, "/topic delete farming")
    gone = await reply(newsroom, f"/{asked.buttons[0].command}")
    assert gone.title == "farming is deleted"
    assert "has named no topic farming" in (await reply(newsroom, "/topic edit farming rye")).text
    assert (await reply(newsroom, f"/{gone.buttons[0].command}")).title == "farming is version 1 again"


async def test_what_is_exported_can_be_imported_elsewhere(newsroom: Newsroom) -> None:
    await reply(newsroom, '/topic create "grain deal" Ukraine NEAR/20 (grain OR wheat)')
    await reply(newsroom, '/topic create farming "oil seed" OR barley')
    exported = (await reply(newsroom, "/topic export")).body[0].text
    done = await reply(newsroom, f"/topic import {exported}", STRANGER)
    assert done.title == "2 topics imported"
    assert (await reply(newsroom, "/topic export", STRANGER)).body[0].text == exported
    assert "2 as before" in (await reply(newsroom, f"/topic import {exported}", STRANGER)).text
    assert "Column 13" in (await reply(newsroom, "/topic import bad = wheat NEAR/5")).text


async def test_what_is_shared_says_the_line_that_makes_it(newsroom: Newsroom) -> None:
    await reply(newsroom, "/topic create farming wheat OR barley")
    call = Invocation(GENERAL.tenant, GENERAL, BOB, (GENERAL,))
    shared = await newsroom.router.answer(call, "/topic share farming")
    assert not shared.private
    line = next(p.text for p in shared.message.body if p.kind == "quote")
    assert (await reply(newsroom, line, STRANGER)).title == "farming is a topic now"


async def test_a_name_is_known_to_its_own_server_only(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    await publish(newsroom, "Nothing")
    await reply(newsroom, "/topic create farming wheat OR barley")
    await reply(newsroom, "/topic create farming cattle OR sheep", STRANGER)
    await reply(newsroom, "/subscribe farming")
    assert "farming" not in (await reply(newsroom, "/topics farming", Channel("fake:third", "third", "x"))).title
    await publish(newsroom, "Sheep are dear", "Wheat is dear")
    assert await rung(newsroom) == ["Wheat is dear"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("topic create Iraq oil OR gas", "Iraq has a meaning already"),
        ("topic create Maghreb oil OR gas", "Maghreb has a meaning already"),
        ("topic create the oil OR gas", "too common a word to be a name"),
        ('topic create "a OR b" oil', "no operators"),
        ("topic create farming -wheat", "would match every article"),
        ("topic create farming wheat NEAR", "Column 7: NEAR needs a number"),
        ("topic create farming", "What is the query?"),
        ("topic edit nothing wheat", "has named no topic nothing"),
        ("topic import wheat", "write name = query"),
        (
            "topic create farming @ranching OR wheat",
            "Column 1: there is no @ranching in the catalogue or among your topics",
        ),
        ("topic create farming title:@Maghreb", "expected a name of the catalogue after title:"),
        ("topic create farming " + " OR ".join(["@Elections"] * 30 + [f"w{n}" for n in range(79)]), "at most 80 words"),
        ("topic export", "has named no topics yet"),
    ],
)
async def test_what_cannot_be_named_is_refused_with_the_reason(line: str, said: str, newsroom: Newsroom) -> None:
    assert said in (await reply(newsroom, f"/{line}")).text


async def test_naming_is_for_those_who_manage_the_server(newsroom: Newsroom) -> None:
    assert "for those who manage" in (await reply(newsroom, "/topic create farming wheat", person=BOB)).text


async def test_a_pack_is_listed_shown_and_followed_by_name(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    await publish(newsroom, "Nothing")
    assert "Earthquakes" in (await reply(newsroom, "/topics earthq")).text
    assert "Maghreb" in (await reply(newsroom, "/topics region")).text
    assert "Algeria" in (await reply(newsroom, "/topic maghreb")).text
    followed = await reply(newsroom, "/subscribe maghreb")
    assert followed.title == "Following Maghreb in #general"
    await publish(newsroom, "Tunisia holds a vote", "Chile holds a vote")
    assert await rung(newsroom) == ["Tunisia holds a vote"]


async def test_more_names_of_one_thing_are_added_to_a_topic(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    await publish(newsroom, "Nothing")
    listed = await reply(newsroom, '/topic create acme Acme "Acme Works" ACMX')
    assert 'An article must have all of it. For any of it: "acme" OR ' in listed.text
    press = next(button for button in listed.buttons if button.label == "Any of it")
    assert 'Read as: "acme" OR' in (await reply(newsroom, f"/{press.command}")).text
    await reply(newsroom, "/subscribe acme")
    added = await reply(newsroom, '/topic edit acme @acme OR "Zenith Tools"')
    assert 'OR "Zenith Tools".' in added.text
    await publish(newsroom, "Zenith Tools opens a plant", "A plant closes", "ACMX falls")
    assert sorted(await rung(newsroom)) == ["ACMX falls", "Zenith Tools opens a plant"]
    assert "all of it" not in (await reply(newsroom, "/topic create pair Russia-Iraq")).text


async def test_a_named_topic_and_a_pack_are_one_side_of_a_relation(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    await publish(newsroom, "Nothing")
    await reply(newsroom, '/topic create "our firm" Acme OR Zenith')
    followed = await reply(newsroom, "/subscribe our firm-Russia")
    assert "Read as: (Acme OR Zenith) PARA Russia." in followed.text
    assert "What “our firm” means today is written out" in followed.text
    assert "written out" not in (await reply(newsroom, "/subscribe Maghreb and Russia")).text
    await publish(newsroom, "Zenith leaves Moscow", "Zenith hires", "Tunisia buys Russian wheat", "Tunisia votes")
    assert sorted(await rung(newsroom)) == ["Tunisia buys Russian wheat", "Zenith leaves Moscow"]
    await reply(newsroom, '/topic edit "our firm" Quux')
    await newsroom.restart()
    await publish(newsroom, "Acme enters Russia")
    assert "Acme enters Russia" in await rung(newsroom)


async def test_a_topic_that_means_a_pack_or_another_topic_keeps_what_that_means(newsroom: Newsroom) -> None:
    await reply(newsroom, "/topic create near Maghreb")
    assert "Algeria" in (await reply(newsroom, "/topic near")).text
    await reply(newsroom, "/topic create nearer @near NOT Libya")
    await reply(newsroom, "/topic edit near Spain OR Portugal")
    assert "Algeria" in (await reply(newsroom, "/topic nearer")).text
    assert "Algeria" not in (await reply(newsroom, "/topic near")).text
    await reply(newsroom, "/topic create bridge near-Russia")
    await reply(newsroom, "/topic create alike Maghreb and Russia")
    assert "(Spain OR Portugal) PARA Russia" in (await reply(newsroom, "/topic bridge")).text
    assert "PARA Russia" in (await reply(newsroom, "/topic alike")).text


async def test_a_test_counts_blames_and_suggests(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    weak = [
        Entry(
            str(number),
            f"Football round-up number {number}" if number < 4 else f"Notes of day {number}",
            text="The ground was full. The oil company paid for the cup. " + "Nobody was hurt. " * 3,
            published=newsroom.clock(),
        )
        for number in range(6)
    ]
    strong = [
        Entry(f"s{n}", f"Oil and gas {n}", text="Oil and gas rose.", published=newsroom.clock()) for n in range(4)
    ]
    newsroom.source.give(WIRE, Fetched(entries=(*weak, *strong)))
    await newsroom.poll()
    tested = await reply(newsroom, "/topic test oil OR gas")
    assert "Read as: oil OR gas." in tested.text
    assert "10 articles" in tested.text
    assert "Most of it is due to oil: 6 of 10 articles say nothing else." in tested.text
    assert "Without football: 4 articles in" in tested.text
    press = next(button for button in tested.buttons if button.label == "Without football")
    assert press.command == "topic test (oil OR gas) -football"
    assert "6 articles" in (await reply(newsroom, f"/{press.command}")).text
    assert "Without football" in (await reply(newsroom, "/subscribe oil OR gas")).text
