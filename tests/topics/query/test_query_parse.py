"""Queries as people of search engines write them: how they are read, and what is refused with which words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import UserError
from bot.topics import Catalogue, TopicKind, resolve
from bot.topics.query.lex import QueryError


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Iraq OR Syria", "Iraq OR Syria"),
        ("Iraq AND (oil OR gas) NOT football", "Iraq AND (oil OR gas) AND NOT football"),
        ("Iraq oil OR gas", "(Iraq AND oil) OR gas"),
        ("oil && gas || coal", "(oil AND gas) OR coal"),
        ("Iraq -football !cricket", "Iraq AND NOT football AND NOT cricket"),
        ("Russia -Iraq", "Russia AND NOT Iraq"),
        ("oil AND NOT (gas OR coal)", "oil AND NOT (gas OR coal)"),
        ("oil -(gas coal)", "oil AND NOT (gas AND coal)"),
        ("NOT (NOT oil) OR gas", "oil OR gas"),
        ("((Iraq)) OR ((Iraq OR (Syria)))", "Iraq OR Syria"),
        ("the war OR the peace", "war OR peace"),
        ('"oil price"~3 Iraq', '"oil price"~3 AND Iraq'),
        ("“oil price” OR gas", '"oil price" OR gas'),
        ("Russia NEAR/5 Iraq", "Russia NEAR/5 Iraq"),
        ("oil AROUND(3) gas", "oil NEAR/3 gas"),
        ("price ONEAR/2 oil", "price ONEAR/2 oil"),
        ("oil price NEAR/5 (Iraq OR Iran)", "oil AND price NEAR/5 (Iraq OR Iran)"),
        ("Islamic State SENT Russia PARA oil", "ISIL SENT Russia PARA oil"),
        ("oil SENT (gas PARA coal)", "oil SENT (gas PARA coal)"),
        ("coal NOT oil NEAR/3 gas", "coal AND NOT (oil NEAR/3 gas)"),
        ("title: gold OR coal", "title:gold OR coal"),
        ("intitle:Iraq OR title:(oil gas)", "title:Iraq OR (title:oil AND title:gas)"),
        ('title:Islamic State OR title:"Papua"', 'title:ISIL OR title:"Papua"'),
        ("site:www.bbc.co.uk Iraq", "source:bbc.co.uk AND Iraq"),
        ('source:(bbc OR "The Guardian") Iraq', '(source:bbc OR source:"The Guardian") AND Iraq'),
        ("lang:pt_BR region:Africa oil", "lang:pt-br AND region:Africa AND oil"),
        ("Terroris*", "terroris*"),
        ("Strikes~", "strikes~"),
        ("elections~", "elections~"),
        ("elections*", "elections*"),
        ("'Élections'~ OR gas", "élections~ OR gas"),
        ("title:strike~ OR gas", "title:strike~ OR gas"),
        ("MIN/3 (oil^2 gas Iraq^1.5)", "MIN/3 (oil^2 OR gas OR Iraq^1.5)"),
        ("MIN/2 (a1 OR b1 OR (c1 NEAR/3 d1)^2)", "MIN/2 (a1 OR b1 OR (c1 NEAR/3 d1)^2)"),
        ('@"Islamic State" -oil', "ISIL AND NOT oil"),
        ("Russia-Iraq OR gas", "Russia PARA Iraq OR gas"),
        ("turkey OR recipe", "turkey OR recipe"),
        ("Turkey OR recipe", "Turkey OR recipe"),
        ('"Iraq" OR "iraq"', '"Iraq"'),
        ("伊拉克 OR 石油", 'Iraq OR "石油"'),
        ("العراق OR نفط", "Iraq OR نفط"),
    ],
)
def test_a_query_is_read_as(typed: str, read: str, catalogue: Catalogue) -> None:
    topic = resolve(typed, catalogue)
    if topic.kind is TopicKind.QUERY:
        assert topic.reading.startswith(f"Read as: {read}.")
    assert topic.name == read
    assert resolve(topic.name, catalogue) == topic


def test_brackets_and_ands_that_say_nothing_make_no_query(catalogue: Catalogue) -> None:
    assert resolve("(ISIL)", catalogue) == resolve("ISIL", catalogue)
    assert resolve("(oil AND price)", catalogue).kind is TopicKind.WORDS
    assert resolve("@iraq", catalogue) == resolve("Iraq", catalogue)


def test_the_reading_explains_names_and_what_binds_closer(catalogue: Catalogue) -> None:
    reading = resolve("Iraq oil OR gas", catalogue).reading
    assert "AND binds closer than OR." in reading
    assert "Iraq = Iraq, Iraqi, Baghdad" in reading
    assert "binds closer" not in resolve("oil OR gas", catalogue).reading


@pytest.mark.parametrize(
    ("typed", "column", "said"),
    [
        ("Iraq NEAR oil OR gas", 6, "NEAR needs a number: expected it as in NEAR/5"),
        ("oil AROUND gas OR coal", 5, "AROUND needs a number"),
        ("Iraq NEAR/5", 12, "expected a word, a “phrase”, @a-name or (, found the end"),
        ("Iraq NEAR/500 oil", 6, "expected at most 100 words"),
        ("Iraq NEAR/5 -oil", 13, "expected words, “phrases”, names or"),
        ("(Iraq oil) NEAR/5 gas", 12, "on both sides of NEAR/5"),
        ("Iraq OR", 8, "found the end"),
        ("OR Iraq", 1, "expected a word, a “phrase”, @a-name or (, found “OR”"),
        ("(oil OR gas", 12, "expected ) for the ( of column 1, found the end"),
        ("oil OR gas)", 11, "expected the end or an operator, found “)”"),
        ("oil OR ()", 9, "expected a word, a “phrase”, @a-name or ( in the brackets"),
        ('oil OR "gas', 8, "this quote is never closed"),
        ('oil OR ""', 8, "at least one word in the quotes"),
        ("oil~3 OR gas", 4, 'expected ~ with a number only behind a phrase in quotes, as in "a b"~5'),
        ('oil OR "gas pric*"', 8, "* works at the end of a single word"),
        ("oil OR pr*ce", 8, "expected * at the end of a word"),
        ("oil OR pr*", 8, "at least 3 letters before *"),
        ("oil OR gas - coal", 12, "expected what is excluded directly behind -"),
        ("oil^2 OR gas", 4, "a weight only behind an item of MIN"),
        ("MIN (oil gas)", 1, "MIN needs a number"),
        ("MIN/2 oil gas", 7, "expected ( after MIN/2"),
        ("MIN/9 (oil gas^3)", 1, "expected a number from 1 to 4"),
        ("MIN/1 (oil -gas)", 12, "expected words"),
        ("foo:bar oil", 1, "there is no field foo: expected one of title"),
        ("title:-oil OR gas", 7, "expected a word, a “phrase”, @a-name or ( after title:"),
        ("title:(source:bbc) oil", 8, "expected no field inside title:"),
        ("lang:english! oil", 6, "expected a language such as lang:en"),
        ("source:b*c oil", 8, "* does not work after source:"),
        ("oil OR @nobody-knows", 8, "there is no @nobody-knows in the catalogue"),
        ("oil OR @isill", 8, "Did you mean @isil?"),
        ("the OR oil", 1, "“the” is too common to look for"),
        ('oil OR "the"', 8, "too common"),
        ("-football", 1, "would match every article without those words"),
        ("NOT football", 1, "would match every article without those words"),
        ("Iraq OR -oil", 1, "“NOT oil” is true of most articles"),
        ("oil -oil", 1, "could never match"),
        ('"oil price" -oil', 1, "oil price holds oil, which is excluded"),
        ("title:oil -oil", 1, "could never match"),
        ("terrorist -terror*", 1, "terrorist holds terror*, which is excluded"),
        ("lang:en lang:de oil", 1, "in one language"),
        ("gas OR (oil -(oil OR coal))", 1, "could never match"),
        ("(" * 13 + "oil" + ")" * 13, 13, "at most 12 deep"),
        (" OR ".join(f"w{n}" for n in range(81)), 551, "at most 80 words"),
        (" OR ".join(f"wor{n}*" for n in range(9)), 73, "at most 8 words with * or ~"),
        ("a-b~ OR gas", 1, "expected one word before ~, found “a-b~”"),
        ("…~ OR gas", 1, "expected one word before ~"),
        ("the~ OR gas", 1, "“the~” is too common"),
        ("oil*~ OR gas", 1, "expected either * or ~ behind a word"),
        ("oil source:bbc~", 12, "~ does not work after source:"),
        ("x OR " * 500, 2001, "at most 2000 characters"),
    ],
)
def test_a_mistake_is_pointed_at(typed: str, column: int, said: str, catalogue: Catalogue) -> None:
    with pytest.raises(QueryError) as caught:
        resolve(typed, catalogue)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"Column {caught.value.column}: ")
    assert caught.value.column == column


def test_a_regular_expression_needs_re2(catalogue: Catalogue) -> None:
    with pytest.raises(QueryError, match=r"^Column 10: .*(google-re2, which is not installed|cannot be read)"):
        resolve("Iraq AND /(a+/", catalogue)


PIECES = st.sampled_from(
    [
        *(
            "Iraq",
            "oil",
            "gas",
            "price",
            "the",
            '"oil price"',
            '"oil price"~2',
            "terroris*",
            "Islamic",
            "State",
            "@isil",
        ),
        *("AND", "OR", "NOT", "&&", "||", "!", "-", "(", ")", "NEAR/3", "AROUND(2)", "ONEAR/1", "SENT", "PARA", "NEAR"),
        *(
            "title:",
            "title:oil",
            "source:bbc",
            "lang:en",
            "MIN/2",
            "^2",
            "~3",
            "^",
            "|",
            "/a.*b/",
            "石油",
            "Russia-Iraq",
        ),
    ]
)
TYPED = st.one_of(
    st.text(max_size=80), st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=14).map("".join)
)


@settings(deadline=None, max_examples=400)
@given(typed=TYPED)
def test_any_text_is_a_topic_that_reads_back_or_is_refused(typed: str, catalogue: Catalogue) -> None:
    try:
        topic = resolve(typed, catalogue)
    except UserError as error:
        assert str(error)
        return
    assert resolve(topic.name, catalogue) == topic
    assert topic.name.isprintable()
    assert topic.groups
    assert all(topic.groups)
    assert all(topic.terms)


@pytest.mark.parametrize("piece", ["(", "-", "NOT ", "a OR ", '"', "a NEAR/1 ", "^1", "/", "MIN/1 (", "@a ", "a b -"])
def test_hostile_queries_are_refused(piece: str, catalogue: Catalogue) -> None:
    typed = (piece * 2000)[:2000]
    with pytest.raises(UserError):
        resolve(typed, catalogue)
