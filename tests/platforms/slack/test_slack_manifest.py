"""The manifest asks for what the platform uses, and for nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from bot.platforms.slack.platform import SCOPES
from bot.platforms.slack.windows import FIRST, MORE
from bot.platforms.slack.workspace import CLOSED, OPENED, PUT_OUT
from tests.fakes import slack_world
from tests.fakes.slack_server import NEEDS

MANIFEST = (Path(__file__).parents[3] / "config" / "slack-manifest.yaml").read_text()


def test_its_scopes_are_those_that_the_platform_checks_and_is_tested_with() -> None:
    block = MANIFEST.split("    bot:\n", 1)[1].split("settings:", 1)[0]
    scopes = re.findall(r"^ {6}- (\S+)", block, re.M)
    assert sorted(scopes) == sorted(SCOPES)
    assert sorted(scopes) == sorted(slack_world.SCOPES)
    assert set(NEEDS.values()) <= set(scopes)


def test_it_turns_on_what_the_platform_hears() -> None:
    for line in (
        *(f"      - {kind}" for kind in (*CLOSED, *OPENED, *PUT_OUT)),
        "    - command: /news",
        "      - app_mention",
        "      - app_home_opened",
        "    is_enabled: true",
        "  socket_mode_enabled: true",
        "      should_escape: true",
        f"      callback_id: {FIRST}",
        f"      callback_id: {MORE}",
    ):
        assert f"\n{line}\n" in MANIFEST
