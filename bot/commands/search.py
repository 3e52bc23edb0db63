"""The archive of the last days asked about a topic, for a command."""

from __future__ import annotations

from datetime import timedelta

from bot import search
from bot.commands.desk import Desk
from bot.core.model import Sensitivity
from bot.search import Found
from bot.topics import Topic

__all__ = ["Found", "find"]


async def find(
    desk: Desk, topic: Topic, *, tenant: str, days: int, limit: int, sensitivity: Sensitivity = Sensitivity.NORMAL
) -> list[Found]:
    """The articles of the last days about a topic, newest first, judged as a subscription would judge them."""
    async with desk.store.read() as tx:
        since = await tx.now() - timedelta(days=days)
    return await search.find(
        desk.store, desk.pipeline.following, topic, tenant=tenant, since=since, limit=limit, sensitivity=sensitivity
    )
