"""The figures of `make faults`: each function tries one promise and says what came of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.cadence import Cadence
from tests.faults import scenes, secrecy, storms
from tests.faults.figure import Figure
from tests.simulator.chat import Kind
from tests.simulator.disk import Dead
from tests.simulator.world import Account, Plan, World, run

ROOT = Path(__file__).parents[2]


def everything_of(seed: int) -> Plan:
    """The world of a seed with every fault in it."""
    return Plan(
        seed,
        hours=3,
        feeds=40,  # that publish so rarely that no outage makes a flood of one
        tick=30,
        articles_a_day=12,
        killed_while_posting=0.02,
        paused=0.05,
        database_trouble=0.002,
    )


def _told(accounts: list[Account]) -> str:
    bad = [str(account) for account in accounts if not account.good]
    return f"; failing: {' / '.join(bad)}" if bad else ""


# -- delivery -------------------------------------------------------------------------------------------------------


def kill_points(nightly: bool) -> Figure:
    runs = 200 if nightly else 50
    sums: dict[str, list[int]] = {}
    kinds: tuple[Kind, ...] = ("nonce", "history", "blind")
    for kind in kinds:
        for point in (*scenes.POINTS, *scenes.ENDS):
            for seed in range(runs):
                lost, doubled = scenes.killed_at(kind, point, seed)
                total = sums.setdefault(kind, [0, 0])
                total[0] += lost
                total[1] += doubled
    points = len(scenes.POINTS) + len(scenes.ENDS)
    shown = ", ".join(f"{kind} {lost} lost {doubled} doubled" for kind, (lost, doubled) in sums.items())
    ok = not any(lost for lost, _ in sums.values()) and not sums["nonce"][1] and not sums["history"][1]
    return Figure(
        f"every kill point ({points}) x platform class, {runs} runs each",
        f"{shown} (of {points * runs} each)",
        "0 lost; 0 doubled where the platform drops repetitions or can be read back",
        ok,
    )


def at_once(nightly: bool) -> Figure:
    share, wait, worst = scenes.ten_thousand_at_once()
    return Figure(
        "10,000 alerts due at once, real Discord buckets, 100 small tenants beside a big one",
        f"{share:.2%} answered 429, {worst} refusals in the worst 10 min, small tenants' p95 {wait:.1f} s",
        "at most 1 %, 1,000 and 30 s",
        share <= 0.01 and worst <= 1_000 and wait < 30,
    )


def api_storms(nightly: bool) -> Figure:
    plan = Plan(
        7, hours=1.5, feeds=15, tick=10, articles_a_day=80, channels=2, killed_every=0, killed_while_posting=0,
        paused=0, api_trouble=0.3, feed_trouble=0, database_trouble=0, tidy_up=0.5,
        cadence=Cadence(0.5, ceiling=timedelta(minutes=3)),
    )  # fmt: skip
    accounts = [run(replace(plan, seed=seed)) for seed in range(20 if nightly else 3)]
    last = max(account.last_out for account in accounts)
    return Figure(
        f"an hour of API storms, {len(accounts)} times: 30 % of the posts fail in eight ways",
        f"{sum(a.lost for a in accounts)} lost, {sum(a.doubled for a in accounts)} doubled of "
        f"{sum(a.expected for a in accounts)}; all out {max(last, 0):.0f} s after the storm{_told(accounts)}",
        "0 / 0, within 10 min",
        all(account.good for account in accounts) and last <= 600,
    )


def closed(nightly: bool) -> Figure:
    further, forbidden, undelivered = scenes.closed_doors()
    return Figure(
        "token revoked, channel forbidden",
        f"{further} further calls for the server, {forbidden} to the channel, {undelivered} others undelivered",
        "at most 1, 1, 0",
        further <= 1 and forbidden <= 1 and undelivered == 0,
    )


def poison(nightly: bool) -> Figure:
    refused, broken, wait = scenes.poison()
    died, blocked, others, late = scenes.deadly()
    return Figure(
        "an alert that is refused, one whose drawing raises, one that takes its process down",
        f"dead after {refused} and {broken} attempts, others waited at most {wait:.2f} s; dead after {died} processes, "
        f"its channel went on after {blocked:.0f} s, {others} others lost, their p95 {late:.1f} s",
        "1, 3, under 1 s; 6, under 300 s, 0, under 10 s",
        (refused, broken, died, others) == (1, 3, 6, 0) and wait < 1 and blocked < 300 and late < 10,
    )


# -- database -------------------------------------------------------------------------------------------------------


def power(nightly: bool) -> Figure:
    found = scenes.power_cuts(3_000 if nightly else 500)
    careless = scenes.power_cuts(50, hours=1.0, synchronous="NORMAL")
    return Figure(
        f"{found.cuts} power cuts in a life of {found.commits} commits and {found.writes} writes, through a VFS that "
        "keeps what was synced and any part of the rest",
        f"{found.corrupt} corrupt, {found.lost} lost an acknowledged commit, {found.torn} torn "
        f"(a careless store, synchronous=NORMAL, loses in {careless.lost} of {careless.cuts})",
        "0 corrupt, 0 lost, 0 torn; the careless one is found out",
        not (found.corrupt or found.lost or found.torn) and careless.lost > 0,
    )


def each_call(nightly: bool) -> Figure:
    """A small world again and again; each time its n-th database call fails, or is the last thing a process does."""
    plan = Plan(
        22, hours=1.0, feeds=2, tick=60, articles_a_day=60, channels=1, topics=2, killed_every=0,
        killed_while_posting=0, paused=0, api_trouble=0, feed_trouble=0, database_trouble=0,
    )  # fmt: skip
    calls = 0

    def count(world: World) -> None:
        def note(_kind: str) -> None:
            nonlocal calls
            calls += world.troubled

        world.disk_fault = note

    assert run(plan, count).good
    step = 1 if nightly else max(1, calls // 45)
    accounts = [run(plan, _at(number, kill=kill)) for kill in (False, True) for number in range(1, calls + 1, step)]
    return Figure(
        f"the n-th database call fails or is the last of its process, every {step}. of {calls}",
        f"{sum(a.lost for a in accounts)} lost, {sum(a.doubled for a in accounts)} doubled in {len(accounts)} worlds",
        "0 / 0",
        all(account.good for account in accounts),
    )


def _at(number: int, *, kill: bool) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        left = number

        def strike(_kind: str) -> None:
            nonlocal left
            left -= world.troubled
            if left == 0:
                left = -1
                if kill and world.processes:
                    world.kill(world.processes[0])
                    raise Dead
                raise sqlite3.OperationalError("disk I/O error")

        world.disk_fault = strike

    return arrange


def disk_is_full(nightly: bool) -> Figure:
    what, target = "half an hour on a full disk (a tmpfs of 24 MB)", "0 / 0, some posted meanwhile, again within 60 s"
    with tempfile.TemporaryDirectory(prefix="newsbell-full-") as folder:
        mounted = f"mount -t tmpfs -o size=24m tmpfs {folder}"
        if (
            not shutil.which("unshare")
            or subprocess.run(["unshare", "-rm", "sh", "-c", mounted], check=False).returncode
        ):
            return Figure(what, "no disk can be mounted here (unshare -rm)", target, None)
        ended = subprocess.run(
            ["unshare", "-rm", "sh", "-c", f"{mounted} && exec {sys.executable} -m tests.faults.scenes {folder}"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    lost, doubled, good, expected, meanwhile, after = json.loads(ended.stdout.splitlines()[-1])
    return Figure(
        what,
        f"{lost} lost, {doubled} doubled of {expected}; {meanwhile} that waited were posted meanwhile; "
        f"feeds looked at again {after:.0f} s after there was room",
        target,
        good and meanwhile > 0 and after <= 60,
    )


# -- time, properties -----------------------------------------------------------------------------------------------


def a_day(nightly: bool) -> Figure:
    plans = [
        Plan(
            seed, hours=24, feeds=1_000 if nightly else 100, tick=120, articles_a_day=2, killed_every=90,
            killed_while_posting=0.005, paused=0.01, channels=2, topics=8,
        )
        for seed in range(20 if nightly else 2)
    ]  # fmt: skip
    short = 100 if nightly else 10
    with ProcessPoolExecutor(max_workers=2) as pool:
        accounts = list(pool.map(run, [*plans, *map(everything_of, range(short))]))
    again = run(everything_of(0)).digest == accounts[len(plans)].digest
    return Figure(
        f"{len(plans)} virtual days with {plans[0].feeds} feeds and {short} short worlds with every fault at once",
        f"{sum(a.lost for a in accounts)} lost, {sum(a.doubled for a in accounts)} doubled, "
        f"{sum(a.out_of_order for a in accounts)} out of order of {sum(a.expected for a in accounts)}; "
        f"{sum(a.given_up for a in accounts)} given up, {sum(a.waiting for a in accounts)} waiting for ever; "
        f"{sum(a.kills for a in accounts)} kills, all out {max(a.quiet_after for a in accounts):.0f} h after the last "
        f"fault at most; "
        f"a seed lives {'the same' if again else 'ANOTHER'} world again{_told(accounts)}",
        "0 / 0 / 0, the same",
        again and all(account.good for account in accounts),
    )


def clocks(nightly: bool) -> Figure:
    hour = 3600.0
    plan = Plan(
        1, hours=6, feeds=8, tick=120, articles_a_day=30, channels=1, topics=3, killed_every=60, database_trouble=0,
        clock_steps=(hour, -hour, 24 * hour, -24 * hour), tidy_up=27,
    )  # fmt: skip
    days = [
        datetime(2026, 3, 28, 23, tzinfo=UTC),  # clocks go forward in Europe
        datetime(2026, 10, 24, 23, tzinfo=UTC),  # and back
        datetime(2028, 2, 28, 22, tzinfo=UTC),  # a leap day
        datetime(2026, 12, 31, 22, tzinfo=UTC),  # a year ends
    ]
    accounts = [run(replace(plan, seed=seed, start=start)) for seed, start in enumerate(days)]
    return Figure(
        "clock steps of an hour and a day, both ways, on four odd days",
        f"{sum(a.lost for a in accounts)} lost, {sum(a.doubled for a in accounts)} doubled of "
        f"{sum(a.expected for a in accounts)}{_told(accounts)}",
        "0 / 0",
        all(account.good for account in accounts),
    )


def one_poison_row(nightly: bool) -> Figure:
    return _tests(
        "one poison row among 1,000, on SQLite and PostgreSQL",
        "tests/store/test_store_archive.py::test_one_poison_row_of_a_thousand_costs_only_itself",
    )


def machine(nightly: bool) -> Figure:
    return _tests(
        "the outbox under every order hypothesis can think of (state machine)",
        "tests/store/test_store_outbox_machine.py",
    )


def _tests(what: str, *paths: str) -> Figure:
    """Figures that are tests of the suite as well."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Figure(what, ended.stdout.strip().splitlines()[-1].strip("= "), "all pass", ended.returncode == 0)


FIGURES: dict[str, Callable[[bool], Figure]] = {
    "D1": kill_points,
    "D2-SQLite": storms.storm_on_sqlite,
    "D2-PostgreSQL": storms.storm_on_postgres,
    "D3": storms.paused,
    "D5": storms.skewed,
    "D6": at_once,
    "D7": api_storms,
    "D8": closed,
    "D9": poison,
    "B1": power,
    "B2": each_call,
    "B3": disk_is_full,
    "B4": storms.restarts,
    "B5": one_poison_row,
    "T1": a_day,
    "T2": clocks,
    "P1": machine,
    "P4": secrecy.strangers,
    "P5": secrecy.canaries,
}
