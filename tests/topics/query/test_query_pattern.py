"""/regular expressions/ of strangers: linear in the text, bounded in memory, quoted where they match."""

from __future__ import annotations

import pytest

from bot.core.model import Article
from bot.topics import Catalogue, Percolator, resolve
from bot.topics.query.lex import QueryError
from bot.topics.query.pattern import MOST_FOUND, occurrences

pytest.importorskip("re2", reason="google-re2 is the extra `regex`")


def quoted(catalogue: Catalogue, query: str, article: Article) -> list[str]:
    """The words that are marked in what is quoted."""
    percolator = Percolator(catalogue)
    topic = resolve(query, catalogue)
    percolator.add(topic)
    matches = percolator.match(article)
    assert [match.topic for match in matches] == ([topic.name] if percolator.explain(topic, article) else [])
    return [each.sentence[a:b] for match in matches for each in match.evidence for a, b in each.spans]


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        (r"asks /F-?16s?/", "Kyiv asks for F-16s. It has none.", ["asks", "F-16s"]),
        (r"/f-?16s?/ Ukraine", "Ukraine asks for F16 jets.", ["Ukraine", "F16"]),
        (r"стоят /mig-(29|31)\b/", "В Севастополе стоят MiG-31 и Су-27.", ["стоят", "MiG-31"]),
        (r"стоят /су-\d+/", "В Севастополе стоят Су-27.", ["стоят", "Су-27"]),
        (r"siege /\b\d{3}-day\b/ -football", "The 100-day siege of the old town is over.", ["100-day", "siege"]),
    ],
)
def test_what_matches_is_marked(catalogue: Catalogue, query: str, text: str, marked: list[str]) -> None:
    assert quoted(catalogue, query, Article("1", "From the front", text=text)) == marked


def test_what_does_not_match_does_not_ring(catalogue: Catalogue) -> None:
    article = Article("1", "From the front", text="The F-35 is not what they asked for, said the ministry in Kyiv.")
    assert quoted(catalogue, r"ministry /F-?16s?/", article) == []
    assert quoted(catalogue, r"ministry title:/F-?35/", article) == []
    assert quoted(catalogue, r"Ukraine -/F-?35/", article) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("/(a+/", "cannot be read"),
        (r"/(a)\1/", "cannot be read"),  # a back-reference is not regular
        ("/a*/", "matches the empty text"),
        (r"/(\w{1,900}){50}/", "cannot be read"),
        ("/" + "ab" * 101 + "/", "at most 200 characters"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(catalogue: Catalogue, query: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        resolve(f"Iraq {query}", catalogue)


def test_an_expression_alone_is_refused_for_every_article_would_have_to_be_searched(catalogue: Catalogue) -> None:
    with pytest.raises(QueryError, match="only a regular expression to go by"):
        resolve(r"/F-?16s?/", catalogue)


def test_what_would_hold_another_engine_for_years_is_done_at_once() -> None:
    assert occurrences(r"(a+)+$", "a" * 50_000 + "!") == []
    assert len(occurrences("a", "a " * 10_000)) == MOST_FOUND
