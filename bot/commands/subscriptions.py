"""/subscribe, /unsubscribe, /subscriptions: what a channel hears about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from bot.commands.backtest import habits
from bot.commands.desk import Desk, noted
from bot.commands.search import Found, find
from bot.commands.topics import names_of_topics, understood
from bot.commands.wording import arrival, counted, listed, paged, rate, retelling, sureness
from bot.core.command import NOBODY, Choice, Invocation, Option, command
from bot.core.errors import NotFound, UserError
from bot.core.message import Button, Kind, Manner, Message, Paragraph, Role, Span, Style, Tone, paragraph
from bot.core.model import Channel, Sensitivity, Subscription

SENSITIVITIES = (
    Choice("everything", "Whatever mentions it, in passing too"),
    Choice("normal", "What is plausibly about it"),
    Choice("strong", "Only what says so in its title, or hardly speaks of anything else"),
)
BACKTEST = 7
"""Days of the archive that a new subscription is tried on."""


async def followed_here(desk: Desk, call: Invocation, partial: str) -> Sequence[Choice]:
    """The topics that this channel follows."""
    async with desk.store.read() as tx:
        here = await tx.subscriptions.of_channel(call.channel.id, call.tenant)
    return [Choice(s.topic) for s in here if partial.casefold() in s.topic.casefold()][:25]


@command(
    "subscribe",
    "Follow a topic: every new story about it is posted here",
    aliases=("sub",),
    manage=True,
    examples=(
        "subscribe ISIL",
        "subscribe Russia-Iraq to #alerts",
        'subscribe "oil price" silent:yes',
        "subscribe Iran sensitivity:strong",
        "subscribe Kurdistan mention @newsdesk",
    ),
)
async def subscribe(
    desk: Desk,
    call: Invocation,
    topic: Annotated[
        str,
        Option("A topic, a relation such as Russia-Iraq, words or a “phrase”", rest=True, complete=names_of_topics),
    ],
    to: Annotated[Channel | None, Option("Another channel to post to", word="to")] = None,
    mention: Annotated[Role | None, Option("A role to mention when it rings; none for nobody", word="mention")] = None,
    silent: Annotated[bool | None, Option("Post without a sound")] = None,
    thread: Annotated[bool | None, Option("A thread for each story, in which it goes on")] = None,
    sensitivity: Annotated[str, Option("How sure a match must be before it rings", choices=SENSITIVITIES)] = "",
) -> Message:
    target = to or call.channel
    meant = understood(desk, call, topic, "subscribe")
    sure = Sensitivity(sensitivity) if sensitivity else None
    async with desk.store.begin() as tx:
        now = await tx.now()
        await tx.lock(f"limits of {call.tenant}")
        await tx.channels.remember(target, now=now)
        here = await tx.subscriptions.of_channel(target.id, call.tenant)
        made, new = await tx.subscriptions.add(
            call.tenant, target, meant.name, sensitivity=sure, created_by=call.person.id, now=now
        )
        most = desk.limits.subscriptions
        if new and len(await tx.subscriptions.of_tenant(call.tenant)) > most:
            raise UserError(f"This server follows {counted(most, 'topic')}, which is the most. /unsubscribe one first.")
        wanted = True if new and target.forum and thread is None else thread
        manner = _asked(made.manner, mention, silent, wanted)
        was = next((each for each in here if each.id == made.id), made)
        arranged = was.sensitivity is not made.sensitivity
        if manner != made.manner:
            arranged = await tx.subscriptions.arrange(made.id, call.tenant, manner) or arranged
        if made.paused:
            # Whoever subscribes again has let us in again: what waited for the channel goes out.
            await tx.subscriptions.resume_channel(target.id)
            await tx.outbox.release_channel(target.id)
        if new or arranged or made.paused:
            before, after = _arranged(was.sensitivity, was.manner), _arranged(made.sensitivity, manner)
            change = after if new else f"{before or 'as usual'} → {after or 'as usual'}" if arranged else "resumed"
            await noted(tx, call, "subscribe", made.topic, channel=target.id, detail=change)
    await desk.pipeline.follow()
    found = await find(desk, meant, tenant=call.tenant, days=BACKTEST, limit=1000, sensitivity=made.sensitivity)
    title = f"Following {meant.name} in #{target.name}" if new else f"#{target.name} follows {meant.name} already"
    if arranged and not new:
        title = f"#{target.name} follows {meant.name} as you asked"
    wishes = _arranged(made.sensitivity, manner)
    how = (paragraph(f"Each alert: {wishes}.", kind=Kind.NOTE),) if wishes else ()
    lines, quieter = habits(meant, found, "topic test") if new else ([], [])
    others = [Button(f"Follow {name} instead", f"subscribe {name}") for name in meant.alternatives[:2]]
    return Message(
        title=title,
        body=(paragraph(meant.reading), *how, *_backtest(found, call), *lines),
        buttons=(
            Button("Unsubscribe", f"unsubscribe {made.topic}", style=Style.DANGER),
            Button("More news", f"news {made.topic}"),
            *((Button("How often", f"ring {made.topic}"),) if target.id == call.channel.id else ()),
            *_arrangements(made, manner, target, call),
            *quieter,
            *others,
        ),
        tone=Tone.SUCCESS if new or arranged else Tone.INFO,
    )


def _asked(manner: Manner, mention: Role | None, silent: bool | None, thread: bool | None) -> Manner:
    """What was said changes; what was not said stays as it is."""
    if mention is not None:
        manner = replace(manner, roles=() if mention == NOBODY else (mention,))
    if silent is not None:
        manner = replace(manner, silent=silent)
    if thread is not None:
        manner = replace(manner, thread=thread)
    return manner


def _arranged(sensitivity: Sensitivity, manner: Manner) -> str:
    return ", ".join(filter(None, (sureness(sensitivity), arrival(manner))))


def _arrangements(made: Subscription, manner: Manner, target: Channel, call: Invocation) -> list[Button]:
    """How alerts arrive, to be changed by a press."""
    line = f"subscribe {made.topic}" + (f" to:{target.id}" if target.id != call.channel.id else "")
    buttons = [Button("Mention nobody", f"{line} mention:none")] if manner.roles else []
    buttons.append(Button("Ring aloud" if manner.silent else "Ring silently", f"{line} silent:{_no_or(manner.silent)}"))
    if manner.thread:
        buttons.append(Button("No threads", f"{line} thread:no"))
    if made.sensitivity is Sensitivity.NORMAL:
        buttons.append(Button("Strong matches only", f"{line} sensitivity:{Sensitivity.STRONG}"))
    else:
        buttons.append(Button("Normal sensitivity", f"{line} sensitivity:{Sensitivity.NORMAL}"))
    return buttons


def _no_or(on: bool) -> str:
    return "no" if on else "yes"


def _backtest(found: Sequence[Found], call: Invocation) -> list[Paragraph]:
    """What this topic would have brought in the last week, so that nobody is surprised by the first day."""
    if not found:
        return [paragraph("The last 7 days in the archive hold nothing about it; the first new story will ring here.")]
    stories = len({each.article.story_id or each.article.id for each in found})
    sources = len({each.article.source for each in found})
    lines = [
        paragraph(
            "The last 7 days would have brought ",
            Span(f"{counted(len(found), 'article')} in {counted(stories, 'story', 'stories')}", bold=True),
            f" from {counted(sources, 'source')}: {rate(stories, BACKTEST)}. The newest:",
        )
    ]
    for each in found[:3]:
        lines += listed(each.article, each.match)
    return lines


@command("unsubscribe", "Stop following a topic here", aliases=("unsub",), manage=True, examples=("unsubscribe ISIL",))
async def unsubscribe(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic that this channel follows", rest=True, complete=followed_here)],
    confirm: Annotated[bool, Option("Yes, really", hidden=True)] = False,
) -> Message:
    subscription = await followed(desk, call, topic)
    if not confirm:
        return Message(
            title=f"Stop following {subscription.topic} in #{call.channel.name}?",
            body=(paragraph("Alerts about it will no longer be posted here."),),
            buttons=(Button("Stop following", f"unsubscribe {subscription.topic} confirm:yes", style=Style.DANGER),),
            tone=Tone.WARNING,
        )
    async with desk.store.begin() as tx:
        if await tx.subscriptions.remove(subscription.id, call.tenant):
            await noted(tx, call, "unsubscribe", subscription.topic)
    await desk.pipeline.follow()
    return Message(
        title=f"#{call.channel.name} no longer follows {subscription.topic}",
        buttons=(Button("Follow again", f"subscribe {subscription.topic}"),),
        tone=Tone.SUCCESS,
    )


async def followed(desk: Desk, call: Invocation, topic: str, verb: str = "unsubscribe") -> Subscription:
    """The channel's subscription that is meant, however it was typed."""
    async with desk.store.read() as tx:
        here = await tx.subscriptions.of_channel(call.channel.id, call.tenant)
    typed = topic.casefold()
    for subscription in here:
        if subscription.topic.casefold() == typed:
            return subscription
    try:
        name = understood(desk, call, topic, verb).name
    except UserError:
        name = topic
    for subscription in here:
        if subscription.topic == name:
            return subscription
    buttons = tuple(Button(s.topic, f"{verb} {s.topic}") for s in here[:5])
    follows = f"It follows {', '.join(s.topic for s in here[:5])}." if here else "It follows nothing yet."
    raise NotFound(f"#{call.channel.name} does not follow {topic}. {follows}", buttons)


@command("subscriptions", "What this channel follows", aliases=("subs",))
async def subscriptions(
    desk: Desk, call: Invocation, page: Annotated[int, Option("Page of the list", hidden=True)] = 1
) -> Message:
    async with desk.store.read() as tx:
        here = await tx.subscriptions.of_channel(call.channel.id, call.tenant)
        elsewhere = [s for s in await tx.subscriptions.of_tenant(call.tenant) if s.channel != call.channel.id]
        names = {channel.id: channel.name for channel in await tx.channels.of_tenant(call.tenant)}
    if not here and not elsewhere:
        return Message(
            title="Nothing is followed here yet",
            body=(paragraph("Type /subscribe and a topic: a country, an organisation, Russia-Iraq, or any words."),),
            buttons=(Button("Browse topics", "topics"),),
        )

    def draw(subscription: Subscription) -> Paragraph:
        place = "" if subscription.channel == call.channel.id else f" in #{names.get(subscription.channel, '?')}"
        since = (", since ", subscription.created_at) if subscription.created_at else ()
        wishes = sureness(subscription.sensitivity), arrival(subscription.manner), retelling(subscription.telling)
        how = "".join(f", {wish}" for wish in wishes if wish)
        state = f" — paused: {subscription.paused}" if subscription.paused else ""
        return paragraph(Span(subscription.topic, bold=True), place, *since, f"{how}{state}", kind=Kind.ITEM)

    body, turn = paged([*here, *elsewhere], page, "subscriptions", draw)
    stop = tuple(Button(f"Unsubscribe {s.topic}", f"unsubscribe {s.topic}", style=Style.DANGER) for s in here[:3])
    title = f"#{call.channel.name} follows {counted(len(here), 'topic')}" if here else "Followed in other channels"
    return Message(title=title, body=tuple(body), buttons=(*turn, *stop))
