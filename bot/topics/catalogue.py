"""The catalogue of entities: read from TOML that people edit, asked by any name, in any script."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cached_property
from hashlib import blake2b
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from bot.core import toml
from bot.core.errors import SettingsError
from bot.core.model import Article
from bot.core.toml import Table
from bot.topics.document import Document
from bot.topics.entity import CALLED, Alias, AliasKind, Entity, EntityKind, Period, forms, phrases
from bot.topics.mention import Recogniser
from bot.topics.normalise import fold
from bot.topics.stopwords import STOPWORDS

_KEYS = {
    "names": AliasKind.NAME,
    "foreign": AliasKind.NAME,
    "demonyms": AliasKind.DEMONYM,
    "foreign_demonyms": AliasKind.DEMONYM,
    "abbreviations": AliasKind.ABBREVIATION,
    "capitals": AliasKind.CAPITAL,
    "cities": AliasKind.CITY,
    "leaders": AliasKind.LEADER,
    "metonyms": AliasKind.METONYM,
}
# "us" stays: without it, most of the archive's news of the United States would not be found.
_HOPELESS = STOPWORDS - {"us"}
# Who is meant by a word that several entities share: the one that is called so, before those it only points at.
_RANK = {kind: rank for rank, kind in enumerate(AliasKind)}


class Pack(NamedTuple):
    """A ready query under a name: a region, a conflict, a sector. `kind` is for people."""

    name: str
    query: str
    kind: str


class Catalogue:
    """All entities, the phrases that cover a name without being one (`covers`: Gulf of Mexico), and the packs."""

    def __init__(self, entities: Iterable[Entity], covers: Iterable[str] = (), packs: Iterable[Pack] = ()) -> None:
        self.packs: dict[str, Pack] = {fold(pack.name): pack for pack in packs}
        self.entities: dict[str, Entity] = {entity.id: entity for entity in entities}
        self.covers = frozenset(covers)
        self._terms: dict[str, tuple[str, ...]] = {}
        self.by_phrase: dict[str, list[tuple[Entity, Alias]]] = {}
        for entity in self.entities.values():
            for alias in entity.aliases:
                self.by_phrase.setdefault(alias.phrase, []).append((entity, alias))
        for sharers in self.by_phrase.values():
            sharers.sort(key=lambda pair: (_RANK[pair[1].kind], fold(pair[0].name) != pair[1].phrase))

    @classmethod
    def load(cls, *paths: Path) -> Catalogue:
        """The catalogue of one or several files, each with those in the folder of its name (topics.toml, topics/).

        Raises SettingsError that names file, line, key and what is wrong.
        """
        files = [file for path in paths for file in (path, *sorted(path.with_suffix("").glob("*.toml")))]
        return _read(toml.read(file) for file in files)

    @classmethod
    def from_text(cls, source: str, where: str = "topics.toml") -> Catalogue:
        """The same from a text; `where` stands for the file in what is said about mistakes."""
        try:
            return _read([Table(tomllib.loads(source), where, source)])
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{where} is not valid TOML: {error}") from error

    @cached_property
    def fingerprint(self) -> str:
        """Another one for any other catalogue."""
        content = (sorted(self.entities.items(), key=itemgetter(0)), sorted(self.covers), sorted(self.packs.items()))
        return blake2b(repr(content).encode(), digest_size=16).hexdigest()

    @cached_property
    def recogniser(self) -> Recogniser:
        return Recogniser(self.entities.values(), self.by_phrase, self.covers)

    def mentioned(self, text: str) -> list[Entity]:
        """The entities that a text names, by their first mention, the heavier first where they share it."""
        found = self.recogniser.mentions(Document(Article("", text)))
        order = sorted(found, key=lambda key: (found[key][0].start, -found[key][0].weight))
        return [self.entities[key] for key in order]

    def find(self, name: str) -> Entity | None:
        """The entity of that name, by any alias in any script; None where there is none."""
        found = self.meant(name)
        return found[0] if found else None

    def meant(self, name: str) -> tuple[Entity, Alias] | None:
        """As `find`, with the alias by which it was found."""
        sharers = self.by_phrase.get(fold(name))
        if not sharers:
            return None
        return next((pair for pair in sharers if pair[1].text == name.strip()), sharers[0])

    def terms(self, entity: Entity) -> tuple[str, ...]:
        """The phrases by which a full-text search finds the entity, which is then to be verified.

        Left out is what a text that ignores case is full of ("who", "is").
        """
        known = self._terms.get(entity.id)
        if known is None:
            phrases = tuple(alias.phrase for alias in entity.aliases if alias.phrase not in _HOPELESS)
            known = self._terms[entity.id] = phrases
        return known

    def search(self, text: str) -> list[Entity]:
        """Entities for a half-typed name, best first; all of them, by name, for an empty text."""
        wanted = fold(text)
        ranked: list[tuple[tuple[int, bool, int], str, Entity]] = []
        for entity in self.entities.values():
            rank = self._rank(entity, wanted) if wanted else (0, False, 0)
            if rank is not None:
                ranked.append((rank, fold(entity.name), entity))
        return [entity for _, _, entity in sorted(ranked, key=lambda each: each[:2])]

    @staticmethod
    def _rank(entity: Entity, wanted: str) -> tuple[int, bool, int] | None:
        """What kind of name begins so, and how many letters it has: "isl" is on its way to Islamic State.

        "i" is rather on its way to a country than to IBM.
        """
        name = fold(entity.name)
        if name.startswith(wanted):
            return 0, entity.kind is not EntityKind.COUNTRY, len(name)
        begun = [alias for alias in entity.aliases if alias.phrase.startswith(wanted)]
        if called := [len(alias.phrase) for alias in begun if alias.kind in CALLED]:
            return 1, False, min(called)
        if begun:
            return 2, False, min(len(alias.phrase) for alias in begun)
        inside = [len(alias.phrase) for alias in entity.aliases if f" {wanted}" in f" {alias.phrase}"]
        return (3, False, min(inside)) if inside else None

    def nearest(self, text: str, n: int = 3) -> list[str]:
        """Names of the entities that a misspelt text may have meant, nearest first.

        One slip (a letter wrong, missing, added, or two swapped) is allowed from 4 letters, two from 8; the first or
        the last letter must be right.
        """
        wanted = fold(text)
        allowed = 0 if len(wanted) < 4 else 1 if len(wanted) < 8 else 2
        if not allowed:
            return []
        letters = set(wanted)
        best: dict[str, tuple[int, int]] = {}
        for length in range(max(4, len(wanted) - allowed), len(wanted) + allowed + 1):
            for end in (f"{wanted[0]}-", f"-{wanted[-1]}"):
                for phrase in self._by_ends.get((length, end), ()):
                    # A slip changes two letters of the set at most: most phrases need not be compared.
                    if len(letters ^ set(phrase)) > 2 * allowed:
                        continue
                    slips = distance(wanted, phrase, allowed)
                    if slips <= allowed:
                        entity, alias = self.by_phrase[phrase][0]
                        rank = (slips, _RANK[alias.kind])
                        best[entity.name] = min(rank, best.get(entity.name, rank))
        return sorted(best, key=lambda name: (best[name], name))[:n]

    @cached_property
    def _by_ends(self) -> dict[tuple[int, str], list[str]]:
        """Phrases to compare a slip with, by length and by first and last letter: one of the two is mostly right."""
        found: dict[tuple[int, str], list[str]] = {}
        for phrase, sharers in self.by_phrase.items():
            kind = sharers[0][1].kind
            if kind in CALLED or kind is AliasKind.CAPITAL:
                for end in (f"{phrase[0]}-", f"-{phrase[-1]}"):
                    found.setdefault((len(phrase), end), []).append(phrase)
        return found


def distance(left: str, right: str, most: int) -> int:
    """Slips between two words: the optimal string alignment distance (Damerau, 1964), or more than `most`."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before = before, row
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _read(files: Iterable[Table]) -> Catalogue:
    entities: dict[str, Entity] = {}
    covers: set[str] = set()
    places: dict[str, str] = {}
    packs: list[Pack] = []
    for document in files:
        document.only("covers", "entity", "pack")
        covers |= {_folded(text, document, "covers") for text in _texts(document, "covers")}
        for table in document.tables("entity"):
            entity = _entity(table, covers)
            for key in (entity.id, f"name {fold(entity.name)}"):
                if key in places:
                    raise SettingsError(f"{table.where}: {key} is taken already, by {places[key]}")
                places[key] = table.where
            entities[entity.id] = entity
        for table in document.tables("pack"):
            table.only("name", "kind", "query")
            pack = Pack(table.text("name"), table.text("query"), table.text("kind"))
            if (key := f"name {fold(pack.name)}") in places:
                raise SettingsError(f"{table.where}: {key} is taken already, by {places[key]}")
            places[key] = table.where
            packs.append(pack)
    # A phrase that is an alias is no cover, whoever wrote it into a guard.
    aliases = {alias.phrase for entity in entities.values() for alias in entity.aliases}
    return Catalogue(entities.values(), covers - aliases, packs)


def _entity(table: Table, covers: set[str]) -> Entity:
    table.only("id", "name", "kind", *_KEYS, "exact", "weak", "valid", "context", "guards")
    name = table.text("name")
    kind = table.text("kind")
    if kind not in set(EntityKind):
        raise SettingsError(f"{table.where}: kind must be one of {', '.join(EntityKind)}, not {kind!r}")
    written = [(name, AliasKind.NAME), *((text, kind) for key, kind in _KEYS.items() for text in _texts(table, key))]
    exact, weak = set(_texts(table, "exact")), set(_texts(table, "weak"))
    valid = _periods(table)
    aliases: dict[str, Alias] = {}
    strangers = exact | weak | valid.keys()
    for text, alias_kind in written:
        for form in _forms(text, table):
            # A flag may name one form ("Brit" of "Brit{,s}") or the alias with all its forms.
            flags = {text, form}
            strangers -= flags
            for phrase in phrases(form, alias_kind):
                period = valid.get(form) or valid.get(text)
                flagged = Alias(form, phrase, alias_kind, bool(flags & exact), bool(flags & weak), period)
                aliases.setdefault(phrase, flagged)
    if strangers:
        raise SettingsError(f"{table.where}: exact, weak and valid repeat aliases; {min(strangers)!r} is not one")
    guards = [_folded(text, table, "guards") for text in _texts(table, "guards")]
    near = [guard for guard in guards if not any(f" {phrase} " in f" {guard} " for phrase in aliases)]
    covers |= set(guards) - set(near)
    context = [fold(form) for text in _texts(table, "context") for form in _forms(text, table)]
    return Entity(table.text("id"), name, EntityKind(kind), tuple(aliases.values()), tuple(context), tuple(near))


def _texts(table: Table, key: str) -> list[str]:
    values = table.values.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise SettingsError(f"{table.where}: {key} must be a list of texts, not {values!r}")
    return values


def _periods(table: Table) -> dict[str, Period]:
    given = table.values.get("valid", {})
    if not isinstance(given, dict):
        raise SettingsError(f"{table.where}: valid must be a table of aliases and periods, not {given!r}")
    try:
        return {text: Period.read(str(period)) for text, period in given.items()}
    except ValueError as error:
        raise SettingsError(f"{table.where}: valid: {error}") from error


def _forms(text: str, table: Table) -> list[str]:
    try:
        found = list(forms(text))
    except ValueError as error:
        raise SettingsError(f"{table.where}: alias {text!r} cannot be read: {error}") from error
    if not all(fold(form) for form in found):
        raise SettingsError(f"{table.where}: alias {text!r} has a form without any letter")
    return found


def _folded(text: str, table: Table, key: str) -> str:
    folded = fold(text)
    if not folded:
        raise SettingsError(f"{table.where}: {key} holds {text!r}, which has no letter")
    return folded
