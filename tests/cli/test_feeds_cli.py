"""newsbell feeds test and set: what an operator learns of a feed, and may fix about it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app import open_house
from bot.cli import app
from bot.cli.check import Report, check_feeds
from bot.cli.examine import examine
from bot.core.errors import NotAFeed
from bot.core.model import EVERYONE, Channel
from bot.house import House
from bot.sources import opml
from tests.fakes.newsstand import RSS, Newsstand, Reply, newsstand
from tests.fakes.settings import quiet

ROOT = Path(__file__).parents[2]
URL = "https://news.example/rss"


@pytest.fixture
async def stand() -> AsyncIterator[Newsstand]:
    async with newsstand() as opened:
        yield opened


@pytest.fixture
async def house(stand: Newsstand, tmp_path: Path) -> AsyncIterator[House]:
    settings = quiet(tmp_path, feeds={"host_gap_seconds": 0})
    async with open_house(settings, feeds=(), allowed=frozenset({stand.at})) as opened:
        yield opened


async def test_a_check_in_which_no_feed_answers_asks_for_the_connection(
    house: House, stand: Newsstand, capsys: pytest.CaptureFixture[str]
) -> None:
    stand.on("/one", Reply(status=404))
    stand.on("/two", Reply(status=404), Reply(RSS))
    async with house.store.begin() as tx:
        for path in ("/one", "/two"):
            await tx.feeds.add(stand.url(path), tenant=EVERYONE, now=await tx.now())
    asked = "is this machine connected to the internet?"
    await check_feeds(house, Report())
    assert asked in capsys.readouterr().out
    report = Report()
    await check_feeds(house, report)
    assert (report.failures, asked in capsys.readouterr().out) == (1, False)


async def test_a_look_tells_everything_learned(house: House, stand: Newsstand) -> None:
    async with house.store.begin() as tx:
        now = await tx.now()
        await tx.subscriptions.add("web", Channel("web:a", "web", "a"), "Baghdad", now=now)
    headers = {"ETag": '"1"', "Cache-Control": "max-age=10800", "Content-Type": "application/rss+xml"}
    stand.on("/feed", Reply(RSS, headers=headers), Reply(status=304))
    stand.on("/old", Reply(status=301, headers={"Location": stand.url("/feed")}))
    lines = list(await examine(house, stand.url("/old")))
    told = dict(lines)
    assert told["redirects"] == f"301 {stand.url('/old')}"
    assert told["title"] == "Example World"
    assert told["format"] == "rss20"
    assert told["etag"] == '"1"'
    assert told["items"] == "2, 1 with a date, 2 with a link"
    assert told["asked again"] == "HTTP 304: its validators work"
    assert told["its wish"] == "3.0 h at least"
    assert told["looked at"] == "every 3.0 h or a little later"
    outcomes = [value for _, value in lines if " -- " in value]
    assert "Floods close roads in the south -- nobody follows what it is about" in outcomes
    assert any(
        ("Parliament in Baghdad" in line and "is about Baghdad" in line) or "would ring" in line for line in outcomes
    )
    async with house.store.read() as tx:
        assert await tx.feeds.visible(EVERYONE) == [], "nothing is added by looking"


async def test_a_page_is_told_apart(house: House, stand: Newsstand) -> None:
    stand.on("/", Reply(b"<html><title>Home</title></html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(NotAFeed, match="web page"):
        await examine(house, stand.url("/"))


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(ROOT)
    for name in [name for name in os.environ if name.startswith("NEWSBELL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NEWSBELL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWSBELL_WEB__ENABLED", "false")
    return CliRunner()


def test_an_operator_fixes_an_interval_and_a_user_agent(cli: CliRunner, tmp_path: Path) -> None:
    async def add() -> None:
        async with open_house(quiet(tmp_path), feeds=()) as house, house.store.begin() as tx:
            await tx.feeds.add(URL, tenant=EVERYONE, added_by="operator", title="News", now=await tx.now())

    asyncio.run(add())
    done = cli.invoke(app, ["feeds", "set", URL, "--minutes", "10", "--user-agent", "Reader/1 (+https://a.example)"])
    assert done.exit_code == 0, done.output
    assert done.stdout == "News: every 10 minutes, as Reader/1 (+https://a.example)\n"
    kept = cli.invoke(app, ["feeds", "set", URL, "--minutes", "0"])
    assert kept.stdout == "News: by its own pace, as Reader/1 (+https://a.example)\n"
    unknown = cli.invoke(app, ["feeds", "set", "https://other.example/", "--minutes", "5"])
    assert unknown.exit_code != 0
    listed = cli.invoke(app, ["feeds", "list"])
    assert "News" in listed.stdout and "new" in listed.stdout
    told = cli.invoke(app, ["audit"]).stdout.splitlines()
    assert [line.partition("  ")[2] for line in told] == [
        "operator  feeds set News: by its own pace, as Reader/1 (+https://a.example)",
        "operator  feeds set News: every 10 minutes, as Reader/1 (+https://a.example)",
    ]


def test_folders_go_in_as_regions_and_come_out_as_folders(cli: CliRunner, tmp_path: Path) -> None:
    outlines = [
        opml.Outline("https://a.example/rss", "A", ("World", "Middle East")),
        opml.Outline("https://b.example/rss", "B", ("World",)),
        opml.Outline("https://c.example/rss", "C"),
    ]
    file = tmp_path / "feeds.opml"
    file.write_text(opml.write(outlines, title="Mine", now=datetime(2026, 11, 26, tzinfo=UTC)))
    (tmp_path / "empty.toml").write_text("")
    env = {"NEWSBELL_FEEDS__PACK": str(tmp_path / "empty.toml")}
    done = cli.invoke(app, ["feeds", "import", str(file)], env=env)
    assert done.stdout == "3 feeds added, 0 known already\n"
    assert cli.invoke(app, ["audit"], env=env).stdout.endswith("operator  feeds import 3 feeds: from feeds.opml\n")
    out = cli.invoke(app, ["feeds", "export"], env=env)
    assert set(opml.read(out.stdout.encode()).outlines) == set(outlines)
