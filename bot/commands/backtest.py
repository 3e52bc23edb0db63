"""What a topic would have brought from the archive: how much, by which of its names, and what could be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.commands.search import Found
from bot.commands.wording import counted
from bot.core.message import Button, Kind, Paragraph, Span, paragraph
from bot.core.model import Sensitivity
from bot.topics import STOPWORDS, THRESHOLDS, Topic, TopicKind, fold

FEWEST = 3
"""Articles below which nothing is said about habits."""
SHORTEST = 4
"""Letters of a word that is suggested for exclusion."""
SUGGESTED = 2


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A word, how many articles go with it, and in how many stories; none of them was strong."""

    word: str
    articles: int
    stories: int


def stories_in(found: Sequence[Found]) -> int:
    return len({each.article.story_id or each.article.id for each in found})


def noisiest(found: Sequence[Found]) -> tuple[str, int] | None:
    """The name that alone is to blame for most articles, with how many; None where no name stands out."""
    alone: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    names: set[str] = set()
    for each in found:
        marked = {
            evidence.sentence[start:end]: None for evidence in each.match.evidence for start, end in evidence.spans
        }
        folded = {fold(text): text for text in marked}
        names |= folded.keys()
        if len(folded) == 1:
            ((key, text),) = folded.items()
            alone[key] += 1
            spelled.setdefault(key, text)
    if len(found) < FEWEST or len(names) < 2 or not alone:
        return None
    key, count = alone.most_common(1)[0]
    return (spelled[key], count) if count >= FEWEST and count * 3 >= len(found) else None


def exclusions(topic: Topic, found: Sequence[Found]) -> list[Exclusion]:
    """Words of headlines that come with weak matches only, those that clear away most first."""
    strong = THRESHOLDS[Sensitivity.STRONG]
    weak: dict[str, list[Found]] = {}
    firm: set[str] = set()
    own = {word for key in topic.keys for word in key.split()}
    own |= {
        fold(text)
        for each in found
        for e in each.match.evidence
        for a, b in e.spans
        for text in e.sentence[a:b].split()
    }
    for each in found:
        words = {word for word in fold(each.article.title).split() if len(word) >= SHORTEST and word.isalpha()}
        if each.match.score >= strong:
            firm |= words
        else:
            for word in words - STOPWORDS - own:
                weak.setdefault(word, []).append(each)
    ranked = sorted(
        (Exclusion(word, len(hits), stories_in(hits)) for word, hits in weak.items() if word not in firm),
        key=lambda each: (-each.articles, each.word),
    )
    # A word that is in half of all is the subject, not the noise.
    return [each for each in ranked if 2 <= each.articles <= len(found) / 2][:SUGGESTED]


def excluding(topic: Topic, word: str) -> str:
    """The topic without the articles that have the word; empty where it cannot be said in one line."""
    if topic.kind is TopicKind.RELATION:
        return ""
    return f"({topic.stands_for or topic.name}) -{word}"


def habits(topic: Topic, found: Sequence[Found], verb: str) -> tuple[list[Paragraph], list[Button]]:
    """What to know before following it, and the queries that would bring less."""
    lines: list[Paragraph] = []
    buttons: list[Button] = []
    if noise := noisiest(found):
        name, count = noise
        lines.append(
            paragraph(
                "Most of it is due to ", Span(name, bold=True), f": {count} of {len(found)} articles say nothing else.",
                kind=Kind.NOTE,
            )
        )  # fmt: skip
    for each in exclusions(topic, found):
        line = excluding(topic, each.word)
        if line:
            lines.append(
                paragraph(
                    "Without ", Span(each.word, bold=True),
                    f": {counted(each.articles, 'article')} in {counted(each.stories, 'story', 'stories')} fewer, "
                    "none of them strong.",
                    kind=Kind.NOTE,
                )
            )  # fmt: skip
            buttons.append(Button(f"Without {each.word}", f"{verb} {line}"))
    return lines, buttons
