"""Measures `bot.stories`: quality on labelled headlines, copies under edits, speed and memory at many open stories.

    python benchmarks/stories.py [--data FILE.jsonl] [--quick] [--json FILE]

FILE holds one article a line with its gold label: {"id", "title", "story", "source"?, "published"?, "text"?, ...}.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import random
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.language import SYLLABLES
from bot.core.model import Article
from bot.core.sentences import sentences
from bot.stories.clusters import Stories, Why
from bot.stories.copies import CONTAINMENT, containment, shingles
from bot.stories.stream import stream
from bot.stories.words import term

OWN = Path(__file__).parents[1] / "tests" / "stories" / "look_alikes.jsonl"
START = datetime(2026, 3, 2, tzinfo=UTC)


def read(path: Path) -> list[tuple[Article, str]]:
    """Articles with their gold stories."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        (
            Article(
                id=str(row["id"]),
                title=row["title"],
                summary=row.get("summary", ""),
                text=row.get("text", ""),
                source=row.get("source", ""),
                lang=row.get("lang", ""),
                published=datetime.fromisoformat(row["published"]) if row.get("published") else START,
            ),
            str(row["story"]),
        )
        for row in rows
    ]


# Quality


def b_cubed(gold: Mapping[str, str], found: Mapping[str, str]) -> tuple[float, float, float]:
    """Precision, recall and F1 (Bagga and Baldwin, 1998), averaged over articles."""
    in_gold: dict[str, set[str]] = defaultdict(set)
    in_found: dict[str, set[str]] = defaultdict(set)
    for name in gold:
        in_gold[gold[name]].add(name)
        in_found[found[name]].add(name)
    shared = {name: len(in_gold[gold[name]] & in_found[found[name]]) for name in gold}
    precision = mean(shared[name] / len(in_found[found[name]]) for name in gold)
    recall = mean(shared[name] / len(in_gold[gold[name]]) for name in gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


def judged(labelled: Sequence[tuple[Article, str]], *, careful: bool = False) -> dict[str, float]:
    gold = {article.id: story for article, story in labelled}
    found = {name: story for name, story, _ in stream((article for article, _ in labelled), careful=careful)}
    alerts = set(found.values())  # each story is named by the article that opened it
    precision, recall, f1 = b_cubed(gold, found)
    stories = set(gold.values())
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "alerts_per_story": len(alerts) / len(stories),
        "swallowed": 1 - len({gold[name] for name in alerts}) / len(stories),
    }


def capped(labelled: Sequence[tuple[Article, str]], seed: int, most: int = 5) -> list[tuple[Article, str]]:
    shuffled = list(labelled)
    random.Random(seed).shuffle(shuffled)
    seen: Counter[str] = Counter()
    kept = []
    for article, story in shuffled:
        seen[story] += 1
        if seen[story] <= most:
            kept.append((article, story))
    return kept


def quality(path: Path, orders: int) -> dict[str, Any]:
    labelled = read(path)
    result: dict[str, Any] = {"articles": len(labelled), "stories": len({story for _, story in labelled})}
    for careful in (False, True):
        runs = [judged(capped(labelled, seed), careful=careful) for seed in range(orders)]
        name = "careful" if careful else "usual"
        result[f"shuffled, five a story, {name}"] = {key: mean(run[key] for run in runs) for key in runs[0]}
        result[f"file order, {name}"] = judged(labelled, careful=careful)
    return result


# Copies


def cut(share: float) -> Callable[[str, random.Random], str]:
    def edit(text: str, _: random.Random) -> str:
        words = text.split()
        return " ".join(words[: int(len(words) * share)])

    return edit


def boilerplate(text: str, random_: random.Random) -> str:
    before = "Our newsletter brings you the most important stories every morning. Listen to this article."
    after = (
        "Subscribe to our newsletter. Read more about this and other topics on our site. The views of our readers are "
        "welcome; letters may be shortened. All rights reserved, no part may be printed without written permission."
    )
    return f"{before}\n{text}\n{after}" if random_.random() < 0.5 else f"{text}\n{after}\n{after[::-1]}"


def fewer_sentences(text: str, random_: random.Random) -> str:
    spans = sentences(text)
    dropped = set(random_.sample(range(len(spans)), max(1, round(0.15 * len(spans)))))
    return " ".join(text[a:b] for n, (a, b) in enumerate(spans) if n not in dropped)


def fewer_words(text: str, random_: random.Random) -> str:
    return " ".join(word for word in text.split() if random_.random() >= 0.1)


EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "boilerplate added": boilerplate,
    "15 % of sentences dropped": fewer_sentences,
    "10 % of words dropped": fewer_words,
    "cut to 60 %": cut(0.6),
    "cut to 30 %": cut(0.3),
}


def copies(rounds: int) -> dict[str, Any]:
    """Each text is placed, edited, among 2,000 other open texts; a hit names the text that it was made of."""
    labelled = read(OWN)
    by_story: dict[str, list[Article]] = defaultdict(list)
    for article, story in labelled:
        by_story[story].append(article)
    # A cut to 30 % of a 130-word article has fewer than the 40 words that we ask for, so an event's reports by one
    # hand are joined to texts of the length that agencies send.
    texts = {story: " ".join(article.text for article in articles) for story, articles in by_story.items()}
    stories = Stories()
    for number, article in enumerate(generated(2_000, random.Random(7))):
        stories.remember(article, number)
    random_ = random.Random(3)
    result: dict[str, Any] = {}
    originals = {
        story: Article(id=story, title=by_story[story][0].title, text=text, source="Wire", published=START)
        for story, text in texts.items()
        if len(text.split()) > 150
    }
    for number, article in enumerate(originals.values(), 10_000):
        stories.remember(article, number)
    for name, edit in EDITS.items():
        hits = []
        for _ in range(rounds):
            for story, article in originals.items():
                edited = Article(
                    id="edited", title="Report", text=edit(article.text, random_), source="Paper", published=START
                )
                placed = stories.place(edited)
                hits.append(placed.why is Why.COPY and placed.copy_of == story)
        result[name] = mean(hits)
    pairs = [
        containment(shingles(a.text), shingles(b.text))
        for n, (a, one) in enumerate(labelled)
        for b, other in labelled[n + 1 :]
        if one != other
    ]
    result["false copies among different events"] = sum(share >= CONTAINMENT for share in pairs)
    result["pairs of different events"] = len(pairs)
    result["highest containment among them"] = max(pairs)
    return result


# Speed and memory


def generated(count: int, random_: random.Random) -> Iterable[Article]:
    """Articles of a made-up language, in words that count: 80 words of news hold about 50 besides the small ones.

    Frequencies fall as in real text (Zipf-Mandelbrot, 60,000 words): the most frequent stands in one article of eight.
    """
    vocabulary = ["".join(random_.choices(SYLLABLES, k=random_.choice((2, 3, 4)))) for _ in range(60_000)]
    weights = [1 / (rank + 60) for rank in range(len(vocabulary))]
    for number in range(count):
        words = random_.choices(vocabulary, weights, k=50)
        yield Article(
            id=f"g{number}",
            title=" ".join(words[:8]),
            summary=" ".join(words[8:]) + ".",
            source=f"Outlet {number % 40}",
            link_key=f"outlet{number % 40}.example/{number}",
            lang="en",
            published=START + timedelta(seconds=number),
        )


def speed(open_stories: int, count: int) -> dict[str, float]:
    """CPU time and memory where each article opens a story of its own, which is the worst case: nothing is shared."""
    articles = list(generated(open_stories + count, random.Random(1)))
    gc.collect()
    tracemalloc.start()
    stories = Stories()
    for number, article in enumerate(articles[:open_stories]):
        stories.remember(article, number)
    term.cache_clear()  # bounded, and the same however many stories are open
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    times = []
    for number, article in enumerate(articles[open_stories:], open_stories):
        began = time.process_time()
        stories.place(article)
        stories.remember(article, number)
        times.append(time.process_time() - began)
        stories.forget([article.id])
    return {
        "articles_per_second": 1 / mean(times),
        "median_ms": 1000 * median(times),
        "bytes_per_open_story": memory / open_stories,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=OWN, help="labelled articles; our own look-alikes by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a check, not a figure")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    rounds = 3 if options.quick else 20
    result = {
        "python": platform.python_version(),
        "quality": quality(options.data, rounds),
        "copies": copies(3 if options.quick else 40),
        "speed": {str(n): speed(n, 200 if options.quick else 1_000) for n in (1_000, 4_000, 5_000)},
    }
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
