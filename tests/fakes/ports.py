"""Fakes at the two ports, and a clock that is set by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.errors import DeliveryError, FetchError
from bot.core.message import Message
from bot.core.model import Entry, Feed, Fetched
from bot.core.router import Router


@dataclass
class Clock:
    """Time that moves only when told."""

    now: datetime = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass
class FakeSource:
    """Answers each fetch of a URL with the next thing it was given; the last one stays."""

    answers: dict[str, list[Fetched | FetchError]] = field(default_factory=dict)
    asked: list[Feed] = field(default_factory=list)

    def give(self, url: str, *answers: Fetched | FetchError) -> None:
        self.answers[url] = list(answers)

    async def fetch(self, feed: Feed) -> Fetched:
        self.asked.append(feed)
        waiting = self.answers[feed.url]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, FetchError):
            raise answer
        return answer

    async def look(self, url: str) -> tuple[str, Fetched]:
        answer = self.answers[url][0] if url in self.answers else FetchError("the host does not exist")
        if isinstance(answer, FetchError):
            raise answer
        return url, answer

    def is_private(self, url: str) -> bool:
        return "token=" in url


@dataclass
class FakePlatform:
    """A chat service in memory. `faults` are raised by the next sends, after posting where `acts` says so."""

    name: str = "fake"
    dedupes_for: timedelta = timedelta(0)
    whispers: bool = True
    posted: list[tuple[str, str, Message]] = field(default_factory=list)
    faults: list[DeliveryError] = field(default_factory=list)
    edited: list[tuple[str, Message]] = field(default_factory=list)
    edit_faults: list[DeliveryError] = field(default_factory=list)
    acts: bool = False
    idempotent: bool = False
    lookups: int = 0

    async def run(self, router: Router) -> None:
        await asyncio.Event().wait()

    async def check(self) -> str:
        return "a chat service in memory"

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        if self.idempotent and (known := await self.find(channel, delivery_id, datetime.min.replace(tzinfo=UTC))):
            return known
        fault = self.faults.pop(0) if self.faults else None
        if fault is None or self.acts:
            self.posted.append((channel, delivery_id, message))
        if fault:
            raise fault
        return str(len(self.posted))

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        if self.edit_faults:
            raise self.edit_faults.pop(0)
        where, delivery_id, _ = self.posted[int(remote_id) - 1]
        assert where == channel
        self.edited.append((remote_id, message))
        self.posted[int(remote_id) - 1] = (where, delivery_id, message)

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        self.lookups += 1
        for number, (where, known, _) in enumerate(self.posted, start=1):
            if (where, known) == (channel, delivery_id):
                return str(number)
        return None

    def titles(self) -> list[str]:
        return [message.title for _, _, message in self.posted]


def entries(*titles: str, at: datetime, text: str = "", url: str = "https://example.org") -> tuple[Entry, ...]:
    """Entries with these headlines, a minute apart, oldest first."""
    return tuple(
        Entry(
            key=title,
            title=title,
            url=f"{url}/{abs(hash(title)) % 10**9}",
            link_key=f"{url}/{title}",
            text=text or f"{title}. It happened today, officials said on Thursday.",
            published=at + timedelta(minutes=number),
            lang="en",
        )
        for number, title in enumerate(titles)
    )
