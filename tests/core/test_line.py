"""Commands as people type them."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.command import NOBODY, Choice, Command, Invocation, Option, checked, command
from bot.core.errors import NotFound, UserError
from bot.core.line import parse, unfinished
from bot.core.message import Message, Role
from bot.core.model import Channel, Person

GENERAL, ALERTS = Channel("web:general", "web", "general"), Channel("web:alerts", "web", "alerts")


@command("news", "Search")
async def news(
    desk: object,
    call: Invocation,
    topic: Annotated[str, Option("What", rest=True)],
    days: Annotated[int, Option("Days", unit="d")] = 7,
    count: Annotated[int, Option("How many")] = 5,
    page: Annotated[int, Option("Page", hidden=True)] = 1,
) -> Message:
    raise NotImplementedError


@command("subscribe", "Follow", aliases=("sub",))
async def subscribe(
    desk: object,
    call: Invocation,
    topic: Annotated[str, Option("What", rest=True)],
    to: Annotated[Channel | None, Option("Where", word="to")] = None,
) -> Message:
    raise NotImplementedError


@command("feed add", "Add")
async def feed_add(desk: object, call: Invocation, url: Annotated[str, Option("Where")]) -> Message:
    raise NotImplementedError


@command("name", "Name")
async def name_(
    desk: object,
    call: Invocation,
    name: Annotated[str, Option("Its name")],
    query: Annotated[str, Option("What", rest=True)],
    how: Annotated[str, Option("How", choices=(Choice("loud"), Choice("low")))] = "",
    watch: Annotated[str, Option("At which words")] = "",
) -> Message:
    raise NotImplementedError


@command("feeds", "List")
async def feeds(desk: object, call: Invocation) -> Message:
    raise NotImplementedError


NAMES: dict[str, Command] = {n: c for c in (news, subscribe, feed_add, name_, feeds) for n in (c.name, *c.aliases)}


@pytest.mark.parametrize(
    ("line", "name", "values"),
    [
        ("/news ISIL", "news", {"topic": "ISIL"}),
        ("news ISIL", "news", {"topic": "ISIL"}),
        ("/NEWS Russia-Iraq 30d", "news", {"topic": "Russia-Iraq", "days": "30d"}),
        ("/news Russia-Iraq 30 10", "news", {"topic": "Russia-Iraq", "days": "30", "count": "10"}),
        ("/news Russia-Iraq 10 30d", "news", {"topic": "Russia-Iraq", "days": "30d", "count": "10"}),
        ('/news "oil price" OPEC 3d', "news", {"topic": '"oil price" OPEC', "days": "3d"}),
        ('/news "class of 2026"', "news", {"topic": '"class of 2026"'}),
        ("/news 2026", "news", {"topic": "2026"}),
        ("/news 737 max count:3", "news", {"topic": "737 max", "count": "3"}),
        ("/news ISIL page:2", "news", {"topic": "ISIL", "page": "2"}),
        ("/sub ISIL to #alerts", "subscribe", {"topic": "ISIL", "to": "#alerts"}),
        ("/sub ISIL to alerts", "subscribe", {"topic": "ISIL", "to": "alerts"}),
        ("/sub road to Damascus", "subscribe", {"topic": "road to Damascus"}),
        ("/sub right to #nowhere", "subscribe", {"topic": "right", "to": "#nowhere"}),
        ("/feed add https://example.org/a?b=c:d", "feed add", {"url": "https://example.org/a?b=c:d"}),
        ("/feeds", "feeds", {}),
        ("  /feeds  ", "feeds", {}),
    ],
)
def test_a_line_becomes_a_command_and_its_values(line: str, name: str, values: dict[str, str]) -> None:
    found, got = parse(NAMES, line, (GENERAL, ALERTS))
    assert (found.name, got) == (name, values)


@pytest.mark.parametrize(
    ("line", "said", "offered"),
    [
        ("/nws ISIL 30d", "There is no command /nws. Did you mean /news?", "news ISIL 30d"),
        ("/feed", "/feed needs one more word: add.", "feed add"),
        ("/feed ad x", "There is no command /feed ad. Did you mean /feed add?", "feed add x"),
        ("", "Type a command, for example /help.", "help"),
    ],
)
def test_an_unknown_command_offers_the_nearest(line: str, said: str, offered: str) -> None:
    with pytest.raises(NotFound) as caught:
        parse(NAMES, line)
    assert str(caught.value) == said
    assert caught.value.buttons[0].command == offered


def test_more_words_than_a_command_takes_are_refused_with_its_usage() -> None:
    with pytest.raises(UserError, match="It is typed as /feed add url"):
        parse(NAMES, "/feed add https://a.example https://b.example")


def test_a_line_too_long_is_refused() -> None:
    with pytest.raises(UserError, match="too long"):
        parse(NAMES, "/news " + "x" * 2000)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ("", "", "", "")),
        ("/", ("", "", "", "")),
        ("/ne", ("", "", "", "ne")),
        ("/feed a", ("", "", "", "feed a")),
        ("/news ", ("/news ", "news", "topic", "")),
        ("/news Rus", ("/news ", "news", "topic", "Rus")),
        ("/news Saudi Ar", ("/news ", "news", "topic", "Saudi Ar")),
        ("/sub ISIL to #al", ("/sub ISIL to ", "subscribe", "to", "#al")),
        ("/feed add htt", ("/feed add ", "feed add", "url", "htt")),
        ("/feed add x y", ("/feed add x y", "feed add", "", "")),
        ("/name ", ("/name ", "name", "name", "")),
        ("/name gr", ("/name ", "name", "name", "gr")),
        ('/name "grain de', ("/name ", "name", "name", '"grain de')),
        ('/name "grain deal"  whe', ('/name "grain deal"  ', "name", "query", "whe")),
        ("/name grain ", ("/name grain ", "name", "query", "")),
        ("/name grain wheat how:lo", ("/name grain wheat how:", "name", "how", "lo")),
        ("/name grain wheat watch:lo", ("/name grain ", "name", "query", "wheat watch:lo")),
    ],
)
def test_the_end_of_a_line_says_what_is_being_typed(line: str, expected: tuple[str, str, str, str]) -> None:
    assert unfinished(NAMES, line) == expected


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["/news", "to", "#x", '"', "7d", "5", "feed", "add", "a:b"])).map(" ".join)
)
def test_no_line_is_a_crash(line: str) -> None:
    unfinished(NAMES, line)
    try:
        found, values = parse(NAMES, line, (GENERAL,))
    except UserError:
        return
    assert set(values) <= {option.name for option in found.options}


@given(st.from_regex(r"[a-z]{3,9}( [a-z]{3,9}){0,3}", fullmatch=True), st.integers(1, 99), st.integers(1, 25))
def test_words_and_numbers_find_their_options(topic: str, days: int, count: int) -> None:
    _, values = parse(NAMES, f"/news {topic} {days}d {count}")
    assert values == {"topic": topic, "days": f"{days}d", "count": str(count)}


@command("ring", "Follow")
async def ring(
    desk: object,
    call: Invocation,
    topic: Annotated[str, Option("What", rest=True)],
    to: Annotated[Channel | None, Option("Where", word="to")] = None,
    mention: Annotated[Role | None, Option("Whom", word="mention")] = None,
    silent: Annotated[bool | None, Option("Quietly")] = None,
) -> Message:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("ring ISIL mention @desk to #alerts", {"topic": "ISIL", "mention": "@desk", "to": "#alerts"}),
        ("ring ISIL to #alerts mention @desk", {"topic": "ISIL", "mention": "@desk", "to": "#alerts"}),
        ('ring ISIL mention:"News desk" silent:yes', {"topic": "ISIL", "mention": "News desk", "silent": "yes"}),
        ("ring honourable mention", {"topic": "honourable mention"}),
        ("ring mention desk", {"topic": "mention desk"}),
    ],
)
def test_a_role_is_announced_by_its_word_and_its_sign(line: str, values: dict[str, str]) -> None:
    assert parse({"ring": ring}, line)[1] == values


def test_the_usage_shows_what_is_said_by_its_name() -> None:
    assert name_.usage == "/name name query [how:loud/low] [watch:...]"


def test_the_usage_shows_how_roles_and_flags_are_typed() -> None:
    assert ring.usage == "/ring topic [to channel] [mention role] [silent:yes]"


def test_a_role_is_one_of_this_server_or_nobody() -> None:
    option = ring.options[2]
    call = Invocation("web", GENERAL, Person("ada"), roles=(Role("web:1", "News desk"),))
    assert checked(option, "@news desk", call) == Role("web:1", "News desk")
    assert checked(option, "web:1", call) == Role("web:1", "News desk")
    assert checked(option, "none", call) == NOBODY
    with pytest.raises(NotFound, match="Did you mean @News desk"):
        checked(option, "@newsdesk", call)
