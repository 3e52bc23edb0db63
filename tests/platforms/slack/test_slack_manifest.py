"""The manifest asks for what the platform uses, and for nothing else; the file in config/ is the one that is made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.core.errors import SettingsError
from bot.platforms.slack.manifest import SCOPES, manifest
from bot.platforms.slack.windows import FIRST, MORE, WHY
from bot.platforms.slack.workspace import CLOSED, OPENED, PUT_OUT
from tests.fakes import slack_world
from tests.fakes.slack_server import NEEDS

FILE = Path(__file__).parents[3] / "config" / "slack-manifest.yaml"


def test_the_file_in_config_is_the_one_that_is_made() -> None:
    assert FILE.read_text() == manifest()


def test_its_scopes_are_those_that_the_platform_checks_and_is_tested_with() -> None:
    block = manifest().split("    bot:\n", 1)[1].split("settings:", 1)[0]
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
        f"      callback_id: {WHY}",
    ):
        assert f"\n{line}\n" in manifest()
    assert "url:" not in manifest()


def test_over_http_every_kind_of_request_has_the_one_address() -> None:
    made = manifest("/bell", "https://news.example.org/")
    address = "https://news.example.org/slack/events"
    for line in (
        "    - command: /bell",
        f"      url: {address}",
        f"    request_url: {address}",
        f"    message_menu_options_url: {address}",
        "  socket_mode_enabled: false",
    ):
        assert f"\n{line}\n" in made
    assert made.count("request_url") == 2
    assert "/news " not in made
    assert "with /bell news, and" in made


def test_for_many_workspaces_it_names_the_way_back_and_lets_tokens_rotate() -> None:
    made = manifest(url="https://news.example.org", many=True)
    assert "\n  redirect_urls:\n    - https://news.example.org/slack/oauth_redirect\n" in made
    assert "\n  token_rotation_enabled: true\n" in made
    for other in (manifest(), manifest(url="https://news.example.org")):
        assert "redirect_urls" not in other
        assert "token_rotation_enabled: false" in other


def test_the_command_prints_it_for_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    socket, http = tmp_path / "socket.toml", tmp_path / "http.toml"
    socket.write_text("")
    http.write_text('[slack]\ntransport = "http"\ncommand = "/bell"\n')
    run = CliRunner().invoke
    assert run(app, ["--config", str(socket), "manifest", "slack"]).stdout == manifest()
    made = run(app, ["--config", str(http), "manifest", "slack", "--url", "https://a.example"])
    assert made.stdout == manifest("/bell", "https://a.example")
    made = run(app, ["--config", str(http), "manifest", "slack", "--many", "--url", "https://a.example"])
    assert made.stdout == manifest("/bell", "https://a.example", many=True)
    refused = run(app, ["--config", str(socket), "manifest", "slack", "--many"])
    assert isinstance(refused.exception, SettingsError)
    for more in ([], ["--url", "http://a.example"]):
        assert isinstance(run(app, ["--config", str(http), "manifest", "slack", *more]).exception, SettingsError)
