"""Measures `bot.stories.summary`: time per article, and how often a topic is mentioned, beside the first sentences.

    python benchmarks/summaries.py [--data FILE.jsonl] [--quick] [--json FILE]

FILE holds articles with a "text"; by default our own. Lead, the first sentences, is the peer: on news it is the method
to beat, and it is what every reader shows.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.core.model import Article
from bot.core.sentences import sentences
from bot.stories.summary import summarize, summary_of, summary_of_story

OWN = Path(__file__).parents[1] / "tests" / "stories" / "look_alikes.jsonl"
LENGTH = 600
"""Words of an article for the timing."""


def lead(text: str, count: int) -> str:
    return " ".join(text[start:end] for start, end in sentences(text)[:count])


def says(name: str, sentence: str) -> bool:
    return name in sentence


def timing(texts: list[str], rounds: int) -> dict[str, float]:
    """CPU milliseconds for an article of 600 words, made of several of ours."""
    spoken = " ".join(texts).split()
    while len(spoken) < 4 * LENGTH:
        spoken += spoken
    articles = [" ".join(spoken[start : start + LENGTH]) for start in range(0, len(spoken) - LENGTH, LENGTH // 3)]
    figures: dict[str, float] = {}
    methods: dict[str, Callable[[str], str]] = {
        "ours": lambda text: summarize(text, lang="en"),
        "lead": lambda text: lead(text, 2),
    }
    for name, method in methods.items():
        times = []
        for _ in range(rounds):
            for article in articles:
                began = time.process_time()
                method(article)
                times.append(1000 * (time.process_time() - began))
        figures[f"{name}_ms_median"] = median(times)
        figures[f"{name}_ms_p95"] = sorted(times)[int(0.95 * len(times))]
    return figures


def stories(rows: list[dict[str, Any]], rounds: int) -> dict[str, float]:
    """CPU milliseconds for what a living card says of a story of six articles, beside one article's summary."""
    articles = [Article(row["title"], row["title"], text=row["text"], lang="en") for row in rows]
    groups = [articles[start : start + 6] for start in range(0, len(articles) - 5, 3)]
    figures: dict[str, float] = {}
    methods: dict[str, Callable[[list[Article]], str]] = {
        "story_of_6": summary_of_story,
        "one_article": lambda group: summary_of(group[0]),
    }
    for name, method in methods.items():
        times = []
        for _ in range(rounds):
            for group in groups:
                began = time.process_time()
                method(group)
                times.append(1000 * (time.process_time() - began))
        figures[f"{name}_ms_median"] = median(times)
    return figures


def mentioning(rows: list[dict[str, Any]], count: int) -> dict[str, float]:
    """Share of (article, name) pairs whose summary says the name, for names that stand outside the first sentences.

    A name is a capitalised word inside a sentence that the first `count` sentences lack: somebody may follow it as a
    topic, and Lead is silent about it by construction.
    """
    hits: dict[str, list[bool]] = {"ours": [], "without the guarantee": [], "lead": []}
    for row in rows:
        text = row["text"]
        first = lead(text, count)
        names = set()
        for start, end in sentences(text)[count:]:
            inside = text[start:end].split()[1:]
            names |= {word.strip(".,;:\"'()") for word in inside if word[:1].isupper()} - set(first.split())
        for name in sorted(names):
            if len(name) < 3 or name in first:
                continue
            topical = summarize(text, title=row["title"], sentences=count, mentions=partial(says, name))
            hits["ours"].append(name in topical)
            hits["without the guarantee"].append(name in summarize(text, title=row["title"], sentences=count))
            hits["lead"].append(name in first)
    return {"pairs": len(hits["ours"]), **{method: mean(found) for method, found in hits.items() if found}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=OWN, help="articles with a text; our own by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a check, not a figure")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    rows = [row for line in options.data.read_text("utf-8").splitlines() if (row := json.loads(line)).get("text")]
    result = {
        "python": platform.python_version(),
        f"{LENGTH} words": timing([row["text"] for row in rows], 5 if options.quick else 50),
        "stories": stories(rows, 5 if options.quick else 50),
        "mentions, 2 sentences": mentioning(rows, 2),
        "mentions, 3 sentences": mentioning(rows, 3),
    }
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
