"""The house's commands as Discord's typed application commands, registered only when their dictionary has changed."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import aiohttp
import discord
import structlog
from discord import app_commands

from bot import __version__
from bot.core.command import Choice, Command, Option, OptionKind
from bot.platforms.discord.locales import joined
from bot.platforms.plain import cut, line

log = structlog.get_logger(__name__)

# Discord's limits (interactions/application-commands of its documentation).
DESCRIPTION = 100
CHOICES = 25
CHOICE = 100  # characters of a choice's name, and of its value
SUBCOMMANDS = 25
COMMANDS = 100
LARGEST = 2**53 - 1  # of an integer, as its values travel as JavaScript's numbers

AGENT = f"DiscordBot (https://github.com/newsbell/newsbell, {__version__})"
"""Discord asks every client to name itself so (reference of its documentation)."""

Interaction = discord.Interaction[Any]
Call = Callable[[Interaction, Command, Mapping[str, Any]], Awaitable[None]]
Complete = Callable[[Interaction, Command, str, str], Awaitable[Sequence[Choice]]]
Registered = app_commands.Command[Any, ..., Any] | app_commands.Group

# A person may take the bot along without any server: their alerts come as direct messages.
PLACES = (discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum)

CONTEXTS = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
INSTALLS = app_commands.AppInstallationType(guild=True, user=True)


class ChannelChoice(app_commands.Transformer):
    """A channel picker for channels that take alerts, which hands on what was picked, seen by us or not."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return list(PLACES)

    async def transform(self, interaction: Interaction, value: Any, /) -> Any:
        return value


class RoleChoice(app_commands.Transformer):
    """A role picker that hands on what was picked."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.role

    async def transform(self, interaction: Interaction, value: Any, /) -> Any:
        return value


def build(commands: Iterable[Command], call: Call, complete: Complete) -> list[Registered]:
    """One application command for each single word and alias, one group for each first word of two."""
    groups: dict[str, list[Command]] = {}
    single: list[tuple[str, Command]] = []
    for command in commands:
        first, _, second = command.name.partition(" ")
        if second:
            groups.setdefault(first, []).append(command)
        else:
            single.append((first, command))
            single += [(alias, command) for alias in command.aliases if " " not in alias]
    built: list[Registered] = []
    for name, members in groups.items():
        group = app_commands.Group(
            name=name,
            description=joined([member.description for member in members]),
            # Discord knows rights for whole groups only; the router asks again for each command at run time.
            default_permissions=_rights(all(member.manage for member in members)),
        )
        for member in members[:SUBCOMMANDS]:
            group.add_command(_command(member.name.partition(" ")[2], member, call, complete))
        # A group itself cannot be called in Discord: a command of the same name becomes its member "show" or "list".
        for word, command in [each for each in single if each[0] == name]:
            single.remove((word, command))
            free = next((each for each in ("show", "list", "about") if group.get_command(each) is None), None)
            if free:
                group.add_command(_command(free, command, call, complete))
        built.append(group)
    built += [_command(name, command, call, complete) for name, command in single]
    return built[:COMMANDS]


async def sync(
    tree: app_commands.CommandTree[Any],
    guild: discord.abc.Snowflake | None,
    known: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]],
) -> bool:
    """Registers the tree's commands with Discord if those there are others. Says whether it had to.

    `known` asks for those there; registering counts each name that is new against 200 creations a day, and a client
    that sees commands change drops what its user was typing.
    """
    translator = tree.translator or app_commands.Translator()
    commands = tree.get_commands(guild=guild)
    ours = [_canonical(await command.get_translated_payload(tree, translator)) for command in commands]
    theirs = [_canonical(command) for command in await known()]
    if _dictionary(ours) == _dictionary(theirs):
        return False
    await tree.sync(guild=guild)
    return True


async def registered(api_url: str, token: str, application: int, guild: int | None) -> Sequence[Mapping[str, Any]]:
    """The commands that Discord has of us, in all languages; none where it does not say.

    discord.py cannot ask for the other languages, so their change would go unseen.
    """
    scope = f"/guilds/{guild}" if guild else ""
    url = f"{api_url}/applications/{application}{scope}/commands"
    headers = {"Authorization": f"Bot {token}", "User-Agent": AGENT}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.get(url, params={"with_localizations": "true"}, headers=headers) as response,
        ):
            response.raise_for_status()
            found: Sequence[Mapping[str, Any]] = await response.json()
            return found
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        log.warning("discord does not say which commands it knows", reason=str(error)[:200] or type(error).__name__)
        return ()


def _command(name: str, command: Command, call: Call, complete: Complete) -> app_commands.Command[Any, ..., Any]:
    shown = [option for option in command.options if not option.hidden][:CHOICES]

    async def callback(interaction: Interaction, **values: Any) -> None:
        await call(interaction, command, values)

    # discord.py reads the options off the callback's signature, which is written here from the declaration.
    first = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction)
    # What is worth a window may be left out: the window asks for it, and for what else is missing.
    asked = any(option.long for option in shown)
    parameters = [_parameter(option, required=option.required and not asked) for option in _required_first(shown)]
    signature = inspect.Signature([first, *parameters])
    callback.__signature__ = signature  # type: ignore[attr-defined]  # functions take attributes
    app_commands.describe(**{option.name: _description(option.description) for option in shown})(callback)
    fixed = {option.name: _choices(option) for option in shown if 0 < len(option.choices) <= CHOICES}
    if fixed:
        app_commands.choices(**fixed)(callback)
    offered = {
        option.name: _completion(command, option, complete)
        for option in shown
        if option.kind is OptionKind.TEXT and option.name not in fixed and (option.complete or option.choices)
    }
    if offered:
        app_commands.autocomplete(**offered)(callback)
    if command.manage:
        app_commands.default_permissions(manage_guild=True)(callback)
    return app_commands.Command(name=name, description=_description(command.description), callback=callback)


def _parameter(option: Option, *, required: bool) -> inspect.Parameter:
    kind: Any = {
        OptionKind.TEXT: str,
        OptionKind.FLAG: bool,
        OptionKind.CHANNEL: app_commands.Transform[Any, ChannelChoice],
        OptionKind.ROLE: app_commands.Transform[Any, RoleChoice],
        OptionKind.FILE: discord.Attachment,
        OptionKind.INT: app_commands.Range[int, max(option.least, -LARGEST), min(option.most, LARGEST)],
    }[option.kind]
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=kind,
        default=inspect.Parameter.empty if required else None,
    )


def _required_first(options: Sequence[Option]) -> list[Option]:
    return sorted(options, key=lambda option: not option.required)


def _completion(command: Command, option: Option, complete: Complete) -> Any:
    async def offer(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return offers(await complete(interaction, command, option.name, current))

    return offer


def offers(choices: Iterable[Choice]) -> list[app_commands.Choice[str]]:
    """At most 25; a value that is too long is left out, because a cut one would be another."""
    drawn: list[app_commands.Choice[str]] = []
    for choice in choices:
        name = cut(line(choice.label or choice.value), CHOICE)
        if name and 0 < len(choice.value) <= CHOICE and len(drawn) < CHOICES:
            drawn.append(app_commands.Choice(name=name, value=choice.value))
    return drawn


def _choices(option: Option) -> list[app_commands.Choice[str]]:
    """Those that are declared, which can be said in other languages; what is completed is said as it is."""
    fixed = offers(option.choices)
    return [app_commands.Choice(name=app_commands.locale_str(each.name), value=each.value) for each in fixed]


def _description(text: str) -> str:
    return cut(line(text), DESCRIPTION) or "…"


def _rights(manage: bool) -> discord.Permissions | None:
    return discord.Permissions(manage_guild=True) if manage else None


def _dictionary(commands: list[dict[str, Any]]) -> str:
    return json.dumps(
        sorted(commands, key=lambda command: (int(command["type"]), str(command["name"]))), sort_keys=True
    )


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A command without what Discord adds by itself: ids, versions, and keys that say nothing.

    Contexts and installs are the same for all our commands and left out.
    """
    rights = payload.get("default_member_permissions")
    return {
        "name": payload["name"],
        "type": payload["type"],
        "description": payload.get("description") or "",  # a context menu has none
        "options": [_option(option) for option in payload.get("options") or ()],
        "nsfw": bool(payload.get("nsfw")),
        "rights": None if rights is None else int(rights),
        "spoken": _spoken(payload),
    }


def _spoken(payload: Mapping[str, Any]) -> list[dict[str, str]]:
    return [payload.get("name_localizations") or {}, payload.get("description_localizations") or {}]


def _option(payload: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: payload.get(key) for key in ("name", "type", "description", "required", "autocomplete")}
    said |= {key: payload.get(key) for key in ("min_value", "max_value", "min_length", "max_length")}
    said["choices"] = [[each["name"], each["value"], *_spoken(each)] for each in payload.get("choices") or ()]
    said["spoken"] = [each for each in _spoken(payload) if each]
    said["channel_types"] = sorted(payload.get("channel_types") or ())
    said["options"] = [_option(option) for option in payload.get("options") or ()]
    return {key: value for key, value in said.items() if value not in (None, False, [])}
