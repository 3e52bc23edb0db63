"""Search: the same answers on both databases, in any script, for any question."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Entry, Feed
from bot.store import Store, Tx
from bot.store.search import MOST_PHRASES, fts5, tsquery
from bot.topics.normalise import fold
from tests.store.databases import START

DAY = timedelta(days=1)

TEXTS = {
    "oil": "Iraq's oil exports rise; prices fall",
    "accent": "Élysée: Macron reçoit l’émir du Qatar",
    "russian": "Россия и Ирак подписали соглашение",
    "arabic": "العراق و روسيا يوقعان اتفاقا",
    "chinese": "伊拉克与俄罗斯签署石油协议",
    "japanese": "ロシアとイラクが合意",
    "korean": "이라크에서 폭발",
    "hindi": "इराक में चुनाव",
    "hyphen": "Al-Qaeda and the U.S.-led coalition, COVID-19",
    "words apart": "Oil in Iraq: exports halted by rising floods",
    "long": "filler " * 3000 + "needle in the haystack",
    "signs": """it's "quoted" \\ 'single' * AND OR NOT NEAR(a b) col:val <-> & | !""",
}


async def fill(tx: Tx) -> Feed:
    feed, _ = await tx.feeds.add("https://news.example/rss", now=START)
    entries = [Entry(key, key, text=text, published=START - n * DAY) for n, (key, text) in enumerate(TEXTS.items())]
    assert len(await tx.archive.add(feed, entries, now=START)) == len(TEXTS)
    return feed


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ([["Iraq"]], {"oil", "words apart"}),
        ([["oil exports"]], {"oil"}),
        ([["Iraq"], ["oil"]], {"oil", "words apart"}),
        ([["Iraq", "Ирак", "العراق", "伊拉克", "イラク", "이라크", "इराक"]],
         {"oil", "words apart", "russian", "arabic", "chinese", "japanese", "korean", "hindi"}),
        ([["Iraq", "Ирак", "العراق", "伊拉克", "イラク"], ["Russia", "Россия", "روسيا", "俄罗斯", "ロシア"]],
         {"russian", "arabic", "chinese", "japanese"}),
        ([["elysee"]], {"accent"}),
        ([["Emir du Qatar"]], {"accent"}),
        ([["罗斯签"]], {"chinese"}),
        ([["拉伊"]], set()),
        ([["al qaeda"], ["u.s. led"]], {"hyphen"}),
        ([["covid-19"]], {"hyphen"}),
        ([["covid 19 coalition"]], set()),
        ([["needle in the haystack"]], {"long"}),
        ([["AND"]], {"hyphen", "signs"}),
        ([["near a b"]], {"signs"}),
        ([["exp"]], set()),  # whole words only
        ([["Iraq"], []], set()),
        ([[""]], set()),
        ([["", "Iraq"]], {"oil", "words apart"}),
        ([], set(TEXTS)),
        ([["x"] * (MOST_PHRASES + 1)], set()),
        ([["needle in the haystack"] + [f"alias {n}" for n in range(500)]], {"long"}),
    ],
)  # fmt: skip
async def test_every_group_must_have_a_phrase_in_the_text(
    store: Store, terms: list[list[str]], found: set[str]
) -> None:
    async with store.begin() as tx:
        await fill(tx)
        folded = [[fold(phrase) for phrase in group] for group in terms]
        assert {article.title for article in await tx.archive.search(folded, tenant="t")} == found


async def test_a_star_asks_for_all_words_that_begin_so(store: Store) -> None:
    async with store.begin() as tx:
        await fill(tx)
        begun = await tx.archive.search([["ira*"]], tenant="t")
        assert begun == await tx.archive.search([["iraq", "iran", "iraqi"]], tenant="t")
        assert begun
        assert not await tx.archive.search([["raq*"]], tenant="t")


@pytest.mark.parametrize(
    "hostile",
    ['"', '" OR "iraq', "'", "''", "\\", "\\'", "iraq' | 'oil", "NEAR(iraq oil)", "iraq*", "words:iraq", "-iraq", "(",
     ":*", "<->", "!", "\x00", "\ud800", "iraq\x00oil", ") OR 1=1 --", "%", "_", "{", "^iraq", "+"],
)  # fmt: skip
async def test_a_question_is_never_a_program(store: Store, hostile: str) -> None:
    """Unfolded on purpose: nothing that a caller forgets to fold may become an operator."""
    async with store.begin() as tx:
        await fill(tx)
        found = await tx.archive.search([[hostile], ["needle"]], tenant="t")
        assert {article.title for article in found} <= set()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.lists(st.text(min_size=1), min_size=1), min_size=1), min_size=1))
def test_every_word_stays_inside_its_quotes(groups: list[list[list[str]]]) -> None:
    for question, quoted in ((fts5(groups), '"'), (tsquery(groups), "'")):
        inside, kept = False, []
        text = question.replace("\\\\", "") if quoted == "'" else question
        for character in text:
            if character == quoted:
                inside = not inside
            elif not inside:
                kept.append(character)
        assert not inside
        assert set("".join(kept)) <= set(" ()ANDOR&|<->:*")


async def test_since_and_until_cut_by_the_readers_time(store: Store) -> None:
    async with store.begin() as tx:
        await fill(tx)
        everything = await tx.archive.search([], tenant="t")
        some = await tx.archive.search([], tenant="t", since=START - 3 * DAY, until=START - DAY)
        assert [article.when for article in some] == [START - 2 * DAY, START - 3 * DAY]
        assert set(some) < set(everything)


async def test_ten_thousand_articles_are_searched_by_the_index(store: Store) -> None:
    async with store.begin() as tx:
        feed, _ = await tx.feeds.add("https://news.example/rss", now=START)
        entries = [
            Entry(
                str(n),
                f"Report {n} from the {'north' if n % 2 else 'south'}",
                summary=f"Officials in district {n % 97} spoke of number{n % 1000}, and of much else that was said.",
                published=START - timedelta(minutes=n),
            )
            for n in range(10_000)
        ]
        assert len(await tx.archive.add(feed, entries, now=START)) == 10_000
    async with store.read() as tx:
        found = await tx.archive.search([["number7"], ["north"]], tenant="t")
        assert [article.title for article in found] == [f"Report {n} from the north" for n in range(7, 10_000, 1000)]
        newest = await tx.archive.search([["officials in district"]], tenant="t", limit=5)
        assert [article.title.split()[1] for article in newest] == ["0", "1", "2", "3", "4"]
