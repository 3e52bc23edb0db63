"""All that topics want to know of an article, counted by key, and looked for in one pass over its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from bot.topics.document import Document
from bot.topics.mention import Mention
from bot.topics.phrases import PhraseIndex
from bot.topics.present import Present, said_of


class Wanted:
    """Keys as they are explained in `present`; each may be wanted several times. Entities are always known."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._index = PhraseIndex()
        self._uses: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        """How many stems of each length are wanted."""
        self._titled: Counter[str] = Counter()
        self._said = 0
        self.add(keys)

    def add(self, keys: Iterable[str]) -> None:
        for key in keys:
            bare = key.removeprefix("title:")
            if bare != key:
                self._titled[bare] += 1
            self._count(bare, 1)

    def remove(self, keys: Iterable[str]) -> None:
        """Keys that were added."""
        for key in keys:
            bare = key.removeprefix("title:")
            if bare != key:
                self._titled[bare] -= 1
                if not self._titled[bare]:
                    del self._titled[bare]
            self._count(bare, -1)

    def _count(self, key: str, step: int) -> None:
        if ":" in key:
            self._said += step
            return
        if key[0] == "@":
            return
        uses = self._uses[key] = self._uses[key] + step
        if not uses:
            del self._uses[key]
        if key[-1] == "*":
            self._lengths[len(key) - 1] += step
        elif uses == 0:
            self._index.remove(key)
        elif uses == step:
            self._index.add(key)

    def find(self, document: Document, entities: Mapping[str, list[Mention]]) -> Present:
        """What the article holds of it."""
        present = Present(entities)
        keys = present.keys
        for phrase, start, end in self._index.scan(document.words):
            if phrase in keys:
                keys[phrase].append((start, end))
            else:
                keys[phrase] = [(start, end)]
        self._find_stems(document, present)
        if self._titled:
            for key in present.keys.keys() & self._titled.keys():
                if present.starts_before(key, document.title_end):
                    present.keys[f"title:{key}"] = []
        if self._said:
            present.keys |= {key: [] for key in said_of(document.article)}
        return present

    def _find_stems(self, document: Document, present: Present) -> None:
        lengths = [length for length, count in self._lengths.items() if count]
        if not lengths:
            return
        shortest = min(lengths)
        for at, word in enumerate(document.words):
            if len(word) >= shortest:
                for length in lengths:
                    stem = f"{word[:length]}*"
                    if len(word) >= length and stem in self._uses:
                        present.add(stem, at, at + 1)
