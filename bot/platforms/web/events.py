"""News as it comes: server-sent events that a reconnecting browser resumes where it was.

An event's id is a cursor: the last message that was told, and the time up to which edits were told. The browser
sends it back as Last-Event-ID, so a lost connection loses nothing. Other processes may post to the same log, so a
stream does not rely on being woken: it also looks by itself every few seconds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.message import to_json
from bot.core.model import Channel
from bot.platforms.web.chat import ChatLog, ChatMessage, kind, thread

POLL = 2.0
"""Seconds between looks at the log for what another process posted."""
BEAT = 15.0
"""Seconds of silence after which a heartbeat is sent: proxies cut idle connections after 30 and more."""
PAGE = 500
LATE = timedelta(seconds=5)
"""An edit may become visible this much later than the time it bears; looking back so far re-tells, and loses none."""


@dataclass(frozen=True, slots=True)
class Cursor:
    last: int
    edited: datetime

    def __str__(self) -> str:
        return f"{self.last}-{int(self.edited.timestamp() * 1000)}"

    @classmethod
    def parse(cls, text: str, now: datetime) -> Cursor | None:
        """A cursor, or a bare message id; None for anything else."""
        last, _, edited = text.partition("-")
        if not (last.isascii() and last.isdecimal() and len(last) <= 18):
            return None
        if not (edited.isascii() and edited.isdecimal() and len(edited) <= 14):
            return cls(int(last), now) if not edited else None
        return cls(int(last), min(now, datetime.fromtimestamp(int(edited) / 1000, UTC)))


class Wire:
    """Wakes all the streams when something was posted, and ends them when the program stops."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()
        self.closed = False
        self.streams = 0

    def ring(self) -> None:
        self.rung.set()
        self.rung = asyncio.Event()

    def close(self) -> None:
        self.closed = True
        self.ring()


def line(said: ChatMessage) -> dict[str, Any]:
    """A line of the log as the API tells it."""
    return {
        "id": said.id,
        "channel": said.channel,
        "kind": kind(said),
        "thread": thread(said),
        "at": said.at.astimezone(UTC).isoformat(),
        "edited_at": said.edited_at.astimezone(UTC).isoformat() if said.edited_at else None,
        "message": to_json(said.message),
        "text": said.message.text,
    }


def event(name: str, data: Any, cursor: Cursor) -> bytes:
    """One event on the wire. JSON has no line breaks of its own, so one data line is enough."""
    return f"id: {cursor}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def stream(
    chat: ChatLog,
    wire: Wire,
    only: str,
    cursor: Cursor,
    clock: Callable[[], datetime],
    *,
    beat: float = BEAT,
    allowed: Callable[[], bool] = lambda: True,
) -> AsyncIterator[bytes]:
    """`message`, `edit`, `channels`, `gone` and `beat` events from the cursor on.

    They end when the wire is closed, and when the listener is not `allowed` any more. `only` is one channel's id, or
    empty for all of them: then the list of channels is told too, first and whenever it changes.
    """
    told: dict[int, datetime | None] = {}
    listed: Sequence[Channel] | None = None
    loop = asyncio.get_running_loop()
    quiet_since = loop.time()
    wire.streams += 1
    try:
        yield b"retry: 2000\n\n"
        while allowed() and not wire.closed:
            rung = wire.rung
            channels = await chat.channels()
            events: list[bytes] = []
            if not only and channels != listed:
                listed = channels
                events.append(event("channels", [{"id": c.id, "name": c.name} for c in channels], cursor))
            here = [channel.id for channel in channels if only in ("", channel.id)]
            if only and not here:
                yield event("gone", {"id": only}, cursor)
                return
            for said, name in await _news(chat, here, cursor, told):
                edited = max(cursor.edited, said.edited_at or cursor.edited)
                cursor = replace(cursor, last=max(cursor.last, said.id), edited=edited)
                told[said.id] = said.edited_at
                events.append(event(name, line(said), cursor))
            while len(told) > PAGE * 2:
                told.pop(next(iter(told)))
            if not events and loop.time() - quiet_since >= beat:
                events.append(event("beat", clock().isoformat(), cursor))
            for each in events:
                yield each
            if events:
                quiet_since = loop.time()
                continue
            try:
                async with asyncio.timeout(min(POLL, beat)):
                    await rung.wait()
            except TimeoutError:
                continue
    finally:
        wire.streams -= 1


async def _news(
    chat: ChatLog, channels: Sequence[str], cursor: Cursor, told: dict[int, datetime | None]
) -> list[tuple[ChatMessage, str]]:
    """Edits of what was told, then new messages in the order of posting, each with its event's name."""
    edits: list[ChatMessage] = []
    fresh: list[ChatMessage] = []
    ceiling: int | None = None
    for channel in channels:
        page = await chat.after(channel, cursor.last, PAGE)
        fresh += page
        if len(page) == PAGE:
            # The cursor must not pass what this channel still holds back.
            ceiling = min(page[-1].id, ceiling or page[-1].id)
        edits += await chat.changed(channel, cursor.edited - LATE)
    fresh = [said for said in fresh if said.id > cursor.last and (ceiling is None or said.id <= ceiling)]
    edits = [said for said in edits if said.id <= cursor.last and told.get(said.id) != said.edited_at]
    return [
        *((said, "edit") for said in sorted(edits, key=lambda said: said.edited_at or said.at)),
        *((said, "message") for said in sorted(fresh, key=lambda said: said.id)),
    ]
