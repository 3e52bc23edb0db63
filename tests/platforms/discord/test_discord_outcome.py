"""What became of a request: timings and answers that the end-to-end tests would have to wait for."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
from multidict import CIMultiDict

from bot.core.errors import ChannelGone, Rejected, TryLater
from bot.platforms.discord.outcome import BotMustWait, Request, current, judge, judged, meaning


def answer(status: int, **headers: str) -> aiohttp.ClientResponse:
    named = CIMultiDict((name.replace("_", "-"), value) for name, value in headers.items())
    return cast(aiohttp.ClientResponse, SimpleNamespace(status=status, headers=named, reason="x"))


def refusal(status: int, code: int) -> discord.HTTPException:
    return discord.HTTPException(cast(Any, answer(status)), {"code": code, "message": "no"})


def advice() -> str:
    return "Give the bot a right"


async def failing(error: BaseException, *, left: bool = False, acting: bool = False) -> TryLater:
    with pytest.raises(TryLater) as caught:
        async with judged(advice):
            request = current.get()
            assert isinstance(request, Request)
            request.left, request.acting = left, acting
            raise error
    assert current.get() is None
    return caught.value


async def test_a_timeout_before_the_wire_is_a_rate_limit_and_after_it_unknown() -> None:
    waiting = await failing(TimeoutError())
    assert (waiting.refused, waiting.unknown) == (True, False)
    posting = await failing(TimeoutError(), left=True, acting=True)
    assert (posting.refused, posting.unknown) == (False, True)
    reading = await failing(TimeoutError(), left=True)
    assert (reading.refused, reading.unknown) == (False, False)


async def test_a_broken_connection_is_unknown_only_when_something_may_have_been_done() -> None:
    assert (await failing(aiohttp.ServerDisconnectedError(), left=True, acting=True)).unknown
    assert not (await failing(aiohttp.ServerDisconnectedError(), left=True)).unknown
    assert not (await failing(ConnectionResetError())).unknown


@pytest.mark.parametrize(
    ("response", "everywhere", "seconds"),
    [
        (answer(429, Via="1.1 google", Retry_After="1.5"), False, 1.5),
        (answer(429, Via="1.1 google", Retry_After="2", X_RateLimit_Global="true"), True, 2),
        (answer(429, Retry_After="60"), True, 60),
        (answer(429, Via="1.1 google", Retry_After="soon"), False, 5),
        (answer(429, Via="1.1 google", Retry_After="999999"), False, 3600),
    ],
)
def test_a_429_says_how_long_and_for_whom(response: aiohttp.ClientResponse, everywhere: bool, seconds: float) -> None:
    with pytest.raises(TryLater) as caught:
        judge(response, acting=True)
    assert caught.value.refused
    assert caught.value.after == timedelta(seconds=seconds)
    assert isinstance(caught.value, BotMustWait) == everywhere


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, 50001, ChannelGone, "Give the bot a right"),
        (403, 50013, ChannelGone, "Give the bot a right"),
        (403, 50007, ChannelGone, "allow direct messages"),
        (404, 10003, ChannelGone, "does not exist"),
        (400, 50008, ChannelGone, "takes no messages"),
        (404, 10008, Rejected, "was deleted"),
        (400, 50035, Rejected, "50035"),
        (401, 0, BotMustWait, "NEWSBELL_DISCORD__TOKEN"),
        (403, 0, TryLater, "before Discord"),
    ],
)
def test_a_refusal_means_one_of_the_three(status: int, code: int, kind: type[Exception], words: str) -> None:
    error = meaning(refusal(status, code), advice)
    assert type(error) is kind
    assert words in str(error)
