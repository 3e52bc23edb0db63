"""Hostile bodies: each ends in bounded time with a typed answer, none stops the loop, honest feeds are read on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.core.errors import FetchError
from bot.sources.lane import SMALL, LaneLimits, Lanes
from tests.fakes.newsstand import RSS
from tests.sources.hostile_bodies import CORPUS, item

JOB = {"url": "https://news.example/feed", "now": "2026-11-26T12:00:00+00:00"}
LIMITS = LaneLimits(cpu=0.4, wall=20.0)

pytestmark = pytest.mark.asyncio(loop_scope="module")


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lanes() -> AsyncIterator[Lanes]:
    async with Lanes(2, LIMITS) as opened:
        yield opened


def texts(value: Any) -> str:
    return repr(value)


@pytest.mark.parametrize(
    "name",
    # Each third here; all of them with --slow, and against the whole program by `make hostile`.
    [name if number % 3 == 0 else pytest.param(name, marks=pytest.mark.slow) for number, name in enumerate(CORPUS)],
)
async def test_a_hostile_body_ends_in_a_typed_answer_and_tells_nothing(lanes: Lanes, name: str) -> None:
    body = CORPUS[name]
    try:
        answer = await lanes.read(JOB, body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)
    except FetchError as error:
        assert "to read" in str(error)
        return
    assert answer["kind"] in ("feed", "other", "empty", "broken")
    said = texts(answer)
    assert "root:" not in said
    for entry in answer.get("entries", ()):
        assert len(entry[1]) <= 500 and len(entry[4]) <= 4000 and len(entry[5]) <= 40_000
        assert entry[2] == "" or entry[2].startswith(("http://", "https://"))
        assert not any(char in text for text in entry if text for char in "\0\u202e\ufeff\x1b")


async def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 120


SLOW = item(f"<description><![CDATA[{'<div>' * 10_000}]]></description>").replace(
    "</item>", "</item>" + f"<item><description><![CDATA[{'<div>' * 10_000}]]></description></item>" * 400
)


async def test_what_costs_too_much_is_killed_once_and_not_tried_again(lanes: Lanes) -> None:
    with pytest.raises(FetchError, match=r"more than 0\.4 s of computing"):
        await lanes.read(JOB, SLOW.encode())
    loop = asyncio.get_running_loop()
    turns = 0

    def count() -> None:
        nonlocal turns
        turns += 1
        again.append(loop.call_soon(count))

    again = [loop.call_soon(count)]
    with pytest.raises(FetchError, match=r"more than 0\.4 s of computing"):
        await lanes.read(JOB, SLOW.encode())
    again[-1].cancel()
    assert turns < 3  # remembered: no process was asked


async def test_the_loop_runs_on_and_an_honest_feed_is_read_while_a_bomb_is_parsed(lanes: Lanes) -> None:
    bomb = asyncio.create_task(lanes.read(JOB, SLOW.replace("x</title>", "y</title>").encode()))
    ticks = honest = 0
    while not bomb.done():
        ticks += 1
        if ticks % 20 == 0:
            answer = await lanes.read(JOB, RSS)
            assert len(answer["entries"]) == 2
            honest += 1
        await asyncio.sleep(0.002)
    with pytest.raises(FetchError):
        await bomb
    # Nearly half a second of computing next door: were it here, the loop would have turned a handful of times.
    assert ticks > 30
    assert honest >= 1


async def test_after_every_bomb_an_honest_feed_is_read(lanes: Lanes) -> None:
    answer = await lanes.read(JOB, RSS)
    assert [entry[0] for entry in answer["entries"]] == ["one", "two"]


async def test_a_cancelled_reading_leaves_no_answer_for_the_next_one(lanes: Lanes) -> None:
    waiting = asyncio.create_task(lanes.read(JOB, SLOW.replace("x</title>", "z</title>").encode()))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    for _ in range(3):
        assert len((await lanes.read(JOB, RSS))["entries"]) == 2


async def test_a_process_that_was_killed_from_outside_is_replaced(lanes: Lanes) -> None:
    for lane in lanes._lanes:
        assert lane._process is not None
        os.kill(lane._process.pid, signal.SIGKILL)
        await lane._process.wait()
    for _ in range(3):
        assert len((await lanes.read(JOB, RSS))["entries"]) == 2


@LINUX
async def test_memory_is_bounded() -> None:
    async with Lanes(1, LaneLimits(cpu=20, memory=110_000_000)) as small:
        with pytest.raises(FetchError, match="memory"):
            await small.read(JOB, item(f"<description>{'word ' * 3_900_000}</description>").encode())
        assert len((await small.read(JOB, RSS))["entries"]) == 2


async def test_the_wall_clock_bounds_what_no_cpu_limit_would() -> None:
    async with Lanes(1, LaneLimits(cpu=60, wall=0.4)) as hasty:
        await hasty.read(JOB, RSS)
        with pytest.raises(FetchError, match=r"more than 0\.4 s to read"):
            await hasty.read(JOB, SLOW.encode())


async def test_closing_in_the_middle_of_a_reading_leaves_no_process_and_nobody_waiting() -> None:
    opened = Lanes(1, LaneLimits(cpu=60, wall=60))
    await opened.open()
    await opened.read(JOB, RSS)
    (lane,) = opened._lanes
    reading = [asyncio.create_task(opened.read(JOB, SLOW.encode() + b" " * n)) for n in range(3)]
    await asyncio.sleep(0.05)
    await opened.close()
    ends = await asyncio.gather(*reading, return_exceptions=True)
    assert all(isinstance(end, (FetchError, RuntimeError)) for end in ends)
    assert lane._process is None


async def test_closing_ends_the_processes() -> None:
    opened = Lanes(2)
    await opened.open()
    await opened.read(JOB, RSS)
    pids = [lane._process.pid for lane in opened._lanes if lane._process]
    assert pids
    await opened.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(RuntimeError):
        await opened.read(JOB, RSS)


ORPHAN = """
import asyncio, os, sys
from bot.sources.lane import Lanes

async def main():
    lanes = Lanes(1)
    await lanes.open()
    await lanes.read({"url": "https://x.example/", "now": "2026-11-26T12:00:00+00:00"}, b"<rss></rss>")
    print(lanes._lanes[0]._process.pid, flush=True)
    os._exit(9)  # as if killed: nothing is closed

asyncio.run(main())
"""


@LINUX
async def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ORPHAN), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    out, _ = await parent.communicate()
    state = Path(f"/proc/{int(out)}/stat")
    for _ in range(1000):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX":
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the child lives on")


async def test_one_lane_is_kept_from_large_bodies_which_end_lanes_most() -> None:
    async with Lanes(2, LIMITS) as lanes:
        first = await lanes._take(SMALL + 1)
        second = asyncio.create_task(lanes._take(SMALL + 1))
        small = await lanes._take(SMALL)
        lanes._give(small)
        await asyncio.sleep(0)
        assert not second.done()
        lanes._give(first)
        lanes._give(await second)


@LINUX
async def test_the_child_gets_nothing_of_our_environment_and_is_confined() -> None:
    async with Lanes(2, LIMITS) as lanes:  # of its own: none that a test before killed
        await lanes.read(JOB, RSS)
        process = next(lane._process for lane in lanes._idle if lane._process)
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        limits = Path(f"/proc/{process.pid}/limits").read_text()
    assert b"PATH=" not in environment and b"HOME=" not in environment
    found = {line[:26].strip(): line[26:47].strip() for line in limits.splitlines()[1:]}
    assert found["Max file size"] == "0"
    assert found["Max open files"] == "16"
    assert found["Max address space"] == str(LIMITS.memory)
    assert found["Max core file size"] == "0"
