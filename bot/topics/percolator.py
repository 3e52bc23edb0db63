"""One article against all topics at once: each topic waits under its rarest part, and only then is looked at.

A topic requires groups (each an OR of keys; all groups must be present). It is posted under each key of one group, its
anchor: the group that is seen least. Where others wait under that key too, it waits under the pair of anchor and second
rarest, so that a key shared by thousands of topics (Russia) costs only those whose other side is present too. Words,
ORs of words and pairs of them are true by then; NOT, NEAR and third groups are looked up in the topic's row of numbers.
What is true is looked at with a glance first, then judged, and only what rings is quoted.

How often a key is seen is learned from the articles. Topics that wait under a key that has become much commoner than
it was are posted anew, by what is known by then.

Topics are kept as numbers in a few arrays, for a million of them must fit into half a gigabyte.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from bot.core.model import Article, Match, Sensitivity
from bot.topics.catalogue import Catalogue
from bot.topics.document import Document
from bot.topics.frequency import Frequency
from bot.topics.glance import Glance
from bot.topics.parts import parts
from bot.topics.present import Present
from bot.topics.query.evaluate import Evaluator
from bot.topics.query.judge import MOST_SIDES, is_flat, judge_query, judge_row, judged, parts_of, says_how_close
from bot.topics.query.node import Node, keys
from bot.topics.query.parse import LONGEST
from bot.topics.query.requires import commonness, suffices
from bot.topics.query.row import Numbers, Rows, encode, fits, items, row_of
from bot.topics.resolve import resolve
from bot.topics.score import THRESHOLDS, Scorer
from bot.topics.topic import Topic, TopicKind
from bot.topics.wanted import Wanted

MOST_MOVED = 20
"""Topics looked at for a better place after one article, so that no article waits long for it."""

# What is known of each topic beside its row.
_SURE = 1
"""True as soon as all its groups are present, of which it has two at most."""
_SINGLE = 2
"""True as soon as its only group is present."""
_GROUPED = 4
"""Its groups alone make its score."""
_APART = 8
"""A relation: its sides must be apart."""
_QUERY = 16
_TREE = 32
"""A query that says more than its row."""
_SAYS = 64
"""A query that says how close is close enough."""

_ALONE = -1
"""In place of a second key: topics with one group wait for none."""

_Slot = dict[int, int | list[int]]
"""What waits under one key, by a key of the second group: the number of a topic, or several."""


class Percolator:
    """Topics are known by their names; adding one twice changes nothing. Add and remove cost microseconds."""

    def __init__(self, catalogue: Catalogue, topics: Iterable[Topic] = ()) -> None:
        self._catalogue = catalogue
        self._recogniser = catalogue.recogniser
        # Entities are found anyway: how common each of them is is known before the first topic asks for it.
        self._wanted = Wanted(f"@{entity}" for entity in catalogue.entities)
        self._frequency = Frequency()
        self._worn: list[int] = []
        """Topics to be posted anew."""
        self._slots: list[int | _Slot | None] = []
        """By number of key. Where one topic waits, its number alone: most keys are such."""
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []
        # By number of topic: name, row, flags, and which two of its groups it waits under (anchor * 16 + second).
        self._names: list[str] = []
        self._rows = Rows()
        self._flags = bytearray()
        self._posted = bytearray()
        self._trees: dict[int, Node] = {}
        self._make_room()
        for topic in topics:
            self.add(topic)

    def state(self) -> tuple[Any, ...]:
        """All topics and what was learned, as plain values, some of them shared with it: to be written down at once.

        They hold for the same catalogue and the same code alone.
        """
        return (
            self._wanted.state(),
            self._frequency.state(),
            self._rows.state(),
            self._slots,
            self._numbers,
            self._free,
            self._names,
            bytes(self._flags),
            bytes(self._posted),
            self._worn,
        )

    @classmethod
    def restored(cls, catalogue: Catalogue, state: tuple[Any, ...]) -> Percolator:
        """What has left that state behind."""
        self = cls(catalogue)
        wanted, frequency, rows, self._slots, self._numbers, self._free, self._names, flags, posted, self._worn = state
        self._wanted = Wanted.restored(wanted)
        self._frequency = Frequency.restored(frequency)
        self._rows = Rows.restored(rows)
        self._flags, self._posted = bytearray(flags), bytearray(posted)
        return self

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def __iter__(self) -> Iterator[str]:
        """The names of all topics."""
        return iter(self._numbers)

    def add(self, topic: Topic) -> None:
        if topic.name in self._numbers:
            return
        if self._free:
            number = self._free.pop()
        else:
            number = len(self._names)
            self._names.append("")
            self._flags.append(0)
            self._posted.append(0)
        self._numbers[topic.name] = number
        self._names[number] = topic.name
        want = self._wanted.want
        if topic.query is None or not fits(topic.query):
            row = row_of([want(key) for key in group] for group in topic.groups)
        else:
            row = encode(topic.query, want)
        self._rows.put(number, row)
        flags = self._flags[number] = _flags(topic)
        if topic.query and flags & _TREE:
            self._trees[number] = topic.query
            for key in dict.fromkeys(keys(topic.query)):
                want(key)
        self._make_room()
        self._post(number, self._best(number))

    def _make_room(self) -> None:
        """Have a place by number for each key."""
        missing = len(self._wanted) - len(self._slots)
        if missing > 0:
            self._slots.extend([None] * missing)
            self._frequency.grow(len(self._wanted))

    def remove(self, name: str) -> None:
        """Forget a topic; one that is not there is forgotten already."""
        number = self._numbers.get(name)
        if number is None:
            return
        self._withdraw(number)
        row = self._rows[number]
        numbers = [key for group in _all_sides(row) for key in group]
        if self._flags[number] & _TREE:
            for key in dict.fromkeys(keys(self._tree(number))):
                wanted = self._wanted.number(key)
                assert wanted is not None
                numbers.append(wanted)
        for key_number in numbers:
            self._wanted.drop(key_number)
        del self._numbers[name]
        self._trees.pop(number, None)
        self._rows.drop(number)
        self._names[number] = ""
        self._free.append(number)

    def waiting(self, key: str) -> int:
        """How many topics wait under a key, for the curious: a key that gathers most of them is too common a word."""
        number = self._wanted.number(key)
        return len(set(self._waiters(number))) if number is not None else 0

    @property
    def unsettled(self) -> int:
        """After how many more articles every topic waits where it best does, by what is known now."""
        return -(-len(self._worn) // MOST_MOVED)

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
        true = self._true(present, document)
        if not true:
            return []
        scorer = Scorer(document, present)
        evaluator = Evaluator(document, present)
        glance = Glance(document, present.places, THRESHOLDS[sensitivity])
        names, flags, rows = self._names, self._flags, self._rows
        found = []
        for number in true:
            flag = flags[number]
            asked = Sensitivity.EVERYTHING if lower and names[number] in lower else sensitivity
            if flag & _GROUPED:
                required, apart = rows.groups(number), bool(flag & _APART)
                if asked is sensitivity and not glance.may_ring(required, apart=apart):
                    continue
                most = MOST_SIDES if flag & _QUERY else len(required)
                match = _judge(names[number], required, scorer, asked, apart=apart, most=most)
            elif flag & _TREE:
                match = judge_query(names[number], self._tree(number), scorer, evaluator, asked)
            else:
                says = bool(flag & _SAYS)
                match = judge_row(names[number], rows[number], scorer, evaluator, asked, says=says)
            if match:
                found.append(match)
        return sorted(found, key=lambda match: (-match.score, match.topic))

    def held(self, article: Article) -> list[str]:
        """The names of all added topics that are true of the article, in no order, unjudged and without evidence."""
        document = Document(article)
        return list(map(self._names.__getitem__, self._true(self._present(document), document)))

    def explain(
        self, topic: Topic, article: Article, sensitivity: Sensitivity = Sensitivity.EVERYTHING
    ) -> Match | None:
        """The match of one topic, added or not, or None: for search and back-test, and to check `match` against."""
        document = Document(article)
        scorer = Scorer(document, self._parts_present(topic, document))
        if topic.query:
            evaluator = Evaluator(document, scorer.present)
            if not evaluator.holds(topic.query):
                return None
            return judge_query(topic.name, topic.query, scorer, evaluator, sensitivity)
        required = _required(topic, scorer.present)
        apart = topic.kind is TopicKind.RELATION
        return _judge(topic.name, required, scorer, sensitivity, apart=apart, most=len(required))

    def account(self, topic: Topic, article: Article) -> tuple[str, ...]:
        """The parts of the score that `explain` gives, in words; empty where the article says nothing of the topic."""
        document = Document(article)
        scorer = Scorer(document, self._parts_present(topic, document))
        if topic.query:
            evaluator = Evaluator(document, scorer.present)
            return parts_of(topic.query, scorer, evaluator) if evaluator.holds(topic.query) else ()
        sides = [side for group in _required(topic, scorer.present) if (side := scorer.side(group))]
        return parts(scorer, sides, apart=topic.kind is TopicKind.RELATION) if len(sides) == len(topic.groups) else ()

    def mentions(self, topic: Topic, text: str) -> bool:
        """Whether a text names any part of the topic, one side of a relation for example."""
        document = Document(Article("", text))
        present = self._parts_present(topic, document)
        return any(present.has(key) for group in topic.groups for key in group)

    def _present(self, document: Document) -> Present:
        return self._wanted.find(document, self._recogniser.mentions(document))

    def _parts_present(self, topic: Topic, document: Document) -> Present:
        return Wanted(topic.keys).find(document, self._recogniser.mentions(document))

    # -- what is true ------------------------------------------------------------------------------------------------

    def _true(self, present: Present, document: Document) -> set[int]:
        """The topics that are true of an article. What it holds is learned from, and topics may be posted anew."""
        places = present.places
        slots, flags = self._slots, self._flags
        seen = {*places, _ALONE}
        lone: list[int] = []
        paired: list[int] = []  # a pair has vouched for two of their groups
        for key in places:
            slot = slots[key]
            if slot is None:
                continue
            if isinstance(slot, int):
                lone.append(slot)
                continue
            for second in slot.keys() & seen:
                waiting = slot[second]
                if isinstance(waiting, int):
                    paired.append(waiting)
                else:
                    paired += waiting
        true = {number for number in paired if flags[number] & _SURE}
        unsure = {number for number in paired if not flags[number] & _SURE}
        for number in lone:
            if flags[number] & _SINGLE:
                true.add(number)
            else:
                unsure.add(number)
        true.update(
            number
            for number in self._rows.true(unsure, places, document)
            if not flags[number] & _TREE or self._tree_holds(number, present, document)
        )
        self._move(self._frequency.learn(places))
        return true

    def _tree_holds(self, number: int, present: Present, document: Document) -> bool:
        return Evaluator(document, present).holds(self._tree(number))

    def _tree(self, number: int) -> Node:
        tree = self._trees.get(number)
        if tree is None:
            # After a load: the name is the canonical text of the query.
            tree = resolve(self._names[number], self._catalogue, longest=LONGEST).query
            assert tree is not None
            self._trees[number] = tree
        return tree

    # -- where topics wait -------------------------------------------------------------------------------------------

    def _best(self, number: int) -> int:
        """Where a topic had best wait: under its rarest group (times 16), split by its second rarest."""
        required = self._rows.groups(number)[:16]
        if len(required) == 1:
            return 0
        order = sorted(range(len(required)), key=lambda place: self._commonness(required[place]))
        return order[0] * 16 + order[1]

    def _post(self, number: int, place: int) -> None:
        self._posted[number] = place
        slots = self._slots
        for key in self._rows.groups(number)[place >> 4]:
            slot = slots[key]
            if slot is None:
                slots[key] = number
                continue
            if isinstance(slot, int):
                first, slot = slot, {}
                slots[key] = slot
                self._put(slot, first)
            self._put(slot, number)

    def _seconds(self, number: int) -> Numbers:
        anchor, second = divmod(self._posted[number], 16)
        return self._rows.groups(number)[second] if anchor != second else (_ALONE,)

    def _put(self, slot: _Slot, number: int) -> None:
        for key in self._seconds(number):
            waiting = slot.get(key)
            if waiting is None:
                slot[key] = number
            elif isinstance(waiting, int):
                slot[key] = [waiting, number]
            else:
                waiting.append(number)

    def _withdraw(self, number: int) -> None:
        for key in self._rows.groups(number)[self._posted[number] >> 4]:
            slot = self._slots[key]
            if isinstance(slot, int) or slot is None:
                self._slots[key] = None
                continue
            for other in self._seconds(number):
                waiting = slot[other]
                if not isinstance(waiting, int):
                    waiting.remove(number)
                if waiting == number or not waiting:
                    del slot[other]
            if not slot:
                self._slots[key] = None

    def _waiters(self, key: int) -> Iterator[int]:
        slot = self._slots[key]
        if isinstance(slot, int):
            yield slot
        elif slot:
            for waiting in slot.values():
                yield from (waiting,) if isinstance(waiting, int) else waiting

    def _move(self, worn: list[int]) -> None:
        """Find better places for what waits under keys that have become common, for some topics after each article."""
        for key in worn:
            # Nothing is gained where there is nowhere else to wait.
            self._worn += {number for number in self._waiters(key) if not self._flags[number] & _SINGLE}
        for number in self._worn[-MOST_MOVED:]:
            if self._names[number] and (place := self._best(number)) != self._posted[number]:
                self._withdraw(number)
                self._post(number, place)
        del self._worn[-MOST_MOVED:]

    def _commonness(self, group: Numbers) -> tuple[float, int]:
        """How often a group is seen; before anything was seen, entities are commoner than words, words than phrases."""
        names, seen = self._wanted.keys, self._frequency
        return sum(seen[key] + commonness(names[key]) for key in group), -max(len(names[key]) for key in group)


def _flags(topic: Topic) -> int:
    relation = _APART if topic.kind is TopicKind.RELATION else 0
    sure = topic.query is None or suffices(topic.query)
    flags = relation | (_SURE if sure and len(topic.groups) <= 2 else 0)
    flags |= _SINGLE if sure and len(topic.groups) == 1 else 0
    if topic.query is None:
        return flags | _GROUPED
    flags |= _QUERY | (_GROUPED if is_flat(topic.query) else 0) | (0 if fits(topic.query) else _TREE)
    return flags | (_SAYS if says_how_close(topic.query) else 0)


def _all_sides(row: Sequence[int]) -> list[Numbers]:
    return [side for _, sides, _, _ in items(row) for side in sides]


def _required(topic: Topic, present: Present) -> list[Numbers]:
    """The numbers of the keys of each group that the article holds."""
    sides = [[present.number_of(key) for key in group] for group in topic.groups]
    return [tuple(number for number in side if number is not None) for side in sides]


def _judge(
    name: str, required: list[Numbers], scorer: Scorer, sensitivity: Sensitivity, *, apart: bool, most: int
) -> Match | None:
    """The match of a topic in an article that was read already, or None; `most` of its groups are asked to meet."""
    sides = [side for group in required if (side := scorer.side(group))]
    return judged(name, sides, scorer, sensitivity, apart=apart, most=most) if len(sides) == len(required) else None
