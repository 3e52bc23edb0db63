"""Checks 1 to 12: conditional requests, and what a restart or a kill does to them."""

from __future__ import annotations

import pytest

from bot.core.model import EVERYONE
from tests.conformance.world import DAY, MINUTE, World, rss, sent, server
from tests.fakes.newsstand import Reply

pytestmark = pytest.mark.asyncio(loop_scope="session")

STAMP = "Thu, 26 Nov 2026 09:00:00 GMT"


async def looks(world: World, count: int) -> None:
    """That many looks at everything, as far apart as the poller wishes."""
    for _ in range(count):
        before = len(world.log())
        while len(world.log()) == before:
            await world.live(10 * MINUTE)


@pytest.mark.slow
async def test_01_one_unconditional_get_in_a_feeds_life_the_subscribing_included(world: World) -> None:
    began = world.clock()

    def day() -> int:
        return (world.clock() - began).days

    url = world.on(
        "a", "/feed", server(lambda: rss(*map(str, range(day() + 3)), at=began), lambda: {"ETag": f'"{day()}"'})
    )
    final, fetched = await world.source.look(url)
    await world.poller.add_feed(final, fetched, tenant=EVERYONE, added_by="ada")
    await world.live(5 * DAY)
    log = world.log()
    assert len(log) > 20
    assert [asked.conditional for asked in log].count(False) == 1
    assert not log[0].conditional


@pytest.mark.parametrize("tag", ['"abc"', 'W/"abc"', "bare", '"with, comma"', 'W/"a\'b"'])
async def test_02_if_none_match_is_the_last_etag_byte_for_byte(world: World, tag: str) -> None:
    await world.add(world.on("a", "/feed", server(lambda: rss("1", at=world.clock()), lambda: {"ETag": tag})))
    await looks(world, 3)
    assert [asked.values("if-none-match") for asked in world.log()] == [[], [tag.encode()], [tag.encode()]]


@pytest.mark.parametrize("stamp", [STAMP, "2026-11-26T09:00:00Z", "yesterday, about nine"])
async def test_03_if_modified_since_is_the_last_last_modified_byte_for_byte(world: World, stamp: str) -> None:
    headers = {"Last-Modified": stamp}
    await world.add(world.on("a", "/feed", server(lambda: rss("1", at=world.clock()), lambda: headers)))
    await looks(world, 3)
    assert [asked.values("if-modified-since") for asked in world.log()] == [[], [stamp.encode()], [stamp.encode()]]


async def test_04_both_are_sent_where_both_were_given(world: World) -> None:
    headers = {"ETag": '"1"', "Last-Modified": STAMP}
    await world.add(world.on("a", "/feed", server(lambda: rss("1", at=world.clock()), lambda: headers)))
    await looks(world, 2)
    assert sent(world.log()) == [([], []), ([b'"1"'], [STAMP.encode()])]


async def replaced(world: World, *replies: dict[str, str], body: bool) -> list[tuple[list[bytes], list[bytes]]]:
    """What is sent after each of these answers; with `body`, each brings another document."""
    documents = [rss(f"{n if body else 0}", at=world.clock()) for n in range(len(replies))]
    answers = [Reply(doc, headers=headers) for doc, headers in zip(documents, replies, strict=True)]
    await world.add(world.on("a", "/feed", *answers))
    await looks(world, len(replies) + 1)
    return sent(world.log())[1:]


async def test_05_a_new_etag_under_the_same_last_modified_is_used(world: World) -> None:
    first, second = {"ETag": '"1"', "Last-Modified": STAMP}, {"ETag": '"2"', "Last-Modified": STAMP}
    after = await replaced(world, first, second, body=True)
    assert after == [([b'"1"'], [STAMP.encode()]), ([b'"2"'], [STAMP.encode()])]


async def test_06_a_new_last_modified_under_the_same_etag_is_used(world: World) -> None:
    after = await replaced(
        world, {"ETag": '"1"', "Last-Modified": "A"}, {"ETag": '"1"', "Last-Modified": "B"}, body=True
    )
    assert after == [([b'"1"'], [b"A"]), ([b'"1"'], [b"B"])]


async def test_07_after_a_touch_both_are_updated_although_the_body_is_the_same(world: World) -> None:
    after = await replaced(
        world, {"ETag": '"1"', "Last-Modified": "A"}, {"ETag": '"2"', "Last-Modified": "B"}, body=False
    )
    assert after == [([b'"1"'], [b"A"]), ([b'"2"'], [b"B"])]


@pytest.mark.parametrize("body", [True, False])
async def test_08_validators_that_vanish_are_not_sent_any_more(world: World, body: bool) -> None:
    after = await replaced(world, {"ETag": '"1"', "Last-Modified": "A"}, {"Last-Modified": "B"}, {}, body=body)
    assert after == [([b'"1"'], [b"A"]), ([], [b"B"]), ([], [])]


async def test_09_a_304_may_bring_new_validators(world: World) -> None:
    answers = (
        Reply(rss("1", at=world.clock()), headers={"ETag": '"1"', "Last-Modified": "A"}),
        Reply(status=304, headers={"ETag": '"2"'}),
        Reply(status=304),
    )
    await world.add(world.on("a", "/feed", *answers))
    await looks(world, 3)
    assert sent(world.log()) == [([], []), ([b'"1"'], [b"A"]), ([b'"2"'], [b"A"])]


@pytest.mark.parametrize(
    "body", [b"<html><body>We are moving house</body></html>", b"", b"<rss><channel><item><title>cut o"]
)
async def test_10_no_validators_are_kept_from_what_could_not_be_read(world: World, body: bytes) -> None:
    good = Reply(rss("1", at=world.clock()), headers={"ETag": '"good"'})
    await world.add(world.on("a", "/feed", good, Reply(body, headers={"ETag": '"bad"'}), good))
    await looks(world, 3)
    assert b'"bad"' not in [value for asked in world.log() for value in asked.values("if-none-match")]
    assert world.log()[2].values("if-none-match") == [b'"good"']


async def test_11_after_a_restart_the_first_look_is_conditional_and_not_early(world: World) -> None:
    feed = await world.add(world.on("a", "/feed", server(lambda: rss("1", at=world.clock()), lambda: {"ETag": '"1"'})))
    await looks(world, 2)
    due = (await world.feed(feed.id)).next_check_at
    await world.start()
    await looks(world, 1)
    last = world.log()[-1]
    assert last.values("if-none-match") == [b'"1"']
    assert due and due <= last.at <= due + 11 * MINUTE


HEADLINES = ("Chile elects a president", "Copper mine in Chile is closed", "Chile wins the football cup")


async def test_12_a_kill_between_fetch_and_commit_loses_nothing_and_doubles_nothing(world: World) -> None:
    keys = ["Norway holds its rates"]
    answer = server(lambda: rss(*keys, at=world.clock()), lambda: {"ETag": f'"{len(keys)}"'})
    await world.add(world.on("a", "/feed", answer))
    await looks(world, 1)
    await world.follow("Chile")

    class Killed(BaseException):
        """Nothing of ours may catch it, as nothing catches SIGKILL."""

    async def die(*_: object) -> object:
        raise Killed

    for headline in HEADLINES:
        keys.insert(0, headline)
        world.poller.admit = die  # type: ignore[method-assign,assignment]  # the world ends in the transaction
        with pytest.raises(Killed):
            await looks(world, 1)
        await world.start()
        await looks(world, 1)
        await world.courier.flush("fake:general")
    assert sorted(await world.titles()) == sorted(keys)
    assert world.platform.titles() == list(HEADLINES)
