"""The web channel as the pipeline sees it, and how it starts and stops."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest

from bot.core.errors import ChannelGone, Rejected, SettingsError
from bot.core.ports import Platform
from bot.platforms.web import WebPlatform, connect
from tests.fakes.ports import Clock
from tests.platforms.web.conftest import Serve, platform
from tests.platforms.web.memory_chat import MemoryChat, alert, small_router


@pytest.fixture
def sender(chat: MemoryChat, clock: Clock) -> Platform:
    return platform(chat, clock)


async def test_the_same_delivery_is_posted_once(sender: Platform, chat: MemoryChat, clock: Clock) -> None:
    first = await sender.send("web:general", alert(), delivery_id="d1")
    assert await sender.send("web:general", alert("Again"), delivery_id="d1") == first
    assert [line.message for line in chat.lines] == [alert()]
    assert await sender.find("web:general", "d1", clock()) == first
    assert await sender.find("web:general", "d2", clock()) is None


async def test_a_message_is_changed_in_place(sender: Platform, chat: MemoryChat) -> None:
    number = await sender.send("web:general", alert(), delivery_id="d1")
    await sender.edit("web:general", number, alert("Corrected"))
    assert [line.message.title for line in chat.lines] == ["Corrected"]


async def test_a_deleted_channel_is_gone(sender: Platform, clock: Clock) -> None:
    with pytest.raises(ChannelGone, match="web:old"):
        await sender.send("web:old", alert(), delivery_id="d1")
    with pytest.raises(ChannelGone):
        await sender.edit("web:old", "1", alert())
    with pytest.raises(ChannelGone):
        await sender.find("web:old", "d1", clock())


@pytest.mark.parametrize("number", ["99", "x", ""])
async def test_what_was_never_posted_cannot_be_changed(sender: Platform, number: str) -> None:
    with pytest.raises(Rejected):
        await sender.edit("web:general", number, alert())


async def test_the_first_start_makes_a_channel(serve: Serve, clock: Clock) -> None:
    async with serve(chat=MemoryChat(clock)) as web:
        found = await web.get("/api/channels")
    assert [channel["id"] for channel in found["channels"]] == ["web:general"]


async def test_a_taken_port_is_told_by_the_setting_to_change(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"NEWSBELL_WEB__PORT: port {port} is taken"):
            async with serve(port=port):
                pass


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
async def test_an_address_that_is_not_ours_is_told_by_the_setting_to_change(serve: Serve, host: str) -> None:
    with pytest.raises(SettingsError, match=r"NEWSBELL_WEB__HOST: .*is no address of this machine"):
        async with serve(host=host):
            pass


async def test_it_can_be_started_again_after_it_stopped(chat: MemoryChat, clock: Clock) -> None:
    served: WebPlatform = platform(chat, clock)
    for _ in range(2):
        running = asyncio.create_task(served.run(small_router()))
        await served.started.wait()
        await asyncio.sleep(0)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert running.cancelled()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
        ("[::1]", "http://[::1]:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("localhost", "http://localhost:8080"),
    ],
)
def test_the_address_is_one_that_a_browser_takes(chat: MemoryChat, clock: Clock, host: str, url: str) -> None:
    assert platform(chat, clock, host=host, port=8080).url == url


def test_it_is_connected_by_its_name() -> None:
    assert connect is WebPlatform
    assert WebPlatform.name == "web"
