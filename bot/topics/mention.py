"""Which entities an article names, and where: aliases told from words and names that only look like them.

The catalogue is read against every article as a whole, whoever subscribes to what: only so can the longest name win
("Islamic State of Iraq" is not Iraq) also where nobody follows the longer one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.topics.document import Document
from bot.topics.entity import CALLED, Alias, AliasKind, Entity
from bot.topics.phrases import BREAK, PhraseIndex
from bot.topics.stopwords import STOPWORDS

# How much one mention says about its entity. On labelled news, capitals and leaders raise recall and lower precision:
# London is where things are said as often as what they are about.
WEIGHTS = {
    AliasKind.NAME: 1.0,
    AliasKind.DEMONYM: 1.0,
    AliasKind.ABBREVIATION: 1.0,
    AliasKind.METONYM: 0.8,
    AliasKind.LEADER: 0.8,
    AliasKind.CAPITAL: 0.65,
    AliasKind.CITY: 0.5,
}


class Mention(NamedTuple):
    """Words from `start` up to `end` that stand for something wanted. `weight` is in (0, 1].

    `kind` is the kind of the entity, and empty for a phrase.
    """

    start: int
    end: int
    weight: float = 1.0
    kind: str = ""


_Found = tuple[int, int, Alias, bool]
"""Start, end, alias, and whether it stands by itself."""


@dataclass(slots=True)
class _Phrase:
    """What one phrase of the catalogue may be: an alias of some, a cover of others, a sign for or against a third."""

    aliases: list[tuple[Entity, Alias]] = field(default_factory=list)
    covers: bool = False
    vouches: list[str] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)


class Recogniser:
    """Finds the mentions of all entities. `covers` are phrases that are no names and hide those inside them."""

    def __init__(
        self,
        entities: Iterable[Entity],
        by_phrase: Mapping[str, list[tuple[Entity, Alias]]],
        covers: Iterable[str],
    ) -> None:
        self._index = PhraseIndex()
        self._phrases: list[_Phrase] = []
        for phrase, sharers in by_phrase.items():
            self._phrase(phrase).aliases = sharers
        for phrase in covers:
            self._phrase(phrase).covers = True
        self._kinds: dict[str, str] = {}
        for entity in entities:
            self._kinds[entity.id] = entity.kind
            for phrase in entity.context:
                self._phrase(phrase).vouches.append(entity.id)
            for phrase in entity.guards:
                self._phrase(phrase).cancels.append(entity.id)

    def _phrase(self, phrase: str) -> _Phrase:
        number = self._index.number(phrase)
        if number is None:
            number = len(self._phrases)
            self._phrases.append(_Phrase())
            self._index.add(phrase, number)
        return self._phrases[number]

    def mentions(self, document: Document) -> dict[str, list[Mention]]:
        """The mentions by entity id, each list in the order of the article."""
        found: defaultdict[str, list[_Found]] = defaultdict(list)
        vouched: set[str] = set()
        cancelled: set[str] = set()
        reach = 0
        places = self._index.scan(document.words)
        hits = [(start, -end, number) for number, found_at in places.items() for start, end in found_at]
        hits.sort()
        for start, past, number in hits:
            phrase, end = self._phrases[number], -past
            vouched.update(phrase.vouches)
            cancelled.update(phrase.cancels)
            if end <= reach:
                continue  # inside a longer name
            taken = phrase.covers
            for entity, alias in phrase.aliases:
                sure = _sure(document, start, end, alias)
                if sure is not None:
                    taken = True
                    found[entity.id].append((start, end, alias, sure))
            if taken:
                reach = end
        return {
            entity: [Mention(start, end, WEIGHTS[alias.kind], self._kinds[entity]) for start, end, alias, _ in kept]
            for entity, all_found in found.items()
            if (kept := _kept(all_found, vouched=entity in vouched, cancelled=entity in cancelled))
        }


def _kept(found: list[_Found], *, vouched: bool, cancelled: bool) -> list[_Found]:
    """The aliases that stand when weak ones have looked for company and guards have had their say."""
    sure = [alias for _, _, alias, stands in found if stands]
    if cancelled and len({alias.phrase for alias in sure}) < 2 and all(alias.kind in CALLED for alias in sure):
        return []
    if not vouched and not sure:
        return []
    return found


def _sure(document: Document, start: int, end: int, alias: Alias) -> bool | None:
    """True for an alias that stands by itself, False for one that needs company, None for a word that is no alias."""
    if alias.valid and document.day and not alias.valid.holds(document.day):
        return None
    if alias.exact:
        surface = document.surface(start, end)
        if surface != alias.text and (alias.text.isupper() or not surface.isupper()):
            return None
        if alias.text.isupper() and alias.phrase in STOPWORDS and _shouted(document, start, end):
            # In a headline of capitals, US may be the pronoun and needs company; IS is the verb.
            return None if alias.weak else False
        return not alias.weak
    return None if _inside_a_word(document, start, end, alias) else not alias.weak


def _inside_a_word(document: Document, start: int, end: int, alias: Alias) -> bool:
    """Whether a name in katakana or Hangul is only the tail or the middle of another word.

    Those words come one character at a time: katakana ends where another script begins, Hangul where a gap is, and a
    Korean name has its particles after it but nothing before.
    """
    first, last = alias.phrase[0], alias.phrase[-1]
    if first < "\u3000":
        return False
    before, after = _neighbour(document, start - 1), _neighbour(document, end)
    if (_katakana(first) and _katakana(before)) or (_katakana(last) and _katakana(after)):
        return True
    return _hangul(first) and _hangul(before) and _touch(document, start)


def _neighbour(document: Document, word: int) -> str:
    return document.words[word] if 0 <= word < len(document.words) else ""


def _katakana(word: str) -> bool:
    return "\u30a1" <= word <= "\u30ff"


def _hangul(word: str) -> bool:
    return "\uac00" <= word <= "\ud7a3"


def _touch(document: Document, word: int) -> bool:
    """Whether no gap lies between a word and the one before it (both in one text)."""
    return document.span(word - 1, word)[2] == document.span(word, word + 1)[1]


def _shouted(document: Document, start: int, end: int) -> bool:
    """Whether the words around are all in capitals too (at least two of them, numbers aside)."""
    base = start
    while base > 0 and start - base < 4 and document.words[base - 1] != BREAK:
        base -= 1
    last = end
    while last - end < 4 and document.words[last] != BREAK:
        last += 1
    around = [document.surface(word, word + 1) for word in (*range(base, start), *range(end, last))]
    letters = [word for word in around if any(letter.isalpha() for letter in word)]
    return len(letters) >= 2 and all(word.isupper() for word in letters)
