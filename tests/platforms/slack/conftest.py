"""A Slack of its own for every test that asks for one; modules about HTTP have one that comes that way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.slack_server import FakeSlack


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """As it closes, it fails a test that asked it for something invalid."""
    async with FakeSlack() as server:
        yield server
