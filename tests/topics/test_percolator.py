"""The percolator: the same matches as asking each topic one by one, whatever was added and removed before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Article, Match, Sensitivity
from bot.topics import Catalogue, Percolator, Topic, resolve
from bot.topics.frequency import LEAST
from bot.topics.normalise import fold

TOPICS = (
    "Iraq",
    "Russia",
    "ISIL",
    "Russia-Iraq",
    "Iran-Iraq",
    "Russia-Vladimir Putin",
    "Russia-Iran-Iraq",
    "oil",
    "oil price",
    '"oil price"',
    'Iraq "oil price"',
    '"oil" "oil price"',
    "Baghdad",
    "石油",
    "Georgia",
    "Iraq OR oil",
    "oil -Iraq",
    "Russia NEAR/3 Iraq",
    "price ONEAR/1 oil",
    "title:Iraq OR title:oil",
    "MIN/3 (oil^2 price Iraq^1.5)",
    "Putin SENT (Iraq OR Syria) -Georgia",
    '"oil price"~2 OR geor*',
    "(Iraq OR Russia) AND (oil OR prices)",
)
VOCABULARY = """
Iraq Iraqi Baghdad Russia Russian Moscow Putin Iran ISIS IS Islamic State of oil price prices the Georgia Atlanta
Tbilisi met in said 石油 伊拉克 俄罗斯 داعش и Ирака . ! — U.S. US
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.lists(WORDS, max_size=30).map(" ".join)
ARTICLES = st.builds(Article, st.just("1"), TEXTS, summary=TEXTS, text=TEXTS)
SENSITIVITIES = st.sampled_from(Sensitivity)


def _topics(catalogue: Catalogue) -> dict[str, Topic]:
    return {topic.name: topic for topic in (resolve(text, catalogue) for text in TOPICS)}


def _plain(percolator: Percolator, topics: list[Topic], article: Article, sensitivity: Sensitivity) -> list[Match]:
    found = [percolator.explain(topic, article, sensitivity) for topic in topics]
    return sorted((match for match in found if match), key=lambda match: (-match.score, match.topic))


@settings(deadline=None, max_examples=80)
@given(article=ARTICLES, chosen=st.sets(st.sampled_from(TOPICS)), sensitivity=SENSITIVITIES)
def test_all_at_once_is_one_by_one(
    article: Article, chosen: set[str], sensitivity: Sensitivity, catalogue: Catalogue
) -> None:
    topics = [resolve(text, catalogue) for text in sorted(chosen)]
    percolator = Percolator(catalogue, topics)
    assert percolator.match(article, sensitivity) == _plain(percolator, topics, article, sensitivity)


@settings(deadline=None, max_examples=80)
@given(
    steps=st.lists(st.tuples(st.sampled_from(["add", "remove", "match"]), st.sampled_from(TOPICS)), max_size=30),
    articles=st.lists(ARTICLES, min_size=1, max_size=3),
)
def test_what_was_added_and_removed_leaves_no_trace(
    steps: list[tuple[str, str]], articles: list[Article], catalogue: Catalogue
) -> None:
    percolator = Percolator(catalogue)
    alive: dict[str, Topic] = {}
    for action, text in steps:
        topic = resolve(text, catalogue)
        if action == "add":
            percolator.add(topic)
            alive[topic.name] = topic
        elif action == "remove":
            percolator.remove(topic.name)
            alive.pop(topic.name, None)
        else:
            # What has been seen moves the anchors of topics added later; the matches must not care.
            percolator.match(articles[0])
    assert len(percolator) == len(alive)
    assert all(name in percolator for name in alive)
    for article in articles:
        expected = _plain(percolator, list(alive.values()), article, Sensitivity.EVERYTHING)
        assert percolator.match(article, Sensitivity.EVERYTHING) == expected


@settings(deadline=None, max_examples=80)
@given(article=ARTICLES, chosen=st.sets(st.sampled_from([t for t in TOPICS if "il" in t.lower() and "Ir" not in t])))
def test_words_and_phrases_match_where_the_folded_text_holds_them(
    article: Article, chosen: set[str], catalogue: Catalogue
) -> None:
    topics = [
        topic for topic in (resolve(text, catalogue) for text in chosen) if not topic.entities and not topic.query
    ]
    texts = [f" {fold(text)} " for text in (article.title, article.summary, article.text)]
    expected = {topic.name for topic in topics if all(any(f" {p} " in text for text in texts) for p in topic.phrases)}
    found = Percolator(catalogue, topics).match(article, Sensitivity.EVERYTHING)
    assert {match.topic for match in found} == expected


@settings(deadline=None, max_examples=80)
@given(article=ARTICLES)
def test_evidence_is_verbatim_and_its_spans_mark_words(article: Article, catalogue: Catalogue) -> None:
    for match in Percolator(catalogue, _topics(catalogue).values()).match(article, Sensitivity.EVERYTHING):
        assert 0 < match.score <= 1
        assert 1 <= len(match.evidence) <= 3
        for evidence in match.evidence:
            assert any(evidence.sentence in text for text in (article.title, article.summary, article.text))
            assert evidence.spans
            before = 0
            for start, end in evidence.spans:
                assert before <= start < end <= len(evidence.sentence)
                assert fold(evidence.sentence[start:end])
                before = end


@settings(deadline=None, max_examples=60)
@given(article=ARTICLES)
def test_a_stricter_sensitivity_only_leaves_out(article: Article, catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue, _topics(catalogue).values())
    everything, normal, strong = (
        percolator.match(article, each) for each in (Sensitivity.EVERYTHING, Sensitivity.NORMAL, Sensitivity.STRONG)
    )
    assert [match for match in everything if match in normal] == normal
    assert [match for match in normal if match in strong] == strong


def test_a_topic_is_posted_under_its_rarer_side(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue)
    for _ in range(10):
        percolator.match(Article("1", "Russia and Russia"))
    percolator.add(resolve("Russia-Bhutan", catalogue))
    assert percolator.waiting("@bhutan") == 1
    assert percolator.waiting("@russia") == 0


def test_a_removed_topic_gives_its_place_back(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue)
    topics = [resolve(text, catalogue) for text in TOPICS]
    for topic in topics:
        percolator.add(topic)
        percolator.add(topic)
    assert len(percolator) == len(topics)
    for topic in topics:
        percolator.remove(topic.name)
        percolator.remove(topic.name)
    assert len(percolator) == 0
    assert all(percolator.waiting(key) == 0 for topic in topics for group in topic.groups for key in group)
    assert percolator.match(Article("1", "Iraq oil price"), Sensitivity.EVERYTHING) == []


def test_any_part_of_a_topic_is_a_mention(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue)
    relation = resolve("Russia-Iraq", catalogue)
    assert percolator.mentions(relation, "Baghdad was quiet.")
    assert percolator.mentions(resolve('"oil price"', catalogue), "The OIL PRICE fell.")
    assert not percolator.mentions(relation, "Paris was quiet.")


def test_an_empty_article_matches_nothing(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue, _topics(catalogue).values())
    assert percolator.match(Article("1", ""), Sensitivity.EVERYTHING) == []


def test_a_hostile_article_is_cut_and_answered(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue, _topics(catalogue).values())
    flood = Article("1", "Iraq " * 2000, text="Russia Iraq oil price " * 20_000 + "\u200b" * 100_000)
    found = percolator.match(flood, Sensitivity.EVERYTHING)
    assert {"Iraq", "Russia", "Russia-Iraq"} <= {match.topic for match in found}
    assert all(len(evidence.sentence) <= 1000 for match in found for evidence in match.evidence)


@settings(deadline=None, max_examples=150)
@given(article=ARTICLES, sensitivity=st.sampled_from([Sensitivity.NORMAL, Sensitivity.STRONG]))
def test_a_glance_turns_away_nothing_that_would_ring(
    article: Article, sensitivity: Sensitivity, catalogue: Catalogue
) -> None:
    filler = "The committee met for three hours and heard from a dozen witnesses. " * 12
    long = Article(
        "1", article.title, summary=article.summary, text=f"{filler}{article.text} {filler}{article.summary}"
    )
    topics = list(_topics(catalogue).values())
    percolator = Percolator(catalogue, topics)
    assert percolator.match(long, sensitivity) == _plain(percolator, topics, long, sensitivity)


def test_what_some_follow_closely_is_matched_at_everything(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue, [resolve("Iraq", catalogue), resolve("Syria", catalogue)])
    article = Article("1", "Prices", text="Prices rose again. " * 30 + "Iraq and Syria saw the same.")
    assert percolator.match(article) == []
    assert [match.topic for match in percolator.match(article, lower={"Iraq"})] == ["Iraq"]


def test_what_waits_under_a_key_that_has_become_common_finds_a_better_place(catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue)
    for number in range(100):
        percolator.add(resolve(f"common usual w{number}", catalogue))
    anchor = max(("common", "usual"), key=percolator.waiting)
    assert percolator.waiting(anchor) == 100
    for _ in range(LEAST):
        percolator.match(Article("1", "common usual news"))
    assert percolator.unsettled == 4
    while percolator.unsettled:
        percolator.match(Article("1", "common usual news"))
    assert percolator.waiting("common") == percolator.waiting("usual") == 0
    assert [m.topic for m in percolator.match(Article("1", "common usual w7 news"))] == ["common usual w7"]
