"""A copy of a SQLite store while it is at work, and back: SQLite's own online backup, checked before it is trusted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.core.errors import SettingsError
from bot.store.engine import parse_url

PAGES = 256
"""Copied at a time; a bot that writes meanwhile is not kept waiting for longer."""


def backup(url: str, target: Path) -> int:
    """Copy the database at `url` to a new file, and check the copy. Its size in bytes.

    Raises SettingsError where there is nothing to copy, `target` exists, or the copy is not sound.
    """
    source = _file(url)
    if not source.exists():
        raise SettingsError(f"There is no database at {source}.")
    if target.exists():
        raise SettingsError(f"{target} exists already: name a new file.")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)  # private feed addresses are in it
        with closing(_reader(source)) as live, closing(sqlite3.connect(part)) as copy:
            live.backup(copy, pages=PAGES)
        _check(part)
        part.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise SettingsError(f"The backup to {target} failed: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(url: str, source: Path) -> Path | None:
    """Put a backup in the place of the database, which is kept beside it; where, or None if there was none.

    Only while no bot runs on it. Alerts that the backup still holds as waiting may have been posted since: they are
    marked as in doubt, so that they are looked up before they are sent. Raises SettingsError.
    """
    target = _file(url)
    if not source.exists():
        raise SettingsError(f"There is no backup at {source}.")
    try:
        _check(source)
        fresh = target.with_name(f"{target.name}.restored")
        fresh.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.touch(mode=0o600)
        with closing(_reader(source)) as saved, closing(sqlite3.connect(fresh)) as copy:
            saved.backup(copy)
            with copy:
                copy.execute(
                    "UPDATE delivery SET unknown = 1, first_dispatch = coalesce(first_dispatch, created_at) "
                    "WHERE state IN ('pending', 'sending', 'held')"
                )
        kept = _aside(target) if target.exists() else None
        fresh.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise SettingsError(f"{source} cannot be restored: {error}. Is a bot still running?") from error
    return kept


def _aside(target: Path) -> Path:
    """Move the database out of the way, whole: what stands in its journal belongs to it."""
    with closing(sqlite3.connect(target, timeout=2)) as old:
        busy, _, _ = old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("a bot is running on the database; stop it first")
        old.execute("PRAGMA journal_mode=DELETE")
    number = 1
    while (kept := target.with_name(f"{target.name}.before-{number}")).exists():
        number += 1
    target.replace(kept)
    return kept


def _reader(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)


def _check(file: Path) -> None:
    with closing(_reader(file)) as database:
        [verdict] = database.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"{file} is damaged: {verdict}")
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'delivery'").fetchone():
            raise sqlite3.DatabaseError(f"{file} is not a database of Newsbell")


def _file(url: str) -> Path:
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise SettingsError("newsbell backup is for SQLite. PostgreSQL has pg_dump and point-in-time recovery.")
    return Path(str(parsed.database))
