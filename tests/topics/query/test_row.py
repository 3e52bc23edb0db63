"""Topics as rows of numbers: the same as the plain evaluator of the tree, whatever the text."""

from __future__ import annotations

from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Article
from bot.topics import Catalogue, resolve
from bot.topics.document import Document
from bot.topics.query.evaluate import Evaluator
from bot.topics.query.node import And, How, Leaf, Near, Node, Not, Or, Pattern
from bot.topics.query.requires import groups as required
from bot.topics.query.row import Rows, encode, fits, groups, holds
from bot.topics.wanted import Wanted

WORDS = ("oil", "gas", "price", "rose")
KEYS = st.sampled_from([*WORDS, "oil price", "gas rose oil", "title:oil", "title:gas rose", "ga*", "title:ro*"])
LEAVES = st.builds(lambda key: Leaf(key, key), KEYS)
GROUPS = LEAVES | st.lists(LEAVES, min_size=2, max_size=4, unique=True).map(lambda parts: Or(tuple(parts)))
NEARS = st.builds(Near, GROUPS, GROUPS, st.sampled_from([How.NEAR, How.ONEAR]), st.integers(0, 6))
PARTS = GROUPS | NEARS | st.builds(Not, GROUPS)
QUERIES = PARTS | st.lists(PARTS, min_size=2, max_size=4, unique=True).map(lambda parts: And(tuple(parts)))
TEXTS = st.lists(st.sampled_from([*WORDS, "said", "of"]), max_size=60).map(" ".join)
ARTICLES = st.builds(Article, st.just("1"), TEXTS, text=TEXTS)


@settings(deadline=None, max_examples=120)
@given(query=QUERIES, article=ARTICLES)
def test_a_row_is_true_where_its_query_is(query: Node, article: Article) -> None:
    assert fits(query)
    wanted = Wanted()
    row = array("I", encode(query, wanted.want))
    document = Document(article)
    present = wanted.find(document, {})
    assert holds(row, present.places, document) == Evaluator(document, present).holds(query)
    assert [tuple(wanted.keys[number] for number in group) for group in groups(row)] == list(required(query))


def test_what_says_more_keeps_its_tree(catalogue: Catalogue) -> None:
    for typed in ("MIN/2 (oil gas coal)", '"oil price"~2', "oil SENT gas", "(oil AND gas) OR coal", "oil -(gas coal)"):
        query = resolve(typed, catalogue).query
        assert query is not None
        assert not fits(query)
    assert not fits(And((Leaf("oil", "oil"), Pattern("o+"))))


@given(
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.lists(st.integers(0, 99), min_size=1, max_size=4)))
)
def test_rows_keep_what_was_put_and_fill_what_was_given_back(steps: list[tuple[bool, int, list[int]]]) -> None:
    rows, kept, free = Rows(), dict[int, list[int]](), list[int]()
    for put, which, row in steps:
        if put:
            number = free.pop() if free else len(kept)
            rows.put(number, row)
            kept[number] = row
        elif which in kept:
            rows.drop(which)
            del kept[which]
            free.append(which)
        assert all(list(rows[number]) == row for number, row in kept.items())
    assert all(list(Rows.restored(rows.state())[number]) == row for number, row in kept.items())
