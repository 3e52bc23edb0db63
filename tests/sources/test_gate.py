"""Hosts are asked one thing at a time, with a pause, and no domain more than it can bear."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.core.errors import Throttled
from bot.sources.gate import Gate, registrable


class Time:
    """A clock that stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def gate(time: Time, *, gap: float = 1.0, per_minute: int = 30, patience: float = 20.0, chance: float = 0.5) -> Gate:
    return Gate(gap=gap, per_minute=per_minute, patience=patience, clock=time, sleep=time.sleep, random=lambda: chance)


async def test_starts_on_one_host_are_a_second_and_some_jitter_apart() -> None:
    time = Time()
    turns = gate(time)
    starts = []
    for _ in range(4):
        async with turns.turn("news.example"):
            starts.append(time.now)
    assert [later - earlier for earlier, later in pairwise(starts)] == [1.5, 1.5, 1.5]


async def test_other_hosts_do_not_wait() -> None:
    time = Time()
    turns = gate(time)
    for number in range(20):
        async with turns.turn(f"host{number}.example{number}"):
            pass
    assert time.now == 1000.0


async def test_one_request_is_in_flight_per_host() -> None:
    time = Time()
    turns = gate(time)
    inside = most = 0

    async def visit() -> None:
        nonlocal inside, most
        async with turns.turn("news.example"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(10)))
    assert most == 1


async def test_a_host_that_asked_for_quiet_gets_it_from_all_its_feeds() -> None:
    time = Time()
    turns = gate(time)
    turns.close("news.example", timedelta(minutes=10))
    with pytest.raises(Throttled) as refused:
        async with turns.turn("news.example"):
            pass
    assert refused.value.wait == timedelta(minutes=10)
    time.now += 601
    async with turns.turn("news.example"):
        pass


async def test_who_already_waits_is_turned_away_as_well() -> None:
    time = Time()
    turns = gate(time)

    async def visit() -> None:
        async with turns.turn("news.example"):
            pass

    async with turns.turn("news.example"):
        waiting = asyncio.create_task(visit())
        await asyncio.sleep(0)
        turns.close("news.example", timedelta(minutes=1))
    with pytest.raises(Throttled):
        await waiting


async def test_a_domain_bears_thirty_requests_a_minute_over_all_its_names() -> None:
    time = Time()
    turns = gate(time, gap=0, chance=0)
    served = 0
    for number in range(100):
        try:
            async with turns.turn(f"n{number}.victim.example"):
                served += 1
        except Throttled as refused:
            assert timedelta(0) < refused.wait <= timedelta(minutes=1)
    assert served == 30
    time.now += 61
    async with turns.turn("n1.victim.example"):
        served += 1
    assert served == 31


async def test_a_short_wait_for_the_budget_is_waited() -> None:
    time = Time()
    turns = gate(time, gap=0, chance=0, per_minute=2)
    for _ in range(2):
        async with turns.turn("victim.example"):
            pass
    time.now += 50
    async with turns.turn("victim.example"):
        assert time.now >= 1060


async def test_what_other_processes_ask_counts_too() -> None:
    time = Time()
    waits = [3.0, 0.0, 90.0]
    asked = []

    async def share(domain: str, host: str) -> float:
        asked.append((domain, host))
        return waits.pop(0)

    turns = Gate(gap=0, jitter=0, clock=time, sleep=time.sleep, share=share)
    async with turns.turn("www.news.example"):
        assert time.now == 1003
    assert asked == [("news.example", "www.news.example")] * 2
    with pytest.raises(Throttled, match="all our processes together") as refused:
        async with turns.turn("www.news.example"):
            pass
    assert refused.value.ours and refused.value.wait == timedelta(seconds=90)


async def test_a_request_counts_from_when_it_starts_and_not_at_all_where_it_is_given_up() -> None:
    time = Time()
    waits = [90.0, 15.0, 0.0, 0.0]

    async def share(_domain: str, _host: str) -> float:
        return waits.pop(0)

    turns = Gate(gap=0, jitter=0, per_minute=1, patience=60, clock=time, sleep=time.sleep, share=share)
    with pytest.raises(Throttled, match="all our processes together"):
        async with turns.turn("a.news.example"):
            pass
    starts = []
    for host in ("b.news.example", "c.news.example"):
        async with turns.turn(host):
            starts.append(time.now)
    assert starts == [1015, 1075]  # the one that was given up took no place, and the second is a minute after the first


async def test_an_error_inside_a_turn_gives_it_back() -> None:
    turns = gate(Time())
    with pytest.raises(ValueError, match="oops"):
        async with turns.turn("news.example"):
            raise ValueError("oops")
    async with turns.turn("news.example"):
        pass


async def test_idle_hosts_are_forgotten() -> None:
    time = Time()
    turns = gate(time, per_minute=0)
    for number in range(10_050):
        async with turns.turn(f"h{number}.example"):
            time.now += 3
    assert len(turns._hosts) < 10_050


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("news.bbc.co.uk", "bbc.co.uk"),
        ("www.example.com", "example.com"),
        ("a.b.c.example.org", "example.org"),
        ("example.org.", "example.org"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("localhost", "localhost"),
        ("t.co", "t.co"),
        ("www.t.co", "t.co"),
    ],
)
def test_the_registered_domain(host: str, domain: str) -> None:
    assert registrable(host) == domain
