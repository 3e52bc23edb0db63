"""The table of ambiguous and multilingual sentences: every mention found, with its exact place, and nothing else."""

from __future__ import annotations

import re

import pytest

from bot.core.model import Article
from bot.topics import Catalogue
from bot.topics.document import Document
from tests.topics.cases import CASES

_MARK = re.compile(r"\{([a-z+-]+)\|([^}]*)\}")
SENTENCES = [line for line in CASES.splitlines() if line and not line.startswith("#")]

Spans = set[tuple[str, int, int]]


def _unmarked(line: str) -> tuple[str, Spans]:
    text, spans, at = "", set[tuple[str, int, int]](), 0
    for mark in _MARK.finditer(line):
        text += line[at : mark.start()]
        spans |= {(entity, len(text), len(text) + len(mark[2])) for entity in mark[1].split("+")}
        text += mark[2]
        at = mark.end()
    return text + line[at:], spans


def test_the_table_is_as_large_as_we_say() -> None:
    assert len(SENTENCES) >= 200


@pytest.mark.parametrize("line", SENTENCES)
@pytest.mark.parametrize("place", ["title", "text"])
def test_a_sentence_names_what_is_marked_and_nothing_else(line: str, place: str, catalogue: Catalogue) -> None:
    text, expected = _unmarked(line)
    document = Document(Article("1", text) if place == "title" else Article("1", "", text=text))
    found = {
        (entity, *document.span(mention.start, mention.end)[1:])
        for entity, mentions in catalogue.recogniser.mentions(document).items()
        for mention in mentions
    }
    assert found == expected


@pytest.mark.parametrize("line", SENTENCES)
def test_every_marked_entity_exists(line: str, catalogue: Catalogue) -> None:
    assert {entity for entity, *_ in _unmarked(line)[1]} <= set(catalogue.entities)
