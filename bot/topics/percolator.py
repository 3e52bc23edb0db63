"""One article against all topics at once: each topic waits under its rarest part, and only then is looked at.

A topic requires groups (each an OR of keys; all groups must be present). It is posted under each key of one group, its
anchor: the group that is seen least. Where it has a second group it waits under the pair of anchor and second, so that
a key shared by thousands of topics (Russia) costs only those whose other side is present too. What is left is judged.

How often a key is seen is learned from the articles; a topic keeps the anchor it got when it was added, and the words
of a removed topic stay known (unused) until the next start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.core.model import Article, Match, Sensitivity
from bot.topics.catalogue import Catalogue
from bot.topics.document import Document
from bot.topics.present import Present
from bot.topics.query.judge import judge_query
from bot.topics.score import THRESHOLDS, Scorer, Side
from bot.topics.topic import Group, Topic, TopicKind
from bot.topics.wanted import Wanted


@dataclass(frozen=True, slots=True)
class _Posting:
    topic: Topic
    anchor: Group
    second: Group


@dataclass(slots=True)
class _Slot:
    """The topics that wait under one key: those with nothing else to wait for, the others by a key of their second."""

    alone: set[str] = field(default_factory=set)
    paired: dict[str, set[str]] = field(default_factory=dict)


class Percolator:
    """Topics are known by their names; adding one twice changes nothing. Add and remove cost microseconds."""

    def __init__(self, catalogue: Catalogue, topics: Iterable[Topic] = ()) -> None:
        self._recogniser = catalogue.recogniser
        self._wanted = Wanted()
        self._seen: Counter[str] = Counter()
        self._slots: dict[str, _Slot] = {}
        self._postings: dict[str, _Posting] = {}
        for topic in topics:
            self.add(topic)

    def __len__(self) -> int:
        return len(self._postings)

    def __contains__(self, name: object) -> bool:
        return name in self._postings

    def add(self, topic: Topic) -> None:
        if topic.name in self._postings:
            return
        groups = sorted(topic.groups, key=self._commonness)
        posting = _Posting(topic, groups[0], groups[1] if len(groups) > 1 else ())
        self._postings[topic.name] = posting
        self._wanted.add(topic.keys)
        for waiting in self._waiting(posting):
            waiting.add(topic.name)

    def remove(self, name: str) -> None:
        """Forget a topic; one that is not there is forgotten already."""
        posting = self._postings.pop(name, None)
        if posting is None:
            return
        for waiting in self._waiting(posting):
            waiting.discard(name)
        self._sweep(posting)
        self._wanted.remove(posting.topic.keys)

    def waiting(self, key: str) -> int:
        """How many topics wait under a key, for the curious: a key that gathers most of them is too common a word."""
        slot = self._slots.get(key)
        return len(slot.alone) + sum(map(len, slot.paired.values())) if slot else 0

    def match(self, article: Article, sensitivity: Sensitivity = Sensitivity.NORMAL) -> list[Match]:
        """All added topics that the article matches, the best score first, equals by name."""
        document = Document(article)
        present = self._present(document)
        self._seen.update(present.keys.keys())
        candidates = self._candidates(present)
        if not candidates:
            return []
        scorer = Scorer(document, present)
        found = [match for topic in candidates if (match := judge(topic, scorer, sensitivity))]
        return sorted(found, key=lambda match: (-match.score, match.topic))

    def held(self, article: Article) -> set[str]:
        """The names of all added topics whose every part occurs in the article, unjudged and without evidence."""
        return {topic.name for topic in self._candidates(self._present(Document(article)))}

    def explain(
        self, topic: Topic, article: Article, sensitivity: Sensitivity = Sensitivity.EVERYTHING
    ) -> Match | None:
        """The match of one topic, added or not, or None: for search and back-test, and to check `match` against."""
        document = Document(article)
        return judge(topic, Scorer(document, self._parts_present(topic, document)), sensitivity)

    def mentions(self, topic: Topic, text: str) -> bool:
        """Whether a text names any part of the topic, one side of a relation for example."""
        document = Document(Article("", text))
        present = self._parts_present(topic, document)
        return any(key in present.keys for group in topic.groups for key in group)

    def _present(self, document: Document) -> Present:
        return self._wanted.find(document, self._recogniser.mentions(document))

    def _parts_present(self, topic: Topic, document: Document) -> Present:
        return Wanted(topic.keys).find(document, self._recogniser.mentions(document))

    def _candidates(self, present: Present) -> list[Topic]:
        names: set[str] = set()
        keys = present.keys.keys()
        for key in keys & self._slots.keys():
            slot = self._slots[key]
            names |= slot.alone
            for second in slot.paired.keys() & keys:
                names |= slot.paired[second]
        topics = [self._postings[name].topic for name in names]
        # The pair has vouched for two groups; only more than two are left to be looked at.
        return [t for t in topics if len(t.groups) <= 2 or all(any(k in keys for k in g) for g in t.groups)]

    def _commonness(self, group: Group) -> tuple[float, int]:
        """How often a group is seen; before anything was seen, entities are commoner than words, words than phrases."""
        seen = sum(self._seen[key] + (2.0 if key[0] == "@" else 1.0 / (1 + key.count(" "))) for key in group)
        return seen, -max(len(key) for key in group)

    def _waiting(self, posting: _Posting) -> Iterable[set[str]]:
        for key in posting.anchor:
            slot = self._slots.setdefault(key, _Slot())
            if not posting.second:
                yield slot.alone
            for second in posting.second:
                yield slot.paired.setdefault(second, set())

    def _sweep(self, posting: _Posting) -> None:
        for key in posting.anchor:
            slot = self._slots[key]
            for second in posting.second:
                if not slot.paired.get(second, True):
                    del slot.paired[second]
            if not slot.alone and not slot.paired:
                del self._slots[key]


def judge(topic: Topic, scorer: Scorer, sensitivity: Sensitivity) -> Match | None:
    """The match of a topic in an article that was read already, or None."""
    if topic.query:
        return judge_query(topic.name, topic.query, scorer, sensitivity)
    sides: list[Side] = []
    for group in topic.groups:
        side = scorer.side(group)
        if side is None:
            return None
        sides.append(side)
    score = sides[0].score if len(sides) == 1 else scorer.together(sides, apart=topic.kind is TopicKind.RELATION)
    score = round(score, 4)
    if not score or score < THRESHOLDS[sensitivity]:
        return None
    return Match(topic.name, score, scorer.quotes(sides))
