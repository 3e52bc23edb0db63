"""Fixtures that every room's tests may ask for."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.store import Store
from bot.topics import Catalogue
from tests.fakes import discord_schema
from tests.fakes.newsroom import Newsroom
from tests.fakes.ports import Clock, FakePlatform, FakeSource

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run what is marked slow")


LONG = ("tests/test_program.py", "tests/test_page.py", "tests/test_platforms_end_to_end.py", "tests/simulator/")
"""What takes long begins first, or one worker is at it when the others have nothing left."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: runs with --slow (make slow)"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its counts on to the process that sums them up."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["discord"] = dict(discord_schema.COUNTED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    discord_schema.COUNTED.update(getattr(node, "workeroutput", {}).get("discord", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if requests := discord_schema.COUNTED["requests"]:
        terminalreporter.write_line(f"Discord: {requests:,} requests, {discord_schema.COUNTED['invalid']} invalid")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load(ROOT / "config/topics.toml")


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'newsbell.db'}", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def newsroom(store: Store, clock: Clock, catalogue: Catalogue) -> Newsroom:
    room = Newsroom(store, clock, FakeSource(), FakePlatform(), catalogue)
    await room.restart()
    return room


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A program that runs within a test sets up the logging of the process; the next test finds the defaults."""
    root, ours = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**ours)
