"""Push by WebSub: what hubs are asked, what they may say, and how much their word is worth."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from bot.app import open_house
from bot.core.cadence import interval
from bot.core.errors import FetchError
from bot.core.model import Feed, FeedState, Fetched
from bot.push import Door, Hubs
from bot.store.pushes import Push
from tests.fakes.asgi import call
from tests.fakes.newsroom import WIRE, Newsroom
from tests.fakes.ports import entries
from tests.fakes.settings import quiet

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HUB = "https://hub.example/"


class Pushed:
    """A newsroom with a feed that has a hub."""

    def __init__(self, room: Newsroom) -> None:
        self.room = room
        self.forms: list[tuple[str, Mapping[str, str]]] = []
        self.refusal: FetchError | None = None
        self.hubs = Hubs(store=room.store, ask=self.ask, base="https://bell.example/news/")
        self.door = Door(room.store, Random(1))
        room.poller.hubs = self.hubs

    async def ask(self, hub: str, form: Mapping[str, str]) -> None:
        self.forms.append((hub, form))
        if self.refusal:
            raise self.refusal

    async def look(self, *titles: str, hub: str = HUB, url: str = WIRE, tenant: str = "*") -> Feed:
        self.room.source.give(url, Fetched(entries=entries(*titles, at=self.room.clock()), hub=hub, topic=url))
        return await self.room.look(url, tenant=tenant)

    async def push(self) -> Push | None:
        async with self.room.store.read() as tx:
            return await tx.pushes.of(1)

    def callback(self) -> str:
        return self.forms[-1][1]["hub.callback"].removeprefix("https://bell.example/news")

    async def asks_back(self, **more: str) -> tuple[int, bytes]:
        said = {"hub.mode": "subscribe", "hub.topic": WIRE, "hub.challenge": "c123", "hub.lease_seconds": "86400"}
        said |= {f"hub.{name}": value for name, value in more.items()}
        return await call(self.door, "GET", f"{self.callback()}&{urlencode(said)}")

    async def knock(self, *, method: str = "sha256", secret: str = "", body: bytes = b"<rss/>") -> int:
        key = (secret or self.forms[-1][1]["hub.secret"]).encode()
        signed = f"{method}={hmac.new(key, body, method).hexdigest()}"
        status, _ = await call(self.door, "POST", self.callback(), body=body, headers={"X-Hub-Signature": signed})
        return status


@pytest.fixture
async def pushed(newsroom: Newsroom) -> Pushed:
    """Read once, its hub asked and confirmed."""
    stage = Pushed(newsroom)
    await newsroom.add_feed()
    await stage.look("one")
    await stage.hubs.renew()
    assert await stage.asks_back() == (200, b"c123")
    await stage.look("one")
    return stage


async def test_with_a_public_address_hubs_find_our_door_on_the_web_port(tmp_path: Path) -> None:
    web = {"enabled": True, "public_url": "https://bell.example/news"}
    async with open_house(quiet(tmp_path, web=web), feeds=()) as house:
        assert house.poller.hubs and house.poller.hubs.base == "https://bell.example/news"
        app = house.platforms["web"].app(house.router)  # type: ignore[attr-defined]  # the web platform's own
        for host, status in (("bell.example", 404), ("stranger.example", 421)):
            asked = await call(app, "GET", "/websub?feed=unknown&hub.mode=subscribe", headers={"Host": host})
            assert asked[0] == status
        assert (await call(app, "GET", "/api/channels", headers={"Host": "bell.example"}))[0] == 401


async def test_a_feeds_hub_is_asked_once_with_a_secret_and_a_callback_nobody_can_guess(newsroom: Newsroom) -> None:
    stage = Pushed(newsroom)
    await newsroom.add_feed()
    await stage.look("one")
    await stage.look("one")
    for _ in range(3):
        await stage.hubs.renew()
    [(hub, form)] = stage.forms
    assert (hub, form["hub.mode"], form["hub.topic"]) == (HUB, "subscribe", WIRE)
    assert form["hub.callback"].startswith("https://bell.example/news/websub?feed=")
    assert len(parse_qs(urlsplit(form["hub.callback"]).query)["feed"][0]) >= 22
    assert len(form["hub.secret"]) >= 32


@pytest.mark.parametrize(
    "wrong", [{"topic": "https://other.example/rss"}, {"mode": "unsubscribe"}, {"mode": ""}, {"challenge": ""}]
)
async def test_a_challenge_is_echoed_only_for_what_we_asked(pushed: Pushed, wrong: dict[str, str]) -> None:
    assert await pushed.asks_back(**wrong) == (404, b"")
    assert (await call(pushed.door, "GET", "/websub?feed=unknown&hub.mode=subscribe&hub.challenge=x"))[0] == 404
    assert (await call(pushed.door, "PUT", pushed.callback()))[0] == 405


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_a_knock_is_a_hint_to_look_within_half_a_minute(pushed: Pushed, method: str) -> None:
    pushed.room.clock.forward(5 * MINUTE)
    assert await pushed.knock(method=method) == 202
    due = (await pushed.room.feed()).next_check_at
    assert due and timedelta(seconds=5) <= due - pushed.room.clock() <= timedelta(seconds=30)


async def test_a_forged_knock_does_nothing_and_is_told_nothing(pushed: Pushed) -> None:
    pushed.room.clock.forward(5 * MINUTE)
    before = await pushed.room.feed()
    assert await pushed.knock(secret="guess") == 202
    assert await pushed.knock(method="md5") == 202
    assert (await call(pushed.door, "POST", pushed.callback(), body=b"x"))[0] == 202
    assert (await call(pushed.door, "POST", pushed.callback(), headers={"X-Hub-Signature": "sha256=\xff"}))[0] == 202
    assert await pushed.room.feed() == before
    push = await pushed.push()
    assert push and push.pushed_at is None


async def test_however_often_a_hub_knocks_two_looks_are_a_minute_apart(pushed: Pushed) -> None:
    for _ in range(3):
        await pushed.knock()
    known = await pushed.room.feed()
    assert known.checked_at and known.next_check_at == known.checked_at + MINUTE


async def test_what_is_announced_earns_trust_and_what_we_find_ourselves_loses_it(pushed: Pushed) -> None:
    assert not (await pushed.room.feed()).pushed
    await pushed.knock()
    pushed.room.clock.forward(MINUTE)
    trusted = await pushed.look("two", "one")
    assert trusted.pushed
    assert "announced by its hub" in await pushed.room.say("/feed show The Wire")
    pushed.room.clock.forward(HOUR)
    assert (await pushed.look("two", "one")).pushed, "no news is no miss"
    assert not (await pushed.look("three", "two", "one")).pushed
    push = await pushed.push()
    assert push and push.missed == 1


def test_a_trusted_feed_is_looked_at_a_quarter_as_often_but_within_six_hours(newsroom: Newsroom) -> None:
    now = newsroom.clock()
    lively, quiet = (Feed(1, WIRE, per_day=rate, ok_at=now, state=FeedState.ACTIVE) for rate in (24, 0.1))
    assert interval(replace(lively, pushed=True), now=now) / interval(lively, now=now) == pytest.approx(4, rel=0.01)
    assert interval(replace(quiet, pushed=True), now=now) == 6 * HOUR


async def test_a_lease_is_renewed_at_its_half_and_trust_ends_with_it(pushed: Pushed) -> None:
    await pushed.knock()
    pushed.room.clock.forward(MINUTE)
    assert (await pushed.look("two", "one")).pushed
    pushed.room.clock.forward(11 * HOUR)
    await pushed.hubs.renew()
    assert len(pushed.forms) == 1
    pushed.room.clock.forward(HOUR)
    await pushed.hubs.renew()
    assert len(pushed.forms) == 2
    assert pushed.forms[0][1]["hub.callback"] == pushed.forms[1][1]["hub.callback"]
    pushed.room.clock.forward(DAY)
    await pushed.hubs.renew()
    assert not (await pushed.room.feed()).pushed


async def test_a_hub_that_refuses_is_asked_ever_more_rarely(newsroom: Newsroom) -> None:
    stage = Pushed(newsroom)
    stage.refusal = FetchError("hub.example answers with HTTP 500")
    await newsroom.add_feed()
    await stage.look("one")
    asked = []
    for _ in range(40):
        before = len(stage.forms)
        await stage.hubs.renew()
        asked += [newsroom.clock()] * (len(stage.forms) - before)
        newsroom.clock.forward(HOUR)
    gaps = [after - before for before, after in pairwise(asked)]
    assert 5 <= len(asked) <= 9 and gaps == sorted(gaps)


async def test_a_hub_may_confirm_before_it_answers_and_may_say_no(pushed: Pushed) -> None:
    await pushed.asks_back(mode="denied", reason="no capacity", challenge="")
    push = await pushed.push()
    assert push and push.lease_until is None and "no capacity" in push.reason

    async def at_once(hub: str, form: Mapping[str, str]) -> None:
        await pushed.ask(hub, form)
        assert await pushed.asks_back() == (200, b"c123")

    pushed.hubs.ask = at_once
    pushed.room.clock.forward(25 * HOUR)
    await pushed.hubs.renew()
    push = await pushed.push()
    assert push and push.due_at == pushed.room.clock() + 12 * HOUR


async def test_another_hub_another_secret_and_no_hub_no_push(pushed: Pushed) -> None:
    old = pushed.callback()
    await pushed.look("one", hub="https://other.example/")
    await pushed.hubs.renew()
    assert [hub for hub, _ in pushed.forms] == [HUB, "https://other.example/"]
    assert pushed.callback() != old
    assert (await call(pushed.door, "POST", old))[0] == 410
    await pushed.knock()
    assert (await pushed.look("two", hub="https://other.example/")).pushed is False, "not confirmed"
    await pushed.look("two", hub="")
    assert await pushed.push() is None


async def test_a_feed_that_nobody_uses_any_more_is_gone_for_its_hub(pushed: Pushed) -> None:
    async with pushed.room.store.begin() as tx:
        await tx.feeds.remove(1, "*")
    assert await pushed.knock() == 410
    pushed.room.clock.forward(2 * DAY)
    await pushed.hubs.renew()
    assert len(pushed.forms) == 1


async def test_the_address_of_a_private_feed_is_told_to_no_hub(newsroom: Newsroom) -> None:
    stage = Pushed(newsroom)
    secret = "https://paper.example/rss?token=s3cr3t0123456789abcd"
    async with newsroom.store.begin() as tx:
        await tx.feeds.add(secret, tenant="fake", private=True, now=newsroom.clock())
    await stage.look("one", url=secret, tenant="fake")
    await stage.hubs.renew()
    assert stage.forms == []


async def test_after_push_is_switched_off_or_our_address_changes_nothing_is_relied_on(pushed: Pushed) -> None:
    moved = Hubs(store=pushed.room.store, ask=pushed.ask, base="https://moved.example")
    await moved.renew()
    assert pushed.forms[-1][1]["hub.callback"].startswith("https://moved.example/websub?")
    async with pushed.room.store.begin() as tx:
        await tx.pushes.trust(1, True)
        await tx.pushes.end_all()
    assert await pushed.push() is None and not (await pushed.room.feed()).pushed
