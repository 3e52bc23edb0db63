"""newsbell invite: the link by which a Discord server takes the bot in."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import typer

from bot.core.errors import SettingsError
from bot.settings import Settings, load


def invite(
    context: typer.Context,
    platform: Annotated[Literal["discord"], typer.Argument(help="Where to.")] = "discord",
    threads: Annotated[bool, typer.Option(help="With the rights to open threads and to post in them.")] = False,
) -> None:
    """Print the invite link with the least permissions needed, and what each is for."""
    typer.echo(asyncio.run(_discord(load(context.obj), threads=threads)))


async def _discord(settings: Settings, *, threads: bool) -> str:
    from bot.platforms.discord import connect

    if settings.discord.token is None:
        raise SettingsError("Setting 'discord.token' is missing: put NEWSBELL_DISCORD__TOKEN into .env first.")
    table = settings.discord.model_dump(exclude={"token"})
    platform = connect(settings.discord.token.get_secret_value(), **table)
    try:
        return await platform.invite(threads=threads)
    finally:
        await platform.close()
