"""The terminal as a channel: what is read, what is printed, and what a hostile headline cannot do to it."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.core.command import Invocation, Option, command
from bot.core.errors import ChannelGone, TryLater
from bot.core.message import Button, Field, Kind, Message, Span, Tone, dated, marked, paragraph
from bot.core.router import Router
from bot.platforms.console import ConsolePlatform, connect, draw, local_zone, printable

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@command("echo", "Say it again", aliases=("e",))
async def echo(desk: list[str], call: Invocation, words: Annotated[str, Option("Words", rest=True)]) -> Message:
    desk.append(f"{words} in {call.channel.id} ({call.zone})")
    return Message(title=words, tone=Tone.SUCCESS)


def alert(title: str = "Raid near Kirkuk") -> Message:
    return Message(
        title=title,
        url="https://example.org/kirkuk",
        source="Tigris Post",
        at=NOW,
        body=(
            marked("An ISIL cell was found.", [(3, 7)]),
            paragraph("Eleven were held. ", Span("More", url="https://example.org/more")),
            paragraph("first", kind=Kind.ITEM),
        ),
        fields=(Field("Topic", "ISIL"),),
        buttons=(Button("Mute story", "mute 17"), Button("Source", url="https://example.org/kirkuk")),
        footer="small print",
        tone=Tone.ALERT,
    )


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Piped:
    """A console platform on a pair of pipes; `typed` is all of its input."""

    def __init__(self, typed: str = "", *, terminal: bool = False) -> None:
        self.desk: list[str] = []
        self.out: io.StringIO = Terminal() if terminal else io.StringIO()
        source = Terminal(typed) if terminal else io.StringIO(typed)
        self.platform = ConsolePlatform(source=source, out=self.out, zone="Europe/Berlin")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.platform.run(Router((echo,), self.desk)))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    async def shows(self, text: str) -> str:
        async with asyncio.timeout(10):
            while text not in self.out.getvalue():
                await asyncio.sleep(0.005)
        return self.out.getvalue()


async def test_a_piped_line_is_a_command_and_its_answer_stands_below_it() -> None:
    piped = Piped("/echo one\n\ne two\n/nothing\n")
    async with piped.running():
        shown = await piped.shows("There is no command /nothing.")
    assert piped.desk == ["one in console:terminal (Europe/Berlin)", "two in console:terminal (Europe/Berlin)"]
    assert shown.index("› /echo one") < shown.index("\none") < shown.index("› e two") < shown.index("\ntwo")
    assert "\x1b" not in shown


async def test_after_the_end_of_its_input_it_still_prints_alerts() -> None:
    piped = Piped("/echo last")
    async with piped.running():
        await piped.shows("last")
        await piped.platform.send("console:terminal", alert(), delivery_id="d1")
        assert "Raid near Kirkuk" in piped.out.getvalue()


async def test_an_alert_in_a_pipe_is_plain_text_with_every_part_of_it() -> None:
    piped = Piped()
    await piped.platform.send("console:terminal", alert(), delivery_id="d1")
    local = NOW.astimezone().strftime("%d %b %H:%M")
    assert piped.out.getvalue().strip().splitlines() == [
        f"Tigris Post · {local}",
        "Raid near Kirkuk",
        "https://example.org/kirkuk",
        "│ An ISIL cell was found.",
        "Eleven were held. More <https://example.org/more>",
        "• first",
        "Topic: ISIL",
        "small print",
        "  Mute story: /mute 17",
        "  Source: https://example.org/kirkuk",
    ]


async def test_in_a_terminal_the_prompt_returns_below_what_came() -> None:
    piped = Piped("", terminal=True)
    await piped.platform.send("console:terminal", alert(), delivery_id="d1")
    shown = piped.out.getvalue()
    assert "Raid near Kirkuk" in shown
    assert "\nhttps://example.org/kirkuk\n" not in shown, "the headline itself is the link"
    assert shown.endswith("› ")


def test_instants_are_told_in_the_zone_of_this_machine() -> None:
    said = draw(Message(body=(paragraph("Changed ", NOW, "."),), fields=(dated("First seen", NOW),))).plain
    local = NOW.astimezone().strftime("%d %b %H:%M")
    assert said == f"Changed {local}.\nFirst seen: {local}"


def test_what_is_counted_has_its_numbers() -> None:
    said = draw(Message(body=(paragraph("first", kind=Kind.ITEM, number=1), paragraph("other", kind=Kind.ITEM))))
    assert said.plain == "1. first\n• other"


def test_words_that_matched_stand_out() -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="standard", width=100).print(draw(alert()))
    assert "\x1b[1;33mISIL\x1b[0m" in out.getvalue()
    assert "\x1b[2m  Mute story: \x1b[0m/mute 17" in out.getvalue()


async def test_the_same_delivery_is_printed_once() -> None:
    piped = Piped()
    platform = piped.platform
    assert await platform.find("console:terminal", "d1", NOW) is None
    assert await platform.send("console:terminal", alert(), delivery_id="d1") == "d1"
    assert await platform.send("console:terminal", alert(), delivery_id="d1") == "d1"
    assert piped.out.getvalue().count("Raid near Kirkuk") == 1
    assert await platform.find("console:terminal", "d1", NOW) == "d1"


async def test_an_edit_is_printed_again_where_it_says_something_new() -> None:
    piped = Piped()
    await piped.platform.send("console:terminal", alert(), delivery_id="d1")
    await piped.platform.edit("console:terminal", "d1", alert())
    assert "Updated" not in piped.out.getvalue()
    await piped.platform.edit("console:terminal", "d1", alert("Raid near Erbil"))
    assert "Updated: " in piped.out.getvalue()
    assert "Raid near Erbil" in piped.out.getvalue()


async def test_there_is_one_channel_only() -> None:
    platform = Piped().platform
    calls: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: platform.send("console:other", alert(), delivery_id="d1"),
        lambda: platform.edit("console:other", "d1", alert()),
        lambda: platform.find("console:other", "d1", NOW),
    ]
    for call in calls:
        with pytest.raises(ChannelGone):
            await call()


async def test_a_pipe_that_nobody_reads_keeps_the_alert_for_later() -> None:
    class Shut(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    platform = ConsolePlatform(source=io.StringIO(), out=Shut(), zone="UTC")
    with pytest.raises(TryLater, match="Broken pipe"):
        await platform.send("console:terminal", alert(), delivery_id="d1")
    assert await platform.find("console:terminal", "d1", NOW) is None


async def test_a_terminal_that_is_held_does_not_hold_the_loop() -> None:
    free = threading.Event()

    class Held(io.StringIO):
        def write(self, text: str) -> int:
            free.wait()
            return super().write(text)

    platform = ConsolePlatform(source=io.StringIO(), out=Held(), zone="UTC")
    sending = asyncio.create_task(platform.send("console:terminal", alert(), delivery_id="d1"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not sending.done()
    free.set()
    assert await sending == "d1"


async def test_really_piped_it_answers_and_stops(tmp_path: Path) -> None:
    script = tmp_path / "piped.py"
    script.write_text(
        "import asyncio\n"
        "from bot.core.router import Router\n"
        "from bot.platforms.console import connect\n"
        "from tests.platforms.test_console import echo\n"
        "async def main():\n"
        "    running = asyncio.create_task(connect().run(Router((echo,), [])))\n"
        "    await asyncio.wait([running], timeout=1)\n"
        "    running.cancel()\n"
        "    await asyncio.wait([running])\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    # The input stays open: a reader that waits for more must not keep the program from ending.
    process.stdin.write(b"/echo hello\n")
    async with asyncio.timeout(20):
        shown = await process.stdout.read()
        assert await process.wait() == 0
    assert shown.decode() == "› /echo hello\nhello\n"


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\x08\u202etxt.exe"


def test_a_hostile_headline_cannot_command_the_terminal() -> None:
    hostile = Message(
        title=ESCAPES,
        url="https://example.org/\x1b]8;;",
        source=ESCAPES,
        body=tuple(paragraph(Span(ESCAPES, url=f"https://example.org/{ESCAPES}"), kind=kind) for kind in Kind),
        fields=(Field(ESCAPES, ESCAPES),),
        buttons=(Button(ESCAPES, ESCAPES), Button("x", url="javascript:alert(1)"), Button("y", url="http://[")),
        footer=f"[bold]{ESCAPES}[/bold] :bell:",
    )
    for links in (True, False):
        shown = draw(hostile, links=links)
        assert not set(shown.plain) & set("\x1b\x07\x9b\r\x08\u202e")
        assert "[bold]" in shown.plain
        assert "javascript" not in shown.plain
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, markup=False, emoji=False, color_system="standard")
    console.print(draw(hostile))
    # What is left of escapes is rich's own: colours, and links that it opens and closes itself.
    assert "\x1b[2J" not in out.getvalue()
    assert "\x1b]0;" not in out.getvalue()


@given(st.text())
def test_printable_text_has_no_control_characters(text: str) -> None:
    kept = printable(text)
    assert all(c in "\n\t" or c.isprintable() or not c.isascii() for c in kept)
    assert printable(kept) == kept


def test_the_zone_of_this_machine_has_a_name() -> None:
    assert local_zone()


def test_it_is_connected_by_its_name() -> None:
    assert connect is ConsolePlatform
    assert ConsolePlatform.name == "console"
