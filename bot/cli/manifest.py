"""newsbell manifest: what to paste where the app is created, for the settings as they are."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from bot.core.errors import SettingsError
from bot.settings import load


def manifest(
    context: typer.Context,
    platform: Annotated[Literal["slack"], typer.Argument(help="For which platform.")] = "slack",
    url: Annotated[str, typer.Option(help="Public address of the web port; only for the transport http.")] = "",
    many: Annotated[bool, typer.Option(help="For an app that any number of workspaces install (http).")] = False,
) -> None:
    """Print the manifest of the Slack app."""
    from bot.platforms.slack.manifest import manifest as made

    table = load(context.obj).slack
    if table.transport == "http" and not url:
        raise SettingsError("NEWSBELL_SLACK__TRANSPORT is http: add --url https://your.host, where Slack finds you.")
    if url and not url.startswith("https://"):
        raise SettingsError(f"--url must begin with https://, not {url!r}: Slack takes nothing else.")
    if many and table.transport != "http":
        raise SettingsError("--many wants NEWSBELL_SLACK__TRANSPORT=http: workspaces install the app at an address.")
    typer.echo(made(table.command, url if table.transport == "http" else "", many=many), nl=False)
