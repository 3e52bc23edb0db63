"""Many small transactions as one: each asker gets its own answer, once, and fails only for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.store import Together


class Ledger:
    """Transactions that can be told apart, and a door that can be held shut."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        await self.open.wait()
        yield

    async def answer(self, _tx: None, questions: Sequence[int]) -> list[int]:
        self.batches.append(list(questions))
        await asyncio.sleep(0)
        if -1 in questions:
            raise ValueError("minus one")
        return [question * 10 for question in questions]


async def test_who_comes_while_the_database_is_at_work_is_answered_in_the_same_transaction() -> None:
    ledger = Ledger()
    together = Together(ledger.begin, ledger.answer)
    assert await together.ask(1) == 10  # alone: at once
    ledger.open.clear()
    asking = [asyncio.create_task(together.ask(number)) for number in range(2, 252)]
    await asyncio.sleep(0)
    ledger.open.set()
    assert await asyncio.gather(*asking) == [number * 10 for number in range(2, 252)]
    assert [len(batch) for batch in ledger.batches] == [1, 100, 100, 50]


async def test_one_that_breaks_the_transaction_fails_alone() -> None:
    ledger = Ledger()
    together = Together(ledger.begin, ledger.answer)
    ledger.open.clear()
    asking = [asyncio.create_task(together.ask(number)) for number in (1, -1, 2)]
    await asyncio.sleep(0)
    ledger.open.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert answers[0] == 10
    assert answers[2] == 20
    with pytest.raises(ValueError, match="minus one"):
        raise answers[1] if isinstance(answers[1], BaseException) else AssertionError


async def test_who_is_stopped_while_answering_for_all_leaves_the_others_their_turn() -> None:
    ledger = Ledger()
    together = Together(ledger.begin, ledger.answer)
    ledger.open.clear()
    first, second, third = (asyncio.create_task(together.ask(number)) for number in (1, 2, 3))
    await asyncio.sleep(0)
    first.cancel()
    third.cancel()
    await asyncio.sleep(0)
    ledger.open.set()
    assert await second == 20
    assert ledger.batches == [[2]]
