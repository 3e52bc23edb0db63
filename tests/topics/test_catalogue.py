"""The catalogue: what it holds, how it is asked, and what it says of a mistake in its file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.core.model import Article
from bot.topics import AliasKind, Catalogue, EntityKind, resolve
from bot.topics.catalogue import distance
from bot.topics.document import Document
from bot.topics.normalise import fold

ENTITY = """
[[entity]]
id = "iraq"
name = "Iraq"
kind = "country"
"""


def test_it_holds_the_world(catalogue: Catalogue) -> None:
    kinds = [entity.kind for entity in catalogue.entities.values()]
    assert kinds.count(EntityKind.COUNTRY) >= 193
    assert {"palestine", "taiwan", "kosovo", "gaza", "west-bank", "kurdistan"} <= set(catalogue.entities)
    assert sum(kind not in (EntityKind.COUNTRY, EntityKind.TERRITORY, EntityKind.PLACE) for kind in kinds) >= 120


def test_every_country_has_a_word_for_its_people(catalogue: Catalogue) -> None:
    shared = {"dominica", "republic-of-the-congo"}  # Dominican and Congolese are said of their larger namesakes
    for entity in catalogue.entities.values():
        if entity.kind is EntityKind.COUNTRY:
            kinds = {alias.kind for alias in entity.aliases}
            assert AliasKind.DEMONYM in kinds or entity.id in shared, entity.id


@pytest.mark.parametrize("script", ["ا", "И", "伊"])
def test_every_country_is_known_in_other_scripts(catalogue: Catalogue, script: str) -> None:
    block = {"ا": ("\u0600", "\u06ff"), "И": ("\u0400", "\u04ff"), "伊": ("\u3000", "\u9fff")}[script]
    missing = [
        entity.id
        for entity in catalogue.entities.values()
        if entity.kind is EntityKind.COUNTRY
        and not any(block[0] <= letter <= block[1] for alias in entity.aliases for letter in alias.phrase)
    ]
    assert len(missing) <= 4, missing


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("ISIL", "isil"),
        ("isis", "isil"),
        ("Da’esh", "isil"),
        ("داعش", "isil"),
        ("игил", "isil"),
        ("伊斯兰国", "isil"),
        ("islamic state", "isil"),
        ("Irak", "iraq"),
        ("العراق", "iraq"),
        ("Iraqi", "iraq"),
        ("Baghdad", "iraq"),
        ("DR Congo", "democratic-republic-of-the-congo"),
        ("Congo", "democratic-republic-of-the-congo"),
        ("Congo-Brazzaville", "republic-of-the-congo"),
        ("cote d'ivoire", "ivory-coast"),
        ("Türkiye", "turkey"),
        ("Putin", "vladimir-putin"),
        ("U.S.", "united-states"),
        ("US", "united-states"),
        ("Crimea", "crimea"),
        ("IRGC", "irgc"),
    ],
)
def test_an_entity_is_found_by_any_name(catalogue: Catalogue, name: str, identity: str) -> None:
    found = catalogue.find(name)
    assert found is not None
    assert found.id == identity


def test_what_is_not_there_is_not_found(catalogue: Catalogue) -> None:
    assert catalogue.find("Ruritania") is None
    assert catalogue.find("") is None


def test_every_name_finds_its_own_entity(catalogue: Catalogue) -> None:
    strangers = [e.name for e in catalogue.entities.values() if catalogue.find(e.name) is not e]
    assert not strangers


def test_search_puts_the_name_before_the_alias(catalogue: Catalogue) -> None:
    assert [entity.name for entity in catalogue.search("ira")][:2] == ["Iran", "Iraq"]
    assert [entity.name for entity in catalogue.search("i")][:3] == ["Iran", "Iraq", "India"]
    assert "ISIL" in [entity.name for entity in catalogue.search("isl")][:5]
    assert [entity.name for entity in catalogue.search("chi")][:2] == ["Chile", "China"]
    assert "Kurdistan" in [entity.name for entity in catalogue.search("kurd")]
    assert catalogue.search("دا")[0].name == "ISIL" or "ISIL" in [e.name for e in catalogue.search("داع")]
    assert len(catalogue.search("")) == len(catalogue.entities)
    assert catalogue.search("zzzz") == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Iraaq", "Iraq"),
        ("Rusia", "Russia"),
        ("Hezbolah", "Hezbollah"),
        ("Afganistn", "Afghanistan"),
        ("Nigria", "Nigeria"),
    ],
)
def test_a_slip_is_understood(catalogue: Catalogue, typed: str, name: str) -> None:
    assert catalogue.nearest(typed)[0] == name


@pytest.mark.parametrize("typed", ["", "cat", "xyzzy", "earthquake", "elections", "inflation"])
def test_a_word_like_nothing_else_has_no_neighbour(catalogue: Catalogue, typed: str) -> None:
    assert catalogue.nearest(typed) == []


@pytest.mark.parametrize(
    ("left", "right", "slips"),
    [
        ("iraq", "iraq", 0),
        ("iraq", "iran", 1),
        ("iraq", "iarq", 1),
        ("iraq", "irak s", 3),
        ("", "ab", 2),
        ("ab", "", 2),
    ],
)
def test_slips_are_counted_with_swapped_letters_as_one(left: str, right: str, slips: int) -> None:
    assert distance(left, right, 5) == slips


def test_mentioned_entities_come_in_the_order_of_the_text(catalogue: Catalogue) -> None:
    assert [e.name for e in catalogue.mentioned("Syria and Iraq welcome Russia")] == ["Syria", "Iraq", "Russia"]


def test_search_terms_hold_no_word_that_every_article_has(catalogue: Catalogue) -> None:
    for identity in ("isil", "world-health-organization", "united-states"):
        terms = catalogue.terms(catalogue.entities[identity])
        assert not {"is", "who", "it"} & set(terms)
        assert terms is catalogue.terms(catalogue.entities[identity])
    assert "داعش" in catalogue.terms(catalogue.entities["isil"])
    assert "us" in catalogue.terms(catalogue.entities["united-states"])


def test_braces_stand_for_every_form() -> None:
    iraq = Catalogue.from_text(ENTITY + 'demonyms = ["Iraqi{,s}"]\nforeign = ["Ирак{,а}"]').entities["iraq"]
    assert {"iraqi", "iraqis", "ирак", "ирака"} <= {alias.phrase for alias in iraq.aliases}


def test_an_arabic_name_is_known_with_the_words_that_stick_to_it() -> None:
    syria = Catalogue.from_text(
        ENTITY.replace("iraq", "syria").replace("Iraq", "Syria") + 'foreign = ["سوريا"]'
    ).entities["syria"]
    assert {fold("وسوريا"), fold("بسوريا"), fold("لسوريا")} <= {alias.phrase for alias in syria.aliases}
    assert [alias.text for alias in syria.written] == ["Syria", "سوريا"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("[[entity", "topics.toml is not valid TOML"),
        ('[[entity]]\nname = "Iraq"', "kind is missing"),
        (ENTITY.replace('kind = "country"', 'kind = "planet"'), "kind must be one of country"),
        (ENTITY + "aliases = []", "there is no key 'aliases'"),
        (ENTITY + 'names = "Irak"', "names must be a list of texts"),
        (ENTITY + "names = [1]", "names must be a list of texts"),
        (ENTITY + 'names = ["Ira{q"]', "its braces do not match"),
        (ENTITY + 'names = ["---"]', "has a form without any letter"),
        (ENTITY + 'exact = ["IQ"]', "'IQ' is not one"),
        (ENTITY + 'guards = ["!"]', "which has no letter"),
        (ENTITY + ENTITY, "iraq is taken already, by topics.toml, line 2"),
        (ENTITY + ENTITY.replace('"iraq"', '"iraq2"'), "name iraq is taken already"),
        ("entity = 3", "entity must be written as [[entity]] tables"),
        ("covers = 3", "covers must be a list of texts"),
        (ENTITY + 'names = ["' + "{a,b,c,d,e,f,g,h}" * 4 + '"]', "at most 400 are allowed"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_what_was_expected(source: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Catalogue.from_text(source)
    assert said in str(caught.value)
    assert "topics.toml" in str(caught.value)


def test_a_mistake_in_a_file_names_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ENTITY + "\n[[entity]]\nid = 'x'\nname = 'X Y'\nkind = 3\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"mine\.toml, line 7, \[\[entity\]\] number 2: kind must be a text"):
        Catalogue.load(path)
    with pytest.raises(SettingsError, match=r"absent\.toml: cannot be read"):
        Catalogue.load(tmp_path / "absent.toml")


def test_several_files_are_one_catalogue(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(ENTITY, encoding="utf-8")
    second.write_text(ENTITY.replace("iraq", "acme").replace("Iraq", "Acme"), encoding="utf-8")
    assert set(Catalogue.load(first, second).entities) == {"iraq", "acme"}


def test_every_pack_can_be_followed_by_its_name(catalogue: Catalogue) -> None:
    assert len(catalogue.packs) >= 50
    for pack in catalogue.packs.values():
        assert catalogue.find(pack.name) is None, pack.name
        topic = resolve(pack.name, catalogue)
        assert topic.name == pack.name
        assert topic.stands_for
        assert resolve(topic.stands_for, catalogue).groups == topic.groups
        assert topic.terms, f"{pack.name} must be found in the archive by its words"


def test_a_pack_may_not_take_the_name_of_an_entity() -> None:
    pack = '[[pack]]\nname = "X"\nkind = "region"\nquery = "a1 OR b1"\n'
    assert Catalogue.from_text(pack).packs["x"].query == "a1 OR b1"
    with pytest.raises(SettingsError, match="name x is taken already"):
        Catalogue.from_text(f'[[entity]]\nid = "x"\nname = "X"\nkind = "place"\n{pack}')


def test_the_catalogue_is_as_large_as_we_say(catalogue: Catalogue) -> None:
    kinds = [entity.kind for entity in catalogue.entities.values()]
    assert kinds.count(EntityKind.COUNTRY) >= 193
    assert len(kinds) - kinds.count(EntityKind.COUNTRY) - kinds.count(EntityKind.TERRITORY) >= 400


def test_an_alias_counts_only_in_articles_of_its_days() -> None:
    catalogue = Catalogue.from_text(
        """
        [[entity]]
        id = "canada"
        name = "Canada"
        kind = "country"
        leaders = ["Carney", "Trudeau{,s}"]
        valid = { "Carney" = "2025-03-14..", "Trudeau{,s}" = "..2025-03-14" }
        """
    )

    def named(text: str, day: datetime | None) -> bool:
        return bool(catalogue.recogniser.mentions(Document(Article("1", text, published=day))))

    before, change, after = (datetime(2025, 3, number, 12, tzinfo=UTC) for number in (13, 14, 15))
    assert [named("Carney speaks", day) for day in (before, change, after)] == [False, True, True]
    assert [named("Trudeaus speak", day) for day in (before, change, after)] == [True, True, False]
    assert named("Carney speaks", None)  # nobody knows when


@pytest.mark.parametrize(
    ("valid", "said"),
    [
        ('{ "Carney" = "2025-03-14" }', "is not a period"),
        ('{ "Carney" = ".." }', "is not a period"),
        ('{ "Carney" = "2025-03-40.." }', "valid: "),
        ('{ "Carney" = "2026-01-01..2025-01-01" }', "ends before it begins"),
        ('{ "Carny" = "2025-03-14.." }', "'Carny' is not one"),
        ('"2025-03-14.."', "must be a table"),
    ],
)
def test_a_period_that_cannot_be_read_is_named(valid: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        Catalogue.from_text(
            f"""
            [[entity]]
            id = "canada"
            name = "Canada"
            kind = "country"
            leaders = ["Carney"]
            valid = {valid}
            """
        )
