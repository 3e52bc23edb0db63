"""A query cut into tokens, each with its column, so that a mistake can be pointed at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.core.errors import UserError


class QueryError(UserError):
    """A query that cannot be followed; `column` counts from 1 in the text as it was typed."""

    def __init__(self, text: str, column: int) -> None:
        super().__init__(f"Column {column}: {text}")
        self.column = column


class Sort(StrEnum):
    WORD = "word"
    FORMS = "forms"
    QUOTED = "quoted"
    ENTITY = "entity"
    REGEX = "regex"
    FIELD = "field"
    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    EXCEPT = "-"
    NEAR = "near"
    MIN = "MIN"
    WEIGHT = "weight"
    SLOP = "slop"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as it was typed; `value` what counts of it (a word, the name of a field, a number)."""

    sort: Sort
    text: str
    column: int
    value: str = ""
    number: float = 0.0

    @property
    def found(self) -> str:
        """For people: what was found where something else was expected."""
        return "the end" if self.sort is Sort.END else f"“{self.text}”"


FIELD_NAMES = {
    **{"title": "title", "intitle": "title", "source": "source", "site": "source"},
    **{"lang": "lang", "language": "lang", "region": "region"},
}
_FIELDS = "|".join(FIELD_NAMES)
_END = r"(?=[\s()\"]|$)"
_NUMBER = r"\d{1,4}(?:\.\d{1,2})?"
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<open>\() | (?P<close>\))
    | "(?P<quoted>[^"]*)(?P<quote>"?)
    | ~(?P<slop>\d{{1,4}}){_END.replace("()", "()^")}
    | \^(?P<weight>{_NUMBER}){_END}
    | (?P<and>&&?(?=\s|[("]|$) | &&) | (?P<or>\|\|?)
    | (?P<operator>AND|OR|NOT|SENT|PARA){_END}
    | AROUND\((?P<around>\d{{1,4}})\)
    | (?P<near>O?NEAR)/(?P<words>\d{{1,4}}){_END}
    | MIN/(?P<min>{_NUMBER}){_END}
    | (?P<unfinished>(?:O?NEAR|AROUND)(?=[\s(/]|$)|MIN(?=/|\s*\())
    | (?<![^\s(:])(?P<except>[-!])(?=[^\s)]) | (?<!\S)(?P<lone>[-!])(?!\S)
    | (?<![^\s(])/(?P<regex>(?:[^/\\]|\\.)+)/{_END}
    | (?P<field>[A-Za-z]{{2,20}}):(?=[^\s/:]|/[^/])
    | (?P<spaced>{_FIELDS}):(?=\s)
    | @(?:"(?P<named>[^"]*)"|(?P<entity>[^\s()"^|]+))
    | (?P<forms>(?:(?!&&|\|)[^\s()"^~])+)~(?=[\s()^]|$)
    | (?P<word>(?:(?!&&|\|)[^\s()"^~])+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

# What only a query has. AND alone does not make one: words side by side must all occur anyway.
_SIGNS = re.compile(
    rf"""
    (?<!\S)[(]*(?:OR|NOT|SENT|PARA|AROUND\(\d+\)|O?NEAR(?:/\S*)?|MIN/\S*|\|\|?|&&)(?=[\s()"]|$)
    | (?<![^\s(])[-!](?=[^\W_]|["(@/])
    | [()^|] | "~ | &&
    | (?<![^\s(])(?:[A-Za-z]{{2,20}}:(?:[^\s/:]|/[^/])|(?:{_FIELDS}):\s|@\S|/\S[^/]*/(?=[\s)]|$)) | \w[*~](?=[\s)^]|$)
    """,
    re.VERBOSE,
)


def is_query(text: str) -> bool:
    """Whether a text is written with operators, so that it is to be parsed and not read as words."""
    return _SIGNS.search(re.sub(r'"[^"]*"', '""', text)) is not None


def tokens(text: str) -> list[Token]:
    """The tokens of a query, the last of which is its end. Raises QueryError for what is no token at all."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        token = _token(match)
        if token:
            found.append(token)
    found.append(Token(Sort.END, "", len(text) + 1))
    return found


def _token(match: re.Match[str]) -> Token | None:  # noqa: PLR0911, PLR0912  (one branch for each sort)
    text, column = match.group(), match.start() + 1
    group = match.lastgroup or ""
    part = match.groupdict()
    if group == "space":
        return None
    if group == "quote":
        if not part["quote"]:
            raise QueryError('this quote is never closed: expected " at the end of the phrase.', column)
        return Token(Sort.QUOTED, text, column, part["quoted"])
    if group in ("slop", "weight", "min"):
        return Token(Sort(group) if group != "min" else Sort.MIN, text, column, number=float(part[group]))
    if group == "operator":
        sort = Sort(text) if text in ("AND", "OR", "NOT") else Sort.NEAR
        return Token(sort, text, column, text)
    if group == "around":
        return Token(Sort.NEAR, text, column, "NEAR", float(part["around"]))
    if group == "words":
        return Token(Sort.NEAR, text, column, part["near"], float(part["words"]))
    if group == "unfinished":
        example = {"AROUND": "AROUND(5)", "MIN": "MIN/2 (oil gas coal)"}.get(text, f"{text}/5")
        raise QueryError(f"{text} needs a number: expected it as in {example}. The word itself goes in quotes.", column)
    if group in ("field", "spaced"):
        name = FIELD_NAMES.get(part[group].casefold())
        if name is None:
            raise QueryError(
                f"there is no field {part['field']}: expected one of {', '.join(FIELD_NAMES)}. "
                "A text with a colon goes in quotes.",
                column,
            )
        return Token(Sort.FIELD, text, column, name)
    if group in ("named", "entity"):
        return Token(Sort.ENTITY, text, column, part[group])
    simple = {"open": Sort.OPEN, "close": Sort.CLOSE, "and": Sort.AND, "or": Sort.OR, "except": Sort.EXCEPT}
    if group in simple:
        return Token(simple[group], text, column)
    if group in ("regex", "word", "forms"):
        return Token(Sort(group), text, column, part[group])
    if group == "lone":
        raise QueryError(f"expected what is excluded directly behind {text}, as in {text}football.", column)
    raise QueryError(f"“{text}” stands alone here: expected a word, a “phrase” or a bracket.", column)
