"""A little of `make faults` in every run of the tests: one scene of each kind, and a short storm of real kills."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.faults import scenes
from tests.faults.storm import Storm
from tests.simulator.chat import Kind
from tests.simulator.world import fast_disk


@pytest.mark.parametrize("point", [*scenes.POINTS, *scenes.ENDS])
@pytest.mark.parametrize("kind", ["nonce", "history"])
def test_an_alert_arrives_once_wherever_its_process_is_killed(kind: Kind, point: str) -> None:
    assert [scenes.killed_at(kind, point, seed) for seed in range(2)] == [(0, 0)] * 2


def test_what_can_be_neither_dropped_nor_read_back_is_rather_doubled_than_lost() -> None:
    accounts = [scenes.killed_at("blind", "acted", seed) for seed in range(3)]
    assert accounts == [(0, 1)] * 3


def test_a_revoked_token_and_a_forbidden_channel_are_not_asked_again() -> None:
    assert scenes.closed_doors() == (0, 1, 0)


def test_poison_is_given_up_and_delays_nobody_else() -> None:
    refused, broken, wait = scenes.poison()
    assert (refused, broken) == (1, 3)
    assert wait < 1  # virtual seconds


@pytest.mark.slow
def test_what_takes_its_process_down_again_and_again_is_given_up_and_nobody_else_is() -> None:
    died, blocked, others, late = scenes.deadly()
    assert (died, others) == (6, 0)
    assert blocked < 300  # virtual seconds
    assert late < 10


def test_a_power_cut_takes_nothing_that_was_acknowledged() -> None:
    found = scenes.power_cuts(15, hours=0.6)
    assert (found.corrupt, found.lost, found.torn) == (0, 0, 0)
    assert found.commits > 10
    careless = scenes.power_cuts(15, hours=0.6, synchronous="NORMAL")
    assert careless.lost > 0  # the checker notices a store that does not wait for the disk


def test_real_kills_lose_and_double_nothing() -> None:
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        found = Storm(f"sqlite:///{folder}/newsbell.db", Path(folder), seed=1, workers=1).run(kills=6, backlog=30)
    assert found.good, found
    assert found.queued >= 30
