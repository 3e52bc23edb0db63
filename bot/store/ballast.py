"""Room on the disk for what must be written when there is none left: a file that is given up in need.

On a full disk SQLite refuses whatever makes the database grow, so that an alert which was posted could not be noted as
posted. Therefore a file of some megabytes lies beside the database. When the disk runs short nothing new is taken in,
and when it is full the file goes as well: what waits in the outbox still goes out and is noted. Once there is room
again it is laid down anew and feeds are looked at; they still show what came meanwhile.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SIZE = 8 * 2**20
"""Bytes: SQLite's journal grows to four megabytes before it begins again at its start."""
SPARE = 32 * 2**20
"""Bytes that are to be free beside it; with fewer nothing new is taken in."""


class Ballast:
    """`short` says that nothing new is to be taken in. Nothing is written before the first `look`."""

    def __init__(self, database: Path, *, size: int = SIZE, spare: int = SPARE) -> None:
        self.file = database.with_name(f"{database.name}.ballast")
        self.short = False
        self._size = size
        self._spare = spare

    def look(self) -> None:
        """See how much room there is, and lay the file down where there is enough."""
        # Half as much again to come out of it, or it would flap with every log line.
        enough = self._spare * 3 // 2 if self.short else self._spare
        free = shutil.disk_usage(self.file.parent).free
        laid = self.file.exists()
        self._becomes(short=free < enough + (0 if laid else self._size))
        if not laid and not self.short:
            self._lay()

    def give_up(self) -> None:
        """The disk is full: let go of the file."""
        self._becomes(short=True)
        self.file.unlink(missing_ok=True)

    def _lay(self) -> None:
        try:
            with self.file.open("wb") as file:
                file.write(bytes(self._size))  # written and not only allotted: not every system can do that
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.give_up()

    def _becomes(self, *, short: bool) -> None:
        if short and not self.short:
            log.error(
                "the disk is full; nothing new is taken in, what waits still goes out", folder=self.file.parent.name
            )
        if self.short and not short:
            log.warning("there is room on the disk again; feeds are looked at again")
        self.short = short
