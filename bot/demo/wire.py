"""A small news wire on loopback: real feeds over real HTTP, from the articles of a folder, on a schedule."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import structlog
from aiohttp import web

from bot.core.pack import PackFeed
from bot.demo import articles, feeds, pages
from bot.demo.articles import Outlet
from bot.demo.schedule import Schedule

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"


class Wire:
    """Publishes the outlets of `folder`; what is out at a moment depends on `t0`, `pace` and the clock alone.

    Raises SettingsError where a file of the folder is broken. `address` and `feeds()` are known once it is started.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        t0: datetime,
        pace: timedelta = timedelta(seconds=4),
        port: int = 8081,
    ) -> None:
        outlets, sample = articles.load(folder)
        self._outlets = {_path(outlet): outlet for outlet in outlets}
        self._schedule = Schedule(sample, t0, pace)
        self._clock = clock
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on loopback: on the port that was asked for, or on a free one where it is taken."""
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/style.css", self._style)
        app.router.add_get("/feeds/{name}", self._feed)
        app.router.add_get("/articles/{guid}", self._article)
        # A reader that keeps its connection open must not keep the demo from stopping.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, HOST, self._port).start()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                await web.TCPSite(runner, HOST, 0).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        log.info("the sample wire is on", address=self._site, feeds=len(self._outlets), items=self.progress()[1])

    async def close(self) -> None:
        """Stop listening; nothing happens where it was not started."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, for the one exception to the guard against private addresses."""
        if self._runner is None:
            raise RuntimeError("the wire is not started")
        host, port = self._runner.addresses[0][:2]
        return host, port

    @property
    def _site(self) -> str:
        host, port = self.address
        return f"http://{host}:{port}"

    def feeds(self) -> tuple[PackFeed, ...]:
        """The outlets' feeds, in the order of `outlets.toml`."""
        return tuple(
            PackFeed(f"{self._site}{path}", outlet.name, outlet.name, outlet.lang, outlet.region)
            for path, outlet in self._outlets.items()
        )

    def progress(self) -> tuple[int, int]:
        """How many live items (articles and corrections) are out, and how many there will be."""
        return self._schedule.progress(self._clock())

    @property
    def finished(self) -> bool:
        """Everything is published. The wire goes on serving it."""
        published, total = self.progress()
        return published == total

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        outlet = self._outlets.get(request.path)
        if outlet is None:
            raise web.HTTPNotFound(text="There is no such feed on the sample wire.")
        items = self._schedule.items(self._clock(), outlet)
        body = feeds.draw(outlet, items, site=self._site, url=f"{self._site}{request.path}")
        # Weak, because the gzipped and the plain form share it.
        tag = sha256(body).hexdigest()[:32]
        changed = feeds.latest(items) if items else None
        if _unchanged(request, tag, changed):
            response = web.Response(status=304)
        else:
            response = web.Response(body=body, content_type=feeds.CONTENT_TYPE[outlet.format], charset="utf-8")
            _compress(request, response)
        response.headers["ETag"] = f'W/"{tag}"'
        response.headers["Cache-Control"] = "no-cache"  # keep it, but ask each time: something new comes every moment
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.last_modified = changed
        return response

    async def _article(self, request: web.Request) -> web.StreamResponse:
        item = self._schedule.item(request.match_info["guid"], self._clock())
        if item is None:
            raise web.HTTPNotFound(text="There is no such article on the sample wire, or not yet.")
        return _page(request, pages.article(item))

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return _page(request, pages.index(self.feeds(), self._schedule.items(self._clock())))

    async def _style(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=pages.STYLE, content_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _path(outlet: Outlet) -> str:
    return f"/feeds/{outlet.id}.{outlet.format}"


def _unchanged(request: web.Request, tag: str, changed: datetime | None) -> bool:
    """A tag, where the client sends one, overrules the date (RFC 9110, 13.2.2)."""
    if "If-None-Match" in request.headers:
        return any(known.value in (tag, "*") for known in request.if_none_match or ())
    since = request.if_modified_since
    return since is not None and changed is not None and changed.astimezone(UTC).replace(microsecond=0) <= since


def _page(request: web.Request, html: str) -> web.Response:
    response = web.Response(
        text=html,
        content_type="text/html",
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": pages.POLICY,
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        },
    )
    _compress(request, response)
    return response


def _compress(request: web.Request, response: web.Response) -> None:
    accepted = request.headers.get("Accept-Encoding", "").replace(" ", "").casefold().split(",")
    if any(coding.partition(";")[0] == "gzip" and not coding.endswith(";q=0") for coding in accepted):
        response.enable_compression(web.ContentCoding.gzip)
