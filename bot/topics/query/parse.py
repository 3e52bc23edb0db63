"""From a query's text to its tree: precedence climbing (Pratt, "Top down operator precedence", 1973).

From the loosest to the closest: OR; AND, written or not; NOT; NEAR, ONEAR, AROUND, SENT and PARA; `-` and `!`. So
`Iraq oil OR gas` is (Iraq AND oil) OR gas, as in Lucene. Operators are written in capitals; words in small letters are
words. A bare name of the catalogue is the entity with all its names, the longest name first; in quotes it is itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.topics.catalogue import Catalogue
from bot.topics.entity import Entity
from bot.topics.forms import ANY_FORM
from bot.topics.normalise import Tokens, fold
from bot.topics.query import pattern
from bot.topics.query.check import check
from bot.topics.query.lex import QueryError, Sort, Token, tokens
from bot.topics.query.node import IN_TITLE, And, AtLeast, How, Leaf, Loose, Near, Node, Not, Or, Pattern
from bot.topics.stopwords import STOPWORDS
from bot.topics.topic import Part

LONGEST = 2_000
"""Characters of a query."""
MOST_TERMS = 80
MOST_DEPTH = 12
MOST_WILDCARDS = 8
MOST_WORDS = 24
"""Words of one phrase; a script without spaces has one word per character."""
WIDEST = 100
"""Words between two that are near."""
LONGEST_NAME = 8
"""Words of a name."""
SHORTEST_STEM = 3
"""Letters before a `*`: fewer begin half the dictionary."""

_OR, _AND, _NOT, _NEAR = 1, 2, 3, 4
_STARTS = {
    Sort.WORD,
    Sort.FORMS,
    Sort.QUOTED,
    Sort.ENTITY,
    Sort.REGEX,
    Sort.FIELD,
    Sort.OPEN,
    Sort.NOT,
    Sort.EXCEPT,
    Sort.MIN,
}
_THING = "a word, a “phrase”, @a-name or ("
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")

Names = Callable[[list[str]], list[Part]]
"""Words side by side as parts: names of the catalogue, the longest first, and what is left of the words."""
Written = Callable[[str], Node | None]
"""What stands for an @name that is none of the catalogue's entities: a pack, or a topic that the server has named."""


def parse(text: str, catalogue: Catalogue, names: Names, written: Written = lambda _: None) -> Node:
    """The tree of a query. Raises QueryError, with the column, for what is no query or could not be followed."""
    if len(text) > LONGEST:
        raise QueryError(f"a query has at most {LONGEST} characters; this has {len(text)}.", LONGEST + 1)
    parser = _Parser(tokens(text), catalogue, names, written)
    node = parser.whole()
    check(node)
    return node


class _Parser:
    def __init__(self, row: list[Token], catalogue: Catalogue, names: Names, written: Written) -> None:
        self._row = row
        self._at = 0
        self._catalogue = catalogue
        self._names = names
        self._written = written
        self._depth = 0
        self._terms = 0
        self._wildcards = 0
        self._field = ""
        self._waiting: list[Node] = []
        """Parts of a run of words that is being handed out, each an operand of its own."""

    def whole(self) -> Node:
        node = self._expression(_OR)
        if (left := self._token).sort is not Sort.END:
            raise _unexpected("the end or an operator", left)
        return node

    @property
    def _token(self) -> Token:
        return self._row[self._at]

    def _next(self) -> Token:
        token = self._row[self._at]
        self._at += token.sort is not Sort.END
        return token

    def _expression(self, power: int) -> Node:
        """Everything that binds at least so closely."""
        left = self._prefix()
        while True:
            token = self._token
            if self._waiting and power <= _AND:
                left = _both(left, self._expression(_NOT))
            elif self._waiting:
                return left
            elif token.sort is Sort.OR and power <= _OR:
                self._next()
                left = _either(left, self._expression(_AND))
            elif token.sort is Sort.AND and power <= _AND:
                self._next()
                left = _both(left, self._expression(_NOT))
            elif token.sort in _STARTS and power <= _AND:
                left = _both(left, self._expression(_NOT))
            elif token.sort is Sort.NEAR and power <= _NEAR:
                left = self._near(left, self._next())
            else:
                return left

    def _prefix(self) -> Node:  # noqa: PLR0911  (one return for each way to begin)
        if self._waiting:
            return self._waiting.pop(0)
        token = self._next()
        if token.sort is Sort.NOT:
            return _negated(self._deeper(token, lambda: self._expression(_NOT)))
        if token.sort is Sort.EXCEPT:
            return _negated(self._deeper(token, self._prefix))
        if token.sort is Sort.OPEN:
            return self._bracket(token)
        if token.sort is Sort.FIELD:
            return self._in_field(token)
        if token.sort is Sort.MIN:
            return self._least(token)
        return self._term(token)

    def _deeper(self, token: Token, inner: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise QueryError(f"brackets are nested at most {MOST_DEPTH} deep.", token.column)
        node = inner()
        self._depth -= 1
        return node

    def _bracket(self, opened: Token) -> Node:
        if self._token.sort is Sort.CLOSE:
            raise QueryError(f"expected {_THING} in the brackets, found nothing.", self._token.column)
        node = self._deeper(opened, lambda: self._expression(_OR))
        closed = self._next()
        if closed.sort is not Sort.CLOSE:
            raise _unexpected(f") for the ( of column {opened.column}", closed)
        return node

    def _near(self, left: Node, token: Token) -> Node:
        if token.number > WIDEST:
            raise QueryError(f"expected at most {WIDEST} words, found {token.number:g}.", token.column)
        start = self._token
        right = self._expression(_NEAR + 1)
        for side, where in ((left, token), (right, start)):
            if not _has_place(side):
                raise QueryError(
                    f"expected words, “phrases”, names or (a OR b) on both sides of {token.text}, found {side}.",
                    where.column,
                )
        return Near(left, right, How(token.value), int(token.number))

    def _in_field(self, token: Token) -> Node:
        start = self._token
        if self._field:
            raise QueryError(f"expected no field inside {self._field}:, found {token.found}.", token.column)
        if start.sort not in (Sort.WORD, Sort.FORMS, Sort.QUOTED, Sort.OPEN, Sort.ENTITY, Sort.REGEX):
            raise QueryError(f"expected {_THING} after {token.text}, found {start.found}.", start.column)
        self._field = token.value
        node = self._bracket(self._next()) if start.sort is Sort.OPEN else self._term(self._next(), alone=True)
        self._field = ""
        return node

    def _least(self, token: Token) -> Node:
        opened = self._next()
        if opened.sort is not Sort.OPEN:
            raise QueryError(f"expected ( after {token.text}, as in {token.text} (a^2 b c).", opened.column)
        items: dict[Node, float] = {}
        while self._waiting or self._token.sort is not Sort.CLOSE:
            start = self._token
            node = self._deeper(opened, lambda: self._expression(_NOT))
            weight = self._next() if not self._waiting and self._token.sort is Sort.WEIGHT else None
            if not self._waiting and self._token.sort in (Sort.OR, Sort.AND):
                if self._token.sort is Sort.AND:
                    raise QueryError(f"expected a list without AND in {token.text} (...).", self._token.column)
                self._next()
            if weight and not weight.number:
                raise QueryError("expected a weight above 0.", weight.column)
            if not _has_place(node):
                raise QueryError(
                    f"expected words, “phrases” or names in {token.text} (...), found {node}.", start.column
                )
            items[node] = weight.number if weight else 1.0
        self._next()
        if not token.number or sum(items.values()) < token.number:
            total = f"{sum(items.values()):g}"
            raise QueryError(f"expected a number from 1 to {total}, the sum of the weights.", token.column)
        return AtLeast(token.number, tuple(items.items()))

    def _term(self, token: Token, *, alone: bool = False) -> Node:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise QueryError(f"a query has at most {MOST_TERMS} words, names and phrases.", token.column)
        if token.sort is Sort.WORD:
            node = self._word(token, alone=alone)
        elif token.sort is Sort.FORMS:
            node = self._forms(token)
        elif token.sort is Sort.QUOTED:
            node = self._phrase(token)
        elif token.sort is Sort.ENTITY:
            node = self._entity(token)
        elif token.sort is Sort.REGEX:
            node = self._regex(token)
        else:
            raise _unexpected(_THING, token)
        if self._token.sort is Sort.SLOP:
            raise QueryError(
                'expected ~ with a number only behind a phrase in quotes, as in "a b"~5.', self._token.column
            )
        return node

    # -- words -------------------------------------------------------------------------------------------------------

    def _word(self, token: Token, *, alone: bool) -> Node:
        if self._field in ("source", "lang", "region"):
            return self._said(token)
        if "*" in token.value:
            return self._wildcard(token)
        run = [token]
        if alone:
            run += self._rest_of_name(token)
        while not alone and self._token.sort is Sort.WORD and "*" not in self._token.value:
            run.append(self._next())
        words = [each.value for each in run]
        parts = self._names(words)
        if not parts:
            common = token.found if len(run) == 1 else f"“{' '.join(words)}”"
            raise QueryError(f"{common} is too common to look for: expected a rarer word or a name.", token.column)
        first, *rest = (self._part(part, token) for part in parts)
        self._waiting = rest
        return first

    def _rest_of_name(self, token: Token) -> list[Token]:
        """After title:, the further words of a name that begins with the first: title:Islamic State."""
        row = self._row[self._at : self._at + LONGEST_NAME]
        length = next((at for at, each in enumerate(row) if each.sort is not Sort.WORD), len(row))
        for end in range(length, 0, -1):
            words = [token.value, *(each.value for each in row[:end])]
            parts = self._names(words)
            if len(parts) == 1 and parts[0].entity:
                self._at += end
                return row[:end]
        return []

    def _part(self, part: Part, token: Token) -> Node:
        if part.entity:
            return self._of(part.entity)
        if not self._field and (sides := self._joined(part.shown)):
            return Near(*sides, How.PARA)
        self._short_enough(part.phrase, token)
        return self._leaf(part.phrase, part.shown)

    def _joined(self, written: str) -> tuple[Node, Node] | None:
        """The two entities of `Russia-Iraq`; outside of a query it is a relation, here it is a paragraph with both."""
        for joint in re.finditer(r"[-‐‑‒–—/]", written):
            left, right = (
                self._catalogue.find(side.strip('"')) for side in (written[: joint.start()], written[joint.end() :])
            )
            if left and right and left != right:
                return self._of(left), self._of(right)
        return None

    def _leaf(self, key: str, shown: str) -> Leaf:
        # A word that is also a name of the catalogue must not come back as one.
        if key[0] != "@" and not shown.startswith('"') and self._reads_otherwise(key, shown):
            shown = f'"{shown}"'
        return self._placed(key, shown)

    def _placed(self, key: str, shown: str) -> Leaf:
        return Leaf(IN_TITLE + key, f"{IN_TITLE}{shown}") if self._field else Leaf(key, shown)

    def _reads_otherwise(self, key: str, shown: str) -> bool:
        try:
            row = tokens(shown)
            parts = self._names([shown])
        except QueryError:
            return True
        plain = len(row) == 2 and row[0].sort is Sort.WORD and "*" not in shown
        return not plain or [(part.entity, part.phrase) for part in parts] != [(None, key)]

    def _of(self, entity: Entity) -> Leaf:
        return self._leaf(f"@{entity.id}", self._spelling(entity))

    def _spelling(self, entity: Entity) -> str:
        """Its name where that is read as the entity again, with an at sign where it is not."""
        words = entity.name.split()
        try:
            row = tokens(entity.name)
            parts = self._names(words)
        except QueryError:
            return f"@{entity.id}"
        plain = all(token.sort is Sort.WORD for token in row[:-1]) and (not self._field or len(words) == 1)
        return entity.name if plain and [part.entity for part in parts] == [entity] else f"@{entity.id}"

    def _phrase(self, token: Token) -> Node:
        slop = self._next() if self._token.sort is Sort.SLOP else None
        if self._field in ("source", "lang", "region"):
            return self._said(token)
        if "*" in token.value:
            raise QueryError("* works at the end of a single word, not in a phrase.", token.column)
        phrase = fold(token.value)
        if not phrase:
            raise QueryError("expected at least one word in the quotes.", token.column)
        self._rare_enough(phrase, token)
        self._short_enough(phrase, token)
        written = '"' + " ".join(token.value.split()) + '"'
        words = tuple(phrase.split())
        if slop is None or len(words) == 1:
            return self._leaf(phrase, written)
        if slop.number > WIDEST:
            raise QueryError(f"expected at most {WIDEST} words, found {slop.number:g}.", slop.column)
        if not set(words) - STOPWORDS:
            raise QueryError(f"{token.found} is too common to look for.", token.column)
        shown = f"{IN_TITLE if self._field else ''}{written}~{slop.number:g}"
        return Loose(words, int(slop.number), shown, bool(self._field))

    def _rare_enough(self, phrase: str, token: Token) -> None:
        if phrase in STOPWORDS:
            raise QueryError(f"{token.found} is too common to look for: expected a rarer word or a name.", token.column)

    def _short_enough(self, phrase: str, token: Token) -> None:
        if phrase.count(" ") >= MOST_WORDS:
            raise QueryError(f"a phrase has at most {MOST_WORDS} words.", token.column)

    def _wildcard(self, token: Token) -> Node:
        stem = fold(token.value.removesuffix("*"))
        if token.value.count("*") != 1 or not token.value.endswith("*"):
            raise QueryError(f"expected * at the end of a word, found {token.found}.", token.column)
        if len(stem) < SHORTEST_STEM or " " in stem:
            raise QueryError(
                f"expected one word of at least {SHORTEST_STEM} letters before *, found {token.found}.", token.column
            )
        self._one_more(token)
        return self._placed(f"{stem}*", token.value.casefold())

    def _forms(self, token: Token) -> Node:
        """A word in any form. How it is written counts for the stemmer: its key is not folded."""
        if self._field in ("source", "lang", "region"):
            raise QueryError(f"~ does not work after {self._field}:.", token.column)
        if "*" in token.value:
            raise QueryError(f"expected either * or ~ behind a word, found {token.found}.", token.column)
        typed = Tokens(token.value)
        if len(typed) != 1:
            raise QueryError(f"expected one word before ~, found {token.found}.", token.column)
        self._rare_enough(typed.words[0], token)
        self._one_more(token)
        key = typed.surface(0, 1).casefold() + ANY_FORM
        return self._placed(key, key)

    def _one_more(self, token: Token) -> None:
        """Words that stand for several cost more than others."""
        self._wildcards += 1
        if self._wildcards > MOST_WILDCARDS:
            raise QueryError(f"a query has at most {MOST_WILDCARDS} words with * or ~.", token.column)

    def _entity(self, token: Token) -> Node:
        if self._field in ("source", "lang", "region"):
            raise QueryError(f"expected a word or “words” after {self._field}:, found {token.found}.", token.column)
        name = token.value.strip()
        entity = self._catalogue.entities.get(name.casefold()) or self._catalogue.find(name)
        if entity is None and (node := self._written(name)):
            if self._field:
                raise QueryError(
                    f"expected a name of the catalogue after {self._field}:, found the topic {token.text}.",
                    token.column,
                )
            return node
        if entity is None:
            near = self._catalogue.nearest(name, 2)
            meant = self._catalogue.find(near[0]) if near else None
            hint = f" Did you mean @{meant.id}?" if meant else ""
            raise QueryError(f"there is no {token.text} in the catalogue or among your topics.{hint}", token.column)
        return self._of(entity)

    def _regex(self, token: Token) -> Node:
        if self._field in ("source", "lang", "region"):
            raise QueryError(f"expected a word or “words” after {self._field}:, found {token.found}.", token.column)
        try:
            pattern.compiled(token.value)
        except ValueError as error:
            raise QueryError(str(error), token.column) from error
        return Pattern(token.value, bool(self._field))

    def _said(self, token: Token) -> Leaf:
        """What is said of an article: where it comes from, in which language."""
        field, value = self._field, token.value
        quoted = f'"{" ".join(value.split())}"'
        if "*" in value:
            raise QueryError(f"* does not work after {field}:; a part of the name is enough.", token.column)
        if field == "lang":
            tag = value.casefold().replace("_", "-")
            if not _LANGUAGE.fullmatch(tag):
                raise QueryError(
                    f"expected a language such as lang:en or lang:pt-br, found {token.found}.", token.column
                )
            return Leaf(f"lang:{tag}", f"lang:{tag}")
        host = re.fullmatch(r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[\w-]{2,})/?", value.casefold())
        if field == "source" and host:
            return Leaf(f"source:{host[1]}", f"source:{host[1]}")
        folded = fold(value)
        if not folded:
            raise QueryError(f"expected a name after {field}:, found {token.found}.", token.column)
        plain = value if re.fullmatch(r"[^\W_]+", value) and value.isascii() else quoted
        return Leaf(f"{field}:{folded}", f"{field}:{plain}")


def _unexpected(expected: str, token: Token) -> QueryError:
    if token.sort is Sort.WEIGHT:
        return QueryError(f"{token.text} gives a weight only behind an item of MIN/2 (a^2 b c).", token.column)
    return QueryError(f"expected {expected}, found {token.found}.", token.column)


def _has_place(node: Node) -> bool:
    """Whether it stands somewhere in a text: only then can something be near it."""
    if isinstance(node, Leaf):
        return not node.is_said
    if isinstance(node, Or):
        return all(_has_place(part) for part in node.parts)
    return isinstance(node, Pattern | Near)


def _negated(node: Node) -> Node:
    return node.part if isinstance(node, Not) else Not(node)


def _both(left: Node, right: Node) -> Node:
    parts = _flat(And, left, right)
    return And(parts) if len(parts) > 1 else parts[0]


def _either(left: Node, right: Node) -> Node:
    parts = _flat(Or, left, right)
    return Or(parts) if len(parts) > 1 else parts[0]


def _flat(kind: type[And] | type[Or], left: Node, right: Node) -> tuple[Node, ...]:
    """The parts of both, each once; brackets that change nothing fall away."""
    parts = [part for node in (left, right) for part in (node.parts if isinstance(node, kind) else (node,))]
    return tuple(dict.fromkeys(parts))
