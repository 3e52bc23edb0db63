"""The percolator's state in a file, so that a start with a million topics takes seconds: written whole or not at all.

It is a cache and never the truth: topics are compared with the subscriptions after it was read, and a file that is
missing, cut, changed, made by other code or for another catalogue, or that others may write, is no file.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import structlog

import bot.topics
from bot.topics import Following

log = structlog.get_logger(__name__)

NAME = "topics.snapshot"
LEAST = 1_000
"""Topics from which a file is worth having: fewer are read in less than a second."""
_FORMAT = b"newsbell topics 1\n"
_DIGEST = 32


def restore(following: Following, folder: Path) -> None:
    """Begin with what the file holds, if it holds anything for us; before the first update."""
    path = folder / NAME
    if path.exists() and (state := read(path, mark(following.catalogue.fingerprint))):
        following.restore(state)
        log.info("topics restored", topics=len(following.percolator))


def keep(following: Following, folder: Path) -> None:
    """Write down the topics as they are now. Some seconds for a million, in which nothing else runs."""
    if len(following.percolator) >= LEAST:
        write(folder / NAME, following.percolator.state(), mark(following.catalogue.fingerprint))
    else:
        (folder / NAME).unlink(missing_ok=True)


def mark(catalogue: str) -> bytes:
    """What a state holds for: this code, this interpreter and the catalogue of that fingerprint.

    A row depends on how text is folded and queries are read; the version's number does not change with every commit.
    """
    digest = blake2b(f"{sys.version} {sys.byteorder} {catalogue}".encode(), digest_size=_DIGEST)
    for module in sorted(Path(bot.topics.__file__).parent.rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.digest()


def write(path: Path, state: tuple[Any, ...], mark: bytes) -> None:
    """Put a state in the place of what was there; a process that is killed meanwhile leaves the old one."""
    body = marshal.dumps(state)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_FORMAT + mark + blake2b(body, digest_size=_DIGEST).digest())
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        log.warning("the topics' snapshot cannot be written; the next start takes longer", error=str(error))
        with suppress(OSError):
            draft.unlink()


def read(path: Path, mark: bytes) -> tuple[Any, ...] | None:
    """The state that was written with that mark; None where there is none that is whole, ours and of that mark."""
    try:
        with path.open("rb") as file:
            owner = os.fstat(file.fileno())
            # A crafted file could break the interpreter: only what nobody else can write is looked into.
            if owner.st_uid != os.geteuid() or owner.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                log.warning("the topics' snapshot is not ours alone and is left alone", path=str(path))
                return None
            head = file.read(len(_FORMAT) + 2 * _DIGEST)
            if head[:-_DIGEST] != _FORMAT + mark:
                return None
            body = file.read()
    except OSError:
        return None
    if blake2b(body, digest_size=_DIGEST).digest() != head[-_DIGEST:]:
        log.warning("the topics' snapshot is damaged and is made anew", path=str(path))
        return None
    state = marshal.loads(body)  # noqa: S302  (whole, and written by us)
    assert isinstance(state, tuple)
    return state
