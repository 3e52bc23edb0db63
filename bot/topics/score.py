"""How much an article is about what it mentions: by place, frequency, closeness of the sides and kind of the names.

A score is in (0, 1]. People label a story by its headline and its lead and forget whom paragraph nine names in passing;
the pieces below say the same in numbers, joined as independent hints (1 - the product of what each leaves open).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import exp, prod, sqrt
from typing import NamedTuple

from bot.core.model import Evidence, Sensitivity
from bot.stories import is_rubric
from bot.topics.document import Document, Sentence
from bot.topics.mention import Mention
from bot.topics.present import Present

THRESHOLDS = {Sensitivity.EVERYTHING: 0.0, Sensitivity.NORMAL: 0.45, Sensitivity.STRONG: 0.75}
"""The least score that rings. At NORMAL the article is plausibly about the topic; at STRONG it says so in its title, or
hardly speaks of anything else."""

MOST_EVIDENCE = 3
LONGEST_QUOTE = 700
"""Characters. A text without full stops is quoted in part, around what matched."""

_TITLE = 0.8
_LEAD = (0.5, 0.35, 0.25)
"""What a name in the first, second and third sentence of the body is worth."""
LEAD_SENTENCES = len(_LEAD)
OFTEN = 0.16
"""How fast frequency convinces: four names in 400 words are as good as a lead."""
_TYPICAL = 400
"""Words. One mention in a shorter text weighs more, by the root of the ratio."""
_SHORTEST = 60

# The worth of a meeting of all sides, by where it is. What is not brought together stays under the normal threshold.
_MEET_IN_TITLE = 0.9
_MEET_IN_LEAD = (0.7, 0.62, 0.62)
_MEET = 0.55
_TITLE_AND_LEAD = 0.58
_NEIGHBOURS = 0.3
_SAME_ARTICLE = 0.1
WITHOUT_MEETING = _NEIGHBOURS + 0.1
"""The most that sides get together which meet in no sentence, nor in title and lead."""

# "MOSCOW, Sept 27 (Reuters) - ", "BAGHDAD/ANKARA (AP) -- ", "Berlin (dpa) - ", "(Reuters) - ": where it was filed.
_DATELINE = re.compile(
    r"\s*(?:"
    r"(?:[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’ -]+(?:[,/] ?[\w.'’ -]{2,25}){0,3}?)\s*(?:\([A-Z][\w./ ]{1,20}\)\s*)?"
    r"(?:[-–—]{1,2}|:)\s"
    r"|[A-ZÀ-ÖØ-Þ][^\n.()–—-]{0,60}\([A-Za-z][\w./ ]{1,20}\)\s*(?:[-–—]{1,2}\s)?"
    r"|[A-ZÀ-ÖØ-Þ][\w'’ ]{2,24}\s[–—]\s"
    r")"
)
_DATELINE_WEIGHT = 0.3
_DATELINE_NAME_WEIGHT = 0.6
"""A dateline that spells the country ("MOSUL, Iraq (AP)") stands over news of it more often than one with a city."""
_CREDITS = re.compile(
    r"\(?(?:additional |further )?(?:reporting|writing|editing|written|edited) (?:by|in)\b", re.IGNORECASE
)
_SAID_IN = frozenset(
    ("reuters", "afp", "ap", "reporters", "journalists", "told", "interview", "correspondent", "newsroom", "bureau")
)
_PASSING_WEIGHT = 0.15
"""For where something was said ("told Reuters in London") and for the line of credits."""


class Placed(NamedTuple):
    """A mention with the number of its sentence and its weight there."""

    mention: Mention
    number: int
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One thing that a topic requires, as an article speaks of it: by sentence, and how much it is about it.

    The same mentions are the same object, so that what was worked out of it is found by it.
    """

    mentions: Sequence[Mention]
    by_sentence: dict[int, list[Placed]]
    score: float


class Scorer:
    """Scores and quotes one document. Who else crowds a sentence counts too, so it sees all that is present.

    Hundreds of topics share a few dozen sides: what was worked out of some sides is remembered for the next topic.
    """

    def __init__(self, document: Document, present: Present) -> None:
        self.document = document
        self.present = present
        self._dateline = _dateline_end(document)
        self._scale = scale_of(document)
        self._crowd: dict[tuple[int, str], set[str]] = {}
        for entity, found in present.entities.items():
            for mention in found:
                place = document.sentence_at(mention.start), mention.kind
                self._crowd.setdefault(place, set()).add(entity)
        self._sides: dict[tuple[int, ...], Side | None] = {}
        self._sides_of: dict[tuple[Mention, ...], Side] = {}
        self._together: dict[tuple[tuple[Side, ...], bool], float] = {}
        self._quotes: dict[tuple[Side, ...], tuple[Evidence, ...]] = {}

    @cached_property
    def is_rubric(self) -> bool:
        """Whether it is a standing rubric, such as the weather: what that names has nothing in common but the day."""
        return is_rubric(self.document.article.title)

    def side(self, group: tuple[int, ...]) -> Side | None:
        """What the article says of any key of a group (by their numbers), or None; worked out once, however many topics
        require it."""
        if group not in self._sides:
            mentions = self.present.mentions(group)
            self._sides[group] = self.side_of(mentions) if mentions else None
        return self._sides[group]

    def side_of(self, mentions: Sequence[Mention]) -> Side:
        """The same for mentions that were chosen, of which many topics choose the same."""
        key = tuple(mentions)
        side = self._sides_of.get(key)
        if side is None:
            side = self._sides_of[key] = self._placed(mentions)
        return side

    def _placed(self, mentions: Sequence[Mention]) -> Side:
        by_sentence: dict[int, list[Placed]] = {}
        for mention in mentions:
            index = self.document.sentence_at(mention.start)
            number = self.document.sentences[index].number
            placed = Placed(mention, number, self._weight(mention, index))
            by_sentence.setdefault(index, []).append(placed)
        return Side(mentions, by_sentence, self._about(by_sentence))

    def opening(self) -> tuple[Evidence, ...]:
        """The first sentence of the body, with nothing marked, for what is not found in words."""
        body = [sentence for sentence in self.document.sentences if sentence.number == 0]
        return tuple(Evidence(sentence.text[:LONGEST_QUOTE], ()) for sentence in body[:1])

    def _about(self, by_sentence: dict[int, list[Placed]]) -> float:
        """How much the article is about one thing, given all its mentions."""
        return max(0.01, 1 - prod(1 - worth for worth in self.hints(by_sentence)))

    def hints(self, by_sentence: dict[int, list[Placed]]) -> tuple[float, float, float]:
        """What the title, the lead and the frequency of one thing say, each in [0, 1) and independent of the others."""
        title = 0.0
        lead = [0.0] * len(_LEAD)
        often = 0.0
        for index, found in by_sentence.items():
            number = found[0].number
            best = max(placed.weight for placed in found)
            if number < 0:
                title = best
                continue
            often += sum(placed.weight for placed in found)
            if number < len(_LEAD):
                lead[number] = best * min(1.0, 3.0 / self._company(index, found[0].mention))
        left = prod(1 - worth * weight for worth, weight in zip(_LEAD, lead, strict=True))
        return _TITLE * title, 1 - left, 1 - exp(-OFTEN * often * self._scale)

    def together(self, sides: Sequence[Side], *, apart: bool) -> float:
        """How much the article brings all the sides together; 0 where `apart` sides share their only mention.

        One sentence is worth more than title and lead, that more than neighbouring sentences, that more than the same
        article. Only sides that are brought together pass the normal threshold; with `apart` false (plain words), an
        article that is much about each of them is about all.
        """
        key = tuple(sides), apart
        score = self._together.get(key)
        if score is None:
            score = self._together[key] = self._brought_together(sides, apart=apart)
        return score

    def _brought_together(self, sides: Sequence[Side], *, apart: bool) -> float:
        if apart and not _disjoint([side.mentions for side in sides]):
            return 0.0
        if apart and self.is_rubric:
            return 0.02  # the weather here and the weather there
        score = max(0.02, self.near(sides)[0])
        if meetings := self.meetings(sides, apart=apart):
            score = max(score, self.all_met(sides, meetings))
        if not apart:
            score = max(score, self.each_alone(sides))
        return min(1.0, score)

    def meetings(self, sides: Sequence[Side], *, apart: bool) -> list[tuple[float, int]]:
        """The sentences in which all sides stand, with the worth of each, the best first."""
        first, *others = sorted((side.by_sentence for side in sides), key=len)
        shared = [index for index in first if all(index in other for other in others)]
        return sorted(
            ((self._meeting(index, [side.by_sentence[index] for side in sides], apart), index) for index in shared),
            key=lambda meeting: (-meeting[0], meeting[1]),
        )

    def all_met(self, sides: Sequence[Side], meetings: Sequence[tuple[float, int]]) -> float:
        """The worth of all meetings: the best in full, further ones half, for they are rarely independent of it."""
        (best, _), *more = meetings[:6]
        left = (1 - best) * prod(1 - worth / 2 for worth, _ in more)
        return (1 - left) * self.prominence(sides)

    @staticmethod
    def prominence(sides: Sequence[Side]) -> float:
        """A meeting counts for a little less in an article that is about neither."""
        return 0.8 + 0.2 * min(1.0, sum(side.score for side in sides) / len(sides) / 0.5)

    @staticmethod
    def each_alone(sides: Sequence[Side]) -> float:
        return 0.9 * min(side.score for side in sides)

    def quotes(self, sides: Sequence[Side]) -> tuple[Evidence, ...]:
        """The sentences that show it, best first: those with all the sides, else the best one of each side."""
        key = tuple(sides)
        quotes = self._quotes.get(key)
        if quotes is None:
            quotes = self._quotes[key] = self._quoted(sides)
        return quotes

    def _quoted(self, sides: Sequence[Side]) -> tuple[Evidence, ...]:
        ranked = sorted({index for side in sides for index in side.by_sentence}, key=lambda i: self._rank(i, sides))
        chosen = [index for index in ranked if all(index in side.by_sentence for side in sides)]
        if not chosen:
            best = [next(index for index in ranked if index in side.by_sentence) for side in sides]
            chosen = list(dict.fromkeys(best))
        return tuple(
            self._quote(
                self.document.sentences[index],
                [mention for side in sides for mention in _worth_marking(side.by_sentence.get(index, ()))],
            )
            for index in chosen[:MOST_EVIDENCE]
        )

    def _company(self, index: int, mention: Mention) -> int:
        """How many entities of the mention's kind its sentence names; 1 for a phrase."""
        crowd = self._crowd.get((index, mention.kind))
        return len(crowd) if crowd else 1

    def _weight(self, mention: Mention, index: int) -> float:
        """The weight of a mention where it stands: little in a dateline, in credits and after "told Reuters in"."""
        document = self.document
        if mention.start < self._dateline and mention.start > document.title_end:
            return mention.weight * (_DATELINE_WEIGHT if mention.weight < 1 else _DATELINE_NAME_WEIGHT)
        sentence = document.sentences[index]
        if sentence.number > 0 and _CREDITS.match(sentence.text):
            return mention.weight * _PASSING_WEIGHT
        if mention.weight < 1 and mention.start and document.words[mention.start - 1] == "in":
            before = document.words[max(sentence.first, mention.start - 6) : mention.start - 1]
            if not _SAID_IN.isdisjoint(before):
                return mention.weight * _PASSING_WEIGHT
        return mention.weight

    def _meeting(self, index: int, sides: list[list[Placed]], apart: bool) -> float:
        """The worth of one sentence in which all sides stand."""
        few = 4 if len(sides) == 2 else 2
        best = 0.0
        for chosen in product(*(side[:few] for side in sides)):
            mentions = [placed.mention for placed in chosen]
            if apart and not _pairwise_disjoint(mentions):
                continue
            gap = max(m.start for m in mentions) - min(m.end for m in mentions)
            close = 1.0 if gap <= 15 else 0.9 if gap <= 30 else 0.75
            best = max(best, close * sqrt(min(placed.weight for placed in chosen)))
        number = sides[0][0].number
        place = _MEET_IN_TITLE if number < 0 else _MEET_IN_LEAD[number] if number < len(_LEAD) else _MEET
        # A list of countries brings nobody together.
        others = max(self._company(index, side[0].mention) for side in sides) - len(sides)
        return place * best * (1.0 if others <= 1 else 1 / (1 + 0.2 * (others - 1)))

    def near(self, sides: Sequence[Side]) -> tuple[float, str]:
        """The worth of sides that meet in no sentence, by how near they come, and how near that is in words."""
        tops = [
            max(
                (p.weight for found in side.by_sentence.values() if found[0].number < len(_LEAD) for p in found),
                default=0.0,
            )
            for side in sides
        ]
        if min(tops) and any(0 in side.by_sentence for side in sides) and self.document.sentences[0].number < 0:
            return _TITLE_AND_LEAD * sqrt(min(tops)), "title and lead"
        first, *others = (side.by_sentence for side in sides)
        near = any(all(any(index + step in other for step in (-1, 0, 1)) for other in others) for index in first)
        much = 0.1 * min(side.score for side in sides)
        return (_NEIGHBOURS + much, "neighbouring sentences") if near else (_SAME_ARTICLE + much, "the same article")

    def _rank(self, index: int, sides: Sequence[Side]) -> tuple[float, ...]:
        """Sorts sentences for quoting: the title last among equals, for an alert shows it anyway."""
        number = self.document.sentences[index].number
        weights = [max(placed.weight for placed in found) for side in sides if (found := side.by_sentence.get(index))]
        place = 0.0 if number < 0 else 0.6 / (1 + number)
        return (-len(weights), -(sum(weights) / len(sides) + place), number)

    def _quote(self, sentence: Sentence, mentions: list[Mention]) -> Evidence:
        text = sentence.text
        spans: list[tuple[int, int]] = []
        for mention in sorted(mentions, key=lambda m: (m.start, m.end)):
            _, start, end = self.document.span(mention.start, mention.end)
            start, end = start - sentence.offset, min(end - sentence.offset, len(text))
            if spans and start < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        if len(text) <= LONGEST_QUOTE:
            return Evidence(text, tuple(spans))
        first = max(0, spans[0][0] - LONGEST_QUOTE // 4)
        if first:
            # Not in the middle of a word, where there is a blank to cut at.
            first = max(text.rfind(" ", max(0, first - 40), first) + 1, first - 40)
        cut = text[first : first + LONGEST_QUOTE]
        inside = ((start - first, min(end - first, len(cut))) for start, end in spans)
        return Evidence(cut, tuple((start, end) for start, end in inside if start < end))


def _worth_marking(found: Sequence[Placed]) -> list[Mention]:
    """The mentions of one side in a sentence, without a dateline or a "told Reuters in" where it has better ones."""
    best = max((placed.weight for placed in found), default=0.0)
    return [placed.mention for placed in found if placed.weight >= best / 2]


def scale_of(document: Document) -> float:
    """How much more one mention weighs in a short text."""
    return sqrt(_TYPICAL / max(_SHORTEST, document.length))


def _dateline_end(document: Document) -> int:
    """The first word after the dateline with which the body begins; 0 where it begins with none."""
    if len(document.parts) < 2 or not (found := _DATELINE.match(document.parts[1].text[:120])):
        return 0
    inside = sum(1 for _, end in document.parts[1].spans[:30] if end <= found.end())
    return document.title_end + 1 + inside


def _overlap(left: Mention, right: Mention) -> bool:
    return left.start < right.end and right.start < left.end


def _pairwise_disjoint(chosen: Sequence[Mention]) -> bool:
    return not any(_overlap(left, right) for at, left in enumerate(chosen) for right in chosen[at + 1 :])


def _disjoint(sides: Sequence[Sequence[Mention]]) -> bool:
    """Whether one mention of each side can be chosen so that no two are the same words.

    Trying a few of each is enough: a mention is never inside a longer one, so that it touches two of another side at
    most, and the n - 1 other sides cannot block 2n - 1 mentions of one.
    """
    enough = 2 * len(sides) - 1
    return any(_pairwise_disjoint(chosen) for chosen in product(*(side[:enough] for side in sides)))
