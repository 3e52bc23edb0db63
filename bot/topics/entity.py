"""A thing of the world that news is about, and everything that it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product

from bot.topics.normalise import Tokens, fold

MOST_FORMS = 400
"""One alias may stand for so many forms; more is a slip with the braces."""

_BRACES = re.compile(r"\{([^{}]*)\}")


class EntityKind(StrEnum):
    COUNTRY = "country"
    TERRITORY = "territory"
    PLACE = "place"
    ORGANISATION = "organisation"
    ARMED_GROUP = "armed_group"
    PERSON = "person"
    COMPANY = "company"


class AliasKind(StrEnum):
    """What an alias says of its entity; how much each counts is the business of the score."""

    NAME = "name"
    DEMONYM = "demonym"
    ABBREVIATION = "abbreviation"
    CAPITAL = "capital"
    CITY = "city"
    LEADER = "leader"
    METONYM = "metonym"


CALLED = frozenset({AliasKind.NAME, AliasKind.DEMONYM, AliasKind.ABBREVIATION})
"""The kinds that call the entity itself; the others only point at it."""


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both within; an open end is None."""

    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, text: str) -> Period:
        """`2015-11-04..2025-03-14`, `2025-03-14..` or `..2024-10-01`. Raises ValueError."""
        since, dots, until = text.partition("..")
        if not dots or not (since or until):
            raise ValueError(f"{text!r} is not a period such as 2015-11-04..2025-03-14, with one end open or none")
        period = cls(*(date.fromisoformat(day.strip()) if day.strip() else None for day in (since, until)))
        if period.since and period.until and period.until < period.since:
            raise ValueError(f"{text!r} ends before it begins")
        return period

    def holds(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Alias:
    """`text` as it is written, `phrase` folded. `exact`, `weak` and `valid` are explained at the top of
    config/topics.toml."""

    text: str
    phrase: str
    kind: AliasKind
    exact: bool = False
    weak: bool = False
    valid: Period | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """`context` are the folded phrases that vouch for weak aliases, `guards` those whose presence cancels the name."""

    id: str
    name: str
    kind: EntityKind
    aliases: tuple[Alias, ...]
    context: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[Alias, ...]:
        """Every alias once as people write it, without the forms that only a prefix makes."""
        return tuple({alias.text: alias for alias in reversed(self.aliases)}.values())[::-1]

    @property
    def spoken(self) -> tuple[str, ...]:
        """A handful of aliases for people, one of each sort: Russia, Russian, Moscow, Putin, Kremlin."""
        shown: dict[str, str] = {}
        for kind in AliasKind:
            named = [alias.text for alias in self.aliases if alias.kind is kind]
            for text in named[: 4 if kind is AliasKind.NAME and self.kind is EntityKind.ARMED_GROUP else 1]:
                shown.setdefault(fold(text), text)
        return tuple(shown.values())


def forms(text: str) -> Iterator[str]:
    """The forms that braces stand for: `Iraqi{,s}` is Iraqi and Iraqis. Raises ValueError for unbalanced braces."""
    pieces = _BRACES.split(text)
    if any(brace in piece for piece in pieces for brace in "{}"):
        raise ValueError("its braces do not match")
    choices = [piece.split(",") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > MOST_FORMS:
        raise ValueError(f"its braces stand for {total} forms; at most {MOST_FORMS} are allowed")
    for combination in product(*choices):
        yield "".join(combination)


def phrases(text: str, kind: AliasKind) -> Iterator[str]:
    """The folded phrases by which a form is found; in Arabic and Hebrew also with the prefixes that stick to it.

    Before an article the prefixes are cut off by the normalisation; a name without one can only be listed with them.
    """
    phrase = " ".join(Tokens(text).words)
    yield phrase
    if kind is AliasKind.DEMONYM or len(phrase) < 3 or phrase.startswith("ال"):
        return
    if "\u0621" <= phrase[0] <= "\u064a":
        yield from (prefix + phrase for prefix in "وبلفك")
    elif "\u05d0" <= phrase[0] <= "\u05ea":
        yield from (prefix + phrase for prefix in "ובלהמש")
