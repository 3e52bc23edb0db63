"""Many phrases looked for in one pass over the words of a text: a dictionary of phrases and of their beginnings.

A walk from each word goes on while what it has read so far begins a phrase. At a million phrases this is faster than
character automata, which miss the cache at every step, and it grows and shrinks in place, which they do not.
"""

from __future__ import annotations

from collections.abc import Sequence

BREAK = ""
"""A word that no phrase contains: put between texts that no phrase may span."""

_BEGINS = -1


class PhraseIndex:
    """Numbers phrases (folded words joined by spaces) from 0 and finds them in sequences of folded words."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = {}
        self._next = 0

    def add(self, phrase: str) -> int:
        """The number of the phrase, the same each time. Raises ValueError for a phrase without words."""
        if not phrase:
            raise ValueError("a phrase has at least one word")
        known = self._steps.get(phrase, _BEGINS)
        if known != _BEGINS:
            return known
        at = phrase.find(" ")
        while at != -1:
            self._steps.setdefault(phrase[:at], _BEGINS)
            at = phrase.find(" ", at + 1)
        self._steps[phrase] = number = self._next
        self._next += 1
        return number

    def number(self, phrase: str) -> int | None:
        known = self._steps.get(phrase, _BEGINS)
        return None if known == _BEGINS else known

    def scan(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Every occurrence of every phrase as (number, start, end) in words, in the order of their starts."""
        get = self._steps.get
        found: list[tuple[int, int, int]] = []
        count = len(words)
        for start, word in enumerate(words):
            step = get(word)
            if step is None:
                continue
            end = start + 1
            key = word
            while True:
                if step != _BEGINS:
                    found.append((step, start, end))
                if end == count:
                    break
                key = f"{key} {words[end]}"
                step = get(key)
                if step is None:
                    break
                end += 1
        return found
