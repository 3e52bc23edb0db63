"""What every request passes before the pages and the API: its host, its origin, its session, and safe headers back.

A page of another site can make a browser knock here, so listening on loopback alone protects nothing:
  Host             must be a name we are known by, or DNS rebinding turns a stranger's page into ours;
  Sec-Fetch-Site   must say that an unsafe request comes from our own page (Origin where a browser is too old to
                   send it): the complete alternative to tokens in OWASP's page on cross-site request forgery;
  a session        wherever somebody else than this machine's own user could connect.

What another platform has mounted here (Slack's requests) passes by the host alone: it knows its callers by signatures.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.asgi import answer
from bot.platforms.web.login import COOKIE, Doorkeeper

log = structlog.get_logger(__name__)

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
BIGGEST_BODY = 64 * 1024
BIGGEST_COMMAND = 1_400_000
"""One that brings a file of a megabyte, in base64. It is read only once its sender was let in."""
OPEN = ("/static/", "/login", "/api/login", "/healthz", "/favicon.ico")
"""What is served without a session: the login page with what it needs, and the health check."""

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can reach."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return False


def _hostname(netloc: str) -> str:
    """The host of `host:port` without its port; empty where it is not one."""
    if "@" in netloc:
        return ""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".").casefold()
    except ValueError:
        return ""


@dataclass(frozen=True)
class Names:
    """The names that this server answers to.

    Loopback always (whoever forwards a port there chose to), and the port is not looked at for the same reason.
    Off loopback any bare address too: rebinding needs a name, and an address cannot be re-pointed.
    """

    listen: str
    more: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listen: str, more: Iterable[str]) -> Names:
        return cls(listen.casefold(), frozenset(_hostname(name) for name in more) - {""})

    @property
    def need_login(self) -> bool:
        """Another listening address than loopback, or a name that is not loopback (a proxy in front of us)."""
        return not is_loopback(self.listen) or not all(is_loopback(name) for name in self.more)

    def know(self, netloc: str) -> bool:
        host = _hostname(netloc)
        if not host:
            return False
        if is_loopback(host) or host in self.more or host == self.listen:
            return True
        return not is_loopback(self.listen) and _is_address(host)


class Gate:
    """The outermost ASGI layer; see the top of this file."""

    def __init__(self, app: ASGIApp, names: Names, door: Doorkeeper, mounts: Mapping[str, ASGIApp] = {}) -> None:
        self._app = app
        self._mounts = mounts
        self._names = names
        self._door = door
        self.locked = names.need_login or door.password is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path: str = scope["path"]
        began = perf_counter()

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer.setdefault(name, value)
                answer.setdefault("cache-control", _keep(path))
                # The path alone: a query may hold what somebody is typing.
                tell = log.warning if message["status"] >= 500 else log.debug
                elapsed = round((perf_counter() - began) * 1000)
                tell("request answered", method=scope["method"], path=path, status=message["status"], ms=elapsed)
            await send(message)

        mounted = self._mounts.get(path)
        if mounted and self._names.know(headers.get("host", "")):
            await mounted(scope, receive, send_safely)
            return
        refusal = self._refusal(scope["method"], path, headers)
        if refusal is None:
            value = cookie(headers)
            session = self._door.session(value)
            let_in = session is not None or not self.locked or self._knows_password(scope, headers)
            scope.setdefault("state", {})["person"] = session.person if session else "web:local"
            scope["state"]["let_in"] = let_in
            # What goes on for long asks again: a session may end meanwhile.
            scope["state"]["still_in"] = (lambda: self._door.session(value) is session) if session else lambda: True
            if let_in or any(path == each or (each[-1] == "/" and path.startswith(each)) for each in OPEN):
                await self._app(scope, receive, send_safely)
                return
            if path in ("/", "/docs"):
                # The browser carries the fragment with the key over to the login page by itself.
                await answer(send_safely, 303, kind="application/json", more=[("location", "/login")])
                return
            refusal = (401, "Log in first: open this address in a browser, or send the password as a bearer token.")
        status, text = refusal
        await answer(send_safely, status, json.dumps({"error": text}).encode(), "application/json")

    def _refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        # A container's health check calls us by whatever name its network has; the answer tells nothing.
        if not self._names.know(headers.get("host", "")) and path != "/healthz":
            return 421, "This address is not known here; add its name to NEWSBELL_WEB__HOSTS."
        if method not in SAFE and not _is_ours(headers):
            return 403, "This request came from another site, so it was refused."
        # The length is announced or the request is refused: then nothing needs counting on the way in.
        if "transfer-encoding" in headers:
            return 411, "Send a Content-Length with the request."
        is_command = path.startswith("/api/channels/") and path.endswith("/commands")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > (BIGGEST_COMMAND if is_command else BIGGEST_BODY):
            most = "a file has at most 1 MB" if is_command else "a request has at most 64 kB"
            return 413, f"That is too big: {most}."
        return None

    def _knows_password(self, scope: Scope, headers: Headers) -> bool:
        """A script's way in: `Authorization: Bearer <password>`, under the same limit on guesses as the login."""
        scheme, _, guess = headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not guess:
            return False
        address = caller(scope)
        if self._door.wait(address) is not None:
            return False
        if self._door.is_password(guess.strip()):
            return True
        self._door.wrong(address)
        return False


def _keep(path: str) -> str:
    """Answers are nobody's to keep. Pages change with the program, so a browser asks again and is told 304; pictures
    are asked for with every message that shows one, and an old one does no harm.
    """
    if path.startswith("/api/"):
        return "no-store"
    return "max-age=3600" if path.endswith(".svg") else "no-cache"


def caller(scope: Scope) -> str:
    """The address of the other end. Behind a proxy all callers are one, so they share one limit."""
    client = scope.get("client")
    return client[0] if client else "?"


def cookie(headers: Headers) -> str:
    """The value of our cookie, or nothing. Cookies know no ports: other programs' may stand beside it."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def _is_ours(headers: Headers) -> bool:
    """Sent by our own page, or by something that is not a browser."""
    if site := headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    if origin := headers.get("origin"):
        # Behind a proxy that ends TLS the scheme differs, so only the host and port are compared.
        return origin.partition("://")[2].casefold() == headers.get("host", "").casefold()
    return True
