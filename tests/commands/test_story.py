"""One story through the commands: shown with its reasons, summed up, split and merged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.command import Invocation
from bot.core.message import Message
from bot.core.model import Article, Channel, Fetched, Person
from bot.llm import Summary
from tests.fakes.newsroom import ADA, GENERAL, OIL, Newsroom
from tests.fakes.ports import entries

BOB = Person("bob", "Bob")
STRANGER = Channel("fake:elsewhere", "another server", "elsewhere")
HEADLINES = {
    "The Wire": "Iraqi army drives Islamic State out of Hawija",
    "The Other": "Islamic State driven out of Hawija by Iraqi army",
    "The Third": "Hawija: Iraqi army ends Islamic State rule",
}
TEXTS = {
    "The Wire": "Iraqi troops drove Islamic State fighters out of Hawija on Thursday, the army said in Baghdad. "
    "The town in Kirkuk province had been held by the group for three years. Families began to return.",
    "The Other": "Islamic State fighters fled Hawija in Kirkuk province as the Iraqi army entered on Thursday. "
    "Engineers found forty mines on the bridge. A curfew holds until Sunday.",
    "The Third": "The Iraqi army ended three years of Islamic State rule in Hawija, a town in Kirkuk province. "
    "The mayor asked for bread and fuel before the weekend.",
}


def url(source: str) -> str:
    return f"https://{source.split()[1].lower()}.example/rss"


async def reply(room: Newsroom, line: str, person: Person = ADA, channel: Channel = GENERAL) -> Message:
    call = Invocation(channel.tenant, channel, person, (GENERAL, OIL))
    return (await room.router.answer(call, line)).message


async def publish(room: Newsroom, source: str, title: str = "", text: str = "") -> None:
    fresh = entries(
        title or HEADLINES[source],
        at=room.clock() + timedelta(hours=4),
        text=text or TEXTS[source],
        url=url(source),
    )
    room.source.give(url(source), Fetched(entries=fresh))
    await room.poll(url(source))
    await room.flush()


@pytest.fixture
async def room(newsroom: Newsroom) -> Newsroom:
    """A story with three reports, which rang once."""
    for source in HEADLINES:
        await newsroom.add_feed(url(source), source=source)
        quiet = entries(f"Rain {source}", at=newsroom.clock(), text=f"Rain fell near the house of {source}.")
        newsroom.source.give(url(source), Fetched(entries=quiet))
        await newsroom.poll(url(source))
    await newsroom.say("/subscribe ISIL")
    for source in HEADLINES:
        await publish(newsroom, source)
    assert newsroom.platform.titles() == [HEADLINES["The Wire"]]
    return newsroom


async def shown(room: Newsroom) -> tuple[Message, int]:
    """The story as its card's button shows it, and its number."""
    summary = next(b.command for b in room.platform.posted[0][2].buttons if b.label == "Summary")
    number = int(summary.split()[1])
    return await reply(room, f"/story show {number}"), number


async def test_a_story_is_shown_with_why_each_article_is_in_it(room: Newsroom) -> None:
    message, number = await shown(room)
    assert message.title == HEADLINES["The Wire"]
    lines = [paragraph.text for paragraph in message.body]
    assert len(lines) == 3
    assert "The Wire" in lines[0]
    assert "(opened the story)" in lines[0]
    assert "(alike, 0." in lines[1]
    assert {field.name: field.value for field in message.fields}["Coverage"] == "3 outlets, 3 origins"
    assert [b.label for b in message.buttons][-2:] == ["Not the same story: 2", "Not the same story: 3"]
    assert f"Story {number}." in message.footer


async def test_an_article_that_is_not_the_same_story_gets_one_of_its_own_and_can_go_back(room: Newsroom) -> None:
    message, number = await shown(room)
    split = await reply(room, f"/{message.buttons[-1].command}")
    assert split.title == f"A story of its own: {HEADLINES['The Third']}"
    now, _ = await shown(room)
    assert len(now.body) == 2
    undo = next(b for b in split.buttons if b.label == "Undo")
    assert (await reply(room, f"/{undo.command}")).title == f"One story now: {HEADLINES['The Wire']}"
    back, _ = await shown(room)
    assert len(back.body) == 3
    assert "(merged by hand)" in back.body[2].text
    assert number in {int(b.command.split()[2]) for b in split.buttons if b.label == "The other one"}


async def test_what_resembles_the_article_that_was_split_off_joins_it_and_rings(room: Newsroom) -> None:
    message, _ = await shown(room)
    split = await reply(room, f"/{message.buttons[-1].command}")
    opened = next(b.command for b in split.buttons if b.label == "Whole story")
    await publish(room, "The Other", "Mayor of Hawija asks for bread and fuel", TEXTS["The Third"])
    assert len((await reply(room, f"/{opened}")).body) == 2
    await publish(room, "The Wire", "Islamic State rule in Hawija ended, mayor asks for bread", TEXTS["The Third"])
    assert len(room.platform.posted) == 2


async def test_a_split_is_known_after_a_restart_too(room: Newsroom) -> None:
    message, _ = await shown(room)
    split = await reply(room, f"/{message.buttons[-1].command}")
    opened = next(b.command for b in split.buttons if b.label == "Whole story")
    await room.restart()
    await publish(room, "The Other", "Mayor of Hawija asks for bread and fuel", TEXTS["The Third"])
    assert len((await reply(room, f"/{opened}")).body) == 2


async def test_the_card_follows_a_split(room: Newsroom) -> None:
    message, _ = await shown(room)
    await room.edit()
    assert "3 outlets" in room.platform.posted[0][2].text
    await reply(room, f"/{message.buttons[-1].command}")
    await room.edit()
    assert "2 outlets" in room.platform.posted[0][2].text


async def test_two_stories_are_merged_with_all_that_hangs_on_them(room: Newsroom) -> None:
    await publish(room, "The Wire", "Daesh cell found in Mosul", "Police in Mosul found a Daesh cell in a garage.")
    assert len(room.platform.posted) == 2
    first, second = (
        next(b.command for b in message.buttons if b.label == "Summary").split()[1]
        for _, _, message in room.platform.posted
    )
    merged = await reply(room, f"/story merge {second} {first}")
    assert merged.title == f"One story now: {HEADLINES['The Wire']}"
    assert "1 article moved" in merged.text
    assert "no longer in the archive" in (await reply(room, f"/story show {second}")).text
    await publish(room, "The Other", "Police in Mosul find Daesh cell", "A Daesh cell was found in a garage in Mosul.")
    assert len(room.platform.posted) == 2
    message, _ = await shown(room)
    assert len(message.body) == 5


async def test_another_server_s_story_cannot_be_merged_away(room: Newsroom) -> None:
    elsewhere = Channel("fake:elsewhere", "another server", "elsewhere")
    await room.router.answer(Invocation("another server", elsewhere, ADA, (elsewhere,)), "/subscribe ISIL")
    await publish(room, "The Wire", "Daesh cell found in Mosul", "Police in Mosul found a Daesh cell in a garage.")
    second = next(b.command for b in room.platform.posted[-1][2].buttons if b.label == "Summary").split()[1]
    _, first = await shown(room)
    assert "Another server has heard of one" in (await reply(room, f"/story merge {second} {first}")).text
    assert (await reply(room, f"/story show {second}")).title == "Daesh cell found in Mosul"


async def test_a_story_that_another_server_has_heard_of_is_not_taken_apart(room: Newsroom) -> None:
    elsewhere = Channel("fake:elsewhere", "another server", "elsewhere")
    await room.router.answer(Invocation("another server", elsewhere, ADA, (elsewhere,)), "/subscribe Iraq")
    await publish(room, "The Wire", "Families return to Hawija in Iraq after Islamic State rule", TEXTS["The Third"])
    message, number = await shown(room)
    refused = await reply(room, f"/{message.buttons[-1].command}")
    assert "Another server has heard of this story" in refused.text
    assert refused.buttons[0].command == f"mute {number}"
    assert len((await shown(room))[0].body) == len(message.body)


async def test_splitting_and_merging_are_for_managers_and_mistakes_are_told(room: Newsroom) -> None:
    _, number = await shown(room)
    for line in ("/story split 4", f"/story merge 1 {number}"):
        assert "for those who manage this server" in (await reply(room, line, person=BOB)).text
    assert "no longer in the archive" in (await reply(room, "/story show 999")).text
    assert "no longer in the archive" in (await reply(room, "/story split 999")).text
    assert "no longer in the archive" in (await reply(room, "/story split x")).text
    assert "one story already" in (await reply(room, f"/story merge {number} {number}")).text
    await reply(room, "/story split 1")
    assert "a story of its own already" in (await reply(room, "/story split 1")).text


async def test_a_summary_draws_on_all_articles_and_says_nothing_twice(room: Newsroom) -> None:
    _, number = await shown(room)
    message = await reply(room, f"/summary {number}", person=BOB)
    assert "forty mines" in message.text
    assert "bread and fuel" in message.text
    assert message.footer == "Drawn from 3 articles, in their own words."


async def test_a_summary_by_the_model_is_labelled(room: Newsroom) -> None:
    class Model:
        async def summarize(self, article: Article, *, sentences: int) -> Summary:
            assert "forty mines" in article.body
            return Summary("The model says so.", "llm")

    room.writer = Model()
    await room.restart()
    _, number = await shown(room)
    message = await reply(room, f"/summary {number}")
    assert message.body[0].text == "The model says so."
    assert message.footer.startswith("Summary by a language model")
