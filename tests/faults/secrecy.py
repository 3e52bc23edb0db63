"""The figures of `make faults` about what stays with whom."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path

from tests.faults.canaries import SECRETS, sing
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


def canaries(nightly: bool) -> Figure:
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        # A process of its own: whoever runs the figures has switched logging off.
        logging.disable(logging.NOTSET)
        aviary = asyncio.run(sing(Path(folder)))
    listened = ", ".join(f"{where} {size // 1000} kB" for where, size in aviary.listened.items())
    return Figure(
        f"{len(SECRETS)} secrets through the whole program at DEBUG, with servers that repeat them ({listened})",
        f"{len(aviary.heard)} heard"
        + (f"; {' / '.join(each[:200] for each in aviary.heard[:3])}" if aviary.heard else ""),
        "0",
        not aviary.heard and aviary.listened["logs"] > 10_000,
    )
