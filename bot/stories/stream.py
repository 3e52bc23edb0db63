"""Groups a file of articles as it goes by: what `newsbell stories` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.core.model import Article
from bot.stories.clusters import Placed, Stories

_LATE = 2_000
"""How many articles of a file may be older than the window: a file is not always in order of time."""


def stream(
    articles: Iterable[Article], *, window: timedelta = timedelta(hours=72), careful: bool = False
) -> Iterator[tuple[str, str, Placed]]:
    """(article id, story, decision) for each article, as soon as it is read. A story is named by its first article.

    `Placed.story` and `Placed.nearest` are numbers of this run, in the order in which the stories opened, from 0.
    """
    stories = Stories(window, careful=careful, keep=_LATE)
    names: list[str] = []
    for article in articles:
        placed = stories.place(article)
        number = placed.story
        if number is None:
            number = len(names)
            names.append(article.id)
        stories.remember(article, number)
        yield article.id, names[number], placed
