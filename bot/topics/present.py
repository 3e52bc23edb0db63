"""What an article holds of what topics ask for: entities (`@iraq`) and phrases (`oil price`), with their mentions.

Queries ask for more: the beginning of a word (`terroris*`), a word in any form (`strike~`), something in the title
(`title:@iraq`, `title:oil`), and what is said of the article (`source:bbc`, `lang:en`, `region:africa`). Each is a key
like the others, with a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from bot.core.model import Article
from bot.topics.mention import Mention
from bot.topics.normalise import fold
from bot.topics.phrases import Places

_LONGEST_NAME = 8
"""Words of an outlet's name that are looked at."""


class Present:
    """`places` are all that the article holds, by the number of the key: where it stands, which for what is said of the
    article is nowhere. Most are bare positions, for most of them nobody asks again.
    """

    def __init__(
        self, places: Places, entities: Mapping[str, list[Mention]], number_of: Callable[[str], int | None]
    ) -> None:
        self.places = places
        self.entities = entities
        self.number_of = number_of
        """The number of a key that is wanted; None for any other."""
        self.named: dict[int, list[Mention]] = {}
        """The mentions of the keys that are entities, of whichever weight."""
        self._mentions: dict[int, list[Mention]] = {}

    def has(self, key: str) -> bool:
        return self.number_of(key) in self.places

    def spans(self, key: str) -> list[tuple[int, int]]:
        """Where a key stands, by its first words; nothing for one that is not there."""
        number = self.number_of(key)
        return self.places.get(number, []) if number is not None else []

    def mentions(self, group: tuple[int, ...]) -> list[Mention]:
        """The mentions of any key of a group, in the order of the article."""
        here = [number for number in group if number in self.places]
        if len(here) == 1:
            return self._of(here[0])
        found = {mention for number in here for mention in self._of(number)}
        return sorted(found, key=lambda mention: (mention.start, mention.end, mention.weight))

    def _of(self, number: int) -> list[Mention]:
        if number in self.named:
            return self.named[number]
        if number not in self._mentions:
            self._mentions[number] = [Mention(start, end) for start, end in self.places.get(number, ())]
        return self._mentions[number]


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
