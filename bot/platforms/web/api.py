"""The JSON API of the web channel, which its own page uses; documented at /docs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from bot.core.command import Choice, Invocation, OptionKind, Reply
from bot.core.line import unfinished
from bot.core.message import File, Message, paragraph, to_json
from bot.core.model import Channel, Person
from bot.core.router import Router
from bot.platforms.web.charts import add_charts
from bot.platforms.web.chat import ANSWERED, ASKED, TENANT, ChatLog, ChatMessage
from bot.platforms.web.events import LATE, Cursor, Wire, line, stream
from bot.platforms.web.shapes import (
    Answer,
    Commands,
    Known,
    Lines,
    NewPlace,
    Pick,
    Picks,
    Place,
    Places,
    Problem,
    Typed,
)

log = structlog.get_logger(__name__)

GUEST = "Guest"
"""Who has given no name, as the preferences of the page call them."""
MOST_STREAMS = 200
"""Open event streams at once; each looks at the log every few seconds."""
MOST_CHANNELS = 100
MOST_CHOICES = 25
FURTHEST_BACK = 20_000
"""Messages of a channel that can be paged back to."""

PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such channel; the text names those that exist."},
    422: {"model": Problem, "description": "Something in the request is not as it must be; the text says what."},
}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "`message` and `edit` carry a line as in `messages`; `beat` comes in silence.",
    }
}

Where = Annotated[
    str, Path(max_length=80, description="The channel's id, or its name alone.", examples=["web:general", "general"])
]
After = Annotated[int, Query(ge=0, le=2**53, description="Only messages with a greater id; 0 for the newest.")]
Before = Annotated[int, Query(ge=0, le=2**53, description="Only messages with a smaller id; 0 for no limit.")]
Limit = Annotated[int, Query(ge=1, le=500, description="At most this many messages.")]
From = Annotated[str, Query(max_length=40, description="A cursor, or a message's id; empty for only what comes.")]
Resume = Annotated[str, Header(max_length=40, description="Sent by the browser when it connects again.")]


@dataclass(frozen=True)
class Room:
    """What the API reaches. `locked` says that people log in here."""

    chat: ChatLog
    wire: Wire
    router: Router
    clock: Callable[[], datetime]
    locked: bool


def slug(name: str) -> str:
    """A channel's name as it stands in its id: letters and digits of any script, and hyphens."""
    plain = unicodedata.normalize("NFKC", name).strip().removeprefix("#").casefold()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:40]


def api(room: Room) -> APIRouter:
    """The routes under /api."""
    routes = APIRouter(prefix="/api", responses=PROBLEMS)
    _channels(routes, room)
    _messages(routes, room)
    _commands(routes, room)
    add_charts(routes)
    return routes


def _pick(choice: Choice, start: str) -> Pick:
    """A completion as the page shows it: the new part, and beside it what it is without saying the name again."""
    text = choice.value.removeprefix(start).strip()
    return Pick(value=choice.value, text=text, label=choice.label.removeprefix(f"{text} — "))


def _channels(routes: APIRouter, room: Room) -> None:
    chat = room.chat

    @routes.get("/channels", tags=["channels"], summary="All channels")
    async def channels() -> Places:
        cursor = Cursor(await _last(chat, await chat.channels()), room.clock() - LATE)
        places = [
            # Read after the cursor was: what is posted in between is in the list, in the stream, or in both.
            Place(id=each.id, name=each.name, last=await _last(chat, [each]))
            for each in await chat.channels()
        ]
        return Places(channels=places, cursor=str(cursor), can_leave=room.locked)

    @routes.post("/channels", tags=["channels"], summary="Make a channel", status_code=201)
    async def add(new: NewPlace) -> Place:
        made = Channel(f"web:{slug(new.name)}", TENANT, slug(new.name))
        if not made.name:
            raise HTTPException(422, "A channel's name needs a letter or a digit.")
        there = await chat.channels()
        if any(each.id == made.id for each in there):
            raise HTTPException(409, f"There is a channel #{made.name} already.")
        if len(there) >= MOST_CHANNELS:
            raise HTTPException(409, f"There are {MOST_CHANNELS} channels, and no room for more; delete one first.")
        await chat.add_channel(made)
        room.wire.ring()
        log.info("channel added", channel=made.id)
        return Place(id=made.id, name=made.name, last=0)

    @routes.delete("/channels/{channel_id}", tags=["channels"], summary="Delete a channel", status_code=204)
    async def remove(channel_id: Where) -> None:
        """Its messages go with it, and its subscriptions pause."""
        gone = among(await chat.channels(), channel_id)
        if len(await chat.channels()) == 1:
            raise HTTPException(409, "This is the last channel; make another before you delete it.")
        await chat.remove_channel(gone.id)
        room.wire.ring()
        log.info("channel removed", channel=gone.id)


def _messages(routes: APIRouter, room: Room) -> None:
    chat = room.chat

    @routes.get("/channels/{channel_id}/messages", tags=["messages"], summary="What was said in a channel")
    async def messages(channel_id: Where, after: After = 0, before: Before = 0, limit: Limit = 100) -> Lines:
        now = room.clock()
        here = among(await chat.channels(), channel_id)
        if after:
            found, earlier = list(await chat.after(here.id, after, limit)), True
        else:
            found, earlier = await _newest(chat, here.id, before, limit)
        last = found[-1].id if found else after
        return Lines.model_validate(
            {"messages": [line(said) for said in found], "cursor": str(Cursor(last, now - LATE)), "earlier": earlier}
        )

    @routes.get("/channels/{channel_id}/events", tags=["events"], summary="A channel, live", responses=EVENTS)
    async def channel_events(
        request: Request, channel_id: Where, after: From = "", last_event_id: Resume = ""
    ) -> StreamingResponse:
        """Server-sent events; an interrupted stream resumes by its Last-Event-ID and loses nothing."""
        return await _open(room, request, [among(await chat.channels(), channel_id)], after, last_event_id)

    @routes.get("/events", tags=["events"], summary="All channels, live", responses=EVENTS)
    async def all_events(request: Request, after: From = "", last_event_id: Resume = "") -> StreamingResponse:
        """As one channel's events, and `channels` when their list changes."""
        return await _open(room, request, [], after, last_event_id)


def _commands(routes: APIRouter, room: Room) -> None:
    chat = room.chat

    @routes.post("/channels/{channel_id}/commands", tags=["commands"], summary="Say a command in a channel")
    async def command(channel_id: Where, typed: Typed, request: Request) -> Answer:
        """A private reply is in this answer only. Any other is posted, with the command, for all to see."""
        here = among(await chat.channels(), channel_id)
        text = typed.text.strip()
        name = _plain(typed.name)
        asked = await invocation(room, request, here, name=name, zone=typed.zone)
        if typed.file:
            asked = replace(asked, files=(File(typed.file.name, typed.file.content),))
        reply = await room.router.answer(asked, text)
        posted = [] if reply.private else await _say(chat, here, name, text, reply, typed.thread or uuid4().hex)
        if posted:
            room.wire.ring()
        return Answer.model_validate({"reply": {**to_json(reply.message), "private": reply.private}, "posted": posted})

    @routes.get("/complete", tags=["commands"], summary="How a half-typed line could go on")
    async def complete(
        request: Request,
        text: Annotated[str, Query(max_length=4000, description="The line so far.", examples=["/subscribe IS"])],
        channel: Annotated[str, Query(max_length=80, description="Where it is typed; by default the first.")] = "",
    ) -> Picks:
        there = await chat.channels()
        here = among(there, channel) if channel or not there else there[0]
        asked = await invocation(room, request, here)
        start, name, option, _ = unfinished(room.router.by_name, text)
        found = room.router.by_name.get(name)
        wanted = next((each for each in found.options if each.name == option), None) if found else None
        choices = await room.router.complete(asked, text)
        if not name:
            # As they are declared and not by the alphabet: what a newcomer needs first is offered first.
            declared = [f"/{each.name} " for each in room.router.commands]
            choices.sort(key=lambda choice: declared.index(choice.value))
        return Picks(
            choices=[_pick(choice, start) for choice in choices[:MOST_CHOICES]],
            usage=found.usage if found else "",
            asks=wanted.description if wanted else "",
        )

    @routes.get("/commands", tags=["commands"], summary="All commands")
    async def commands() -> Commands:
        return Commands(
            commands=[
                Known(
                    name=each.name,
                    usage=each.usage,
                    description=each.description,
                    aliases=list(each.aliases),
                    examples=[f"/{example.removeprefix('/')}" for example in each.examples],
                    private=each.private,
                    file=any(option.kind is OptionKind.FILE for option in each.options),
                )
                for each in room.router.commands
            ]
        )


def among(channels: Sequence[Channel], name: str) -> Channel:
    """The channel of that id or name."""
    wanted = name.removeprefix("#").casefold()
    for each in channels:
        if wanted in (each.id.casefold(), each.id.partition(":")[2].casefold(), each.name.casefold()):
            return each
    names = ", ".join(each.name for each in channels) or "none yet"
    raise HTTPException(404, f"There is no channel {name[:80]!r} here; there are: {names}.")


async def invocation(room: Room, request: Request, here: Channel, *, name: str = "", zone: str = "") -> Invocation:
    """Whoever may come in may also manage: there are no ranks on the web channel."""
    language = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    return Invocation(
        tenant=TENANT,
        channel=here,
        person=Person(request.scope["state"]["person"], name or GUEST, may_manage=True),
        channels=tuple(await room.chat.channels()),
        zone=_zone(zone),
        locale=language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else "en",
    )


def _zone(name: str) -> str:
    """A zone that there is; what a client says is not believed. zoneinfo refuses names that leave its folder."""
    try:
        return ZoneInfo(name).key if name else "UTC"
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return "UTC"


async def _newest(chat: ChatLog, channel: str, before: int, limit: int) -> tuple[list[ChatMessage], bool]:
    """The newest messages below `before`, and whether there are earlier ones.

    The log is read from its end in growing pieces, so going back costs more the further one goes.
    """
    size = limit + 1
    while True:
        read = await chat.after(channel, 0, size)
        older = [said for said in read if not before or said.id < before]
        if len(older) > limit or len(read) < size or size >= FURTHEST_BACK:
            return older[-limit:], len(older) > limit
        size *= 2


async def _last(chat: ChatLog, channels: Sequence[Channel]) -> int:
    """The id of the newest message in any of these channels."""
    ends = [await chat.after(each.id, 0, 1) for each in channels]
    return max((end[-1].id for end in ends if end), default=0)


async def _say(chat: ChatLog, here: Channel, name: str, text: str, reply: Reply, token: str) -> list[int]:
    asked = Message(source=name, body=(paragraph(f"/{text.removeprefix('/')}"),))
    try:
        return [
            await chat.post(here.id, asked, delivery_id=ASKED + token),
            await chat.post(here.id, reply.message, delivery_id=ANSWERED + token),
        ]
    except KeyError as error:
        raise HTTPException(404, f"The channel #{here.name} was deleted in the meantime.") from error


def _plain(name: str) -> str:
    """A name that people gave themselves, with no control or direction characters in it."""
    return "".join(c for c in name if unicodedata.category(c)[0] != "C").strip()


async def _open(
    room: Room, request: Request, only: Sequence[Channel], after: str, last_event_id: str
) -> StreamingResponse:
    if room.wire.streams >= MOST_STREAMS:
        raise HTTPException(503, "Too many event streams are open; close one and try again.")
    now = room.clock()
    cursor = Cursor.parse(last_event_id or after, now) if last_event_id or after else None
    if cursor is None:
        if after and not last_event_id:
            raise HTTPException(422, "after is a cursor or a message's id.")
        cursor = Cursor(await _last(room.chat, only or await room.chat.channels()), now)
    return StreamingResponse(
        stream(
            room.chat,
            room.wire,
            only[0].id if only else "",
            cursor,
            room.clock,
            allowed=request.scope["state"]["still_in"],
        ),
        media_type="text/event-stream",
        # Proxies that buffer would hold the news back.
        headers={"x-accel-buffering": "no"},
    )


def operations(health: Callable[[], Awaitable[Mapping[str, Any]]], metrics: Callable[[], bytes]) -> APIRouter:
    """For the operator's machines: /healthz and /metrics."""
    routes = APIRouter(tags=["operations"])

    @routes.head("/healthz", include_in_schema=False)
    @routes.get("/healthz", summary="Whether the bot does its work", responses={503: {"description": "It does not."}})
    async def healthz(request: Request) -> JSONResponse:
        """503 where `status` is "failing". Without a session the answer is the status alone."""
        try:
            found = {"status": "ok", **await health()}
        except Exception:
            log.exception("health cannot be told")
            found = {"status": "failing"}
        if not request.scope["state"]["let_in"]:
            found = {"status": found["status"]}
        return JSONResponse(found, 503 if found["status"] == "failing" else 200)

    @routes.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def figures() -> Response:
        return Response(metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
