"""Slack's requests over HTTP: nothing comes in that Slack did not sign, just now, for the first time.

The signature is checked on the raw body, before anything reads it. What fails gets a 401 and has no effect; the reason
is logged and not told. Slack's own retries are signed anew, so a signature that comes twice is a replay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

log = structlog.get_logger(__name__)

PATH = "/slack/events"
"""Where Slack sends all of it: events, commands, presses, forms and what wants options."""
WINDOW = timedelta(minutes=5)
"""How far a request's time may be from ours, on both sides (docs.slack.dev, Verifying requests from Slack)."""
BIGGEST = 1 << 20  # bytes
LONG_AGO = 2 * WINDOW.total_seconds()
"""Seconds that a signature is remembered: when it is forgotten, its time is out of the window on either side."""
REMEMBERED = 50_000
"""Signatures at most; Slack sends one workspace's app 30,000 events an hour."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Door:
    """An ASGI application. `app` answers what comes in; while there is none, Slack is told to come again."""

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        self.app: AsyncApp | None = None
        self._secret = secret.encode()
        self._clock = clock
        self._used: OrderedDict[bytes, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await _answer(send, 404)
            return
        if scope["method"] != "POST":
            await _answer(send, 405)
            return
        body = await _read(receive)
        if body is None:
            await _answer(send, 413)
            return
        headers = _headers(scope["headers"])
        wrong = self._refusal(headers, body)
        if wrong:
            log.warning("request refused: not signed by slack", reason=wrong)
            await _answer(send, 401)
        elif self.app is None:
            await _answer(send, 503)
        else:
            self._remember(headers["x-slack-signature"][0])
            await self._pass_on(self.app, headers, body, send)

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
        if right in self._used:
            return "a replay"
        return ""

    def _remember(self, signature: bytes) -> None:
        now = self._clock().timestamp()
        self._used[signature] = now
        while self._used and (len(self._used) > REMEMBERED or now - next(iter(self._used.values())) > LONG_AGO):
            self._used.popitem(last=False)

    @staticmethod
    async def _pass_on(app: AsyncApp, headers: Mapping[str, list[bytes]], body: bytes, send: Send) -> None:
        told = {name: [value.decode("latin-1") for value in values] for name, values in headers.items()}
        request = AsyncBoltRequest(body=body.decode("utf-8", "replace"), headers=dict(told))
        answer = await app.async_dispatch(request)
        kind = next((values[0] for name, values in answer.headers.items() if name.casefold() == "content-type"), "")
        await _answer(send, answer.status, (answer.body or "").encode(), kind)


async def _read(receive: Receive) -> bytes | None:
    """The raw body; None where it is too big or broke off."""
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        body += event.get("body", b"")
        if len(body) > BIGGEST:
            return None
        if not event.get("more_body"):
            return bytes(body)


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, list[bytes]]:
    headers: dict[str, list[bytes]] = {}
    for name, value in raw:
        headers.setdefault(name.decode("latin-1").casefold(), []).append(value)
    return headers


async def _answer(send: Send, status: int, body: bytes = b"", kind: str = "") -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    if kind:
        headers.append((b"content-type", kind.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
