"""newsbell match, stories, summarize: the engine on anybody's own archive, JSON lines in and out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.jsonl import SKIPPED, Reader, write
from bot.core.errors import UserError
from bot.core.model import Article, Sensitivity
from bot.core.sentences import sentences
from bot.settings import load

if TYPE_CHECKING:
    from bot.topics import Catalogue, Percolator, Topic

Topics = Annotated[list[str], typer.Option("--topic", help="A topic, as in /subscribe; may be given several times.")]


def match(
    context: typer.Context,
    topic: Topics,
    sensitivity: Annotated[Sensitivity, typer.Option(help="How sure a match must be.")] = Sensitivity.NORMAL,
    estimate: Annotated[
        bool, typer.Option(help="Instead of the matches: how much each topic would bring; articles in order of time.")
    ] = False,
) -> None:
    """Which articles are about the topics: {"id", "topic", "score", "evidence"} a match."""
    from bot.topics import Percolator

    catalogue = _catalogue(context)
    percolator = Percolator(catalogue)
    meant = {text: _resolved(text, catalogue) for text in topic}
    asked: dict[str, list[str]] = {}
    for text, each in meant.items():
        percolator.add(each)
        asked.setdefault(each.name, []).append(text)
    reader = Reader(sys.stdin.buffer, "matching")
    if estimate:
        _estimate(meant, reader, percolator, sensitivity)
        return
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
    opened: list[str] = []
    for article_id, story, placed in stream(reader):
        line = {"id": reader.ids[article_id], "story": reader.ids[story]}
        if explain:
            nearest = reader.ids[opened[placed.nearest]] if placed.nearest is not None else None
            line |= {"nearest": nearest, "score": round(placed.score, 4), "why": placed.why}
        if placed.story is None:
            opened.append(story)
        write(line)
    _leave(reader)


def summarize(
    context: typer.Context,
    topic: Annotated[str, typer.Option(help="A topic that the summary must mention if the article does.")] = "",
    count: Annotated[int, typer.Option("--sentences", help="Sentences of a summary.", min=1, max=20)] = 2,
) -> None:
    """A short summary of each article in its own sentences: {"id", "summary"} an article."""
    from bot.stories import summary_of

    about = _about(context, topic) if topic else None
    reader = Reader(sys.stdin.buffer, "summarizing")
    for article in reader:
        mentions = about(article) if about else None
        text = summary_of(article, sentences=count, mentions=mentions)
        write({"id": reader.ids[article.id], "summary": text or article.title})
    _leave(reader)


def _estimate(meant: dict[str, Topic], reader: Reader, percolator: Percolator, sensitivity: Sensitivity) -> None:
    from bot.cli.estimate import estimate

    for line in estimate(list(meant.items()), reader, percolator, sensitivity):
        write({**line, "samples": [reader.ids[article] for article in line["samples"]]})
    _leave(reader)


def _catalogue(context: typer.Context) -> Catalogue:
    from bot.topics import Catalogue

    return Catalogue.load(load(context.obj).topics.catalogue)


def _resolved(text: str, catalogue: Catalogue) -> Topic:
    from bot.topics import UnknownTopic, resolve

    try:
        return resolve(text, catalogue)
    except UnknownTopic as error:
        raise UserError(f"{error} On the command line: --topic '\"{error.text}\"'") from error


def _about(context: typer.Context, text: str) -> Callable[[Article], Callable[[str], bool]]:
    """For an article, which of its sentences speak of the topic: those with all of it, else those with any part."""
    from bot.topics import Percolator

    catalogue = _catalogue(context)
    topic = _resolved(text, catalogue)
    percolator = Percolator(catalogue)

    def whole(sentence: str) -> bool:
        return percolator.explain(topic, Article("", "", text=sentence), Sensitivity.EVERYTHING) is not None

    def part(sentence: str) -> bool:
        return percolator.mentions(topic, sentence)

    def sentences_of(article: Article) -> Callable[[str], bool]:
        body = article.body
        return whole if any(whole(body[start:end]) for start, end in sentences(body)) else part

    return sentences_of


def _leave(reader: Reader) -> None:
    if reader.skipped:
        print(f"{reader.skipped} lines were skipped", file=sys.stderr)
        raise typer.Exit(SKIPPED)
