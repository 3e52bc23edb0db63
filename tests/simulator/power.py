"""Power cuts: the store's real code on a file system that remembers what was synced.

The store runs on APSW's SQLite, whose VFS can be written in Python: each write, truncation, sync and deletion goes into
a journal, in their order, with a mark at each commit that was acknowledged. From it the disk can be made as a power cut
at any point would have left it: what was synced is there; of what was not, any part may be, down to the single sector,
and some of it as rubbish. One life is so cut hundreds of times, and the recovery is that of the SQLite which we run on.

What must be found after a cut is the whole content of the database at the last acknowledged commit, or at the one that
was under way: no less, no more, and nothing in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, Literal, NoReturn

import apsw

SECTOR = 512
Kind = Literal["write", "truncate", "sync", "delete", "acknowledged"]


@dataclass(frozen=True, slots=True)
class Event:
    kind: Kind
    file: str = ""
    offset: int = 0
    data: bytes = b""
    """What was written; of an acknowledged commit the digest of the whole content."""


@dataclass
class Journal:
    """What the file system was asked to do since the files were as in `before`."""

    folder: Path
    before: dict[str, bytes] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    """A digest of everything in the database after each acknowledged commit; the first is how it began."""

    def note(self, kind: Kind, path: str, offset: int = 0, data: bytes = b"") -> None:
        self.events.append(Event(kind, Path(path).name, offset, data))

    def acknowledged(self, digest: bytes) -> None:
        """A commit came back. One that changed nothing is none."""
        if self.contents[-1] != digest:
            self.contents.append(digest)
            self.events.append(Event("acknowledged"))

    def cut(self, place: int, dice: Random, target: Path) -> int:
        """Make the files as they may be after a cut before the event at `place`; how many commits were acknowledged."""
        synced = {name: bytearray(data) for name, data in self.before.items()}
        pending: dict[str, list[Event]] = {}
        acknowledged = 0
        for event in self.events[:place]:
            if event.kind == "acknowledged":
                acknowledged += 1
            elif event.kind == "sync":
                for earlier in pending.pop(event.file, []):
                    _apply(synced, earlier)
            elif event.kind == "delete":
                # Journalled by the file system, in order; a lost deletion would be a file that nobody looks at.
                synced.pop(event.file, None)
                pending.pop(event.file, None)
            else:
                pending.setdefault(event.file, []).append(event)
        fate = dice.choice(("nothing", "everything", "some", "some", "sectors", "sectors", "rubbish"))
        for events in pending.values():
            for event in events:
                _survive(synced, event, fate, dice)
        for name, data in synced.items():
            if not name.endswith("-shm"):  # memory that the processes share; it is gone
                (target / name).write_bytes(data)
        return acknowledged


def _apply(files: dict[str, bytearray], event: Event) -> None:
    data = files.setdefault(event.file, bytearray())
    if event.kind == "truncate":
        del data[event.offset :]
        return
    if len(data) < event.offset:
        data.extend(bytes(event.offset - len(data)))
    data[event.offset : event.offset + len(event.data)] = event.data


def _survive(files: dict[str, bytearray], event: Event, fate: str, dice: Random) -> None:
    """What becomes of one write that was not synced."""
    if fate == "everything" or (fate == "some" and dice.random() < 0.5):
        _apply(files, event)
    elif fate in ("sectors", "rubbish") and event.kind == "write":
        for at in range(0, len(event.data), SECTOR):
            piece = event.data[at : at + SECTOR]
            if dice.random() < 0.5:
                _apply(files, Event("write", event.file, event.offset + at, piece))
            elif fate == "rubbish":
                _apply(files, Event("write", event.file, event.offset + at, dice.randbytes(len(piece))))


# -- the file system ------------------------------------------------------------------------------------------------


class _Vfs(apsw.VFS):
    def __init__(self, name: str, journal: Journal) -> None:
        self.name, self.journal = name, journal
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self.journal, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self.journal.note("delete", filename)


class _File(apsw.VFSFile):
    def __init__(self, journal: Journal, name: Any, flags: list[int]) -> None:
        self._journal = journal
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary"
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._journal.note("write", self._name, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._journal.note("truncate", self._name, newsize)

    def xSync(self, flags: int) -> None:
        # Not passed on: the real disk is of no interest here.
        self._journal.note("sync", self._name)


@contextmanager
def recorded(file: Path, *, synchronous: str = "FULL") -> Iterator[tuple[Journal, Callable[..., Any]]]:
    """A journal of all that happens to a database, and what opens it in place of `sqlite3.connect`.

    `synchronous` overrides what the store asks for: to see that the checker notices a store that is careless.
    """
    journal = Journal(file.parent, {each.name: each.read_bytes() for each in file.parent.iterdir() if each.is_file()})
    vfs = _Vfs(f"journal {id(journal)}", journal)
    onlooker = apsw.Connection(str(file))

    def acknowledged() -> None:
        journal.acknowledged(content(lambda sql: onlooker.execute(sql).fetchall()))

    journal.contents.append(content(lambda sql: onlooker.execute(sql).fetchall()))

    def opener(database: str, **_options: Any) -> Connection:
        return Connection(apsw.Connection(str(database), vfs=vfs.name), acknowledged, synchronous)

    try:
        yield journal, opener
    finally:
        onlooker.close()
        vfs.unregister()


def content(ask: Callable[[str], Any]) -> bytes:
    """A digest of every row of every table."""
    digest = blake2b(digest_size=16)
    names = ask("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
    for [name] in names:
        rows = sorted(map(repr, ask(f'SELECT * FROM "{name}"')))
        digest.update(f"{name}: {rows}".encode())
    return digest.digest()


def after_power_cut(file: Path) -> tuple[str, bytes]:
    """What SQLite's recovery makes of the files: the verdict of its integrity check, and the content."""
    with closing(sqlite3.connect(file)) as database:
        try:
            [verdict] = database.execute("PRAGMA integrity_check(1)").fetchone()
            return verdict, content(lambda sql: database.execute(sql).fetchall())
        except sqlite3.DatabaseError as error:
            return str(error), b""


# -- APSW as SQLAlchemy expects a driver ----------------------------------------------------------------------------

ERRORS: list[tuple[type[apsw.Error], type[sqlite3.Error]]] = [
    (apsw.ConstraintError, sqlite3.IntegrityError),
    (apsw.CorruptError, sqlite3.DatabaseError),
    (apsw.NotADBError, sqlite3.DatabaseError),
    (apsw.Error, sqlite3.OperationalError),
]


def _raise(error: apsw.Error) -> NoReturn:
    for theirs, ours in ERRORS:
        if isinstance(error, theirs):
            raise ours(str(error)) from error
    raise error


class Connection:
    """The part of `sqlite3.Connection` that the store's engine uses."""

    isolation_level: str | None = None
    row_factory = None

    def __init__(self, connection: apsw.Connection, acknowledged: Callable[[], None], synchronous: str) -> None:
        self._connection = connection
        self._acknowledged = acknowledged
        self._synchronous = synchronous

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def create_function(self, name: str, narg: int, func: Callable[..., Any], *, deterministic: bool = False) -> None:
        self._connection.create_scalar_function(name, func, narg, deterministic=deterministic)

    def cursor(self) -> Cursor:
        return Cursor(self._connection, self._synchronous)

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        cursor = self.cursor()
        cursor.execute(sql, values)
        return cursor

    def commit(self) -> None:
        if self._connection.in_transaction:
            wrote = not self._connection.readonly("main") and self._connection.txn_state() == apsw.SQLITE_TXN_WRITE
            self.execute("COMMIT")
            if wrote:
                self._acknowledged()

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


class Cursor:
    """All rows are read at once: with RETURNING, SQLite is not done before."""

    arraysize = 1

    def __init__(self, connection: apsw.Connection, synchronous: str) -> None:
        self._connection = connection
        self._synchronous = synchronous
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1
        self._rows: list[tuple[Any, ...]] = []

    @property
    def lastrowid(self) -> int:
        return self._connection.last_insert_rowid()

    def execute(self, sql: str, values: Any = ()) -> None:
        sql = sql.replace("synchronous=FULL", f"synchronous={self._synchronous}")
        cursor = self._connection.cursor()
        self.description = None

        def described(cursor: apsw.Cursor, _sql: str, _values: Any) -> bool:
            columns = cursor.get_description()
            self.description = tuple((name, *[None] * 6) for name, _ in columns) or None
            return True

        cursor.exec_trace = described
        before = self._connection.total_changes()
        try:
            self._rows = cursor.execute(sql, values).fetchall()
        except apsw.Error as error:
            _raise(error)
        writes = sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE", "REPLAC")
        self.rowcount = self._connection.total_changes() - before if writes else -1

    def executemany(self, sql: str, many: Any) -> None:
        for values in many:
            self.execute(sql, values)

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        self._rows = []
