"""What a living card says: the alert as it was posted, and what has become of its story since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, dated, paragraph
from bot.core.model import Report, Revision

BY_MODEL = "Summary by a language model; the articles are the source."


def revise(
    message: Message,
    story_id: int,
    article_id: str,
    reports: Sequence[Report],
    revisions: Sequence[Revision],
    *,
    summary: str,
    by_model: bool = False,
) -> Message:
    """The card for a story that has these reports and revisions by now, oldest first.

    `article_id` is the one that rang. What made it ring stays: the quoted sentences, the topics and the buttons.
    """
    if len(reports) < 2 and not revisions:
        return message
    rang = next((each for each in reports if each.article_id == article_id), None)
    body = [each for each in message.body if each.kind in (Kind.QUOTE, Kind.NOTE)]
    body += [paragraph(summary)] if summary else []
    newest = reports[-1] if reports else None
    if newest and newest is not rang and newest.title != message.title:
        about = f" · {newest.source}" if newest.source else ""
        body.append(
            Paragraph((Span("Latest: "), Span(newest.title, bold=True, url=newest.url), Span(about)), Kind.ITEM)
        )
    body += corrections(article_id, reports, revisions)
    return replace(
        message,
        title=rang.title if rang else message.title,
        body=tuple(body),
        fields=(*message.fields, *_standing(reports)),
        buttons=(*((Button("Whole story", f"story show {story_id}"),) if len(reports) > 1 else ()), *message.buttons),
        footer=BY_MODEL if by_model and summary else "",
    )


def _standing(reports: Sequence[Report]) -> list[Field]:
    if len(reports) < 2:
        return []
    return [
        Field("Coverage", coverage(reports)),
        dated("First seen", reports[0].at),
        dated("Last update", reports[-1].at),
    ]


def corrections(article_id: str, reports: Sequence[Report], revisions: Sequence[Revision]) -> list[Paragraph]:
    """What the outlets changed, in a line for each article; the new headline too where the card does not bear it."""
    outlets = {each.article_id: each.source for each in reports}
    titles = {each.article_id: each.title for each in reports}
    last: dict[str, Revision] = {}
    for revision in revisions:
        held = last.get(revision.article_id)
        telling = revision.headline or revision.removed
        if revision.article_id in outlets and (telling or not (held and held.headline)):
            last[revision.article_id] = revision
    lines = []
    for revision in last.values():
        by = f" by {outlets[revision.article_id]}" if outlets[revision.article_id] else ""
        if revision.removed:
            # Of a feed that is all one can know; why it went, and whether its page is still there, nobody says.
            said = f": “{titles[revision.article_id]}”" if revision.article_id != article_id else ""
            lines.append(paragraph(f"Taken out of its feed{by}, ", revision.at, said, kind=Kind.NOTE))
        elif revision.headline:
            now = f": “{titles[revision.article_id]}”" if revision.article_id != article_id else ""
            said = f"{now}; it was “{revision.title}”"
            lines.append(paragraph(f"Headline changed{by}, ", revision.at, said, kind=Kind.NOTE))
        else:
            lines.append(paragraph(f"Text changed{by}, ", revision.at, kind=Kind.NOTE))
    return lines[-2:]


def coverage(reports: Sequence[Report]) -> str:
    """`7 outlets, 2 origins`: a wire story that five papers reprint is one voice."""
    outlets = {each.source for each in reports}
    origins = {each.origin for each in reports}
    return f"{_counted(len(outlets), 'outlet')}, {_counted(len(origins), 'origin')}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
