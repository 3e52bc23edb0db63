"""A handful of commands of every shape, for driving platforms from outside; what they were called with is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from bot.core.command import Choice, Invocation, Option, command
from bot.core.errors import NotFound
from bot.core.message import Button, Kind, Message, Role, Span, Style, paragraph
from bot.core.model import Channel
from bot.core.router import Router

TOPICS = ("ISIL", "Iraq", "Iran", "Russia", "Syria")


@dataclass
class Desk:
    calls: list[tuple[str, Invocation, dict[str, Any]]] = field(default_factory=list)

    def note(self, name: str, call: Invocation, **values: Any) -> None:
        self.calls.append((name, call, values))


async def topics_like(_desk: Desk, _call: Invocation, partial: str) -> Sequence[Choice]:
    return [Choice(topic) for topic in TOPICS if topic.casefold().startswith(partial.casefold())]


@command("subscribe", "Follow a topic in this channel", aliases=("sub",), manage=True)
async def subscribe(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic or words", rest=True, complete=topics_like)],
    to: Annotated[Channel | None, Option("Another channel", word="to")] = None,
    mention: Annotated[Role | None, Option("A role", word="mention")] = None,
) -> Message:
    if topic == "Atlantis":
        raise NotFound("There is no topic Atlantis.", (Button("Topics", "topics"),))
    place = to or call.channel
    desk.note("subscribe", call, topic=topic, to=place, mention=mention)
    return Message(
        title=f"#{place.name} follows {topic}",
        body=(paragraph("About ", Span("3 a day", bold=True), " from 2 sources."),),
        buttons=(Button("Undo", f"unsubscribe {topic}", style=Style.DANGER),),
    )


@command("unsubscribe", "Stop following a topic", aliases=("unsub",), manage=True)
async def unsubscribe(desk: Desk, call: Invocation, topic: Annotated[str, Option("A topic", rest=True)]) -> Message:
    desk.note("unsubscribe", call, topic=topic)
    return Message(body=(paragraph(f"{call.channel.name} no longer follows {topic}."),))


@command("news", "Search the archive", private=False)
async def news(
    desk: Desk,
    call: Invocation,
    query: Annotated[str, Option("A topic or words", rest=True)],
    days: Annotated[int, Option("How far back", unit="d", most=365)] = 7,
    count: Annotated[int, Option("How many", most=50)] = 5,
) -> Message:
    if query == "nothing":
        raise NotFound("Nothing was found.")
    desk.note("news", call, query=query, days=days, count=count)
    return Message(title=f"{count} results for {query} in {days} days", buttons=(Button("More", f"news {query} 14d"),))


@command("topics", "The catalogue")
async def topics(
    desk: Desk,
    call: Invocation,
    all: Annotated[bool, Option("With all aliases")] = False,  # noqa: A002 - an option's name
) -> Message:
    desk.note("topics", call, all=all)
    return Message(title="Topics", body=tuple(paragraph(topic, kind=Kind.ITEM) for topic in TOPICS))


@command("feed add", "Add a feed to this server", manage=True)
async def feed_add(desk: Desk, call: Invocation, url: Annotated[str, Option("The feed's address")]) -> Message:
    desk.note("feed add", call, url=url)
    return Message(body=(paragraph(f"Added {url}"),))


@command("feed remove", "Remove a feed", manage=True)
async def feed_remove(
    desk: Desk,
    call: Invocation,
    url: Annotated[str, Option("The feed's address")],
    confirm: Annotated[bool, Option("Really", hidden=True)] = False,
) -> Message:
    desk.note("feed remove", call, url=url, confirm=confirm)
    buttons = () if confirm else (Button("Remove", f"feed remove {url} confirm:yes", style=Style.DANGER),)
    return Message(body=(paragraph("Removed." if confirm else f"Remove {url}?"),), buttons=buttons)


@command("sensitivity", "How sure a match must be")
async def sensitivity(
    desk: Desk,
    call: Invocation,
    level: Annotated[str, Option("The level", choices=(Choice("normal", "Normal"), Choice("strong", "Strong")))],
) -> Message:
    desk.note("sensitivity", call, level=level)
    return Message(body=(paragraph(f"Now {level}."),))


@command("help", "What there is")
async def help_(desk: Desk, call: Invocation, about: Annotated[str, Option("A command", rest=True)] = "") -> Message:
    desk.note("help", call, about=about)
    return Message(
        title="Newsbell",
        body=(paragraph("/subscribe topic [to channel]", kind=Kind.ITEM), paragraph("/news words", kind=Kind.ITEM)),
        buttons=(Button("Topics", "topics"),),
    )


@command("more", "More like an article")
async def more(
    desk: Desk, call: Invocation, article: Annotated[str, Option("A number or words", rest=True)]
) -> Message:
    desk.note("more", call, article=article)
    return Message(title=f"More like {article}")


@command("why", "Why an article rang")
async def why(desk: Desk, call: Invocation, article: Annotated[str, Option("A number")]) -> Message:
    desk.note("why", call, article=article)
    return Message(title=f"Why {article}")


@command("broken", "Always fails")
async def broken(desk: Desk, call: Invocation) -> Message:
    desk.note("broken", call)
    raise RuntimeError("a bug")


COMMANDS = (subscribe, unsubscribe, news, topics, feed_add, feed_remove, sensitivity, help_, more, why, broken)


def sample_router() -> tuple[Router, Desk]:
    desk = Desk()
    return Router(COMMANDS, desk), desk
