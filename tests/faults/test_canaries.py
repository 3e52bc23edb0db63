"""No secret is heard: the whole house at DEBUG, with servers that repeat what they were told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.canaries import SECRETS, Aviary, sing


def test_a_secret_is_heard_in_whatever_form_it_comes() -> None:
    aviary = Aviary()
    aviary.listen("logs", f"calling with {SECRETS['the web password']}")
    aviary.listen("API", "Basic " + "Y2FuYXJ5LVdlYi1QYXNzdzByZA==")
    assert [each.partition(" in ")[0] for each in aviary.heard] == ["the web password"] * 2


@pytest.mark.slow
def test_no_canary_sings(tmp_path: Path) -> None:
    aviary = asyncio.run(sing(tmp_path))
    assert aviary.heard == []
    assert aviary.listened["logs"] > 10_000
