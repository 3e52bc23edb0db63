"""Tells a correction from the noise of a feed: what of an article's new text its readers should know.

Outlets change headlines and figures in silence. A changed capital, a share bar or the count of comments is no change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.stories.boilerplate import own_sentences
from bot.stories.words import words

_ALIKE = 0.8
"""From this share of common words on, a text is the same as before if it says the same numbers."""

_READ = 4_000
"""Characters of a text that are compared; what stands further down is seldom corrected, and often appended to."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Change:
    """What is different. Truthy if anything is."""

    headline: bool = False
    text: bool = False

    def __bool__(self) -> bool:
        return self.headline or self.text


def change(old_title: str, old_text: str, title: str, text: str) -> Change:
    """What a reader of the old version should know about the new one."""
    return Change(headline=bool(words(title)) and words(old_title) != words(title), text=_rewritten(old_text, text))


def _rewritten(old: str, new: str) -> bool:
    if old == new or not new:
        return False
    before, after = _own(old), _own(new)
    if not before or not after:
        return False
    kept = set(words(before)) & set(words(after))
    smaller = min(len(set(words(before))), len(set(words(after)))) or 1
    # A text that only grows or shrinks is no correction: feeds cut and lengthen their summaries as they like.
    numbers = set(_NUMBER.findall(before)), set(_NUMBER.findall(after))
    return len(kept) / smaller < _ALIKE or bool(numbers[0] - numbers[1] and numbers[1] - numbers[0])


def _own(text: str) -> str:
    part = text[:_READ]
    return " ".join(part[start:end] for start, end in own_sentences(part))
