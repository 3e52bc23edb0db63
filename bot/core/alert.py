"""What an alert says: headline, outlet and time, the sentence that made it match, a summary, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.message import USUAL, Button, Field, Kind, Manner, Message, Style, Tone, marked, paragraph
from bot.core.model import Article, Match, Story

QUOTES = 2
"""Sentences quoted as evidence; a third only repeats what the summary says."""


def compose(
    article: Article,
    matches: Sequence[Match],
    *,
    summary: str,
    story_id: int,
    by_model: bool = False,
    manner: Manner = USUAL,
    because: str = "",
) -> Message:
    """The alert for an article that matched these topics, strongest first. What a model wrote is labelled so.

    `because` is why a story that has rung before rings again.
    """
    names = [match.topic for match in matches]
    evidence = {sentence.sentence: sentence for match in matches for sentence in match.evidence[:1]}
    quotes = [marked(each.sentence, each.spans) for each in list(evidence.values())[:QUOTES]]
    again = [paragraph(because, kind=Kind.NOTE)] if because else []
    body = [*again, *quotes, *([paragraph(summary)] if summary and summary not in evidence else [])]
    buttons = [
        Button("Mute story", f"mute {story_id}"),
        *(
            Button("Unsubscribe" if len(matches) == 1 else f"Unsubscribe {name}", f"unsubscribe {match.topic}")
            for match, name in zip(matches[:2], names, strict=False)
        ),
        Button("Summary", f"summary {story_id}"),
        Button("More like this", f"more {article.id}"),
        Button("Why", f"why {article.id}"),
    ]
    buttons[1:-3] = [Button(b.label, b.command, style=Style.DANGER) for b in buttons[1:-3]]
    if article.url:
        buttons.append(Button("Source", url=article.url))
    return Message(
        title=article.title,
        url=article.url,
        source=article.source,
        at=article.when,
        body=tuple(body),
        fields=(Field("Topic" if len(names) == 1 else "Topics", ", ".join(names)),),
        buttons=tuple(buttons),
        footer="Summary by a language model; the article is the source." if by_model and summary else "",
        image=article.image,
        tone=Tone.ALERT,
        manner=manner,
    )


def follow_up(article: Article, story: Story, topics: Sequence[str], *, manner: Manner = USUAL) -> Message:
    """A short word that a story goes on, beside its card."""
    source = (Button("Source", url=article.url),) if article.url else ()
    return Message(
        title=article.title,
        url=article.url,
        source=article.source,
        at=article.when,
        body=(paragraph(f"Follow-up to “{story.headline}”", kind=Kind.NOTE),),
        fields=(Field("Topic" if len(topics) == 1 else "Topics", ", ".join(topics)),),
        buttons=(
            Button("Whole story", f"story show {story.id}"),
            Button("Mute story", f"mute {story.id}"),
            *source,
        ),
        tone=Tone.INFO,
        manner=manner,
    )
