"""The Discord platform: one object that keeps the gateway alive and posts what the outbox hands it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import aiohttp
import discord
import structlog
import yarl
from discord import asset, gateway, http

from bot.core.errors import ChannelGone, SettingsError
from bot.core.message import Message
from bot.core.ports import Places
from bot.core.router import Router
from bot.platforms.discord import draw, embed
from bot.platforms.discord.audit import WHY, invitation, personal_invitation
from bot.platforms.discord.commands import registered
from bot.platforms.discord.gateway import STARTS_KEPT, Gateway, OutOfStarts
from bot.platforms.discord.outcome import BotMustWait
from bot.platforms.discord.post import Post
from bot.platforms.discord.press import LongLines
from bot.platforms.discord.rights import NEEDED
from bot.platforms.discord.threads import POST

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
"""Between two lives of the connection. Discord allows 1,000 a day: at five minutes a day takes 288."""
PERSON = "discord:user:"
THREAD = "/"
"""Between a channel and the message whose thread is meant: "discord:1/2"."""
SHARDS_EXPECTED = 20
LONGEST_WAIT = timedelta(days=1)
STEADY = timedelta(minutes=5)
"""A connection that lived so long starts the pauses anew."""


def _now() -> datetime:
    return datetime.now(UTC)


class DiscordPlatform:
    """Channels are `discord:<channel id>`, tenants `discord:<server id>`.

    A person, the channel of their direct messages and the tenant that they are there are all `discord:user:<id>`.

    `guild_id` registers the commands for that one server, where changes show at once (development). `alerts` are drawn
    as cards, or as the classic embeds.
    """

    name = "discord"
    whispers = True
    dedupes_for = timedelta(seconds=60)
    """Discord keeps a nonce for "the past few minutes", and says no more: we count on one."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str = "https://discord.com/api/v10",
        gateway_url: str = "wss://gateway.discord.gg/",
        cdn_url: str = "https://cdn.discordapp.com",
        guild_id: int | None = None,
        alerts: Literal["card", "embed"] = "card",
        places: Places | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._token = token
        self._urls = api_url.rstrip("/"), gateway_url, cdn_url.rstrip("/")
        self._guild_id = guild_id
        self._places = places
        self._clock = clock
        self._lines = LongLines()
        self._gateway: Gateway | None = None
        self._post = Post(token, clock, self._advice, draw.look if alerts == "card" else embed.look)

    async def run(self, router: Router) -> None:
        """Keeps a connection up until cancelled. Raises SettingsError where only a person can help."""
        self._point_library()
        pause = FIRST_PAUSE
        try:
            while True:
                began = self._clock()
                await self._live(router)
                if self._clock() - began > STEADY:
                    pause = FIRST_PAUSE
                log.info("discord reconnects", seconds=pause.total_seconds())
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            await self.close()

    async def check(self) -> str:
        """Who the bot is. Raises SettingsError where the token is wrong, TryLater where Discord cannot be reached."""
        return f"{await self._who()}; no privileged intent is needed"

    async def _who(self) -> str:
        self._point_library()
        try:
            return await self._post.who()
        except BotMustWait as error:
            if isinstance(error.__cause__, discord.LoginFailure):
                raise SettingsError(_wrong_token()) from error
            raise

    async def check_channel(self, channel: str, *, threads: bool = False) -> str:
        """What the channel is called, if we may post there. Raises ChannelGone that names what is missing."""
        self._point_library()
        return await self._post.look_at(await self._place(channel), threads=threads)

    async def invite(self, *, threads: bool = False) -> str:
        """The links by which a server or a person takes the bot in, and what each right is for."""
        who = await self._who()
        application = await self._post.application()
        rights = list(WHY.items())[: len(WHY) if threads else len(NEEDED)]
        return "\n".join(
            (
                f"{who}. For a server:",
                f"  {invitation(application, threads=threads)}",
                *(f"    {right}: {why}" for right, why in rights),
                "For yourself, with alerts as direct messages:",
                f"  {personal_invitation(application)}",
            )
        )

    async def close(self) -> None:
        """Ends the session that posts; for those who post without `run`."""
        await self._post.close()

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        self._point_library()
        self._lines.keep(message)
        channel, _, root = channel.partition(THREAD)
        place = await self._place(channel)
        if root:
            return await self._post.reply(place, int(root), message, delivery_id)
        return await self._post.send(place, message, delivery_id)

    def thread(self, channel: str, remote_id: str) -> str:
        root = remote_id.removeprefix(POST)
        return f"{channel}{THREAD}{root}" if root.isdecimal() else channel

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        self._point_library()
        self._lines.keep(message)
        await self._post.edit(await self._place(channel), remote_id, message)

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        self._point_library()
        channel, _, root = channel.partition(THREAD)
        place = await self._place(channel)
        found = await self._post.find_reply(int(root), delivery_id, since) if root else None
        return found or await self._post.find(place, delivery_id, since)

    async def _live(self, router: Router) -> None:
        """One life of the gateway. Whatever ends it but a wrong setting is logged, and the next one begins.

        The library reconnects and resumes by itself; what gets here is what it does not survive, among it any
        exception in its parsing of an event.
        """
        self._gateway = Gateway(router, self._guild_id, self._lines, self._registered, self._places)
        try:
            async with self._gateway:
                await self._gateway.login(self._token)
                await self._wait_for_starts(self._gateway)
                await self._gateway.connect()
        except discord.LoginFailure as error:
            raise SettingsError(_wrong_token()) from error
        except discord.PrivilegedIntentsRequired as error:
            raise SettingsError(_intents(4014)) from error
        except discord.ConnectionClosed as error:
            if error.code == 4004:
                raise SettingsError(_wrong_token()) from error
            if error.code in (4013, 4014):
                raise SettingsError(_intents(error.code)) from error
            log.warning("discord closed the connection", code=error.code)
        except (aiohttp.ClientError, OSError, discord.HTTPException, discord.GatewayNotFound) as error:
            log.warning("discord cannot be reached", reason=str(error)[:200])
        except OutOfStarts:
            pass  # the next life waits for them
        except Exception:
            log.exception("discord connection failed")
        finally:
            self._gateway = None

    async def _registered(self, application: int) -> Sequence[Mapping[str, Any]]:
        return await registered(self._urls[0], self._token, application, self._guild_id)

    async def _wait_for_starts(self, gateway: Gateway) -> None:
        limits = await gateway.starts()
        if limits.remaining <= STARTS_KEPT + SHARDS_EXPECTED:
            wait = timedelta(milliseconds=limits.reset_after)
            log.error(
                "discord allows few more connections today; commands wait, alerts go out",
                left=limits.remaining,
                of=limits.total,
                seconds=wait.total_seconds(),
            )
            await asyncio.sleep(min(wait, LONGEST_WAIT).total_seconds())
            await gateway.starts()

    def _point_library(self) -> None:
        """discord.py has no parameters for its addresses: they are attributes of its classes, for the whole process."""
        api, websocket, cdn = self._urls
        http.Route.BASE = api
        gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(websocket)
        asset.Asset.BASE = cdn

    async def _place(self, channel: str) -> int:
        """The number of a channel, or of the direct messages with a person."""
        if channel.startswith(PERSON):
            return await self._post.inbox(_snowflake(channel, PERSON))
        return _snowflake(channel)

    def _advice(self, channel_id: int) -> str:
        if self._gateway:
            return self._gateway.advice(channel_id)
        return "Give the bot the View Channel and Send Messages rights in the channel, or choose another channel."


def _snowflake(channel: str, prefix: str = "discord:") -> int:
    number = channel.removeprefix(prefix)
    if not (number.isascii() and number.isdecimal()):
        raise ChannelGone(f"{channel} is not a Discord channel")
    return int(number)


def _wrong_token() -> str:
    return (
        "NEWSBELL_DISCORD__TOKEN is not accepted by Discord: copy the token again from the developer portal "
        "(your application > Bot > Reset Token)."
    )


def _intents(code: int) -> str:
    return (
        f"Discord refused the bot's intents (close code {code}). Newsbell asks for none that is privileged: check in "
        "the developer portal that the application is a bot and not limited, then start again."
    )
