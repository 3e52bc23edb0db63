"""ASGI as far as our doors need it: what hubs and platforms call is a request with a body and one short answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def read(receive: Receive, most: int) -> bytes | None:
    """The raw body; None where it has more than `most` bytes or broke off."""
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        body += event.get("body", b"")
        if len(body) > most:
            return None
        if not event.get("more_body"):
            return bytes(body)


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, list[bytes]]:
    """By their names in small letters."""
    headers: dict[str, list[bytes]] = {}
    for name, value in raw:
        headers.setdefault(name.decode("latin-1").casefold(), []).append(value)
    return headers


async def answer(
    send: Send, status: int, body: bytes = b"", kind: str = "", more: Iterable[tuple[str, str]] = ()
) -> None:
    """The whole response; `kind` is its content type."""
    headers = [(b"content-length", str(len(body)).encode())]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in more]
    if kind:
        headers.append((b"content-type", kind.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
