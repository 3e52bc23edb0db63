"""newsbell match, stories, summarize: the engine on anybody's own archive, JSON lines in and out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.cli.jsonl import SKIPPED, Reader, write
from bot.core.errors import UserError
from bot.core.model import Sensitivity
from bot.settings import load

Topics = Annotated[list[str], typer.Option("--topic", help="A topic, as in /subscribe; may be given several times.")]


def match(
    context: typer.Context,
    topic: Topics,
    sensitivity: Annotated[Sensitivity, typer.Option(help="How sure a match must be.")] = Sensitivity.NORMAL,
) -> None:
    """Which articles are about the topics: {"id", "topic", "score", "evidence"} a match."""
    from bot.topics import Percolator

    percolator = Percolator()
    asked: dict[str, list[str]] = {}
    for text in topic:
        meant = _resolved(context, text)
        percolator.add(meant)
        asked.setdefault(meant.name, []).append(text)
    reader = Reader(sys.stdin.buffer, "matching")
    for article in reader:
        for found in percolator.match(article, sensitivity):
            for text in dict.fromkeys(asked[found.topic]):
                write(
                    {
                        "id": reader.ids[article.id],
                        "topic": text,
                        "score": round(found.score, 4),
                        "evidence": [
                            {"sentence": each.sentence, "spans": [list(span) for span in each.spans]}
                            for each in found.evidence
                        ],
                    }
                )
    _leave(reader)


def stories(
    context: typer.Context,
    explain: Annotated[bool, typer.Option(help="Add the nearest story and how near it was.")] = False,
) -> None:
    """Which articles are the same story: {"id", "story"} an article, streaming; articles in order of time."""
    from bot.stories import stream

    reader = Reader(sys.stdin.buffer, "grouping")
    for article_id, story, placed in stream(reader):
        line = {"id": reader.ids[article_id], "story": reader.ids[story]}
        if explain:
            line |= {"nearest": reader.ids.get(placed.nearest or ""), "score": round(placed.score, 4)}
        write(line)
    _leave(reader)


def summarize(
    context: typer.Context,
    topic: Annotated[str, typer.Option(help="A topic that the summary must mention if the article does.")] = "",
    sentences: Annotated[int, typer.Option(help="Sentences of a summary.", min=1, max=20)] = 2,
) -> None:
    """A short summary of each article in its own sentences: {"id", "summary"} an article."""
    from bot.stories import summarize as extract
    from bot.topics import mentions

    about = mentions(_resolved(context, topic)) if topic else None
    reader = Reader(sys.stdin.buffer, "summarizing")
    for article in reader:
        text = extract(article.body, title=article.title, sentences=sentences, mentions=about, lang=article.lang)
        write({"id": reader.ids[article.id], "summary": text or article.title})
    _leave(reader)


def _resolved(context: typer.Context, text: str):  # type: ignore[no-untyped-def]
    from bot.topics import Catalogue, UnknownTopic, resolve

    try:
        return resolve(text, Catalogue.load(load(context.obj).topics.catalogue))
    except UnknownTopic as error:
        raise UserError(f"{error} To look for the word as it stands, quote it: --topic '\"{text}\"'") from error


def _leave(reader: Reader) -> None:
    if reader.skipped:
        print(f"{reader.skipped} lines were skipped", file=sys.stderr)
        raise typer.Exit(SKIPPED)
