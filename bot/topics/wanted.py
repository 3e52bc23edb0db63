"""All that topics want to know of an article: keys with numbers, counted, and looked for in one pass over its words."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bot.stories import language
from bot.topics.document import Document
from bot.topics.forms import ANY_FORM, form
from bot.topics.mention import Mention
from bot.topics.phrases import PhraseIndex
from bot.topics.present import Present, said_of
from bot.topics.query.node import IN_TITLE


class Wanted:
    """Keys as they are explained in `present`; each may be wanted several times. Entities are always known.

    A key keeps its number as long as somebody wants it; then the number may go to another key.
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self.keys: list[str] = []
        """By number; empty where the number is free."""
        self._index = PhraseIndex()
        self._others: dict[str, int] = {}
        """The numbers of keys that are no phrases."""
        self._uses = array("I")
        self._free: list[int] = []
        self._lengths: Counter[int] = Counter()
        """How many beginnings of each length are wanted."""
        self._inflected: dict[str, int] = {}
        """Words that are wanted in any form, with the marks of their keys."""
        self._forms: dict[str, dict[str, list[int]]] = {}
        """What their forms have in common, by language; made when the first article of a language comes."""
        self._titled: dict[int, int] = {}
        """From a key to the same key in the title."""
        self._said = 0
        for key in keys:
            self.want(key)

    def state(self) -> tuple[Any, ...]:
        """All that it holds as plain values, some of them shared with it: to be written down at once."""
        lengths = dict(self._lengths)
        uses = self._uses.tobytes()
        return self.keys, self._index.steps, self._others, uses, self._free, lengths, self._titled, self._said

    @classmethod
    def restored(cls, state: tuple[Any, ...]) -> Wanted:
        self = cls()
        self.keys, steps, self._others, uses, self._free, lengths, self._titled, self._said = state
        self._index = PhraseIndex(steps)
        self._uses = array("I", uses)
        self._lengths = Counter(lengths)
        self._inflected = {
            key: number for key, number in self._others.items() if key[-1] == ANY_FORM and ":" not in key
        }
        return self

    def __len__(self) -> int:
        """Numbers that were given so far, free ones included."""
        return len(self.keys)

    def number(self, key: str) -> int | None:
        """The number of a key that is wanted; None for any other."""
        number = self._others.get(key)
        return self._index.number(key) if number is None else number

    def want(self, key: str) -> int:
        """Look for a key from now on, once more if it is wanted already; its number."""
        number = self.number(key)
        if number is not None:
            self._uses[number] += 1
            return number
        if self._free:
            number = self._free.pop()
        else:
            number = len(self.keys)
            self.keys.append("")
            self._uses.append(0)
        self.keys[number] = key
        self._uses[number] = 1
        if _is_phrase(key):
            self._index.add(key, number)
            return number
        self._others[key] = number
        if key.startswith(IN_TITLE):
            self._titled[self.want(key.removeprefix(IN_TITLE))] = number
        elif ":" in key:
            self._said += 1
        elif key[-1] == "*":
            self._lengths[len(key) - 1] += 1
        elif key[-1] == ANY_FORM:
            self._inflected[key] = number
            self._forms.clear()
        return number

    def drop(self, number: int) -> bool:
        """One wants it less; whether nobody wants it any more, so that its number is free."""
        self._uses[number] -= 1
        if self._uses[number]:
            return False
        key = self.keys[number]
        self.keys[number] = ""
        self._free.append(number)
        if _is_phrase(key):
            self._index.remove(key)
            return True
        del self._others[key]
        if key.startswith(IN_TITLE):
            bare = self.number(key.removeprefix(IN_TITLE))
            assert bare is not None
            del self._titled[bare]
            self.drop(bare)
        elif ":" in key:
            self._said -= 1
        elif key[-1] == "*":
            self._lengths -= Counter([len(key) - 1])
        elif key[-1] == ANY_FORM:
            del self._inflected[key]
            self._forms.clear()
        return True

    def find(self, document: Document, entities: Mapping[str, list[Mention]]) -> Present:
        """What the article holds of it."""
        present = Present(self._index.scan(document.words), entities, self.number)
        places, others = present.places, self._others
        for entity, mentions in entities.items():
            number = others.get(f"@{entity}")
            if number is not None:
                places[number] = [(mention.start, mention.end) for mention in mentions]
                present.named[number] = mentions
        if self._lengths:
            self._find_beginnings(document, present)
        if self._inflected:
            self._find_forms(document, present)
        if self._titled:
            self._find_titled(document.title_end, present)
        if self._said:
            for key in said_of(document.article):
                number = others.get(key)
                if number is not None:
                    places[number] = []
        return present

    def _find_beginnings(self, document: Document, present: Present) -> None:
        lengths, others, places = list(self._lengths), self._others, present.places
        shortest = min(lengths)
        for at, word in enumerate(document.words):
            if len(word) >= shortest:
                for length in lengths:
                    number = others.get(f"{word[:length]}*") if len(word) >= length else None
                    if number is not None:
                        places.setdefault(number, []).append((at, at + 1))

    def _find_forms(self, document: Document, present: Present) -> None:
        """Only where somebody asks for forms: a word has to be taken apart for that, if it was not lately."""
        lang = language(document.article.lang, document.parts[-1].text)
        wanted = self._forms.get(lang)
        if wanted is None:
            wanted = self._forms[lang] = {}
            for key, number in self._inflected.items():
                wanted.setdefault(form(key.removesuffix(ANY_FORM), lang), []).append(number)
        places = present.places
        for at, word in enumerate(document.written):
            for number in wanted.get(form(word, lang), ()):
                places.setdefault(number, []).append((at, at + 1))

    def _find_titled(self, title_end: int, present: Present) -> None:
        places, named, titled = present.places, present.named, self._titled
        for bare in [bare for bare, spans in places.items() if spans[0][0] < title_end]:
            number = titled.get(bare)
            if number is not None:
                places[number] = [span for span in places[bare] if span[0] < title_end]
                if bare in named:
                    named[number] = [mention for mention in named[bare] if mention.start < title_end]


def _is_phrase(key: str) -> bool:
    return key[0] != "@" and key[-1] not in ("*", ANY_FORM) and ":" not in key
