"""Slack over HTTP: what is signed works as over Socket Mode; what is not is a 401 and has no effect."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.app import open_house
from bot.core.errors import SettingsError
from bot.platforms.slack import SlackPlatform
from bot.platforms.slack.door import BIGGEST, PATH, REMEMBERED, WINDOW, Door
from bot.platforms.slack.once import MOST, InMemory, Marks
from tests.fakes.sample_commands import sample_router
from tests.fakes.settings import quiet
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import GENERAL, TEAM, text_of
from tests.platforms.slack.stage import running

SLASH = {
    "command": "/news", "text": "topics", "team_id": TEAM, "channel_id": GENERAL, "channel_name": "general",
    "user_id": "U0ADMIN", "response_url": "http://127.0.0.1:9/x", "trigger_id": "1.1.a", "api_app_id": "A1",
}  # fmt: skip

HEADERS = (b"x-slack-signature", b"X-Slack-Request-Timestamp", b"content-type", b"content-length")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(transport="http") as server:
        yield server


async def test_commands_mentions_and_presses_work_over_http(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router) as platform:
        answer = await slack.slash("subscribe ISIL mention <!here>")
        pressed = await slack.press(answer.message, "Undo", private=True)
        await slack.mention("news Iraq")
        async with asyncio.timeout(8):
            while not slack.posted:
                await asyncio.sleep(0.01)
        assert await platform.check() == f"@newsbell in Newsroom; Slack's requests are awaited at {PATH}"
    assert "follows ISIL" in answer.text
    assert "no longer follows" in pressed.text
    assert "results for Iraq" in text_of(slack.posted[0].body)
    assert [name for name, _, _ in desk.calls] == ["subscribe", "unsubscribe", "news"]
    assert set(slack.http.statuses) == {200}


async def test_slacks_question_whether_the_address_is_ours_is_answered(slack: FakeSlack) -> None:
    async with running(slack):
        asked = json.dumps({"type": "url_verification", "challenge": "a1b2", "token": "x"})
        assert await slack.http.post(asked, form=False) == (200, json.dumps({"challenge": "a1b2"}))


async def test_an_event_is_done_once_however_often_and_in_whatever_order_it_is_told(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        slack.http.deaf = 2
        await slack.mention("news Iraq", event_id="Ev1")
        await slack.mention("news Syria", event_id="Ev2")
        await slack.http.acknowledged()
        await slack.mention("news Iraq", event_id="Ev1")
        await slack.http.acknowledged()
        await slack.slash("help")
    assert sorted(given["query"] for name, _, given in desk.calls if name == "news") == ["Iraq", "Syria"]
    assert len(slack.http.statuses) == 6


async def test_an_event_that_another_process_has_heard_is_not_done_again(slack: FakeSlack) -> None:
    router, desk = sample_router()
    marks = InMemory(lambda: datetime.now(UTC))
    for _ in range(2):
        async with running(slack, router, marks=marks):
            await slack.mention("news Iraq", event_id="Ev1")
            await slack.http.acknowledged()
            await slack.slash("help")
    assert [name for name, _, _ in desk.calls] == ["news", "help", "help"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "junk"},
        {"X-Slack-Signature": "v0=ünïcode"},
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": "junk"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "9" * 400},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "²³"},
    ],
)
async def test_what_is_not_signed_is_refused_and_has_no_effect(slack: FakeSlack, headers: dict[str, str]) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        assert (await slack.http.post(urlencode(SLASH), form=True, headers=headers)) == (401, "")
    assert desk.calls == []


@pytest.mark.parametrize("off", [-301, 301, -86_400, 10**9])
async def test_a_stale_or_future_request_is_refused_although_it_is_signed(slack: FakeSlack, off: int) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        assert (await slack.http.post(urlencode(SLASH), form=True, at=time.time() + off))[0] == 401
    assert desk.calls == []


async def test_a_replayed_request_is_refused(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        at = time.time()
        first = await slack.http.post(urlencode(SLASH), form=True, at=at)
        second = await slack.http.post(urlencode(SLASH), form=True, at=at)
        await slack.slash("help")
    assert (first[0], second[0]) == (200, 401)
    assert [name for name, _, _ in desk.calls] == ["topics", "help"]


async def test_a_body_that_was_changed_is_refused(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        stamp = str(int(time.time()))
        signature = slack.http.sign(stamp, urlencode(SLASH))
        changed = urlencode({**SLASH, "user_id": "U0READER"})
        headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": stamp}
        assert (await slack.http.post(changed, form=True, headers=headers))[0] == 401
    assert desk.calls == []


async def test_only_slacks_path_is_open_and_only_to_requests_that_fit(slack: FakeSlack) -> None:
    async with running(slack), aiohttp.ClientSession() as session:
        async with session.get(slack.http.url) as response:
            assert response.status == 405
        async with session.post(slack.http.url, data=b"x" * (BIGGEST + 1)) as response:
            assert response.status == 413
        async with session.post(slack.http.url, data=b"", headers={"Host": "evil.example"}) as response:
            assert response.status == 421
        for path in ("/slack", "/slack/events/", "/slack/events/x", "/api/channels"):
            async with session.get(slack.http.url.replace(PATH, path)) as response:
                assert response.status == 401


async def test_before_the_platform_is_up_slack_is_told_to_come_again() -> None:
    assert await asked(door_at(lambda: NOW), b"{}", signed(b"{}")) == 503


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=80)), max_size=5), st.binary(max_size=200))
async def test_any_bytes_are_a_401_and_no_exception(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    assert await asked(door_at(lambda: NOW), body, headers) == 401


async def test_a_door_without_a_secret_lets_nobody_in() -> None:
    assert await asked(door_at(lambda: NOW, ""), b"{}", signed(b"{}", secret="")) == 401


def door_at(clock: Callable[[], datetime], secret: str = "secret", marks: Marks | None = None) -> Door:
    return Door(secret, clock, marks or InMemory(clock))


async def test_a_replay_at_another_process_is_refused() -> None:
    now = [NOW]
    marks = InMemory(lambda: now[0])
    first, second = (door_at(lambda: now[0], marks=marks) for _ in range(2))
    assert await asked(first, b"0", signed(b"0")) == 503  # not up yet: it may come again within the same second
    for door in (first, second):
        door.app = AsyncApp(token="xoxb-token", signing_secret="secret", request_verification_enabled=False)
    assert await asked(first, b"0", signed(b"0")) not in (401, 503)
    assert await asked(second, b"0", signed(b"0")) == 401
    now[0] += WINDOW
    assert await asked(second, b"0", signed(b"0")) == 401


async def test_marks_that_cannot_be_asked_are_no_exception_and_let_nothing_in() -> None:
    class Broken(InMemory):
        async def put(self, key: str, keep: timedelta) -> bool:
            raise OSError("the database is away")

    door = door_at(lambda: NOW, marks=Broken(lambda: NOW))
    door.app = AsyncApp(token="xoxb-token", signing_secret="secret", request_verification_enabled=False)
    assert await asked(door, b"{}", signed(b"{}")) == 503


async def test_marks_in_memory_end_and_are_bounded() -> None:
    now = [NOW]
    marks = InMemory(lambda: now[0])
    assert await marks.put("a", REMEMBERED)
    assert not await marks.put("a", REMEMBERED)
    now[0] += REMEMBERED
    assert await marks.put("a", REMEMBERED)
    assert await marks.take("a")
    assert not await marks.take("a")
    for number in range(MOST + 5):
        await marks.put(str(number), REMEMBERED)
    assert len(marks._until) == MOST
    assert not await marks.put(str(MOST + 4), REMEMBERED)


async def test_without_a_secret_or_a_web_port_it_does_not_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    platform = SlackPlatform("xoxb-token", transport="http", api_url="http://127.0.0.1:9/api/")
    with pytest.raises(SettingsError, match="NEWSBELL_SLACK__SIGNING_SECRET is not set"):
        await platform.run(sample_router()[0])
    table = {"bot_token": "xoxb-token", "signing_secret": "s", "transport": "http"}
    with pytest.raises(SettingsError, match="NEWSBELL_WEB__ENABLED must be true"):
        async with open_house(quiet(tmp_path_factory.mktemp("house"), slack=table), feeds=()):
            pass


NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def signed(body: bytes, *, secret: str = "secret", at: datetime = NOW) -> list[tuple[bytes, bytes]]:
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(secret or "x").generate_signature(timestamp=stamp, body=body) or ""
    return [(b"x-slack-signature", signature.encode()), (b"x-slack-request-timestamp", stamp.encode())]


async def asked(door: Door, body: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    answers: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: dict[str, object]) -> None:
        answers.append(event)

    await door({"type": "http", "method": "POST", "path": PATH, "headers": headers}, receive, send)
    status = answers[0]["status"]
    assert isinstance(status, int)
    return status
