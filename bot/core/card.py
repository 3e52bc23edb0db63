"""What a living card says: the alert as it was posted, and what has become of its story since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, paragraph
from bot.core.model import Report

BY_MODEL = "Summary by a language model; the articles are the source."


def revise(
    message: Message, story_id: int, reports: Sequence[Report], *, summary: str, by_model: bool = False
) -> Message:
    """The card for a story that has these reports by now, oldest first.

    What made the alert ring stays: its headline, the quoted sentences, the topics and the buttons.
    """
    if len(reports) < 2:
        return message
    quotes = tuple(each for each in message.body if each.kind in (Kind.QUOTE, Kind.NOTE))
    newest = reports[-1]
    body = [*quotes, *([paragraph(summary)] if summary else [])]
    if newest.title != message.title:
        about = f" · {newest.source}" if newest.source else ""
        body.append(
            Paragraph((Span("Latest: "), Span(newest.title, bold=True, url=newest.url), Span(about)), Kind.ITEM)
        )
    return replace(
        message,
        body=tuple(body),
        fields=(
            *message.fields,
            Field("Coverage", coverage(reports)),
            Field("First seen", moment(reports[0].at)),
            Field("Last update", moment(newest.at)),
        ),
        buttons=(Button("Whole story", f"story show {story_id}"), *message.buttons),
        footer=BY_MODEL if by_model and summary else "",
    )


def coverage(reports: Sequence[Report]) -> str:
    """`7 outlets, 2 origins`: a wire story that five papers reprint is one voice."""
    outlets = {each.source for each in reports}
    origins = {each.origin for each in reports}
    return f"{_counted(len(outlets), 'outlet')}, {_counted(len(origins), 'origin')}"


def moment(at: datetime) -> str:
    """`26 Nov, 14:05 UTC`: a field is plain text, and one text serves readers in many zones."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b, %H:%M} UTC"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
