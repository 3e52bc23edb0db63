"""What became of one request to Slack, in the words of the house. The SDK's own retries are off where it is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.errors import ChannelGone, DeliveryError, Rejected, TryLater
from bot.platforms.slack.draw import Drawn

log = structlog.get_logger(__name__)

T = TypeVar("T")

TIMEOUT = 10.0  # seconds; below half the outbox's lease of 30
WRONG_TOKEN_WAIT = timedelta(minutes=10)

GONE = {
    "channel_not_found": "Slack does not show this channel to the bot: if it is private, type /invite {bot} in it; "
    "if it was deleted, choose another channel.",
    "is_archived": "The channel is archived: unarchive it, or choose another channel.",
    "not_in_channel": "Invite the bot to the channel: type /invite {bot} there.",
    "account_inactive": "The app was removed from this workspace: install it again, then subscribe again.",
    "token_revoked": "The app's token was revoked in this workspace: install the app again, then subscribe again.",
    "missing_scope": "The app lacks the scope {needed}: add it under OAuth & Permissions and reinstall the app.",
    "restricted_action": "Only some people may post in this channel: allow {bot} in its posting permissions, "
    "or choose another channel.",
    "cannot_dm_bot": "Slack does not deliver messages to this bot: choose a channel.",
    "user_disabled": "This person has left the workspace.",
    "messages_tab_disabled": "Messages to the app are off: turn on App Home > Messages Tab.",
    "team_access_not_granted": "The app may not act in this workspace: ask an admin to approve it.",
    "org_login_required": "The workspace is being moved by its owner: try again when that is done.",
    "mpim_not_found": "The group conversation does not exist any more: choose another channel.",
}
"""Errors that close the channel to us, each with what a person can do."""
ALIASES = {
    "restricted_action_read_only_channel": "restricted_action",
    "restricted_action_thread_only_channel": "restricted_action",
    "restricted_action_non_threadable_channel": "restricted_action",
    "posting_to_general_channel_denied": "restricted_action",
    "no_permission": "restricted_action",
    "access_denied": "restricted_action",
    "method_not_supported_for_channel_type": "channel_not_found",
    "app_uninstalled": "account_inactive",
}
REFUSED_BLOCKS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
"""A picture that cannot be fetched, a young kind of block, or too much of them."""
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
UNKNOWN = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
"""Slack does not say whether it acted before these."""
OUT = {"account_inactive", "token_revoked", "invalid_auth", "app_uninstalled", "not_authed"}
"""What an app's token gets after it was removed from its workspace."""
WRONG_TOKEN = {"invalid_auth", "not_authed", "token_expired", "not_allowed_token_type"}


async def taken(looks: Sequence[Drawn], say: Callable[[Drawn], Awaitable[T]]) -> T:
    """Says it in the first look whose blocks Slack does not refuse before acting. Raises as the SDK does."""
    for drawn in looks[:-1]:
        try:
            return await say(drawn)
        except SlackApiError as error:
            if code_of(error) not in REFUSED_BLOCKS:
                raise
            log.warning("slack refused blocks", reason=code_of(error))
    return await say(looks[-1])


@asynccontextmanager
async def judged(bot: str = "@Newsbell", *, renew: str) -> AsyncIterator[None]:
    """Turns whatever happens inside into TryLater, Rejected or ChannelGone.

    `bot` is how people call the bot, `renew` what they do about a token that is not taken.
    """
    try:
        async with asyncio.timeout(TIMEOUT):
            yield
    except DeliveryError:
        raise
    except SlackApiError as error:
        raise meaning(error, bot, renew) from error
    except aiohttp.ClientConnectorError as error:
        raise TryLater("Slack cannot be reached") from error
    except TimeoutError as error:
        raise TryLater(f"Slack did not answer within {TIMEOUT:.0f} s", unknown=True) from error
    except (aiohttp.ClientError, OSError, SlackClientError) as error:
        raise TryLater(f"The connection to Slack broke ({type(error).__name__})", unknown=True) from error


def meaning(error: SlackApiError, bot: str, renew: str) -> DeliveryError:
    """An error of Slack's Web API in the words of the house."""
    response: Any = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    code = code_of(error)
    if status == 429 or code in BUSY:
        return TryLater("Slack asks the bot to slow down", retry_after(response), refused=True)
    if status >= 500 or code in UNKNOWN or not code:
        # A page that is not JSON comes from something before Slack, which may have passed the request on.
        return TryLater(f"Slack answered {code or status}", unknown=True)
    if code in WRONG_TOKEN:
        return TryLater(
            f"Slack does not accept the bot's token ({code}): {renew}",
            WRONG_TOKEN_WAIT,
            refused=True,
            reach="tenant",
        )
    code = ALIASES.get(code, code)
    if code in GONE:
        return ChannelGone(GONE[code].format(bot=bot, needed=response.get("needed") or "that it needs"))
    details = "; ".join(map(str, (response.get("response_metadata") or {}).get("messages", ())))
    return Rejected(f"Slack refused the message ({code}){f': {details[:300]}' if details else ''}")


def code_of(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def retry_after(response: Any) -> timedelta:
    headers = {str(key).casefold(): value for key, value in (getattr(response, "headers", None) or {}).items()}
    try:
        seconds = float(headers.get("retry-after", 30))
    except ValueError:
        seconds = 30.0
    return timedelta(seconds=min(max(seconds, 1), 3600))
