"""/audit: who changed what in this server, and which alerts may have come twice."""

from __future__ import annotations

from typing import Annotated

from bot.commands.desk import Desk
from bot.commands.wording import PAGE, turned
from bot.core.command import Invocation, Option, command
from bot.core.message import Kind, Message, Paragraph, Span, paragraph
from bot.core.model import Deed, Outcome

HOUSE = "Newsbell"
SAID = {
    Outcome.DONE: "",
    Outcome.REFUSED: " — refused: for those who manage this server",
    Outcome.DOUBLED: " — possible duplicate",
}


@command("audit", "Who changed what here, newest first; and alerts that may have come twice", manage=True)
async def audit(
    desk: Desk, call: Invocation, page: Annotated[int, Option("Page of the list", hidden=True)] = 1
) -> Message:
    async with desk.store.read() as tx:
        count = await tx.audit.count(call.tenant)
        page = min(page, max(1, -(-count // PAGE)))
        deeds = await tx.audit.of_tenant(call.tenant, limit=PAGE, skip=(page - 1) * PAGE)
        known = await tx.channels.of_tenant(call.tenant)
    names = {channel.id: channel.name for channel in (*known, *call.channels, call.channel)}
    if not deeds:
        return Message(
            title="Nothing was changed here yet",
            body=(paragraph("What is set up, and by whom, is written down from now on."),),
        )
    note, buttons = turned(count, page, "audit")
    return Message(
        title="Who changed what",
        body=(*(_drawn(deed, names) for deed in deeds), *note),
        buttons=buttons,
        footer=f"Kept for {desk.keeps_audit.days} days.",
    )


def _drawn(deed: Deed, names: dict[str, str]) -> Paragraph:
    place = f" in #{names[deed.channel]}" if names.get(deed.channel) else ""
    detail = f": {deed.detail}" if deed.detail else ""
    did = f"/{deed.did}" if deed.person else deed.did
    about = f" {deed.what}" if deed.what else ""
    who = deed.name or deed.person or HOUSE
    return paragraph(
        *((deed.at, " · ") if deed.at else ()),
        f"{who} · ",
        Span(f"{did}{about}", bold=True),
        f"{place}{detail}{SAID[deed.outcome]}",
        kind=Kind.ITEM,
    )
