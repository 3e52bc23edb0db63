"""Any command as a window to fill in, drawn from its declaration, and what was filled in as its values; pure.

form      choose a command, fill in its options, press Go   (a new choice redraws the rest)
working   what stands there while the command runs: Slack wants its answer within three seconds
result    the answer, with its buttons, and a way back to the form
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.command import Choice, Command, Option, OptionKind
from bot.core.message import Message, Tone
from bot.platforms.plain import clean, cut, line
from bot.platforms.slack.draw import NOTHING, Block, draw, plain_text

View = dict[str, Any]

FORM, RESULT = "form", "result"
"""What a window is, in Slack's callback_id."""
CHOOSE, AGAIN, FIELD = "form:choose", "form:again", "field"
"""Action ids: another command was chosen, the form is wanted again, and the element of an option."""
WHERE = "where"
"""The block that asks for the channel where none is given: from the Home tab and from a shortcut."""

# Slack's limits (docs.slack.dev/reference/block-kit).
TITLE, LABEL, VALUE = 24, 75, 150
CHOICES = 100
COMPLAINT = 300
TYPED, LONG = 1000, 2000
YES = "yes"


@dataclass(frozen=True, slots=True)
class Form:
    """Which command is filled in, and for which channel ("C0123"; empty where the window asks for it)."""

    command: str
    channel: str = ""

    def to_text(self) -> str:
        return json.dumps([self.command, self.channel])

    @classmethod
    def of(cls, view: View) -> Form:
        """The form that a window of ours carries."""
        command, channel = json.loads(view.get("private_metadata") or '["", ""]')
        return cls(command, channel)


def form(wanted: Form, commands: Iterable[Command], spoken: Mapping[str, str], preset: Mapping[str, str] = {}) -> View:
    """The window for a command. `spoken` has the commands' names as they are typed here; `preset` is filled in."""
    known = {command.name: command for command in commands}
    command = known[wanted.command]
    blocks: list[Block] = [_chooser(command, known, spoken), _note(command.description)]
    if not wanted.channel:
        blocks.append(_input(WHERE, "Channel", "Where it is for", _conversations(current=True), optional=False))
    for option in command.options:
        if option.hidden:
            continue
        element = _element(option, str(preset.get(option.name) or ""))
        blocks.append(
            _input(
                _block(command, option),
                option.name.capitalize(),
                option.description,
                element,
                optional=not option.required or option.kind is OptionKind.FLAG,
            )
        )
    return {**_window(FORM, wanted, blocks), "submit": plain_text("Go"), "close": plain_text("Cancel")}


def working(wanted: Form) -> View:
    """Only to be replaced; without a button, so that nothing is sent twice."""
    return {**_window(RESULT, wanted, [_note("One moment…")]), "close": plain_text("Close")}


def result(wanted: Form, message: Message) -> View:
    again = {"type": "button", "action_id": AGAIN, "text": plain_text("Something else"), "value": wanted.command}
    # No pictures: a window that Slack refuses because of one could not be told apart from a bug.
    blocks = [*draw(message, image=False).blocks, {"type": "actions", "block_id": "again", "elements": [again]}]
    return {**_window(RESULT, wanted, blocks), "close": plain_text("Close")}


def complained(command: Command, message: Message) -> dict[str, str]:
    """What is wrong with a long text, where it is typed: the window stays open then, and the text in it."""
    long = next((option for option in command.options if option.long), None)
    if long is None or message.tone is not Tone.ERROR:
        return {}
    return {_block(command, long): cut(line(clean(message.text)), COMPLAINT) or NOTHING}


def _block(command: Command, option: Option) -> str:
    return f"{command.name}:{option.name}"


def values(command: Command, team: str, view: View) -> tuple[dict[str, Any], str]:
    """What was filled in, by option (a file by its id), and the channel that was chosen for it all."""
    state: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    filled: dict[str, Any] = {}
    for option in command.options:
        value = _filled(state.get(_block(command, option)))
        if value in (None, "", False):
            continue
        filled[option.name] = f"slack:{team}:{value}" if option.kind is OptionKind.CHANNEL else value
    return filled, str(_filled(state.get(WHERE)) or "")


def offered(choices: Sequence[Choice], typed: str) -> list[Block]:
    """Options for what is half typed. It can also be taken as it stands: a topic may be any words."""
    drawn: dict[str, Block] = {}
    for choice in choices:
        if 0 < len(choice.value) <= VALUE:
            drawn.setdefault(choice.value, _option(choice.label or choice.value, choice.value))
    own = line(clean(typed))
    if own and len(own) <= VALUE and own.casefold() not in {value.casefold() for value in drawn}:
        drawn[own] = _option(f"“{own}” as typed", own)
    return list(drawn.values())[:CHOICES]


def asked(block_id: str) -> tuple[str, str]:
    """The command and the option of an element's block."""
    command, _, option = block_id.rpartition(":")
    return command, option


def _window(kind: str, wanted: Form, blocks: Sequence[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": kind,
        "title": plain_text("Newsbell"),
        "private_metadata": wanted.to_text(),
        "blocks": list(blocks),
    }


def _chooser(command: Command, known: Mapping[str, Command], spoken: Mapping[str, str]) -> Block:
    def said(each: Command) -> Block:
        return _option(spoken.get(each.name, each.name), each.name, each.description)

    element = {
        "type": "static_select",
        "action_id": CHOOSE,
        "options": [said(each) for each in list(known.values())[:CHOICES]],
        "initial_option": said(command),
    }
    return {"type": "actions", "block_id": "choose", "elements": [element]}


def _element(option: Option, preset: str) -> Block:
    if option.kind in (OptionKind.CHANNEL, OptionKind.FLAG):
        return _conversations(current=False) if option.kind is OptionKind.CHANNEL else _flag(option)
    if option.kind is OptionKind.FILE:
        return {"type": "file_input", "action_id": FIELD, "max_files": 1}
    return _typed(option, preset)


def _typed(option: Option, preset: str) -> Block:
    start: Block
    if option.kind is OptionKind.INT:
        start = {"initial_value": str(option.default)} if option.default is not None else {}
        limits = {"min_value": str(option.least), "max_value": str(option.most)}
        return {"type": "number_input", "action_id": FIELD, "is_decimal_allowed": False, **limits, **start}
    if option.choices:
        options = [_option(choice.label or choice.value, choice.value) for choice in option.choices]
        chosen = [each for each in options if each["value"] == (preset or option.default)]
        start = {"initial_option": chosen[0]} if chosen else {}
        return {"type": "static_select", "action_id": FIELD, "options": options, **start}
    if option.long:
        start = {"initial_value": cut(preset, LONG)} if preset else {}
        return {"type": "plain_text_input", "action_id": FIELD, "multiline": True, "max_length": LONG, **start}
    if (option.complete or option.kind is OptionKind.ROLE) and len(preset) <= VALUE:
        start = {"initial_option": _option(preset, preset)} if preset else {}
        return {"type": "external_select", "action_id": FIELD, "min_query_length": 0, **start}
    start = {"initial_value": cut(preset, TYPED)} if preset else {}
    return {"type": "plain_text_input", "action_id": FIELD, "max_length": TYPED, **start}


def _flag(option: Option) -> Block:
    if option.default is None:  # what is not said stays as it is, so "no" must be there to be said
        return {"type": "static_select", "action_id": FIELD, "options": [_option("Yes", YES), _option("No", "no")]}
    return {"type": "checkboxes", "action_id": FIELD, "options": [_option(option.description, YES)]}


def _conversations(*, current: bool) -> Block:
    shown = {"include": ["public", "private"], "exclude_bot_users": True}
    default = {"default_to_current_conversation": True} if current else {}
    return {"type": "conversations_select", "action_id": FIELD, "filter": shown, **default}


def _filled(block: Mapping[str, Any] | None) -> Any:
    element = (block or {}).get(FIELD) or {}
    if element.get("type") == "checkboxes":
        return bool(element.get("selected_options"))
    if element.get("type") == "file_input":
        return next((each["id"] for each in element.get("files") or ()), None)
    if chosen := element.get("selected_option"):
        return chosen["value"]
    return element.get("selected_conversation") or element.get("value")


def _input(block_id: str, label: str, hint: str, element: Block, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "hint": plain_text(cut(hint, TYPED)),
        "element": element,
        "optional": optional,
    }


def _note(text: str) -> Block:
    return {"type": "context", "elements": [plain_text(text)]}


def _option(text: str, value: str, description: str = "") -> Block:
    shown: Block = {"text": plain_text(cut(line(clean(text)), LABEL) or NOTHING), "value": value}
    return {**shown, "description": plain_text(cut(description, LABEL))} if description else shown
