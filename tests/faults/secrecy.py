"""The figures of `make faults` about what stays with whom."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.faults.figure import Figure
from tests.faults.strangers import audited, besiege
from tests.simulator.world import fast_disk

SEED = 4


def strangers(nightly: bool) -> Figure:
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        siege = asyncio.run(besiege(Path(folder), 100_000 if nightly else 10_000, SEED))
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        changes, wrong = asyncio.run(audited(Path(folder), 400, SEED))
    bad = [*siege.reads[:1], *siege.changes[:1], *siege.crashes[:1], *siege.told[:1], *wrong[:1]]
    return Figure(
        f"{siege.calls} commands by strangers: {len(siege.commands)} commands, {len(siege.ways)} ways in",
        f"{len(siege.reads)} reads, {len(siege.changes)} changes, {len(siege.crashes)} crashes, "
        f"{len(siege.told)} told apart from what is not there; "
        f"of {changes} changes by its own manager {len(wrong)} told wrongly in the audit log"
        + (f"; {' / '.join(each[:200] for each in bad)}" if bad else ""),
        "0 / 0 / 0 / 0; 0",
        not bad and len(siege.ways) == 5 and changes > 0,
    )
