"""The windows and Home tabs of the fake Slack: opened, drawn again, filled in, and pressed by its people."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from slack_sdk.models.views import View as SdkView

from tests.fakes.slack_world import GENERAL, Payload, SlackError, User, block_faults, schema_faults, text_of

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

PATIENCE = 20.0
FIELDS = {
    "modal": {
        "type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "clear_on_close",
        "notify_on_close", "external_id", "submit_disabled",
    },
    "home": {"type", "blocks", "private_metadata", "callback_id", "external_id"},
}  # fmt: skip


class Window:
    """A view as one person sees it. `drawn` counts its versions."""

    def __init__(self, identity: str, user: User, view: Payload) -> None:
        self.id, self.user, self.view = identity, user, view
        self.drawn = 1
        self.errors: dict[str, str] = {}
        self.changed = asyncio.Condition()

    @property
    def text(self) -> str:
        return text_of(self.view)

    @property
    def inputs(self) -> dict[str, Payload]:
        """The elements to fill in, by block id."""
        return {block["block_id"]: block["element"] for block in self.view["blocks"] if block["type"] == "input"}

    def payload(self) -> Payload:
        return {
            "id": self.id,
            "team_id": self.user.team,
            "hash": f"h{self.drawn}",
            "root_view_id": self.id,
            **self.view,
        }

    def element(self, label: str, place: int = 0) -> tuple[str, Payload]:
        """The button or select with that label or action id, and its block; which of them, counted from 0."""
        found = [
            (block.get("block_id", "b"), each)
            for block in self.view["blocks"]
            if block["type"] == "actions"
            for each in block["elements"]
            if label in (each.get("text", {}).get("text"), each.get("action_id"))
        ]
        return found[place]

    def has(self, label: str) -> bool:
        return any(label in str(block) for block in self.view["blocks"])

    async def redraw(self, view: Payload) -> None:
        async with self.changed:
            self.view = view
            self.drawn += 1
            self.changed.notify_all()

    async def complain(self, errors: dict[str, str]) -> None:
        """The window stays as it is, with a word below each of these inputs."""
        async with self.changed:
            self.errors = errors
            self.drawn += 1
            self.changed.notify_all()

    async def redrawn(self, since: int) -> None:
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: self.drawn > since)

    async def shows(self, words: str) -> Window:
        """Waits until these words stand in it."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: words in self.text or words in str(self.view))
        return self


class SlackViews:
    """What people do in windows; each opens within three seconds of what it answers, and only once."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.windows: dict[str, Window] = {}
        self.homes: dict[str, Window] = {}
        self.opened: asyncio.Queue[Window] = asyncio.Queue()
        self.refuse = False
        self._triggers: dict[str, User] = {}
        self._suggestions: asyncio.Queue[list[Payload]] = asyncio.Queue()

    def trigger(self, user: User) -> str:
        trigger = f"{self.slack.next()}.1.abc"
        self._triggers[trigger] = user
        return trigger

    # The Web API's side

    def open(self, arguments: Payload) -> Payload:
        user = self._triggers.pop(arguments["trigger_id"], None)
        if user is None or self.refuse:
            raise SlackError("expired_trigger_id")
        self._check(arguments["view"], "modal")
        window = Window(f"V{self.slack.next()}", user, arguments["view"])
        self.windows[window.id] = window
        self.opened.put_nowait(window)
        return {"view": window.payload()}

    async def update(self, arguments: Payload) -> Payload:
        window = self.windows.get(arguments["view_id"])
        if window is None:
            raise SlackError("not_found")
        self._check(arguments["view"], "modal")
        await window.redraw(arguments["view"])
        return {"view": window.payload()}

    async def publish(self, arguments: Payload) -> Payload:
        self._check(arguments["view"], "home")
        user = self.slack.users[arguments["user_id"]]
        home = self.homes.setdefault(user.id, Window(f"V{self.slack.next()}", user, {"type": "home", "blocks": []}))
        await home.redraw(arguments["view"])
        return {"view": home.payload()}

    def _check(self, view: Payload, kind: str) -> None:
        faults = view_faults(view, kind)
        if faults:
            self.slack.invalid += faults
            raise SlackError("invalid_arguments", response_metadata={"messages": faults})

    # People

    async def window(self) -> Window:
        """The next window that opens."""
        return await asyncio.wait_for(self.opened.get(), PATIENCE)

    async def home(self, user: User | None = None) -> Window:
        """Opens the Home tab, and waits until it was drawn."""
        user = user or self.slack.admin
        home = self.homes.setdefault(user.id, Window(f"V{self.slack.next()}", user, {"type": "home", "blocks": []}))
        drawn = home.drawn
        event = {"type": "app_home_opened", "user": user.id, "channel": "D1", "tab": "home"}
        await self.slack.tell(event, team=user.team)
        await home.redrawn(drawn)
        return home

    async def choose(self, window: Window, action_id: str, value: str) -> None:
        """Picks an option of a select that acts at once, and waits for the window to be drawn again."""
        drawn = window.drawn
        block, element = window.element(action_id)
        option = next(each for each in element["options"] if each["value"] == value)
        await self._act(window, block, {"type": element["type"], "action_id": action_id, "selected_option": option})
        await window.redrawn(drawn)

    async def press(self, window: Window, label: str, place: int = 0) -> None:
        """Presses the button with that label. Asks nobody whether they are sure."""
        block, element = window.element(label, place)
        await self._act(window, block, {**element, "action_ts": self.slack.ts()})

    async def _act(self, window: Window, block: str, action: Payload) -> None:
        await self.slack.wire.envelope(
            "interactive",
            {
                **self._who(window.user),
                "type": "block_actions",
                "trigger_id": self.trigger(window.user),
                "container": {"type": "view", "view_id": window.id},
                "view": window.payload(),
                "actions": [{**action, "block_id": block}],
            },
        )

    async def suggestions(self, window: Window, block_id: str, typed: str) -> list[Payload]:
        """Types into a select whose options come from the app."""
        element = window.inputs[block_id]
        assert element["type"] == "external_select"
        await self.slack.wire.envelope(
            "interactive",
            {
                **self._who(window.user),
                "type": "block_suggestion",
                "container": {"type": "view", "view_id": window.id},
                "view": window.payload(),
                "action_id": element["action_id"],
                "block_id": block_id,
                "value": typed,
            },
        )
        return await asyncio.wait_for(self._suggestions.get(), PATIENCE)

    async def submit(self, window: Window, **filled: Any) -> None:
        """Fills in by the name of the option, and presses the window's own button. Its answer is taken by `acted`."""
        values = {}
        for block_id, element in window.inputs.items():
            value = filled.pop(block_id.rpartition(":")[2], element.get("initial_value"))
            values[block_id] = {element["action_id"]: _state(element, value)}
        assert not filled, f"the window does not ask for {filled}"
        payload = {
            **self._who(window.user),
            "type": "view_submission",
            "trigger_id": self.trigger(window.user),
            "view": {**window.payload(), "state": {"values": values}},
            "response_urls": [],
        }
        await self.slack.wire.envelope("interactive", payload)

    async def shortcut(self, callback_id: str, user: User | None = None, **more: Any) -> None:
        """A global shortcut; with `message` and `channel` one on a message."""
        user = user or self.slack.admin
        kind = "message_action" if "message" in more else "shortcut"
        if "channel" in more:
            more["channel"] = {"id": more["channel"], "name": "x"}
        await self.slack.wire.envelope(
            "interactive",
            {
                **self._who(user),
                "type": kind,
                "callback_id": callback_id,
                "trigger_id": self.trigger(user),
                "action_ts": self.slack.ts(),
                **more,
            },
        )

    async def acted(self, envelope: Payload, answer: Payload) -> None:
        """What an acknowledgement said: a window that takes the place of another, or options."""
        if "options" in answer:
            for option in answer["options"]:
                if len(option["text"]["text"]) > 75 or not 0 < len(option["value"]) <= 150:
                    self.slack.invalid.append(f"an option is too long: {option}")
            if len(answer["options"]) > 100:
                self.slack.invalid.append("too many options")
            self._suggestions.put_nowait(answer["options"])
        elif answer.get("response_action") == "update":
            self._check(answer["view"], "modal")
            if window := self.windows.get(envelope["view"]["id"]):
                await window.redraw(answer["view"])
        elif answer.get("response_action") == "errors":
            if window := self.windows.get(envelope["view"]["id"]):
                assert set(answer["errors"]) <= set(window.inputs)
                await window.complain(answer["errors"])
        elif answer:
            self.slack.invalid.append(f"an acknowledgement says {sorted(answer)}")

    @staticmethod
    def _who(user: User) -> Payload:
        return {
            "team": {"id": user.team, "domain": "newsroom"},
            "user": {"id": user.id, "name": user.name, "team_id": user.team},
            "api_app_id": "A1",
            "token": "x",
            "is_enterprise_install": False,
        }


def view_faults(view: Payload, kind: str) -> list[str]:
    """What is wrong with a view by the SDK's limits, the official types of its blocks, and Slack's own pages."""
    faults = [f"a view has no {name}" for name in view if name not in FIELDS[kind]]
    if view.get("type") != kind:
        faults.append(f"a {view.get('type')} where a {kind} belongs")
    blocks = view.get("blocks") or []
    if not 0 < len(blocks) <= 100:
        faults.append(f"{len(blocks)} blocks in a view")
    try:
        SdkView(**view).to_dict()
    except Exception as error:
        faults.append(str(error))
    identities = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(identities) != len(set(identities)):
        faults.append("a block_id is there twice")
    if any(block["type"] == "input" for block in blocks) and not view.get("submit"):
        faults.append("inputs without a submit button")
    faults += block_faults(blocks, most=100, size=250_000) + schema_faults(blocks)
    return faults


def _state(element: Payload, value: Any) -> Payload:
    kind = element["type"]
    match kind:
        case "external_select" | "static_select":
            chosen = {"text": {"type": "plain_text", "text": str(value)}, "value": value} if value else None
            return {"type": kind, "selected_option": chosen or element.get("initial_option")}
        case "conversations_select":
            start = GENERAL if element.get("default_to_current_conversation") else None
            return {"type": kind, "selected_conversation": value or start}
        case "file_input":
            return {"type": kind, "files": [{"id": value}] if value else []}
        case "checkboxes":
            return {"type": kind, "selected_options": element["options"] if value else []}
        case _:
            return {"type": kind, "value": None if value is None else str(value)}
