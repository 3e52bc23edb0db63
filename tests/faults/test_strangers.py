"""A little of P4 in every run of the tests: strangers read and change nothing, and each change of one's own is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.strangers import audited, besiege


def test_strangers_read_nothing_and_change_nothing(tmp_path: Path) -> None:
    siege = asyncio.run(besiege(tmp_path, 90, seed=1))
    assert (siege.reads, siege.changes, siege.crashes, siege.told) == ([], [], [], [])
    assert len(siege.ways) == 5


def test_each_change_is_told_in_the_audit_log_and_nothing_else(tmp_path: Path) -> None:
    changes, wrong = asyncio.run(audited(tmp_path, 24, seed=2))
    assert wrong == []
    assert changes >= 2


@pytest.mark.slow
def test_a_long_siege(tmp_path: Path) -> None:
    siege = asyncio.run(besiege(tmp_path, 10_000, seed=3))
    assert (siege.reads, siege.changes, siege.crashes, siege.told) == ([], [], [], [])
