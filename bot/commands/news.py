"""/news, /latest, /more: the archive, newest first, with the sentence that matched."""

from __future__ import annotations

from typing import Annotated

from bot.commands.desk import Desk
from bot.commands.search import find
from bot.commands.topics import names_of_topics, understood
from bot.commands.wording import counted, listed
from bot.core.command import Invocation, Option, command
from bot.core.errors import NotFound, UserError
from bot.core.message import Button, Kind, Message, Paragraph, paragraph
from bot.topics import Topic, UnknownTopic, resolve

LATEST_DAYS = 30


@command(
    "news",
    "Search the archive, newest first, with the sentence that matched",
    private=False,
    examples=("news ISIL", "news Russia-Iraq 30d", 'news "oil price" 7d 10'),
)
async def news(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic, a relation, words or a “phrase”", rest=True, complete=names_of_topics)],
    days: Annotated[int, Option("How many days back", unit="d", most=365)] = 7,
    count: Annotated[int, Option("How many articles", most=25)] = 5,
    page: Annotated[int, Option("Page of the list", hidden=True, most=200)] = 1,
) -> Message:
    meant, nearest = _any_words(desk, call, topic)
    found = await find(desk, meant, tenant=call.tenant, days=days, limit=page * count + 1)
    if not found:
        return Message(
            title=f"Nothing about {meant.name} in the last {counted(days, 'day')}",
            body=(paragraph("Follow it, and the first new story will be posted here."),),
            buttons=(
                *(Button(f"News about {name}", f"news {name}") for name in nearest[:2]),
                Button("Subscribe", f"subscribe {meant.name}"),
                *((Button("Last 30 days", f"news {meant.name} days:30"),) if days < 30 else ()),
            ),
        )
    body: list[Paragraph] = []
    for each in found[(page - 1) * count : page * count]:
        body += listed(each.article, each.match)
    line = f"news {meant.name} days:{days} count:{count}"
    older = (Button("Older", f"{line} page:{page + 1}"),) if len(found) > page * count else ()
    newer = (Button("Newer", f"{line} page:{page - 1}"),) if page > 1 else ()
    return Message(
        title=f"{meant.name}: the last {counted(days, 'day')}",
        body=tuple(body) or (paragraph("That was the end of the list.", kind=Kind.NOTE),),
        buttons=(*newer, *older, Button("Subscribe", f"subscribe {meant.name}")),
    )


def _any_words(desk: Desk, call: Invocation, text: str) -> tuple[Topic, tuple[str, ...]]:
    """A search takes any word as it stands; the nearest names are offered only when nothing is found."""
    try:
        return resolve(text, desk.catalogue, desk.pipeline.following.named(call.tenant)), ()
    except UnknownTopic as error:
        bare = text.replace('"', " ")
        return resolve(f'"{bare}"', desk.catalogue), error.nearest


@command(
    "latest", "The newest articles, of all feeds or of one topic", private=False, examples=("latest", "latest ISIL")
)
async def latest(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic; all news without it", rest=True, complete=names_of_topics)] = "",
) -> Message:
    body: list[Paragraph] = []
    about = ""
    buttons: tuple[Button, ...] = ()
    if topic:
        meant = understood(desk, call, topic, "latest")
        for each in await find(desk, meant, tenant=call.tenant, days=LATEST_DAYS, limit=5):
            body += listed(each.article, each.match)
        about, buttons = f" about {meant.name}", (Button("Subscribe", f"subscribe {meant.name}"),)
    else:
        async with desk.store.read() as tx:
            for article in await tx.archive.latest(call.tenant, limit=8):
                body += listed(article)
    if not body:
        since = f"{about} in the last {LATEST_DAYS} days" if about else " in the archive yet"
        return Message(
            title=f"Nothing{since}", body=(paragraph("The archive fills as feeds are polled."),), buttons=buttons
        )
    return Message(title=f"The latest{about or ' of all feeds'}", body=tuple(body), buttons=buttons)


@command(
    "more",
    "More like an article: the rest of its story, and what resembles it",
    examples=("more 42", "more Russia and Iraq sign pact"),
)
async def more(
    desk: Desk,
    call: Invocation,
    article: Annotated[str, Option("Number of the article, as its button has it, or any headline", rest=True)],
) -> Message:
    if not article.isdecimal():
        return await _more_like_words(desk, call, article)
    async with desk.store.read() as tx:
        known = await tx.archive.get(article, call.tenant)
        if known is None:
            raise NotFound("That article is no longer in the archive.", (Button("Latest news", "latest"),))
        same = [a for a in await tx.archive.of_story(known.story_id, call.tenant) if a.id != known.id]
    body: list[Paragraph] = []
    if same:
        body.append(paragraph("The same story elsewhere:", kind=Kind.NOTE))
        for each in same[:5]:
            body += listed(each)
    resembling = await _resembling(desk, call, known.title, {known.id, *(a.id for a in same)})
    if resembling:
        body.append(paragraph("On the same subject:", kind=Kind.NOTE))
        body += resembling
    if not body:
        raise UserError("Nothing else in the archive resembles it yet.")
    return Message(title=f"More like “{known.title}”", body=tuple(body))


async def _more_like_words(desk: Desk, call: Invocation, text: str) -> Message:
    """For a message that is not ours: what the archive holds on whom it names."""
    body = await _resembling(desk, call, text, set())
    if not body:
        raise NotFound(
            "That text names nobody and nothing on which the archive has news.", (Button("Latest news", "latest"),)
        )
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    return Message(title=f"More like “{shown}”", body=tuple(body))


async def _resembling(desk: Desk, call: Invocation, title: str, known: set[str]) -> list[Paragraph]:
    """What the archive holds on the entities that a headline names: all of them, or the first where that is none."""
    entities = desk.catalogue.mentioned(title)[:2]
    for subject in ("-".join(e.name for e in entities), *(e.name for e in entities)):
        try:
            found = await find(desk, resolve(subject, desk.catalogue), tenant=call.tenant, days=30, limit=12)
        except UserError:
            continue
        lines: list[Paragraph] = []
        for each in [f for f in found if f.article.id not in known][:5]:
            lines += listed(each.article, each.match)
        if lines:
            return lines
    return []
