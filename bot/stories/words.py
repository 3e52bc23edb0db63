"""Turns a text into terms: its words without the small ones, stemmed; pairs of characters where nothing is spaced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from unicodedata import normalize

import snowballstemmer

from bot.stories.stopwords import STOPWORDS

# Combining marks are not \w for Python, yet without them a word of Hindi or Tamil falls apart.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u200c\u200d"
# Scripts that put no space between words, and Hangul, whose particles hang on the word.
_PAIRED = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_TRIPLED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(
    rf"(?P<paired>[{_PAIRED}]+)|(?P<tripled>[{_TRIPLED}]+)"
    rf"|(?P<word>(?:(?![{_PAIRED}{_TRIPLED}_])[\w{_MARKS}])+(?:['’](?:(?![{_PAIRED}{_TRIPLED}_])[\w{_MARKS}])+)*)"
)
_UNSPACED = re.compile(f"[{_MARKS}{_PAIRED}{_TRIPLED}]")
_PLAIN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
"""What `_WORD` finds in a text without any of those signs, four times as fast."""

_ELIDED = re.compile(r"^(?:[cdjlmnst]|qu|dell|all|nell|sull|dall|un|jusqu|lorsqu)'(?=.)")

_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,5}")  # "J.C. Penney" is "JC Penney"

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
STEMMED = tuple(_STEMMERS)
"""The languages that have a stemmer."""
_SAME = {"nb": "no", "nn": "no", "ms": "id", "in": "id", "iw": "he", "bs": "sr", "hr": "sr"}

_LONGEST = 40
"""Characters of a word that count; what is longer is an address or an attack."""

_READ = _LONGEST + 20
"""Characters of a word that are looked at, for what is taken off its ends."""


def language(declared: str, text: str) -> str:
    """The two letters of a language: as declared, else the one whose small words the text uses most, else empty."""
    code = declared.replace("_", "-").partition("-")[0].casefold()
    code = _SAME.get(code, code)
    return code if len(code) == 2 else _guessed(text[:600])


def _guessed(text: str) -> str:
    words = [match["word"] for match in _WORD.finditer(normalize("NFKC", text).casefold()) if match["word"]]
    hits = {lang: sum(map(small.__contains__, words)) for lang, small in STOPWORDS.items()}
    best = max(hits, key=lambda lang: (hits[lang], lang == "en"))
    return best if hits[best] else ""


def words(text: str) -> list[str]:
    """The words of a text as they are compared for copies: folded, none left out; pairs where nothing is spaced."""
    folded = normalize("NFKC", text).casefold()
    if not _UNSPACED.search(folded):
        return _PLAIN.findall(folded)
    found: list[str] = []
    for match in _WORD.finditer(folded):
        if match.lastgroup == "word" or len(match[0]) < 3:
            found.append(match[0])
        else:
            found += [a + b for a, b in pairwise(match[0])]
    return found


def terms(text: str, lang: str) -> Iterator[str]:
    """The terms of a text in their order, repeats included. `lang` is what `language` answered."""
    joined = _INITIALS.sub(lambda initials: initials[0].replace(".", ""), text)
    folded = normalize("NFKC", joined).casefold()
    if not _UNSPACED.search(folded):
        yield from filter(None, [term(found[:_READ], lang) for found in _PLAIN.findall(folded)])
        return
    small = STOPWORDS.get(lang, frozenset())
    for match in _WORD.finditer(folded):
        kind, found = match.lastgroup, match[0]
        if kind == "word":
            if told := term(found[:_READ], lang):
                yield told
        elif kind == "paired":
            yield from (pair for a, b in pairwise(found) if (pair := a + b) not in small)
            if len(found) == 1:
                yield found
        else:
            yield from (found[at : at + 3] for at in range(max(1, len(found) - 2)))


@lru_cache(maxsize=20_000)
def term(word: str, lang: str) -> str:
    """What a word counts as; empty for one that says nothing."""
    small = STOPWORDS.get(lang, frozenset())
    word = word.replace("’", "'")
    if word in small:
        return ""
    word = _ELIDED.sub("", word).removesuffix("'s")[:_LONGEST]
    return stem(word, lang) if (len(word) > 1 or word.isdecimal()) and word not in small else ""


def stem(word: str, lang: str) -> str:
    """The word's stem, or the word where its language has no stemmer."""
    stemmer = _stemmer(lang)
    return str(stemmer.stemWord(word)) if stemmer and not word.isdecimal() else word


@cache
def _stemmer(lang: str) -> snowballstemmer.basestemmer.BaseStemmer | None:
    return snowballstemmer.stemmer(_STEMMERS[lang]) if lang in _STEMMERS else None
