"""Every text was written for the tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Article
from bot.core.sentences import sentences as split
from bot.stories.summary import summarize, summary_of, summary_of_story

TEXTS = [
    (row["title"], row["text"])
    for row in map(json.loads, (Path(__file__).parent / "look_alikes.jsonl").read_text("utf-8").splitlines())
]
FLOOD_TITLE, FLOOD = TEXTS[0]

FURNITURE = [
    "The post Minister resigns. Why now? appeared first on Daily Blog.",
    "Read more",
    "Read more: how the dyke was built",
    "Click here to see the pictures.",
    "Subscribe to our newsletter and never miss a story.",
    "Sign up for our daily briefing.",
    "Facebook Twitter WhatsApp Email",
    "Share this",
    "Photo: Ada Marsh / Getty Images",
    "By Ada Marsh and Tomas Brandt",
    "(Reporting by Ada Marsh; Editing by Tomas Brandt)",
    "ADVERTISEMENT",
    "© 2026 Orlen Courier. All rights reserved.",
    "This article was originally published by the Courier.",
    "Lire aussi : le fleuve monte",
    "Lesen Sie auch: Der Fluss steigt",
    "Leer más",
    "Читайте также: Река поднялась",
    "続きを読む",
]


def count(text: str) -> int:
    return len(split(text))


@pytest.mark.parametrize(("title", "text"), TEXTS)
@pytest.mark.parametrize("wanted", [1, 2, 3])
def test_a_summary_is_the_wanted_number_of_sentences_verbatim_and_in_order(title: str, text: str, wanted: int) -> None:
    summary = summarize(text, title=title, sentences=wanted, lang="en")
    assert count(summary) == wanted
    places = [text.index(summary[start:end]) for start, end in split(summary)]
    assert places == sorted(places)


@pytest.mark.parametrize("line", FURNITURE)
def test_the_furniture_of_the_page_is_left_out(line: str) -> None:
    body = "The minister resigned after weeks of protest in the city. Her deputy takes over until the vote in May."
    for text in (f"{line}\n{body}", f"{body}\n{line}", f"{body}\n\n{line}\n"):
        assert summarize(text, sentences=3) == body
    assert summarize(line) == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "By Monday the water was gone from the streets.",
        "Copyright law will change next year in Saltos.",
        "Share prices rose in Halden on Thursday.",
        "Advertisement revenue fell by a tenth at the Orlen Courier.",
        "Getty, the owner of the mill, said nothing at all.",
        "Subscribers of the telephone company were angry on Friday.",
        "Email and print are no match for the town crier.",
        "Photographs of the bridge were shown in the town hall.",
    ],
)
def test_news_that_looks_like_furniture_is_news(sentence: str) -> None:
    assert summarize(sentence) == sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ORLEN, March 2 (Reuters) - The dyke broke before dawn.", "The dyke broke before dawn."),
        ("The dyke broke before dawn. Read more »", "The dyke broke before dawn."),
        ("The dyke broke before dawn and the town [...]", "The dyke broke before dawn and the town"),
        ("It broke.", "It broke."),
        ("  The dyke\n  broke. ", "The dyke broke."),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_a_short_text_comes_back_cleaned(text: str, expected: str) -> None:
    assert summarize(text) == expected


def test_a_sentence_that_repeats_the_title_is_not_spent() -> None:
    text = f"{FLOOD_TITLE}.\n{FLOOD}"
    assert summarize(text, title=FLOOD_TITLE) == summarize(FLOOD, title=FLOOD_TITLE)
    assert summarize(FLOOD_TITLE, title=FLOOD_TITLE) == ""
    assert summarize(f"{FLOOD_TITLE}. It rained for three days.", title=FLOOD_TITLE) == "It rained for three days."


def test_very_short_and_cut_sentences_are_not_chosen_where_there_are_others() -> None:
    text = "No. Why? The dyke at Orlen broke before dawn. The railway is cut. A thousand people have left their homes…"
    assert summarize(text, sentences=1) == "The dyke at Orlen broke before dawn."
    assert "…" not in summarize(text + " Engineers fill the gap with sandbags today.", sentences=2)


def test_what_is_said_twice_is_chosen_once() -> None:
    text = (
        "A dyke broke in Orlen and flooded the old town before dawn. "
        "In Orlen a dyke broke and the old town was flooded before dawn. "
        "The army sent eighty soldiers with pumps and kitchens. Schools stay closed until Wednesday at least."
    )
    first, second = split(summarize(text))
    assert text[first[0] : first[1]].startswith("A dyke broke")
    assert "In Orlen a dyke" not in summarize(text)
    assert second[0] > first[1]


@pytest.mark.parametrize(("title", "text"), TEXTS)
@pytest.mark.parametrize("wanted", [1, 2, 3])
def test_the_topic_is_mentioned_if_any_sentence_mentions_it(title: str, text: str, wanted: int) -> None:
    for start, end in split(text):
        said = text[start:end]
        summary = summarize(text, title=title, sentences=wanted, mentions=lambda s, said=said: said in s)  # type: ignore[misc]  # a default that binds the loop's value
        assert said in summary
        assert count(summary) == wanted
        places = [text.index(summary[a:b]) for a, b in split(summary)]
        assert places == sorted(places)


def test_a_topic_that_is_said_only_in_the_title_sentence_is_mentioned_too() -> None:
    text = f"{FLOOD_TITLE}. It rained for three days on end. The railway to the coast is cut. Schools are closed today."
    assert FLOOD_TITLE in summarize(text, title=FLOOD_TITLE, mentions=lambda sentence: "Tarn" in sentence)


def test_a_topic_that_is_nowhere_changes_nothing() -> None:
    assert summarize(FLOOD, mentions=lambda _: False) == summarize(FLOOD)


def test_other_scripts_are_summarised_without_blanks_of_our_own() -> None:
    text = "大臣が火曜日に辞任した。後任はまだ決まっていない。与党は来週に総会を開くと発表した。野党は選挙を求めた。"
    summary = summarize(text, sentences=2)
    assert count(summary) == 2
    assert summary in text or " " not in summary
    arabic = "أعلن الوزير استقالته يوم الثلاثاء بعد احتجاجات. لم يعرف بعد من سيخلفه. طالبت المعارضة بالانتخابات الآن."
    assert count(summarize(arabic, sentences=2)) == 2


def test_the_fullest_text_of_an_article_is_summarised() -> None:
    article = Article("f1", FLOOD_TITLE, summary="A dyke broke in Orlen.", text=FLOOD, lang="en")
    assert summary_of(article) == summarize(FLOOD, title=FLOOD_TITLE, lang="en")
    assert summary_of(Article("x", "A title")) == ""


@given(st.text(max_size=400), st.text(max_size=60), st.integers(1, 4))
@settings(deadline=None)
def test_any_text_gives_no_more_than_was_asked_and_nothing_of_our_own(text: str, title: str, wanted: int) -> None:
    summary = summarize(text, title=title, sentences=wanted)
    rest = iter("".join(text.split()))
    assert all(character in rest for character in "".join(summary.split()))  # the text's own, in its order
    spoken = split(text)
    assert len(summary) <= sum(end - start + 1 for start, end in spoken)


@given(
    st.lists(st.sampled_from([text[a:b] for _, text in TEXTS for a, b in split(text)]), max_size=12), st.integers(1, 4)
)
@settings(deadline=None)
def test_any_order_of_sentences_keeps_the_rules(chosen: list[str], wanted: int) -> None:
    text = " ".join(chosen)
    summary = summarize(text, sentences=wanted, lang="en", mentions=lambda sentence: "Tarn" in sentence)
    assert count(summary) <= wanted
    assert ("Tarn" in text) <= ("Tarn" in summary)
    assert bool(summary) == bool(text)


def report(title: str, text: str, lang: str = "en") -> Article:
    return Article(title, title, summary=text, lang=lang)


RAID = (
    report("Nine killed in raid on cave", "Troops killed nine fighters in a raid on a desert cave, the army said."),
    report("Raid on cave", "A general said the raid on the desert cave took four hours. The fighters had slept there."),
    report(
        "Toll of raid corrected", "Troops killed seven fighters in a raid on a desert cave, the army said on Friday."
    ),
)


def test_of_several_articles_each_thing_is_said_once_and_the_newer_number_is_taken() -> None:
    summary = summary_of_story(RAID, sentences=2)
    assert "seven" in summary
    assert "nine" not in summary
    assert "four hours" in summary


def test_a_story_s_sentences_come_in_the_order_of_time() -> None:
    summary = summary_of_story(RAID, sentences=2)
    assert summary.index("four hours") < summary.index("seven")


def test_what_the_reader_has_already_is_not_said_again() -> None:
    quoted = "A general said the raid on the desert cave took four hours."
    assert quoted not in summary_of_story(RAID, sentences=3, without=[quoted])


def test_a_stray_article_has_no_say_in_the_summary() -> None:
    stray = report("Weather", "Snow is expected in the desert on Friday with four degrees of frost. Roads may be icy.")
    assert "Snow" not in summary_of_story([*RAID, stray], sentences=2)


def test_a_story_is_told_in_the_language_of_its_first_article() -> None:
    other = report("Un raid dans le desert", "Les soldats ont tué sept combattants dans une grotte du désert.", "fr")
    assert "soldats" not in summary_of_story([*RAID, other], sentences=3)
    assert "soldats" in summary_of_story([other, *RAID], sentences=3)


def test_a_story_of_one_article_or_none_has_a_summary_of_its_own_sentences() -> None:
    assert summary_of_story([]) == ""
    assert summary_of_story([report("A title", "")]) == ""
    assert summary_of_story(RAID[:1]) == RAID[0].summary


@given(st.lists(st.builds(report, st.text(max_size=40), st.text(max_size=200)), max_size=5), st.integers(1, 4))
@settings(deadline=None)
def test_any_articles_give_a_summary(articles: list[Article], wanted: int) -> None:
    summary = summary_of_story(articles, sentences=wanted)
    assert len(summary) <= sum(len(article.summary) + 1 for article in articles)
