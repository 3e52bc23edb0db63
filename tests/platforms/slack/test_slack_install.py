"""Many workspaces: they install the app by OAuth, each works by its own token, and what they share is its host's."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import open_house
from bot.core.errors import ChannelGone, NewsbellError, SettingsError, TryLater
from bot.core.message import Message
from bot.platforms.slack import SlackPlatform
from bot.platforms.slack.install import STATE_LIVES, States
from bot.platforms.slack.once import InMemory
from bot.store import new_key, tables
from tests.fakes.sample_commands import sample_router
from tests.fakes.settings import quiet
from tests.fakes.slack_oauth import CLIENT_ID, CLIENT_SECRET
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_world import ALERTS, GENERAL, TEAM, Channel, User, text_of
from tests.platforms.slack.stage import MemoryVault, platform_for_many, running

OTHER, DESK = "T0PARTNER", "C0DESK"
MESSAGE = Message(title="Iraq signs")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(transport="http") as server:
        kim = User("U0KIM", "kim", admin=True, team=OTHER)
        server.users[kim.id] = kim
        server.channels[DESK] = Channel(DESK, "desk", members={kim.id, "U0BOTPARTNER"}, teams=(OTHER,))
        yield server


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.02)


async def test_two_workspaces_install_the_app_and_each_is_served_by_its_own_token(slack: FakeSlack) -> None:
    router, desk = sample_router()
    vault = MemoryVault()
    kim = slack.users["U0KIM"]
    async with running(slack, router, vault=vault) as platform:
        assert await platform.check() == "0 workspaces; they install the app at /slack/install"
        status, page = await slack.oauth.install(TEAM, "Newsroom & Co")
        assert (status, "Newsbell is in Newsroom &amp; Co" in page) == (200, True)
        assert (await slack.oauth.install(OTHER, "Partner", kim))[0] == 200
        assert await platform.check() == "2 workspaces (Newsroom & Co, Partner); they install the app at /slack/install"

        await slack.slash("subscribe ISIL")
        await slack.slash("subscribe Iraq", user=kim, channel=DESK)
        await slack.mention("topics", user=kim, channel=DESK, team=OTHER)
        assert "ISIL" in (await slack.ephemeral()).text
        home = await slack.views.home(kim)
        await slack.views.press(home, "Help")
        await (await slack.views.window()).shows("Newsbell")

        await platform.send(f"slack:{TEAM}:{GENERAL}", MESSAGE, delivery_id="d1")
        await platform.send(f"slack:{OTHER}:{DESK}", MESSAGE, delivery_id="d2")
    assert [(call.tenant, call.channel.id, call.person.may_manage) for _, call, _ in desk.calls[:2]] == [
        (f"slack:{TEAM}", f"slack:{TEAM}:{GENERAL}", True),
        (f"slack:{OTHER}", f"slack:{OTHER}:{DESK}", True),
    ]
    assert [(each.team, each.channel) for each in slack.posted] == [(TEAM, GENERAL), (OTHER, DESK)]
    assert sorted(tenant for tenant, _ in vault.kept) == [f"slack:{TEAM}", f"slack:{OTHER}"]


async def test_a_workspace_that_did_not_install_the_app_is_told_and_gets_no_posts(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router, vault=MemoryVault()) as platform:
        answer = await slack.slash("topics")
        with pytest.raises(ChannelGone, match="not installed in this workspace"):
            await platform.send(f"slack:{TEAM}:{GENERAL}", MESSAGE, delivery_id="d1")
    assert answer.message["text"].startswith("Newsbell is no longer installed")
    assert desk.calls == []


# Strangers at the two pages


async def test_a_state_works_once_in_the_browser_that_began_and_for_ten_minutes(
    slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # as `logs.configure` has it for libraries
    now = [datetime.now(UTC)]
    vault = MemoryVault()
    async with running(slack, vault=vault, clock=lambda: now[0]):
        state, cookie = await slack.oauth.begin()
        come_back, allow = slack.oauth.come_back, slack.oauth.allow
        assert (await come_back(state=state, code=allow()))[0] == 400  # another browser: it has no cookie
        assert (await come_back(state=state, code=allow(), cookie=cookie.replace("=", "=x")))[0] == 400
        assert (await come_back(code=allow(), cookie=cookie))[0] == 400
        assert (await come_back(state=state, error="access_denied", cookie=cookie))[0] == 200
        assert vault.kept == {}
        assert (await come_back(state=state, code=allow(), cookie=cookie))[0] == 200
        status, page = await come_back(state=state, code=allow(OTHER, "Partner"), cookie=cookie)
        assert (status, "used already" in page) == (401, True)
        state, cookie = await slack.oauth.begin()
        now[0] += STATE_LIVES + timedelta(seconds=1)
        assert (await come_back(state=state, code=allow(OTHER, "Partner"), cookie=cookie))[0] == 401
        state, cookie = await slack.oauth.begin()
        assert (await come_back(state=state, code="code-of-nobody", cookie=cookie))[0] == 401
        state, cookie = await slack.oauth.begin()
        slack.oauth.broken = True
        status, page = await come_back(state=state, code=allow(), cookie=cookie)
        assert (status, "Begin again" in page) == (401, True)
    assert list(vault.kept) == [(f"slack:{TEAM}", "installation")]
    assert "with code: …" in caplog.text
    assert "code-" not in caplog.text


@pytest.mark.parametrize("state", ["", "x", "9999999999." + "a" * 32 + "." + "0" * 64, "1.\0.é", "²." + "a" * 97])
async def test_a_state_that_is_not_ours_is_refused_and_leaves_nothing(state: str) -> None:
    marks = InMemory(lambda: datetime.now(UTC))
    assert not await States("secret", marks, lambda: datetime.now(UTC)).async_consume(state)
    assert not marks._until


async def test_states_are_signed_with_the_secret_and_kept_nowhere_until_they_are_used() -> None:
    now = datetime.now(UTC)
    marks = InMemory(lambda: now)
    states = [await States("secret", marks, lambda: now).async_issue() for _ in range(3)]
    assert not marks._until
    assert not await States("another", marks, lambda: now).async_consume(states[0])
    assert [await States("secret", marks, lambda: now).async_consume(states[0]) for _ in range(2)] == [True, False]
    longer = str(int(states[1].partition(".")[0]) + 600) + states[1][states[1].index(".") :]
    assert not await States("secret", marks, lambda: now).async_consume(longer)


async def test_an_installation_in_a_whole_organization_is_refused(slack: FakeSlack) -> None:
    vault = MemoryVault()
    async with running(slack, vault=vault):
        slack.oauth.whole_organization = True
        status, page = await slack.oauth.install()
    assert (status, "choose one, not the whole organization" in page) == (500, True)
    assert vault.kept == {}


# Tokens that end


def soon(vault: MemoryVault) -> str:
    """The newsroom's token ends in ten minutes: the token."""
    kept = json.loads(vault.kept[f"slack:{TEAM}", "installation"])
    kept["bot_token_expires_at"] = int(datetime.now(UTC).timestamp()) + 600
    vault.kept[f"slack:{TEAM}", "installation"] = json.dumps(kept)
    return str(kept["bot_token"])


async def test_a_token_is_traded_in_time_once_and_both_ways_go_on(slack: FakeSlack) -> None:
    router, desk = sample_router()
    vault, marks = MemoryVault(), InMemory(lambda: datetime.now(UTC))
    slack.oauth.rotating = True
    async with running(slack, router, vault=vault, marks=marks) as platform:
        another = platform_for_many(slack, vault, marks=marks)
        await slack.oauth.install()
        first = soon(vault)
        place = f"slack:{TEAM}:{GENERAL}"
        await asyncio.gather(
            slack.slash("topics"),
            platform.send(place, MESSAGE, delivery_id="d1"),
            another.send(place, MESSAGE, delivery_id="d2"),
        )
        slack.oauth.tokens[first].ends = 0
        await platform.send(place, MESSAGE, delivery_id="d3")
        await another.send(place, MESSAGE, delivery_id="d4")
        await slack.slash("help")
    assert slack.oauth.traded == 1
    assert first not in vault.kept[f"slack:{TEAM}", "installation"]
    assert sorted(each.delivery_id or "" for each in slack.posted) == ["d1", "d2", "d3", "d4"]
    assert [name for name, _, _ in desk.calls] == ["topics", "help"]


async def test_a_trade_that_fails_leaves_the_old_token_and_is_tried_again(slack: FakeSlack) -> None:
    vault, marks = MemoryVault(), InMemory(lambda: datetime.now(UTC))
    slack.oauth.rotating = True
    async with running(slack, vault=vault, marks=marks) as platform:
        await slack.oauth.install()
        soon(vault)
        slack.oauth.broken = True
        place = f"slack:{TEAM}:{GENERAL}"
        await platform.send(place, MESSAGE, delivery_id="d1")
        slack.oauth.broken = False
        await platform.send(place, MESSAGE, delivery_id="d2")
        assert slack.oauth.traded == 0  # not sooner than a minute after
        await marks.take(f"slack rotation {TEAM}")
        await platform.send(place, MESSAGE, delivery_id="d3")
        assert slack.oauth.traded == 1


# Channels that companies share


@pytest.fixture
def shared(slack: FakeSlack) -> str:
    """#alerts of the newsroom, in which the partner's people are too."""
    slack.channels[ALERTS].teams = (TEAM, OTHER)
    slack.channels[ALERTS].members |= {"U0KIM", "U0BOTPARTNER"}
    return ALERTS


async def test_a_shared_channel_is_its_hosts_whichever_side_speaks(slack: FakeSlack, shared: str) -> None:
    router, desk = sample_router()
    closed: list[tuple[str, str]] = []

    class Heard:
        async def closed(self, channel: str, reason: str) -> None:
            closed.append((channel, reason))

        async def opened(self, channel: str) -> None: ...

        async def removed(self, tenant: str) -> None: ...

    kim = slack.users["U0KIM"]
    async with running(slack, router, vault=MemoryVault(), places=Heard()):
        await slack.oauth.install(TEAM)
        await slack.oauth.install(OTHER, "Partner", kim)
        refused = await slack.slash("subscribe ISIL", user=kim, channel=shared)
        await slack.slash("topics", user=kim, channel=shared)
        await slack.mention("topics", user=kim, channel=shared, team=OTHER)
        await slack.ephemeral()
        await slack.slash("subscribe ISIL", channel=shared)
        elsewhere = await slack.slash("subscribe ISIL to #alerts", user=kim, channel=DESK)
    assert "those who manage" in refused.text
    assert "no channel #alerts" in elsewhere.text
    assert {(name, call.tenant, call.channel.id) for name, call, _ in desk.calls} == {
        ("topics", f"slack:{TEAM}", f"slack:{TEAM}:{shared}"),
        ("subscribe", f"slack:{TEAM}", f"slack:{TEAM}:{shared}"),
    }
    assert [channel for channel, _ in closed] == [f"slack:{OTHER}:{shared}"]  # and not at each word
    assert closed[0][1] == "The channel is Newsroom's, which has the app too: what it follows is set up there now."


async def test_a_shared_channel_whose_host_has_no_app_is_the_guests_who_has_it(slack: FakeSlack, shared: str) -> None:
    router, desk = sample_router()
    kim = slack.users["U0KIM"]
    async with running(slack, router, vault=MemoryVault()) as platform:
        await slack.oauth.install(OTHER, "Partner", kim)
        await slack.slash("subscribe ISIL", user=kim, channel=shared)
        await platform.send(f"slack:{OTHER}:{shared}", MESSAGE, delivery_id="d1")
    assert [(call.tenant, call.channel.id) for _, call, _ in desk.calls] == [
        (f"slack:{OTHER}", f"slack:{OTHER}:{shared}")
    ]
    assert slack.posted[0].team == OTHER


# The whole house


def settings_of(slack: FakeSlack) -> dict[str, Any]:
    return {
        "slack": {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "signing_secret": slack.http.secret,
            "transport": "http",
            "api_url": slack.api_url,
        },
        "web": {"enabled": True, "port": 0, "password": "behind a login"},
        "secrets_key": new_key(),
    }


@pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])
async def test_a_workspace_that_removes_the_app_is_erased_with_its_token_and_the_other_stays(
    slack: FakeSlack, tmp_path: Path, kind: str
) -> None:
    kim = slack.users["U0KIM"]
    async with open_house(quiet(tmp_path, **settings_of(slack)), feeds=()) as house:
        task = asyncio.create_task(house.run())
        try:
            await until(lambda: house.front_door.startswith("http") and not house.front_door.endswith(":0/"))
            slack.oauth.url = house.front_door.rstrip("/")
            slack.http.url = f"{slack.oauth.url}/slack/events"
            assert (await slack.oauth.install(TEAM))[0] == 200
            assert (await slack.oauth.install(OTHER, "Partner", kim))[0] == 200
            await slack.slash('subscribe "oil"', channel=ALERTS)
            await slack.slash('subscribe "oil"', user=kim, channel=DESK)
            assert await house.vault.tenants("installation") == [f"slack:{TEAM}", f"slack:{OTHER}"]
            # Late, and about the newsroom, whose token works: nothing happens.
            await slack.tell({"type": kind})
            await slack.http.acknowledged()
            slack.oauth.installs[OTHER].removed = True
            await slack.tell({"type": kind}, team=OTHER)
            async with asyncio.timeout(20):
                while len(await house.vault.tenants("installation")) > 1:
                    await asyncio.sleep(0.02)
            assert await house.vault.tenants("installation") == [f"slack:{TEAM}"]
            assert await house.followed(f"slack:{TEAM}")
            async with house.store.read() as tx:
                for table in tables.metadata.sorted_tables:
                    if "tenant" in table.c:
                        mine = select(table.c.tenant).where(table.c.tenant.startswith(f"slack:{OTHER}"))
                        assert await tx.rows(mine) == [], table.name
                assert "xoxb-" not in str(await tx.rows(select(tables.secret)))
            # Who takes the app in again begins anew.
            assert (await slack.oauth.install(OTHER, "Partner", kim))[0] == 200
            assert "Following gas" in (await slack.slash('subscribe "gas"', user=kim, channel=DESK)).text
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bot_token": "xoxb-token"}, "set one of the two"),
        ({"transport": "socket"}, "TRANSPORT must be http"),
        ({"client_secret": None}, "CLIENT_SECRET is not set"),
        ({"signing_secret": None}, "SIGNING_SECRET is not set"),
    ],
)
async def test_what_is_missing_or_too_much_is_said_before_it_starts(change: dict[str, Any], said: str) -> None:
    whole: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "signing_secret": "s"}
    platform = SlackPlatform(**{**whole, "transport": "http", "vault": MemoryVault(), **change})
    with pytest.raises(SettingsError, match=said):
        await platform.run(sample_router()[0])
    with pytest.raises(SettingsError, match=said):
        await platform.check()


async def test_without_a_key_no_token_would_be_sealed_and_nothing_starts(slack: FakeSlack, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="NEWSBELL_SECRETS_KEY is missing"):
        async with open_house(quiet(tmp_path, **{**settings_of(slack), "secrets_key": ""}), feeds=()):
            pass


async def test_a_token_that_cannot_be_opened_waits_and_closes_no_channel(slack: FakeSlack) -> None:
    class Locked(MemoryVault):
        async def get(self, tenant: str, name: str) -> str | None:
            raise NewsbellError("the key is missing")

    with pytest.raises(TryLater, match="the key is missing") as waits:
        await platform_for_many(slack, Locked()).send(f"slack:{TEAM}:{GENERAL}", MESSAGE, delivery_id="d1")
    assert (waits.value.refused, waits.value.reach) == (True, "tenant")


async def test_a_check_names_the_workspace_in_which_something_is_wrong(slack: FakeSlack) -> None:
    vault = MemoryVault()
    await vault.put(f"slack:{TEAM}", "installation", slack.oauth.grant(TEAM))
    platform = platform_for_many(slack, vault)
    slack.oauth.own.scopes.discard("users:read")
    with pytest.raises(SettingsError, match="lacks the scopes users:read in Newsroom"):
        await platform.check()
    slack.removed = True
    with pytest.raises(SettingsError, match=f"Workspace {TEAM}: The app was removed from this workspace"):
        await platform_for_many(slack, vault).check()


async def test_an_alert_is_posted_by_a_process_that_only_delivers(slack: FakeSlack) -> None:
    vault = MemoryVault()
    async with running(slack, vault=vault):
        await slack.oauth.install()
    await platform_for_many(slack, vault).send(f"slack:{TEAM}:{GENERAL}", MESSAGE, delivery_id="d1")
    assert "Iraq signs" in text_of(slack.posted[0].body)
