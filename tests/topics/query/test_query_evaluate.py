"""What queries find in articles, by examples, and held against a slow reading of their definition."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import UserError
from bot.core.model import Article, Match, Sensitivity
from bot.topics import Catalogue, Percolator, resolve
from bot.topics.forms import form
from bot.topics.normalise import fold
from bot.topics.query.node import And, AtLeast, How, Leaf, Loose, Near, Node, Not, Or

TEXT = (
    "Iraq signed a pipeline accord with Russia on Monday. The price of oil rose, and gas fell.\n"
    "Terrorists struck in the north, officials in Baghdad said. Football was called off."
)
ARTICLE = Article(
    "1",
    "Islamic State loses a refinery",
    text=TEXT,
    url="https://www.news.bbc.co.uk/world/1",
    source="BBC News",
    lang="en-GB",
    region="Middle East",
)


def _match(typed: str, catalogue: Catalogue, article: Article = ARTICLE) -> Match | None:
    return Percolator(catalogue).explain(resolve(typed, catalogue), article, Sensitivity.EVERYTHING)


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("oil OR coal", ["oil"]),
        ("coal OR gold", None),
        ("oil AND (gas OR coal)", ["oil", "gas"]),
        ("oil -football", None),
        ("oil -cricket", ["oil"]),
        ("oil NOT (cricket OR tennis)", ["oil"]),
        ("Iraq NEAR/5 Russia", ["Iraq", "Russia"]),
        ("Iraq NEAR/4 Russia", None),
        ("Russia NEAR/5 Iraq", ["Iraq", "Russia"]),
        ("Russia ONEAR/5 Iraq", None),
        ("Iraq ONEAR/5 Russia", ["Iraq", "Russia"]),
        ("(Iran OR Iraq) NEAR/5 (pipeline OR Russia)", ["Iraq", "pipeline"]),
        ("Iraq NEAR/9 Russia NEAR/9 accord", ["Iraq", "accord", "Russia"]),
        ("Iraq SENT Russia", ["Iraq", "Russia"]),
        ("Russia SENT oil", None),
        ("Russia PARA oil", ["Russia"]),
        ("oil PARA Terrorists", None),
        ('"price rose"~2', ["price", "rose"]),
        ('"rose price"~2', ["price", "rose"]),
        ('"price rose"~1', None),
        ('"price price"~9', None),
        ("title:refinery OR coal", ["refinery"]),
        ("title:oil OR coal", None),
        ("title:Islamic State OR coal", ["Islamic State"]),
        ("title:(Russia OR ISIL)", ["Islamic State"]),
        ("terroris*", ["Terrorists"]),
        ("terrorista*", None),
        ("striking~ OR coal", None),
        ("terrorist~", ["Terrorists"]),
        ("officially~ OR coal", ["officials"]),
        ("pricing~ NEAR/3 rises~", None),
        ("prices~ NEAR/3 oils~", ["price", "oil"]),
        ("signs~ AND title:refineries~", ["signed"]),
        ("refine* OR coal", ["refinery"]),
        ("MIN/2 (oil coal gas)", ["oil", "gas"]),
        ("MIN/3 (oil coal gas)", None),
        ("MIN/3 (oil^2 coal gas)", ["oil", "gas"]),
        ("oil source:bbc", ["oil"]),
        ('oil source:"bbc news"', ["oil"]),
        ("oil source:bbc.co.uk", ["oil"]),
        ("oil site:news.bbc.co.uk", ["oil"]),
        ("oil source:reuters", None),
        ("oil -source:bbc", None),
        ("oil lang:en", ["oil"]),
        ("oil lang:en-gb", ["oil"]),
        ("oil lang:en-us", None),
        ('oil region:"middle east"', ["oil"]),
        ("oil region:africa", None),
    ],
)
def test_a_query_marks_what_made_it_true(typed: str, marked: list[str] | None, catalogue: Catalogue) -> None:
    match = _match(typed, catalogue)
    found = [e.sentence[start:end] for e in match.evidence[:1] for start, end in e.spans] if match else None
    assert found == marked


def test_what_is_said_of_an_article_rings_alone_and_quotes_its_opening(catalogue: Catalogue) -> None:
    match = _match("source:bbc lang:en", catalogue)
    assert match
    assert match.score == 1.0
    assert match.evidence[0].sentence == "Iraq signed a pipeline accord with Russia on Monday."


def test_a_query_that_says_how_close_rings_at_normal_wherever_it_stands(catalogue: Catalogue) -> None:
    filler = "The committee met for three hours and heard from a dozen witnesses. " * 20
    article = Article("1", "Prices", text=f"{filler}France sold wheat to Peru. {filler}")
    percolator = Percolator(catalogue)

    def rings(typed: str) -> bool:
        return percolator.explain(resolve(typed, catalogue), article, Sensitivity.NORMAL) is not None

    assert rings("France NEAR/5 Peru")
    assert not rings("France OR Chile")
    assert not rings("France")


def test_one_mention_is_not_near_itself(catalogue: Catalogue) -> None:
    assert _match("@russia NEAR/5 @vladimir-putin", catalogue, Article("1", "Putin speaks")) is None
    assert _match("@russia SENT @vladimir-putin", catalogue, Article("1", "Putin leaves Russia"))


def test_nothing_is_near_across_the_end_of_the_title(catalogue: Catalogue) -> None:
    article = Article("1", "The price of oil", text="Gas was dearer.")
    assert _match("oil NEAR/9 gas", catalogue, article) is None
    assert _match('"oil gas"~9', catalogue, article) is None
    assert _match("oil AND gas NOT coal", catalogue, article)


def test_a_long_line_is_no_paragraph(catalogue: Catalogue) -> None:
    article = Article("1", "…", text="Oil rose. " + "Nothing else happened. " * 60 + "Gas fell.")
    assert _match("oil PARA gas", catalogue, article) is None


def test_a_hostile_article_is_answered(catalogue: Catalogue) -> None:
    article = Article("1", "oil", text="oil gas " * 12_000)
    for typed in (
        "oil NEAR/5 gas NEAR/5 oil",
        '"oil gas oil"~50',
        "oil SENT gas",
        "MIN/2 (oil^1.5 gas)",
        "oil* OR gas*",
    ):
        assert _match(typed, catalogue, article)


# -- the definition, slowly ----------------------------------------------------------------------------------------

Spans = list[tuple[int, int, int]]
"""Part, first word, past the last word."""


class Definition:
    """Reads a query about words by its definition, looking at every pair and every position."""

    def __init__(self, article: Article) -> None:
        self.parts = [fold(text).split() for text in (article.title, article.text)]

    def phrase(self, phrase: str, in_title: bool) -> Spans:
        wanted = phrase.split()
        found = []
        for part, words in enumerate(self.parts[: 1 if in_title else 2]):
            for at in range(len(words)):
                if phrase.endswith("~"):
                    if form(words[at], "en") == form(phrase[:-1], "en"):
                        found.append((part, at, at + 1))
                elif phrase.endswith("*"):
                    if words[at].startswith(phrase[:-1]):
                        found.append((part, at, at + 1))
                elif words[at : at + len(wanted)] == wanted:
                    found.append((part, at, at + len(wanted)))
        return found

    def near(self, node: Near) -> Spans | None:
        left, right = self.spans(node.left), self.spans(node.right)
        found: set[tuple[int, int, int]] = set()
        for one, other in product(left or [], right or []):
            first, second = sorted((one, other))
            if first[0] != second[0] or second[1] < first[2] or second[1] - first[2] > node.words:
                continue
            if node.how is How.ONEAR and first is not one:
                continue
            found |= {one, other}
        return sorted(found) or None

    def loose(self, node: Loose) -> Spans | None:
        for words in self.parts[: 1 if node.in_title else 2]:
            size = len(node.words) + node.slop
            for at in range(len(words)):
                window = words[at : at + size]
                if all(window.count(word) >= node.words.count(word) for word in node.words):
                    return [(0, 0, 1)]
        return None

    def spans(self, node: Node) -> Spans | None:
        if isinstance(node, Leaf):
            return self.phrase(node.bare, node.bare != node.key) or None
        if isinstance(node, Near):
            return self.near(node)
        if isinstance(node, Loose):
            return self.loose(node)
        if isinstance(node, Not):
            return [] if self.spans(node.part) is None else None
        found = [self.spans(part) for part in node.parts] if isinstance(node, And | Or) else []
        if isinstance(node, And):
            return None if None in found else [span for each in found for span in each or ()]
        if isinstance(node, Or):
            return [span for each in found for span in each or ()] if found != [None] * len(found) else None
        assert isinstance(node, AtLeast)
        reached = sum(weight for item, weight in node.items if self.spans(item) is not None)
        return [] if reached >= node.threshold else None


WORDS = ("oil", "gas", "price", "rose", "terrorist", "terror", "north")
ATOMS = st.sampled_from(
    [
        *WORDS,
        '"oil price"',
        '"gas rose"',
        "terror*",
        "terrors~",
        "title:price~",
        "title:oil",
        "title:terror*",
        '"oil rose"~1',
    ]
)
OPERATORS = st.sampled_from(["AND", "OR", "NOT", "", "NEAR/1", "NEAR/3", "ONEAR/2"])


def _joined(left: str, operator: str, right: str, bracket: bool) -> str:
    joined = f"{left} {operator} {right}"
    return f"({joined})" if bracket else joined


QUERIES = st.one_of(
    st.recursive(ATOMS, lambda inner: st.builds(_joined, inner, OPERATORS, inner, st.booleans()), max_leaves=6),
    st.builds("MIN/{} ({}^2 {} OR {})".format, st.sampled_from([2, 3, 4]), ATOMS, ATOMS, ATOMS),
)
SENTENCE = st.lists(st.sampled_from([*WORDS, "said", "of"]), max_size=14).map(" ".join)
ARTICLES = st.builds(Article, st.just("1"), SENTENCE, text=SENTENCE, lang=st.just("en"))


@settings(deadline=None, max_examples=400)
@given(typed=QUERIES, article=ARTICLES)
def test_a_query_is_true_where_its_definition_says_so(typed: str, article: Article, catalogue: Catalogue) -> None:
    try:
        topic = resolve(typed, catalogue)
    except UserError:
        return
    if topic.query is None:
        return
    expected = Definition(article).spans(topic.query) is not None
    percolator = Percolator(catalogue, [topic])
    assert bool(percolator.match(article, Sensitivity.EVERYTHING)) == expected
    assert percolator.held(article) == ([topic.name] if expected else [])
    assert (percolator.explain(topic, article) is not None) == expected
