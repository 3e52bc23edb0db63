"""/story and /summary: what makes up one story, what it says, and whether it is one."""

from __future__ import annotations

from typing import Annotated

from bot.commands.desk import Desk, noted
from bot.commands.wording import by, counted, headline
from bot.core.card import coverage
from bot.core.command import Invocation, Option, command
from bot.core.errors import NotFound, UserError
from bot.core.message import Button, Field, Kind, Message, Paragraph, Style, Tone, dated, paragraph
from bot.core.model import Article, Report, Story
from bot.stories import summary_of_story

Number = Annotated[int, Option("Number of the story, as its button has it", most=2**53 - 1)]

SHOWN = 12
"""Reports listed of one story: the first, and the newest."""
SENTENCES = 5
"""Of a summary that somebody asks for; the alert has two."""
READ = 8
"""Articles that such a summary draws on."""
OFFERED = 4

SAID = {
    "new": "opened the story",
    "same item": "the same item again",
    "split": "split off by hand",
    "merged": "merged by hand",
}


async def the_story(desk: Desk, call: Invocation, number: int) -> tuple[Story, list[Report]]:
    """A story and its reports as this server may see them. Raises NotFound."""
    async with desk.store.read() as tx:
        known = await tx.archive.story(number, call.tenant)
        reports = await tx.reports.of_story(number, call.tenant)
    if known is None or not reports:
        raise NotFound("That story is no longer in the archive.", (Button("Latest news", "latest"),))
    return known, reports


@command(
    "story show", "A story: who reports it, since when, and why each article is in it", examples=("story show 12",)
)
async def story_show(desk: Desk, call: Invocation, story: Number) -> Message:
    known, reports = await the_story(desk, call, story)
    shown = reports if len(reports) <= SHOWN else [reports[0], *reports[1 - SHOWN :]]
    body: list[Paragraph] = []
    for number, report in enumerate(reports, start=1):
        if report in shown:
            body.append(_listed(number, report))
        elif len(body) == 1:
            body.append(paragraph(f"… {counted(len(reports) - len(shown), 'report')} in between …", kind=Kind.NOTE))
    guessed = [(n, r) for n, r in enumerate(reports, start=1) if r in shown and r.why == "similar"]
    return Message(
        title=known.headline,
        url=reports[0].url,
        body=tuple(body),
        fields=(
            Field("Coverage", coverage(reports)),
            dated("First seen", reports[0].at),
            dated("Last update", reports[-1].at),
        ),
        buttons=(
            Button("Summary", f"summary {story}"),
            Button("Mute story", f"mute {story}"),
            *(
                Button(f"Not the same story: {n}", f"story split {r.article_id}", style=Style.DANGER)
                for n, r in guessed[-OFFERED:]
            ),
        ),
        footer=f"Story {story}. In brackets: why an article is in it, with its likeness to the story from 0 to 1.",
    )


def _listed(number: int, report: Report) -> Paragraph:
    if report.copy_of:
        why = f"copy, by {report.origin}"
    elif report.why == "similar":
        why = f"alike, {report.score:.2f}"
    else:
        why = SAID.get(report.why, "")
    credit = f", {report.origin}" if report.origin not in (report.source, "") and not report.copy_of else ""
    note = f" ({why}{credit})" if why else ""
    return paragraph(
        headline(report.title, report.url), *by(report.source, report.at), note, kind=Kind.ITEM, number=number
    )


@command("summary", "What a story says, over all its articles", examples=("summary 12",))
async def summary(desk: Desk, call: Invocation, story: Number) -> Message:
    known, reports = await the_story(desk, call, story)
    own = [report for report in reports if not report.copy_of] or reports
    async with desk.store.read() as tx:
        found = [await tx.archive.get(each.article_id, call.tenant) for each in own[-READ:]]
    articles = [article for article in found if article]
    text = summary_of_story(articles, sentences=SENTENCES)
    by_model = False
    if desk.pipeline.writer and articles:
        whole = Article(f"story {story}", known.headline, text="\n\n".join(a.body for a in reversed(articles)),
                        lang=articles[0].lang)  # fmt: skip
        written = await desk.pipeline.writer.summarize(whole, sentences=SENTENCES)
        by_model = written.by == "llm"
        text = written.text if by_model else text
    if not text:
        raise UserError("Its articles have no text that we may read; the headlines say all that we know.",
                        (Button("Whole story", f"story show {story}"),))  # fmt: skip
    drawn = f"Drawn from {counted(len(articles), 'article')}, in their own words."
    return Message(
        title=known.headline,
        url=reports[0].url,
        body=(paragraph(text),),
        fields=(Field("Coverage", coverage(reports)), dated("Last update", reports[-1].at)),
        buttons=(Button("Whole story", f"story show {story}"),),
        footer="Summary by a language model; the articles are the source." if by_model else drawn,
    )


@command(
    "story split", "Not the same story: give an article a story of its own", manage=True, examples=("story split 7",)
)
async def story_split(
    desk: Desk, call: Invocation, article: Annotated[str, Option("Number of the article, as its button has it")]
) -> Message:
    async with desk.store.begin() as tx:
        await tx.lock("stories")
        known = await tx.reports.get(article, call.tenant)
        if known is None:
            raise NotFound("That article is no longer in the archive.")
        report, old = known
        if await tx.reports.heard_by_others(old, call.tenant):
            raise UserError(
                "Another server has heard of this story, so it stays whole: what is taken out would ring there again. "
                "You can mute it here.",
                (Button("Mute story", f"mute {old}"), Button("Whole story", f"story show {old}")),
            )
        opened = await tx.reports.split(article, moved_by=call.person.id, now=await tx.now())
        if opened is not None:
            await noted(tx, call, "story split", f"article {article}", detail=f"story {old} → story {opened}")
    if opened is None:
        raise UserError("That article is a story of its own already.", (Button("Whole story", f"story show {old}"),))
    return Message(
        title=f"A story of its own: {report.title}",
        body=(paragraph("What resembles it joins it from now on, and the next report of it rings."),),
        buttons=(
            Button("Undo", f"story merge {opened} {old}"),
            Button("Whole story", f"story show {opened}"),
            Button("The other one", f"story show {old}"),
        ),
        tone=Tone.SUCCESS,
    )


@command(
    "story merge", "The same story: put one story's articles into another", manage=True, examples=("story merge 14 12",)
)
async def story_merge(
    desk: Desk,
    call: Invocation,
    story: Number,
    into: Annotated[int, Option("Number of the story that goes on", most=2**53 - 1)],
) -> Message:
    if story == into:
        raise UserError("That is one story already.")
    _, moving = await the_story(desk, call, story)
    target, _ = await the_story(desk, call, into)
    undoes = all(report.why == "split" for report in moving)
    async with desk.store.begin() as tx:
        await tx.lock("stories")
        if not undoes and (
            await tx.reports.heard_by_others(story, call.tenant) or await tx.reports.heard_by_others(into, call.tenant)
        ):
            raise UserError("Another server has heard of one of these stories, so they stay apart: it might miss one.")
        moved = await tx.reports.merge(story, into, moved_by=call.person.id, now=await tx.now())
        await noted(tx, call, "story merge", f"story {story}", detail=f"→ story {into}")
    return Message(
        title=f"One story now: {target.headline}",
        body=(paragraph(f"{counted(moved, 'article')} moved into it."),),
        buttons=(Button("Whole story", f"story show {into}"),),
        tone=Tone.SUCCESS,
    )
