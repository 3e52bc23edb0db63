"""Hears the slash command, mentions and presses of Slack, and answers through the router."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond
from slack_sdk.errors import SlackClientError

from bot.core.command import Invocation, Reply
from bot.core.errors import UserError
from bot.core.message import Kind, paragraph
from bot.core.router import Router, sorry
from bot.platforms.slack import files
from bot.platforms.slack.clerk import Clerk
from bot.platforms.slack.draw import OPEN, PRESS, Drawn, looks
from bot.platforms.slack.once import Marks
from bot.platforms.slack.outcome import taken
from bot.platforms.slack.teams import Team, Teams
from bot.platforms.slack.windows import FIRST, Followed, Windows
from bot.platforms.slack.words import after_mention

log = structlog.get_logger(__name__)

Body = dict[str, Any]
Next = Callable[[], Awaitable[None]]

TOLD_AGAIN = timedelta(hours=1)
"""How long an event's id is remembered: Slack tells it up to three more times, within some six minutes."""


class Listener:
    """The door: every kind of event becomes an invocation and a line, and every answer goes out the same way."""

    def __init__(self, router: Router, teams: Teams, marks: Marks, command: str, followed: Followed) -> None:
        self._clerk = Clerk(router, command)
        self._teams = teams
        self._marks = marks
        self._windows = Windows(self._clerk, teams, followed)

    def register(self, app: AsyncApp) -> None:
        app.middleware(self.once)
        app.command(self._clerk.command)(self.typed)
        app.event("app_mention")(self.mentioned)
        app.action(re.compile(f"^{re.escape(PRESS)}"))(self.pressed)
        app.action(re.compile(f"^{re.escape(OPEN)}"))(self.opened)
        self._windows.register(app)
        app.error(self.failed)

    async def once(self, body: Body, next: Next) -> BoltResponse | None:  # noqa: A002 - Bolt's name for it
        """Slack tells an event again when it did not hear that we heard: it is heard again, and nothing more."""
        is_event = body.get("type") == "event_callback"
        if is_event and not await self._marks.put(f"slack event {body.get('event_id')}", TOLD_AGAIN):
            return BoltResponse(status=200, body="")
        await next()
        return None

    async def typed(self, ack: AsyncAck, body: Body, context: AsyncBoltContext, respond: AsyncRespond) -> None:
        """The slash command with its words; without words a form that does the same by clicking."""
        await ack()
        text = body.get("text") or ""
        if not text.strip() and await self._form(body, context):
            return
        team = await self._at(context, body["channel_id"])
        named = body.get("channel_name", "")
        invocation = await team.directory.invocation(body["channel_id"], body["user_id"], named)
        wanting = await self._clerk.unfinished(invocation, text)
        if wanting and await self._form(body, context, *wanting):
            return
        reply = await self._clerk.typed(invocation, text)
        if team.directory.is_hidden(invocation, named):
            note = f"I am not in this channel and can post nothing here. Type /invite {team.bot} first."
            message = reply.message
            reply = Reply(replace(message, body=(*message.body, paragraph(note, kind=Kind.NOTE))), reply.private)
        await self._respond(respond, team, invocation, reply)

    async def _at(self, context: AsyncBoltContext, channel: str) -> Team:
        """Whose channel it is that somebody speaks in."""
        return await self._teams.hosting(await self._teams.get(context.team_id or ""), channel)

    async def _form(
        self, body: Body, context: AsyncBoltContext, command: str = FIRST, preset: Mapping[str, str] = {}
    ) -> bool:
        try:
            await self._windows.open(context, body["trigger_id"], body["channel_id"], command, preset)
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.warning("slack did not open a form", reason=str(error)[:200])
            return False
        return True

    async def pressed(self, ack: AsyncAck, body: Body, context: AsyncBoltContext, respond: AsyncRespond) -> None:
        """A press in an answer for one's own eyes changes that answer; in a channel it is answered privately."""
        await ack()
        if body.get("view"):
            await self._windows.pressed(body, context)
            return
        channel = body.get("channel") or {}
        team = await self._at(context, channel.get("id", ""))
        invocation = await team.directory.invocation(channel.get("id", ""), body["user"]["id"], channel.get("name", ""))
        reply = await self._clerk.pressed(invocation, body["actions"][0].get("value") or "help")
        own = bool((body.get("container") or {}).get("is_ephemeral"))
        await self._respond(respond, team, invocation, Reply(reply.message), replace=own, thread=_thread_of(body))

    async def opened(self, ack: AsyncAck) -> None:
        """A link was opened: Slack wants to hear that we heard."""
        await ack()

    async def mentioned(self, ack: AsyncAck, event: Body, context: AsyncBoltContext) -> None:
        await ack()
        if event.get("bot_id") or not event.get("user"):
            return
        team = await self._at(context, event["channel"])
        invocation = await team.directory.invocation(event["channel"], event["user"])
        text = after_mention(event.get("text") or "")
        try:
            if event.get("files") and self._clerk.wants_file(invocation, text):
                spoken_from = await self._teams.get(context.team_id or "")
                invocation = replace(invocation, files=(await files.read(spoken_from, event["files"][0]["id"]),))
            reply = await self._clerk.typed(invocation, text)
        except UserError as error:
            reply = Reply(sorry(error))
        thread = event.get("thread_ts")
        if reply.private:
            await taken(looks(reply.message), lambda drawn: _privately(team, invocation, drawn, thread))
            return

        async def say(drawn: Drawn) -> None:
            await team.client.chat_postMessage(
                channel=event["channel"],
                text=drawn.text,
                blocks=list(drawn.blocks),
                thread_ts=thread or event["ts"],
                unfurl_links=False,
                unfurl_media=False,
            )

        await taken(looks(reply.message), say)

    async def failed(self, error: Exception, body: Body) -> None:
        """The router never raises, so this is Slack's side: an expired address for answers, a scope that is missing."""
        log.error("slack event failed", kind=body.get("type") or body.get("command"), reason=repr(error)[:300])

    async def _respond(
        self,
        respond: AsyncRespond,
        team: Team,
        invocation: Invocation,
        reply: Reply,
        *,
        replace: bool = False,
        thread: str | None = None,
    ) -> None:
        """By the address that came with the event: it takes five answers in half an hour. Then by Slack's API."""
        for drawn in looks(reply.message):
            try:
                answer = await respond(
                    text=drawn.text,
                    blocks=list(drawn.blocks),
                    response_type="ephemeral" if reply.private else "in_channel",
                    replace_original=replace,
                    unfurl_links=False,
                    unfurl_media=False,
                    thread_ts=thread,
                )
            except (SlackClientError, aiohttp.ClientError, OSError) as error:
                log.warning("slack answer not taken", reason=repr(error)[:200])
                break
            if answer.status_code == 200:
                return
            log.warning("slack answer not taken", status=answer.status_code, reason=answer.body[:200])
            if "blocks" not in answer.body:
                break
        await taken([drawn, Drawn(drawn.text, ())], lambda each: _privately(team, invocation, each, thread))


async def _privately(team: Team, invocation: Invocation, drawn: Drawn, thread: str | None) -> None:
    await team.client.chat_postEphemeral(
        channel=invocation.channel.id.rpartition(":")[2],
        user=invocation.person.id.rpartition(":")[2],
        text=drawn.text,
        blocks=list(drawn.blocks),
        thread_ts=thread,
    )


def _thread_of(body: Body) -> str | None:
    """The thread in which a button stands; not that below the message that has it."""
    place = body.get("message") or body.get("container") or {}
    thread = place.get("thread_ts")
    return thread if thread != (place.get("ts") or place.get("message_ts")) else None
