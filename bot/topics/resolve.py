"""From what somebody types to a topic: an entity by any of its names, a relation of entities, words and "phrases"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.core.errors import UserError
from bot.topics.catalogue import Catalogue
from bot.topics.entity import CALLED, Alias, Entity
from bot.topics.normalise import Tokens, fold
from bot.topics.query.lex import QueryError, is_query
from bot.topics.query.node import Node, keys, mixes
from bot.topics.query.parse import parse
from bot.topics.query.requires import groups, terms
from bot.topics.stopwords import STOPWORDS
from bot.topics.topic import Part, Topic, TopicKind, UnknownTopic, compose

LONGEST = 200
"""Characters of a topic."""
LONGEST_QUERY = 500
"""Characters of a query that is followed as it stands; a longer one is given a name (`/topic create`)."""
MOST_PARTS = 8
MOST_SIDES = 4
MOST_WORDS = 24
"""Words of one phrase; a script without spaces has one word per character."""

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PIECE = re.compile(r'"([^"]*)"?|([^\s"]+)')
_JOINT = re.compile(r"\s+(?:and|&|vs\.?|versus)\s+|\s*[-‐‑‒–—/]\s*|\s*,\s+(?:and\s+)?", re.IGNORECASE)


Named = Mapping[str, tuple[str, str]]
"""Topics that a server has named: by the folded name, the name and the query."""


def resolve(
    text: str, catalogue: Catalogue, named: Named = MappingProxyType({}), longest: int = LONGEST_QUERY
) -> Topic:
    """The topic that the text means: one that the server has named, a pack, or what the words say.

    Raises UnknownTopic for what looks like a slip of a known name, and UserError, with the reason, for a text that is
    empty, too long, nothing but common words, or written with operators that are not understood.
    """
    typed = _cleaned(text)
    folded = fold(typed)
    for known, whose in ((named, "your topic"), (catalogue.packs, "the pack")):
        found = known.get(folded)
        # Folding takes the signs of a query away: `election*` is not the pack Elections.
        if found and (not is_query(typed) or found[0].casefold() == typed.casefold()):
            meant = _resolve(found[1], catalogue)
            # A query's reading begins with what it is.
            means = "." if meant.kind is TopicKind.QUERY else f" {meant.name}."
            reading = f"{found[0]} is {whose}{means} {meant.reading}"
            return replace(meant, name=found[0], reading=reading, stands_for=meant.name, alternatives=())
    topic = _resolve(text, catalogue, named)
    if len(topic.name) > longest:
        raise QueryError(
            f"written out, this is longer than {longest} characters: give it a name with /topic create.", 1
        )
    return topic


def either(topic: Topic, catalogue: Catalogue) -> str:
    """What rings for any of the things that a topic wants all of; empty where it is written with operators."""
    if topic.query or len(topic.groups) < 2:
        return ""
    parts = [f"@{key[1:]}" if key[0] == "@" else _quoted(key) for (key,) in topic.groups]
    return resolve(" OR ".join(parts), catalogue).name


def _between_named(typed: str, catalogue: Catalogue, named: Named) -> Topic | None:
    """The relation of a pack, or of a topic that the server has named, to another or to an entity; or None."""
    for joint in _JOINT.finditer(typed):
        sides = [side.strip('" ') for side in (typed[: joint.start()], typed[joint.end() :])]
        ours = [bool(_named(side, catalogue, named)) for side in sides]
        if any(ours) and all(mine or catalogue.find(side) for mine, side in zip(ours, sides, strict=True)):
            left, right = (f'@"{side}"' for side in sides)
            try:
                return _query(f"{left} PARA {right}", catalogue, named)
            except QueryError:  # what it means has ANDs of its own, so that it stands at no one place
                return _query(f"{left} AND {right}", catalogue, named)
    return None


def _named(name: str, catalogue: Catalogue, named: Named) -> tuple[str, str] | None:
    """The name and the query of a topic that has one: the server's, or a pack."""
    if found := named.get(fold(name)) or catalogue.packs.get(fold(name)):
        return found[0], found[1]
    return None


def _resolve(text: str, catalogue: Catalogue, named: Named = MappingProxyType({})) -> Topic:
    typed = _cleaned(text)
    if _is_query(typed, catalogue):
        return _query(text, catalogue, named)
    if not _sides(typed, catalogue) and (topic := _between_named(typed, catalogue, named)):
        return topic
    parts = _understood(typed, catalogue)
    name = _name(parts, typed, catalogue)
    return compose(name, parts, catalogue, _other_readings(typed, name, parts, catalogue))


def _understood(typed: str, catalogue: Catalogue) -> list[Part]:
    if len(typed) > LONGEST:
        raise UserError(f"That is too long for a topic: at most {LONGEST} characters, this has {len(typed)}.")
    folded = fold(typed)
    if not folded:
        raise UserError("A topic needs at least one word, for example ISIL, Russia-Iraq or “oil price”.")
    if '"' not in typed:
        found = catalogue.meant(typed)
        if folded in STOPWORDS and not (found and found[1].text == typed):
            raise _too_common(typed, found)
        if found and found[1].kind in CALLED:
            return [_entity(found[0])]
        if sides := _sides(typed, catalogue):
            return _distinct(sides)
    parts = _parts(typed, catalogue)
    if '"' not in typed and not any(part.entity for part in parts):
        _refuse_slips(typed, parts, catalogue)
    return parts


def _entity(entity: Entity) -> Part:
    return Part(entity.name, entity)


def _distinct(sides: list[Entity]) -> list[Part]:
    parts = [_entity(entity) for entity in {entity.id: entity for entity in sides}.values()]
    if len(parts) > MOST_SIDES:
        raise UserError(f"A relation has at most {MOST_SIDES} sides; this has {len(parts)}.")
    return parts


def _cleaned(text: str) -> str:
    # What cannot be printed (controls, lone surrogates, zero-width characters) is never stored as a topic's name.
    visible = "".join(
        character if character.isprintable() else " " if character.isspace() else "" for character in text
    )
    return " ".join(visible.translate(_QUOTES).split())


def _sides(typed: str, catalogue: Catalogue) -> list[Entity] | None:
    """The entities that a text joins, or None. A hyphenated name stays one: each way to cut is tried, in two first."""
    joints = list(_JOINT.finditer(typed))
    for joint in joints:
        left, right = catalogue.find(typed[: joint.start()]), catalogue.find(typed[joint.end() :])
        if left and right:
            return [left, right]
    if len(joints) < 2:
        return None
    return _chain(typed, catalogue, MOST_SIDES + 1)


def _chain(typed: str, catalogue: Catalogue, most: int) -> list[Entity] | None:
    """The first way to read a text as entities with joints between them, the longest first name tried first."""
    if whole := catalogue.find(typed):
        return [whole]
    if most == 1:
        return None
    for joint in reversed(list(_JOINT.finditer(typed))):
        first = catalogue.find(typed[: joint.start()])
        if first and (rest := _chain(typed[joint.end() :], catalogue, most - 1)):
            return [first, *rest]
    return None


def _is_query(typed: str, catalogue: Catalogue) -> bool:
    """Whether it is written with operators; a name of the catalogue is a name, whatever signs are in it."""
    if not is_query(typed):
        return False
    found = catalogue.meant(typed)
    return found is None or found[1].text.casefold() != typed.casefold()


def _query(text: str, catalogue: Catalogue, named: Named = MappingProxyType({})) -> Topic:
    # One character for one, so that the columns of what is said about mistakes are those of the text.
    typed = "".join(c if c.isprintable() else " " for c in text.translate(_QUOTES))
    used: list[str] = []

    def names(words: list[str]) -> list[Part]:
        return list(_plain_parts(words, catalogue))

    def written(name: str) -> Node | None:
        found = _named(name, catalogue, named)
        if found is None:
            return None
        used.append(found[0] if fold(name) in named else "")
        return parse(found[1], catalogue, names)

    node = parse(typed, catalogue, names, written)
    name = str(node)
    if used:
        node = parse(name, catalogue, names)  # what is kept must be within the limits as it is written out
    if not is_query(name):
        return _resolve(name, catalogue)  # brackets that said nothing
    required = groups(node)
    meanings = "; ".join(
        Part(entity.name, entity).meaning
        for key in dict.fromkeys(key.removeprefix("title:") for key in keys(node, negated=False))
        if key[0] == "@" and (entity := catalogue.entities[key[1:]])
    )
    closer = " AND binds closer than OR." if mixes(node) else ""
    reading = f"Read as: {name}.{closer}{f' {meanings}' if meanings else ''}"
    reading += "." if meanings and not meanings.endswith("…") else ""
    if ours := " and ".join(f"“{each}”" for each in dict.fromkeys(used) if each):
        reading += f" What {ours} means today is written out: a later change of it changes nothing here."
    found = terms(required, lambda entity: catalogue.terms(catalogue.entities[entity]))
    return Topic(name, TopicKind.QUERY, reading, required, found, query=node)


def _refuse_slips(typed: str, parts: list[Part], catalogue: Catalogue) -> None:
    if any(catalogue.by_phrase.get(part.phrase) for part in parts):
        return  # Baghdad is no slip
    if near := catalogue.nearest(typed):
        raise UnknownTopic(typed, tuple(near))
    for joint in _JOINT.finditer(typed):
        left, right = typed[: joint.start()], typed[joint.end() :]
        if known := catalogue.find(left):
            unknown, offers = right, [f"{known.name}-{name}" for name in catalogue.nearest(right)]
        elif known := catalogue.find(right):
            unknown, offers = left, [f"{name}-{known.name}" for name in catalogue.nearest(left)]
        else:
            continue
        if offers:
            raise UnknownTopic(unknown, tuple(offers))


def _too_common(typed: str, found: tuple[Entity, Alias] | None) -> UserError:
    reason = f"“{typed}” is too common a word to follow."
    if found is None:
        return UserError(f"{reason} Add a name or a rarer word.")
    return UnknownTopic(typed, (found[0].name,), reason)


def _parts(typed: str, catalogue: Catalogue) -> list[Part]:
    parts: dict[str, Part] = {}
    plain: list[str] = []
    for quoted, word in [*_PIECE.findall(typed), ("", "")]:
        if word:
            plain.append(word)
            continue
        for part in (*_plain_parts(plain, catalogue), *_phrase_parts(quoted)):
            parts.setdefault(part.key, part)
        plain = []
    if not parts:
        raise UserError("A topic needs more than common words: add a name or a rarer word.")
    if len(parts) > MOST_PARTS:
        raise UserError(f"A topic has at most {MOST_PARTS} words, names and phrases; this has {len(parts)}.")
    return list(parts.values())


def _phrase_parts(quoted: str) -> Iterator[Part]:
    phrase = fold(quoted)
    if not phrase:
        return
    if phrase in STOPWORDS:
        raise UserError(f'"{quoted}" is too common a word to follow.')
    yield _phrase(quoted, phrase)


def _plain_parts(words: list[str], catalogue: Catalogue) -> Iterator[Part]:
    """The longest names first, from the left; what is no name is a word, and a common word is left out."""
    at = 0
    while at < len(words):
        for end in range(len(words), at, -1):
            typed = " ".join(words[at:end])
            found = catalogue.meant(typed)
            if found and _written_so(typed, found[1]):
                entity, alias = found
                if alias.kind in CALLED:
                    yield Part(entity.name, entity)
                else:
                    yield _phrase(alias.text, alias.phrase)
                at = end
                break
        else:
            phrase = fold(words[at])
            if phrase and phrase not in STOPWORDS:
                yield _phrase(words[at], phrase)
            at += 1


def _written_so(typed: str, alias: Alias) -> bool:
    """Whether a word among others is the name and not a word that only sounds so (turkey recipe, tell us)."""
    return not alias.exact or typed == alias.text or (typed.isupper() and not alias.text.isupper())


def _phrase(written: str, phrase: str) -> Part:
    if phrase.count(" ") >= MOST_WORDS:
        raise UserError(f"A phrase has at most {MOST_WORDS} words.")
    if " " in phrase:
        return Part(_quoted(written), None, phrase)
    surface = Tokens(written).surface(0, 1)
    return Part(surface if written[:1].isupper() else surface.lower(), None, phrase)


def _quoted(written: str) -> str:
    return '"' + " ".join(written.replace('"', " ").split()) + '"'


def _name(parts: list[Part], typed: str, catalogue: Catalogue) -> str:
    """The spelling that reads as these parts again: the plainest one, and where a word is a name as well, with quotes.

    A hyphen of its own in a name, or words that form a name when they come to stand side by side, need the later ones.
    """
    shown = [part.shown for part in parts]
    quoted = [part.shown if part.entity else _quoted(part.shown) for part in parts]
    spellings = [" ".join(shown), " ".join(quoted)]
    if all(part.entity for part in parts):
        spellings = ["-".join(shown), " and ".join(shown), ", ".join(shown)]
    for name in spellings:
        if name == typed:
            return name
        if _is_query(name, catalogue):
            continue
        try:
            if _understood(_cleaned(name), catalogue) == parts:
                return name
        except UserError:
            continue
    raise UserError(f"{spellings[0]} can be read in more than one way. Put the words in quotes, or follow one of them.")


def _other_readings(typed: str, name: str, parts: list[Part], catalogue: Catalogue) -> tuple[str, ...]:
    readings: list[str] = []
    if len(parts) > 1:
        readings += [part.entity.name for part in parts if part.entity]
    for phrase in {fold(typed), *(part.phrase for part in parts)}:
        readings += [entity.name for entity, _ in catalogue.by_phrase.get(phrase, ())]
    folded = fold(typed)
    literal = len(parts) == 1 and parts[0].phrase == folded
    if '"' not in typed and not literal and folded not in STOPWORDS and len(folded.split()) <= MOST_WORDS:
        readings.append(_quoted(typed))
    return tuple(reading for reading in dict.fromkeys(readings) if reading != name)
