"""From what people type to a topic, and back from its canonical text to the same topic."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import NotFound, UserError
from bot.topics import Catalogue, TopicKind, UnknownTopic, resolve
from bot.topics.resolve import LONGEST


@pytest.mark.parametrize(
    "typed", ["ISIL", "isis", "Daesh", "داعش", "ИГИЛ", "伊斯兰国", " Islamic  State ", "the Taliban"]
)
def test_an_entity_is_meant_by_any_of_its_names(typed: str, catalogue: Catalogue) -> None:
    topic = resolve(typed, catalogue)
    assert topic.kind is TopicKind.ENTITY
    assert topic.name == ("Taliban" if "Taliban" in typed else "ISIL")


@pytest.mark.parametrize(
    ("typed", "name", "entities"),
    [
        ("Russia-Iraq", "Russia-Iraq", ("russia", "iraq")),
        ("russia and iraq", "Russia-Iraq", ("russia", "iraq")),
        ("Russia–Iraq", "Russia-Iraq", ("russia", "iraq")),
        ("Russia — Iraq", "Russia-Iraq", ("russia", "iraq")),
        ("Russia/Iraq", "Russia-Iraq", ("russia", "iraq")),
        ("Russia vs. Iraq", "Russia-Iraq", ("russia", "iraq")),
        ("Russia Iraq", "Russia-Iraq", ("russia", "iraq")),
        ("Iraq-Russia", "Iraq-Russia", ("iraq", "russia")),
        ("Россия-Ирак", "Russia-Iraq", ("russia", "iraq")),
        ("Moscow-Baghdad", "Russia-Iraq", ("russia", "iraq")),
        ("us-iran", "United States-Iran", ("united-states", "iran")),
        ("Trump-Putin", "Donald Trump-Vladimir Putin", ("donald-trump", "vladimir-putin")),
        ("Apple-Samsung", "Apple-Samsung", ("apple", "samsung")),
        ("Guinea-Bissau-Portugal", "Guinea-Bissau-Portugal", ("guinea-bissau", "portugal")),
        ("Iraq-Al-Qaeda", "Iraq-al-Qaeda", ("iraq", "al-qaeda")),
        ("Rolls-Royce-Boeing", "Rolls-Royce-Boeing", ("rolls-royce", "boeing")),
        ("Bosnia and Herzegovina-Serbia", "Bosnia and Herzegovina-Serbia", ("bosnia-and-herzegovina", "serbia")),
        ("Russia, Iran and Syria", "Russia-Iran-Syria", ("russia", "iran", "syria")),
        ("Russia-Iran-Syria-Turkey", "Russia-Iran-Syria-Turkey", ("russia", "iran", "syria", "turkey")),
    ],
)
def test_two_entities_make_a_relation(typed: str, name: str, entities: tuple[str, ...], catalogue: Catalogue) -> None:
    topic = resolve(typed, catalogue)
    assert (topic.kind, topic.name, topic.entities) == (TopicKind.RELATION, name, entities)


@pytest.mark.parametrize("typed", ["Guinea-Bissau", "Al-Qaeda", "Rolls-Royce", "Timor-Leste", "Congo-Brazzaville"])
def test_a_hyphenated_name_stays_one(typed: str, catalogue: Catalogue) -> None:
    assert resolve(typed, catalogue).kind is TopicKind.ENTITY


def test_a_relation_of_one_is_that_one(catalogue: Catalogue) -> None:
    assert resolve("ISIL-ISIS", catalogue).name == "ISIL"


@pytest.mark.parametrize(
    ("typed", "name", "groups"),
    [
        ("oil price", "oil price", (("oil",), ("price",))),
        ("Earthquake", "Earthquake", (("earthquake",),)),
        ('"oil price"', '"oil price"', (("oil price",),)),
        ("“oil price”", '"oil price"', (("oil price",),)),
        ('"oil price', '"oil price"', (("oil price",),)),
        ('Iraq "oil price"', 'Iraq "oil price"', (("@iraq",), ("oil price",))),
        ("Iraqi oil", "Iraq oil", (("@iraq",), ("oil",))),
        ("the war in Iraq", "war Iraq", (("war",), ("@iraq",))),
        ("islamic state oil", "ISIL oil", (("@isil",), ("oil",))),
        ("climate-change", '"climate-change"', (("climate change",),)),
        ("turkey recipe", "turkey recipe", (("turkey",), ("recipe",))),
        ("Turkey recipe", "Turkey recipe", (("@turkey",), ("recipe",))),
        ("Baghdad", "Baghdad", (("baghdad",),)),
        ("united the states", '"united" "states"', (("united",), ("states",))),
        ('"Irak"', '"Irak"', (("irak",),)),
        ('"КАБУЛ"', '"КАБУЛ"', (("кабул",),)),
        ("石油价格", '"石油价格"', (("石 油 价 格",),)),
        ("oil oil OIL", "oil", (("oil",),)),
        ("Iran-Contra", '"Iran-Contra"', (("iran contra",),)),
    ],
)
def test_words_and_phrases_all_have_to_occur(
    typed: str, name: str, groups: tuple[tuple[str, ...], ...], catalogue: Catalogue
) -> None:
    topic = resolve(typed, catalogue)
    assert (topic.kind, topic.name, topic.groups) == (TopicKind.WORDS, name, groups)


def test_the_archive_is_asked_for_every_group_by_any_of_its_phrases(catalogue: Catalogue) -> None:
    iraq, oil = resolve('Iraq "oil price"', catalogue).terms
    assert {"iraq", "iraqi", "baghdad", "العراق", "伊 拉 克"} <= set(iraq)
    assert oil == ("oil price",)


def test_the_reading_says_how_it_was_understood(catalogue: Catalogue) -> None:
    assert resolve("russia-iraq", catalogue).reading.startswith(
        "Russia–Iraq: articles that bring both sides together; Russia = Russia, Russian, Moscow"
    )
    assert "ISIS, Islamic State, Daesh" in resolve("isil", catalogue).reading
    assert 'the phrase "oil price"' in resolve('Iraq "oil price"', catalogue).reading


def test_other_readings_are_offered(catalogue: Catalogue) -> None:
    assert set(resolve("Russia-Iraq", catalogue).alternatives) == {"Russia", "Iraq", '"Russia-Iraq"'}
    assert resolve("Putin", catalogue).alternatives == ("Russia", '"Putin"')
    assert resolve("Baghdad", catalogue).alternatives == ("Iraq",)
    assert resolve("oil price", catalogue).alternatives == ('"oil price"',)
    assert '"apple"' in resolve("apple", catalogue).alternatives


@pytest.mark.parametrize(
    "typed", ["Russia-Iraq", "Putin", "Baghdad", "oil price", "apple", "the war in Iraq", "Congo", "US"]
)
def test_every_other_reading_is_a_topic(typed: str, catalogue: Catalogue) -> None:
    for other in resolve(typed, catalogue).alternatives:
        assert resolve(other, catalogue).name


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("Iraaq", "Iraq"), ("Russsia", "Russia"), ("Sadi Arabia", "Saudi Arabia"), ("Russia-Iraaq", "Russia-Iraq")],
)
def test_a_slip_is_answered_with_what_was_meant(typed: str, nearest: str, catalogue: Catalogue) -> None:
    with pytest.raises(UnknownTopic, match=f"Did you mean {nearest}") as caught:
        resolve(typed, catalogue)
    assert caught.value.nearest[0] == nearest
    assert isinstance(caught.value, NotFound)
    assert resolve(f'"{caught.value.text}"', catalogue).kind is TopicKind.WORDS


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "at least one word"),
        (" — ", "at least one word"),
        ('""', "at least one word"),
        ("the", "too common"),
        ("who", "Did you mean World Health Organization"),
        ("is", "Did you mean ISIL"),
        ("of the and", "more than common words"),
        ('Iraq "the"', "too common"),
        ("x" * (LONGEST + 1), "too long"),
        ("one two three four five six seven eight nine ten eleven twelve thirteen", "at most 8"),
        ("Iraq OR", "Column 8: expected a word"),
        ("Iraq-Iran-Syria-Turkey-Egypt", "at most 4 sides"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(typed: str, said: str, catalogue: Catalogue) -> None:
    with pytest.raises(UserError, match=said):
        resolve(typed, catalogue)


def test_every_name_of_the_catalogue_resolves_to_itself(catalogue: Catalogue) -> None:
    for entity in catalogue.entities.values():
        topic = resolve(entity.name, catalogue)
        assert (topic.name, topic.entities) == (entity.name, (entity.id,))


VOCABULARY = """
Iraq Iran oil price "oil "price" the and of - – , Congo United States Guinea Bissau al Qaeda Islamic state US us is
Bosnia Herzegovina turkey Turkey 伊拉克 داعش (x) Trinidad Tobago South Korea Sudan New York -x OR Saint Papua
"КАБУЛ Кабул MOSUL Moscow Putin Trump "WHO" who
"""
WORDS = st.sampled_from(VOCABULARY.split())
TYPED = st.one_of(
    st.text(max_size=60), st.lists(WORDS, max_size=9).map(" ".join), st.lists(WORDS, max_size=4).map("-".join)
)


@settings(deadline=None)
@given(typed=TYPED)
def test_the_canonical_text_means_the_same_topic_or_the_text_is_refused(typed: str, catalogue: Catalogue) -> None:
    try:
        topic = resolve(typed, catalogue)
    except UserError as error:
        assert str(error)
        return
    again = resolve(topic.name, catalogue)
    assert again == topic
    assert topic.name.isprintable()
    assert topic.groups
    assert all(topic.groups)
    assert all(topic.terms)
    assert topic.reading


@settings(deadline=None)
@given(data=st.data())
def test_any_two_entities_make_a_relation_that_reads_back(data: st.DataObject, catalogue: Catalogue) -> None:
    entities = st.sampled_from(sorted(catalogue.entities))
    left, right = data.draw(st.tuples(entities, entities).filter(lambda pair: pair[0] != pair[1]))
    topic = resolve(f"{catalogue.entities[left].name}-{catalogue.entities[right].name}", catalogue)
    assert topic.entities == (left, right)
    assert resolve(topic.name, catalogue) == topic
