"""Measures `bot.topics`: one article against 1,000 to 100,000 topics, beside a naive loop and SQLite's FTS5.

    python benchmarks/matching.py [--quick] [--json FILE] [--articles N]

Articles and topics are made up from a seed: about 400 words with the word frequencies of a natural text (Zipf) and the
catalogue's names in it, a fifth of them in another script. All times are CPU time of this process. The peers answer the
plain topics (words and phrases) only, for they know no entities; their matches must be exactly ours, or the run fails.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import random
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.core.errors import UserError
from bot.core.model import Article, Sensitivity
from bot.topics import Catalogue, EntityKind, Percolator, Topic, TopicKind, resolve
from bot.topics.document import Document
from bot.topics.normalise import fold

CATALOGUE = Path(__file__).parents[1] / "config" / "topics.toml"
VOCABULARY = 30_000
FTS_BATCH = 1000
"""FTS5 indexes so many articles at once and then runs every topic over them: its best case."""


class World:
    """A made-up language and the real names of the catalogue."""

    def __init__(self, catalogue: Catalogue, seed: int = 20260302) -> None:
        self.catalogue = catalogue
        self.random = random.Random(seed)
        syllables = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            words["".join(self.random.choices(syllables, k=self.random.randint(2, 4)))] = None
        self.words = [word for word in words if catalogue.find(word) is None]
        self._cumulative = list(accumulate(1 / (rank + 10) for rank in range(len(self.words))))
        self._places = [
            e for e in catalogue.entities.values() if e.kind in (EntityKind.COUNTRY, EntityKind.ARMED_GROUP)
        ]
        self._place_weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._places))))
        self.random.shuffle(self._places)
        self._seeded: set[str] = set()

    def word(self) -> str:
        return self.random.choices(self.words, cum_weights=self._cumulative)[0]

    def entity(self) -> Any:
        return self.random.choices(self._places, cum_weights=self._place_weights)[0]

    def article(self, number: int) -> Article:
        """Two or three entities in their usual forms, in sentences of 12 to 30 words."""
        cast = [self.entity() for _ in range(self.random.randint(2, 4))]
        foreign = self.random.random() < 0.2

        def sentence() -> str:
            row = [self.word() for _ in range(self.random.randint(12, 30))]
            if self.random.random() < 0.6:
                aliases = self.random.choice(cast).aliases
                usual = [alias for alias in aliases if alias.text.isascii()][:6]
                alias = self.random.choice(aliases if foreign else usual)
                row.insert(self.random.randrange(len(row)), alias.text)
            return " ".join(row).capitalize() + "."

        length = max(4, int(self.random.gauss(19, 5)))
        body = " ".join(sentence() for _ in range(length))
        return Article(str(number), f"{cast[0].name} {sentence()[:60]}", text=body)

    def rare(self) -> str:
        """A word as people choose it for a topic: never one of the commonest."""
        return self.words[self.random.randrange(500, len(self.words))]

    def topics(self, articles: list[Article]) -> Iterable[Topic]:
        """Endless distinct topics: 35% two words, 25% phrases, 10% a word, 20% relations, 10% an entity and a word.

        Half of the phrases stand in one of the articles.
        """
        seen: set[str] = set()
        while True:
            kind = self.random.random()
            if kind < 0.35:
                text = f'"{self.word()}" "{self.rare()}"'
            elif kind < 0.48:
                words = self.random.choice(articles).text.split()
                at = self.random.randrange(len(words) - 1)
                text = '"' + " ".join(words[at : at + 2]) + '"'
            elif kind < 0.60:
                text = f'"{self.rare()} {self.rare()}"'
            elif kind < 0.70:
                text = f'"{self.rare()}"'
            elif kind < 0.90:
                text = f"{self.random.choice(self._places).name}-{self.random.choice(self._places).name}"
            else:
                text = f'{self.random.choice(self._places).name} "{self.rare()}"'
            try:
                topic = resolve(text, self.catalogue)
            except UserError:
                continue
            if topic.name not in seen:
                seen.add(topic.name)
                yield topic


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def each(work: Callable[[Any], None], things: Iterable[Any]) -> None:
    for thing in things:
        work(thing)


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def memory() -> float:
    """Resident megabytes now, by the kernel's count; the peak where it gives no count."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(percolator: Percolator, articles: list[Article], sensitivity: Sensitivity) -> tuple[list[float], int]:
    times: list[float] = []
    matches = 0
    for article in articles:
        begin = time.process_time()
        found = percolator.match(article, sensitivity)
        times.append((time.process_time() - begin) * 1e6)
        matches += len(found)
    return times, matches


def plain_sets(topics: list[Topic], articles: list[Article], catalogue: Catalogue) -> tuple[float, list[set[str]]]:
    """Ours on the peers' terms: which plain topics are in the article, without score and evidence."""
    percolator = Percolator(catalogue, topics)
    took, found = cpu(lambda: [percolator.held(article) for article in articles])
    return took / len(articles) * 1e6, found


def naive(topics: list[Topic], articles: list[Article]) -> tuple[float, list[set[str]]]:
    """Every phrase of every topic looked for in the folded text."""

    def run() -> list[set[str]]:
        found = []
        for article in articles:
            text = f" {fold(article.title)} \n {fold(article.text)} "
            found.append({t.name for t in topics if all(f" {group[0]} " in text for group in t.groups)})
        return found

    took, found = cpu(run)
    return took / len(articles) * 1e6, found


def fts(topics: list[Topic], articles: list[Article]) -> tuple[float, list[set[str]]]:
    """Every topic as a query on an in-memory FTS5 index of all the articles, which holds their folded words."""

    def run() -> list[set[str]]:
        database = sqlite3.connect(":memory:")
        database.execute(
            "CREATE VIRTUAL TABLE article USING fts5(title, text, tokenize='unicode61 remove_diacritics 0')"
        )
        rows = [(number, fold(a.title), fold(a.text)) for number, a in enumerate(articles)]
        database.executemany("INSERT INTO article (rowid, title, text) VALUES (?, ?, ?)", rows)
        found: list[set[str]] = [set() for _ in articles]
        for topic in topics:
            query = " AND ".join(f'"{group[0]}"' for group in topic.groups)
            for (number,) in database.execute("SELECT rowid FROM article WHERE article MATCH ?", (query,)):
                found[number].add(topic.name)
        database.close()
        return found

    took, found = cpu(run)
    return took / len(articles) * 1e6, found


def measure(count: int, topics: list[Topic], articles: list[Article], catalogue: Catalogue, few: int) -> dict[str, Any]:
    gc.collect()
    before = memory()
    percolator = Percolator(catalogue)
    built, _ = cpu(lambda: each(percolator.add, topics))
    gc.collect()
    grown = memory() - before
    gc.freeze()
    ours(percolator, articles[:20], Sensitivity.NORMAL)
    everything, found = ours(percolator, articles, Sensitivity.EVERYTHING)
    normal, rung = ours(percolator, articles, Sensitivity.NORMAL)
    removed, _ = cpu(lambda: each(percolator.remove, [topic.name for topic in topics[:500]]))
    added, _ = cpu(lambda: each(percolator.add, topics[:500]))
    plain = [topic for topic in topics if topic.kind is TopicKind.WORDS and not topic.entities]
    names = {topic.name for topic in plain}
    sample = articles[:few]
    plain_us, sets = plain_sets(plain, articles, catalogue)
    for article, held in zip(sample, sets, strict=False):
        if {match.topic for match in percolator.match(article, Sensitivity.EVERYTHING)} & names != held:
            raise SystemExit("a plain topic that an article holds was not matched")
    naive_us, naive_sets = naive(plain, sample)
    fts_us, fts_sets = fts(plain, articles[:FTS_BATCH])
    if naive_sets != sets[:few] or fts_sets != sets[:FTS_BATCH]:
        raise SystemExit(f"the matches differ at {count} topics: the figures would mean nothing")
    gc.unfreeze()
    return {
        "topics": count,
        "plain_topics": len(plain),
        "build_s": round(built, 3),
        "memory_mb": round(grown, 1),
        "add_us": round(added / 500 * 1e6, 1),
        "remove_us": round(removed / 500 * 1e6, 1),
        "matches_per_article": round(found / len(articles), 2),
        "rings_per_article": round(rung / len(articles), 2),
        "normal_p50_us": round(quantile(normal, 0.5)),
        "normal_p99_us": round(quantile(normal, 0.99)),
        "everything_p50_us": round(quantile(everything, 0.5)),
        "everything_p99_us": round(quantile(everything, 0.99)),
        "plain_only_us": round(plain_us),
        "plain_only_naive_loop_us": round(naive_us),
        "plain_only_fts5_batch_us": round(fts_us),
        "plain_matches_compared": sum(map(len, sets)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer articles, 200 to 10,000 topics: under a minute")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--articles", type=int, default=1000)
    options = parser.parse_args()
    sizes = (200, 1000, 10_000) if options.quick else (200, 1000, 10_000, 100_000)
    number = min(options.articles, 300) if options.quick else options.articles

    loaded, catalogue = cpu(lambda: Catalogue.load(CATALOGUE))
    recogniser, _ = cpu(lambda: catalogue.recogniser)
    world = World(catalogue)
    articles = [world.article(index) for index in range(number)]
    gc.collect()
    before = memory()
    stream = iter(world.topics(articles))
    resolved, topics = cpu(lambda: [next(stream) for _ in range(max(sizes))])
    gc.collect()
    topics_mb = memory() - before
    documents, words = cpu(lambda: sum(Document(article).length for article in articles))
    reading, _ = cpu(lambda: [catalogue.recogniser.mentions(Document(article)) for article in articles])
    sentences, _ = cpu(lambda: [Document(article).sentences for article in articles])
    figures: dict[str, Any] = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "articles": number,
        "words_per_article": round(words / number),
        "catalogue_load_s": round(loaded, 3),
        "recogniser_build_s": round(recogniser, 3),
        "resolve_us": round(resolved / len(topics) * 1e6),
        "topics_mb": round(topics_mb, 1),
        "tokens_us": round(documents / number * 1e6),
        "tokens_and_names_us": round(reading / number * 1e6),
        "tokens_and_sentences_us": round(sentences / number * 1e6),
        "runs": [],
    }
    print({key: value for key, value in figures.items() if key != "runs"})
    for size in sizes:
        run = measure(size, topics[:size], articles, catalogue, few=20 if size <= 10_000 else 5)
        figures["runs"].append(run)
        print(run)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
