"""newsbell audit: what was done on the command line for all servers; /audit tells each server of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.database import with_store
from bot.core.model import EVERYONE, Deed
from bot.settings import load
from bot.store import Store


def audit(
    context: typer.Context, count: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50
) -> None:
    """List who changed the feeds that every channel hears."""

    async def ask(store: Store) -> list[Deed]:
        async with store.read() as tx:
            return await tx.audit.of_tenant(EVERYONE, limit=count)

    found = with_store(load(context.obj), ask)
    if not found:
        typer.echo("Nothing was changed yet.")
        return
    for each in found:
        at = f"{each.at:%Y-%m-%d %H:%M}" if each.at else ""
        typer.echo(f"{at}  {each.name}  {each.did} {each.what}{f': {each.detail}' if each.detail else ''}")
