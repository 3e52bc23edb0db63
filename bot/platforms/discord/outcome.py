"""What became of one request to Discord: the library's retries are off here, as the outbox does the trying again.

discord.py itself would wait out a 429 and try a 500 five times, up to 25 seconds, which is longer than a delivery's
lease; and from outside one could not tell a request that never left from one that was acted on. So the requests of the
outbox are watched through the library's `http_trace`, and end with the first answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import discord

from bot.core.errors import ChannelGone, DeliveryError, Rejected, TryLater

TIMEOUT = 10.0  # seconds; below half the outbox's lease of 30
TOKEN_WAIT = timedelta(minutes=10)
"""After a 401 nothing helps but a new token, and 10,000 refusals within ten minutes ban the address."""

NOT_A_PLACE = (50008, 50024)
"""Error codes of a channel that cannot hold messages: a category, a voice channel closed to text."""
NO_INBOX = (50007, 50278)
"""The person lets nobody write, or shares no server with the bot any more."""
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
CLOSED = {
    **dict.fromkeys(NOT_A_PLACE, "The channel takes no messages: choose another with /subscribe"),
    # One that is not locked opens by itself when somebody writes in it.
    50083: "The thread is archived and locked: open it again, or choose another channel with /subscribe",
}
CLOSED_INBOX = (
    "Discord does not let the bot write to this person: allow direct messages from a server that you share with the "
    "bot (Privacy Settings), then subscribe again"
)


@dataclass
class Request:
    """`left` is true once the request's head is on the wire; `acting` once it may have been acted on."""

    left: bool = False
    acting: bool = False


current: ContextVar[Request | None] = ContextVar("current", default=None)


def trace() -> aiohttp.TraceConfig:
    """For `discord.Client(http_trace=...)`; other requests of the client are not touched."""

    async def begins(_session: object, _context: object, _parameters: object) -> None:
        if request := current.get():
            request.left = request.acting = False

    async def leaves(_session: object, _context: object, parameters: aiohttp.TraceRequestHeadersSentParams) -> None:
        if request := current.get():
            request.left = True
            request.acting = parameters.method != "GET"

    async def ends(_session: object, _context: object, parameters: aiohttp.TraceRequestEndParams) -> None:
        if request := current.get():
            judge(parameters.response, acting=request.acting)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(begins)
    config.on_request_headers_sent.append(leaves)
    config.on_request_end.append(ends)
    return config


class BotMustWait(TryLater):
    """All of the bot's requests are meant, and not this channel's alone."""

    def __init__(self, text: str, after: timedelta) -> None:
        super().__init__(text, after, refused=True, reach="platform")
        self.wait = after


def judge(response: aiohttp.ClientResponse, *, acting: bool) -> None:
    """Raises TryLater for the answers that discord.py would sit out or try again by itself."""
    if response.status == 429:
        try:
            seconds = float(response.headers.get("Retry-After", ""))
        except ValueError:
            seconds = 5.0
        after = timedelta(seconds=min(max(seconds, 0.1), 3600))
        # Without `Via` it is the wall in front of Discord that speaks, and it means the whole address.
        if "X-RateLimit-Global" in response.headers or "Via" not in response.headers:
            raise BotMustWait("Discord asks the bot to slow down", after)
        raise TryLater("Discord asks the bot to slow down in this channel", after, refused=True)
    if response.status >= 500:
        raise TryLater(f"Discord answered {response.status}", unknown=acting)


@asynccontextmanager
async def judged(advice: Callable[[], str]) -> AsyncIterator[None]:
    """Turns whatever happens inside into TryLater, Rejected or ChannelGone; `advice` says how a right is given."""
    request = Request()
    token = current.set(request)
    try:
        async with asyncio.timeout(TIMEOUT):
            yield
    except DeliveryError:
        raise
    except TimeoutError as error:
        if request.left:
            raise TryLater(f"Discord did not answer within {TIMEOUT:.0f} s", unknown=request.acting) from error
        # Not yet on the wire: the library was waiting for a rate limit's bucket to fill.
        raise TryLater("Discord's rate limit is used up", timedelta(seconds=2), refused=True) from error
    except aiohttp.ClientConnectorError as error:
        raise TryLater("Discord cannot be reached") from error
    except (aiohttp.ClientError, OSError) as error:
        raise TryLater(f"The connection to Discord broke ({type(error).__name__})", unknown=request.acting) from error
    except discord.HTTPException as error:
        raise meaning(error, advice) from error
    finally:
        current.reset(token)


def meaning(error: discord.HTTPException, advice: Callable[[], str]) -> DeliveryError:
    """A refusal of Discord in the words of the house."""
    if error.status == 401:
        return wrong_token()
    if error.code == 0 and error.status in (403, 404):
        # No error code of Discord's: a proxy or firewall in between said it, and the channel is not to blame.
        return TryLater(f"Something before Discord answered {error.status}", timedelta(minutes=1), refused=True)
    if error.code == UNKNOWN_MESSAGE:
        return Rejected("The message was deleted in Discord")
    if error.status == 404 or error.code in CLOSED:
        return ChannelGone(
            CLOSED.get(error.code, "The channel does not exist any more: choose another with /subscribe")
        )
    if error.status == 403:
        return ChannelGone(CLOSED_INBOX if error.code in NO_INBOX else advice())
    return Rejected(f"Discord refused the message ({error.code}): {error.text[:300]}")


def wrong_token() -> BotMustWait:
    return BotMustWait(
        "Discord does not accept the bot's token: make a new one in the developer portal (Bot > Reset Token) and set "
        "NEWSBELL_DISCORD__TOKEN",
        TOKEN_WAIT,
    )
