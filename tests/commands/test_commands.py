"""The commands as people use them, through the router and a real database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands import COMMANDS
from bot.core.command import Invocation
from bot.core.errors import FetchError, ForbiddenAddress, NotAFeed
from bot.core.message import Manner, Message, Role
from bot.core.model import Channel, Entry, Fetched, Person
from bot.core.pack import PackFeed
from tests.fakes.newsroom import ADA, GENERAL, OIL, WIRE, Newsroom
from tests.fakes.ports import entries

BOB = Person("bob", "Bob")
DESK = Role("fake:desk", "desk")
STRANGER = Channel("fake:elsewhere", "another server", "elsewhere")


async def reply(room: Newsroom, line: str, channel: Channel = GENERAL, person: Person = ADA) -> Message:
    call = Invocation(channel.tenant, channel, person, (GENERAL, OIL), roles=(DESK,))
    return (await room.router.answer(call, line)).message


async def completed(room: Newsroom, line: str) -> list[str]:
    call = Invocation(GENERAL.tenant, GENERAL, ADA, (GENERAL, OIL))
    return [choice.value for choice in await room.router.complete(call, line)]


async def archive(room: Newsroom, *titles: str) -> None:
    await room.add_feed()
    room.source.give(WIRE, Fetched(entries=entries(*titles, at=room.clock())))
    await room.poll()


async def test_subscribing_answers_with_what_the_last_week_would_have_brought(newsroom: Newsroom) -> None:
    await archive(
        newsroom,
        "Islamic State attacks a checkpoint near Kirkuk",
        "Daesh cell found in Mosul",
        "Central bank holds rates",
    )
    message = await reply(newsroom, "/subscribe ISIS")
    assert message.title == "Following ISIL in #general"
    assert "2 articles in 2 stories" in message.text
    assert "from 1 source" in message.text
    assert "Daesh cell found in Mosul" in message.text
    assert "Central bank" not in message.text


async def test_a_query_is_followed_as_it_was_read(newsroom: Newsroom) -> None:
    await archive(newsroom, "Oil rises in Iraq", "Football in Iraq", "Gas rises", "Terrorists strike")
    message = await reply(newsroom, "/subscribe Iraq -football OR gas OR terroris*")
    assert message.title == "Following (Iraq AND NOT football) OR gas OR terroris* in #general"
    assert "AND binds closer than OR" in message.text
    assert "3 articles in 3 stories" in message.text
    assert "Football in Iraq" not in message.text
    newsroom.source.give(WIRE, Fetched(entries=entries("Gas falls", "Football: Iraq wins", at=newsroom.clock())))
    await newsroom.poll()
    await newsroom.flush()
    assert [posted[2].title for posted in newsroom.platform.posted] == ["Gas falls"]
    await reply(newsroom, "/unsubscribe (Iraq NOT football) OR gas OR terroris* confirm:yes")
    assert "Nothing is followed here yet" in await newsroom.say("/subscriptions")


async def test_a_mistake_in_a_query_is_pointed_at(newsroom: Newsroom) -> None:
    text = (await reply(newsroom, "/subscribe Iraq NEAR oil")).text
    assert text.startswith("Column 6: NEAR needs a number")
    assert "would match every article" in (await reply(newsroom, "/subscribe -football")).text
    assert "Nothing is followed here yet" in await newsroom.say("/subscriptions")


async def test_subscribing_twice_says_so(newsroom: Newsroom) -> None:
    await reply(newsroom, "/subscribe ISIL")
    assert (await reply(newsroom, "/sub داعش")).title == "#general follows ISIL already"


async def test_how_alerts_arrive_is_said_when_subscribing_changed_by_a_press_and_listed(newsroom: Newsroom) -> None:
    first = await reply(newsroom, "/subscribe Chile mention @desk silent:yes thread:yes to #oil")
    assert "Each alert: mentions @desk, rings silently, a thread for each story." in first.text
    assert "mentions @desk, rings silently" in await newsroom.say("/subscriptions")
    await archive(newsroom, "Chile votes")
    await archive(newsroom, "Peru votes", "Chile counts the votes of an election that nobody foresaw")
    await newsroom.flush()
    (_, _, alert), *_ = newsroom.platform.posted
    assert alert.manner == Manner((DESK,), silent=True, thread=True)
    presses = {button.label: button.command for button in first.buttons}
    for label in ("Mention nobody", "Ring aloud", "No threads"):
        assert (await reply(newsroom, presses[label])).title == "#oil follows Chile as you asked"
    assert "mentions" not in await newsroom.say("/subscriptions")
    assert "There is no role @elite here" in (await reply(newsroom, "/subscribe Chile mention @elite")).text


async def test_how_sure_a_match_must_be_is_chosen_tried_on_the_archive_and_kept(newsroom: Newsroom) -> None:
    await archive(newsroom, "Chile votes")
    passing = "Farmers spoke of rain and of Chile. " + "They spoke of wheat, of roads and of harvests. " * 12
    entry = Entry("f", "Farmers meet", summary=passing, published=newsroom.clock())
    newsroom.source.give(WIRE, Fetched(entries=(entry,)))
    await newsroom.poll()
    whole = (await reply(newsroom, "/subscribe Chile")).text
    assert "2 articles in" in whole
    strong = await reply(newsroom, "/subscribe Chile sensitivity:strong")
    assert strong.title == "#general follows Chile as you asked"
    assert "Each alert: strong matches only." in strong.text
    assert "1 article in" in strong.text
    assert (
        "strong matches only" in (await reply(newsroom, "/subscribe Chile silent:yes")).text
    )  # what was not said stays
    assert "strong matches only" in await newsroom.say("/subscriptions")
    presses = {button.label: button.command for button in strong.buttons}
    assert "strong" not in (await reply(newsroom, presses["Normal sensitivity"])).text
    assert "Score 9" in (await reply(newsroom, "/topic test Chile")).text
    assert "of 100: title 80, " in (await reply(newsroom, "/topic test Chile")).text
    assert "sensitivity is one of" in (await reply(newsroom, "/subscribe Chile sensitivity:maybe")).text


async def test_a_misspelt_topic_offers_the_nearest_and_the_word_itself(newsroom: Newsroom) -> None:
    message = await reply(newsroom, "/subscribe Russsia")
    assert "Did you mean Russia?" in message.text
    commands = [button.command for button in message.buttons]
    assert "subscribe Russia" in commands
    assert 'subscribe "Russsia"' in commands
    assert (await reply(newsroom, '/subscribe "Russsia"')).title.startswith("Following")


async def test_a_subscription_can_go_to_another_channel(newsroom: Newsroom) -> None:
    assert (await reply(newsroom, "/subscribe Russia-Iraq to #oil")).title == "Following Russia-Iraq in #oil"
    assert "Russia-Iraq" in await newsroom.say("/subscriptions", OIL)
    assert "Russia-Iraq in #oil" in await newsroom.say("/subscriptions", GENERAL)


async def test_unsubscribing_asks_first(newsroom: Newsroom) -> None:
    await reply(newsroom, "/subscribe ISIL")
    asked = await reply(newsroom, "/unsubscribe daesh")
    assert asked.title == "Stop following ISIL in #general?"
    assert "ISIL" in await newsroom.say("/subscriptions")
    done = await reply(newsroom, f"/{asked.buttons[0].command}")
    assert done.title == "#general no longer follows ISIL"
    assert "Nothing is followed here yet" in await newsroom.say("/subscriptions")


async def test_unsubscribing_from_what_is_not_followed_says_what_is(newsroom: Newsroom) -> None:
    await reply(newsroom, "/subscribe ISIL")
    message = await reply(newsroom, "/unsubscribe Chile")
    assert "#general does not follow Chile. It follows ISIL." in message.text


async def test_only_managers_set_things_up(newsroom: Newsroom) -> None:
    for line in ("/subscribe ISIL", "/unsubscribe ISIL", "/feed add https://example.org", "/mute 1"):
        assert "for those who manage this server" in (await reply(newsroom, line, person=BOB)).text
    assert "Nothing about" in (await reply(newsroom, "/news ISIL", person=BOB)).text


async def test_another_server_sees_and_changes_nothing_of_ours(newsroom: Newsroom) -> None:
    await reply(newsroom, "/subscribe ISIL")
    await newsroom.add_feed("https://ours.example/rss", tenant=GENERAL.tenant, source="Our own")
    for line in ("/subscriptions", "/feeds"):
        text = (await reply(newsroom, line, channel=STRANGER)).text
        assert "ISIL" not in text
        assert "Our own" not in text
    for line in ("/unsubscribe ISIL confirm:yes", "/feed remove Our own confirm:yes", "/feed pause Our own"):
        await reply(newsroom, line, channel=STRANGER)
    assert "ISIL" in await newsroom.say("/subscriptions")
    assert "Our own" in await newsroom.say("/feeds")


async def test_news_quotes_the_sentence_that_matched(newsroom: Newsroom) -> None:
    await newsroom.add_feed()
    text = "The minister spoke in Geneva. He said Russia would sell wheat to Iraq. Rain is expected."
    at = newsroom.clock()
    newsroom.source.give(WIRE, Fetched(entries=(Entry("1", "A wheat deal", summary=text, published=at),)))
    await newsroom.poll()
    message = await reply(newsroom, "/news Russia-Iraq 30d 3")
    quotes = [p for p in message.body if p.kind == "quote"]
    assert [q.text for q in quotes] == ["He said Russia would sell wheat to Iraq."]
    assert [s.text for s in quotes[0].spans if s.bold] == ["Russia", "Iraq"]


async def test_news_takes_any_word_and_offers_the_nearest_topic_when_it_finds_nothing(newsroom: Newsroom) -> None:
    await archive(newsroom, "Zebra escapes from the zoo of Turku")
    assert "Zebra escapes" in await newsroom.say("/news zebra")
    message = await reply(newsroom, "/news Irakq")
    assert "news Iraq" in [button.command for button in message.buttons]


async def test_news_goes_on_with_older_articles(newsroom: Newsroom) -> None:
    await archive(newsroom, *(f"Chile report number {n}" for n in range(8)))
    first = await reply(newsroom, "/news Chile")
    assert "number 7" in first.text
    older = next(button for button in first.buttons if button.label == "Older")
    second = await reply(newsroom, f"/{older.command}")
    assert "number 2" in second.text
    assert "number 7" not in second.text


async def test_latest_lists_all_feeds_or_one_topic(newsroom: Newsroom) -> None:
    await archive(newsroom, "Chile votes", "Norway skis")
    assert {"Chile votes", "Norway skis"} <= {p.spans[0].text for p in (await reply(newsroom, "/latest")).body}
    assert "Norway skis" not in await newsroom.say("/latest Chile")


async def test_more_like_this_finds_the_subject(newsroom: Newsroom) -> None:
    await archive(newsroom, "Chile votes in a calm election", "Chile copper mine floods", "Norway skis")
    async with newsroom.store.read() as tx:
        newest = await tx.archive.latest(GENERAL.tenant, limit=10)
    number = next(article.id for article in newest if "votes" in article.title)
    text = await newsroom.say(f"/more {number}")
    assert "Chile copper mine floods" in text
    assert "Norway" not in text
    assert "no longer in the archive" in await newsroom.say("/more 999999")
    assert "names nobody" in await newsroom.say("/more Nothing that anyone knows: really")


async def test_topics_and_topic_show_the_catalogue(newsroom: Newsroom) -> None:
    assert "Iraq" in await newsroom.say("/topics iraq")
    assert "Did you mean" in await newsroom.say("/topics irakk")
    text = await newsroom.say("/topic ISIL")
    assert "Daesh" in text
    assert "داعش" in text
    paged = await reply(newsroom, "/topics")
    assert paged.buttons[0].command == "topics page:2"
    assert "Page 2" in await newsroom.say("/topics page:2")


async def test_a_feed_is_added_with_its_backlog_and_shown(newsroom: Newsroom) -> None:
    found = entries("Chile votes", "Norway skis", at=newsroom.clock())
    newsroom.source.give("https://new.example/rss", Fetched(entries=found, title="New Paper"))
    assert "Added New Paper" in await newsroom.say("/feed add https://new.example/rss")
    assert len(newsroom.source.asked) == 0, "the look that found it is its first fetch"
    assert "Chile votes" in await newsroom.say("/news Chile")
    assert "among your feeds already" in await newsroom.say("/feed add https://new.example/rss")
    shown = await newsroom.say("/feed show New Paper")
    assert "Answering" in shown
    assert "Norway skis" in shown


async def test_the_feed_catalogue_is_searched_and_added_from(newsroom: Newsroom) -> None:
    assert "The catalogue is empty" in await newsroom.say("/feed catalogue")
    newsroom.router.desk.pack = tuple(
        PackFeed(f"https://{name.casefold()}.example/rss", name, f"{name} Post", "ar", "Middle East", "newspaper")
        for name in ("Basra", "Mosul")
    )
    await newsroom.add_feed("https://basra.example/rss")
    overview = await newsroom.say("/feed catalogue")
    assert "Middle East (2)" in overview and "Arabic (2)" in overview and "newspaper (2)" in overview
    found = await reply(newsroom, "/feed catalogue middle east")
    assert found.title == "2 feeds for “middle east”"
    assert "Basra · Basra Post · Middle East · Arabic · newspaper · heard here" in found.text
    assert [button.command for button in found.buttons] == ["feed add https://mosul.example/rss"]
    assert "nothing for “klingon”" in await newsroom.say("/feed catalogue klingon")
    assert await completed(newsroom, "/feed catalogue mid") == ["/feed catalogue Middle East"]
    newsroom.source.give("https://mosul.example/rss", Fetched(title="feed"))
    await newsroom.say("/feed add https://mosul.example/rss")
    async with newsroom.store.read() as tx:
        added = await tx.feeds.by_url("https://mosul.example/rss", GENERAL.tenant)
    assert added and (added.source, added.region) == ("Mosul Post", "Middle East")


async def test_what_is_not_a_feed_is_named_and_its_feeds_are_offered(newsroom: Newsroom) -> None:
    newsroom.source.give("https://page.example", NotAFeed("a web page, “Page”", ("https://page.example/rss",)))
    message = await reply(newsroom, "/feed add https://page.example")
    assert "That is not a feed but a web page, “Page”." in message.text
    assert message.buttons[0].command == "feed add https://page.example/rss"


@pytest.mark.parametrize(
    "error", [ForbiddenAddress("10.0.0.1 is a private address"), FetchError("the host does not exist")]
)
async def test_an_address_that_cannot_be_read_is_explained(newsroom: Newsroom, error: FetchError) -> None:
    newsroom.source.give("https://x.example", error)
    assert f"That address cannot be read: {error}." in await newsroom.say("/feed add https://x.example")


async def test_a_feed_of_ours_is_paused_resumed_and_removed_and_one_of_the_pack_is_not_removed(
    newsroom: Newsroom,
) -> None:
    await newsroom.add_feed("https://pack.example/rss", source="Pack Paper")
    newsroom.source.give("https://own.example/rss", Fetched(entries=(), title="Own Paper"))
    await newsroom.say("/feed add https://own.example/rss")
    assert "Paused Own Paper" in await newsroom.say("/feed pause Own Paper")
    assert "paused" in await newsroom.say("/feeds")
    assert "Resumed Own Paper" in await newsroom.say("/feed resume own")
    asked = await reply(newsroom, "/feed remove Own Paper")
    assert asked.title == "Remove Own Paper?"
    assert "Removed Own Paper" in await newsroom.say(f"/{asked.buttons[0].command}")
    assert "comes with the pack" in await newsroom.say("/feed remove Pack Paper")
    assert "Paused Pack Paper" in await newsroom.say("/feed pause Pack Paper")
    assert "Which feed is “Nothing”?" in await newsroom.say("/feed show Nothing")


async def test_a_feed_with_a_key_in_its_address_is_never_shown_by_it(newsroom: Newsroom) -> None:
    url = "https://paid.example/rss?token=hunter2"
    newsroom.source.give(url, Fetched(entries=entries("Chile votes", at=newsroom.clock()), private=True))
    for line in (f"/feed add {url}", "/feeds", "/feed show a private feed", "/feed remove a private feed confirm:yes"):
        message = await reply(newsroom, line)
        assert "hunter2" not in f"{message}", line


async def test_status_measures(newsroom: Newsroom) -> None:
    await archive(newsroom, "Chile votes")
    text = await newsroom.say("/status")
    assert text.startswith("All is well")
    assert "1 of 1 answering" in text
    newsroom.source.give(WIRE, FetchError("gone dark"))
    newsroom.clock.forward(timedelta(days=1))
    await newsroom.poll()
    text = await newsroom.say("/status")
    assert "1 feed cannot be read" in text
    assert "no connection" not in text
    other = "https://other.example/rss"
    await newsroom.add_feed(other)
    newsroom.source.give(other, FetchError("gone dark"))
    assert "not read yet" in await newsroom.say("/feeds")
    assert "checked never" not in await newsroom.say("/feeds")
    await newsroom.poll(other)
    assert "no connection to the internet" in await newsroom.say("/status")


async def test_help_lists_every_command_and_explains_one(newsroom: Newsroom) -> None:
    text = await newsroom.say("/help")
    for command in COMMANDS:
        first, _, second = command.name.partition(" ")
        assert f"/{first}" in text
        assert second in text
    assert len(text) < 3_500  # of the 4,000 characters of a card in Discord, whose end would be cut off
    for group in ("topic", "feed"):
        told = await newsroom.say(f"/help {group}")
        assert all(f"/{c.name}" in told for c in COMMANDS if c.name.startswith(f"{group} "))
    one = await newsroom.say("/help subscribe")
    assert "/subscribe topic [to channel]" in one
    assert "/sub" in one
    assert "Did you mean /subscribe" in await newsroom.say("/help subscrib")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/topic edit farming", "What is the query? What it means; names of one thing with OR between: Acme OR “Acme "
         "Corp”. Now it is: wheat OR barley"),
        ("/topic edit nothing", "has named no topic nothing"),
        ("/feed set", "What is the feed?"),
        ("/feed set Tigris", "How many minutes?"),
        ("/subscribe Iraq to #nowhere", "There is no channel #nowhere here. There is #general, #oil."),
        ("/latest Iraq", "Nothing about Iraq in the last 30 days"),
        ("/latest", "Nothing in the archive yet"),
        ("/more The cat sat", "That text names nobody"),
        ("/ring ISIL follow-ups", "with follow-ups"),
        ("/stories", "No stories in the last 2 days"),
        ("/changes Iraq", "Nothing about Iraq was changed"),
        ("/topic history farming", ", Ada: wheat OR barley"),
    ],
)  # fmt: skip
async def test_what_is_said_reads_as_a_person_would_say_it(newsroom: Newsroom, line: str, said: str) -> None:
    await newsroom.say("/topic create farming wheat OR barley")
    await newsroom.say("/subscribe ISIL")
    assert said in await newsroom.say(line)


async def test_names_complete_from_what_exists(newsroom: Newsroom) -> None:
    await newsroom.say("/subscribe ISIL")
    await newsroom.add_feed(source="Pack Paper")
    await newsroom.say('/topic create "our firm" Acme OR Zenith')
    assert (await completed(newsroom, "/subscribe "))[:2] == ["/subscribe our firm", "/subscribe Sahel countries"]
    assert await completed(newsroom, "/topic edit ") == ['/topic edit "our firm"']
    assert (await completed(newsroom, '/topic edit "our firm" '))[0] == '/topic edit "our firm" Acme OR Zenith'
    assert "/topic edit nothing " not in (await completed(newsroom, "/topic edit nothing "))[0:1]
    assert await completed(newsroom, "/unsub ") == ["/unsub ISIL"]
    assert "/subscribe Russia" in await completed(newsroom, "/subscribe Russi")
    assert "/subscribe Russia-Iraq" in await completed(newsroom, "/subscribe Russia-Ira")
    assert await completed(newsroom, "/subscribe ISIL to #o") == ["/subscribe ISIL to #oil"]
    assert await completed(newsroom, "/feed pause pa") == ["/feed pause Pack Paper"]
    assert "/feed add " in await completed(newsroom, "/feed")


def test_every_command_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for command in COMMANDS:
        assert f"`{command.usage}`" in readme, command.usage


def test_descriptions_fit_every_platform() -> None:
    for command in COMMANDS:
        assert 1 <= len(command.description) <= 100, command.name
        for option in command.options:
            assert 1 <= len(option.description) <= 100, (command.name, option.name)


async def test_why_names_the_topics_that_ring_here_with_their_sentences(newsroom: Newsroom) -> None:
    await archive(newsroom, "Chile votes in a calm election", "Norway skis")
    async with newsroom.store.read() as tx:
        number = next(a.id for a in await tx.archive.latest(GENERAL.tenant, limit=10) if "votes" in a.title)
    assert "Nothing that this channel follows" in await newsroom.say(f"/why {number}")
    await newsroom.say("/subscribe Chile")
    await newsroom.say("/subscribe Norway")
    answer = await reply(newsroom, f"/why {number}")
    assert "Why “Chile votes in a calm election”?" in answer.title
    assert "Score 93 of 100: title 80, " in answer.text
    assert "it rings here, where 45 is the least" in answer.text
    assert "Norway" not in answer.text
    assert any(span.bold and span.text == "Chile" for each in answer.body for span in each.spans)
    assert "not in the archive" in await newsroom.say("/why 999999")
    assert "Nothing that this channel follows" in await newsroom.say(f"/why {number}", OIL)
