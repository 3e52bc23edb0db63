"""/topic create, edit, history, rollback, delete, share, export and import: topics that a server gives names to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from bot.commands.desk import Desk, noted
from bot.commands.topics import names_of_topics
from bot.commands.wording import counted
from bot.core.command import Choice, Invocation, Option, command
from bot.core.errors import NotFound, UserError
from bot.core.message import Button, Kind, Message, Span, Style, Tone, paragraph
from bot.core.model import NamedTopic
from bot.topics import CALLED, LONGEST_QUERY, STOPWORDS, Topic, TopicKind, either, fold, is_query, resolve

LONGEST_NAME = 40
VERSIONS_SHOWN = 10
BETWEEN = ";;"
"""Parts topics in what is exported: no query holds it, and a line of chat may hold no line break."""


async def own_topics(desk: Desk, call: Invocation, partial: str) -> Sequence[Choice]:
    """The topics that this server has named."""
    async with desk.store.read() as tx:
        topics = await tx.topics.of_tenant(call.tenant)
    return [
        Choice(topic.name, f"{topic.name}: {topic.query}") for topic in topics if fold(partial) in fold(topic.name)
    ][:25]


Name = Annotated[str, Option("Its name: one word, or several in quotes")]
Edited = Annotated[str, Option("Its name: one word, or several in quotes", complete=own_topics)]
Own = Annotated[str, Option("A topic that this server has named", rest=True, complete=own_topics)]


async def query_of(desk: Desk, call: Invocation, values: Mapping[str, Any]) -> str:
    """What a named topic means now. Raises NotFound where there is none of that name."""
    return (await _known(desk, call, str(values.get("name") or ""))).query


MEANS = Option(
    "What it means; names of one thing with OR between: Acme OR “Acme Corp”",
    rest=True,
    long=True,
    complete=names_of_topics,
)
Query = Annotated[str, MEANS]


@command(
    "topic create",
    "Give a name to a query, to be followed by it",
    manage=True,
    examples=('topic create grain-deal Ukraine NEAR/20 (grain OR wheat) -"grain alcohol"',),
)
async def topic_create(desk: Desk, call: Invocation, name: Name, query: Query) -> Message:
    name = _free_name(desk, name)
    async with desk.store.read() as tx:
        topics = await tx.topics.of_tenant(call.tenant)
    if any(fold(topic.name) == fold(name) for topic in topics):
        raise UserError(f"There is a topic {name} already.", (Button("Show it", f"topic {name}"),))
    return _written(*await _write(desk, call, name, query, "topic create"), "is a topic now")


@command(
    "topic edit",
    "Change what a named topic means; who follows it follows the new",
    manage=True,
    examples=('topic edit acme Acme OR "Acme Corp"', "topic edit acme @acme OR ACMEX"),
)
async def topic_edit(
    desk: Desk, call: Invocation, name: Edited, query: Annotated[str, replace(MEANS, now=query_of)]
) -> Message:
    known = await _known(desk, call, name)
    return _written(*await _write(desk, call, known.name, query, "topic edit", known.query), "is changed")


@command("topic history", "Every version of a named topic, who wrote it and when", manage=True)
async def topic_history(desk: Desk, call: Invocation, name: Own) -> Message:
    async with desk.store.read() as tx:
        versions = await tx.topics.history(call.tenant, fold(name))
    if not versions:
        raise _unknown(name)
    body = [
        paragraph(
            Span(f"Version {each.version}", bold=True),
            *((", ", each.at) if each.at else ()),
            f", {each.author}" if each.author else "",
            f": {each.query or 'deleted'}",
            kind=Kind.ITEM,
        )
        for each in versions[:VERSIONS_SHOWN]
    ]
    shown = versions[0].name
    earlier = [each for each in versions[1:4] if each.query]
    back = tuple(Button(f"Back to {v.version}", f'topic rollback "{shown}" {v.version}') for v in earlier)
    return Message(title=f"{shown}: {counted(len(versions), 'version')}", body=tuple(body), buttons=back)


@command("topic rollback", "Bring an earlier version of a named topic back", manage=True)
async def topic_rollback(
    desk: Desk, call: Invocation, name: Name, version: Annotated[int, Option("Number of the version")]
) -> Message:
    async with desk.store.read() as tx:
        versions = await tx.topics.history(call.tenant, fold(name))
    if not versions:
        raise _unknown(name)
    wanted = next((each for each in versions if each.version == version and each.query), None)
    if wanted is None:
        raise NotFound(f"{versions[0].name} has no version {version} to go back to.")
    before = versions[0].query
    written = await _write(desk, call, wanted.name, wanted.query, "topic rollback", before)
    return _written(*written, f"is version {version} again")


@command("topic delete", "Delete a named topic; its versions are kept", manage=True)
async def topic_delete(
    desk: Desk, call: Invocation, name: Own, confirm: Annotated[bool, Option("Yes, really", hidden=True)] = False
) -> Message:
    known = await _known(desk, call, name)
    async with desk.store.read() as tx:
        followers = [s for s in await tx.subscriptions.of_tenant(call.tenant) if s.topic == known.name]
    if followers:
        raise UserError(
            f"{known.name} is followed by {counted(len(followers), 'channel')}. "
            "/unsubscribe there first, or /topic edit it."
        )
    if not confirm:
        sure = Button("Delete", f"topic delete {known.name} confirm:yes", style=Style.DANGER)
        return Message(
            title=f"Delete {known.name}?", body=(paragraph(known.query),), buttons=(sure,), tone=Tone.WARNING
        )
    async with desk.store.begin() as tx:
        await tx.topics.write(call.tenant, fold(known.name), known.name, "", by=_signed(call), now=await tx.now())
        await noted(tx, call, "topic delete", known.name, detail=known.query)
    await desk.pipeline.follow()
    again = Button("Bring it back", f'topic rollback "{known.name}" {known.version}')
    return Message(title=f"{known.name} is deleted", buttons=(again,), tone=Tone.SUCCESS)


@command("topic share", "Show a named topic to everybody here, with the line that makes it elsewhere", private=False)
async def topic_share(desk: Desk, call: Invocation, name: Own) -> Message:
    known = await _known(desk, call, name)
    line = f'/topic create "{known.name}" {known.query}'
    return Message(
        title=known.name,
        body=(paragraph(_checked(desk, call, known.query)[0].reading), paragraph(line, kind=Kind.QUOTE)),
        buttons=(Button("Subscribe", f"subscribe {known.name}", style=Style.PRIMARY),),
        footer="The line makes the same topic in another server.",
    )


@command("topic export", "All topics that this server has named, as a text to keep or to import elsewhere")
async def topic_export(desk: Desk, call: Invocation) -> Message:
    async with desk.store.read() as tx:
        topics = await tx.topics.of_tenant(call.tenant)
    if not topics:
        raise NotFound("This server has named no topics yet. /topic create makes one.")
    text = f" {BETWEEN} ".join(f"{topic.name} = {topic.query}" for topic in topics)
    return Message(
        title=counted(len(topics), "topic"),
        body=(paragraph(text, kind=Kind.QUOTE),),
        footer="/topic import takes this text as it is, here or in another server.",
    )


@command("topic import", "Make topics from an exported text", manage=True)
async def topic_import(
    desk: Desk,
    call: Invocation,
    text: Annotated[str, Option(f"name = query, the next one behind {BETWEEN}", rest=True)],
) -> Message:
    wanted: dict[str, tuple[str, str]] = {}
    for piece in text.split(BETWEEN):
        name, equals, query = (part.strip() for part in piece.partition("="))
        if not equals or not query:
            raise UserError(f"“{piece.strip()[:60]}” is not understood: write name = query, the next behind {BETWEEN}.")
        name = _free_name(desk, name)
        _, query = _checked(desk, call, query)
        wanted[fold(name)] = (name, query)
    async with desk.store.begin() as tx:
        known = {fold(topic.name): topic for topic in await tx.topics.of_tenant(call.tenant)}
        if len(known.keys() | wanted.keys()) > desk.limits.topics:
            raise UserError(f"A server may name {counted(desk.limits.topics, 'topic')} at most. Nothing was imported.")
        changed = {key: pair for key, pair in wanted.items() if key not in known or known[key].query != pair[1]}
        for key, (name, query) in changed.items():
            shown = known[key].name if key in known else name
            await tx.topics.write(call.tenant, key, shown, query, by=_signed(call), now=await tx.now())
            before = f"{known[key].query} → " if key in known else ""
            await noted(tx, call, "topic import", shown, detail=f"{before}{query}")
    await desk.pipeline.follow()
    names = ", ".join(name for name, _ in changed.values())
    same = len(wanted) - len(changed)
    return Message(
        title=f"{counted(len(changed), 'topic')} imported",
        body=tuple(paragraph(line) for line in (names, f"{same} as before." if same else "") if line),
        tone=Tone.SUCCESS,
    )


def _free_name(desk: Desk, name: str) -> str:
    """A name that means nothing else. Raises UserError with the reason for one that does."""
    name = " ".join(name.replace('"', " ").split())
    folded = fold(name)
    found = desk.catalogue.meant(name)
    if not folded or len(name) > LONGEST_NAME or not name.isprintable() or is_query(name) or "=" in name:
        raise UserError(f"A name has letters and digits, at most {LONGEST_NAME} characters, and no operators.")
    if folded in STOPWORDS:
        raise UserError(f"“{name}” is too common a word to be a name.")
    if folded in desk.catalogue.packs or (found and found[1].kind in CALLED):
        raise UserError(f"{name} has a meaning already: see /topic {name}. Choose another name.")
    return name


def _checked(desk: Desk, call: Invocation, query: str) -> tuple[Topic, str]:
    """What a query means, and how it is kept. Raises UserError for a query that cannot be followed."""
    if len(query) > LONGEST_QUERY:
        raise UserError(f"A query has at most {LONGEST_QUERY} characters; this has {len(query)}.")
    meant = resolve(query, desk.catalogue, desk.pipeline.following.named(call.tenant), longest=LONGEST_QUERY)
    if meant.stands_for:
        return meant, meant.stands_for
    # What other topics mean is written out, or a change of theirs would change this one behind its versions' back.
    uses_others = "@" in query or (meant.kind is TopicKind.QUERY and not is_query(query))
    return meant, meant.name if uses_others else query


async def _write(
    desk: Desk, call: Invocation, name: str, query: str, did: str, before: str = ""
) -> tuple[NamedTopic, Topic, str]:
    """The new version, how it is read, and where it looks like a list, what would be content with any of it."""
    query = " ".join(query.split())  # a window has several lines, an exported text and a typed command have one
    meant, query = _checked(desk, call, query)
    most = desk.limits.topics
    async with desk.store.begin() as tx:
        written = await tx.topics.write(call.tenant, fold(name), name, query, by=_signed(call), now=await tx.now())
        if not before and len(await tx.topics.of_tenant(call.tenant)) > most:
            raise UserError(f"This server has named {counted(most, 'topic')}, which is the most. /topic delete one.")
        await noted(tx, call, did, name, detail=f"{before} → {query}" if before else query)
    await desk.pipeline.follow()
    is_list = meant.kind is TopicKind.WORDS or "," in query
    return written, meant, either(meant, desk.catalogue) if is_list else ""


def _written(topic: NamedTopic, meant: Topic, anything: str, done: str) -> Message:
    # A list of names, one a line, is what a window invites to; read as it stands it wants all of them in one article.
    every = (paragraph(f"An article must have all of it. For any of it: {anything}.", kind=Kind.NOTE),)
    return Message(
        title=f"{topic.name} {done}",
        body=(
            paragraph(meant.reading),
            *(every if anything else ()),
            paragraph(f"Version {topic.version}.", kind=Kind.NOTE),
        ),
        buttons=(
            Button("Subscribe", f"subscribe {topic.name}", style=Style.PRIMARY),
            *((Button("Any of it", f'topic edit "{topic.name}" {anything}'),) if anything else ()),
            Button("Test it", f"topic test {topic.name}"),
            Button("History", f"topic history {topic.name}"),
        ),
        tone=Tone.SUCCESS,
    )


def _signed(call: Invocation) -> str:
    """Who writes a version, as people know them."""
    return call.person.name or call.person.id


async def _known(desk: Desk, call: Invocation, name: str) -> NamedTopic:
    async with desk.store.read() as tx:
        topics = await tx.topics.of_tenant(call.tenant)
    wanted = fold(name)
    found = next((topic for topic in topics if fold(topic.name) == wanted), None)
    if found is None:
        raise _unknown(name, topics)
    return found


def _unknown(name: str, topics: Sequence[NamedTopic] = ()) -> NotFound:
    has = f"It has {', '.join(topic.name for topic in topics[:5])}." if topics else "/topic create makes one."
    return NotFound(f"This server has named no topic {name}. {has}")
