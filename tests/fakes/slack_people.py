"""The people of the fake Slack: they type the slash command, mention the bot and press buttons, and see the answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack_world import BOT, DIRECT, GENERAL, TEAM, Payload, User, buttons_of, text_of

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

PATIENCE = 20.0  # seconds until a test gives up waiting for an answer
USES = 5
"""Answers that one address takes."""


@dataclass
class Answer:
    """What a person sees: an answer to one event."""

    message: Payload
    private: bool
    replaced: bool = False

    @property
    def text(self) -> str:
        return text_of(self.message)

    @property
    def buttons(self) -> dict[str, Payload]:
        return buttons_of(self.message)


@dataclass
class Address:
    """A response_url: five answers in thirty minutes."""

    uses: int = 0
    answers: asyncio.Queue[Answer] = field(default_factory=asyncio.Queue)


class SlackPeople:
    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self._addresses: dict[str, Address] = {}

    async def slash(
        self, text: str, *, user: User | None = None, channel: str = GENERAL, command: str = "/news"
    ) -> Answer:
        """Types the slash command; the first answer comes back."""
        return await self.answer(await self.type(text, user=user, channel=channel, command=command))

    async def type(self, text: str, *, user: User | None = None, channel: str = GENERAL, command: str = "/news") -> str:
        """Types the slash command; the key of the address for answers comes back."""
        user = user or self.slack.admin
        place = self.slack.channels.get(channel)
        name = place.name if place and (not place.private or channel == DIRECT) else "privategroup"
        key, url = self._address()
        await self.slack.wire.envelope(
            "slash_commands",
            {
                "command": command,
                "text": text,
                "team_id": user.team,
                "team_domain": "newsroom",
                "channel_id": channel,
                "channel_name": name,
                "user_id": user.id,
                "user_name": user.name,
                "response_url": url,
                "trigger_id": self.slack.views.trigger(user),
                "api_app_id": "A1",
                "is_enterprise_install": "false",
            },
        )
        return key

    async def press(
        self,
        message: Payload,
        label: str,
        *,
        user: User | None = None,
        channel: str = GENERAL,
        private: bool = False,
        team: str = "",
    ) -> Answer:
        """Presses a button of a posted message, or of an answer where `private`; `team` is whose app has posted it."""
        user = user or self.slack.admin
        key, url = self._address()
        action = {**buttons_of(message)[label], "action_ts": self.slack.ts(), "block_id": "b"}
        await self.slack.wire.envelope(
            "interactive",
            {
                "type": "block_actions",
                "team": {"id": team or user.team, "domain": "newsroom"},
                "user": {"id": user.id, "username": user.name, "team_id": user.team},
                "channel": {"id": channel, "name": self.slack.channels[channel].name},
                "container": {"type": "message", "channel_id": channel, "is_ephemeral": private, "message_ts": "1.1"},
                "actions": [action],
                "api_app_id": "A1",
                "trigger_id": self.slack.views.trigger(user),
                "response_url": url,
                **({} if private else {"message": message}),
            },
        )
        return await self.answer(key)

    async def mention(
        self,
        text: str,
        *,
        user: User | None = None,
        channel: str = GENERAL,
        event_id: str = "",
        thread: str = "",
        team: str = TEAM,
        file: str = "",
    ) -> None:
        """Writes to the bot in a channel. Its answer is the next of `ephemerals` or of `posted`."""
        event = {
            "type": "app_mention",
            "user": (user or self.slack.admin).id,
            "text": f"<@{BOT}> {text}",
            "ts": self.slack.ts(),
            "channel": channel,
            "team": team,
            **({"thread_ts": thread} if thread else {}),
            **({"files": [{"id": file, "file_access": "visible"}]} if file else {}),
        }
        await self.tell(event, event_id, team)

    async def tell(self, event: Payload, event_id: str = "", team: str = TEAM) -> None:
        """Tells the app of an event, for its installation in that workspace."""
        bot = self.slack.oauth.installs[team].bot
        body = {
            "type": "event_callback",
            "team_id": team,
            "api_app_id": "A1",
            "event": event,
            "event_id": event_id or f"Ev{self.slack.next()}",
            "event_time": 1,
            "authorizations": [{"team_id": team, "user_id": bot, "is_bot": True, "is_enterprise_install": False}],
        }
        await self.slack.wire.envelope("events_api", body)

    def _address(self) -> tuple[str, str]:
        key = f"a{self.slack.next()}"
        self._addresses[key] = Address()
        return key, f"http://127.0.0.1:{self.slack.port}/answers/{key}"

    async def answer(self, key: str) -> Answer:
        """The next answer at an address."""
        return await asyncio.wait_for(self._addresses[key].answers.get(), PATIENCE)

    async def answered(self, request: web.Request) -> web.Response:
        address = self._addresses[request.match_info["address"]]
        body = await request.json()
        address.uses += 1
        if address.uses > USES or self.slack.expired_addresses:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        if faults := self.slack.faults_of(body.get("blocks") or []):
            self.slack.invalid += faults
            return web.Response(status=400, text="invalid_blocks")
        private = body.get("response_type", "ephemeral") == "ephemeral"
        address.answers.put_nowait(Answer(body, private, bool(body.get("replace_original"))))
        return web.Response(text="ok")
