"""What an article holds of what topics ask for: entities (`@iraq`) and phrases (`oil price`), with their mentions.

Queries ask for more: the beginning of a word (`terroris*`), something in the title (`title:@iraq`, `title:oil`), and
what is said of the article (`source:bbc`, `lang:en`, `region:africa`). Each is a key like the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from bot.core.model import Article
from bot.topics.mention import Mention
from bot.topics.normalise import fold

_LONGEST_NAME = 8
"""Words of an outlet's name that are looked at."""


class Present:
    """`keys` are all that the article holds. Phrases come as bare positions, for most of them nobody asks again."""

    def __init__(self, entities: Mapping[str, list[Mention]]) -> None:
        self.entities = entities
        self.keys: dict[str, list[tuple[int, int]]] = {f"@{entity}": [] for entity in entities}

    def add(self, phrase: str, start: int, end: int) -> None:
        self.keys.setdefault(phrase, []).append((start, end))

    def mentions(self, group: tuple[str, ...]) -> list[Mention]:
        """The mentions of any key of a group, in the order of the article."""
        found: list[Mention] = []
        for key in group:
            if key[0] == "@":
                found += self.entities.get(key[1:], ())
            else:
                found += [Mention(start, end) for start, end in self.keys.get(key, ())]
        return found if len(group) == 1 else sorted(found, key=lambda mention: (mention.start, mention.end))

    def starts_before(self, key: str, word: int) -> bool:
        """Whether a mention of the key begins before that word."""
        if key[0] == "@":
            return any(mention.start < word for mention in self.entities.get(key[1:], ()))
        return any(start < word for start, _ in self.keys.get(key, ()))


def said_of(article: Article) -> Iterator[str]:
    """What is said of an article as keys: every part of its outlet's and its region's name, its host, its language."""
    yield from (f"source:{part}" for part in _parts(article.source))
    yield from (f"region:{part}" for part in _parts(article.region))
    language = article.lang.casefold().replace("_", "-")
    while language:
        yield f"lang:{language}"
        language = language.rpartition("-")[0]
    try:
        host = urlsplit(article.url).hostname or ""
    except ValueError:
        return
    labels = re.split(r"\.", host.removeprefix("www."))
    for first in range(len(labels) - 1):
        yield f"source:{'.'.join(labels[first:])}"


def _parts(name: str) -> Iterator[str]:
    words = fold(name).split()[:_LONGEST_NAME]
    for first in range(len(words)):
        for past in range(first + 1, len(words) + 1):
            yield " ".join(words[first:past])
