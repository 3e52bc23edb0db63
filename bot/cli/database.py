"""A command that needs the database and nothing else of the house."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.settings import Settings
from bot.store import Store

T = TypeVar("T")


def with_store(settings: Settings, act: Callable[[Store], Awaitable[T]]) -> T:
    """What `act` makes of the open store, which is closed behind it. Raises SettingsError."""

    async def work() -> T:
        store = await Store.open(settings.database)
        try:
            return await act(store)
        finally:
            await store.close()

    return asyncio.run(work())
