"""A chart in words and signs, and in fewer bars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.chart import Chart

charts = st.builds(
    Chart,
    st.text(max_size=5),
    st.just("articles"),
    st.lists(st.tuples(st.text(max_size=5), st.integers(0, 99))).map(tuple),
)


def test_it_says_in_words_what_it_shows() -> None:
    chart = Chart("ISIL", "articles", (("24 Nov", 2), ("25 Nov", 0), ("26 Nov", 8)))
    assert chart.alt == "24 Nov to 26 Nov: 10 articles, most (8) 26 Nov"
    assert chart.text == f"▂·█  {chart.alt}"
    assert Chart("ISIL", "articles", ()).alt == ""


@given(charts, st.integers(1, 20))
def test_fewer_bars_count_the_same(chart: Chart, most: int) -> None:
    few = chart.coarser(most)
    assert len(few.bars) <= most or not chart.bars
    assert sum(count for _, count in few.bars) == sum(count for _, count in chart.bars)
    if chart.bars:
        assert few.bars[0][0] == chart.bars[0][0]
