"""Who is let in: hosts, origins, passwords, one-time links, and how slow guessing is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.platforms.web.gate import Names, is_loopback
from tests.fakes.ports import Clock
from tests.platforms.web.conftest import Serve, Web

ANYWHERE = "0.0.0.0"


@pytest.mark.parametrize(
    ("listen", "more", "host", "known"),
    [
        ("127.0.0.1", (), "127.0.0.1:8080", True),
        ("127.0.0.1", (), "localhost:9000", True),
        ("127.0.0.1", (), "LOCALHOST", True),
        ("127.0.0.1", (), "localhost.", True),
        ("127.0.0.1", (), "[::1]:8080", True),
        ("127.0.0.1", (), "127.5.0.1", True),
        ("127.0.0.1", (), "evil.example", False),
        ("127.0.0.1", (), "localhost.evil.example", False),
        ("127.0.0.1", (), "evil.example:127.0.0.1", False),
        ("127.0.0.1", (), "user@localhost", False),
        ("127.0.0.1", (), "192.0.2.7:8080", False),
        ("127.0.0.1", (), "", False),
        ("127.0.0.1", (), "[::1", False),
        ("127.0.0.1", ("news.example.org",), "news.example.org", True),
        ("127.0.0.1", ("news.example.org:443",), "News.Example.org:8443", True),
        ("0.0.0.0", (), "192.0.2.7:8080", True),
        ("0.0.0.0", (), "[2001:db8::7]:8080", True),
        ("0.0.0.0", (), "localhost:8080", True),
        ("0.0.0.0", (), "evil.example:8080", False),
        ("newsroom.local", (), "newsroom.local:8080", True),
    ],
)
def test_these_hosts_are_ours(listen: str, more: tuple[str, ...], host: str, known: bool) -> None:
    assert Names.of(listen, more).know(host) is known


@pytest.mark.parametrize(
    ("listen", "more", "need"),
    [
        ("127.0.0.1", (), False),
        ("::1", (), False),
        ("localhost", (), False),
        ("0.0.0.0", (), True),
        ("::", (), True),
        ("192.0.2.7", (), True),
        # A proxy in front of loopback brings the whole world with it.
        ("127.0.0.1", ("news.example.org",), True),
    ],
)
def test_these_places_need_a_login(listen: str, more: tuple[str, ...], need: bool) -> None:
    assert Names.of(listen, more).need_login is need


def test_an_address_that_only_looks_like_loopback_is_none() -> None:
    assert not is_loopback("127.0.0.1.evil.example")
    assert not is_loopback("")


async def test_a_foreign_host_is_refused_whatever_it_asks(web: Web) -> None:
    for path in ("/", "/api/channels", "/static/chat.js", "/metrics", "/api/events"):
        async with web.http.get(path, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
            assert "NEWSBELL_WEB__HOSTS" in (await answer.json())["error"]
    # A container's health check may call us by any name; it learns the status.
    async with web.http.get("/healthz", headers={"Host": "newsbell:8080"}) as answer:
        assert answer.status == 200


ORIGINS: tuple[tuple[dict[str, str], int], ...] = (
    ({}, 200),
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8080", "Host": "localhost:8080"}, 403),
    ({"Origin": "http://localhost:8080", "Host": "localhost:8080"}, 200),
    ({"Origin": "https://localhost:8080", "Host": "localhost:8080"}, 200),
    ({"Origin": "http://localhost:9999", "Host": "localhost:8080"}, 403),
    ({"Origin": "http://evil.example", "Host": "localhost:8080"}, 403),
    ({"Origin": "null"}, 403),
)


async def test_another_sites_page_cannot_say_commands(web: Web) -> None:
    for headers, status in ORIGINS:
        web.desk.topics.clear()
        async with web.http.post(
            "/api/channels/general/commands", json={"text": "/subscribe ISIL"}, headers=headers
        ) as answer:
            assert answer.status == status, headers
        assert bool(web.desk.topics) is (status == 200)
        async with web.http.delete("/api/channels/nowhere", headers=headers) as answer:
            assert answer.status == (404 if status == 200 else 403), headers


async def test_a_form_of_another_kind_says_no_command(web: Web) -> None:
    body = b'{"text": "/subscribe ISIL"}'
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        async with web.http.post(
            "/api/channels/general/commands", data=body, headers={"content-type": content_type}
        ) as answer:
            assert answer.status == 422
    assert web.desk.topics == {}


async def test_on_loopback_nobody_logs_in(web: Web) -> None:
    assert web.platform.front_door == f"{web.platform.url}/"
    await web.get("/api/channels")


@pytest.mark.parametrize("settings", [{"host": ANYWHERE}, {"password": "s3cret"}, {"hosts": ("news.example.org",)}])
async def test_a_locked_door_lets_nothing_out(serve: Serve, settings: dict[str, Any]) -> None:
    async with serve(**settings) as web:
        for path in ("/api/channels", "/api/events", "/api/channels/general/messages", "/openapi.json", "/metrics"):
            async with web.http.get(path) as answer:
                assert answer.status == 401, path
                assert "Log in" in (await answer.json())["error"]
        async with web.http.post("/api/channels/general/commands", json={"text": "/help"}) as answer:
            assert answer.status == 401
        for path in ("/", "/docs"):
            async with web.http.get(path, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["location"]) == (303, "/login")
        for path in ("/login", "/static/login.js", "/static/bell.svg"):
            async with web.http.get(path) as answer:
                assert answer.status == 200
        assert await web.get("/healthz") == {"status": "ok"}


async def test_the_password_opens_until_the_log_out(serve: Serve) -> None:
    async with serve(host=ANYWHERE, password="s3cret ü") as web:
        assert "key=" not in web.platform.front_door
        async with web.http.post("/api/login", json={"password": "wrong"}) as answer:
            assert (answer.status, await answer.json()) == (401, {"error": "Wrong password."})
        async with web.http.post("/api/login", json={"password": "s3cret ü"}) as answer:
            assert answer.status == 204
            cookie = answer.headers["set-cookie"]
            taken = answer.cookies["newsbell_session"].value
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "Secure" not in cookie
        assert (await web.get("/api/channels"))["can_leave"] is True
        assert "feeds" in await web.get("/healthz")
        async with web.http.post("/api/logout") as answer:
            assert answer.status == 204
        # Ended on the server's side: the old cookie is worth nothing.
        async with web.http.get("/api/channels", headers={"Cookie": f"newsbell_session={taken}"}) as answer:
            assert answer.status == 401


async def test_behind_tls_the_cookie_stays_there(serve: Serve) -> None:
    headers = {"Host": "news.example.org", "Origin": "https://news.example.org"}
    async with (
        serve(hosts=("news.example.org",), password="s3cret") as web,
        web.http.post("/api/login", json={"password": "s3cret"}, headers=headers) as answer,
    ):
        assert answer.status == 204
        assert "Secure" in answer.headers["set-cookie"]


async def test_the_printed_link_works_once(serve: Serve) -> None:
    async with serve(host=ANYWHERE) as web:
        front, _, key = web.platform.front_door.partition("/#key=")
        assert front == web.platform.url
        async with web.http.post("/api/login", json={"key": key + "x"}) as answer:
            assert answer.status == 401
        async with web.http.post("/api/login", json={"key": key}) as answer:
            assert answer.status == 204
        await web.get("/api/channels")
        async with web.http.post("/api/login", json={"key": key}) as answer:
            assert "used already" in (await answer.json())["error"]
        async with web.http.post("/api/login", json={"key": "", "password": ""}) as answer:
            assert answer.status == 401
        assert "key=" not in web.platform.front_door


async def test_with_a_password_there_is_no_other_way_in(serve: Serve) -> None:
    async with (
        serve(host=ANYWHERE, password="s3cret") as web,
        web.http.post("/api/login", json={"key": web.platform._door.key}) as answer,
    ):
        assert answer.status == 401


async def test_a_script_sends_the_password_as_a_bearer_token(serve: Serve) -> None:
    async with serve(password="s3cret") as web:
        for given, status in (("Bearer s3cret", 200), ("bearer s3cret", 200), ("Bearer wrong", 401), ("Bearer ", 401)):
            async with web.http.get("/api/channels", headers={"Authorization": given}) as answer:
                assert answer.status == status, given


async def test_guessing_is_slow_whichever_way(serve: Serve, clock: Clock) -> None:
    async with serve(password="s3cret") as web:
        for number in range(5):
            if number % 2:
                async with web.http.get("/api/channels", headers={"Authorization": f"Bearer {number}"}) as answer:
                    assert answer.status == 401
            else:
                async with web.http.post("/api/login", json={"password": str(number)}) as answer:
                    assert answer.status == 401
        # Now even the right one has to wait.
        async with web.http.post("/api/login", json={"password": "s3cret"}) as answer:
            assert answer.status == 429
            assert int(answer.headers["retry-after"]) == 301
        async with web.http.get("/api/channels", headers={"Authorization": "Bearer s3cret"}) as answer:
            assert answer.status == 401
        clock.forward(timedelta(minutes=5, seconds=1))
        async with web.http.post("/api/login", json={"password": "s3cret"}) as answer:
            assert answer.status == 204


async def test_a_log_out_ends_what_is_open(serve: Serve) -> None:
    async with serve(password="s3cret") as web:
        async with web.http.post("/api/login", json={"password": "s3cret"}) as answer:
            assert answer.status == 204
        async with web.http.get("/api/events") as stream:
            async with web.http.post("/api/logout") as answer:
                assert answer.status == 204
            async with asyncio.timeout(10):
                await stream.read()  # It ends by itself.


async def test_a_session_ends_after_a_month(serve: Serve, clock: Clock) -> None:
    async with serve(password="s3cret") as web:
        async with web.http.post("/api/login", json={"password": "s3cret"}) as answer:
            assert answer.status == 204
        clock.forward(timedelta(days=29))
        await web.get("/api/channels")
        clock.forward(timedelta(days=2))
        async with web.http.get("/api/channels") as answer:
            assert answer.status == 401


async def test_our_cookie_is_found_among_other_programs_broken_ones(serve: Serve) -> None:
    async with serve(password="s3cret") as web:
        async with web.http.post("/api/login", json={"password": "s3cret"}) as answer:
            value = answer.cookies["newsbell_session"].value
        web.http.cookie_jar.clear()
        headers = {"Cookie": f'a b=c; @x; other={{"y":1}}; newsbell_session={value}'}
        async with web.http.get("/api/channels", headers=headers) as answer:
            assert answer.status == 200
