"""What of a body is not known yet, told by the text alone, so that only that goes to a parsing process.

Half of the feeds change their build date at each look. This runs in the bot's own loop: it is for small, plain
documents and gives up early. Whatever it does not answer for, the parsing process does, by the same slices.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.sources.slices import ILLEGAL_BYTES, ILLEGAL_REFERENCE, NEVER, hashes, slice_hashes, slices, vanished

BODY = 1_000_000
TOKENS = 10_000
"""What is larger, in bytes or in marks of items, would hold up the loop: 10,000 marks take 15 ms."""
ITEMS = 2000


@dataclass(frozen=True, slots=True)
class Unread:
    """`marks` are the hashes of all items; `body` is the document with the `fresh` ones alone."""

    marks: str
    known: int
    fresh: int
    body: bytes


def unread(body: bytes | bytearray, known: str) -> Unread | None:
    """What of the body is new where `known` are the hashes of its items before; None where that is hard to tell.

    The text must be UTF-8 with nothing in it that is taken out before parsing: then its items hash as they will there.
    """
    marks_before = hashes(known)
    text = _plain(body) if marks_before and len(body) <= BODY else ""
    cutting = slices(text, TOKENS) if text else None
    if cutting is None or len(cutting.items) > ITEMS:
        return None
    marks = slice_hashes(cutting.items)
    fresh = [item for item, mark in zip(cutting.items, marks, strict=True) if mark not in marks_before]
    if len(fresh) == len(marks) or vanished(known, marks):
        return None
    return Unread("".join(marks), len(marks) - len(fresh), len(fresh), cutting.only(fresh).encode())


def _plain(body: bytes | bytearray) -> str:
    # One byte is found ten times as fast as two, and mostly is not there.
    if (b"~" in body and b"~{" in body) or (b"\xef" in body and any(sign in body for sign in NEVER)):
        return ""  # `~{` may begin another charset
    if len(body.translate(None, ILLEGAL_BYTES)) < len(body):
        return ""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if ILLEGAL_REFERENCE.search(text) else text
