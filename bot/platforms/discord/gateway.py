"""One life of the connection to Discord: it hears commands, completions and presses, and answers through the router."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.core.command import Choice, Command, Invocation, Reply
from bot.core.errors import UserError
from bot.core.line import parse
from bot.core.message import FILE_MOST, File, Message, Role, Tone, paragraph
from bot.core.model import Channel, Person
from bot.core.ports import Places
from bot.core.router import Router, sorry
from bot.platforms.chart import png
from bot.platforms.discord import menus
from bot.platforms.discord.commands import CONTEXTS, INSTALLS, build, sync
from bot.platforms.discord.draw import still
from bot.platforms.discord.form import Form, lacks
from bot.platforms.discord.locales import Locales
from bot.platforms.discord.press import AGAIN, LongLines, Press
from bot.platforms.discord.rights import advice, may_post, missing, needed, rooms
from bot.platforms.discord.servers import Servers

log = structlog.get_logger(__name__)

Interaction = discord.Interaction[Any]
Known = Callable[[int], Awaitable[Sequence[Mapping[str, Any]]]]

STARTS_KEPT = 20
"""Session starts that we leave untouched of the thousand a day: beyond them Discord resets the token."""
CHART = "chart.png"
COMPLETION = 2.0
"""Seconds for a completion; Discord waits 3 in all and shows nothing afterwards."""

FETCHING = 30.0

SILENT = discord.AllowedMentions.none()


class OutOfStarts(Exception):
    """The day's session starts are nearly used up; who goes on gets the token reset."""


class Gateway(discord.AutoShardedClient):
    """Hears the interactions of all servers. No privileged intent: it reads nobody's messages.

    Discord says how many connections it wants (one for every 2,500 servers or less) and how often they may start.
    `known` asks it for the commands that it has of the application.
    """

    def __init__(
        self, router: Router, guild_id: int | None, lines: LongLines, known: Known, places: Places | None = None
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            intents=intents,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=SILENT,
        )
        self._starts_left = 0
        self._router = router
        self._lines = lines
        self._known = known
        self._servers = Servers(places, self.create_dm)
        self._home = discord.Object(guild_id) if guild_id else None
        self._tree: app_commands.CommandTree[Any] = app_commands.CommandTree(
            self, allowed_contexts=CONTEXTS, allowed_installs=INSTALLS
        )
        self._tree.error(self._failed)

    async def starts(self) -> discord.SessionStartLimits:
        """How many sessions may start until when; counted down by `before_identify_hook`."""
        limits = await self.fetch_session_start_limits()
        self._starts_left = limits.remaining
        return limits

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        self._starts_left -= 1
        if self._starts_left < STARTS_KEPT:
            raise OutOfStarts
        await super().before_identify_hook(shard_id, initial=initial)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Press)
        for command in build(self._router.commands, self._called, self._completed):
            self._tree.add_command(command, guild=self._home)
        for menu in menus.build(self._router.by_name, self._chosen):
            self._tree.add_command(menu, guild=self._home)
        await self._tree.set_translator(Locales.of_folder())
        try:
            changed = await sync(self._tree, self._home, lambda: self._known(self.application_id or 0))
        except discord.Forbidden:
            where = f"server {self._home.id}" if self._home else "Discord"
            log.error("commands not registered: invite the bot again with the scope applications.commands", place=where)
        except (discord.HTTPException, app_commands.AppCommandError) as error:
            # Those that were registered before still work.
            log.error("commands not registered", reason=str(error)[:500])
        else:
            log.info("commands registered" if changed else "commands unchanged", count=len(self._router.commands))

    async def on_connect(self) -> None:
        log.info("discord connected", bot=str(self.user), servers=len(self.guilds), shards=self.shard_count)

    # What happens to servers

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._servers.met(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._servers.joined(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._servers.left(guild)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._servers.lost(channel.guild.id, channel.id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self._servers.lost(payload.guild_id, payload.thread_id)

    async def on_guild_channel_update(self, _before: object, after: discord.abc.GuildChannel) -> None:
        await self._servers.changed(after.guild)

    async def on_guild_role_update(self, _before: object, after: discord.Role) -> None:
        await self._servers.changed(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self._servers.changed(role.guild)

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        log.exception("discord event failed", event_name=event_method)

    async def _failed(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """The router never raises, so this is Discord's side: an expired interaction, a command we lost."""
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            await self._say(interaction, "This command has changed. Type it again in a minute, when Discord knows.")
        log.warning("discord command failed", command=getattr(interaction.command, "name", "?"), reason=repr(error))
        if isinstance(error, app_commands.CommandInvokeError):
            await self._apologise(interaction)

    # What people do

    async def _called(self, interaction: Interaction, command: Command, values: Mapping[str, Any]) -> None:
        invocation = self.invocation(interaction)
        if interaction.type is not discord.InteractionType.modal_submit and (
            form := await self._form(invocation, command, values)
        ):
            await interaction.response.send_modal(form)
            return
        await interaction.response.defer(ephemeral=command.private, thinking=True)
        try:
            typed = {name: await self._value(interaction, invocation, value) for name, value in values.items()}
        except UserError as error:
            reply = Reply(sorry(error))
        else:
            reply = await self._router.call(invocation, command.name, typed)
        if reply.message.tone is Tone.ERROR and any(option.long for option in command.options):
            again = self._lines.draft(
                command, {name: value for name, value in values.items() if isinstance(value, str)}
            )
            reply = replace(reply, message=replace(reply.message, buttons=(again, *reply.message.buttons)))
        if reply.private and not command.private:
            # An answer's visibility is fixed by the deferral: what turned out private takes a message of its own.
            await interaction.delete_original_response()
            self._lines.keep(reply.message)
            view, files = await _pictured(reply.message)
            await interaction.followup.send(view=view, files=files, ephemeral=True, allowed_mentions=SILENT)
            return
        await self._show(interaction, reply.message)

    async def _chosen(self, interaction: Interaction, command: Command, read: Callable[[], Mapping[str, Any]]) -> None:
        """A context menu: its answer is for one's own eyes, as the message is somebody else's."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            reply = await self._router.call(self.invocation(interaction), command.name, read())
        except UserError as error:
            reply = Reply(sorry(error))
        await self._show(interaction, reply.message)

    async def _completed(
        self, interaction: Interaction, command: Command, option: str, partial: str
    ) -> Sequence[Choice]:
        try:
            async with asyncio.timeout(COMPLETION):
                return await self._router.choices(self.invocation(interaction), command.name, option, partial)
        except TimeoutError:
            log.warning("completion too slow", command=command.name, option=option)
            return ()

    async def pressed(self, interaction: Interaction, identity: str) -> None:
        """A press in an answer for one's own eyes changes that answer; in a channel it is answered privately.

        One whose command needs more than the button says is asked for it in a window, which must come first of all.
        """
        line = self._lines.line(identity)
        if form := await self._form_of(self.invocation(interaction), line):
            await interaction.response.send_modal(form)
            return
        if line is not None and line.startswith(f"{AGAIN} "):
            line = None  # the draft is forgotten
        own = interaction.message is not None and interaction.message.flags.ephemeral
        if own:
            await interaction.response.defer()
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
        if line is None:
            await self._show(interaction, _note("This button is too old. Type the command again."))
            return
        try:
            reply = await self._router.answer(self.invocation(interaction), line)
        except Exception:
            log.exception("discord press failed", line=line[:100])
            await self._apologise(interaction)
        else:
            await self._show(interaction, reply.message)

    async def _form_of(self, invocation: Invocation, line: str | None) -> Form | None:
        """The window for a button's line: of a draft, or of a command that needs more than the line says."""
        if draft := self._lines.drafted(line):
            return Form(draft[0], {}, self._called, draft[1])
        try:
            command, given = parse(self._router.by_name, line or "", invocation.channels)
        except UserError:
            return None
        return await self._form(invocation, command, given)

    async def _form(self, invocation: Invocation, command: Command, given: Mapping[str, Any]) -> Form | None:
        if not lacks(command, given) or not self._router.allows(invocation, command):
            return None
        begun = await self._router.now(invocation, command, given)
        return Form(command, given, self._called, begun)

    async def _show(self, interaction: Interaction, message: Message) -> None:
        self._lines.keep(message)
        try:
            view, files = await _pictured(message)
            await interaction.edit_original_response(view=view, attachments=files, allowed_mentions=SILENT)
        except discord.HTTPException as error:
            if error.status != 400:
                log.warning("answer not shown", reason=str(error)[:300])
                return
            log.error("answer refused by discord", reason=str(error)[:300])
            plain = _note("The answer could not be shown in Discord. The log says why.")
            await interaction.edit_original_response(view=still(plain), attachments=[], allowed_mentions=SILENT)

    async def _apologise(self, interaction: Interaction) -> None:
        """So that nobody is left with "Newsbell is thinking"."""
        if interaction.response.is_done():
            with suppress(discord.HTTPException):
                await self._show(interaction, _note("Something went wrong on our side. The log says what."))

    async def _say(self, interaction: Interaction, text: str) -> None:
        if not interaction.response.is_done() and interaction.type is not discord.InteractionType.autocomplete:
            await interaction.response.send_message(view=still(_note(text)), ephemeral=True, allowed_mentions=SILENT)

    # Who and where

    def invocation(self, interaction: Interaction) -> Invocation:
        """In direct messages, and where the server has not let us in but the person has, it is all theirs alone."""
        user = interaction.user
        own = f"discord:user:{user.id}"
        in_server = interaction.is_guild_integration()
        tenant = f"discord:{interaction.guild_id}" if in_server else own
        name = getattr(interaction.channel, "name", None) if in_server else user.display_name
        return Invocation(
            tenant=tenant,
            channel=Channel(f"discord:{interaction.channel_id}" if in_server else own, tenant, name or ""),
            person=Person(
                id=own,
                name=user.display_name,
                may_manage=not in_server or interaction.permissions.manage_guild,
            ),
            channels=tuple(
                Channel(f"discord:{each.id}", tenant, each.name, isinstance(each, discord.ForumChannel))
                for each in self._open_to(interaction)
            ),
            roles=tuple(Role(f"discord:{role.id}", role.name) for role in self._callable(interaction)),
            locale=str(interaction.locale),
        )

    def _open_to(self, interaction: Interaction) -> list[discord.TextChannel | discord.ForumChannel]:
        """The text channels and forums in which both the person and the bot may post, as Discord lists them."""
        guild, person = interaction.guild, interaction.user
        if (
            not interaction.is_guild_integration()
            or guild is None
            or not isinstance(person, discord.Member)
            or guild.me is None
        ):
            return []
        return [
            channel
            for channel in rooms(guild)
            if may_post(channel.permissions_for(person)) and may_post(channel.permissions_for(guild.me))
        ]

    def _callable(self, interaction: Interaction) -> list[discord.Role]:
        """The roles that the bot can mention: never everyone, nor one that its server keeps from being called."""
        guild = interaction.guild
        if not interaction.is_guild_integration() or guild is None or guild.me is None:
            return []
        free = interaction.app_permissions.mention_everyone
        return [role for role in guild.roles if not role.is_default() and (role.mentionable or free)]

    async def _value(self, interaction: Interaction, invocation: Invocation, value: Any) -> Any:
        """A picked channel or role as the house's id, a file with what is in it; or why it is out of reach."""
        if isinstance(value, discord.Attachment):
            return await _read(value)
        if isinstance(value, discord.Role):
            return self._role(invocation, value)
        if not isinstance(value, app_commands.AppCommandChannel):
            return value
        identity = f"discord:{value.id}"
        if identity in {channel.id for channel in invocation.channels}:
            return identity
        if not may_post(value.permissions):
            raise UserError(f"You may not post in #{value.name}, so you cannot choose it. Pick another channel.")
        raise UserError(self.advice(value.id, value.name))

    def _role(self, invocation: Invocation, role: discord.Role) -> str:
        identity = f"discord:{role.id}"
        if identity in {known.id for known in invocation.roles}:
            return identity
        if role.is_default():
            raise UserError("Newsbell never mentions everyone. Pick a role.")
        raise UserError(
            f"@{role.name} cannot be mentioned by bots: switch on “Allow anyone to @mention this role” (Server "
            f"Settings > Roles > {role.name}), or pick another role."
        )

    def advice(self, channel_id: int, name: str = "") -> str:
        """What somebody has to change so that the bot may post there."""
        channel = self.get_channel(channel_id)
        lacking: list[str] = []
        if isinstance(channel, discord.abc.GuildChannel | discord.Thread) and channel.guild.me is not None:
            home = channel.parent if isinstance(channel, discord.Thread) else channel
            if home:
                lacking = missing(home.permissions_for(channel.guild.me), needed(channel.type))
        return advice(getattr(channel, "name", name), lacking)


async def _read(attachment: discord.Attachment) -> File:
    """What was handed over. Raises UserError where it is too large, or Discord does not give it to us."""
    if attachment.size > FILE_MOST:
        raise UserError(f"{attachment.filename} is larger than {FILE_MOST // 1_000_000} MB, which is the most.")
    try:
        async with asyncio.timeout(FETCHING):
            return File(attachment.filename, await attachment.read())
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        raise UserError(f"Discord did not hand over {attachment.filename}. Try again in a minute.") from error


async def _pictured(message: Message) -> tuple[discord.ui.LayoutView, list[discord.File]]:
    """The card with its file and the picture of its chart."""
    files = [discord.File(BytesIO(message.file.content), message.file.name)] if message.file else []
    if message.chart is None or not message.chart.bars:
        return still(message), files
    picture = await asyncio.to_thread(png, message.chart)
    shown = discord.File(BytesIO(picture), CHART, description=message.chart.alt[:1024])
    return still(message, attached=CHART), [shown, *files]


def _note(text: str) -> Message:
    return Message(body=(paragraph(text),), tone=Tone.WARNING)
