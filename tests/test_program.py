"""The program as a newcomer runs it: a real process, the sample wire over real HTTP, the web channel's own API."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot.core.model import DeliveryState
from bot.demo.articles import load
from bot.store import Store

ROOT = Path(__file__).parents[1]
PATIENCE = 90
"""Seconds until a process that does nothing is given up; a bound on a broken test, not a measure."""


class Program:
    """`newsbell demo` in a process of its own, with its data in a folder of the test."""

    def __init__(self, folder: Path, port: int, pace: float) -> None:
        self.folder, self.port, self.pace = folder, port, pace
        self.process: asyncio.subprocess.Process | None = None
        self.said = ""

    async def start(self) -> None:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("NEWSBELL_")},
            "NEWSBELL_DATA_DIR": str(self.folder),
            "NEWSBELL_WEB__PORT": str(self.port),
        }
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "demo", "--pace", str(self.pace),
            cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def stop(self, how: signal.Signals) -> int:
        assert self.process and self.process.stderr
        if self.process.returncode is None:
            self.process.send_signal(how)
        self.said = (await self.process.stderr.read()).decode()
        return await self.process.wait()

    async def get(self, path: str) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}{path}") as response,
        ):
            return await response.json()

    async def say(self, line: str) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"http://127.0.0.1:{self.port}/api/channels/general/commands", json={"text": line}
            ) as response,
        ):
            reply: dict[str, Any] = (await response.json())["reply"]
            return reply

    async def alerts(self) -> list[dict[str, Any]]:
        shown = await self.get("/api/channels/general/messages?after=0&limit=500")
        return [line for line in shown["messages"] if line["kind"] == "alert"]

    async def until(self, done: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self.process and self.process.returncode is None, "the program ended"
                try:
                    if done(alerts := await self.alerts()):
                        return alerts
                except aiohttp.ClientError:
                    pass  # not listening yet
                await asyncio.sleep(0.1)


@asynccontextmanager
async def program(folder: Path, pace: float) -> AsyncIterator[Program]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Program(folder, port, pace)
    await running.start()
    try:
        yield running
    finally:
        await running.stop(signal.SIGKILL)


async def test_the_demo_rings_answers_commands_and_stops_cleanly(tmp_path: Path) -> None:
    async with program(tmp_path, pace=0.5) as demo:
        alerts = await demo.until(lambda alerts: len({a["message"]["fields"][0]["value"] for a in alerts}) >= 2)
        assert {"ISIL", "Russia-Iraq"} <= {
            topic for a in alerts for topic in a["message"]["fields"][0]["value"].split(", ")
        }
        first = alerts[0]["message"]
        assert first["source"]
        assert any(span["bold"] for part in first["body"] if part["kind"] == "quote" for span in part["spans"])
        assert [b["label"] for b in first["buttons"]][-3:] == ["More like this", "Why", "Source"]

        reply = await demo.say("/subscribe Syria")
        assert reply["title"] == "Following Syria in #general"
        assert reply["private"]
        assert "The last 7 days would have brought" in reply["body"][1]["spans"][0]["text"]
        assert (await demo.say("/news ISIL"))["body"]
        assert (await demo.say("/status"))["title"] == "All is well"
        assert (await demo.get("/healthz"))["status"] == "ok"

        async with aiohttp.ClientSession() as session:
            source = first["buttons"][-1]["url"]
            async with session.get(source) as page:
                assert page.status == 200, "the Source button leads somewhere"
        assert await demo.stop(signal.SIGINT) == 0
        assert "open http://127.0.0.1" in demo.said
        assert "Traceback" not in demo.said


async def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with program(tmp_path, pace=0.2) as demo:
        rung = 0
        for number in range(3):
            alerts = await demo.until(lambda alerts, rung=rung: len(alerts) > rung)  # type: ignore[misc]
            rung = len(alerts)
            await asyncio.sleep(0.13 * number)  # a moment that differs each time: while it fetches, stores, posts
            await demo.stop(signal.SIGKILL)
            await demo.start()
        async with asyncio.timeout(PATIENCE):
            while stored(tmp_path, "article") < published() or stored(tmp_path, "delivery WHERE state != 'sent'"):
                await asyncio.sleep(0.2)
        alerts = await demo.until(lambda alerts: len(alerts) > 0)
        await demo.stop(signal.SIGTERM)

    twice = [url for url, count in Counter(a["message"]["url"] for a in alerts).items() if count > 1]
    assert twice == []
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'demo' / 'newsbell.db'}")
    try:
        async with store.read() as tx:
            states = await tx.deliveries.counts(None, (await tx.now()) - timedelta(days=1))
    finally:
        await store.close()
    assert {state for state, count in states.items() if count} == {DeliveryState.SENT}
    assert states[DeliveryState.SENT] == len(alerts)


def published() -> int:
    """How many different articles the wire publishes in all: a correction is a known article."""
    _, articles = load(ROOT / "config/demo")
    return len({article.guid for article in articles})


def stored(folder: Path, what: str) -> int:
    with closing(sqlite3.connect(f"file:{folder / 'demo/newsbell.db'}?mode=ro", uri=True)) as database:
        count: int = database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
        return count
