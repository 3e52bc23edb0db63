"""Slack's requests over HTTP: nothing comes in that Slack did not sign, just now, for the first time.

The signature is checked on the raw body, before anything reads it. What fails gets a 401 and has no effect; the reason
is logged and not told. Slack's own retries are signed anew, so a signature that comes twice is a replay, at whatever
process of ours it comes the second time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.asgi import Receive, Scope, Send, answer, headers_of, read
from bot.platforms.slack.once import Marks

log = structlog.get_logger(__name__)

PATH = "/slack/events"
"""Where Slack sends all of it: events, commands, presses, forms and what wants options."""
INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
"""Where a person begins to install the app, and comes back from Slack."""
WINDOW = timedelta(minutes=5)
"""How far a request's time may be from ours, on both sides (docs.slack.dev, Verifying requests from Slack)."""
BIGGEST = 1 << 20  # bytes
REMEMBERED = 2 * WINDOW
"""How long a signature is remembered: when it is forgotten, its time is out of the window on either side."""


class Door:
    """An ASGI application. `app` answers what comes in; while there is none, Slack is told to come again."""

    def __init__(self, secret: str, clock: Callable[[], datetime], marks: Marks) -> None:
        self.app: AsyncApp | None = None
        self._secret = secret.encode()
        self._clock = clock
        self._marks = marks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await answer(send, 404)
            return
        if scope["method"] != "POST":
            await answer(send, 405)
            return
        body = await read(receive, BIGGEST)
        if body is None:
            await answer(send, 413)
            return
        headers = headers_of(scope["headers"])
        wrong = self._refusal(headers, body)
        if not wrong and self.app is None:
            await answer(send, 503)
            return
        try:
            wrong = wrong or await self._replay(headers["x-slack-signature"][0])
            if self.app is not None and not wrong:
                await self._pass_on(self.app, headers, body, send)
        except Exception:
            # A database that does not answer, mostly. Slack comes again with an event, and tells a person of the rest.
            log.exception("slack's request failed")
            await answer(send, 503)
        if wrong:
            log.warning("request refused: not signed by slack", reason=wrong)
            await answer(send, 401)

    def _refusal(self, headers: Mapping[str, list[bytes]], body: bytes) -> str:
        """Why the request is not Slack's; empty where it is."""
        times, signatures = headers.get("x-slack-request-timestamp", []), headers.get("x-slack-signature", [])
        if not self._secret:
            return "there is no signing secret"
        if len(times) != 1 or len(signatures) != 1 or not re.fullmatch(rb"[0-9]{1,12}", times[0]):
            return "no signature, or not one"
        now = self._clock().timestamp()
        if abs(now - int(times[0])) > WINDOW.total_seconds():
            return "signed too long ago, or too early: is this machine's clock right?"
        right = b"v0=" + hmac.new(self._secret, b"v0:" + times[0] + b":" + body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(right, signatures[0]):
            return "another signature: is NEWSBELL_SLACK__SIGNING_SECRET that of this app?"
        return ""

    async def _replay(self, signature: bytes) -> str:
        first = await self._marks.put(f"slack request {signature.decode()}", REMEMBERED)
        return "" if first else "a replay"

    @staticmethod
    async def _pass_on(app: AsyncApp, headers: Mapping[str, list[bytes]], body: bytes, send: Send) -> None:
        told = {name: [value.decode("latin-1") for value in values] for name, values in headers.items()}
        request = AsyncBoltRequest(body=body.decode("utf-8", "replace"), headers=dict(told))
        response = await app.async_dispatch(request)
        kind = next((values[0] for name, values in response.headers.items() if name.casefold() == "content-type"), "")
        await answer(send, response.status, (response.body or "").encode(), kind)
