"""The process in which feeds are parsed: small, alone, and easy to kill.

Started as `python -I -B -c BOOT <folder> <limits>` with an empty environment. It reads requests from standard input
and writes answers to standard output, both as frames of length and content; it ends when its input does.
The kernel enforces the limits: a regular expression that runs for ever holds every Python thread, but not a signal.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
from typing import IO, Any

REQUEST = struct.Struct(">II")
ANSWER = struct.Struct(">I")
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from bot.sources.child import main; main()"


def main() -> None:
    limits: dict[str, float] = json.loads(sys.argv[2])
    # What a library may print must not get between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    reader = _reader(bool(limits.get("articles")))  # everything is loaded before the limits shut the door
    _confine(int(limits["memory"]))
    _answer(answers, {"kind": "ready"})
    while (request := _request(sys.stdin.buffer)) is not None:
        job, body = request
        # Default actions: the process ends. The second one is for an orphan, whose parent cannot count any more.
        signal.setitimer(signal.ITIMER_PROF, limits["cpu"])
        signal.setitimer(signal.ITIMER_REAL, limits["wall"] + 1)
        try:
            answer = reader.read(body, job)
        except MemoryError:
            os._exit(3)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _answer(answers, answer)


def _reader(articles: bool) -> Any:
    """What reads the bodies here: pages of articles, or feeds. Each loads its own libraries and not the other's."""
    if articles:
        from bot.sources.article import ArticleReader  # noqa: PLC0415

        return ArticleReader()
    from bot.sources.parse import Reader  # noqa: PLC0415

    reader = Reader()
    reader.read(b"<rss><channel><item><title>warm</title></item></channel></rss>", {"now": "2026-01-01T00:00:00+00:00"})
    return reader


def _confine(memory: int) -> None:
    """No more memory than this, no file written, few opened, no process started, no core dumped."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise  # elsewhere (macOS knows no RLIMIT_AS) the time limits have to do


def _request(source: IO[bytes]) -> tuple[dict[str, str], bytes] | None:
    head = source.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return None
    job_size, body_size = REQUEST.unpack(head)
    job, body = source.read(job_size), source.read(body_size)
    return (json.loads(job), body) if len(body) == body_size else None


def _answer(target: IO[bytes], answer: dict[str, Any]) -> None:
    data = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    target.write(ANSWER.pack(len(data)) + data)
    target.flush()
