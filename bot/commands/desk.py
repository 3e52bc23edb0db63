"""What the commands may reach, as explicit parts; `app` fills it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.command import Command
from bot.core.model import Fetched
from bot.core.pack import PackFeed
from bot.core.ports import Platform
from bot.pipeline import Pipeline
from bot.poller import Poller
from bot.store import Store
from bot.topics import Catalogue


@dataclass
class Desk:
    """`look` fetches what is behind an address that a person typed: (final URL, first fetch). See `Source`.

    `pack` are the feeds of the feed catalogue.
    """

    store: Store
    catalogue: Catalogue
    poller: Poller
    pipeline: Pipeline
    platforms: Mapping[str, Platform]
    look: Callable[[str], Awaitable[tuple[str, Fetched]]]
    started_at: datetime
    version: str
    commands: tuple[Command, ...] = field(default=(), repr=False)
    pack: Sequence[PackFeed] = field(default=(), repr=False)
