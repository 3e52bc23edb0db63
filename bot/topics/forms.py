"""The forms of a word: `strike~` is strike, strikes and striking, as the stemmer of the article's language has it.

Snowball (Porter, "Snowball: a language for stemming algorithms", 2001) reads words as they are written, with their
accents; what it leaves is folded, so that an accent that somebody leaves out parts no two forms.
"""

from __future__ import annotations

from functools import lru_cache

from bot.stories import STEMMED, stem
from bot.topics.normalise import fold

ANY_FORM = "~"
"""Behind a word: all its forms."""

_SHORTEST = 3
"""Letters of a beginning that the archive is asked for."""


@lru_cache(maxsize=1 << 16)
def form(word: str, lang: str) -> str:
    """What all forms of a word have in common in a language; the folded word itself where it has no stemmer.

    `lang` is what `bot.stories.language` answers.
    """
    return fold(stem(word.casefold(), lang))


def beginning(word: str) -> str:
    """With what all forms of a word begin in any language, as `word*`, for an index that knows no forms.

    A stemmer may change the last letter (city, cities: citi). It brings too much; the few forms that have nothing in
    common but their sense (die, dying) are not in it.
    """
    shortest = min(len(stem(word.casefold(), lang)) for lang in STEMMED)
    return f"{fold(word)[: max(_SHORTEST, shortest - 1)]}*"
