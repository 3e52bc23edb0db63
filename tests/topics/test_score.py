"""What an article is about: places, frequency, closeness, and the difference between news and a passing mention."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.model import Article, Match, Sensitivity
from bot.topics import Catalogue, Percolator, resolve

FILLER = (
    "The committee met for three hours and heard from a dozen witnesses. Prices rose for a fourth month, and shoppers "
    "said they were cutting back. A spokeswoman declined to comment on the figures. The ministry said a decision would "
    "follow in the spring. Analysts had expected a smaller change. "
)


@pytest.fixture(scope="module")
def percolator(catalogue: Catalogue) -> Percolator:
    return Percolator(catalogue)


class Desk:
    """Asks about one article."""

    def __init__(self, percolator: Percolator, catalogue: Catalogue, article: Article) -> None:
        self.percolator, self.catalogue, self.article = percolator, catalogue, article

    def __call__(self, topic: str, sensitivity: Sensitivity = Sensitivity.NORMAL) -> Match | None:
        return self.percolator.explain(resolve(topic, self.catalogue), self.article, sensitivity)

    def score(self, topic: str) -> float:
        match = self(topic, Sensitivity.EVERYTHING)
        return match.score if match else 0.0

    def marked(self, topic: str) -> list[str]:
        match = self(topic, Sensitivity.EVERYTHING)
        assert match
        first = match.evidence[0]
        return [first.sentence[start:end] for start, end in first.spans]


Ask = Callable[..., Desk]


@pytest.fixture
def ask(percolator: Percolator, catalogue: Catalogue) -> Ask:
    def here(title: str, text: str = "", summary: str = "") -> Desk:
        return Desk(percolator, catalogue, Article("1", title, summary=summary, text=text))

    return here


STORY = Article(
    "2015-09-27",
    "Four governments agree to pool what their spies know about the militants",
    text=(
        "Baghdad has agreed with Russia, Iran and Syria to pool intelligence about Islamic State fighters, the "
        "Iraqi army command said on Sunday, and officers of all four will sit together in a cell in the Iraqi "
        "capital. It is the clearest sign yet that Moscow is widening its part in the war. The cell is to follow "
        "the movements of ISIL across the desert and to say where its money is coming from.\n\n"
        "Each of the four will send six officers, and the chair will change every three months, beginning with an "
        "Iraqi. Iranian officers have advised Iraqi units since the summer of last year, when Mosul was lost. "
        "Damascus, which lost Palmyra in May, said the agreement is overdue. Russian cargo flights to the coast "
        "of Syria have doubled this month, and lawmakers in Baghdad said that Russian officers had been seen "
        "there. A spokesman for the coalition, asked what is to become of its own centre, said this is for its "
        "hosts to decide. Officials in Washington said they had learned of the plan from the announcement.\n\n"
        "Who is in command when the four disagree is not written down, two people who have read the text said."
    ),
)


@pytest.mark.parametrize("topic", ["ISIL", "Russia-Iraq", "Iran-Iraq", "Syria", "Iraq", "Russia", "Syria-Iraq"])
def test_the_story_of_september_2015_rings(topic: str, percolator: Percolator, catalogue: Catalogue) -> None:
    percolator = Percolator(catalogue, [resolve(topic, catalogue)])
    (match,) = percolator.match(STORY)
    assert match.topic == topic
    assert match.evidence[0].sentence.startswith("Baghdad has agreed with Russia, Iran and Syria")


def test_the_story_of_september_2015_quotes_both_sides(percolator: Percolator, catalogue: Catalogue) -> None:
    desk = Desk(percolator, catalogue, STORY)
    match = desk("Russia-Iraq")
    assert match
    sentences = [[evidence.sentence[start:end] for start, end in evidence.spans] for evidence in match.evidence]
    assert sentences[0] == ["Baghdad", "Russia", "Iraqi", "Iraqi"]
    assert all({"Russia", "Russian", "Moscow"} & set(marked) for marked in sentences)
    assert desk.marked("Iran-Iraq") == ["Baghdad", "Iran", "Iraqi", "Iraqi"]
    assert desk.marked("ISIL") == ["Islamic State"]


def test_the_verb_is_marked_nowhere_in_the_story(percolator: Percolator, catalogue: Catalogue) -> None:
    match = Desk(percolator, catalogue, STORY)("ISIL")
    assert match
    marked = {evidence.sentence[start:end] for evidence in match.evidence for start, end in evidence.spans}
    assert marked <= {"Islamic State", "ISIL"}


@pytest.mark.parametrize("topic", ["United States", "Russia-United States", "World Health Organization", "Turkey"])
def test_the_story_of_september_2015_does_not_ring_others(
    topic: str, percolator: Percolator, catalogue: Catalogue
) -> None:
    assert Desk(percolator, catalogue, STORY)(topic) is None


def test_a_name_in_the_title_is_strong(ask: Ask) -> None:
    desk = ask("Iraq votes on Sunday", FILLER * 6)
    assert desk("Iraq", Sensitivity.STRONG)


def test_a_headline_and_a_sentence_need_one_mention(ask: Ask) -> None:
    desk = ask("Minister on a surprise visit", "The Russian minister arrived for talks with his Iraqi colleague.")
    assert desk("Russia")
    assert desk("Iraq")
    assert desk("Russia-Iraq")
    assert desk("Russia", Sensitivity.STRONG) is None


def test_one_name_far_down_in_a_long_article_is_passing(ask: Ask) -> None:
    desk = ask("Prices rise again", FILLER * 4 + "France and Peru saw the same. " + FILLER * 2)
    assert desk("France") is None
    assert 0 < desk.score("France") < 0.3


def test_an_article_that_returns_to_a_name_is_about_it(ask: Ask) -> None:
    desk = ask("Prices rise again", (FILLER + "In France, wages rose. The French budget passed. ") * 4)
    assert desk("France")
    assert desk.score("France") > ask("Prices rise again", FILLER * 4 + "In France, wages rose.").score("France")


@pytest.mark.parametrize(
    ("dateline", "topic"),
    [
        ("LONDON, Sept 27 (Reuters) - Shares slipped.", "United Kingdom"),
        ("LONDON (Reuters) - Shares slipped.", "United Kingdom"),
        ("London (AFP) – Shares slipped.", "United Kingdom"),
        ("PARIS — Shares slipped.", "France"),
        ("ZURICH, March 3 - Shares slipped.", "Switzerland"),
        ("Berlin – Shares slipped.", "Germany"),
        ("BEIJING/TOKYO (AP) -- Shares slipped.", "Japan"),
    ],
)
def test_where_it_was_filed_is_not_what_it_is_about(dateline: str, topic: str, ask: Ask) -> None:
    assert ask("Shares slip in quiet trade", f"{dateline} {FILLER * 5}")(topic) is None


def test_where_it_was_said_is_not_what_it_is_about(ask: Ask) -> None:
    told = "Oil will recover, the head of the company told Reuters in London. "
    desk = ask("Oil to recover", f"{told}{FILLER * 3}(Reporting by A. Writer in Vienna)")
    assert desk("United Kingdom") is None
    assert desk("Austria") is None


def test_a_list_of_countries_is_about_none_of_them(ask: Ask) -> None:
    desk = ask("Summit ends", f"Envoys of Russia, Iraq, China, India, Brazil, Egypt and Iran met. {FILLER * 5}")
    assert desk("Iraq") is None
    assert desk("Russia-Iraq") is None
    assert desk("Russia-Iraq", Sensitivity.EVERYTHING)


def test_a_capital_says_less_than_a_name(ask: Ask) -> None:
    assert ask("Baghdad calm").score("Iraq") < ask("Iraq calm").score("Iraq")
    assert ask("Mosul calm").score("Iraq") < ask("Baghdad calm").score("Iraq")


def test_sides_far_apart_ring_only_at_everything(ask: Ask) -> None:
    desk = ask("Oil exports up", f"{FILLER}Russia pumped more. {FILLER * 2}Iraq pumped less. {FILLER}")
    assert desk("Russia-Iraq") is None
    match = desk("Russia-Iraq", Sensitivity.EVERYTHING)
    assert match
    assert [evidence.sentence for evidence in match.evidence] == ["Russia pumped more.", "Iraq pumped less."]


def test_two_long_stories_side_by_side_are_no_relation(ask: Ask) -> None:
    russia = "Russian farmers harvested early. Russia exports wheat. " + FILLER
    iraq = "Iraqi farmers harvested late. Iraq imports wheat. " + FILLER
    desk = ask("Wheat round-up", russia * 2 + iraq * 2)
    assert desk("Russia-Iraq") is None
    assert desk("Russia")


def test_sides_that_meet_in_a_sentence_ring(ask: Ask) -> None:
    desk = ask("Oil talks", f"{FILLER * 3}Iraq signed a pipeline accord with Russia. {FILLER * 3}")
    match = desk("Russia-Iraq")
    assert match
    assert match.evidence[0].sentence == "Iraq signed a pipeline accord with Russia."
    assert desk.marked("Russia-Iraq") == ["Iraq", "Russia"]


def test_title_and_lead_bring_sides_together(ask: Ask) -> None:
    assert ask("Iraq oil exports up", f"Russian firms won contracts in March. {FILLER * 4}")("Russia-Iraq")


def test_closer_is_better(ask: Ask) -> None:
    same = ask("Talks", f"{FILLER}Iraq met Russia. {FILLER}").score("Russia-Iraq")
    next_to = ask("Talks", f"{FILLER}Iraq agreed. Russia did not. {FILLER}").score("Russia-Iraq")
    apart = ask("Talks", f"{FILLER}Iraq agreed. {FILLER}Russia did not.").score("Russia-Iraq")
    assert ask("Iraq met Russia", FILLER).score("Russia-Iraq") > same > next_to > apart > 0


def test_one_mention_cannot_be_both_sides(ask: Ask) -> None:
    assert ask("Putin speaks").score("Russia-Putin") == 0
    assert ask("Putin leaves Russia").score("Russia-Putin") > 0


def test_the_longest_name_owns_its_words(ask: Ask) -> None:
    desk = ask("Islamic State of Iraq claims the raid")
    assert desk("ISIL")
    assert desk.score("Iraq") == 0
    assert desk.score("ISIL-Iraq") == 0


def test_words_that_are_near_beat_words_that_are_far(ask: Ask) -> None:
    near = ask("Markets", f"The price of oil fell. {FILLER * 2}")
    far = ask("Markets", f"{FILLER}Oil flowed. {FILLER * 3}The price was set. {FILLER}")
    assert near("oil price")
    assert far("oil price") is None
    assert far.score("oil price") > 0
    assert near.score('"oil price"') == 0


def test_evidence_prefers_the_body_to_the_headline(ask: Ask) -> None:
    match = ask("Iraq votes", f"Iraq went to the polls on Sunday. {FILLER}")("Iraq")
    assert match
    assert match.evidence[0].sentence == "Iraq went to the polls on Sunday."


def test_a_summary_that_the_text_repeats_is_read_once(ask: Ask) -> None:
    lead = "Iraq went to the polls on Sunday."
    once, twice = ask("A vote", f"{lead} {FILLER}"), ask("A vote", f"{lead} {FILLER}", summary=lead)
    assert once.score("Iraq") == twice.score("Iraq")
    assert ask("A vote", FILLER, summary=lead)("Iraq")


def test_no_name_spans_the_end_of_the_title(ask: Ask) -> None:
    assert ask("A visit to South", "Korea is mentioned nowhere else.").score("South Korea") == pytest.approx(
        ask("A visit", "Korea is mentioned nowhere else.").score("South Korea")
    )
    assert ask("The price of oil", "price of gas").score('"oil price"') == 0


def test_a_text_without_full_stops_is_quoted_in_part(ask: Ask) -> None:
    desk = ask("Log", "word " * 400 + "Iraq " + "word " * 400)
    assert desk.marked("Iraq") == ["Iraq"]
    match = desk("Iraq", Sensitivity.EVERYTHING)
    assert match
    assert len(match.evidence[0].sentence) <= 700
    assert match.evidence[0].sentence in desk.article.text


def test_a_name_full_of_invisible_characters_is_still_marked(ask: Ask) -> None:
    match = ask("Log", "word " * 300 + "Ir" + "\u200b" * 2000 + "aq")("Iraq", Sensitivity.EVERYTHING)
    assert match
    assert match.evidence[0].spans


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("روسيا والعراق يوقعان اتفاقا.", ["روسيا", "العراق"]),
        ("Россия и Ирак подписали договор.", ["Россия", "Ирак"]),
        ("俄罗斯与伊拉克签署协议。", ["俄罗斯", "伊拉克"]),
        ("ロシアとイラクが合意した。", ["ロシア", "イラク"]),
        ("Rusya ile Irak anlaştı.", ["Rusya", "Irak"]),
        ("La Russie et l’Irak ont signé.", ["Russie", "Irak"]),
        ("روسیه و عراق توافق کردند.", ["روسیه", "عراق"]),
        ("러시아와 이라크가 합의했다.", ["러시아", "이라크"]),
    ],
)
def test_a_relation_is_seen_in_any_script(text: str, marked: list[str], ask: Ask) -> None:
    desk = ask("…", text)
    assert desk("Russia-Iraq")
    assert desk.marked("Russia-Iraq") == marked


def test_a_dateline_is_marked_only_where_nothing_better_is(ask: Ask) -> None:
    lead = "MOSCOW - Iraq's foreign minister began two days of talks in Moscow, officials on both sides said."
    assert ask("Talks on debt", lead).marked("Russia-Iraq") == ["Iraq", "Moscow"]
    assert ask("Talks on debt", "MOSCOW - Iraq's foreign minister began talks.").marked("Russia-Iraq") == [
        "MOSCOW",
        "Iraq",
    ]
