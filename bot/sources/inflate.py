"""A body arriving in pieces, decompressed within bounds: the only gzip decoder that strangers' bytes go through.

The decoders inside HTTP libraries have had a dozen advisories; a limit on what one step may produce, on the ratio, and
on the number of gzip members is what they lacked. Nothing but gzip is ever asked for.
"""

from __future__ import annotations

import zlib

from bot.core.errors import FetchError

GZIP_MAGIC = b"\x1f\x8b"
STEP = 1 << 18
RATIO = 200
"""Text does not shrink to a 200th; checked once the output passes a megabyte, since short runs may."""
RATIO_FROM = 1_000_000
MEMBERS = 16


class BrokenCompression(FetchError):
    """What was labelled as gzip is none, or not whole: uncompressed it may do."""


class Inflate:
    """Takes the bytes off the wire. `body` is what they mean, up to `cap` bytes; `wire` counts what was received."""

    def __init__(self, encoding: str, cap: int) -> None:
        self.body = bytearray()
        self.wire = 0
        self.full = False
        self._cap = cap
        self._encoding = encoding.strip().casefold()
        self._decoder: zlib._Decompress | None = None
        self._members = 0
        self._used = 0
        self._start = b""
        if self._encoding not in ("", "identity", "none", "gzip", "x-gzip"):
            raise BrokenCompression("the answer is compressed in a way that was not asked for")

    def feed(self, piece: bytes) -> None:
        """Raises FetchError for a bomb or for broken compression."""
        self.wire += len(piece)
        if self._members == 0 and self._decoder is None:
            # Believe the bytes: some servers label plain text as gzip, and some send feed.xml.gz without a label.
            self._start += piece
            if len(self._start) < len(GZIP_MAGIC):
                return
            piece, self._start = self._start, b""
            self._members = 1
            if piece.startswith(GZIP_MAGIC):
                self._decoder = zlib.decompressobj(31)
        if self._decoder is None:
            self._take(piece)
        else:
            self._inflate(piece)

    def close(self) -> str:
        """To be called when the sender is done: the reason why the body is not whole, or nothing."""
        if self._start:
            self._take(self._start)
            self._start = b""
        if self.full:
            return f"it is larger than {self._cap / 1_000_000:g} MB"
        if self._decoder is not None and not self._decoder.eof:
            return "its compressed body ends early"
        return ""

    def _inflate(self, piece: bytes) -> None:
        decoder = self._decoder
        while piece and decoder is not None and not self.full:
            if decoder.eof:
                if not piece.startswith(GZIP_MAGIC):
                    return  # padding after the last member
                self._members += 1
                if self._members > MEMBERS:
                    raise FetchError("the answer is compressed in too many parts")
                self._decoder = decoder = zlib.decompressobj(31)
            try:
                self._take(decoder.decompress(piece, STEP))
            except zlib.error:
                raise BrokenCompression("the answer's compression is broken") from None
            left = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            self._used += len(piece) - len(left)
            piece = left
            if len(self.body) > RATIO_FROM and len(self.body) > RATIO * self._used:
                raise FetchError("the answer is a compression bomb")

    def _take(self, more: bytes) -> None:
        room = self._cap - len(self.body)
        self.body += more[:room]
        self.full = self.full or len(more) > room
