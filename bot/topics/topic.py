"""A topic: what somebody wants to hear about, as it was understood from what they typed.

Whatever kind it is, a topic shows two faces. `groups` is for the percolator: every group must be found, by any of its
keys, and a key is an entity (`@iraq`) or a folded phrase (`oil price`). `terms` is the same for the archive's full-text
index, which knows no entities: AND of OR of folded phrases. A query is judged by its tree once its required groups have
let an article through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.errors import NotFound
from bot.core.message import Button
from bot.topics.catalogue import Catalogue
from bot.topics.entity import Entity
from bot.topics.query.node import Node, keys

Group = tuple[str, ...]


class TopicKind(StrEnum):
    """An entity; entities that are brought together; words and phrases (and entities) that all occur; or a query."""

    ENTITY = "entity"
    RELATION = "relation"
    WORDS = "words"
    QUERY = "query"


class UnknownTopic(NotFound):
    """A single word that nobody knows and that looks like a slip of a known name.

    `text` is what was typed, `nearest` the topics that may have been meant; the text in quotes is accepted as it is.
    """

    def __init__(self, text: str, nearest: tuple[str, ...], reason: str = "", buttons: tuple[Button, ...] = ()) -> None:
        meant = f"{', '.join(nearest[:-1])} or {nearest[-1]}" if len(nearest) > 1 else "".join(nearest)
        said = reason or f"There is no “{text}” in the catalogue."
        hint = "" if reason else f' Type "{text}" in quotes to follow the word as it is.'
        super().__init__(f"{said} Did you mean {meant}?{hint}", buttons)
        self.text = text
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a topic requires: an entity, or a phrase. `shown` is how it stands in the topic's name."""

    shown: str
    entity: Entity | None = None
    phrase: str = ""

    @property
    def key(self) -> str:
        return f"@{self.entity.id}" if self.entity else self.phrase

    @property
    def meaning(self) -> str:
        """What it stands for, in a few words for people."""
        if self.entity:
            return f"{self.entity.name} = {_spoken(self.entity)}"
        return f"the phrase {self.shown}" if " " in self.phrase else f"the word {self.shown}"


@dataclass(frozen=True, slots=True)
class Topic:
    """`name` is the canonical text: what a subscription stores, and what resolves to the same topic again.

    `reading` says in one sentence how it was understood; `alternatives` are other readings, as texts that resolve.
    """

    name: str
    kind: TopicKind
    reading: str
    groups: tuple[Group, ...]
    terms: tuple[tuple[str, ...], ...]
    alternatives: tuple[str, ...] = field(default=(), compare=False)
    stands_for: str = ""
    """For a pack, or a topic that a server has named: the canonical text of what it means."""
    query: Node | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """All that is to be looked for in an article, each once; a query may exclude or count it."""
        required = (key for group in self.groups for key in group)
        return tuple(dict.fromkeys((*required, *(keys(self.query) if self.query else ()))))

    @property
    def phrases(self) -> tuple[str, ...]:
        """The required keys that are phrases, each once."""
        return tuple(dict.fromkeys(key for group in self.groups for key in group if key[0] != "@"))

    @property
    def entities(self) -> tuple[str, ...]:
        """The ids of the entities that it is about, each once."""
        wanted = keys(self.query, negated=False) if self.query else self.keys
        bare = (key.removeprefix("title:") for key in wanted)
        return tuple(dict.fromkeys(key[1:] for key in bare if key[0] == "@"))


def _spoken(entity: Entity) -> str:
    spoken = entity.spoken[:8]
    return f"{', '.join(spoken)}{'…' if len(entity.aliases) > len(spoken) else ''}"


def compose(name: str, parts: list[Part], catalogue: Catalogue, alternatives: tuple[str, ...] = ()) -> Topic:
    """The topic of some parts, all of which are required."""
    entities = [part.entity for part in parts if part.entity]
    meanings = "; ".join(part.meaning for part in parts)
    if len(parts) == 1 and entities:
        kind = TopicKind.ENTITY
        reading = f"{name}: articles about it by any of its names: {_spoken(entities[0])}"
    elif len(entities) == len(parts):
        kind = TopicKind.RELATION
        sides = "–".join(entity.name for entity in entities)
        number = "both" if len(parts) == 2 else f"all {len(parts)}"
        reading = f"{sides}: articles that bring {number} sides together; {meanings}"
    else:
        kind = TopicKind.WORDS
        reading = f"{name}: articles with {meanings}"
    return Topic(
        name,
        kind,
        reading,
        tuple((part.key,) for part in parts),
        tuple(catalogue.terms(part.entity) if part.entity else (part.phrase,) for part in parts),
        alternatives,
    )
