"""How the replies put things: days in the reader's zone, numbers with their nouns, pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.message import Button, Kind, Manner, Paragraph, Span, marked, paragraph
from bot.core.model import Article, Match, Repeat, Sensitivity, Telling

T = TypeVar("T")

PAGE = 10
"""Items of a list in one reply: what fits every platform and a phone's screen."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 story`, `12 stories`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def day(moment: datetime, zone: str) -> date:
    """The date of a moment in the reader's zone."""
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return moment.date()


def ago(moment: datetime | None, now: datetime) -> str:
    """`just now`, `12 min ago`, `3 h ago`, `5 days ago`, `never`."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h ago"
    return f"{seconds // 86400} days ago"


def rate(count: int, days: float) -> str:
    """About how many a day, in words that do not pretend to be exact."""
    a_day = count / days
    if count == 0:
        return "nothing"
    if a_day >= 1.5:
        return f"about {round(a_day)} a day"
    if a_day >= 0.75:
        return "about one a day"
    return f"about {max(1, round(a_day * 7))} a week"


def duration(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return f"{span.total_seconds():.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def arrival(manner: Manner) -> str:
    """`mentions @newsdesk, rings silently, a thread for each story`; empty where alerts arrive as usual."""
    wishes = [f"mentions {' '.join(f'@{role.name}' for role in manner.roles)}"] if manner.roles else []
    wishes += ["rings silently"] if manner.silent else []
    wishes += ["a thread for each story"] if manner.thread else []
    return ", ".join(wishes)


def sureness(sensitivity: Sensitivity) -> str:
    """`strong matches only`, `whatever mentions it`; empty for the normal."""
    said = {Sensitivity.STRONG: "strong matches only", Sensitivity.EVERYTHING: "whatever mentions it"}
    return said.get(sensitivity, "")


def retelling(telling: Telling) -> str:
    """`every article, again at 3 origins, again at “ceasefire”`; empty where a story rings once."""
    repeats = {Repeat.ARTICLE: "every article", Repeat.FOLLOW: "with follow-ups"}
    wishes = [repeats[telling.repeat]] if telling.repeat in repeats else []
    wishes += [f"again at {counted(telling.origins, 'origin')}"] if telling.origins else []
    wishes += [f"again at {', '.join(f'“{word}”' for word in telling.watch)}"] if telling.watch else []
    wishes += ["again at a surge"] if telling.surge else []
    return ", ".join(wishes)


def headline(title: str, url: str) -> Span:
    return Span(title, bold=True, url=url)


def by(source: str, at: datetime) -> tuple[str | datetime, ...]:
    """The outlet and the time, behind a headline."""
    return (f" · {source} · ", at) if source else (" · ", at)


def listed(article: Article, match: Match | None = None) -> list[Paragraph]:
    """An article in a list: its linked headline, outlet and time, and the sentence that matched."""
    lines = [paragraph(headline(article.title, article.url), *by(article.source, article.when), kind=Kind.ITEM)]
    if match and match.evidence and match.evidence[0].sentence != article.title:
        lines.append(marked(match.evidence[0].sentence, match.evidence[0].spans))
    return lines


def paged(
    items: Sequence[T], page: int, line: str, draw: Callable[[T], Paragraph], size: int = PAGE
) -> tuple[list[Paragraph], tuple[Button, ...]]:
    """One page of a list, and the buttons to turn it; `line` is the command that shows the list."""
    page = min(page, max(1, -(-len(items) // size)))
    shown = [draw(item) for item in items[(page - 1) * size : page * size]]
    note, buttons = turned(len(items), page, line, size)
    return [*shown, *note], buttons


def turned(count: int, page: int, line: str, size: int = PAGE) -> tuple[tuple[Paragraph, ...], tuple[Button, ...]]:
    """Where in a list of that many a page stands, if others follow, and the buttons to turn it."""
    pages = max(1, -(-count // size))
    back = (Button("Previous", f"{line} page:{page - 1}"),) if page > 1 else ()
    if page >= pages:
        return (), back
    note = paragraph(f"Page {page} of {pages}, {counted(count, 'entry', 'entries')}.", kind=Kind.NOTE)
    return (note,), (*back, Button("Next", f"{line} page:{page + 1}"))
