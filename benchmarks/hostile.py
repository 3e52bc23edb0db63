"""Draws hostile texts for Discord and reads them back by a small grammar of its markup: none may be more than text.

    python benchmarks/hostile.py [--quick] [--texts N]

100,000 texts put together from what pings, links, formats and hides (tests/platforms/hostile.py), the same at each run.
Each must come back as itself: no mention, no link, no heading, no style, no bidi control. The run fails otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.platforms.discord.draw import escape
from bot.platforms.plain import INVISIBLE, clean
from tests.platforms import hostile
from tests.platforms.discord.discord_grammar import read

ZERO_WIDTH_SPACE = "\u200b"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="10,000 texts")
    parser.add_argument("--texts", type=int, default=100_000)
    arguments = parser.parse_args()
    count = 10_000 if arguments.quick else arguments.texts
    began = time.process_time()
    broken = [text for text in hostile.many(count) if not holds(text)]
    print(f"{count:,} hostile texts, {len(broken)} that were more than text, {time.process_time() - began:.1f} s")
    for text in broken[:10]:
        print(f"  {text!r} -> {escape(text)!r}")
    return 1 if broken else 0


def holds(text: str) -> bool:
    escaped = escape(text)
    shown = read(escaped)
    bare = escaped.replace(ZERO_WIDTH_SPACE, "")
    said = shown.text.replace(ZERO_WIDTH_SPACE, "")
    return not shown.marks and not shown.links and not INVISIBLE.search(bare) and said == clean(text)


if __name__ == "__main__":
    sys.exit(main())
