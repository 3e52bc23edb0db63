"""make faults: what Newsbell promises, tried; one line per figure, and exit code 1 if one falls short.

python -m tests.faults                 all of it, in under ten minutes on two cores; FAULTS=nightly for longer
python -m tests.faults D1 T1           some of it
python -m tests.faults world SEED      one world again, bit for bit (set PYTHONHASHSEED=0)
"""

from __future__ import annotations

import logging
import os
import sys
import time

import structlog

from tests.faults.figures import FIGURES, everything_of
from tests.simulator.world import run


def main(wanted: list[str]) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    if wanted[:1] == ["world"]:
        account = run(everything_of(int(wanted[1])))
        print(account, account.digest)
        return 0 if account.good else 1
    nightly = os.environ.get("FAULTS") == "nightly"
    short = 0
    print("| id | what | figure | target | ok |\n|---|---|---|---|---|")
    for name, figure in FIGURES.items():
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        found = figure(nightly)
        short += found.ok is False
        ok = {True: "yes", False: "NO", None: "skipped"}[found.ok]
        print(f"| {name} | {found.what} | {found.figure} | {found.target} | {ok} |", flush=True)
        print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of words are walked in the same order each time
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.faults", *sys.argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"}
        )
    sys.exit(main(sys.argv[1:]))
