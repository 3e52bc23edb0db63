"""The fake Slack's other way to an app: signed requests over HTTP, answered within three seconds, events retried."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from tests.fakes.slack_world import Payload

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

ACK = 3.0  # seconds for an answer
RETRIES = 3


class FakeRequests:
    """`url` is where the app takes requests. `deaf` is how many answers to events are lost on their way to Slack."""

    def __init__(self, slack: FakeSlack, secret: str) -> None:
        self.slack = slack
        self.secret = secret
        self.url = ""
        self.deaf = 0
        self.acks: dict[str, float] = {}
        self.statuses: list[int] = []
        self._open: set[asyncio.Task[None]] = set()

    async def envelope(self, kind: str, payload: Payload) -> None:
        """Sent in the background, as Slack does: the person does not wait for the app's answer."""
        task = asyncio.create_task(self._send(kind, payload))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def acknowledged(self, seconds: float = 8) -> None:
        async with asyncio.timeout(seconds):
            while self._open:
                await asyncio.sleep(0.01)

    async def _send(self, kind: str, payload: Payload) -> None:
        if kind == "slash_commands":
            body, form = urlencode(payload), True
        elif kind == "interactive":
            body, form = urlencode({"payload": json.dumps(payload)}), True
        else:
            body, form = json.dumps(payload), False
        for attempt in range(RETRIES + 1):
            retried = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"} if attempt else {}
            status, answer = await self.post(body, form=form, at=time.time() + attempt, headers=retried)
            heard = status == 200
            if heard and kind == "events_api" and self.deaf:
                self.deaf -= 1
                heard = False
            if heard:
                if answer:
                    await self.slack.views.acted(payload, json.loads(answer))
                return
            if kind != "events_api":
                self.slack.invalid.append(f"{kind} was answered with {status}")
                return

    async def post(
        self, body: str, *, form: bool, at: float | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, str]:
        """One signed request; `headers` override what it says."""
        stamp = str(int(at if at is not None else time.time()))
        signed = {
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": self.sign(stamp, body),
            **headers,
        }
        began = asyncio.get_running_loop().time()
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body.encode(), headers=signed) as response,
        ):
            answer = await response.text()
        took = asyncio.get_running_loop().time() - began
        self.acks[f"{len(self.acks)}"] = took
        self.statuses.append(response.status)
        if took > ACK:
            self.slack.invalid.append(f"a request was answered after {took:.1f} s")
        return response.status, answer

    def sign(self, stamp: str, body: str) -> str:
        return "v0=" + hmac.new(self.secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
