"""The channels and people behind the fake Slack, and its rules for blocks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from slack_sdk.models.blocks import Block

Payload = dict[str, Any]

SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "slack-blocks.schema.json"
TEAM, BOT = "T0NEWSROOM", "U0NEWSBELL"
GENERAL, ALERTS, PRIVATE, ARCHIVED, OPEN = "C0GENERAL", "C0ALERTS", "G0PRIVATE", "C0ARCHIVED", "C0OPEN"
DIRECT, GROUP = "D0MIA", "S0DESK"
SCOPES = (  # what a workspace grants that installed the app from our manifest
    "chat:write",
    "chat:write.public",
    "commands",
    "channels:history",
    "channels:join",
    "channels:read",
    "files:read",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "users:read",
    "usergroups:read",
    "app_mentions:read",
)


@dataclass
class Channel:
    id: str
    name: str
    private: bool = False
    archived: bool = False
    members: set[str] = field(default_factory=set)
    messages: list[Payload] = field(default_factory=list)
    teams: tuple[str, ...] = (TEAM,)
    """The workspaces that share it, the host first."""

    def payload(self) -> Payload:
        shared: Payload = {"conversation_host_id": self.teams[0], "shared_team_ids": list(self.teams)}
        return {
            "id": self.id,
            "name": self.name,
            "is_private": self.private,
            "is_archived": self.archived,
            "is_im": self.id[0] == "D",
            "is_ext_shared": len(self.teams) > 1,
            **(shared if len(self.teams) > 1 else {}),
        }


@dataclass
class User:
    id: str
    name: str
    admin: bool = False
    guest: bool = False
    team: str = TEAM

    def payload(self) -> Payload:
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.name.title(),
            "tz": "Europe/Berlin",
            "locale": "en-GB",
            "deleted": False,
            "is_admin": self.admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.guest,
            "is_ultra_restricted": False,
            "is_bot": False,
            "profile": {"display_name": self.name, "real_name": self.name.title()},
        }


class SlackError(Exception):
    """`{"ok": false, "error": ...}`, or an HTTP status of its own."""

    def __init__(self, error: str, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.headers = headers or {}
        self.body: Payload = {"ok": False, "error": error, **more}


CHART = "data_visualization"


def block_faults(blocks: list[Payload], most: int = 50, size: int = 13_200) -> list[str]:
    """What is wrong with blocks by the SDK's limits, and by rules that neither it nor the schema holds."""
    faults = []
    if len(blocks) > most:
        faults.append(f"{len(blocks)} blocks")
    if len(json.dumps(blocks, ensure_ascii=False)) > size:
        faults.append("msg_blocks_too_long")
    identities = [each["action_id"] for block in blocks for each in block.get("elements", ()) if each.get("action_id")]
    if len(identities) != len(set(identities)):
        faults.append("an action_id is there twice")
    for block in blocks:
        if block.get("type") == CHART:
            faults += _chart_faults(block)
            continue
        try:
            parsed = Block.parse(block)
            if parsed is None:
                faults.append(f"unknown block {block.get('type')}")
            else:
                parsed.to_dict()
        except Exception as error:
            faults.append(str(error))
        faults += [f"{each} is empty" for each in _empty_texts(block)]
    return faults


def schema_faults(blocks: list[Payload]) -> list[str]:
    """What the official types of Block Kit do not allow; nothing where their schema is not beside the repository."""
    if not SPEC.exists():
        return []
    known = [block for block in blocks if block.get("type") != CHART]
    return [error.message[:300] for block in known for error in _validator().iter_errors(block)]


def _chart_faults(block: Payload) -> list[str]:
    """What Slack's reference says of its chart, which is younger than the SDK's types."""
    chart = block["chart"]
    categories = chart["axis_config"]["categories"]
    faults = [] if chart["type"] == "bar" and 0 < len(block["title"]) <= 50 else ["chart's kind or title"]
    faults += [] if 1 <= len(categories) <= 20 and all(0 < len(each) <= 20 for each in categories) else ["categories"]
    for series in chart["series"]:
        if [point["label"] for point in series["data"]] != categories or not 0 < len(series["name"]) <= 20:
            faults.append("a series has a point for each category, in their order")
        faults += [f"{point} is no number" for point in series["data"] if not isinstance(point["value"], int)]
    return faults


def _empty_texts(value: Any) -> list[str]:
    found: list[str] = []
    if isinstance(value, dict):
        if "text" in value and isinstance(value["text"], str) and not value["text"]:
            found.append(str(value.get("type")))
        if value.get("type") == "section" and not (value.get("text") or value.get("fields")):
            found.append("section")
        if value.get("type", "").startswith("rich_text") and not value.get("elements"):
            found.append(value["type"])
        for each in value.values():
            found += _empty_texts(each)
    elif isinstance(value, list):
        for each in value:
            found += _empty_texts(each)
    return found


@cache
def _validator() -> Draft7Validator:
    schema = json.loads(SPEC.read_text())
    return Draft7Validator(_by_type(schema, schema["definitions"]))


def _by_type(schema: Any, definitions: Payload) -> Any:
    """The same schema, with each choice among types made by the type; its `anyOf` tries all of them at each depth."""
    if isinstance(schema, list):
        return [_by_type(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kinds = _kinds(schema, definitions) if "anyOf" in schema else None
    if not kinds:
        return {key: _by_type(value, definitions) for key, value in schema.items()}
    chosen = [{"if": {"properties": {"type": {"const": kind}}}, "then": {"$ref": ref}} for kind, ref in kinds.items()]
    return {"type": "object", "required": ["type"], "properties": {"type": {"enum": list(kinds)}}, "allOf": chosen}


def _kinds(schema: Payload, definitions: Payload) -> dict[str, str] | None:
    """The definitions among which it leaves the choice, by their type; None where a type does not tell them apart."""
    kinds: dict[str, str] = {}
    for each in schema["anyOf"]:
        definition = definitions.get(str(each.get("$ref")).removeprefix("#/definitions/"), {})
        if "anyOf" in definition:
            more = _kinds(definition, definitions)
        else:
            kind = definition.get("properties", {}).get("type", {}).get("const")
            more = {kind: each["$ref"]} if kind else None
        if more is None or more.keys() & kinds:
            return None
        kinds |= more
    return kinds


def text_of(message: Payload) -> str:
    """All the text that the blocks show: mrkdwn as it is, rich text with `*` around its bold words."""
    return "\n".join(filter(None, (_shown(block) for block in message.get("blocks") or ()))) or message.get("text", "")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "".join(_shown(each) for each in value)
    match value.get("type"):
        case "mrkdwn" | "plain_text":
            return str(value["text"]) + "\n"
        case "text" | "link" if "text" in value:
            return f"*{value['text']}*" if value.get("style", {}).get("bold") else str(value["text"])
        case "rich_text_section" | "rich_text_quote":
            return _shown(value["elements"]) + "\n"
        case "section":
            return _shown([value[key] for key in ("text",) if key in value]) + _shown(value.get("fields", []))
        case "broadcast":
            return f"<!{value['range']}>"
        case "usergroup":
            return f"<!subteam^{value['usergroup_id']}>"
        case "actions":
            return ""
        case _:
            return _shown(value.get("elements", []))


def buttons_of(message: Payload) -> dict[str, Payload]:
    return {
        each["text"]["text"]: each
        for block in message.get("blocks") or ()
        if block["type"] == "actions"
        for each in block["elements"]
    }
