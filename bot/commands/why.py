"""/why: what made an article ring here, judged again before your eyes."""

from __future__ import annotations

from typing import Annotated

from bot.commands.desk import Desk
from bot.commands.topics import scored
from bot.core.command import Invocation, Option, command
from bot.core.errors import NotFound, UserError
from bot.core.message import Button, Kind, Message, Paragraph, Span, marked, paragraph
from bot.core.model import Sensitivity
from bot.topics import THRESHOLDS, resolve


@command("why", "Why an article rang here: the topics, the sentences, and how sure the match is", examples=("why 42",))
async def why(
    desk: Desk, call: Invocation, article: Annotated[str, Option("Number of the article, as its buttons have it")]
) -> Message:
    async with desk.store.read() as tx:
        known = await tx.archive.get(article, call.tenant) if article.isdecimal() else None
        here = await tx.subscriptions.of_channel(call.channel.id, call.tenant)
    if known is None:
        raise NotFound("That article is not in the archive, or no longer.", (Button("Latest news", "latest"),))
    body: list[Paragraph] = []
    for subscription in here:
        try:
            meant = resolve(subscription.topic, desk.catalogue, desk.pipeline.following.named(call.tenant))
        except UserError:
            continue  # the catalogue no longer understands it; /subscriptions says so
        match = desk.pipeline.following.judge(meant, known, Sensitivity.EVERYTHING)
        if match is None:
            continue
        least = THRESHOLDS[subscription.sensitivity]
        verdict = "rings" if match.score >= least else "does not ring"
        said = f": it {verdict} here, where {round(least * 100)} is the least"
        body.append(Paragraph((Span(subscription.topic, bold=True), Span(said)), Kind.ITEM))
        body.append(paragraph(scored(desk, meant, known, match), kind=Kind.NOTE))
        body.append(paragraph(meant.reading, kind=Kind.NOTE))
        body += [marked(each.sentence, each.spans) for each in match.evidence]
    if not body:
        body.append(paragraph("Nothing that this channel follows today is in it."))
    return Message(
        title=f"Why “{known.title}”?",
        url=known.url,
        body=tuple(body),
        buttons=(Button("More like this", f"more {known.id}"), Button("Subscriptions", "subscriptions")),
    )
