"""Every workspace that took the app in: its token from the vault, kept fresh; what several share has one home."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from bot.core.errors import ChannelGone, NewsbellError, TryLater
from bot.platforms.slack.directory import REMEMBERED
from bot.platforms.slack.door import INSTALL
from bot.platforms.slack.install import Installations
from bot.platforms.slack.once import Marks
from bot.platforms.slack.teams import Clock, Team, introduced, is_out

log = structlog.get_logger(__name__)

AHEAD, TURN = timedelta(hours=2), timedelta(minutes=1)
"""How long before its end a token is traded for the next (they live for twelve hours), and what one try may take."""
SEALED_WAIT = timedelta(minutes=10)
TEAMS = 2000
"""Workspaces whose people and channels are remembered at a time."""
HANDED_OVER = 2000
"""Channels of which is remembered that they were handed over lately."""


class ManyTeams:
    """Every workspace that took the app in. `hand_over` is told of a channel that another of them looks after now."""

    renew = f"the app must be installed in this workspace again: open {INSTALL} at Newsbell's own address"

    def __init__(
        self,
        installations: Installations,
        rotator: AsyncTokenRotator,
        marks: Marks,
        api_url: str,
        clock: Clock,
        hand_over: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self.installations = installations
        self._rotator = rotator
        self._marks = marks
        self._api_url = api_url
        self._clock = clock
        self._hand_over = hand_over
        self._known: OrderedDict[str, Team] = OrderedDict()
        self._handed_over: OrderedDict[str, datetime] = OrderedDict()

    async def get(self, team: str) -> Team:
        """Asks our own database each time, so that what another process installed, renewed or erased is known here."""
        try:
            bot = await self.installations.async_find_bot(team_id=team)
        except NewsbellError as error:  # the key is missing, or the row was changed
            raise TryLater(str(error), SEALED_WAIT, refused=True, reach="tenant") from error
        if bot is None:
            raise ChannelGone(f"The app is not installed in this workspace: {self.renew}.")
        bot = await self._fresh(bot)
        known = self._known.get(team)
        if known is None or known.client.token != bot.bot_token:
            known = await introduced(bot.bot_token, self._api_url, self._clock, elsewhere=self._is_installed)
            self._known[team] = known
            if len(self._known) > TEAMS:
                self._known.popitem(last=False)
        self._known.move_to_end(team)
        return known

    async def hosting(self, team: Team, channel: str) -> Team:
        """A shared channel is its host's where the host has the app, else that of the workspace it was spoken from."""
        host, parties = await team.directory.shared(channel)
        if not host or (host != team.id and not await self._is_installed(host)):
            return team
        keeper = team if host == team.id else await self.get(host)
        for other in parties:
            # What it followed there before the host had the app would ring twice, and nobody could end it any more.
            if other != host and await self._is_installed(other):
                await self._handed(f"slack:{other}:{channel}", keeper)
        return keeper

    async def _handed(self, place: str, keeper: Team) -> None:
        """Asked at every word in a shared channel, done once in a while."""
        now = self._clock()
        if place in self._handed_over and now < self._handed_over[place] + REMEMBERED:
            return
        reason = f"The channel is {keeper.name}'s, which has the app too: what it follows is set up there now."
        await self._hand_over(place, reason)
        self._handed_over[place] = now
        self._handed_over.move_to_end(place)
        if len(self._handed_over) > HANDED_OVER:
            self._handed_over.popitem(last=False)

    async def gone(self, team: str) -> str | None:
        bot = await self.installations.async_find_bot(team_id=team)
        if bot is None or await is_out((await self._fresh(bot)).bot_token, self._api_url):
            self._known.pop(team, None)
            return team
        return None

    async def _is_installed(self, team: str) -> bool:
        return await self.installations.async_find_bot(team_id=team) is not None

    async def _fresh(self, bot: Bot) -> Bot:
        """With a token that lives for hours yet. One process at a time trades it; the old one is good until it ends."""
        ends = bot.bot_token_expires_at
        if ends is None or ends > self._clock().timestamp() + AHEAD.total_seconds():
            return bot
        if not await self._marks.put(f"slack rotation {bot.team_id}", TURN):
            return bot
        try:
            renewed = await self._rotator.perform_bot_token_rotation(
                bot=bot, minutes_before_expiration=int(AHEAD.total_seconds() // 60)
            )
        except (SlackTokenRotationError, SlackClientError, aiohttp.ClientError, OSError) as error:
            log.error("a workspace's token was not renewed", team=bot.team_id, reason=repr(error)[:300])
            return bot
        if renewed is None:
            return bot
        await self.installations.async_save_bot(renewed)
        log.info("a workspace's token was renewed", team=bot.team_id)
        return renewed
