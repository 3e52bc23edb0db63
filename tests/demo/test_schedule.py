"""When sample articles appear: properties that hold for any set of articles, any start and any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from bot.demo.articles import Correction, Format, Outlet, SampleArticle
from bot.demo.schedule import Schedule

T0 = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
OUTLETS = [Outlet(name, name, "Sample wire", "en", "World", Format.RSS, True) for name in ("post", "daily")]

places = st.floats(0, 1000, allow_nan=False)


@st.composite
def articles(draw: st.DrawFn) -> list[SampleArticle]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        live = draw(st.booleans())
        place = draw(places) if live else None
        found.append(
            SampleArticle(
                guid=f"item-{number}",
                outlet=draw(st.sampled_from(OUTLETS)),
                story="",
                title=f"Title {number}",
                paragraphs=("Text.",),
                place=place,
                before=None if live else timedelta(hours=draw(st.floats(0.1, 168))),
                corrections=tuple(
                    Correction((place or 0) + 1 + extra, f"Title {number}, corrected {extra}", ("Text.",))
                    for extra in range(draw(st.integers(0, 2)))
                ),
            )
        )
    return found


paces = st.timedeltas(timedelta(milliseconds=1), timedelta(minutes=5))
moments = st.timedeltas(timedelta(days=-8), timedelta(days=2)).map(lambda passed: T0 + passed)


@given(articles(), paces, moments, moments)
def test_what_is_out_stays_out_and_nothing_is_dated_ahead(
    sample: list[SampleArticle], pace: timedelta, one: datetime, other: datetime
) -> None:
    schedule = Schedule(sample, T0, pace)
    earlier, later = sorted((one, other))
    before, after = schedule.items(earlier), schedule.items(later)
    assert {item.guid for item in before} <= {item.guid for item in after}
    assert all(item.published <= item.updated <= later for item in after)
    assert [item.published for item in after] == sorted((item.published for item in after), reverse=True)
    assert schedule.progress(earlier) <= schedule.progress(later)


@given(articles(), paces, moments)
def test_two_outlets_together_are_the_whole_wire(sample: list[SampleArticle], pace: timedelta, now: datetime) -> None:
    schedule = Schedule(sample, T0, pace)
    apart = [item for outlet in OUTLETS for item in schedule.items(now, outlet)]
    assert sorted(item.guid for item in apart) == sorted(item.guid for item in schedule.items(now))


@given(articles(), paces)
def test_one_item_comes_at_every_pace_and_in_the_order_of_the_places(
    sample: list[SampleArticle], pace: timedelta
) -> None:
    schedule = Schedule(sample, T0, pace)
    total = sum(article.place is not None for article in sample) + sum(len(each.corrections) for each in sample)
    for number in range(total + 1):
        assert schedule.progress(T0 + pace * number) == (number, total)
    end = T0 + pace * total
    live = sorted((each for each in sample if each.place is not None), key=lambda each: (each.place or 0, each.guid))
    published = [item.published for article in live if (item := schedule.item(article.guid, end))]
    assert len(published) == len(live) and published == sorted(published)
    for article in sample:
        item = schedule.item(article.guid, end)
        assert item and item.title == (article.corrections[-1].title if article.corrections else article.title)


@given(articles(), paces, moments)
def test_the_zone_in_which_the_start_is_written_changes_nothing(
    sample: list[SampleArticle], pace: timedelta, now: datetime
) -> None:
    elsewhere = T0.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert Schedule(sample, T0, pace).items(now) == Schedule(sample, elsewhere, pace).items(now)
