"""A chat log in memory, and a small desk with commands: all that the web channel needs to be alive in a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from bot.core.command import Choice, Invocation, Option, command
from bot.core.errors import UserError
from bot.core.message import Button, Field, File, Kind, Message, Span, Style, Tone, marked, paragraph
from bot.core.model import Channel
from bot.core.router import Router


@dataclass(frozen=True, slots=True)
class MemoryLine:
    id: int
    channel: str
    at: datetime
    edited_at: datetime | None
    message: Message
    delivery_id: str


class MemoryChat:
    """Keeps what the store would, by the same promises."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.places: list[Channel] = []
        self.lines: list[MemoryLine] = []
        self.last = 0

    async def channels(self) -> list[Channel]:
        return list(self.places)

    async def add_channel(self, channel: Channel) -> None:
        self.places.append(channel)

    async def remove_channel(self, channel_id: str) -> None:
        self.places = [place for place in self.places if place.id != channel_id]
        self.lines = [line for line in self.lines if line.channel != channel_id]

    async def post(self, channel_id: str, message: Message, *, delivery_id: str) -> int:
        if there := await self.find(channel_id, delivery_id):
            return there
        if all(place.id != channel_id for place in self.places):
            raise KeyError(channel_id)
        self.last += 1
        self.lines.append(MemoryLine(self.last, channel_id, self.clock(), None, message, delivery_id))
        return self.last

    async def edit(self, message_id: int, message: Message) -> None:
        if all(line.id != message_id for line in self.lines):
            raise KeyError(message_id)
        self.lines = [
            replace(line, message=message, edited_at=self.clock()) if line.id == message_id else line
            for line in self.lines
        ]

    async def after(self, channel_id: str, after: int = 0, limit: int = 100) -> Sequence[MemoryLine]:
        here = [line for line in self.lines if line.channel == channel_id and line.id > after]
        return here[:limit] if after else here[-limit:]

    async def find(self, channel_id: str, delivery_id: str) -> int | None:
        found = [x.id for x in self.lines if x.channel == channel_id and x.delivery_id == delivery_id]
        return found[0] if found else None

    async def changed(self, channel_id: str, since: datetime) -> Sequence[MemoryLine]:
        return [x for x in self.lines if x.channel == channel_id and x.edited_at and x.edited_at >= since]


TOPICS = {
    "ISIL": "Islamic State of Iraq and the Levant",
    "Iran": "Country in western Asia",
    "Iraq": "Country in western Asia",
    "Russia-Iraq": "Both in one sentence",
    "Russia": "Country in eastern Europe and northern Asia",
    "Syria": "Country in western Asia",
}


class Desk:
    """What the commands below reach: the subscriptions of each channel."""

    def __init__(self) -> None:
        self.topics: dict[str, list[str]] = {}
        self.zones: list[str] = []
        self.gate: asyncio.Event | None = None


async def known_topics(desk: Desk, call: Invocation, partial: str) -> Sequence[Choice]:
    return [Choice(name, label) for name, label in TOPICS.items() if name.casefold().startswith(partial.casefold())]


@command(
    "subscribe",
    "Follow a topic in this channel",
    aliases=("sub",),
    examples=("/subscribe ISIL", "/subscribe Russia-Iraq"),
)
async def subscribe(
    desk: Desk,
    call: Invocation,
    topic: Annotated[
        str, Option("A topic, a relation such as Russia-Iraq, or words", rest=True, complete=known_topics)
    ],
    to: Annotated[Channel | None, Option("Another channel", word="to")] = None,
) -> Message:
    place = to or call.channel
    desk.topics.setdefault(place.id, []).append(topic)
    return Message(
        title=f"#{place.name} now follows {topic}",
        body=(
            paragraph(
                "In the last 7 days it would have brought 43 articles in 12 stories: about two a day, from 9 sources."
            ),
            paragraph("Raid on ISIL cell near Kirkuk", kind=Kind.ITEM),
            paragraph(
                Span("Baghdad names new envoy", url="https://example.org/envoy"), " – Tigris Post", kind=Kind.ITEM
            ),
        ),
        fields=(Field("Articles", "43"), Field("Stories", "12"), Field("A day", "≈ 2")),
        buttons=(Button("Undo", f"unsubscribe {topic}", style=Style.DANGER), Button("More", "help")),
        footer="Mute, pause or narrow it at any time: /help subscribe",
        tone=Tone.SUCCESS,
    )


@command("unsubscribe", "Stop following a topic", aliases=("unsub",))
async def unsubscribe(
    desk: Desk, call: Invocation, topic: Annotated[str, Option("A topic that this channel follows", rest=True)]
) -> Message:
    if topic not in desk.topics.get(call.channel.id, []):
        raise UserError(f"#{call.channel.name} does not follow {topic}.", (Button("Subscriptions", "subscriptions"),))
    desk.topics[call.channel.id].remove(topic)
    return Message(body=(paragraph(f"#{call.channel.name} no longer follows {topic}."),), tone=Tone.SUCCESS)


@command("news", "Search the archive, newest first", private=False, examples=("/news ISIL 7d",))
async def news(
    desk: Desk,
    call: Invocation,
    words: Annotated[str, Option("A topic or words", rest=True, complete=known_topics)],
    days: Annotated[int, Option("How far back", unit="d", most=90)] = 7,
) -> Message:
    desk.zones.append(call.zone)
    if words == "LONG":
        body = tuple(paragraph(f"Line {number}", kind=Kind.ITEM) for number in range(100))
        return Message(title="A long answer", body=body, footer="The end")
    sentence = "Security forces said the ISIL cell had planned attacks on the road to Kirkuk."
    start = sentence.index("ISIL")
    return Message(
        title=f"{words}: 2 articles in {days} days",
        body=(
            paragraph(
                Span("Raid on ISIL cell near Kirkuk", url="https://example.org/kirkuk", bold=True), kind=Kind.TEXT
            ),
            marked(sentence, [(start, start + 4)]),
            paragraph(Span("Baghdad names new envoy", url="https://example.org/envoy", bold=True), kind=Kind.TEXT),
        ),
        footer="Page 1 of 1",
    )


@command("mute", "Mute a story in this channel")
async def mute(desk: Desk, call: Invocation, story: Annotated[int, Option("A story's number")]) -> Message:
    return Message(
        body=(paragraph("This story is muted in ", Span(f"#{call.channel.name}", bold=True), " for two weeks."),),
        buttons=(Button("Unmute", "help"),),
        tone=Tone.SUCCESS,
    )


@command("help", "What can be said here", examples=("/help",))
async def help_(desk: Desk, call: Invocation, name: Annotated[str, Option("A command", rest=True)] = "") -> Message:
    if desk.gate:
        await desk.gate.wait()
    return Message(title="What you can say", body=(paragraph("/subscribe, /news, /mute, /help", kind=Kind.ITEM),))


@command("export", "A file to take away")
async def export(desk: Desk, call: Invocation) -> Message:
    return Message(title="A file", file=File("feeds.opml", b"<opml/>"))


@command("import", "A file to hand over")
async def import_(desk: Desk, call: Invocation, file: Annotated[File, Option("The file")]) -> Message:
    return Message(title=f"{file.name} has {len(file.content)} bytes", tone=Tone.SUCCESS)


COMMANDS = (subscribe, unsubscribe, news, mute, help_, export, import_)


def small_router(desk: Desk | None = None) -> Router:
    return Router(COMMANDS, desk or Desk())


def alert(
    title: str = "Security forces raid ISIL cell near Kirkuk",
    *,
    source: str = "Tigris Post",
    topics: str = "ISIL",
    sentence: str = "Security forces said the ISIL cell had planned attacks on the road between Kirkuk and Erbil.",
    words: tuple[str, ...] = ("ISIL",),
    summary: str = "Eleven people were arrested before dawn. Weapons and maps were found in two farmhouses.",
    at: datetime | None = None,
    story: int = 17,
) -> Message:
    spans = [(sentence.index(word), sentence.index(word) + len(word)) for word in words]
    return Message(
        title=title,
        url="https://example.org/kirkuk",
        source=source,
        at=at or datetime(2026, 11, 26, 9, 30, tzinfo=UTC) - timedelta(minutes=12),
        body=(marked(sentence, spans), paragraph(summary)),
        fields=(Field("Topic" if "," not in topics else "Topics", topics),),
        buttons=(
            Button("Mute story", f"mute {story}"),
            Button("Unsubscribe", f"unsubscribe {topics}", style=Style.DANGER),
            Button("More like this", "news Kirkuk"),
            Button("Source", url="https://example.org/kirkuk"),
        ),
        tone=Tone.ALERT,
    )
