"""Measures the query parser on what people type and on garbage: milliseconds per kB, and that only its own errors come.

    python benchmarks/queries.py [--quick] [--json FILE]

Half are queries as people write them with a slip here and there, half are words, operators, brackets and odd characters
in random order, up to the longest query there is; all from a seed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.core.errors import UserError
from bot.topics import Catalogue, resolve
from bot.topics.query.parse import LONGEST

ROOT = Path(__file__).parents[1]
TARGET = 50.0
"""Milliseconds of CPU per kB."""
PIECES = (
    "Iraq", "oil", "gas price", "the", "IS", "داعش", "ИГИЛ", "伊斯兰国", "@isil", "@nobody", "terroris*", "*", "a*",
    "strike~", "a~",
    '"oil price"', '"oil price"~3', '"', "~", "AND", "OR", "NOT", "&&", "||", "!", "-", "(", ")", "((",
    "NEAR/5", "NEAR/", "ONEAR/3", "AROUND(4)", "SENT", "PARA", "MIN/2", "^3", "title:", "title:Iraq", "source:bbc",
    "lang:en", "region:", "/F-?16/", "/(a+)+$/", "/[/", "\u202e", "\x00", "😀", "\ud83d", "Z\u0301\u0302\u0303",
    ",", ";", "--", "A-B-C",
)  # fmt: skip


def garbage(chance: random.Random) -> str:
    text = ""
    length = chance.randint(1, LONGEST)
    while len(text) < length:
        text += chance.choice(PIECES) + chance.choice((" ", " ", " ", ""))
    return text[:length]


def sense(chance: random.Random, depth: int = 3) -> str:
    """A query as people write them, deep and long, with a slip here and there."""
    if depth == 0 or chance.random() < 0.3:
        word = chance.choice(
            ("Iraq", "oil price", "@isil", "terroris*", '"oil price"~3', "title:Iraq", "-football", "IS")
        )
        return word if chance.random() > 0.02 else chance.choice(PIECES)
    glue = chance.choice((" ", " AND ", " OR ", " NEAR/5 ", " SENT ", " AND NOT "))
    parts = glue.join(sense(chance, depth - 1) for _ in range(chance.randint(2, 4)))
    return f"({parts})" if chance.random() < 0.9 else parts


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    catalogue = Catalogue.load(ROOT / "config" / "topics.toml")
    chance = random.Random(20261126)
    for text in ("Iraq", "oil price", "Irqaq"):  # what is made once is made
        with suppress(UserError):
            resolve(text, catalogue)
    times: list[tuple[float, str]] = []
    understood = 0
    for number in range(1_000 if given.quick else 10_000):
        text = (garbage if number % 2 else sense)(chance)
        began = time.process_time()
        try:
            resolve(text, catalogue)
            understood += 1
        except UserError:
            pass  # any other error ends the run
        # A query of a few characters is not a kB: what it costs at all is counted as for a tenth of one.
        spent = 1000 * (time.process_time() - began)
        times.append((spent / max(0.1, len(text.encode(errors="replace")) / 1000), text))
    times.sort()
    figures = {
        "queries": len(times), "understood": understood, "ms_per_kb_median": median(each for each, _ in times),
        "ms_per_kb_p99": times[int(0.99 * len(times))][0], "ms_per_kb_most": times[-1][0], "target": TARGET,
    }  # fmt: skip
    print(
        f"{len(times)} queries of garbage, {understood} of them understood, no error but the parser's own: "
        f"{figures['ms_per_kb_median']:.1f} ms per kB at the median, {figures['ms_per_kb_p99']:.1f} at the 99th "
        f"percentile, {figures['ms_per_kb_most']:.1f} at most (target {TARGET:.0f})"
    )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
