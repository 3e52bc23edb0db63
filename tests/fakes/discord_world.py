"""The servers, channels, people and messages behind the fake Discord, in the shapes of its wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

APPLICATION = 900_000_000_000_000_001
EPOCH = 1_420_070_400_000  # Discord's own: the first millisecond of 2015
CREATE_THREADS, SEND_IN_THREADS = 1 << 35, 1 << 38
VIEW, SEND, HISTORY, MANAGE, ADMIN = 1 << 10, 1 << 11, 1 << 16, 1 << 5, 1 << 3
USUAL = VIEW | SEND | HISTORY | CREATE_THREADS | SEND_IN_THREADS | 1 << 31  # and application commands
EVERYTHING = (1 << 53) - 1
COMPONENTS_V2, EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS = 1 << 15, 1 << 6, 1 << 7, 1 << 12

TEXT_CHANNEL, DM_CHANNEL, VOICE_CHANNEL, CATEGORY, NEWS_CHANNEL, THREAD, FORUM = 0, 1, 2, 4, 5, 11, 15

Payload = dict[str, Any]


@dataclass
class User:
    id: int
    name: str
    bot: bool = False

    def payload(self) -> Payload:
        return {
            "id": str(self.id),
            "username": self.name,
            "avatar": None,
            "discriminator": "0",
            "public_flags": 0,
            "flags": 0,
            "global_name": self.name.title(),
            "primary_guild": None,
            "avatar_decoration_data": None,
            "collectibles": None,
            **({"bot": True} if self.bot else {}),
        }


@dataclass
class Channel:
    """`bot_lacks` and `people_lack` are permission bits taken away here."""

    id: int
    name: str
    type: int = TEXT_CHANNEL
    bot_lacks: int = 0
    people_lack: int = 0
    parent: int | None = None
    tags: dict[int, str] = field(default_factory=dict)
    applied: tuple[int, ...] = ()
    locked: bool = False
    messages: list[Payload] = field(default_factory=list)


@dataclass
class Role:
    id: int
    name: str
    mentionable: bool = False


@dataclass
class Guild:
    id: int
    name: str
    channels: dict[int, Channel] = field(default_factory=dict)
    managers: set[int] = field(default_factory=set)
    roles: dict[int, Role] = field(default_factory=dict)
    everyone: int = USUAL
    owner: int = 1

    def permissions(self, user: User, channel: Channel | None = None) -> int:
        if user.id in self.managers:
            return EVERYTHING
        lacks = 0 if channel is None else channel.bot_lacks if user.bot else channel.people_lack
        if lacks & VIEW:
            return 0
        return self.everyone & ~lacks

    def role_payload(self, role: Role) -> Payload:
        return {
            "id": str(role.id),
            "name": role.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0,
            "permissions": str(self.everyone),
            "managed": False,
            "mentionable": role.mentionable,
            "flags": 0,
        }

    def payload(self, bot: User) -> Payload:
        managers = {**self.role_payload(Role(self.id + 1, "Managers")), "permissions": str(ADMIN)}
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner),
            "roles": [
                self.role_payload(Role(self.id, "@everyone")),
                managers,
                *(self.role_payload(role) for role in self.roles.values()),
            ],
            "channels": [
                self.channel_payload(channel, bot) for channel in self.channels.values() if channel.type != THREAD
            ],
            "members": [self.member(bot)],
            "member_count": 3,
            "threads": [],
            "features": [],
            "emojis": [],
            "stickers": [],
            "unavailable": False,
            "verification_level": 0,
            "default_message_notifications": 0,
            "preferred_locale": "en-US",
            "premium_tier": 0,
            "nsfw_level": 0,
            "mfa_level": 0,
            "system_channel_flags": 0,
        }

    def full_payload(self, bot: User) -> Payload:
        """As GET /guilds/{id} answers."""
        absent = (
            "icon description home_header splash discovery_splash banner application_id afk_channel_id "
            "system_channel_id widget_channel_id vanity_url_code rules_channel_id safety_alerts_channel_id "
            "public_updates_channel_id incidents_data max_presences"
        )
        said = {key: value for key, value in self.payload(bot).items() if key not in ("channels", "members", "threads")}
        for key in ("member_count", "unavailable"):
            said.pop(key)
        for role in said["roles"]:
            role |= {"icon": None, "unicode_emoji": None}
        return {
            **dict.fromkeys(absent.split()),
            **said,
            "region": "deprecated",
            "afk_timeout": 300,
            "widget_enabled": False,
            "explicit_content_filter": 0,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
        }

    def thread_payload(self, thread: Channel, bot: User) -> Payload:
        archive = {"archived": False, "archive_timestamp": "2026-01-01T00:00:00+00:00", "auto_archive_duration": 1440}
        return {
            "id": str(thread.id),
            "type": THREAD,
            "flags": 0,
            "guild_id": str(self.id),
            "parent_id": str(thread.parent),
            "name": thread.name,
            "owner_id": str(bot.id),
            "thread_metadata": {**archive, "locked": thread.locked},
            "message_count": 0,
            "member_count": 1,
            "total_message_sent": 0,
            "rate_limit_per_user": 0,
            "applied_tags": [str(tag) for tag in thread.applied],
        }

    def channel_payload(self, channel: Channel, bot: User) -> Payload:
        overwrites = []
        if channel.bot_lacks:
            overwrites.append({"id": str(bot.id), "type": 1, "allow": "0", "deny": str(channel.bot_lacks)})
        if channel.people_lack:
            # Everyone loses it, the bot keeps it.
            overwrites.append({"id": str(self.id), "type": 0, "allow": "0", "deny": str(channel.people_lack)})
            keeps = channel.people_lack & ~channel.bot_lacks
            mine = next((each for each in overwrites if each["id"] == str(bot.id)), None)
            if mine:
                mine["allow"] = str(keeps)
            else:
                overwrites.append({"id": str(bot.id), "type": 1, "allow": str(keeps), "deny": "0"})
        return {
            "id": str(channel.id),
            "type": channel.type,
            "name": channel.name,
            "position": list(self.channels).index(channel.id),
            "permission_overwrites": overwrites,
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
            "flags": 0,
            **({"bitrate": 64000, "user_limit": 0} if channel.type == VOICE_CHANNEL else {}),
            **({"available_tags": self._tags(channel)} if channel.type == FORUM else {}),
        }

    def _tags(self, channel: Channel) -> list[Payload]:
        plain = {"moderated": False, "emoji_id": None, "emoji_name": None}
        return [{"id": str(number), "name": name, **plain} for number, name in channel.tags.items()]

    def member(self, user: User) -> Payload:
        return {
            "user": user.payload(),
            "roles": [str(self.id + 1)] if user.id in self.managers else [],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "nick": None,
            "avatar": None,
            "permissions": str(self.permissions(user)),
        }


def stored_message(identity: int, channel_id: int, author: User, body: Payload, at: datetime) -> Payload:
    """What Discord makes of a request body and gives back."""
    return {
        "id": str(identity),
        "channel_id": str(channel_id),
        "type": 0,
        "author": author.payload(),
        "content": body.get("content") or "",
        "timestamp": at.astimezone(UTC).isoformat(),
        "edited_timestamp": None,
        "flags": body.get("flags") or 0,
        "components": with_ids(body.get("components") or []),
        "embeds": body.get("embeds") or [],
        "attachments": [],
        "mentions": [],
        "mention_roles": [],
        "pinned": False,
        "mention_everyone": False,
        "tts": False,
    }


def with_ids(components: list[Payload]) -> list[Payload]:
    """Components as Discord answers them: an id for each that had none, and all the keys it adds."""
    taken = {each["id"] for each in walk(components) if each.get("id")}
    numbers = (number for number in range(1, 1000) if number not in taken)

    def drawn(component: Payload) -> Payload:
        full = {**component, "id": component.get("id") or next(numbers)}
        if full["type"] in (2, 17, 11):
            full = {key: value for key, value in full.items() if value is not None}
        if full["type"] == 17:
            full = {"accent_color": None, "spoiler": False, **full}
        if full["type"] == 11:
            full = {"description": None, "spoiler": False, **full, "media": found(full["media"]["url"])}
        if full["type"] == 12:
            items = [{"description": None, **item, "media": found(item["media"]["url"])} for item in full["items"]]
            full = {**full, "items": items}
        if full["type"] == 13:
            name = full["file"]["url"].removeprefix("attachment://")
            full |= {"file": found(full["file"]["url"]), "name": name, "size": 1}
        if "components" in full:
            full["components"] = [drawn(each) for each in full["components"]]
        if "accessory" in full:
            full["accessory"] = drawn(full["accessory"])
        return full

    def found(url: str) -> Payload:
        return {"id": str(1 << 50), "url": url, "proxy_url": f"https://media.example/{len(url)}"}

    return [drawn(component) for component in components]


def walk(components: list[Payload]) -> list[Payload]:
    """All components, nested ones too."""
    found: list[Payload] = []
    for component in components:
        found.append(component)
        found += walk(component.get("components") or [])
        if component.get("accessory"):
            found += walk([component["accessory"]])
    return found


def text_of(message: Payload) -> str:
    """All the text that a message shows, as Discord's markup."""
    parts = [message.get("content"), *(c["content"] for c in walk(message["components"]) if c["type"] == 10)]
    for embed in message.get("embeds") or ():
        parts += [embed.get("title"), embed.get("description")]
        parts += [f"{field['name']}: {field['value']}" for field in embed.get("fields") or ()]
    return "\n".join(part for part in parts if part)


def buttons_of(message: Payload) -> dict[str, Payload]:
    return {each["label"]: each for each in walk(message["components"]) if each["type"] == 2}


def faults_by_hand(body: Payload) -> list[str]:
    """Discord's rules for a message that its OpenAPI description does not hold."""
    components = walk(body.get("components") or [])
    faults = []
    flags = body.get("flags") or 0
    if flags & COMPONENTS_V2:
        if body.get("content") or body.get("embeds") or body.get("poll") or body.get("sticker_ids"):
            faults.append("content, embeds, polls and stickers cannot stand beside Components V2")
        length = sum(len(each["content"].encode("utf-16-le")) // 2 for each in components if each["type"] == 10)
        if length > 4000:
            faults.append(f"{length} characters of text")
    elif any(each["type"] not in (1, 2, 3, 5, 6, 7, 8) for each in components):
        faults.append("Components V2 without their flag")
    if len(body.get("content") or "") > 2000:
        faults.append("content has more than 2000 characters")
    embeds = body.get("embeds") or []
    said = [str(each.get(key) or "") for each in embeds for key in ("title", "description")]
    said += [
        str((each.get(key) or {}).get(name, ""))
        for each in embeds
        for key, name in (("author", "name"), ("footer", "text"))
    ]
    said += [field[key] for each in embeds for field in each.get("fields") or () for key in ("name", "value")]
    if sum(len(text.encode("utf-16-le")) // 2 for text in said) > 6000:
        faults.append("more than 6000 characters in embeds")
    if len(components) > 40:
        faults.append(f"{len(components)} components")
    for name in ("custom_id", "id"):
        values = [each[name] for each in components if each.get(name)]
        if len(values) != len(set(values)):
            faults.append(f"a {name} is there twice")
    for each in components:
        if each["type"] == 10 and not each["content"].strip():
            faults.append("an empty text")
        if each["type"] == 2 and not each.get("label"):
            faults.append("a button without a label")
        if each["type"] == 2 and each["style"] == 5 and len(each["url"]) > 512:
            faults.append("a long url on a button")
    allowed = body.get("allowed_mentions") or {"parse": ["everyone"]}
    if allowed.get("parse"):
        faults.append("mentions are allowed")
    text = "\n".join([body.get("content") or "", *(each["content"] for each in components if each["type"] == 10)])
    if unknown := set(map(str, allowed.get("roles") or ())) - set(re.findall(r"<@&(\d+)>", text)):
        faults.append(f"roles {unknown} may be mentioned and are not")
    return faults


LOCALIZED = ("name", "description")


def characters(command: Payload) -> int:
    """What Discord counts against 8,000: names, descriptions and values, of all languages the longest."""
    own = sum(
        max(map(len, [str(command.get(key) or ""), *(command.get(f"{key}_localizations") or {}).values()]))
        for key in LOCALIZED
    )
    parts = [*(command.get("options") or ()), *(command.get("choices") or ())]
    return own + len(str(command.get("value") or "")) + sum(map(characters, parts))


def names_that_are_the_same(command: Payload) -> list[str]:
    """Options of one command may not share a name in any language, nor may its sub-commands."""
    options = command.get("options") or []
    spoken = {locale for option in options for locale in option.get("name_localizations") or {}}
    faults = [fault for option in options for fault in names_that_are_the_same(option)]
    for locale in spoken:
        names = [(option.get("name_localizations") or {}).get(locale, option["name"]) for option in options]
        faults += [f"{command['name']}: two options are {name} in {locale}" for name in names if names.count(name) > 1]
    return faults


def without_localizations(value: Any) -> Any:
    """As Discord answers who does not ask for them."""
    if isinstance(value, list):
        return [without_localizations(each) for each in value]
    if isinstance(value, dict):
        return {key: without_localizations(each) for key, each in value.items() if not key.endswith("_localizations")}
    return value


class Refusal(Exception):
    """An error answer of Discord's."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.body: Payload = {"code": code, "message": text}
        self.headers: dict[str, str] = {}


class Throttling(Refusal):
    """A 429: "429" for this route, "429 everywhere", or "429 wall" from what stands before Discord (it has no Via)."""

    def __init__(self, kind: str, seconds: float) -> None:
        super().__init__(429, 0, "You are being rate limited.")
        everywhere = kind == "429 everywhere"
        self.body = {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}
        self.headers = {"Retry-After": str(seconds), "X-RateLimit-Scope": "global" if everywhere else "user"}
        if kind != "429 wall":
            self.headers["Via"] = "1.1 google"
        if everywhere:
            self.headers["X-RateLimit-Global"] = "true"


def answer(status: int, value: Any, headers: dict[str, str] | None = None) -> web.Response:
    if value is None:
        return web.Response(status=status, headers=headers)
    # Exactly "application/json": with a charset behind it, discord.py would not parse it.
    return web.Response(
        status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **(headers or {})}
    )
