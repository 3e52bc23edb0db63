"""The model's endpoint is a real server on loopback; every text was written for the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.core.model import Article
from bot.llm import Llm, Summary

ARTICLE = Article(
    id="f1",
    title="Dozens rescued as the Tarn bursts its banks in Orlen",
    text=(
        "Firefighters pulled 43 people from rooftops in Orlen before dawn on Monday after the river Tarn broke through "
        "a dyke. Nobody was reported dead. Mayor Petra Lindqvist said that the old town was under water. Insurers put "
        "the first estimate of the damage at 60 million crowns, or 1,250 a head. A helicopter brings sandbags to the "
        "broken dyke."
    ),
    lang="en",
)
GOOD = "Firefighters saved 43 people in Orlen. Damage may reach 60 million crowns, said Lindqvist's office."
EXTRACT = (
    "Firefighters pulled 43 people from rooftops in Orlen before dawn on Monday after the river Tarn broke through"
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Endpoint:
    """What the fake endpoint answers, and what it was asked."""

    answer: Answer
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        return await self.answer(request)


@dataclass
class Clock:
    now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def says(text: object) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": text}}]})

    return answer


def fails(status: int, body: str = "", **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers)

    return answer


@asynccontextmanager
async def model(
    answer: Answer, *, timeout: timedelta = timedelta(seconds=5), clock: Clock | None = None, per_day: int = 100
) -> AsyncIterator[tuple[Llm, Endpoint]]:
    endpoint = Endpoint(answer)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint)
    async with (
        TestServer(app) as server,
        Llm(
            str(server.make_url("/v1/")), "k3y", "small", timeout=timeout, per_day=per_day, clock=clock or Clock()
        ) as llm,
    ):
        yield llm, endpoint


async def test_a_good_answer_is_the_summary_and_is_labelled() -> None:
    async with model(says(GOOD)) as (llm, endpoint):
        assert await llm.summarize(ARTICLE) == Summary(GOOD, "llm")
    assert endpoint.keys == ["Bearer k3y"]
    assert endpoint.asked[0]["model"] == "small"


async def test_the_article_is_data_between_markers_that_it_cannot_know() -> None:
    async with model(says(GOOD)) as (llm, endpoint):
        await llm.summarize(ARTICLE)
        await llm.summarize(Article("f2", ARTICLE.title, text=ARTICLE.text + " It rained. " * 5_000))
    markers = set()
    for question in endpoint.asked:
        system, user = question["messages"]
        marker, *_, end = user["content"].splitlines()
        assert marker == end and marker in system["content"]
        assert len(user["content"]) < 9_000
        assert set(question) == {"model", "messages", "temperature", "max_tokens"}  # no tools
        markers.add(marker)
    assert len(markers) == 2


async def slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(40):
        await response.write(b" " * 16 * 1024)
    return response


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (fails(500, "oops"), "answered 500"),
        (fails(401), "answered 401"),
        (fails(302, Location="/elsewhere"), "answered 302"),
        (fails(200, "<html>"), "not a chat completion"),
        (fails(200, "[" * 100_000), "not a chat completion"),
        (fails(200, '{"choices": []}'), "not a chat completion"),
        (says(None), "no text"),
        (endless, "too long to read"),
        (says("  "), "empty"),
        (says("Firefighters saved 57 people in Orlen."), "number 57"),
        (says("Firefighters saved 43 people in Orlen, a 12.5 percent rise."), "number 12.5"),
        (says("Firefighters saved 43 people in Orlen, said Anton Berg."), "name Anton"),
        (says("Firefighters saved 43 people. Read it at https://evil.example/x"), "a link"),
        (says("Firefighters saved 43 people, see evil.com for more."), "a link"),
        (says("Firefighters saved 43 people. @everyone look"), "a link"),
        (says("Firefighters saved 43 people. <!channel> look"), "a link"),
        (says("Firefighters saved 43 people. [More](javascript:x)"), "a link"),
        (says("Firefighters saved \u202e43 people."), "invisible"),
        (says("Orlen is wet. " * 9), "too long"),
        (says("Orlen is wet " * 200), "too long"),
    ],
)
async def test_whatever_is_wrong_the_article_speaks_for_itself_and_the_log_says_why(
    answer: Answer, reason: str
) -> None:
    async with model(answer) as (llm, _):
        with capture_logs() as logs:
            summary = await llm.summarize(ARTICLE)
    assert summary.by == "extract"
    assert summary.text.startswith(EXTRACT)
    assert [reason in entry["reason"] for entry in logs] == [True]
    assert "k3y" not in str(logs)


async def test_a_slow_endpoint_is_not_waited_for() -> None:
    async with model(slow, timeout=timedelta(seconds=0.05)) as (llm, _):
        with capture_logs() as logs:
            assert (await llm.summarize(ARTICLE)).by == "extract"
    assert logs[0]["reason"] == "the endpoint took too long"


async def test_an_endpoint_that_is_not_there_costs_nothing_but_a_line_in_the_log() -> None:
    async with Llm("http://127.0.0.1:9", "k3y", "small") as llm:
        with capture_logs() as logs:
            assert (await llm.summarize(ARTICLE)).by == "extract"
    assert "cannot be reached" in logs[0]["reason"]


async def test_a_closed_session_means_extracts() -> None:
    assert (await Llm("http://127.0.0.1:9", "", "small").summarize(ARTICLE)).by == "extract"


@pytest.mark.parametrize(
    "answer",
    [
        "Lindqvist said that a helicopter helps.",
        "Damage was 1250 crowns a head.",
        "It was Orlen's Monday.",
        "Firefighters from the Tarn saved 43. Orlen is wet.",
    ],
)
async def test_numbers_and_names_of_the_article_pass_in_another_spelling(answer: str) -> None:
    async with model(says(answer)) as (llm, _):
        assert await llm.summarize(ARTICLE) == Summary(answer, "llm")


async def test_german_nouns_are_not_names_but_two_capitals_in_a_row_are() -> None:
    article = Article(
        "d", "Der Fluss steigt", text="Der Fluss Tarn steigt seit Montag stark an. Anna Weber warnt.", lang="de"
    )
    async with model(says("Anna Weber warnt vor dem Wasser.")) as (llm, _):
        assert (await llm.summarize(article)).by == "llm"
    async with model(says("Es warnt Otto Maier vor dem Wasser.")) as (llm, _):
        assert (await llm.summarize(article)).by == "extract"


async def test_a_summary_for_a_topic_mentions_it_or_is_extracted() -> None:
    def mentions(sentence: str) -> bool:
        return "helicopter" in sentence

    async with model(says(GOOD)) as (llm, endpoint):
        summary = await llm.summarize(ARTICLE, mentions=mentions)
        assert summary.by == "extract" and mentions(summary.text)
        assert "must cover" in endpoint.asked[0]["messages"][1]["content"]
    async with model(says("A helicopter helps in Orlen.")) as (llm, _):
        assert (await llm.summarize(ARTICLE, mentions=mentions)).by == "llm"


async def test_the_same_question_is_asked_once() -> None:
    async with model(says(GOOD)) as (llm, endpoint):
        for _ in range(3):
            assert (await llm.summarize(ARTICLE)).by == "llm"
        await llm.summarize(ARTICLE, sentences=3)
    assert len(endpoint.asked) == 2


async def test_a_failed_answer_is_not_remembered() -> None:
    async with model(says("Firefighters saved 57 people.")) as (llm, endpoint):
        await llm.summarize(ARTICLE)
        endpoint.answer = says(GOOD)
        assert (await llm.summarize(ARTICLE)).by == "llm"


async def test_the_budget_is_for_a_day() -> None:
    clock = Clock()
    async with model(says(GOOD), clock=clock, per_day=1) as (llm, endpoint):
        assert (await llm.summarize(ARTICLE)).by == "llm"
        assert (await llm.summarize(ARTICLE, sentences=3)).by == "extract"
        clock.now += timedelta(days=1)
        assert (await llm.summarize(ARTICLE, sentences=3)).by == "llm"
    assert len(endpoint.asked) == 2


async def test_an_endpoint_that_fails_three_times_is_left_alone_for_a_minute() -> None:
    clock = Clock()
    async with model(fails(503), clock=clock) as (llm, endpoint):
        for _ in range(5):
            await llm.summarize(ARTICLE)
        assert len(endpoint.asked) == 3
        endpoint.answer = says(GOOD)
        clock.now += timedelta(minutes=1)
        assert (await llm.summarize(ARTICLE)).by == "llm"


async def test_an_article_without_text_is_not_sent() -> None:
    async with model(says("Something happened.")) as (llm, endpoint):
        assert await llm.summarize(Article("x", "A title")) == Summary("", "extract")
    assert endpoint.asked == []


async def test_a_cancelled_summary_stays_cancelled() -> None:
    async with model(slow) as (llm, endpoint):
        task = asyncio.create_task(llm.summarize(ARTICLE))
        while not endpoint.asked:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
