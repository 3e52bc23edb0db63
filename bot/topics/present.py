"""What an article holds of what topics ask for: entities (`@iraq`) and phrases (`oil price`), with their mentions."""

from __future__ import annotations

from collections.abc import Mapping

from bot.topics.mention import Mention


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
