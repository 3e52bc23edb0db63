"""Many phrases looked for in one pass over the words of a text: a dictionary of phrases and of their beginnings.

A walk from each word goes on while what it has read so far begins a phrase. At a million phrases this is faster than
character automata, which miss the cache at every step, and it grows and shrinks in place, which they do not.
"""

from __future__ import annotations

from collections.abc import Sequence

BREAK = ""
"""A word that no phrase contains: put between texts that no phrase may span."""

_BEGINS = ""
"""In place of a phrase: words with which phrases begin, that are none themselves."""


class PhraseIndex:
    """Phrases are folded words joined by spaces; found in sequences of folded words."""

    def __init__(self) -> None:
        # Each phrase leads to itself, so that a million of them are kept once and found without a second look.
        self._steps: dict[str, str] = {}

    def add(self, phrase: str) -> None:
        """Raises ValueError for a phrase without words."""
        if not phrase:
            raise ValueError("a phrase has at least one word")
        if self._steps.get(phrase):
            return
        at = phrase.find(" ")
        while at != -1:
            self._steps.setdefault(phrase[:at], _BEGINS)
            at = phrase.find(" ", at + 1)
        self._steps[phrase] = phrase

    def remove(self, phrase: str) -> None:
        """Find it no more. Its words stay as beginnings, since others may begin so, until the next start."""
        if phrase in self._steps:
            self._steps[phrase] = _BEGINS

    def scan(self, words: Sequence[str]) -> list[tuple[str, int, int]]:
        """Every occurrence of every phrase as (phrase, start, end) in words, in the order of their starts."""
        get = self._steps.get
        found: list[tuple[str, int, int]] = []
        count = len(words)
        for start, first in enumerate(map(get, words)):
            if first is None:
                continue
            step, end = first, start + 1
            key = words[start]
            while True:
                if step:
                    found.append((step, start, end))
                if end == count:
                    break
                key = f"{key} {words[end]}"
                following = get(key)
                if following is None:
                    break
                step, end = following, end + 1
        return found
