"""The one HTTP client for everything a stranger may have written the address of.

It asks like a good guest (who we are, one request per host at a time, gzip only) and believes nothing: addresses are
checked as they are connected to, redirects are followed by hand, bodies and waits have an end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, unquote, urljoin, urlunsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDictProxy
from yarl import URL

from bot.core.errors import FetchError, ForbiddenAddress, Throttled, Unreachable
from bot.sources.gate import Gate
from bot.sources.guard import ClosedAddress, Guard
from bot.sources.inflate import BrokenCompression, Inflate
from bot.sources.mask import is_private, shown
from bot.sources.room import Room, Share

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
HEADERS_READ = (
    "age",
    "cache-control",
    "cf-mitigated",
    "content-encoding",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "link",
    "retry-after",
)
LONGEST_HEADER = 4096
BUFFER = 16_384
"""Bytes that are read ahead of a body that waits for room: twice as many stop the reading of its connection."""
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes. `idle` is the longest silence (also before the first byte), `total` counts all redirects."""

    connect: float = 10.0
    idle: float = 15.0
    total: float = 45.0
    body: int = 5_000_000
    redirects: int = 5
    header: int = 16_384


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said in the end. `url` is where; `moved` whether every redirect on the way there was permanent.

    `cut` says why the body is not whole, or is empty; `size` counts the body's bytes on the wire; `hops` are the
    redirects on the way, each as it may be shown.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | bytearray = b""
    size: int = 0
    cut: str = ""
    moved: bool = False
    hops: tuple[str, ...] = ()


class Fetcher:
    """To be opened and closed, or used as a context. `agent` is sent as User-Agent: name, version, contact URL."""

    def __init__(
        self,
        guard: Guard,
        gate: Gate,
        *,
        agent: str,
        limits: Limits | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._guard = guard
        self._gate = gate
        self._agent = agent
        self._limits = limits or Limits()
        self._resolver = resolver
        self._room = Room()
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        if self._session is not None:
            return
        limits = self._limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=self._guard.socket, resolver=self._resolver, limit=256, keepalive_timeout=15
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # a proxy from the environment would connect on our behalf, past the guard
            auto_decompress=False,
            read_bufsize=BUFFER,
            headers={"User-Agent": self._agent, "Accept": ACCEPT, "Accept-Encoding": "gzip"},
            timeout=aiohttp.ClientTimeout(
                total=None, connect=limits.connect, sock_connect=limits.connect, sock_read=limits.idle
            ),
            max_line_size=limits.header,
            max_field_size=limits.header,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def asked(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Answer]:
        """Ask for the URL, through at most `limits.redirects` redirects; the answer is to be used within the block.

        Only a 200 comes with its body, which has its share of the room until the block ends. Raises as `get` does.
        """
        with self._room.share() as share:
            yield await self._get(url, headers, share)

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """As `asked`, of what is small or soon forgotten.

        Raises FetchError (also ForbiddenAddress, Throttled), whose text names hosts
        but never a URL.
        """
        async with self.asked(url, headers) as answer:
            return answer

    async def _get(self, url: str, headers: Mapping[str, str] | None, share: Share) -> Answer:
        parts = self._guard.check(url)
        credentials = _credentials(parts)
        secret = bool(credentials) or is_private(url)
        home = _origin(parts)
        moved = True
        hops: list[str] = []
        left = self._limits.total
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as turn:
            held = ""
            for hop in range(self._limits.redirects + 1):
                host = parts.hostname or ""
                if host != held:
                    # Given back before the next is asked for: two hosts that redirect to each other cannot deadlock.
                    await turn.aclose()
                    await turn.enter_async_context(self._gate.turn(host))
                    held = host
                sent = dict(headers or {})
                if credentials and _origin(parts) == home:
                    sent["Authorization"] = credentials
                began = loop.time()
                here = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
                try:
                    answer, location = await self._ask(here, host, sent, left, moved and hop > 0, share)
                except BrokenCompression:
                    sent["Accept-Encoding"] = "identity"
                    answer, location = await self._ask(here, host, sent, left, moved and hop > 0, share)
                left -= loop.time() - began
                if not location:
                    return replace(answer, hops=tuple(hops))
                hops.append(f"{answer.status} {shown(here)}")
                moved = moved and answer.status in PERMANENT
                parts = self._next(here, location, secret)
        raise FetchError(f"more than {self._limits.redirects} redirects")

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a form, to this URL alone: no redirect is followed. Raises as `get` does."""
        parts = self._guard.check(url)
        host = parts.hostname or ""
        if "@" in parts.netloc:
            raise ForbiddenAddress("the address has a user name in it", state="blocked")
        address = urlunsplit(parts._replace(fragment=""))
        with self._room.share() as share:
            async with self._gate.turn(host):
                answer, _ = await self._ask(address, host, {}, self._limits.total, False, share, form)
        return answer

    def _next(self, here: str, location: str, secret: bool) -> SplitResult:
        try:
            target = urljoin(here, location.strip().replace(" ", "%20"))
        except ValueError:
            raise FetchError("it redirects to something that is not an address") from None
        parts = self._guard.check(target)
        if "@" in parts.netloc:
            raise ForbiddenAddress("it redirects to an address with a user name in it", state="blocked")
        if secret and here.startswith("https:") and parts.scheme == "http":
            raise ForbiddenAddress("it redirects a private address to an unencrypted one", state="blocked")
        return parts

    async def _ask(
        self,
        url: str,
        host: str,
        headers: Mapping[str, str],
        seconds: float,
        moved: bool,
        share: Share,
        form: Mapping[str, str] | None = None,
    ) -> tuple[Answer, str]:
        """One request. The second value is where it redirects to, if it does."""
        if self._session is None:
            raise RuntimeError("the fetcher is not open")
        body: Inflate | None = None
        status, read, cut = 0, {}, ""
        try:
            async with (
                asyncio.timeout(max(seconds, 0.001)) as limit,
                self._session.request(
                    "GET" if form is None else "POST", URL(url), headers=headers, data=form, allow_redirects=False
                ) as response,
            ):
                status, read = response.status, _read(response.headers)
                location = response.headers.get("Location", "") if status in REDIRECTS else ""
                if status != 200 or location:
                    return Answer(status, url, read, moved=moved), location
                body = Inflate(read.get("content-encoding", ""), self._limits.body)
                async for piece in response.content.iter_chunked(2 * BUFFER):
                    body.feed(piece)
                    if body.full:
                        break
                    # While we let the server wait its time stands still.
                    end = limit.when()
                    limit.reschedule(None)
                    waited = await share.hold(len(body.body))
                    limit.reschedule(end and end + waited)
        except Throttled:
            raise
        except FetchError as error:
            raise type(error)(f"{host}: {error}", state=error.state) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # `from None`: the library's own text and traceback hold the full URL, token and all.
            if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ClosedAddress):
                raise ForbiddenAddress(
                    f"{host} leads to a private or reserved address, closed to feeds", state="blocked"
                ) from None
            if body is None or not body.body:
                raise Unreachable(_reason(error, host)) from None
            cut = _reason(error, host)
        cut = body.close() or cut
        return Answer(status, url, read, body.body, body.wire, cut, moved), ""


def _credentials(parts: SplitResult) -> str:
    if not parts.username and not parts.password:
        return ""
    return aiohttp.encode_basic_auth(unquote(parts.username or ""), unquote(parts.password or ""), encoding="utf-8")


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _read(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """The headers we use. One that is not plain text or too long is as good as absent."""
    return {
        name: value
        for name in HEADERS_READ
        if (value := headers.get(name)) is not None and len(value) <= LONGEST_HEADER and value.isprintable()
    }


# Most particular first; said to the person who added the feed.
REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((aiohttp.ClientConnectorDNSError,), "the name {host} was not found"),
    ((aiohttp.ClientConnectorCertificateError,), "{host} has no valid certificate"),
    ((aiohttp.ClientSSLError,), "no secure connection to {host} was possible"),
    ((TimeoutError,), "{host} did not answer in time"),
    ((aiohttp.ClientConnectorError,), "{host} could not be reached"),
    ((aiohttp.ServerDisconnectedError,), "{host} hung up without an answer"),
    ((aiohttp.ClientPayloadError, aiohttp.ClientOSError, ConnectionError), "{host} broke off in the middle"),
    ((aiohttp.ClientResponseError,), "{host} sent an answer that is not proper HTTP"),
    ((ValueError,), "{host} is not an address that can be asked"),
)


def _reason(error: Exception, host: str) -> str:
    found = next((text for kinds, text in REASONS if isinstance(error, kinds)), "{host} could not be read")
    return found.format(host=host)
