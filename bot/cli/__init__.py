"""The command line: newsbell demo | run | check | match | deliveries | backup ...; `--help` lists them all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot import __version__
from bot.cli import archive, catalogue, deliveries, feeds, secret
from bot.cli.audit import audit
from bot.cli.backup import backup, restore
from bot.cli.check import check
from bot.cli.demo import demo
from bot.cli.invite import invite
from bot.cli.manifest import manifest
from bot.cli.serve import run, worker
from bot.core.errors import NewsbellError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="News alerts for Discord, Slack and a local web channel.",
)
app.add_typer(feeds.app, name="feeds")
app.add_typer(catalogue.app, name="topics")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(secret.app, name="secret")
COMMANDS: tuple[Callable[..., None], ...] = (
    demo,
    run,
    worker,
    check,
    audit,
    invite,
    manifest,
    backup,
    restore,
    archive.match,
    archive.stories,
    archive.summarize,
)
for command in COMMANDS:
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsbell {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    config: Annotated[Path, typer.Option(help="The settings file.")] = Path("config/settings.toml"),
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    context.obj = config


def main() -> None:
    """Run a command; an expected failure is one sentence on standard error and exit code 1."""
    guarded(app)


def guarded(work: Callable[[], object]) -> None:
    try:
        work()
    except NewsbellError as error:
        Console(stderr=True).print(f"newsbell: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left (`| head`): nobody to tell
        sys.exit(0)
