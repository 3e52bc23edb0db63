"""Many small transactions as one: what is asked while the database is at work is answered together.

A commit costs a way to the disk, whatever is in it. Who asks alone is served at once; under load the transactions fill
up by themselves, without anybody waiting for company.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

Transaction = TypeVar("Transaction")
Question = TypeVar("Question")
Answer = TypeVar("Answer")

MOST = 100
"""Questions in one transaction: other writers wait as long as it lasts."""


class _Asked(Generic[Question, Answer]):
    def __init__(self, question: Question) -> None:
        self.question = question
        self.answers: list[Answer] = []
        self.error: Exception | None = None
        self.alone = False
        """To be asked again by itself: its transaction failed with others in it."""

    @property
    def done(self) -> bool:
        return bool(self.answers or self.error or self.alone)


class Together(Generic[Transaction, Question, Answer]):
    """`answer` gets a transaction and the questions, and answers them in their order.

    What it raises ends its transaction. Then each question is asked once more, alone: nobody fails for another.
    """

    def __init__(
        self,
        begin: Callable[[], AbstractAsyncContextManager[Transaction]],
        answer: Callable[[Transaction, Sequence[Question]], Awaitable[Sequence[Answer]]],
        *,
        most: int = MOST,
    ) -> None:
        self._begin = begin
        self._most = most
        self._answer = answer
        self._turn = asyncio.Lock()
        self._waiting: list[_Asked[Question, Answer]] = []

    async def ask(self, question: Question) -> Answer:
        """The answer, once the transaction that gave it is committed."""
        mine = _Asked[Question, Answer](question)
        self._waiting.append(mine)
        try:
            async with self._turn:
                while not mine.done:
                    await self._answer_all()
        except BaseException:
            self._waiting = [asked for asked in self._waiting if asked is not mine]
            raise
        if mine.error:
            raise mine.error
        if mine.alone:
            async with self._begin() as tx:
                return (await self._answer(tx, [question]))[0]
        return mine.answers[0]

    async def _answer_all(self) -> None:
        """In the task of whoever has the turn; the others find their answers when they get it."""
        asked: list[_Asked[Question, Answer]] = []
        try:
            async with self._begin() as tx:
                # Who came while we waited for the database, too.
                asked, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                answers = await self._answer(tx, [each.question for each in asked])
        except Exception as error:
            if not asked:
                raise
            for each in asked:
                each.alone, each.error = len(asked) > 1, error if len(asked) == 1 else None
        except BaseException:
            self._waiting = asked + self._waiting  # we are stopped: the next one takes over
            raise
        else:
            for each, answer in zip(asked, answers, strict=True):
                each.answers.append(answer)
