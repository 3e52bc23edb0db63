"""One article against all topics at once: each topic waits under its rarest part, and only then is looked at.

A topic requires groups (each an OR of keys; all groups must be present). It is posted under each key of one group, its
anchor: the group that is seen least. Where it has a second group it waits under the pair of anchor and second, so that
a key shared by thousands of topics (Russia) costs only those whose other side is present too. What is left is looked at
with a glance first, then judged, and only what rings is quoted.

How often a key is seen is learned from the articles. An anchor that has brought candidates in vain too often is given
up: its topics are posted anew by what is known by then.

Topics are kept as numbers with a few flat lists beside them, for a million of them must fit into half a gigabyte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, KeysView
from dataclasses import dataclass, field

from bot.core.model import Article, Match, Sensitivity
from bot.topics.catalogue import Catalogue
from bot.topics.document import Document
from bot.topics.glance import Glance
from bot.topics.present import Present
from bot.topics.query.evaluate import Evaluator
from bot.topics.query.judge import is_flat, judge_query
from bot.topics.query.node import Node, keys
from bot.topics.query.requires import commonness, suffices
from bot.topics.score import THRESHOLDS, Scorer, Side
from bot.topics.topic import Group, Topic, TopicKind
from bot.topics.wanted import Wanted

PATIENCE = 64
"""Candidates that an anchor may bring in vain, over those that came to something, before it is given up."""
MOST_MOVED = 500
"""Topics posted anew after one article, so that no article waits long for it."""


@dataclass(slots=True)
class _Slot:
    """The topics that wait under one key: those with nothing else to wait for, the others by a key of their second."""

    alone: set[int] = field(default_factory=set)
    paired: dict[str, int | set[int]] = field(default_factory=dict)


class Percolator:
    """Topics are known by their names; adding one twice changes nothing. Add and remove cost microseconds."""

    def __init__(self, catalogue: Catalogue, topics: Iterable[Topic] = ()) -> None:
        self._recogniser = catalogue.recogniser
        self._wanted = Wanted()
        self._seen: Counter[str] = Counter()
        self._vain: Counter[str] = Counter()
        self._slots: dict[str, int | _Slot] = {}
        """A key under which one topic waits leads to its number: most keys are such."""
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        # By number: name, groups, which two of them it waits under (anchor * 16 + second), whether its sides must
        # be apart (a relation), whether its groups alone make its score, whether they alone make it true; queries.
        self._names: list[str] = []
        self._groups: list[tuple[Group, ...]] = []
        self._posted = bytearray()
        self._apart = bytearray()
        self._scored_by_groups = bytearray()
        self._sure = bytearray()
        self._queries: dict[int, Node] = {}
        self._one: dict[Group, Group] = {}
        """Each group once, however many topics require it."""
        for topic in topics:
            self.add(topic)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def add(self, topic: Topic) -> None:
        if topic.name in self._numbers:
            return
        if self._free:
            number = self._free.pop()
        else:
            number = len(self._names)
            self._names.append("")
            self._groups.append(())
            self._posted.append(0)
            self._apart.append(0)
            self._scored_by_groups.append(0)
            self._sure.append(0)
        self._numbers[topic.name] = number
        self._names[number] = topic.name
        self._groups[number] = tuple(self._one.setdefault(group, group) for group in topic.groups)
        self._apart[number] = topic.kind is TopicKind.RELATION
        self._sure[number] = topic.query is None or suffices(topic.query)
        self._scored_by_groups[number] = topic.query is None or is_flat(topic.query)
        if topic.query:
            self._queries[number] = topic.query
        self._wanted.add(topic.keys)
        self._post(number)

    def remove(self, name: str) -> None:
        """Forget a topic; one that is not there is forgotten already."""
        number = self._numbers.pop(name, None)
        if number is None:
            return
        self._withdraw(number)
        query = self._queries.pop(number, None)
        wanted = (key for group in self._groups[number] for key in group)
        self._wanted.remove(dict.fromkeys((*wanted, *(keys(query) if query else ()))))
        self._names[number] = ""
        self._groups[number] = ()
        self._free.append(number)

    def waiting(self, key: str) -> int:
        """How many topics wait under a key, for the curious: a key that gathers most of them is too common a word."""
        slot = self._slots.get(key)
        if slot is None:
            return 0
        return len(list(self._waiters(slot)))

    def match(
        self,
        article: Article,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        lower: Collection[str] = (),
    ) -> list[Match]:
        """All added topics that the article matches, the best score first, equals by name.

        The topics named in `lower` are matched at EVERYTHING: some that follow them want passing mentions too.
        """
        document = Document(article)
        present = self._present(document)
        self._seen.update(present.keys.keys())
        candidates = self._candidates(present)
        self._move()
        if not candidates:
            return []
        scorer = Scorer(document, present)
        evaluator = Evaluator(document, present)
        glance = Glance(document, present, THRESHOLDS[sensitivity])
        found = []
        for number in candidates:
            name, groups, query = self._names[number], self._groups[number], self._queries.get(number)
            apart = bool(self._apart[number])
            asked = Sensitivity.EVERYTHING if name in lower else sensitivity
            if asked is sensitivity and self._scored_by_groups[number] and not glance.may_ring(groups, apart=apart):
                continue
            if query is None:
                match = _judge(name, groups, scorer, asked, apart=apart)
            else:
                match = judge_query(name, query, scorer, evaluator, asked)
            if match:
                found.append(match)
        return sorted(found, key=lambda match: (-match.score, match.topic))

    def held(self, article: Article) -> set[str]:
        """The names of all added topics that are true of the article, unjudged and without evidence."""
        document = Document(article)
        present = self._present(document)
        evaluator = Evaluator(document, present)
        return {
            self._names[number]
            for number in self._candidates(present)
            if self._sure[number] or evaluator.holds(self._queries[number])
        }

    def explain(
        self, topic: Topic, article: Article, sensitivity: Sensitivity = Sensitivity.EVERYTHING
    ) -> Match | None:
        """The match of one topic, added or not, or None: for search and back-test, and to check `match` against."""
        document = Document(article)
        scorer = Scorer(document, self._parts_present(topic, document))
        if topic.query:
            return judge_query(topic.name, topic.query, scorer, Evaluator(document, scorer.present), sensitivity)
        return _judge(topic.name, topic.groups, scorer, sensitivity, apart=topic.kind is TopicKind.RELATION)

    def mentions(self, topic: Topic, text: str) -> bool:
        """Whether a text names any part of the topic, one side of a relation for example."""
        document = Document(Article("", text))
        present = self._parts_present(topic, document)
        return any(key in present.keys for group in topic.groups for key in group)

    def _present(self, document: Document) -> Present:
        return self._wanted.find(document, self._recogniser.mentions(document))

    def _parts_present(self, topic: Topic, document: Document) -> Present:
        return Wanted(topic.keys).find(document, self._recogniser.mentions(document))

    # -- where topics wait -------------------------------------------------------------------------------------------

    def _candidates(self, present: Present) -> set[int]:
        """The topics whose every group is present."""
        found: set[int] = set()
        held = present.keys.keys()
        slots, groups = self._slots, self._groups
        for key in held & slots.keys():
            slot = slots[key]
            if isinstance(slot, int):
                if len(groups[slot]) == 1 or _all_present(groups[slot], held):
                    found.add(slot)
                continue
            found |= slot.alone
            came = len(slot.alone)
            for second in slot.paired.keys() & held:
                waiting = slot.paired[second]
                for number in (waiting,) if isinstance(waiting, int) else waiting:
                    # The pair has vouched for two groups; only more than two are left to be looked at.
                    if len(groups[number]) <= 2 or _all_present(groups[number], held):
                        found.add(number)
                        came += 1
                    else:
                        self._vain[key] += 1
            if came and key in self._vain:
                self._vain[key] -= came
        return found

    def _post(self, number: int) -> None:
        """Have a topic wait under its rarest group, split by its second rarest."""
        groups = self._groups[number][:16]
        order = sorted(range(len(groups)), key=lambda place: self._commonness(groups[place]))
        anchor, second = order[0], order[1] if len(order) > 1 else order[0]
        self._posted[number] = anchor * 16 + second
        for key in groups[anchor]:
            slot = self._slots.get(key)
            if slot is None:
                self._slots[key] = number
                continue
            if isinstance(slot, int):
                first, slot = slot, _Slot()
                self._slots[key] = slot
                self._put(slot, first)
            self._put(slot, number)

    def _put(self, slot: _Slot, number: int) -> None:
        anchor, second = divmod(self._posted[number], 16)
        if anchor == second:
            slot.alone.add(number)
            return
        for key in self._groups[number][second]:
            waiting = slot.paired.get(key)
            if waiting is None:
                slot.paired[key] = number
            elif isinstance(waiting, int):
                slot.paired[key] = {waiting, number}
            else:
                waiting.add(number)

    def _withdraw(self, number: int) -> None:
        anchor, second = divmod(self._posted[number], 16)
        for key in self._groups[number][anchor]:
            slot = self._slots[key]
            if isinstance(slot, int):
                del self._slots[key]
                continue
            slot.alone.discard(number)
            for other in self._groups[number][second] if anchor != second else ():
                waiting = slot.paired.get(other)
                if isinstance(waiting, set):
                    waiting.discard(number)
                if waiting == number or not waiting:
                    slot.paired.pop(other, None)
            if not slot.alone and not slot.paired:
                del self._slots[key]

    def _waiters(self, slot: int | _Slot) -> Iterator[int]:
        if isinstance(slot, int):
            yield slot
            return
        waiting = set(slot.alone)
        for numbers in slot.paired.values():
            waiting |= {numbers} if isinstance(numbers, int) else numbers
        yield from waiting

    def _move(self) -> None:
        """Post anew what waits under an anchor that has disappointed."""
        worn = [key for key, vain in self._vain.items() if vain > PATIENCE]
        for key in worn[:1]:
            del self._vain[key]
            slot = self._slots.get(key)
            if slot is None:
                continue
            for number in [n for n in self._waiters(slot) if len(self._groups[n]) > 2][:MOST_MOVED]:
                self._withdraw(number)
                self._post(number)

    def _commonness(self, group: Group) -> tuple[float, int]:
        """How often a group is seen; before anything was seen, entities are commoner than words, words than phrases."""
        seen = sum(self._seen[key] + commonness(key) for key in group)
        return seen, -max(len(key) for key in group)


def _all_present(groups: tuple[Group, ...], held: KeysView[str]) -> bool:
    return all(any(key in held for key in group) for group in groups)


def _judge(
    name: str, groups: tuple[Group, ...], scorer: Scorer, sensitivity: Sensitivity, *, apart: bool
) -> Match | None:
    """The match of a topic in an article that was read already, or None."""
    sides: list[Side] = []
    for group in groups:
        side = scorer.side(group)
        if side is None:
            return None
        sides.append(side)
    score = sides[0].score if len(sides) == 1 else scorer.together(sides, apart=apart)
    score = round(score, 4)
    if not score or score < THRESHOLDS[sensitivity]:
        return None
    return Match(name, score, scorer.quotes(sides))
