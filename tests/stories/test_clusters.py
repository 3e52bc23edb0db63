"""Every text was written for the tests (look_alikes.jsonl holds two events of each kind, two reports of each)."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Article
from bot.stories.clusters import Placed, Stories, Why
from bot.stories.stream import stream
from bot.stories.summary import summary_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

LOOK_ALIKES = [
    (
        Article(
            id=row["id"],
            title=row["title"],
            text=row["text"],
            source=row["source"],
            lang=row["lang"],
            published=datetime.fromisoformat(row["published"]),
        ),
        row["story"],
    )
    for row in map(json.loads, (Path(__file__).parent / "look_alikes.jsonl").read_text("utf-8").splitlines())
]
FLOOD, SECOND_FLOOD = LOOK_ALIKES[0][0], LOOK_ALIKES[1][0]


def article(
    name: str, title: str, source: str = "Courier", hours: float = 0, link: str = "", text: str = ""
) -> Article:
    return Article(
        id=name, title=title, source=source, published=NOON + hours * HOUR, link_key=link, text=text, lang="en"
    )


def with_open(*articles: Article) -> Stories:
    """Each article in a story of its own, numbered from 1."""
    stories = Stories()
    for number, each in enumerate(articles, 1):
        stories.remember(each, number)
    return stories


def test_look_alike_events_stay_apart_and_reports_of_one_event_come_together() -> None:
    in_order = sorted(LOOK_ALIKES, key=lambda pair: pair[0].when)
    found = {name: story for name, story, _ in stream(each for each, _ in in_order)}
    groups: dict[str, set[str]] = {}
    for each, story in LOOK_ALIKES:
        groups.setdefault(found[each.id], set()).add(story)
    assert all(len(gold) == 1 for gold in groups.values())
    assert len(groups) == len({story for _, story in LOOK_ALIKES})


def test_the_first_article_opens_a_story_and_the_decision_says_what_it_looked_at() -> None:
    stories = Stories()
    assert stories.place(FLOOD) == Placed(None, 0.0, None, None, stories.place(FLOOD).threshold, Why.NEW)
    stories.remember(FLOOD, 7)
    placed = stories.place(SECOND_FLOOD)
    assert (placed.story, placed.nearest, placed.why) == (7, 7, Why.SIMILAR)
    assert 1 > placed.score >= placed.threshold > 0
    other = stories.place(article("x", "Bakers in Mere win a prize for bread"))
    assert (other.story, other.why) == (None, Why.NEW)
    assert other.score < other.threshold


def test_placing_records_nothing() -> None:
    stories = Stories()
    stories.place(FLOOD)
    assert len(stories) == 0
    assert stories.place(SECOND_FLOOD).story is None


def test_one_link_is_one_item_whoever_carries_it() -> None:
    stories = with_open(article("a", "Bridge closes", link="courier.example/bridge"))
    placed = stories.place(article("b", "Old bridge shuts for good", "Portal", 5, link="courier.example/bridge"))
    assert (placed.story, placed.copy_of, placed.why) == (1, "a", Why.SAME_ITEM)


def test_the_same_headline_by_one_outlet_is_the_same_item_within_the_window() -> None:
    stories = with_open(article("a", "Old bridge closes for repairs"))
    assert stories.place(article("b", "OLD BRIDGE closes for repairs!", hours=50)).copy_of == "a"
    assert stories.place(article("b", "Old bridge closes for repairs", hours=80)).copy_of is None
    assert stories.place(article("b", "Old bridge closes for repairs", "Herald")).why is Why.SIMILAR


def test_a_headline_that_returns_another_day_under_another_address_is_another_instalment() -> None:
    stories = with_open(article("a", "Shares close higher in Halden", link="c.example/1"))
    assert stories.place(article("b", "Shares close higher in Halden", hours=24, link="c.example/2")).story is None
    assert stories.place(article("b", "Shares close higher in Halden", hours=2, link="c.example/2")).story == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Halden weather for Monday 2 March", "Halden weather for Tuesday 3 March"),
        ("Border war: live updates, day 744", "Border war: live updates, day 745"),
        ("Index closes at 4,312 points", "Index closes at 4,327 points"),
    ],
)
def test_a_form_that_is_filled_in_every_day_is_a_new_story_every_day(first: str, second: str) -> None:
    stories = with_open(article("a", first))
    assert stories.place(article("b", second, hours=24)).story is None
    assert stories.place(article("b", second, hours=3)).story == 1  # an hour later it is an update


def test_two_items_of_one_outlet_need_to_be_much_alike() -> None:
    title, follow_up = "Tarn floods old town of Orlen", "Schools closed in Orlen as river keeps rising"
    stories = with_open(article("a", title))
    assert stories.place(article("b", follow_up, "Courier", 2)).story is None
    assert stories.place(article("b", follow_up, "Herald", 2)).story == 1
    stories.remember(article("c", "Town of Orlen floods as Tarn rises", "Herald", 1), 1)
    assert stories.place(article("b", follow_up, "Courier", 2)).story == 1  # it is a story of several outlets now


@pytest.mark.parametrize("share", [1.0, 0.6, 0.35])
def test_a_wire_copy_is_known_however_much_was_cut(share: float) -> None:
    stories = with_open(*(each for each, story in LOOK_ALIKES if story in {"strike-docks", "flood-orlen"}))
    words = FLOOD.text.split()
    copied = "ORLEN, March 2 (Reuters) - " + " ".join(words[: int(share * len(words))])
    placed = stories.place(Article("copy", "World in brief", text=copied, source="Gazette", published=FLOOD.published))
    assert (placed.copy_of, placed.why) == (FLOOD.id, Why.COPY)
    assert placed.score >= 0.5


def test_a_story_is_closed_after_the_window() -> None:
    stories = with_open(FLOOD)
    assert stories.place(replace(SECOND_FLOOD, published=FLOOD.when + timedelta(hours=90))).story is None
    assert len(stories) == 1
    stories.place(SECOND_FLOOD, now=FLOOD.when + timedelta(hours=73))
    assert len(stories) == 0


def test_what_is_older_than_all_that_is_open_is_new_and_is_not_kept() -> None:
    stories = with_open(FLOOD)
    old = replace(SECOND_FLOOD, published=FLOOD.when - timedelta(hours=145))
    assert stories.place(old, now=FLOOD.when) == Placed(None)
    stories.remember(old, 2)
    assert len(stories) == 1
    assert stories.place(replace(SECOND_FLOOD, published=FLOOD.when - timedelta(hours=71)), now=FLOOD.when).nearest == 1


def test_one_article_from_the_far_future_does_not_close_the_stories() -> None:
    stories = with_open(FLOOD)
    stories.remember(article("mad", "A date that cannot be", hours=24 * 365), 9)
    assert stories.place(SECOND_FLOOD).story == 1


def test_the_later_an_article_comes_the_more_alike_it_must_be() -> None:
    stories = with_open(FLOOD)
    scores = [stories.place(replace(SECOND_FLOOD, published=FLOOD.when + n * HOUR)).score for n in (0, 12, 24, 48)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 1.5 * scores[-1]


def test_careful_opens_more_stories() -> None:
    usual, careful = Stories(), Stories(careful=True)
    assert careful.place(SECOND_FLOOD).threshold > usual.place(SECOND_FLOOD).threshold


def test_remembering_again_moves_the_article() -> None:
    stories = with_open(FLOOD, LOOK_ALIKES[2][0])
    stories.remember(FLOOD, 2)
    assert len(stories) == 1
    assert stories.place(replace(FLOOD, id="again")).story == 2


def test_forgetting_what_was_never_known_is_no_error() -> None:
    Stories().forget(["nobody"])


def test_chinese_and_arabic_headlines_find_their_story() -> None:
    stories = with_open(
        Article("zh", "地震袭击云南山区 数十人获救", source="甲报", published=NOON, lang="zh"),
        Article("ar", "فيضانات تضرب مدينة أورلن وإنقاذ العشرات", source="الجريدة", published=NOON, lang="ar"),
    )
    assert (
        stories.place(Article("z2", "云南山区地震 救援队救出数十人", source="乙报", published=NOON, lang="zh")).story
        == 1
    )
    assert stories.place(Article("a2", "إنقاذ العشرات بعد فيضانات أورلن", source="الخبر", published=NOON)).story == 2
    assert stories.place(Article("z3", "央行宣布下调利率", source="乙报", published=NOON, lang="zh")).story is None


def test_a_file_out_of_order_is_grouped_too() -> None:
    backwards = sorted(LOOK_ALIKES, key=lambda pair: pair[0].when, reverse=True)
    found = {name: story for name, story, _ in stream(each for each, _ in backwards)}
    assert found["f1"] == found["f2"] and found["m1"] == found["m2"] and found["v1"] == found["v2"]


def test_stream_answers_before_it_reads_on() -> None:
    read: list[str] = []

    def reading() -> object:
        for each, _ in LOOK_ALIKES:
            read.append(each.id)
            yield each

    answers = stream(reading())  # type: ignore[arg-type]  # a generator without its long annotation
    name, story, _ = next(answers)
    assert (name, story, read) == ("f1", "f1", ["f1"])


def test_nothing_opens_a_socket() -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    plain = socket.socket.connect
    socket.socket.connect = refuse  # type: ignore[method-assign]  # there is no parameter to pass instead
    try:
        for _ in stream(each for each, _ in LOOK_ALIKES):
            pass
        assert summary_of(FLOOD)
    finally:
        socket.socket.connect = plain  # type: ignore[method-assign]


WORDS = [
    "flood",
    "bridge",
    "mayor",
    "strike",
    "vote",
    "harbour",
    "goal",
    "Orlen",
    "Mere",
    "Halden",
    "Tarn",
    "12",
    "2026",
]
ARTICLES = st.lists(
    st.builds(
        lambda words, outlet, hours, link, long: article(
            "", " ".join(words), outlet, hours, link, " ".join(words * 12) if long else ""
        ),
        st.lists(st.sampled_from(WORDS), max_size=6),
        st.sampled_from(["Courier", "Herald", ""]),
        st.integers(0, 100),
        st.sampled_from(["", "", "c.example/1", "c.example/2"]),
        st.booleans(),
    ),
    max_size=14,
).map(lambda found: [replace(each, id=str(number)) for number, each in enumerate(found)])


def run(articles: list[Article], stories: Stories) -> list[Placed]:
    decisions = []
    for number, each in enumerate(articles):
        decisions.append(stories.place(each))
        story = decisions[-1].story
        stories.remember(each, number if story is None else story)
    return decisions


@given(ARTICLES)
@settings(max_examples=60, deadline=None)
def test_decisions_follow_from_the_order_of_the_calls(articles: list[Article]) -> None:
    assert run(articles, Stories()) == run(articles, Stories())


@given(ARTICLES, ARTICLES)
@settings(max_examples=60, deadline=None)
def test_a_restart_that_remembers_the_window_answers_as_before(before: list[Article], after: list[Article]) -> None:
    before = sorted(before, key=lambda each: each.when)
    stories = Stories()
    stories_of = dict(zip((each.id for each in before), run(before, stories), strict=True))
    now = max((each.when for each in before), default=NOON)
    again = Stories()
    for number, each in enumerate(before):
        if each.when >= now - timedelta(hours=72):
            story = stories_of[each.id].story
            again.remember(each, number if story is None else story)
    for each in after:
        later = replace(each, id=f"later {each.id}", published=now)
        assert stories.place(later, now) == again.place(later, now)


@given(ARTICLES, ARTICLES, ARTICLES)
@settings(max_examples=60, deadline=None)
def test_forgetting_leaves_no_trace(kept: list[Article], undone: list[Article], asked: list[Article]) -> None:
    with_undone, without = Stories(timedelta(days=30)), Stories(timedelta(days=30))
    undone = [replace(each, id=f"undone {each.id}") for each in undone]
    for number, each in enumerate(kept):
        with_undone.remember(each, number % 3)
        without.remember(each, number % 3)
    for number, each in enumerate(undone):
        with_undone.remember(each, number % 5)
    with_undone.forget([each.id for each in undone])
    assert len(with_undone) == len(without)
    for each in asked:
        asking = replace(each, id=f"asked {each.id}")
        assert with_undone.place(asking) == without.place(asking)
