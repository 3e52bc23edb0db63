"""make faults: what Newsbell promises, tried; one line per figure, and exit code 1 if one falls short.

python -m tests.faults                 all of it, in under ten minutes on two cores; FAULTS=nightly for longer
python -m tests.faults D1 T1           some of it
python -m tests.faults world SEED      one world again, bit for bit (set PYTHONHASHSEED=0)
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import structlog

from tests.faults.figures import FIGURES, everything_of
from tests.simulator.world import run

LONG = ("T1", "D2-PostgreSQL", "D3", "D2-SQLite", "D1", "B2", "D6")


def main(wanted: list[str]) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    if wanted[:1] == ["world"]:
        account = run(everything_of(int(wanted[1])))
        print(account, account.digest)
        return 0 if account.good else 1
    names = [name for name in FIGURES if not wanted or name in wanted]
    print("| id | what | figure | target | ok |\n|---|---|---|---|---|")
    if len(names) == 1:
        return one(names[0])
    # Each in a process of its own, four at a time, since some mostly wait, and those first that take long; what is
    # printed comes in the order of the names.
    with ThreadPoolExecutor(max_workers=4) as pool:
        begun = {name: pool.submit(apart, name) for name in sorted(names, key=lambda name: (*LONG, name).index(name))}
        ends = [begun[name] for name in names]
        short = 0
        for end in ends:
            row, fell_short = end.result()
            short += fell_short
            print(row, flush=True)
    return 1 if short else 0


def one(name: str) -> int:
    began = time.monotonic()
    found = FIGURES[name](os.environ.get("FAULTS") == "nightly")
    ok = {True: "yes", False: "NO", None: "skipped"}[found.ok]
    print(f"| {name} | {found.what} | {found.figure} | {found.target} | {ok} |", flush=True)
    print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if found.ok is False else 0


def apart(name: str) -> tuple[str, bool]:
    """A figure's row, and whether it fell short or could not be found out."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults", name], stdout=subprocess.PIPE, text=True, check=False
    )  # fmt: skip
    rows = [line for line in ended.stdout.splitlines() if line.startswith(f"| {name} ")]
    return rows[-1] if rows else f"| {name} | it broke, see above | | | NO |", ended.returncode != 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of words are walked in the same order each time
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.faults", *sys.argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"}
        )
    sys.exit(main(sys.argv[1:]))
