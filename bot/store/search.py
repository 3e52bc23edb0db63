"""Full-text search: one question (every group has a phrase in the text) in the words of two databases.

The index holds exactly the tokens of `fold`, one per word, so that what the percolator matches, the archive finds.
Neither database may take them apart again: FTS5 is told that every letter, digit, mark and sign belongs to a word, and
PostgreSQL gets a ready-made tsvector instead of its parser, which splits hosts, hyphens and numbers in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, text

from bot.store import tables as t
from bot.store.words import phrase

MOST_PHRASES = 5_000
"""In one question. An entity with all its aliases has some dozens, a region of twenty countries a few thousand."""

STEM = re.compile(r"(?<=[^\W_])\*\Z")
"""Behind the last word of a phrase: all words that begin so. No folded word holds a star."""


def matching(dialect: str, terms: Sequence[Sequence[str]]) -> list[ColumnElement[bool]] | None:
    """Conditions on the article table, or None where nothing can match."""
    groups = [[words for each in group if (words := phrase(each))] for group in terms]
    if not groups:
        return []
    if not all(groups) or sum(map(len, groups)) > MOST_PHRASES:
        return None
    if dialect == "sqlite":
        found = text("SELECT rowid FROM article_words WHERE article_words MATCH :question").bindparams(
            bindparam("question", fts5(groups))
        )
        return [t.article.c.id.in_(found.columns(t.article.c.id))]
    condition = text("article.terms @@ CAST(:question AS tsquery)").bindparams(bindparam("question", tsquery(groups)))
    return [condition]  # type: ignore[list-item]  # a text clause is a condition wherever one is taken


def fts5(groups: Sequence[Sequence[Sequence[str]]]) -> str:
    """AND of OR of phrases for FTS5. A quoted string is the only thing in its grammar that is never an operator."""
    return " AND ".join("(" + " OR ".join(map(_string, group)) + ")" for group in groups)


def _string(words: Sequence[str]) -> str:
    """A phrase; a star behind its last word asks for all words that begin so."""
    joined = " ".join(words)
    begins = STEM.search(joined) is not None
    return '"' + (joined[:-1] if begins else joined).replace('"', '""') + ('"*' if begins else '"')


def tsquery(groups: Sequence[Sequence[Sequence[str]]]) -> str:
    """The same as the text of a PostgreSQL tsquery, each word a quoted lexeme."""
    return " & ".join(
        "(" + " | ".join("(" + " <-> ".join(map(_lexeme, words)) + ")" for words in group) + ")" for group in groups
    )


def _lexeme(word: str) -> str:
    begins = STEM.search(word) is not None
    quoted = "'" + (word[:-1] if begins else word).replace("\\", "\\\\").replace("'", "''") + "'"
    return f"{quoted}:*" if begins else quoted
