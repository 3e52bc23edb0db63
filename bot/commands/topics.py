"""/topics and /topic: what can be followed by name, and how it is understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from bot.commands.backtest import habits, stories_in
from bot.commands.desk import Desk
from bot.commands.search import find
from bot.commands.wording import counted, listed, paged, rate
from bot.core.command import Choice, Invocation, Option, command
from bot.core.errors import NotFound
from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, Style, paragraph
from bot.core.model import Article, Match, Sensitivity
from bot.topics import THRESHOLDS, Entity, Topic, UnknownTopic, fold, resolve

ALIASES_SHOWN = 12


def understood(desk: Desk, call: Invocation, text: str, verb: str) -> Topic:
    """The topic that somebody means, or NotFound that offers the nearest names and the words as they stand."""
    try:
        return resolve(text, desk.catalogue, desk.pipeline.following.named(call.tenant))
    except UnknownTopic as error:
        nearest = tuple(Button(name, f"{verb} {name}", style=Style.PRIMARY) for name in error.nearest[:3])
        literal = Button(f"The word “{error.text}”", f'{verb} "{error.text}"')
        raise NotFound(str(error), (*nearest, literal)) from error


async def names_of_topics(desk: Desk, call: Invocation, partial: str) -> Sequence[Choice]:
    """Catalogue names for what is half typed; after a hyphen, for the second side of a relation."""
    first, hyphen, second = partial.rpartition("-")
    side = desk.catalogue.find(first) if hyphen and first else None
    head = f"{side.name}-" if side else ""
    found = desk.catalogue.search(second if head else partial)[:25]
    wanted = fold(partial)
    # Before anything is typed these say more of what can be followed than the first names of the alphabet.
    own = [name for key, (name, _) in desk.pipeline.following.named(call.tenant).items() if wanted in key]
    packs = [pack.name for key, pack in desk.catalogue.packs.items() if key.startswith(wanted)]
    named = [Choice(name, name) for name in (*own, *packs)] if not head else []
    return [*named, *(Choice(head + entity.name, head + described(entity)) for entity in found)][:25]


def described(entity: Entity) -> str:
    """`ISIL — Islamic State, Daesh, ISIS`."""
    others = [text for text in entity.spoken if text != entity.name][:3]
    return f"{entity.name} — {', '.join(others)}" if others else entity.name


def sort(entity: Entity) -> str:
    return entity.kind.replace("_", " ")


@command("topics", "The catalogue: what can be followed by name", examples=("topics", "topics kurd"))
async def topics(
    desk: Desk,
    call: Invocation,
    search: Annotated[str, Option("Part of a name, in any language", rest=True, complete=names_of_topics)] = "",
    page: Annotated[int, Option("Page of the list", hidden=True)] = 1,
) -> Message:
    wanted = fold(search)
    own = desk.pipeline.following.named(call.tenant)
    named: list[tuple[str, str]] = [(name, query) for key, (name, query) in own.items() if wanted in key]
    named += [(p.name, p.kind) for key, p in desk.catalogue.packs.items() if wanted in key or wanted == fold(p.kind)]
    found: list[Entity | tuple[str, str]] = [*named, *desk.catalogue.search(search)]
    if not found:
        near = desk.catalogue.nearest(search, 3)
        hint = f"Did you mean {near[0]}?" if near else "You can still /subscribe to it as plain words."
        raise NotFound(
            f"The catalogue has nothing called {search}. {hint}", tuple(Button(n, f"topic {n}") for n in near)
        )

    def draw(entity: Entity | tuple[str, str]) -> Paragraph:
        if isinstance(entity, tuple):
            return Paragraph((Span(entity[0], bold=True), Span(f" · {entity[1]}")), Kind.ITEM)
        rest = described(entity).removeprefix(entity.name)
        return Paragraph((Span(entity.name, bold=True), Span(f"{rest} · {sort(entity)}")), Kind.ITEM)

    body, turn = paged(found, page, f"topics {search}".strip(), draw)
    title = f"{counted(len(found), 'topic')} matching {search}" if search else f"{counted(len(found), 'topic')} by name"
    note = paragraph("Join two with a hyphen for a relation (Russia-Iraq), or follow any words.", kind=Kind.NOTE)
    names = [each[0] if isinstance(each, tuple) else each.name for each in found[:3]]
    first = tuple(Button(name, f"topic {name}") for name in names) if search else ()
    return Message(title=title, body=(*body, note), buttons=(*turn, *first))


@command(
    "topic",
    "How a topic is understood: definition, aliases, counts",
    aliases=("topic show",),
    examples=("topic ISIL", "topic Russia-Iraq"),
)
async def topic(
    desk: Desk,
    call: Invocation,
    name: Annotated[str, Option("A topic, a relation or words", rest=True, complete=names_of_topics)],
) -> Message:
    meant = understood(desk, call, name, "topic")
    found = await find(desk, meant, tenant=call.tenant, days=7, limit=1000)
    stories = len({each.article.story_id or each.article.id for each in found})
    async with desk.store.read() as tx:
        followers = [s for s in await tx.subscriptions.of_tenant(call.tenant) if s.topic == meant.name]
    return Message(
        title=meant.name,
        body=(paragraph(meant.reading), *(_aliases(desk.catalogue.entities[known]) for known in meant.entities)),
        fields=(
            Field("Last 7 days", f"{counted(len(found), 'article')} in {counted(stories, 'story', 'stories')}"),
            Field("Pace", rate(stories, 7)),
            Field("Followed here by", counted(len(followers), "channel")),
        ),
        buttons=(
            Button("Subscribe", f"subscribe {meant.name}", style=Style.PRIMARY),
            Button("News", f"news {meant.name}"),
            Button("Test it", f"topic test {meant.name}"),
            *(Button(other, f"topic {other}") for other in meant.alternatives[:2]),
        ),
    )


def _aliases(entity: Entity) -> Paragraph:
    """Its names, those of the Latin script first and some of each other script behind them."""
    names = list(dict.fromkeys(alias.text for alias in entity.written if alias.text != entity.name))
    latin = [name for name in names if name[:1].casefold() < "\u0250"]
    shown = [*latin[:ALIASES_SHOWN], *[name for name in names if name not in latin][:ALIASES_SHOWN]]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    known = f" ({sort(entity)}): {', '.join(shown)}{more}" if names else f" ({sort(entity)})"
    return Paragraph((Span(entity.name, bold=True), Span(known)), Kind.ITEM)


def scored(desk: Desk, topic: Topic, article: Article, match: Match) -> str:
    """`Score 72 of 100: lead 50, frequency 44.`"""
    parts = ", ".join(desk.pipeline.following.account(topic, article))
    return f"Score {round(match.score * 100)} of 100: {parts}."


@command(
    "topic test",
    "Try a topic on the archive before following it: how much, why, and what could be left out",
    examples=("topic test Iraq (oil OR gas) -football",),
)
async def topic_test(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic or a query", rest=True, complete=names_of_topics)],
    days: Annotated[int, Option("How many days back", unit="d", most=90)] = 7,
) -> Message:
    meant = understood(desk, call, topic, "topic test")
    everything = await find(desk, meant, tenant=call.tenant, days=days, limit=1000, sensitivity=Sensitivity.EVERYTHING)
    normal = [each for each in everything if each.match.score >= THRESHOLDS[Sensitivity.NORMAL]]
    strong = [each for each in normal if each.match.score >= THRESHOLDS[Sensitivity.STRONG]]
    lines, buttons = habits(meant, normal, "topic test")
    samples: list[Paragraph] = []
    ranked = sorted(normal, key=lambda found: -found.match.score)
    for each in ranked if len(ranked) < 4 else (*ranked[:2], ranked[-1]):  # the best two and the weakest
        samples += listed(each.article, each.match)
        samples.append(paragraph(scored(desk, meant, each.article, each.match), kind=Kind.NOTE))
    return Message(
        title=f"{meant.name} in the last {counted(days, 'day')}",
        body=(paragraph(meant.reading), *lines, *samples),
        fields=(
            Field("Rings", f"{counted(len(normal), 'article')} in {counted(stories_in(normal), 'story', 'stories')}"),
            Field("Pace", rate(stories_in(normal), days)),
            Field("Mentions, strong", f"{len(everything)}, {len(strong)}"),
        ),
        buttons=(Button("Subscribe", f"subscribe {meant.name}", style=Style.PRIMARY), *buttons),
    )
