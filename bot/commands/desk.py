"""What the commands may reach, as explicit parts; `app` fills it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.command import Command, Invocation
from bot.core.feed_list import Format
from bot.core.limits import Limits
from bot.core.model import Deed, Fetched, Outcome
from bot.core.pack import PackFeed
from bot.core.ports import Platform
from bot.pipeline import Pipeline
from bot.poller import Poller
from bot.store import Store, Tx
from bot.topics import Catalogue


@dataclass
class Desk:
    """`look` fetches what is behind an address that a person typed: (final URL, first fetch). See `Source`.

    `pack` are the feeds of the feed catalogue, `lists` how lists of feeds are written as files.
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
    lists: Format = field(kw_only=True)
    pack: Sequence[PackFeed] = field(default=(), repr=False)
    limits: Limits = field(default_factory=Limits)
    keeps_audit: timedelta = timedelta(days=90)

    async def refused(self, call: Invocation, command: Command) -> None:
        """Note that somebody lacked the right."""
        async with self.store.begin() as tx:
            await noted(tx, call, command.name, outcome=Outcome.REFUSED)


async def noted(
    tx: Tx,
    call: Invocation,
    did: str,
    what: str = "",
    *,
    channel: str = "",
    detail: str = "",
    outcome: Outcome = Outcome.DONE,
) -> None:
    """A line of the audit log, in the transaction of the change. `channel` is the one of the call unless it is said."""
    person = call.person
    where = channel or call.channel.id
    await tx.audit.note(Deed(call.tenant, did, what, where, detail, person.id, person.name, outcome, await tx.now()))
