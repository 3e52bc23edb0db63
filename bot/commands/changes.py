"""/changes: what outlets said differently before, in silence or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from bot.commands.desk import Desk
from bot.commands.topics import names_of_topics, understood
from bot.commands.wording import by, counted, headline, paged
from bot.core.command import Invocation, Option, command
from bot.core.message import Button, Kind, Message, Paragraph, paragraph
from bot.core.model import Article, Revision


@command(
    "changes",
    "Headlines and texts that outlets changed after we had read them, and articles that they took away",
    private=False,
    examples=("changes", "changes ISIL", "changes Russia-Iraq 14d"),
)
async def changes(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic; all news without it", rest=True, complete=names_of_topics)] = "",
    days: Annotated[int, Option("How many days back", unit="d", most=90)] = 7,
    page: Annotated[int, Option("Page of the list", hidden=True)] = 1,
) -> Message:
    meant = understood(desk, call, topic, "changes") if topic else None
    found: list[tuple[Revision, Article]] = []
    async with desk.store.read() as tx:
        since = await tx.now() - timedelta(days=days)
        for revision in await tx.revisions.since(since, call.tenant):
            article = await tx.archive.get(revision.article_id, call.tenant)
            if article and (meant is None or desk.pipeline.following.judge(meant, article)):
                found.append((revision, article))
    topic_named = f" about {meant.name}" if meant else ""
    line = f"changes {meant.name} days:{days}" if meant else f"changes days:{days}"
    if not found:
        return Message(
            title=f"Nothing{topic_named} was changed in the last {counted(days, 'day')}",
            body=(paragraph("As far as the feeds still carried it: what left a feed is not looked at again."),),
        )

    def draw(each: tuple[Revision, Article]) -> Paragraph:
        revision, article = each
        told = f" — it was “{revision.title}”" if revision.headline else " — its text was changed"
        if revision.removed:
            told = " — taken out of its feed, where older ones stayed"
        about = by(article.source, revision.at)
        return paragraph(headline(article.title, article.url), told, *about, kind=Kind.ITEM)

    body, turn = paged(found, page, line, draw)
    follow = (Button("Subscribe", f"subscribe {meant.name}"),) if meant else ()
    title = f"{counted(len(found), 'change')}{topic_named} in the last {counted(days, 'day')}"
    return Message(title=title, body=tuple(body), buttons=(*turn, *follow))
