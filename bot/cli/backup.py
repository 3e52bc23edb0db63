"""newsbell backup and restore: a copy of the database while the bot runs, and back while it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.settings import load
from bot.store import backup as copies


def backup(
    context: typer.Context, target: Annotated[Path, typer.Argument(help="A file that is not there yet.")]
) -> None:
    """Copy the database to a file while the bot runs, and check the copy."""
    size = copies.backup(load(context.obj).database, target)
    typer.echo(f"{target}: {size / 1e6:.1f} MB, checked.")


def restore(
    context: typer.Context, source: Annotated[Path, typer.Argument(help="A file made by newsbell backup.")]
) -> None:
    """Put a backup in the place of the database, while no bot runs; the old one is kept beside it."""
    kept = copies.restore(load(context.obj).database, source)
    typer.echo(f"Restored from {source}." + (f" What was there is kept as {kept}." if kept else ""))
