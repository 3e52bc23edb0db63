"""/ring: how much a channel wants to hear of one story."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from bot.commands.desk import Desk, noted
from bot.commands.subscriptions import followed, followed_here
from bot.commands.wording import retelling
from bot.core.command import Choice, Invocation, Option, command
from bot.core.errors import UserError
from bot.core.message import Button, Message, Tone, paragraph
from bot.core.model import Repeat, Telling

MOST_WORDS = 20
CHOICES = (
    Choice("once", "Once per story; its card is edited in silence"),
    Choice("follow", "Once per story, and a short silent word for each new report"),
    Choice("every", "Every article"),
)
SAID = {choice.value: choice.value for choice in CHOICES} | {"follow-ups": "follow", "followups": "follow"}
NOTHING = {"none", "nothing", "off", "no"}
FIRST_ORIGINS = 3


@command(
    "ring",
    "How much to hear of one story: once, follow-ups, every article, at origins, watch words, a surge",
    manage=True,
    examples=("ring ISIL follow", "ring Iraq origins:3", 'ring Iran watch:"ceasefire, killed"', "ring Syria surge:yes"),
)
async def ring(
    desk: Desk,
    call: Invocation,
    topic: Annotated[str, Option("A topic that this channel follows", rest=True, complete=followed_here)],
    when: Annotated[str, Option("What of one story rings", choices=CHOICES)] = "",
    origins: Annotated[
        int | None, Option("Ring again when that many independent origins report it; 0 never", least=0, most=50)
    ] = None,
    watch: Annotated[str, Option("Ring again at these words, with commas between; none for none")] = "",
    surge: Annotated[bool | None, Option("Ring again when far more is written of it than in 14 days before")] = None,
) -> Message:
    words = topic.rsplit(maxsplit=1)
    if not when and len(words) == 2 and (said := SAID.get(words[1].casefold())):
        topic, when = words[0], said  # as it is typed: /ring ISIL follow
    subscription = await followed(desk, call, topic, "ring")
    telling = _asked(subscription.telling, when, origins, watch, surge)
    changed = telling != subscription.telling
    if changed:
        async with desk.store.begin() as tx:
            await tx.subscriptions.retell(subscription.id, call.tenant, telling)
            before, after = (retelling(each) or "once per story" for each in (subscription.telling, telling))
            await noted(tx, call, "ring", subscription.topic, detail=f"{before} → {after}")
        await desk.pipeline.follow()
    return Message(
        title=f"{subscription.topic} in #{call.channel.name}: {retelling(telling) or 'once per story'}",
        body=(paragraph("Whatever rings, the card of a story is edited as the story goes on, which makes no sound."),),
        buttons=_offers(subscription.topic, telling),
        tone=Tone.SUCCESS if changed else Tone.INFO,
    )


def _asked(telling: Telling, when: str, origins: int | None, watch: str, surge: bool | None) -> Telling:
    """What was said changes; what was not said stays as it is."""
    if when:
        telling = replace(telling, repeat=Repeat(when))
    if origins is not None:
        telling = replace(telling, origins=origins)
    if watch:
        said = [word for part in watch.split(",") if (word := " ".join(part.split())[:60])]
        words = () if {word.casefold() for word in said} <= NOTHING else tuple(dict.fromkeys(said))
        if len(words) > MOST_WORDS:
            raise UserError(f"A topic has at most {MOST_WORDS} watch words.")
        telling = replace(telling, watch=words)
    return telling if surge is None else replace(telling, surge=surge)


def _offers(topic: str, telling: Telling) -> tuple[Button, ...]:
    names = {Repeat.STORY: "Once per story", Repeat.FOLLOW: "With follow-ups", Repeat.ARTICLE: "Every article"}
    buttons = [Button(names[each], f"ring {topic} when:{each}") for each in names if each is not telling.repeat]
    if telling.origins:
        buttons.append(Button("Not at more origins", f"ring {topic} origins:0"))
    else:
        buttons.append(Button(f"Again at {FIRST_ORIGINS} origins", f"ring {topic} origins:{FIRST_ORIGINS}"))
    buttons.append(
        Button("Not at a surge", f"ring {topic} surge:no")
        if telling.surge
        else Button("Again at a surge", f"ring {topic} surge:yes")
    )
    if telling.watch:
        buttons.append(Button("No watch words", f"ring {topic} watch:none"))
    return tuple(buttons)
