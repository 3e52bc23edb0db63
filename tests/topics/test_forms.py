"""The forms of a word in the article's language, on texts and in the archive's index."""

from __future__ import annotations

import pytest

from bot.core.model import Article, Sensitivity
from bot.topics import Catalogue, Percolator, resolve
from bot.topics.forms import beginning


@pytest.mark.parametrize(
    ("typed", "text", "lang", "marked"),
    [
        ("strike~", "Dockers were striking in Basra.", "en", "striking"),
        ("strikes~", "The strike began on Monday.", "", "strike"),
        ("city~", "Two cities have fallen.", "en", "cities"),
        ("élections~", "Une élection est annoncée.", "fr", "élection"),
        ("elections~", "Une élection est annoncée.", "fr", "élection"),
        ("забастовка~", "Докеры объявили забастовку.", "ru", "забастовку"),
        ("российский~", "Речь шла о российских судах.", "ru", "российских"),
        ("Streiks~", "Der Streik begann am Montag.", "de", "Streik"),
        ("grev~", "Liman işçileri greve gitti.", "tr", "greve"),
        ("石~", "石油の価格が上がった。", "ja", "石"),
        ("strike~", "Er las Strike vor.", "de", "Strike"),
    ],
)
def test_a_form_is_found_and_marked(typed: str, text: str, lang: str, marked: str, catalogue: Catalogue) -> None:
    article = Article("1", "…", text=text, lang=lang)
    percolator = Percolator(catalogue, [resolve(typed, catalogue)])
    (match,) = percolator.match(article, Sensitivity.EVERYTHING)
    assert [text[start:end] for start, end in match.evidence[0].spans] == [marked]


def test_forms_are_of_the_language_of_the_article(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue, [resolve("striking~", catalogue)])
    assert percolator.held(Article("1", "A strike", lang="en"))
    assert not percolator.held(Article("1", "A strike", lang="fr"))
    assert percolator.held(Article("1", "Striking", lang="fr"))


def test_a_topic_of_forms_comes_and_goes(catalogue: Catalogue) -> None:
    article = Article("1", "Prices of oil", lang="en")
    percolator = Percolator(catalogue, [resolve("price~ oil", catalogue)])
    assert percolator.held(article) == ["price~ AND oil"]
    percolator.add(resolve("oils~ OR coal", catalogue))
    assert sorted(percolator.held(article)) == ["oils~ OR coal", "price~ AND oil"]
    restored = Percolator.restored(catalogue, percolator.state())
    restored.remove("price~ AND oil")
    assert restored.held(article) == ["oils~ OR coal"]
    restored.remove("oils~ OR coal")
    assert restored.held(article) == []


@pytest.mark.parametrize(
    ("word", "begins"),
    [("cities", "cit*"), ("strikes", "stri*"), ("élections", "elec*"), ("oil", "oil*"), ("石", "石*")],
)
def test_the_archive_is_asked_for_a_beginning(word: str, begins: str) -> None:
    assert beginning(word) == begins


def test_the_archive_is_asked_for_what_every_form_has(catalogue: Catalogue) -> None:
    topic = resolve("strikes~ NEAR/5 (port~ OR docks)", catalogue)
    assert [sorted(group) for group in topic.terms] == [["stri*"], ["docks", "por*"]]
