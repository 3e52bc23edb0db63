"""Sixteen ways in which a server breaks the wire: six that leave half a body behind, ten that leave none."""

from __future__ import annotations

import asyncio
import gzip
import os

from tests.fakes.newsstand import Talk

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"


def says(*pieces: bytes, pause: float = 0.0, hang: bool = False) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        if hang:
            await reader.read()

    return talk


CUT: dict[str, tuple[Talk, str]] = {
    "short": (says(HEAD + b"Content-Length: 5000\r\n\r\n<rss>half"), "broke off in the middle"),
    "chunk": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\nffff\r\nhalf"), "broke off in the middle"),
    "hang": (says(HEAD + b"Content-Length: 5000\r\n\r\n<rss>half", hang=True), "did not answer in time"),
    "drip": (says(HEAD + b"Content-Length: 5000\r\n\r\n<rss>", *[b"x"] * 100, pause=0.05), "did not answer in time"),
    "endless": (says(HEAD + b"\r\n<rss>", *[b"x" * 9000] * 5), "larger than"),
    "cut gzip": (
        says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(os.urandom(900))[:500]),
        "ends early",
    ),
}
"""What the server says, and the reason that is given for the cut, within the limits of the tests of the client."""

NONE: dict[str, tuple[Talk, str]] = {
    "empty": (says(b""), "hung up without an answer"),
    "silent": (says(b"", hang=True), "did not answer in time"),
    "ssh": (says(b"SSH-2.0-OpenSSH_9.2\r\n", hang=True), "not proper HTTP"),
    "header": (says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", hang=True), "not proper HTTP"),
    "headers": (says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n"), "not proper HTTP"),
    "header drip": (says(b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 100, pause=0.05), "did not answer in time"),
    "brotli": (says(HEAD + b"Content-Encoding: br\r\n\r\n" + b"x" * 100), "not asked for"),
    "gzip": (says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10] + b"\x07" * 40), "broken"),
    "location": (says(b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"), "not an address"),
    "loop": (says(b"HTTP/1.1 301 Moved\r\nLocation: /\r\nConnection: close\r\n\r\n"), "redirects"),
}

WIRES = {name: talk for name, (talk, _) in (CUT | NONE).items()}
