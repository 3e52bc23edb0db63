"""newsbell secret: a key for what is stored sealed, and the change from one key to the next."""

from __future__ import annotations

import asyncio

import typer

from bot.settings import load
from bot.store import Seal, Store, Vault, new_key

app = typer.Typer(no_args_is_help=True, help="The key under which tokens of Slack workspaces are stored.")


@app.command()
def new() -> None:
    """Print a new key for NEWSBELL_SECRETS_KEY; keep it as safe as a password, and apart from backups."""
    typer.echo(new_key())


@app.command()
def rotate(context: typer.Context) -> None:
    """Seal everything anew with the first of the keys, so that the older ones can go."""
    settings = load(context.obj)

    async def work() -> int:
        store = await Store.open(settings.database)
        try:
            return await Vault(store.begin, store.read, Seal(settings.secrets_key.get_secret_value())).rotate()
        finally:
            await store.close()

    count = asyncio.run(work())
    typer.echo(f"{count} sealed anew; the keys behind the first are no longer needed.")
