"""An event loop whose time is virtual: a day passes as fast as its work is done, in the same order each time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


STEP = 1e-7
"""Seconds that a round of the loop takes at least: who asks again and again whether it is time yet comes to an end."""


class Standstill(Exception):
    """Everybody waits and no timer is set: a deadlock, which in real time would be a test that hangs."""


class _Leap(selectors.SelectSelector):
    """Where asyncio would wait for the next timer it leaps there. Threads and sockets have no place here."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Standstill
        self.now += max(timeout, STEP)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time. Raises Standstill where real time would hang."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(_end())
        loop.close()


async def _end() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
