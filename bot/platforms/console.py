"""The terminal as a channel: commands are typed one a line, alerts and answers are printed. Works in a pipe, too.

Reading and writing are done by two threads of our own. An event loop must not be put on standard input: that sets
O_NONBLOCK on a terminal shared with others, and fails where input comes from a file. And a write blocks for as long
as the terminal is held (Ctrl-S) or the pipe is full. The threads are daemons, so neither keeps the program alive.
"""

from __future__ import annotations

import asyncio
import getpass
import io
import os
import queue
import sys
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import structlog
from rich.console import Console
from rich.style import Style
from rich.text import Text

from bot.core.command import Invocation
from bot.core.errors import ChannelGone, TryLater
from bot.core.message import Field, Kind, Message, Paragraph, Tone
from bot.core.model import Channel, Person
from bot.core.router import Router

log = structlog.get_logger(__name__)

TENANT = "console"
CHANNEL = Channel("console:terminal", TENANT, "terminal")
PROMPT = "› "
REMEMBERED = 1000
"""Delivery ids that are known again; a terminal keeps nothing that could be asked."""
HIDDEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows, and so make a line read as it is not."""

TONES = {Tone.SUCCESS: "green", Tone.WARNING: "yellow", Tone.ERROR: "red", Tone.ALERT: "bold"}
MARK = Style(bold=True, color="yellow")
DIM = Style(dim=True)


class ConsolePlatform:
    """One channel, `console:terminal`. After the end of the input it goes on printing alerts until it is cancelled."""

    name = "console"
    whispers = False
    dedupes_for = timedelta(0)

    def __init__(self, *, source: TextIO | None = None, out: TextIO | None = None, zone: str = "") -> None:
        self._source = source or sys.stdin
        self._out = out or sys.stdout
        # It only draws, and we write: at a broken pipe it would end the program.
        self._pen = Console(
            file=io.StringIO(),
            force_terminal=self._out.isatty(),
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=not self._out.isatty(),
        )
        self._zone = zone or local_zone()
        self._sent: OrderedDict[str, Message] = OrderedDict()
        self._waiting: queue.SimpleQueue[tuple[Text, Callable[[Exception | None], None]]] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None

    async def run(self, router: Router) -> None:
        """Answer each line in its order; return only when cancelled."""
        lines: asyncio.Queue[str] = asyncio.Queue()
        turn = threading.Semaphore()
        reading = (asyncio.get_running_loop(), lines, turn)
        threading.Thread(target=self._read, args=reading, name="console input", daemon=True).start()
        caller = Person(f"console:{_user()}", _user(), may_manage=True)
        asked = Invocation(TENANT, CHANNEL, caller, (CHANNEL,), self._zone)
        if self._interactive:
            await self._print(Text("Type /help for what can be said here. Ctrl-C stops.", DIM))
        while line := await lines.get():
            turn.release()
            typed = printable(line).strip()
            if not typed:
                await self._print(Text())
                continue
            reply = await router.answer(asked, typed)
            # In a pipe nobody sees what was typed, so it is said again above its answer.
            heading = "" if self._interactive else f"{PROMPT}{typed}\n"
            await self._print(Text.assemble((heading, DIM), draw(reply.message, links=self._pen.is_terminal)))
        if self._interactive:
            await self._print(Text("No more commands can be typed; alerts go on. Ctrl-C stops.", DIM))
        await asyncio.Event().wait()

    async def check(self) -> str:
        return "this terminal"

    async def send(self, channel: str, message: Message, *, delivery_id: str) -> str:
        """Print an alert. What was printed before this start is not known again."""
        _must_be_ours(channel)
        if delivery_id not in self._sent:
            await self._print(Text.assemble("\n", draw(message, links=self._pen.is_terminal)))
            self._remember(delivery_id, message)
        return delivery_id

    async def edit(self, channel: str, remote_id: str, message: Message) -> None:
        """What is printed cannot be changed: it is printed again, where it says something else."""
        _must_be_ours(channel)
        if self._sent.get(remote_id) != message:
            await self._print(Text.assemble(("\nUpdated: ", DIM), draw(message, links=self._pen.is_terminal)))
            self._remember(remote_id, message)

    async def find(self, channel: str, delivery_id: str, since: datetime) -> str | None:
        """Only this start's messages can be found."""
        _must_be_ours(channel)
        return delivery_id if delivery_id in self._sent else None

    @property
    def _interactive(self) -> bool:
        return self._source.isatty() and self._out.isatty()

    def _remember(self, delivery_id: str, message: Message) -> None:
        self._sent[delivery_id] = message
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def _read(self, loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str], turn: threading.Semaphore) -> None:
        """In a thread: one line at a time, so that a long file waits its turn. An empty one is the end."""
        try:
            while turn.acquire() and (line := self._source.readline()):
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, "")
        except RuntimeError:
            return  # The loop has ended, and so may we.
        except (OSError, ValueError) as error:
            log.warning("standard input cannot be read", why=str(error))

    async def _print(self, text: Text) -> None:
        """Returns when it is written. Raises TryLater where it cannot be."""
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="console output", daemon=True)
            self._writer.start()
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()

        def done(error: Exception | None) -> None:
            if written.done():
                return
            if error is None:
                written.set_result(None)
            else:
                written.set_exception(TryLater(f"Standard output cannot be written: {error}"))

        def tell(error: Exception | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(done, error)

        self._waiting.put((text, tell))
        await written

    def _write(self) -> None:
        """In a thread: whole messages, in their order, and the prompt again below them."""
        while True:
            text, tell = self._waiting.get()
            error: Exception | None = None
            try:
                with self._pen.capture() as drawn:
                    self._pen.print(text)
                self._out.write(drawn.get() + (PROMPT if self._interactive else ""))
                self._out.flush()
            except (OSError, ValueError) as trouble:
                error = trouble
            tell(error)


def draw(message: Message, *, links: bool = True) -> Text:
    """A message as lines of text. Where `links` cannot be drawn, the address stands below its words."""
    style = TONES.get(message.tone, "")
    parts = [*_head(message, style, links)]
    if message.chart:
        parts.append(Text(printable(message.chart.text)))
    parts += [_paragraph(each, links, "" if message.title else style) for each in message.body]
    parts += [_field(each) for each in message.fields]
    if message.footer:
        parts.append(Text(printable(message.footer), DIM))
    if message.file:
        parts.append(Text(printable(message.file.content.decode("utf-8", "replace"))))
    for button in message.buttons:
        target = f"/{printable(button.command)}" if button.command else _address(button.url)
        if target:
            parts.append(Text.assemble((f"  {printable(button.label)}: ", DIM), target))
    return Text("\n").join(part for part in parts if part.plain)


def _head(message: Message, style: str, links: bool) -> Iterator[Text]:
    when = _local(message.at) if message.at else ""
    outlet = " · ".join(part for part in (printable(message.source), when) if part)
    address = _address(message.url)
    yield Text(outlet, DIM)
    yield Text(printable(message.title), Style.parse(f"bold {style}") + Style(link=address if links else None))
    yield Text("" if links else address, DIM)


def _paragraph(paragraph: Paragraph, links: bool, style: str) -> Text:
    item = f"{paragraph.number}. " if paragraph.number else "• "
    lead = {Kind.QUOTE: "│ ", Kind.ITEM: item}.get(paragraph.kind, "")
    text = Text.assemble((lead, DIM))
    for span in paragraph.spans:
        address = _address(span.url)
        look = MARK if span.bold and paragraph.kind is Kind.QUOTE else Style(bold=span.bold or None)
        if paragraph.kind is Kind.NOTE:
            look += DIM
        said = _local(span.at) if span.at else printable(span.text)
        text.append(said, Style.parse(style) + look + Style(link=address if links and address else None))
        if address and not links:
            text.append(f" <{address}>", DIM)
    return text if len(text) > len(lead) else Text()


def _field(field: Field) -> Text:
    value = _local(field.at) if field.at else printable(field.value)
    return Text.assemble((f"{printable(field.name)}: ", DIM), value)


def _local(at: datetime) -> str:
    """In the zone of this machine, which is the reader's."""
    return at.astimezone().strftime("%d %b %H:%M")


def printable(text: str) -> str:
    """Plain text that cannot move the cursor, ring, colour or turn around what a terminal shows."""
    return "".join(c for c in text if (c in "\n\t" or unicodedata.category(c) != "Cc") and c not in HIDDEN)


def _address(url: str) -> str:
    try:
        known = urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return ""
    return printable(url).replace("\n", "").replace("\t", "") if known else ""


def local_zone() -> str:
    """The name of this machine's time zone, where it says one."""
    if named := os.environ.get("TZ", "").removeprefix(":"):
        return named
    _, _, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name or "UTC"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # No such user here: a container that runs under a bare number.
        return "you"


def _must_be_ours(channel: str) -> None:
    if channel != CHANNEL.id:
        raise ChannelGone(f"There is no channel {channel}: the console has {CHANNEL.id} only.")


connect = ConsolePlatform
