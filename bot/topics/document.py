"""An article as the matcher reads it: its texts in order, their words in one row, and where its sentences are."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from bot.core.model import Article
from bot.core.sentences import sentences
from bot.topics.normalise import Tokens
from bot.topics.phrases import BREAK

# An article is cut here: beyond it stand comments, boilerplate or an attack, and a score is settled long before.
LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one of the article's texts. `first` is its first word, `number` counts the sentences of the body
    from 0 and is -1 for the title."""

    text: str
    offset: int
    first: int
    number: int
    part: int


class Document:
    """`words` holds the folded words of title, summary and text, with a `BREAK` after each of them.

    A summary that the text repeats is read once, as part of the text.
    """

    def __init__(self, article: Article) -> None:
        self.article = article
        texts = [article.title]
        if article.summary and article.summary.rstrip(" .…") not in article.text:
            texts.append(article.summary)
        if article.text:
            texts.append(article.text)
        self.parts = [Tokens(text[:LONGEST]) for text in texts]
        self.words: list[str] = []
        self._bases: list[int] = []
        for part in self.parts:
            self._bases.append(len(self.words))
            self.words.extend(part.words)
            self.words.append(BREAK)

    @cached_property
    def day(self) -> date | None:
        """When it was written, as far as anybody knows."""
        moment = self.article.published or self.article.fetched_at
        return moment.date() if moment else None

    @cached_property
    def written(self) -> list[str]:
        """The words as they are written, where that matters for their forms: with accents, in whichever case."""
        found: list[str] = []
        for part in self.parts:
            found += part.written
            found.append(BREAK)
        return found

    @property
    def title_end(self) -> int:
        """The number of words in the title: a word before it stands in the title."""
        return len(self.parts[0])

    @property
    def length(self) -> int:
        """Words of the body."""
        return len(self.words) - self.title_end - len(self.parts)

    def part_of(self, word: int) -> int:
        return bisect_right(self._bases, word) - 1

    def base_of(self, part: int) -> int:
        """The number of the part's first word."""
        return self._bases[part]

    def same_line(self, first: int, second: int) -> bool:
        """Whether no line ends between two words of one part."""
        part = self.part_of(first)
        base, tokens = self._bases[part], self.parts[part]
        return "\n" not in tokens.text[tokens.spans[first - base][1] : tokens.spans[second - base][0]]

    def span(self, start: int, end: int) -> tuple[int, int, int]:
        """The part and the character offsets in it of the words from `start` up to `end`."""
        part = self.part_of(start)
        base = self._bases[part]
        spans = self.parts[part].spans
        first, last = spans[start - base][0], spans[end - 1 - base][1]
        # The full stop after an abbreviation written with stops belongs to it: U.S. and not U.S
        if end - start > 1 and self.parts[part].text[last : last + 1] == "." == self.parts[part].text[last - 2]:
            last += 1
        return part, first, last

    def surface(self, start: int, end: int) -> str:
        """The words from `start` up to `end` as they are written in the article."""
        part, first, last = self.span(start, end)
        return self.parts[part].text[first:last]

    @cached_property
    def sentences(self) -> list[Sentence]:
        """All sentences that hold a word, the title first, in the order of their words."""
        found: list[Sentence] = []
        number = -1
        for index, part in enumerate(self.parts):
            bounds = [(0, len(part.text))] if index == 0 else sentences(part.text)
            word = 0
            for (start, end), past in zip(bounds, part.counted([end for _, end in bounds]), strict=True):
                if past == word:
                    continue
                found.append(Sentence(part.text[start:end], start, self._bases[index] + word, number, index))
                number += index > 0
                word = past
            if index == 0:
                number = 0
        return found

    @cached_property
    def _firsts(self) -> list[int]:
        return [sentence.first for sentence in self.sentences]

    def sentence_at(self, word: int) -> int:
        """The index in `sentences` of the sentence that holds the word."""
        return max(0, bisect_right(self._firsts, word) - 1)
