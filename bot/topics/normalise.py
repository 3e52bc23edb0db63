"""The one normalisation of text: the same words for a headline, an alias, a topic and the archive's index.

A text becomes tokens, each with its [start, end) character offsets in the original. What makes two spellings one:

* NFKC, case folding, diacritics off, Arabic vowel marks, tatweel and zero-width characters off, and a small table for
  letters that Unicode does not take apart (ø, đ, ł, æ, ى, ة ...);
* an English possessive ('s) belongs to no token, every other apostrophe and every hyphen separates: `Iraq's` is
  `iraq`, `l'Irak` is `l irak`, Turkish `Irak'ta` is `irak ta`, `Da'esh` is `da esh`, `U.S.` is `u s`;
* scripts without spaces between words (Han, kana, Thai, Lao, Khmer, Burmese) and Hangul, whose particles stick to the
  word, give one token per character, so that a name is found inside a run of letters;
* Arabic "and", "in", "to", "for" stuck to an article are cut off (`والعراق` is `و العراق`), the cautious half of
  light stemming (Larkey, Ballesteros and Connell, "Improving stemming for Arabic information retrieval", 2002).

Original case is not lost: whoever needs it (US, WHO, IS) looks at the original text through the offsets.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

# Marks that stand on a letter and are no letters for `re`: a word does not end at them.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0"
    "\u0900-\u0963\u0970-\u0df3"  # the scripts of India, whose vowel signs are marks; dandas and digits stay out
    "\u0f18\u0f19\u0f35\u0f37\u0f39\u0f3e\u0f3f\u0f71-\u0f84\u0f86-\u0fbc\u135d-\u135f\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20f0\ufe00-\ufe0f\ufe20-\ufe2f"
)
# Invisible inside a word: soft hyphen, zero-width characters, direction marks, the byte-order mark.
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
# One token each, with the vowel and tone marks that stand on them.
_SINGLE = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e50-\u0e59\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0ed0-\u0edf"
    "\u1000-\u102a\u103f-\u1049\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081\u108e"
    "\u1780-\u17b3\u17d7\u17dc\u17e0-\u17e9"
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_SINGLE_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u105e-\u1060"
    "\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\u17b4-\u17d3\u17dd\u3099\u309a\uff9e\uff9f"
)
# Possessive runs: each alternative takes what it can in one bite and never gives it back, so that hostile text stays
# linear. The first is the fast way: a word in ASCII that ends before anything else does.
_LETTER = rf"[^\W_{_SINGLE}]"
_WORD = re.compile(
    rf"[0-9A-Za-z]++(?![^\x00-\x7f])"
    rf"|[{_SINGLE}][{_SINGLE_MARKS}{_INVISIBLE}]*+"
    rf"|(?:{_LETTER}|[{_MARKS}])(?:{_LETTER}++|[{_MARKS}{_INVISIBLE}]++)*+"
)
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_POSSESSIVE = re.compile(r"(?<=[^\W_])'[sS](?![^\W_])")
_FOLDED_WORD = re.compile(rf"[{_SINGLE}]|(?:{_LETTER}|[{_MARKS}])+")

# Same length on both sides, so that offsets survive: an English text leaves this table as plain ASCII, the fast path.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼʹ＇`´′", "'"),
        **dict.fromkeys('“”„‟«»″"', '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " "),
        **dict.fromkeys("…•·", "."),
        **dict.fromkeys("€£¥", "$"),
    }
)
_DROPPED = re.compile(f"[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u0591-\u05c7{_INVISIBLE}]")
_LETTERS = str.maketrans(
    {
        **{"ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ە": "ه", "ھ": "ه"},
        **{"ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss", "ς": "σ", "þ": "th"},
        **{"ħ": "h", "ŧ": "t", "ŋ": "n", "ʼ": " ", "ʹ": " "},
    }
)
_ARABIC = re.compile("[\u0627-\u064a]")
_PREFIXED_ARTICLE = re.compile(r"([وف]?[بك]?|[وف])(ال\w{3,})")
_PREFIXED_LAM = re.compile(r"([وف]?)لل(\w{3,})")


class Tokens:
    """The words of one text: `words[i]` folded, `spans[i]` its [start, end) offsets in the original `text`.

    Spans are worked out when first asked for: most articles match nothing and need none.
    """

    __slots__ = ("_plain", "_spans", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        plain = _plain(text)
        self._spans: list[tuple[int, int]] | None = None
        self._plain = ""
        if plain.isascii():
            self._plain = plain.lower()
            self.words: list[str] = _ASCII_WORD.findall(self._plain)
            return
        self.words = []
        self._spans = []
        for found in _WORD.finditer(plain):
            word = found.group()
            span = found.span()
            if word.isascii():
                self.words.append(word.lower())
                self._spans.append(span)
            else:
                for token, start, end in _fold_word(word):
                    self.words.append(token)
                    self._spans.append((span[0] + start, span[0] + end))

    @property
    def spans(self) -> list[tuple[int, int]]:
        if self._spans is None:
            self._spans = [found.span() for found in _ASCII_WORD.finditer(self._plain)]
        return self._spans

    @property
    def written(self) -> list[str]:
        """The words with the accents that folding takes off; those of an ASCII text have none."""
        return (
            self.words if self._spans is None or self._plain else [self.text[start:end] for start, end in self._spans]
        )

    def counted(self, ends: Sequence[int]) -> list[int]:
        """How many words begin before each of the offsets, which rise."""
        if self._spans is not None:
            starts = [start for start, _ in self._spans]
            return [bisect_left(starts, end) for end in ends]
        # Counting is cheaper than placing every word, and no word of an ASCII text runs over a sentence's end.
        counts, total, at = [], 0, 0
        for end in ends:
            total += len(_ASCII_WORD.findall(self._plain, at, end))
            counts.append(total)
            at = end
        return counts

    def __len__(self) -> int:
        return len(self.words)

    def surface(self, start: int, end: int) -> str:
        """The original text from token `start` up to token `end`, the end not included."""
        return self.text[self.spans[start][0] : self.spans[end - 1][1]]


def fold(text: str) -> str:
    """The folded tokens joined by spaces: what the archive indexes and what an alias is compared by.

    Folding twice changes nothing.
    """
    return " ".join(Tokens(text).words)


def _plain(text: str) -> str:
    if not text.isascii():
        text = text.translate(_PLAIN)
    return _POSSESSIVE.sub("  ", text) if "'" in text else text


@lru_cache(maxsize=1 << 16)
def _fold_word(word: str) -> tuple[tuple[str, int, int], ...]:
    """A word that is not ASCII, folded, with offsets in it: mostly one token, several where there is a seam.

    A seam that only shows in the folded form (½ is 1 2) leaves each of its tokens with the span of the whole word.
    """
    pieces = [word]
    # One round settles all but exotic characters; the bound is a guard, not a limit anybody meets.
    for _ in range(4):
        again = [token for piece in pieces for token in _fold_once(piece)]
        if again == pieces:
            break
        pieces = again
    kept = [index for index, letter in enumerate(word) if not _DROPPED.match(letter)]
    total = sum(map(len, pieces))
    if len(pieces) == 1 or not _ARABIC.match(word) or total not in (len(kept), len(kept) + 1):
        return tuple((piece, 0, len(word)) for piece in pieces)
    # Counted from the end: the article that melted into "lil" has one letter more than is written.
    found: list[tuple[str, int, int]] = []
    after, end = len(kept), len(word)
    for piece in reversed(pieces):
        after = max(0, after - len(piece) + (total > len(kept) and piece.startswith("ال")))
        start = kept[after] if after else 0
        found.append((piece, start, end))
        end = start
    return tuple(reversed(found))


def _fold_once(word: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", word).casefold()
    folded = _DROPPED.sub("", unicodedata.normalize("NFD", folded))
    folded = unicodedata.normalize("NFKC", folded).translate(_LETTERS)
    return [token for piece in _FOLDED_WORD.findall(folded) for token in _split_arabic(piece)]


def _split_arabic(word: str) -> list[str]:
    if not _ARABIC.match(word):
        return [word]
    if (found := _PREFIXED_ARTICLE.fullmatch(word)) and found[1]:
        return [*found[1], found[2]]
    if found := _PREFIXED_LAM.fullmatch(word):
        # "li" and the article melt into "lil": the article is put back, as it stands without the preposition.
        return [*found[1], "ل", f"ال{found[2]}"]
    return [word]
