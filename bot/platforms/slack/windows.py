"""What people do by clicking: forms for every command, and shortcuts; the answers stand in the same window."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot.core.command import Invocation
from bot.core.errors import UserError
from bot.core.message import Message, paragraph
from bot.core.model import Subscription
from bot.core.router import sorry
from bot.platforms.slack import files
from bot.platforms.slack.clerk import Clerk, file_of
from bot.platforms.slack.draw import PRESS
from bot.platforms.slack.form import (
    AGAIN,
    CHOOSE,
    FIELD,
    FORM,
    Form,
    View,
    asked,
    complained,
    form,
    offered,
    result,
    values,
    working,
)
from bot.platforms.slack.home import FILL, PAGE, channel_of, home
from bot.platforms.slack.home import wanted as filled_in
from bot.platforms.slack.outcome import code_of
from bot.platforms.slack.teams import Team, Teams

log = structlog.get_logger(__name__)

Body = dict[str, Any]
Followed = Callable[[str], Awaitable[Sequence[Subscription]]]

FIRST = "subscribe"
"""The command of a form that nobody asked for by name; also the callback_id of the global shortcut."""
MORE = "more"
WHY = "why"
"""The callback_ids of the message shortcuts, and the commands that they run."""
AT_ONCE, SETTLED = 1.5, 0.5
"""Seconds: an answer so quick is the acknowledgement, for which Slack waits three; and until that has surely left."""
STATUS = "status"
HOMES = 2000
"""People whose Home tab is drawn again when they change something in a window."""
CLOSED = {"not_found", "expired_trigger_id"}
"""The person has closed the window, or it took too long to open one: there is nobody to tell."""


class Windows:
    """`followed` tells a tenant's subscriptions. A window belongs to the workspace in which it was opened."""

    def __init__(self, clerk: Clerk, teams: Teams, followed: Followed) -> None:
        self._clerk = clerk
        self._teams = teams
        self._followed = followed
        self._at_home: OrderedDict[tuple[str, str], int] = OrderedDict()

    def register(self, app: AsyncApp) -> None:
        app.action(CHOOSE)(self.chosen)
        app.action(AGAIN)(self.again)
        app.view(FORM)(self.submitted)
        app.options(FIELD)(self.completed)
        app.shortcut(FIRST)(self.shortcut)
        app.shortcut(MORE)(self.about_message)
        app.shortcut(WHY)(self.about_message)
        app.event("app_home_opened")(self.came_home)
        app.action(re.compile(f"^{re.escape(FILL)}"))(self.fill)
        app.action(re.compile(f"^{re.escape(PAGE)}"))(self.turned)

    async def open(
        self,
        context: AsyncBoltContext,
        trigger_id: str,
        channel: str = "",
        command: str = FIRST,
        preset: Mapping[str, str] = {},
    ) -> None:
        """A form in front of the person. Raises SlackApiError where Slack does not open it."""
        team = await self._team(context)
        await team.client.views_open(trigger_id=trigger_id, view=self._form(Form(command, channel), preset))

    async def chosen(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """Another command was chosen: the form is drawn again with its options."""
        await ack()
        view = body["view"]
        command = body["actions"][0]["selected_option"]["value"]
        await _show(await self._team(context), view["id"], self._form(Form(command, Form.of(view).channel)))

    async def again(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        view = body["view"]
        await _show(await self._team(context), view["id"], self._form(Form.of(view)))

    async def shortcut(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """From anywhere in Slack, so the form asks for the channel."""
        await ack()
        await self.open(context, body["trigger_id"])

    async def about_message(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """A command on a message: by the number that an alert of ours carries, or by what the message says."""
        await ack()
        command = body["callback_id"]
        team = await self._team(context)
        opened = await team.client.views_open(trigger_id=body["trigger_id"], view=working(Form(command)))
        wanted = Form(command, body["channel"]["id"])
        answer = await self._answer(team, body["user"]["id"], wanted, line=about(body["message"], command))
        await _tell(team, opened["view"]["id"], wanted, answer)

    async def submitted(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """A filled form. What is quick stands in the acknowledgement itself; else a word does, until it is there."""
        user, view, team = body["user"]["id"], body["view"], await self._team(context)
        answering = asyncio.create_task(self._answer_form(team, user, view))
        if (await asyncio.wait({answering}, timeout=AT_ONCE))[0]:
            wanted, message = answering.result()
            command = self._clerk.find(wanted.command)
            if command and (errors := complained(command, message)):
                await ack(response_action="errors", errors=errors)
                return
            await ack(response_action="update", view=result(wanted, message))
        else:
            await ack(response_action="update", view=working(Form.of(view)))
            wanted, message = await answering
            # An acknowledgement leaves a moment after it was made, and would take the place of what came before it.
            await asyncio.sleep(SETTLED)
            await _tell(team, view["id"], wanted, message)
        await self._redraw_home(team, user)

    async def _answer_form(self, team: Team, user: str, view: View) -> tuple[Form, Message]:
        wanted = Form.of(view)
        command = self._clerk.find(wanted.command)
        if command is None:
            return wanted, Message(title=f"There is no {wanted.command} any more.")
        filled, where = values(command, team.id, view)
        wanted = Form(wanted.command, where or wanted.channel)
        return wanted, await self._answer(team, user, wanted, filled=filled, chosen=True)

    async def pressed(self, body: Body, context: AsyncBoltContext) -> None:
        """A button of an answer in a window: the next answer takes its place. One on the Home tab opens a window."""
        view, action, user = body["view"], body["actions"][0], body["user"]["id"]
        wanted, view_id, team = Form.of(view), view["id"], await self._team(context)
        if view["type"] == "home":
            wanted = Form("", channel_of(action.get("block_id", "")))
            opened = await team.client.views_open(trigger_id=body["trigger_id"], view=working(wanted))
            view_id = opened["view"]["id"]
        answer = await self._answer(team, user, wanted, line=str(action.get("value") or "help"), chosen=True)
        await _tell(team, view_id, wanted, answer)
        await self._redraw_home(team, user)

    async def came_home(self, ack: AsyncAck, event: Body, context: AsyncBoltContext) -> None:
        await ack()
        if event.get("tab", "home") == "home":
            await self._draw_home(await self._team(context), event["user"])

    async def turned(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        await self._draw_home(await self._team(context), body["user"]["id"], int(body["actions"][0]["value"]))

    async def fill(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """A button of the Home tab that wants a form."""
        await ack()
        command, channel, preset = filled_in(body["actions"][0]["value"])
        await self.open(context, body["trigger_id"], channel, command, preset)

    async def _draw_home(self, team: Team, user: str, page: int = 1) -> None:
        invocation = await team.directory.invocation("", user)
        names = {command.name: command for command in self._clerk.commands}
        status = (await self._clerk.pressed(invocation, STATUS)).message if STATUS in names else None
        view = home(invocation, await self._followed(invocation.tenant), names, status, page)
        await team.client.views_publish(user_id=user, view=view)
        self._at_home[team.id, user] = page
        self._at_home.move_to_end((team.id, user))
        if len(self._at_home) > HOMES:
            self._at_home.popitem(last=False)

    async def _redraw_home(self, team: Team, user: str) -> None:
        """For who may be looking at it; everybody else's is drawn when they come."""
        if page := self._at_home.get((team.id, user)):
            await self._draw_home(team, user, page)

    async def completed(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        """Options while somebody types."""
        command, option = asked(body["block_id"])
        team = await self._team(context)
        invocation = await team.directory.bare(Form.of(body["view"]).channel, body["user"]["id"])
        typed = str(body.get("value") or "")
        await ack(options=offered(await self._clerk.choices(invocation, command, option, typed), typed))

    async def _team(self, context: AsyncBoltContext) -> Team:
        return await self._teams.get(context.team_id or "")

    def _form(self, wanted: Form, preset: Mapping[str, str] = {}) -> View:
        known = self._clerk.find(wanted.command) or self._clerk.find(FIRST) or self._clerk.commands[0]
        return form(Form(known.name, wanted.channel), self._clerk.commands, self._clerk.spoken, preset)

    async def _answer(
        self,
        team: Team,
        user: str,
        wanted: Form,
        *,
        line: str = "",
        filled: Mapping[str, Any] | None = None,
        chosen: bool = False,
    ) -> Message:
        chosen = chosen and bool(wanted.channel)
        opened_in, team = team, await self._teams.hosting(team, wanted.channel)
        invocation = await team.directory.invocation(wanted.channel, user, chosen=chosen)
        if filled is not None:
            try:
                filled = await self._with_file(opened_in, invocation, wanted, filled)
            except UserError as error:
                return sorry(error)
            return (await self._clerk.filled(invocation, wanted.command, filled)).message
        return (await self._clerk.pressed(invocation, line)).message

    async def _with_file(
        self, team: Team, invocation: Invocation, wanted: Form, filled: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What was filled in, with the file in place of its id. Raises UserError where Slack does not hand it over."""
        command = self._clerk.find(wanted.command)
        option = file_of(command) if command else ""
        if command is None or option not in filled or not self._clerk.allows(invocation, command):
            return filled
        return {**filled, option: await files.read(team, filled[option])}


async def _tell(team: Team, view_id: str, wanted: Form, message: Message) -> None:
    try:
        await _show(team, view_id, result(wanted, message))
    except SlackApiError as error:
        log.warning("slack refused a window", reason=code_of(error))
        await _show(team, view_id, result(wanted, Message(body=(paragraph(message.text[:2000]),))))


async def _show(team: Team, view_id: str, view: View) -> None:
    try:
        await team.client.views_update(view_id=view_id, view=view)
    except SlackApiError as error:
        if code_of(error) not in CLOSED:
            raise


def about(message: Body, command: str = MORE) -> str:
    """The line that asks about a message: by the number on its alert's button, or by its words and its previews'."""
    for block in message.get("blocks") or ():
        for element in block.get("elements") or ():
            value = str(element.get("value") or "")
            if str(element.get("action_id", "")).startswith(PRESS) and value.startswith(f"{MORE} "):
                return f"{command} {value.removeprefix(MORE).strip()}"
    if command == WHY:
        return f"{command} 0"  # no alert of ours: it is answered as an article that is not known
    titles = [str(each.get("title") or each.get("fallback") or "") for each in message.get("attachments") or ()]
    return " ".join((command, *" ".join((str(message.get("text") or ""), *titles)).split()))[:1900]
