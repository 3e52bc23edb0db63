"""Measures `bot.topics`: one article against up to a million topics, beside a naive loop and SQLite's FTS5.

    python benchmarks/matching.py [--quick] [--json FILE] [--articles N] [--topics N ...] [--dense]

Articles and topics are made up from a seed: about 400 words with the two-regime word frequencies of natural texts
(Ferrer i Cancho and Solé, 2001) and the catalogue's names in them, a fifth of them in another script. About 0.06 % of
the topics are true of an article, as measured with alerts on real news; with `--dense` it is 0.3 %, as if everybody
chose common words.

All times are CPU time of this process; ours include reading the article unless they say `matching`. `held` is which
topics are true of an article, as the peers answer it; `normal` is what a subscription gets: scored, judged and quoted.
Before anything is measured the percolator has read other articles, so that it knows which keys are common, and was
loaded from its snapshot in a process that did not build it, as the house loads it when it is started again.
The peers are spared the relations of entities (a tenth), for they know none; their matches must be exactly ours, or the
run fails.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import platform
import random
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.language import COMMON, SYLLABLES, often
from bot import snapshot
from bot.core.model import Article, Sensitivity
from bot.memory import move_to_large_pages
from bot.topics import Catalogue, EntityKind, Percolator, Topic, TopicKind, resolve
from bot.topics.document import Document
from bot.topics.normalise import fold
from bot.topics.query.node import And, How, Leaf, Near, Node, Not, Or, walk
from bot.topics.query.requires import groups

MARK = b"benchmark".ljust(32)
CATALOGUE = Path(__file__).parents[1] / "config" / "topics.toml"
VOCABULARY = 100_000
RARE = 2_000
"""People choose words beyond this rank for their topics, alone or with a commoner one."""
UNUSUAL = 200
"""Nobody names a word before this rank: the function words of a language, and "said"."""
LEARNING = 4_000
"""Articles that are read before anything is measured: some hours of a busy house."""
TYPED = ("ISIL", "Russia-Iraq", "oil price", 'Iraq "oil price"', "Iraq AND (oil OR gas) NOT football", "oil NEAR/5 gas")


class World:
    """A made-up language and the real names of the catalogue."""

    def __init__(self, catalogue: Catalogue, *, dense: bool = False, seed: int = 20260302) -> None:
        self.catalogue = catalogue
        self.random = random.Random(seed)
        words: dict[str, None] = {}
        while len(words) < (VOCABULARY // 3 if dense else VOCABULARY):
            words["".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4)))] = None
        self.words = [word for word in words if catalogue.find(word) is None]
        self._cumulative = often(len(self.words), len(self.words) if dense else COMMON)
        self._places = [
            e for e in catalogue.entities.values() if e.kind in (EntityKind.COUNTRY, EntityKind.ARMED_GROUP)
        ]
        self._place_weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._places))))
        self.random.shuffle(self._places)
        self._commonest = frozenset(self.words[:UNUSUAL])
        self._pairs: list[str] = []
        self._met: list[tuple[str, str]] = []

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

    def asked(self) -> str:
        """A word as people name it beside a rarer one: as common as in the articles, but no "the" and no "said"."""
        while (word := self.word()) in self._commonest:
            pass
        return word

    def rare(self) -> str:
        """A word as people choose it for a topic: never one of the commonest."""
        return self.words[self.random.randrange(RARE, len(self.words))]

    def phrase(self) -> str:
        """Two words that stood side by side in some article, or might."""
        if self.random.random() < 0.5 and self._pairs:
            return self.random.choice(self._pairs)
        return f"{self.rare()} {self.rare()}"

    def group(self, most: int) -> Node:
        """A word, a phrase, or a group of aliases."""
        size = self.random.randint(1, most)
        parts = tuple(leaf(self.rare() if self.random.random() < 0.5 else self.phrase()) for _ in range(size))
        return Or(parts) if size > 1 else parts[0]

    def topics(self, articles: list[Article], seed: int) -> Iterator[tuple[Topic, str]]:
        """Endless distinct topics, the same for the same seed, each with the FTS5 query that means the same.

        22% phrases, 15% groups of 2 to 6 aliases, 23% ANDs of two or three words or groups, 10% relations (NEAR between
        groups of aliases), 5% NEAR of words, 8% NOT, 7% in the title; and 10% relations of two entities, which no peer
        can answer: their query is empty.
        """
        self.random.seed(seed)
        self._pairs = [" ".join(a.text.split()[n : n + 2]) for a in articles for n in range(0, 300, 7)]
        self._pairs = [fold(pair) for pair in self._pairs if pair.isascii() and " " in pair and "." not in pair]
        rare = set(self.words[RARE:])
        self._pairs = [pair for pair in self._pairs if not rare.isdisjoint(pair.split())]
        texts = [fold(article.text).split() for article in articles if article.text.isascii()]
        sides = set(self.words[UNUSUAL:])
        met = ((t[n], t[n + n % 11 + 2]) for t in texts for n in range(len(t) - 12))
        self._met = [(one, other) for one, other in met if one in rare and other in sides]
        seen: set[int] = set()
        while True:
            node = self._node(self.random.random())
            words = [word for each in walk(node) if isinstance(each, Leaf) for word in each.bare.split()]
            topic = as_topic(node)
            key = hash(topic.name)
            # A word near itself is one mention to us and two to FTS5.
            if key not in seen and len(set(words)) == len(words):
                seen.add(key)
                yield topic, fts5(node) if topic.kind is not TopicKind.RELATION else ""

    def _node(self, kind: float) -> Node:
        if kind < 0.22:
            return leaf(self.phrase())
        if kind < 0.37:
            return Or(tuple(leaf(self.phrase()) for _ in range(self.random.randint(2, 6))))
        if kind < 0.60:
            parts = [leaf(self.asked()), self.group(2)]
            return And((*parts, self.group(3)) if self.random.random() < 0.25 else tuple(parts))
        if kind < 0.70:
            # Who follows a relation has read of it: a word of each side stood near one of the other in some article.
            one, other = self.random.choice(self._met)
            return Near(
                Or((leaf(one), self.group(1), self.group(1))),
                Or((leaf(other), self.group(1), self.group(1))),
                How.NEAR,
                10,
            )
        if kind < 0.75:
            return Near(leaf(self.asked()), leaf(self.rare()), How.NEAR, 10)
        if kind < 0.83:
            return And((leaf(self.rare()), Not(leaf(self.asked()))))
        if kind < 0.90:
            return leaf(self.rare(), in_title=True)
        left, right = self.random.choice(self._places), self.random.choice(self._places)
        return And((Leaf(f"@{left.id}", left.name), Leaf(f"@{right.id}", right.name)))


def leaf(phrase: str, *, in_title: bool = False) -> Leaf:
    place = "title:" if in_title else ""
    return Leaf(place + phrase, f'{place}"{phrase}"')


def as_topic(node: Node) -> Topic:
    """What `resolve` makes of the query, without the cost of reading it (which is measured apart)."""
    required = groups(node)
    if required[0][0][0] == "@":
        return Topic(str(node), TopicKind.RELATION, "", required, ())
    plain = all(isinstance(each, Leaf | And) for each in walk(node)) and "title:" not in str(node)
    return Topic(
        str(node), TopicKind.WORDS if plain else TopicKind.QUERY, "", required, (), query=None if plain else node
    )


def fts5(node: Node) -> str:
    if isinstance(node, Leaf):
        return f'title : "{node.bare}"' if node.bare != node.key else f'"{node.key}"'
    if isinstance(node, Near):
        sides = product(*(side.parts if isinstance(side, Or) else (side,) for side in (node.left, node.right)))
        return " OR ".join(f"NEAR({fts5(left)} {fts5(right)}, {node.words})" for left, right in sides)
    if isinstance(node, Or):
        return " OR ".join(map(fts5, node.parts))
    assert isinstance(node, And)
    first, *others = node.parts
    said = f"({fts5(first)})"
    for other in others:
        said += f" NOT {fts5(other.part)}" if isinstance(other, Not) else f" AND ({fts5(other)})"
    return said


def holds(node: Node, texts: list[list[str]]) -> bool:
    """The naive loop's way: each part looked for in the words."""
    if isinstance(node, Leaf):
        return any(positions(node, texts[: 1 if node.bare != node.key else 2]))
    if isinstance(node, Near):
        return any(
            0 <= second - past <= node.words or 0 <= first - end <= node.words
            for left, right in zip(positions(node.left, texts), positions(node.right, texts), strict=True)
            for first, past in left
            for second, end in right
        )
    if isinstance(node, Not):
        return not holds(node.part, texts)
    assert isinstance(node, And | Or)
    return (all if isinstance(node, And) else any)(holds(part, texts) for part in node.parts)


def positions(node: Node, texts: list[list[str]]) -> list[list[tuple[int, int]]]:
    """By text, the [start, end) words where any phrase of a group stands."""
    found: list[list[tuple[int, int]]] = [[] for _ in texts]
    for each in node.parts if isinstance(node, Or) else (node,):
        assert isinstance(each, Leaf)
        wanted = each.bare.split()
        for words, places in zip(texts, found, strict=True):
            places += [
                (at, at + len(wanted))
                for at, word in enumerate(words)
                if word == wanted[0] and words[at : at + len(wanted)] == wanted
            ]
    return found


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


def matching(percolator: Percolator, articles: list[Article], sensitivity: Sensitivity) -> tuple[list[float], int]:
    times: list[float] = []
    matches = 0
    for article in articles:
        begin = time.process_time()
        found = percolator.match(article, sensitivity)
        times.append((time.process_time() - begin) * 1e6)
        matches += len(found)
    return times, matches


def holding(percolator: Percolator, articles: list[Article]) -> tuple[list[float], list[float], list[set[str]]]:
    """Ours on the peers' terms: which topics are true of the article, without score and evidence; and what that takes
    beyond splitting the article into words."""
    times: list[float] = []
    beyond: list[float] = []
    found: list[set[str]] = []
    for article in articles:
        reading, _ = cpu(lambda: Document(article))  # noqa: B023  (called at once)
        took, names = cpu(lambda: percolator.held(article))  # noqa: B023
        times.append(took * 1e6)
        beyond.append((took - reading) * 1e6)
        found.append(set(names))
    return times, beyond, found


def settle(percolator: Percolator, articles: list[Article]) -> float:
    """CPU seconds until topics wait where they best do, beside the reading of the articles that teach it."""
    for article in articles:
        percolator.held(article)
    took, _ = cpu(lambda: [percolator.held(Article("", "")) for _ in range(percolator.unsettled)])
    return took


def database_of(articles: list[Article]) -> sqlite3.Connection:
    """An in-memory FTS5 index of the articles' folded words, as in the store: no mark may part them."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE article USING fts5(title, text, "
        "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'\")"
    )
    rows = [(number, fold(a.title), fold(a.text)) for number, a in enumerate(articles)]
    database.executemany("INSERT INTO article (rowid, title, text) VALUES (?, ?, ?)", rows)
    return database


@dataclass
class Peers:
    """Microseconds for each article, and what was found: FTS5 in one batch, and a loop over the topics for a few."""

    fts_us: float
    loop_us: float
    fts: list[set[str]]
    loop: list[set[str]]
    spared: set[str]
    """The topics that they were not asked."""


def peers(topics: Iterable[tuple[Topic, str]], articles: list[Article], few: int) -> Peers:
    took, database = cpu(lambda: database_of(articles))
    looped = 0.0
    texts = [[fold(article.title).split(), fold(article.text).split()] for article in articles[:few]]
    found = Peers(0, 0, [set() for _ in articles], [set() for _ in texts], set())
    for topic, query in topics:
        if not query:
            found.spared.add(topic.name)
            continue
        begin = time.process_time()
        hits = database.execute("SELECT rowid FROM article WHERE article MATCH ?", (query,)).fetchall()
        end = time.process_time()
        took += end - begin
        for (number,) in hits:
            found.fts[number].add(topic.name)
        node = topic.query or And(tuple(leaf(group[0]) for group in topic.groups))
        begin = time.process_time()
        hits = [number for number, words in enumerate(texts) if holds(node, words)]
        looped += time.process_time() - begin
        for number in hits:
            found.loop[number].add(topic.name)
    database.close()
    found.fts_us = took / len(articles) * 1e6
    found.loop_us = looped / few * 1e6
    return found


def built(catalogue: Catalogue, topics: Iterator[tuple[Topic, str]]) -> tuple[float, Percolator]:
    percolator = Percolator(catalogue)
    took = 0.0
    while some := [topic for topic, _ in islice(topics, 1000)]:
        took += cpu(lambda: each(percolator.add, some))[0]
    return took, percolator


def elsewhere(work: Callable[[], Any]) -> Any:
    """What the work answers in a process of its own, so that ours keeps nothing of it: no heap full of holes."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=lambda: theirs.send(work()))
    process.start()
    theirs.close()
    answer = ours.recv()
    process.join()
    return answer


def measure(
    count: int, world: World, articles: list[Article], others: list[Article], catalogue: Catalogue, few: int
) -> dict[str, Any]:
    def stream() -> Iterator[tuple[Topic, str]]:
        return islice(world.topics(articles, seed=count), count)

    def prepare(file: Path) -> tuple[float, float, float]:
        gc.collect()
        before = memory()
        building, percolator = built(catalogue, stream())
        settled = settle(percolator, others)
        gc.collect()
        grown = memory() - before
        snapshot.write(file, percolator.state(), MARK)
        return building, settled, grown

    with TemporaryDirectory() as folder:
        file = Path(folder) / snapshot.NAME
        building, settled, grown = elsewhere(lambda: prepare(file))
        size = file.stat().st_size / 2**20
        loading, percolator = cpu(lambda: Percolator.restored(catalogue, snapshot.read(file, MARK) or ()))
    gc.collect()
    move_to_large_pages()
    gc.freeze()
    matching(percolator, others[:20], Sensitivity.NORMAL)
    held, beyond, sets = holding(percolator, articles)
    normal, rung = matching(percolator, articles, Sensitivity.NORMAL)
    everything, _ = matching(percolator, articles[: max(20, few)], Sensitivity.EVERYTHING)
    some = [topic for topic, _ in islice(stream(), 500)]
    removed, _ = cpu(lambda: each(percolator.remove, [topic.name for topic in some]))
    added, _ = cpu(lambda: each(percolator.add, some))
    of_peers = peers(stream(), articles, few)
    ours = [found - of_peers.spared for found in sets]
    if of_peers.loop != ours[:few] or of_peers.fts != ours:
        raise SystemExit(f"the matches differ at {count} topics: the figures would mean nothing")
    gc.unfreeze()
    return {
        "topics": count,
        "build_s": round(building, 2),
        "load_s": round(loading, 2),
        "snapshot_mb": round(size, 1),
        "settle_s": round(settled, 2),
        "memory_mb": round(grown, 1),
        "add_us": round(added / 500 * 1e6, 1),
        "remove_us": round(removed / 500 * 1e6, 1),
        "held_per_article": round(sum(map(len, sets)) / len(articles), 2),
        "rings_per_article": round(rung / len(articles), 2),
        "held_p50_us": round(quantile(held, 0.5)),
        "held_p99_us": round(quantile(held, 0.99)),
        "matching_p50_us": round(quantile(beyond, 0.5)),
        "matching_p99_us": round(quantile(beyond, 0.99)),
        "normal_p50_us": round(quantile(normal, 0.5)),
        "normal_p99_us": round(quantile(normal, 0.99)),
        "everything_p50_us": round(quantile(everything, 0.5)),
        "fts5_batch_us": round(of_peers.fts_us),
        "naive_loop_us": round(of_peers.loop_us),
        "fts5_over_held": round(of_peers.fts_us / statistics.mean(held), 1),
        "matches_compared": sum(map(len, of_peers.fts)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer articles, 200 to 10,000 topics: under a minute")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--dense", action="store_true", help="five times as many matches, by a smaller vocabulary")
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--topics", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    sizes = [200, 1000, 10_000] if options.quick else options.topics
    number = min(options.articles, 300) if options.quick else options.articles

    loaded, catalogue = cpu(lambda: Catalogue.load(CATALOGUE))
    recogniser, _ = cpu(lambda: catalogue.recogniser)
    world = World(catalogue, dense=options.dense)
    articles = [world.article(index) for index in range(number)]
    others = [world.article(index) for index in range(number, number + LEARNING)]
    documents, words = cpu(lambda: sum(Document(article).length for article in articles))
    reading, _ = cpu(lambda: [catalogue.recogniser.mentions(Document(article)) for article in articles])
    sentences, _ = cpu(lambda: [Document(article).sentences for article in articles])
    resolved, _ = cpu(lambda: [resolve(text, catalogue) for text in TYPED * 100])
    figures: dict[str, Any] = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "articles": number,
        "dense": options.dense,
        "words_per_article": round(words / number),
        "catalogue_load_s": round(loaded, 3),
        "recogniser_build_s": round(recogniser, 3),
        "resolve_us": round(resolved / len(TYPED) / 100 * 1e6),
        "tokens_us": round(documents / number * 1e6),
        "tokens_and_names_us": round(reading / number * 1e6),
        "tokens_and_sentences_us": round(sentences / number * 1e6),
        "runs": [],
    }
    print({key: value for key, value in figures.items() if key != "runs"}, flush=True)
    for size in sizes:
        run = measure(size, world, articles, others, catalogue, few=20 if size <= 10_000 else 2)
        figures["runs"].append(run)
        print(run, flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
