"""Canaries: every secret that the house can be given is a word that nothing else says, and nobody may hear it sing.

The whole house runs at DEBUG against servers that are as unkind as can be: chat services that take the token back, a
model's endpoint that repeats the key in its refusal, feeds whose private address fails in every way there is. What was
logged, answered, counted and raised is then searched for the secrets, as they are and as they are encoded.
"""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web

from bot import logs
from bot.app import open_house
from bot.core.errors import NewsbellError
from bot.core.pack import PackFeed
from bot.house import House
from bot.settings import Settings
from bot.store import Seal, Vault, new_key
from tests.fakes.air import PATIENCE, running, until
from tests.fakes.discord_server import FakeDiscord
from tests.fakes.settings import quiet
from tests.fakes.slack_server import FakeSlack

KEY = new_key()
SECRETS = {
    "Discord's token": "canary-Discord-5aPh1re.token",
    "Slack's bot token": "xoxb-1234-canary-5lackB0t",
    "Slack's app token": "xapp-1-canary-5lackApp",
    "Slack's signing secret": "canary5igning5ecret",
    "the web password": "canary-Web-Passw0rd",
    "the model's key": "canary-M0del-Key",
    "the key of the vault": KEY,
    "a token in the vault": "xoxb-canary-1nstalled",
    "the user of a feed": "canary-feed-us3r",
    "the password of a feed": "canary-feed-pa55",
    "the token of a feed": "canaryFeedT0ken8f3a9b1c7d",
    "the password of the database": "canary-database-pa55",
}


@dataclass
class Aviary:
    """Where a secret was heard, and how much was listened to."""

    heard: list[str] = field(default_factory=list)
    listened: dict[str, int] = field(default_factory=dict)

    def listen(self, where: str, text: str) -> None:
        self.listened[where] = self.listened.get(where, 0) + len(text)
        for what, secret in SECRETS.items():
            forms = (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("="))
            for form in forms:
                if form in text:
                    at = text.index(form)
                    self.heard.append(f"{what} in {where}: ...{text[max(0, at - 80) : at]}[HERE]")
                    break


WAYS = ("moved", "cut", "notafeed", "broken", "forbidden", "gone", "busy", "failing")
HOSTS = ("127.0.0.1", *(f"127.0.0.{number}" for number in range(10, 10 + len(WAYS))))


PATHS = (
    *("/", "/healthz", "/metrics", "/openapi.json", "/api/channels", "/api/commands", "/api/nothing"),
    *("/api/channels/general/messages", "/api/complete?text=/feed%20show%20M"),
)


class Unkind:
    """A server that fails in the way of the path, and repeats what it was told."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.runner: web.AppRunner | None = None
        self.port = 0
        self.fresh = False

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        way = request.path.strip("/").partition("/")[0]
        self.asked.add(way)
        echo = f"{request.path_qs} {dict(request.headers)}"
        if way == "good":
            return web.Response(text=_feed(self.fresh), content_type="application/rss+xml")
        if way == "moved":
            raise web.HTTPFound(f"/notafeed/{SECRETS['the token of a feed']}?{request.query_string}")
        if way == "cut":
            response = web.StreamResponse(headers={"Content-Length": "100000"})
            await response.prepare(request)
            await response.write(echo.encode())
            assert request.transport
            request.transport.abort()
            return response
        if way == "notafeed":
            return web.Response(text=f"<html><title>{echo}</title></html>", content_type="text/html")
        if way == "broken":
            return web.Response(text=f"<rss><channel><item><title>{echo}", content_type="application/rss+xml")
        status = {"forbidden": 403, "gone": 410, "busy": 429, "model": 401}.get(way, 500)
        return web.Response(status=status, text=echo, reason=f"no {SECRETS['the token of a feed']}")

    @property
    def base(self) -> str:
        return f"{HOSTS[0]}:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Unkind]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        for host in HOSTS:  # each way has a host of its own: one that asks for quiet would keep the others waiting
            await web.TCPSite(self.runner, host, self.port).start()
            self.port = self.port or self.runner.addresses[0][1]
        try:
            yield self
        finally:
            await self.runner.cleanup()


def _feed(fresh: bool) -> str:
    now = datetime.now(UTC)
    titles = ["Rain in Oslo", *(["Chile votes for a new constitution"] if fresh else [])]
    items = "".join(
        f"<item><guid>{title}</guid><title>{title}</title><pubDate>{format_datetime(now)}</pubDate>"
        f"<description>{title}, officials said on Thursday.</description></item>"
        for title in titles
    )
    return f"<rss version='2.0'><channel><title>Good</title>{items}</channel></rss>"


async def sing(folder: Path) -> Aviary:
    """Run the house on unkind servers, and listen."""
    aviary, stream = Aviary(), io.StringIO()
    logs.configure("debug", "json", stream)
    async with (
        FakeDiscord(token=SECRETS["Discord's token"]) as discord,
        FakeSlack(bot_token=SECRETS["Slack's bot token"], app_token=SECRETS["Slack's app token"]) as slack,
        Unkind().open() as unkind,
    ):
        settings = _settings(folder, discord, slack, unkind)
        aviary.listen("settings", f"{settings!r} {settings}")
        async with open_house(
            settings,
            feeds=[PackFeed(f"http://{unkind.base}/good", "Good", "Good")],
            interval=timedelta(seconds=0.2),
            allowed=frozenset((host, unkind.port) for host in HOSTS),
        ) as house:
            await house.vault.put("slack:T9", "installation", SECRETS["a token in the vault"])
            async with running(house):
                await _live(house, discord, slack, unkind, aviary)
    await _errors(folder, aviary)
    aviary.listen("logs", stream.getvalue())
    return aviary


def _settings(folder: Path, discord: FakeDiscord, slack: FakeSlack, unkind: Unkind) -> Settings:
    return quiet(
        folder,
        secrets_key=KEY,
        feeds={"host_gap_seconds": 0, "allow_private_networks": True},
        web={"enabled": True, "port": 0, "password": SECRETS["the web password"]},
        discord={"token": SECRETS["Discord's token"], **discord.addresses},
        slack={
            "bot_token": SECRETS["Slack's bot token"],
            "app_token": SECRETS["Slack's app token"],
            "signing_secret": SECRETS["Slack's signing secret"],
            "api_url": slack.api_url,
        },
        llm={"base_url": f"http://{unkind.base}/model/v1", "api_key": SECRETS["the model's key"], "model": "m"},
    )


async def _live(house: House, discord: FakeDiscord, slack: FakeSlack, unkind: Unkind, aviary: Aviary) -> None:
    """Set up on each platform, add private feeds that fail, ring, lose the tokens, and ask everything of the page."""
    async with asyncio.timeout(PATIENCE):
        await discord.gateway.connected()
        await slack.socket.connected()
    aviary.listen("answers", (await discord.slash("subscribe", topic="Chile")).text)
    aviary.listen("answers", (await slack.slash("subscribe Chile")).text)
    user, password, token = (SECRETS[f"the {what} of a feed"] for what in ("user", "password", "token"))
    async with house.store.begin() as tx:
        now = await tx.now()
        for way, host in zip(WAYS, HOSTS[1:], strict=True):
            url = f"http://{user}:{password}@{host}:{unkind.port}/{way}/{token}?token={token}"
            await tx.feeds.add(url, tenant="web", added_by="web:ann", private=True, title="Mine", now=now)
    await until(lambda: unkind.asked >= {*WAYS, "good"})
    base = house.front_door.split("?")[0].rstrip("/")
    login = {"Authorization": f"Bearer {SECRETS['the web password']}"}
    async with aiohttp.ClientSession() as stranger:
        aviary.listen("API", await _get(stranger, f"{base}/metrics"))
    async with aiohttp.ClientSession(headers=login) as session:
        assert "newsbell_sends_total" in await _get(session, f"{base}/metrics")
        for way in ("failing", "notafeed", "moved"):
            line = f"/feed add http://{user}:{password}@{unkind.base}/{way}/{token}?token={token}"
            # What somebody types comes back to them alone, if at all: it is the log that must not have it.
            await _get(session, f"{base}/api/channels/general/commands", json={"text": line})
        unkind.fresh = True
        await until(lambda: bool(discord.posted and slack.posted))
        discord.token = "another"  # both tokens are revoked
        slack.removed = True
        for line in ("/feeds", "/feed show Mine", "/status", "/audit", "/subscriptions", "/latest", "/news Chile"):
            said = await _get(session, f"{base}/api/channels/general/commands", json={"text": line})
            aviary.listen("API", said)
        for path in PATHS:
            aviary.listen("metrics" if path == "/metrics" else "API", await _get(session, f"{base}{path}"))
    for platform in house.platforms.values():
        try:
            aviary.listen("checks", await platform.check())
        except NewsbellError as error:
            aviary.listen("errors", f"{error} {error!r}")
    async with house.store.read() as tx:
        for feed in await tx.feeds.visible("web"):
            aviary.listen("errors", f"{feed.name} {feed.reason}")
        aviary.listen("audit", repr(await tx.audit.of_tenant("web", limit=100)))


async def _errors(folder: Path, aviary: Aviary) -> None:
    """What goes wrong before anything runs."""
    for database in (
        f"postgresql://me:{SECRETS['the password of the database']}@127.0.0.1:9/news",
        f"mysql://me:{SECRETS['the password of the database']}@127.0.0.1:9/news",
    ):
        try:
            async with open_house(quiet(folder, database_url=database)):
                raise AssertionError("there is no such database")
        except NewsbellError as error:
            aviary.listen("errors", f"{error} {error!r} {error.__cause__!r}")
    async with open_house(quiet(folder, secrets_key=new_key())) as house:
        for act in (house.vault.get("slack:T9", "installation"), house.vault.rotate(), house.vault.check()):
            try:
                await act
                raise AssertionError("the key is another one")
            except NewsbellError as error:
                aviary.listen("errors", f"{error} {error!r}")
        aviary.listen("errors", f"{house.vault.seal!r} {Vault!r} {Seal(KEY)!r}")
    for wrong in (KEY[:-1], f"{KEY},{SECRETS['the web password']}"):
        try:
            Seal(wrong)
            raise AssertionError("that is no key")
        except NewsbellError as error:
            aviary.listen("errors", f"{error} {error!r}")


async def _get(session: aiohttp.ClientSession, url: str, **given: Any) -> str:
    async with session.request("POST" if given else "GET", url, **given) as answer:
        return f"{dict(answer.headers)} {await answer.text()}"
