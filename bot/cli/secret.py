"""newsbell secret: a key for what is stored sealed, and the change from one key to the next."""

from __future__ import annotations

import typer

from bot.cli.database import with_store
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

    async def work(store: Store) -> int:
        return await Vault(store.begin, store.read, Seal(settings.secrets_key.get_secret_value())).rotate()

    count = with_store(settings, work)
    typer.echo(f"{count} sealed anew; the keys behind the first are no longer needed.")
