"""The score card: `make conformance` prints a line for each check, and the sum last."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from pathlib import Path

import pytest

CHECKS = 48


class Card:
    """Collects the outcome of each check; its number and its words are the name of its test."""

    def __init__(self) -> None:
        self.outcomes: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            why = str(report.longrepr[2]) if report.skipped and isinstance(report.longrepr, tuple) else ""
            self.outcomes[report.nodeid.rpartition("::")[2]] = (report.outcome, why)


def main() -> int:
    os.environ.setdefault("CONFORMANCE_FEEDS", "10000")
    card, output = Card(), io.StringIO()
    with contextlib.redirect_stdout(output):
        code = pytest.main(
            ["-q", "--slow", "-p", "no:cacheprovider", "-p", "no:xdist", str(Path(__file__).parent)], plugins=[card]
        )
    lines: dict[str, tuple[str, str]] = {}
    for name, (outcome, why) in card.outcomes.items():
        found = re.match(r"test_(\d\d_\w+)", name)
        if found and lines.get(found[1], ("passed", ""))[0] == "passed":  # of a check's variants, the worst counts
            lines[found[1]] = (outcome, why)
    for name, (outcome, why) in sorted(lines.items()):
        mark = {"passed": "ok  ", "failed": "FAIL", "skipped": "-   "}[outcome]
        print(f"{mark} {name.replace('_', ' ')}{f' ({why})' if why else ''}")
    passed = sum(outcome == "passed" for outcome, _ in lines.values())
    if code not in (0, 5):
        print(output.getvalue())
    print(f"{passed}/{CHECKS}")
    return 0 if passed == CHECKS else 1


if __name__ == "__main__":
    sys.exit(main())
