"""A file that somebody hands over in Slack: asked for by its id, and read with the workspace's own token."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.errors import UserError
from bot.core.message import FILE_MOST, File
from bot.platforms.slack.outcome import code_of
from bot.platforms.slack.teams import Team

PATIENCE = 10.0
"""Seconds for Slack to hand it over."""
UNREADABLE = (
    "The app may not read files here: add the scope files:read under OAuth & Permissions and reinstall the app."
)


async def read(team: Team, identity: str) -> File:
    """What was handed over. Raises UserError where it is too large, kept elsewhere, or Slack does not give it to us."""
    try:
        async with asyncio.timeout(PATIENCE):
            known = dict((await team.client.files_info(file=identity)).get("file") or {})
            name = str(known.get("name") or "the file")
            if int(known.get("size") or 0) > FILE_MOST:
                raise _too_large(name)
            address = str(known.get("url_private_download") or "")
            if known.get("is_external") or not _is_slacks(address, team.client.base_url):
                raise UserError(f"{name} is kept elsewhere than in Slack: upload it.")
            return File(name, await _content(address, team.client.token or "", name))
    except SlackApiError as error:
        if code_of(error) == "missing_scope":
            raise UserError(UNREADABLE) from error
        raise UserError(f"Slack did not hand over the file ({code_of(error)}). Try again in a minute.") from error
    except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise UserError("Slack did not hand over the file. Try again in a minute.") from error


async def _content(address: str, token: str, name: str) -> bytes:
    """Without a redirect, which is how Slack sends who may not read to a login page."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(address, allow_redirects=False) as answer,
    ):
        content = await answer.content.read(FILE_MOST + 1)
        while len(content) <= FILE_MOST and (more := await answer.content.read(FILE_MOST + 1 - len(content))):
            content += more
        if answer.status != 200:
            raise UserError(f"Slack did not hand over {name} (HTTP {answer.status}). Try again in a minute.")
    if len(content) > FILE_MOST:
        raise _too_large(name)
    return content


def _too_large(name: str) -> UserError:
    return UserError(f"{name} is larger than {FILE_MOST // 1_000_000} MB, which is the most.")


def _is_slacks(address: str, api: str) -> bool:
    """Whether the token may be sent there: to a host of Slack's, and in tests to the one that plays it."""
    asked, home = urlsplit(address), urlsplit(api)
    if (asked.scheme, asked.netloc) == (home.scheme, home.netloc):
        return True
    return asked.scheme == "https" and (asked.hostname or "").endswith(".slack.com")
