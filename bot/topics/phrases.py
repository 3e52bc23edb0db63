"""Many phrases looked for in one pass over the words of a text: a dictionary of phrases and of their beginnings.

A walk from each word goes on while what it has read so far begins a phrase. At a million phrases this is faster than
character automata, which miss the cache at every step, and it grows and shrinks in place, which they do not.
"""

from __future__ import annotations

from collections.abc import Sequence

BREAK = ""
"""A word that no phrase contains: put between texts that no phrase may span."""

_BEGINS = -(1 << 60)
"""In place of a number: words with which phrases begin, that are none themselves."""

Places = dict[int, list[tuple[int, int]]]
"""By the number of what was found, the [start, end) words where it stands, in the order of the text."""


class PhraseIndex:
    """Phrases are folded words joined by spaces, each with a number, 0 or more; found in sequences of folded words."""

    def __init__(self, steps: dict[str, int] | None = None) -> None:
        # A phrase leads to its number, and to the inverse of it (~number) where longer phrases begin with it: a walk
        # ends at once where nothing can follow, which is at most words.
        self._steps: dict[str, int] = {} if steps is None else steps

    @property
    def steps(self) -> dict[str, int]:
        """All that it holds, as the constructor takes it."""
        return self._steps

    def add(self, phrase: str, number: int) -> None:
        """Raises ValueError for a phrase without words."""
        if not phrase:
            raise ValueError("a phrase has at least one word")
        steps = self._steps
        at = phrase.find(" ")
        while at != -1:
            beginning = phrase[:at]
            step = steps.get(beginning, _BEGINS)
            if step == _BEGINS or step >= 0:
                steps[beginning] = step if step < 0 else ~step
            at = phrase.find(" ", at + 1)
        steps[phrase] = ~number if steps.get(phrase, 0) < 0 else number

    def number(self, phrase: str) -> int | None:
        """The number of a phrase that was added; None for any other."""
        step = self._steps.get(phrase)
        if step is None or step == _BEGINS:
            return None
        return step if step >= 0 else ~step

    def remove(self, phrase: str) -> None:
        """Find it no more. What begins longer phrases stays as a beginning, whether they are still there or not."""
        step = self._steps.get(phrase)
        if step is None or step == _BEGINS:
            return
        if step < 0:
            self._steps[phrase] = _BEGINS
        else:
            del self._steps[phrase]

    def scan(self, words: Sequence[str]) -> Places:
        """Where each phrase that occurs stands; in the order of its first word."""
        get = self._steps.get
        found: Places = {}
        count = len(words)
        for start, first in enumerate(map(get, words)):
            if first is None:
                continue
            step, key, end = first, words[start], start + 1
            while True:
                if step != _BEGINS:
                    number = step if step >= 0 else ~step
                    if number in found:
                        found[number].append((start, end))
                    else:
                        found[number] = [(start, end)]
                if step >= 0 or end == count:
                    break
                key = f"{key} {words[end]}"
                following = get(key)
                if following is None:
                    break
                step, end = following, end + 1
        return found
