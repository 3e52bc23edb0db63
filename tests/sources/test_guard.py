"""No address that a stranger writes leads into our own network: neither spelled oddly, nor redirected, nor rebound."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.core.errors import FetchError, ForbiddenAddress
from bot.core.model import Feed
from bot.sources.feed import FeedSource
from bot.sources.fetch import Fetcher, Limits
from bot.sources.gate import Gate
from bot.sources.guard import WAITING, WEB_PORTS, AddressInfo, Guard, may_visit
from tests.fakes.newsstand import NOW, RSS, Reply, newsstand

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700::6810:84e5", "::ffff:93.184.216.34", "172.32.0.1", "100.128.0.1"]
CLOSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "100::1",
    "localhost",
    "127.1",
    "2130706433",
    "nonsense",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_visited(address: str) -> None:
    assert may_visit(address)


@pytest.mark.parametrize("address", CLOSED)
def test_private_and_special_addresses_may_not(address: str) -> None:
    assert not may_visit(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1"])
def test_private_networks_open_by_setting(address: str) -> None:
    assert may_visit(address, allow_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "100.100.100.200",
        "fd00:ec2::254",
        "192.0.0.192",
        "168.63.129.16",
        "224.0.0.1",
        "64:ff9b::7f00:1",
    ],
)
def test_the_clouds_metadata_stays_shut_even_then(address: str) -> None:
    assert not may_visit(address, allow_private=True)


def test_an_allowed_pair_opens_that_address_and_port_only() -> None:
    guard = Guard(allowed=frozenset({("127.0.0.1", 8123)}))
    assert guard.permits("127.0.0.1", 8123)
    assert not guard.permits("127.0.0.1", 8124)
    assert not guard.permits("127.0.0.2", 8123)
    assert not guard.permits("93.184.216.34", 8123)
    assert guard.permits("93.184.216.34", 443)


def test_private_hosts_may_use_any_port_by_setting_but_public_ones_may_not() -> None:
    guard = Guard(allow_private=True)
    assert guard.permits("192.168.1.5", 1200)
    assert not guard.permits("93.184.216.34", 1200)
    assert guard.permits("93.184.216.34", 80)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/feed",
        "gopher://example.org/",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "//example.org/feed",
        "example.org/feed",
        "http://",
        "http://./",
        "http:///feed",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: evil",
        "http://example.org\\@127.0.0.1/",
        "http://example.org:99999/",
        "http://example.org:22/",
        "http://example.org:0/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://example.org/\x00",
        "http://" + "a" * 3000 + ".org/",
    ],
)
def test_what_is_no_web_address_is_refused_before_any_io(url: str) -> None:
    with pytest.raises(ForbiddenAddress) as error:
        Guard().check(url)
    assert re.fullmatch(r"[^\n.]+(\.[^\n.]+)*", str(error.value))
    assert error.value.state == "blocked"


def test_a_user_name_in_the_feeds_own_address_is_allowed() -> None:
    assert Guard().check("https://me:pw@example.org/feed").hostname == "example.org"


# --- The same through the whole client, with canaries on the other side.

CANARY = "CANARY"
FORMS = f"""http://127.0.0.1:{CANARY}/ http://localhost:{CANARY}/ http://LOCALHOST.:{CANARY}/ http://127.1:{CANARY}/
http://127.0.1:{CANARY}/ http://2130706433:{CANARY}/ http://0x7f000001:{CANARY}/ http://0x7f.0.0.1:{CANARY}/
http://0177.0.0.1:{CANARY}/ http://017700000001:{CANARY}/ http://0:{CANARY}/ http://0.0.0.0:{CANARY}/
http://127.0.0.2:{CANARY}/ http://[::1]:{CANARY}/ http://[::]:{CANARY}/ http://[::ffff:127.0.0.1]:{CANARY}/
http://[::ffff:7f00:1]:{CANARY}/ http://[0:0:0:0:0:ffff:127.0.0.1]:{CANARY}/ http://[::127.0.0.1]:{CANARY}/
http://[64:ff9b::7f00:1]:{CANARY}/ http://[64:ff9b:1::7f00:1]:{CANARY}/ http://[2002:7f00:1::]:{CANARY}/
http://[fe80::1%25lo]:{CANARY}/ http://①②⑦.⓪.⓪.①:{CANARY}/ http://127。0。0。1:{CANARY}/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{CANARY}/
http://example.org@127.0.0.1:{CANARY}/ http://example.org:80@127.0.0.1:{CANARY}/ http://127.0.0.1:{CANARY}#@example.org/
http://example.org\\@127.0.0.1:{CANARY}/ http://127.0.0.1:{CANARY}\\.example.org/ http://%31%32%37.0.0.1:{CANARY}/
http://169.254.169.254/latest/meta-data/ http://[::ffff:169.254.169.254]/ http://2852039166/ http://0xa9fea9fe/
http://169.254.169.254.:80/ http://100.100.100.200/ http://192.0.0.192/ http://168.63.129.16/ http://[fd00:ec2::254]/
http://10.0.0.1/ http://172.16.0.1/ http://192.168.0.1/ http://100.64.0.1/ http://224.0.0.1/ http://255.255.255.255/
http://[ff02::1]/ http://[fc00::1]/ http://[fec0::1]/ http://private.test:{CANARY}/ http://mixed.test:{CANARY}/
file:///etc/passwd ftp://127.0.0.1:{CANARY}/ gopher://127.0.0.1:{CANARY}/ dict://127.0.0.1:{CANARY}/
https://127.0.0.1:{CANARY}/ unix:///var/run/docker.sock""".split()


class Names(AbstractResolver):
    """A resolver under the attacker's control; it tells each name's next address, and the real one for others."""

    def __init__(self, **names: list[list[str]]) -> None:
        self._names = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self._names.get(host)
        if not answers:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(each[4][0]) for each in found]
        else:
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in addresses
        ]

    async def close(self) -> None:
        pass


class Watched(Guard):
    """The guard, with a list of the sockets that it let through."""

    opened: list[tuple[str, int]]

    def socket(self, info: AddressInfo) -> socket.socket:
        made = super().socket(info)
        self.opened.append((str(info[4][0]), int(str(info[4][1]))))
        return made


def watched(**kinds: Any) -> Watched:
    guard = Watched(**kinds)
    object.__setattr__(guard, "opened", [])
    return guard


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[str]]]:
    """Listens where nobody may come, on one port of IPv4 and, where there is one, IPv6."""
    caught: list[str] = []

    def caught_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caught.append(str(writer.get_extra_info("peername")))
        writer.close()

    async with AsyncExitStack() as stack:
        first = await asyncio.start_server(caught_one, "0.0.0.0", 0)
        stack.callback(first.close)
        port = first.sockets[0].getsockname()[1]
        try:
            second = await asyncio.start_server(caught_one, "::", port)
            stack.callback(second.close)
        except OSError:
            pass  # no IPv6 here
        yield port, caught


def fetcher(guard: Guard, resolver: AbstractResolver | None = None) -> Fetcher:
    gate = Gate(gap=0, jitter=0, per_minute=0)
    return Fetcher(guard, gate, agent="test", limits=Limits(connect=3, idle=3, total=5), resolver=resolver)


def names(port: int) -> Names:
    return Names(
        private_test=[["127.0.0.1"]],
        mixed_test=[["127.0.0.1", "::1"]],
        rebind_test=[["127.0.0.1"]],
    )


async def test_no_form_of_a_forbidden_address_is_connected_to() -> None:
    async with canary() as (port, caught):
        guard = watched(ports=frozenset({80, 443, port}))
        async with fetcher(guard, names(port)) as client:
            for form in FORMS:
                with pytest.raises(FetchError):
                    await client.get(form.replace(CANARY, str(port)))
        await asyncio.sleep(0)
        assert len(FORMS) >= 52
        assert guard.opened == []
        assert caught == []


async def test_no_redirect_to_a_forbidden_address_is_followed() -> None:
    async with canary() as (port, caught), newsstand() as stand:
        guard = watched(ports=frozenset({80, 443, port}), allowed=frozenset({stand.at}))
        async with fetcher(guard, names(port)) as client:
            for form in FORMS:
                target = form.replace(CANARY, str(port)).encode("ascii", "backslashreplace").decode()
                stand.on("/feed", Reply(status=302, headers={"Location": target}))
                with pytest.raises(FetchError):
                    await client.get(stand.url())
        await asyncio.sleep(0)
        assert set(guard.opened) == {stand.at}
        assert caught == []


async def test_a_name_that_turns_private_between_two_answers_is_caught_at_the_connect() -> None:
    async with newsstand() as stand:
        stand.on("/feed", Reply(status=302, headers={"Location": f"http://rebind.test:{stand.port}/there"}))
        resolver = Names(rebind_test=[["127.0.0.2"]])
        guard = watched(allowed=frozenset({stand.at}))
        async with fetcher(guard, resolver) as client:
            with pytest.raises(ForbiddenAddress, match=r"rebind\.test leads to a private or reserved address"):
                await client.get(stand.url())
        assert resolver.asked == ["rebind.test"]
        assert set(guard.opened) == {stand.at}


async def test_every_door_of_the_feed_source_is_guarded() -> None:
    async with canary() as (port, caught):
        source = FeedSource(contact="x", ports=[80, 443, port], gap=0, jitter=0, per_minute=0, lanes=1, now=lambda: NOW)
        async with source:
            for url in (f"http://127.0.0.1:{port}/", f"http://[::1]:{port}/feed", f"http://localhost:{port}/"):
                with pytest.raises(ForbiddenAddress):
                    await source.fetch(Feed(1, url))
                with pytest.raises(ForbiddenAddress):
                    await source.look(url)
        assert caught == []


async def test_no_form_is_connected_to_on_the_way_to_a_page_a_hub_or_a_lost_feeds_site() -> None:
    async with canary() as (port, caught):
        source = FeedSource(
            contact="x",
            ports=[80, 443, port],
            gap=0,
            jitter=0,
            per_minute=0,
            lanes=1,
            limits=Limits(connect=3, idle=3, total=5),
            resolver=names(port),
        )
        async with source:
            for form in FORMS:
                url = form.replace(CANARY, str(port))
                lost = Feed(1, "https://news.example/feed", cache={"site": url})
                for door in (source.page(url), source.ask_hub(url, {"hub.mode": "subscribe"}), source.offered(lost)):
                    with pytest.raises(FetchError):
                        await door
        await asyncio.sleep(0)
        assert caught == []


async def test_what_leads_to_a_private_address_is_said_in_one_sentence_without_the_address_behind_the_name() -> None:
    resolver = Names(intranet_example=[["10.11.12.13"]])
    async with fetcher(Guard(), resolver) as client:
        with pytest.raises(ForbiddenAddress) as error:
            await client.get("http://intranet.example/feed?token=s3cr3t")
    assert str(error.value) == "intranet.example leads to a private or reserved address, closed to feeds"


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with canary() as (port, caught), newsstand() as stand:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
        stand.on("/feed", Reply(RSS))
        async with fetcher(Guard(allowed=frozenset({stand.at}))) as client:
            assert (await client.get(stand.url())).status == 200
        assert caught == []


async def test_the_web_ports_are_the_default() -> None:
    assert frozenset({80, 443}) == WEB_PORTS
    async with fetcher(Guard()) as client:
        with pytest.raises(ForbiddenAddress, match="port 8080"):
            await client.get("http://example.org:8080/feed")


async def test_credentials_stay_on_their_origin() -> None:
    async with newsstand() as here, newsstand() as there:
        guard = Guard(allowed=frozenset({here.at, there.at}))
        here.on("/feed", Reply(status=301, headers={"Location": "/new"}))
        here.on("/new", Reply(status=301, headers={"Location": there.url("/elsewhere")}))
        there.on("/elsewhere", Reply(RSS))
        async with fetcher(guard) as client:
            answer = await client.get(here.url().replace("http://", "http://me:p%40ss@"))
        assert answer.status == 200
        assert [each.values("authorization") for each in here.asked] == [[b"Basic bWU6cEBzcw=="]] * 2
        assert [each.values("authorization") for each in there.asked] == [[]]


async def test_a_redirect_to_an_address_with_a_user_name_is_refused() -> None:
    async with newsstand() as stand:
        stand.on("/feed", Reply(status=302, headers={"Location": f"http://a:b@127.0.0.1:{stand.port}/x"}))
        async with fetcher(Guard(allowed=frozenset({stand.at}))) as client:
            with pytest.raises(ForbiddenAddress):
                await client.get(stand.url())
        assert stand.paths() == ["/feed"]


async def test_a_stand_that_redirects_for_ever_is_left_after_five() -> None:
    async with newsstand() as stand:
        stand.on("/feed", Reply(status=302, headers={"Location": "/feed"}))
        async with fetcher(Guard(allowed=frozenset({stand.at}))) as client:
            with pytest.raises(FetchError, match="more than 5 redirects"):
                await client.get(stand.url())
        assert len(stand.asked) == 6


def test_of_an_answer_that_nobody_reads_little_waits_in_the_system() -> None:
    """A quarter of a megabyte is read at once where more waits, for each of all the large bodies that wait for room."""
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    with Guard().socket(info) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * WAITING  # Linux counts its own part as well
