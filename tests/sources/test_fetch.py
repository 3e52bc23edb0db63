"""The client against servers that are slow, endless, cut, or lie: each visit ends, and says how."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from bot import __version__
from bot.core.errors import FetchError
from bot.sources.fetch import Fetcher, Limits
from bot.sources.gate import Gate
from bot.sources.guard import Guard
from tests.fakes.newsstand import RSS, Reply, Talk, newsstand, wire
from tests.sources.hostile_wires import CUT, HEAD, NONE, WIRES, says

QUICK = Limits(connect=2, idle=0.3, total=1.0, body=20_000)


def client(*at: tuple[str, int], limits: Limits = QUICK) -> Fetcher:
    gate = Gate(gap=0, jitter=0, per_minute=0)
    return Fetcher(
        Guard(allowed=frozenset(at)), gate, agent=f"Newsbell/{__version__} (+https://x.example)", limits=limits
    )


async def test_it_asks_as_a_good_guest() -> None:
    async with newsstand() as stand, client(stand.at) as fetcher:
        stand.on("/feed", Reply(RSS, headers={"Set-Cookie": "a=b", "ETag": '"1"'}))
        await fetcher.get(stand.url("/feed#part"))
        await fetcher.get(stand.url("/feed"))
        for asked in stand.asked:
            assert asked.method == "GET"
            assert asked.path == "/feed"
            assert asked.values("user-agent") == [f"Newsbell/{__version__} (+https://x.example)".encode()]
            assert asked.values("accept-encoding") == [b"gzip"]
            assert b"application/rss+xml" in asked.values("accept")[0]
            assert asked.values("cookie") == []
            assert asked.values("referer") == []
            assert asked.values("authorization") == []


async def test_a_gzipped_body_is_decoded_and_its_size_is_that_on_the_wire() -> None:
    packed = gzip.compress(RSS)
    async with newsstand() as stand, client(stand.at) as fetcher:
        stand.on("/feed", Reply(packed, headers={"Content-Encoding": "gzip"}))
        answer = await fetcher.get(stand.url())
    assert answer.body == RSS
    assert answer.size == len(packed)
    assert answer.cut == ""


@pytest.mark.parametrize(("talk", "reason"), CUT.values(), ids=CUT)
async def test_a_body_that_does_not_end_well_is_kept_and_marked_as_cut(talk: Talk, reason: str) -> None:
    async with wire(talk) as port, client(("127.0.0.1", port)) as fetcher:
        answer = await fetcher.get(f"http://127.0.0.1:{port}/feed")
    assert reason in answer.cut
    assert 0 < len(answer.body) <= QUICK.body


@pytest.mark.parametrize(("talk", "reason"), NONE.values(), ids=NONE)
async def test_no_answer_is_an_error_that_names_the_host_and_nothing_private(talk: Talk, reason: str) -> None:
    async with wire(talk) as port, client(("127.0.0.1", port)) as fetcher:
        with pytest.raises(FetchError) as error:
            await fetcher.get(f"http://127.0.0.1:{port}/feed?token=s3cr3t")
    assert reason in str(error.value)
    assert "s3cr3t" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_there_are_sixteen_ways_to_break_a_wire() -> None:
    assert len(WIRES) == 16


async def test_a_bomb_stops_early() -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)
    async with newsstand() as stand, client(stand.at, limits=Limits()) as fetcher:
        stand.on("/feed", Reply(bomb, headers={"Content-Encoding": "gzip"}))
        with pytest.raises(FetchError, match="bomb"):
            await fetcher.get(stand.url())


async def test_nobody_listens() -> None:
    async with newsstand() as stand:
        at = stand.at
    async with client(at) as fetcher:
        with pytest.raises(FetchError, match="could not be reached"):
            await fetcher.get(f"http://127.0.0.1:{at[1]}/")


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [
        ((301,), True),
        ((308,), True),
        ((301, 308), True),
        ((302,), False),
        ((307,), False),
        ((301, 302), False),
        ((303, 301), False),
    ],
)
async def test_only_a_chain_of_permanent_redirects_is_a_move(statuses: tuple[int, ...], moved: bool) -> None:
    async with newsstand() as stand, client(stand.at) as fetcher:
        for number, status in enumerate(statuses):
            stand.on(f"/{number}", Reply(status=status, headers={"Location": f"/{number + 1}"}))
        stand.on(f"/{len(statuses)}", Reply(RSS))
        answer = await fetcher.get(stand.url("/0"))
        assert answer.url == stand.url(f"/{len(statuses)}")
        assert answer.moved is moved


async def test_without_a_redirect_nothing_moved() -> None:
    async with newsstand() as stand, client(stand.at) as fetcher:
        stand.on("/feed", Reply(RSS))
        assert not (await fetcher.get(stand.url())).moved


async def test_two_hosts_that_redirect_to_each_other_do_not_lock_each_other_out() -> None:
    async with newsstand() as one, newsstand() as two, client(one.at, two.at) as fetcher:
        one.on("/a", Reply(status=302, headers={"Location": two.url("/a").replace("127.0.0.1", "localhost")}))
        one.on("/b", Reply(RSS))
        two.on("/a", Reply(status=302, headers={"Location": one.url("/b")}))
        two.on("/b", Reply(status=302, headers={"Location": one.url("/b")}))
        async with asyncio.timeout(10):
            # `localhost` may also be ::1, which is not allowed here: what matters is that both come back.
            await asyncio.gather(
                fetcher.get(one.url("/a")),
                fetcher.get(two.url("/b").replace("127.0.0.1", "localhost")),
                return_exceptions=True,
            )


async def test_a_header_that_cannot_be_sent_back_is_as_good_as_absent() -> None:
    talk = says(HEAD + b'ETag: "\xe9\xff"\r\nLast-Modified: ' + b"x" * 5000 + b"\r\nContent-Length: 5\r\n\r\n<rss>")
    async with wire(talk) as port, client(("127.0.0.1", port)) as fetcher:
        answer = await fetcher.get(f"http://127.0.0.1:{port}/feed")
    assert "etag" not in answer.headers
    assert "last-modified" not in answer.headers
