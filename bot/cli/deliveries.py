"""newsbell deliveries: what could not be delivered, why, and another try."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.database import with_store
from bot.core.errors import NewsbellError
from bot.core.model import OPERATOR, Deed, Delivery, DeliveryState
from bot.settings import load
from bot.store import Store

if TYPE_CHECKING:
    from bot.reconcile import Recount

app = typer.Typer(no_args_is_help=True, help="Alerts on their way: what could not be delivered, and another try.")

STATES = {
    "undelivered": (DeliveryState.DEAD, DeliveryState.EXPIRED),
    "waiting": (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.HELD),
}


@app.command("list")
def list_(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="undelivered or waiting.")] = "undelivered",
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 7,
    count: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
) -> None:
    """List alerts that were given up, or that still wait, with the reason."""
    if what not in STATES:
        raise NewsbellError(f"List {' or '.join(STATES)}, not {what!r}.")

    async def ask(store: Store) -> list[Delivery]:
        async with store.read() as tx:
            return await tx.deliveries.in_state(STATES[what], since=await tx.now() - timedelta(days=days), limit=count)

    found = with_store(load(context.obj), ask)
    if not found:
        typer.echo(f"Nothing is {what}.")
        return
    table = Table("id", "state", "queued", "channel", "attempts", "alert", "reason", box=None, pad_edge=False)
    for each in found:
        queued = f"{each.created_at:%d %b %H:%M}" if each.created_at else ""
        table.add_row(
            each.id, each.state, queued, each.channel, str(each.attempt), each.message.title or "", each.reason
        )
    Console(soft_wrap=True, markup=False, highlight=False).print(table)


@app.command()
def retry(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="Ids from the list, or `all` for the undelivered of these days.")],
    days: Annotated[int, typer.Option(min=1, help="How far back `all` reaches.")] = 1,
) -> None:
    """Put alerts that were given up back into the outbox; they expire anew from now."""

    async def again(store: Store) -> int:
        async with store.begin() as tx:
            wanted = ids
            if ids == ["all"]:
                since = await tx.now() - timedelta(days=days)
                wanted = [
                    each.id for each in await tx.deliveries.in_state(STATES["undelivered"], since=since, limit=10_000)
                ]
            revived = 0
            for each in wanted:
                if delivery := await tx.outbox.revive(each):
                    what, where = delivery.message.title, delivery.channel
                    await tx.audit.note(Deed(delivery.tenant, "deliveries retry", what, where, name=OPERATOR))
                    revived += 1
            return revived

    typer.echo(f"{with_store(load(context.obj), again)} back in the outbox.")


@app.command()
def reconcile(
    context: typer.Context,
    hours: Annotated[int, typer.Option(min=1, max=24 * 30, help="How far back.")] = 24,
) -> None:
    """Make the matches of the last hours again, and list alerts that should be there and are not; 1 if there are any.

    With the catalogue of today: what an older version did not know seems to be missing.
    """
    from bot.reconcile import Reconciler
    from bot.topics import Catalogue

    settings = load(context.obj)
    catalogue = Catalogue.load(settings.topics.catalogue)
    shelf_life = timedelta(hours=settings.alerts.shelf_life_hours)

    async def again(store: Store) -> Recount:
        return await Reconciler(store, catalogue, shelf_life=shelf_life).recount(timedelta(hours=hours))

    found = with_store(settings, again)
    if found.missing:
        table = Table("channel", "what", "why", box=None, pad_edge=False)
        for each in found.missing:
            table.add_row(each.channel, each.what, each.why)
        Console(soft_wrap=True, markup=False, highlight=False).print(table)
    typer.echo(
        f"{found.articles} articles that might ring, {found.earned} alerts earned, {len(found.missing)} missing."
    )
    raise typer.Exit(1 if found.missing else 0)
