"""The people of the fake Discord: they run commands, type half of one and press buttons, and see what comes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.core.message import File
from tests.fakes.discord_world import (
    APPLICATION,
    DM_CHANNEL,
    EPHEMERAL,
    EVERYTHING,
    LOADING,
    Channel,
    Payload,
    Refusal,
    Role,
    User,
    buttons_of,
    stored_message,
    text_of,
)

if TYPE_CHECKING:
    from tests.fakes.discord_server import FakeDiscord

DEADLINE = 3.0  # seconds for the first answer to an interaction
TOKEN_LIFE = timedelta(minutes=15)
PATIENCE = 8.0  # seconds until a test gives up waiting for the final answer

COMMAND, BUTTON, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
TEXT_INPUT, LABEL, FILE_UPLOAD = 4, 18, 19
MESSAGE = 3  # the type of a command in a message's context menu


@dataclass
class Interaction:
    """A thing somebody did, and what the bot answered to it."""

    id: int
    token: str
    kind: int
    channel_id: int
    began: float
    at: datetime
    source: Payload | None = None  # the message whose button was pressed
    callback: Payload | None = None
    message: Payload | None = None
    ephemeral: bool = False
    deleted: bool = False
    attached: list[str] = field(default_factory=list)
    followups: list[Payload] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Answer:
    """What a person sees in the end."""

    message: Payload
    private: bool
    interaction: Interaction

    @property
    def text(self) -> str:
        return text_of(self.message)

    @property
    def buttons(self) -> dict[str, Payload]:
        return buttons_of(self.message)


@dataclass
class Window:
    """A modal that the bot has opened for somebody."""

    title: str
    custom_id: str
    fields: dict[str, Payload]
    user: User | None
    channel: int


class People:
    def __init__(self, discord: FakeDiscord) -> None:
        self.discord = discord
        self.interactions: dict[str, Interaction] = {}

    # What they do

    async def slash(
        self,
        name: str,
        /,
        *,
        user: User | None = None,
        channel: int | None = None,
        dm: bool = False,
        alone: bool = False,
        **options: Any,
    ) -> Answer:
        """Runs a command as Discord's client would: only what is registered, with typed options.

        `alone` is a person who took the bot along into a server that knows nothing of it.

        A channel is given by its id. `channel` is where it is typed; the first one of the server if left out.
        """
        data = self._command_data(name, options)
        interaction = await self._act(COMMAND, data, user, channel, dm=dm, alone=alone)
        return await self._seen(interaction)

    async def autocomplete(
        self,
        name: str,
        option: str,
        partial: str,
        /,
        *,
        user: User | None = None,
        channel: int | None = None,
        **options: Any,
    ) -> list[tuple[str, str]]:
        """What is offered while an option is typed, as (shown, value)."""
        data = self._command_data(name, {**options, option: partial}, focused=option)
        interaction = await self._act(AUTOCOMPLETE, data, user, channel)
        await asyncio.wait_for(interaction.settled.wait(), PATIENCE)
        assert interaction.callback
        return [(choice["name"], choice["value"]) for choice in interaction.callback["data"]["choices"]]

    async def press(self, message: Payload, label: str, *, user: User | None = None) -> Answer:
        """Presses a button of a posted message or of an answer."""
        button = buttons_of(message)[label]
        data = {"component_type": 2, "custom_id": button["custom_id"], "id": button["id"]}
        channel = int(message["channel_id"])
        interaction = await self._act(BUTTON, data, user, channel, source=message, dm=channel in self.discord.dms)
        return await self._seen(interaction)

    async def menu(self, title: str, message: Payload, *, user: User | None = None) -> Answer:
        """Chooses from the context menu of a message, which Discord hands on whole."""
        registered = next(c for c in self.discord.commands[None] if c["type"] == MESSAGE and c["name"] == title)
        data = {
            "id": registered["id"],
            "name": title,
            "type": MESSAGE,
            "target_id": message["id"],
            "resolved": {"messages": {message["id"]: message}},
        }
        channel = int(message["channel_id"])
        return await self._seen(await self._act(COMMAND, data, user, channel, dm=channel in self.discord.dms))

    async def slash_for_window(self, name: str, /, *, user: User | None = None, **options: Any) -> Window:
        """Runs a command that answers with a window to fill in."""
        interaction = await self._act(COMMAND, self._command_data(name, options), user, None)
        await asyncio.wait_for(interaction.settled.wait(), PATIENCE)
        assert interaction.callback is not None
        assert interaction.callback["type"] == 9, "a window was expected"
        return self._window(interaction.callback["data"], user, interaction.channel_id)

    async def press_for_window(self, message: Payload, label: str, *, user: User | None = None) -> Window:
        """Presses a button that answers with a window to fill in."""
        button = buttons_of(message)[label]
        data = {"component_type": 2, "custom_id": button["custom_id"], "id": button["id"]}
        channel = int(message["channel_id"])
        interaction = await self._act(BUTTON, data, user, channel, source=message, dm=channel in self.discord.dms)
        await asyncio.wait_for(interaction.settled.wait(), PATIENCE)
        assert interaction.callback is not None
        assert interaction.callback["type"] == 9, "a window was expected"
        return self._window(interaction.callback["data"], user, channel)

    def _window(self, data: Payload, user: User | None, channel: int) -> Window:
        fields = {}
        for number, label in enumerate(data["components"], 1):
            assert label["type"] == LABEL
            fields[label["label"]] = {**label["component"], "id": 2 * number, "label_id": 2 * number - 1}
        return Window(data["title"], data["custom_id"], fields, user, channel)

    async def fill(self, window: Window, **entered: Any) -> Answer:
        """Fills a window in, by the labels of its fields, and sends it."""
        components = []
        resolved: Payload = {}
        for label, field_ in window.fields.items():
            value = entered.pop(label, None)
            assert value is not None or not field_.get("required", True), f"{label} must be filled in"
            answer: Payload = {"type": field_["type"], "id": field_["id"], "custom_id": field_["custom_id"]}
            if field_["type"] == FILE_UPLOAD and value is not None:
                attachment = self._hand_over(value)
                resolved["attachments"] = {attachment["id"]: attachment}
                value = attachment["id"]
            if field_["type"] == TEXT_INPUT:
                assert value is None or len(value) <= field_.get("max_length", 4000)
                answer["value"] = value or ""
            else:
                answer["values"] = [str(value)] if value is not None else []
            if field_["type"] == 8 and value is not None:
                resolved["channels"] = {str(value): self._resolved_channel(value)}
            if field_["type"] == 6 and value is not None:
                role = self.discord.guild.roles[value]
                resolved["roles"] = {str(value): self.discord.guild.role_payload(role)}
            components.append({"type": LABEL, "id": field_["label_id"], "component": answer})
        assert not entered, f"no such fields: {entered}"
        data = {"custom_id": window.custom_id, "components": components, "resolved": resolved}
        dm = window.channel in self.discord.dms
        return await self._seen(await self._act(MODAL, data, window.user, window.channel, dm=dm))

    async def _seen(self, interaction: Interaction) -> Answer:
        await asyncio.wait_for(interaction.settled.wait(), PATIENCE)
        if interaction.followups:
            # The first message after a deferral stands in its place, and is private only where the deferral was.
            last = interaction.followups[-1]
            own = bool(last["flags"] & EPHEMERAL) if interaction.deleted else interaction.ephemeral
            return Answer(last, own, interaction)
        assert interaction.message is not None
        return Answer(interaction.message, interaction.ephemeral, interaction)

    async def _act(
        self,
        kind: int,
        data: Payload,
        user: User | None,
        channel: int | None,
        *,
        source: Payload | None = None,
        dm: bool = False,
        alone: bool = False,
    ) -> Interaction:
        discord = self.discord
        user = user or discord.manager
        place = self.dm_with(user) if dm else discord.channel(channel or next(iter(discord.guild.channels)))
        identity = discord.snowflake()
        token = f"token-{identity}"
        began = asyncio.get_running_loop().time()
        interaction = Interaction(identity, token, kind, place.id, began, discord.clock(), source)
        self.interactions[token] = interaction
        payload: Payload = {
            "id": str(identity),
            "application_id": str(APPLICATION),
            "type": kind,
            "token": token,
            "version": 1,
            "data": data,
            "channel_id": str(place.id),
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10 << 20,
            **({"message": source} if source else {}),
        }
        if dm:
            payload |= {"user": user.payload(), "channel": self.dm_payload(place), "context": 1}
            payload |= {"app_permissions": str(EVERYTHING), "authorizing_integration_owners": {"0": "0"}}
        else:
            guild = discord.guild
            payload |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
                "guild_locale": "en-US",
                "channel": guild.channel_payload(place, discord.bot),
                "member": {**guild.member(user), "permissions": str(guild.permissions(user, place))},
                "app_permissions": str(guild.permissions(discord.bot, place)),
                "authorizing_integration_owners": {"1": str(user.id)} if alone else {"0": str(guild.id)},
                "context": 0,
            }
        await discord.gateway.dispatch("INTERACTION_CREATE", payload)
        return interaction

    def _command_data(self, name: str, options: dict[str, Any], focused: str = "") -> Payload:
        words = name.split()
        guild = self.discord.guild.id
        scope = guild if any(c["name"] == words[0] for c in self.discord.commands.get(guild, [])) else None
        registered = next((c for c in self.discord.commands.get(scope, []) if c["name"] == words[0]), None)
        assert registered, f"/{words[0]} is not registered"
        leaf = registered
        if len(words) > 1:
            leaf = next(o for o in registered["options"] if o["name"] == words[1] and o["type"] == 1)
        known = {option["name"]: option for option in leaf.get("options", [])}
        resolved: Payload = {}
        values = []
        for option, value in options.items():
            kind = known[option]["type"]
            assert option == focused or isinstance(value, {3: str, 4: int, 5: bool, 7: int, 8: int, 11: File}[kind]), (
                option,
                value,
            )
            if kind == 4 and option != focused:
                assert known[option].get("min_value", value) <= value <= known[option].get("max_value", value)
            if kind == 7:
                resolved["channels"] = {str(value): self._resolved_channel(value)}
                assert self.discord.channel(value).type in known[option].get("channel_types", [0, 5])
            if kind == 11:
                attachment = self._hand_over(value)
                resolved["attachments"] = {attachment["id"]: attachment}
                values.append({"name": option, "type": kind, "value": attachment["id"]})
                continue
            if kind == 8:
                role = self.discord.guild.roles.get(value) or Role(value, "@everyone")
                resolved["roles"] = {str(value): self.discord.guild.role_payload(role)}
            values.append({"name": option, "type": kind, "value": str(value) if kind in (7, 8) else value})
            if option == focused:
                assert known[option].get("autocomplete"), f"{option} offers nothing"
                values[-1]["focused"] = True
        if not focused:
            missing = [option for option, each in known.items() if each.get("required") and option not in options]
            assert not missing, f"Discord would not send /{name} without {missing}"
        if leaf is not registered:
            values = [{"name": leaf["name"], "type": 1, "options": values}]
        return {
            "id": registered["id"],
            "name": registered["name"],
            "type": 1,
            "options": values,
            **({"guild_id": str(guild)} if scope else {}),
            **({"resolved": resolved} if resolved else {}),
        }

    def _resolved_channel(self, channel_id: int) -> Payload:
        guild, channel = self.discord.guild, self.discord.channel(channel_id)
        permissions = str(guild.permissions(self.discord.manager, channel))
        return {"id": str(channel.id), "name": channel.name, "type": channel.type, "permissions": permissions}

    def _hand_over(self, file: File) -> Payload:
        number = str(self.discord.snowflake())
        self.discord.handed_over[number] = file.content
        url = f"{self.discord.addresses['cdn_url']}/attachments/{number}/{file.name}"
        size = len(file.content)
        return {"id": number, "filename": file.name, "size": size, "url": url, "proxy_url": url, "ephemeral": True}

    def dm_with(self, user: User) -> Channel:
        identity = user.id + 700_000_000_000_000_000
        return self.discord.dms.setdefault(identity, Channel(identity, user.name, DM_CHANNEL))

    def dm_payload(self, channel: Channel) -> Payload:
        user = next(u for u in (self.discord.manager, self.discord.reader) if u.name == channel.name)
        return {"id": str(channel.id), "type": 1, "flags": 0, "last_message_id": None, "recipients": [user.payload()]}

    # What the bot answers

    async def callback(self, _request: web.Request, body: Payload, identity: str, token: str) -> tuple[int, Any]:
        interaction = self.interactions.get(token)
        if interaction is None or str(interaction.id) != identity:
            raise Refusal(404, 10062, "Unknown interaction")
        if interaction.callback is not None:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        if asyncio.get_running_loop().time() - interaction.began > DEADLINE:
            raise Refusal(404, 10062, "Unknown interaction")
        interaction.callback = body
        data = body.get("data") or {}
        interaction.ephemeral = bool((data.get("flags") or 0) & EPHEMERAL)
        kind = body["type"]
        if kind in (4, 7):
            self.discord.check({"flags": 0, **data})
        if kind in (4, 5):
            flags = (data.get("flags") or 0) | (LOADING if kind == 5 else 0)
            interaction.message = self._interaction_message(interaction, {**data, "flags": flags})
        if kind in (6, 7):
            interaction.message = interaction.source
            interaction.ephemeral = bool(interaction.source and interaction.source["flags"] & EPHEMERAL)
        if kind in (4, 7, 8, 9):
            interaction.settled.set()
        told = {"id": identity, "type": interaction.kind}
        if interaction.message:
            told |= {
                "response_message_id": interaction.message["id"],
                "response_message_loading": kind == 5,
                "response_message_ephemeral": interaction.ephemeral,
            }
        resource = {"resource": {"type": 4, "message": interaction.message}} if kind == 4 else {}
        return 200, {"interaction": told, **resource}

    def _interaction_message(self, interaction: Interaction, body: Payload) -> Payload:
        return stored_message(
            self.discord.snowflake(), interaction.channel_id, self.discord.bot, body, self.discord.clock()
        )

    async def edit_original(self, _request: web.Request, body: Payload, token: str) -> tuple[int, Any]:
        interaction = self._open(token)
        if interaction.message is None or interaction.deleted:
            raise Refusal(404, 10008, "Unknown Message")
        flags = (interaction.message["flags"] & ~LOADING) | (body.get("flags") or 0)
        self.discord.check({**body, "flags": flags})
        changed = self._interaction_message(interaction, {**body, "flags": flags})
        interaction.message.update({"components": changed["components"], "flags": flags, "content": changed["content"]})
        interaction.attached = [each["filename"] for each in body.get("attachments", ())]
        interaction.settled.set()
        return 200, interaction.message

    async def delete_original(self, _request: web.Request, _body: Any, token: str) -> tuple[int, Any]:
        self._open(token).deleted = True
        return 204, None

    async def followup(self, _request: web.Request, body: Payload, token: str) -> tuple[int, Any]:
        interaction = self._open(token)
        self.discord.check(body)
        message = {**self._interaction_message(interaction, body), "webhook_id": str(APPLICATION)}
        interaction.followups.append(message)
        interaction.settled.set()
        return 200, message

    def _open(self, token: str) -> Interaction:
        interaction = self.interactions.get(token)
        if interaction is None or interaction.callback is None:
            raise Refusal(404, 10015, "Unknown Webhook")
        if self.discord.clock() - interaction.at > TOKEN_LIFE:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return interaction
