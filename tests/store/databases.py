"""A clock that tests turn by hand, and a PostgreSQL server of our own from an installed one.

It runs as the user `postgres` where the tests run as root, which the server refuses.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

START = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, by: timedelta) -> datetime:
        self.now += by
        return self.now


def _server_binary() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1]
    binary = shutil.which("postgres")
    return Path(binary) if binary and Path(binary).with_name("initdb").exists() else None


def _account() -> str | None:
    """Whom the server runs as: nobody else than us, unless we are root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres")


@contextlib.contextmanager
def own_server() -> Iterator[str]:
    binary = _server_binary()
    if binary is None:
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install the server")
    account = _account()
    # Not pytest's own folder: a socket's path has at most 107 bytes, and its parents are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="newsbell-pg-"))
    try:
        if account:
            shutil.chown(folder, account)
        data = folder / "data"
        initdb = [binary.with_name("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*map(str, initdb), "--locale=C"], user=account, check=True, capture_output=True, cwd="/")
        settings = [f"-c{name}" for name in ("listen_addresses=", "fsync=off")]
        server = subprocess.Popen(
            [str(binary), "-D", str(data), "-k", str(folder), *settings],
            user=account, cwd="/", stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
        )  # fmt: skip
        try:
            socket = folder / ".s.PGSQL.5432"
            ready = [str(binary.with_name("pg_isready")), "-q", "-h", str(folder)]
            while subprocess.run(ready, check=False).returncode:
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
            assert socket.exists()
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # the fast shutdown
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
