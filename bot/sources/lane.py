"""Lanes: the parent's side of the processes in which strangers' bytes are parsed, and killed if they take too long.

A feed of 20 kB (one author of 20,000 letters) holds feedparser for seconds, and with it every thread of the process,
since a regular expression does not give the interpreter back. No size limit is small enough, so parsing happens where
it can be stopped. What comes back is JSON, which cannot run anything here.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from heapq import heappop, heappush
from itertools import count as count_up
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog

import bot
from bot.core.errors import FetchError
from bot.sources.child import ANSWER, BOOT, REQUEST

log = structlog.get_logger(__name__)

ROOT = str(Path(bot.__file__).parent.parent)
ANSWER_MOST = 32_000_000
PIECE = 1 << 16
SMALL = 1 << 16
"""Bytes of a body that any lane may read. One lane is kept from larger ones: a new process takes a second to start, and
for so long an honest feed would wait where large bombs have ended all lanes at once."""
REMEMBERED = 1000
QUICK = 0.3
"""Seconds of CPU in which nearly every feed is read. What needs more is read again in a lane of its own, one at a
time: so a crowd of bombs cannot fill the lanes that the others wait for."""


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """For one body: seconds of CPU, seconds on the wall (a loaded machine is no crime), bytes of address space.

    `start` is how long a new process may take until it is ready; `articles` has it read pages instead of feeds.
    """

    cpu: float = 3.0
    wall: float = 10.0
    memory: int = 768_000_000
    start: float = 30.0
    articles: bool = False


class _Killed(FetchError):
    """The body was too much for its process. `surely` is false where a loaded machine may have been the reason.

    `slow` is true where it was a matter of computing time, of which another lane may give more.
    """

    def __init__(self, text: str, *, surely: bool = True, slow: bool = False) -> None:
        super().__init__(text)
        self.surely = surely
        self.slow = slow


class _Lane:
    """One process at a time, one body at a time."""

    def __init__(self, limits: LaneLimits) -> None:
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self.large = False
        """Whether a large body has it, or ended it and it is not ready again."""

    async def start(self) -> None:
        if self._process is not None and self._process.returncode is None:
            return
        # Nothing of our environment goes along: it holds the tokens.
        environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-B", "-c", BOOT, ROOT, json.dumps(asdict(self._limits))),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"LANG": "C.UTF-8", **environment},
                cwd="/",
                start_new_session=True,  # Ctrl-C on the terminal is for the bot, which closes its lanes in order
            )
        except OSError as error:
            raise FetchError(f"the process that reads feeds cannot be started ({error.strerror})") from error
        try:
            async with asyncio.timeout(self._limits.start):
                await self._answer(self._process)
        except (TimeoutError, asyncio.IncompleteReadError):
            code = await self.stop()
            raise FetchError(f"the process that reads feeds does not start (exit code {code})") from None
        except BaseException:
            await self.stop()
            raise

    async def read(self, job: Mapping[str, str], body: bytes | bytearray) -> dict[str, Any]:
        """Raises FetchError where the body was too much for the process, which is gone then."""
        await self.start()
        process = self._process
        if process is None or process.stdin is None:
            raise RuntimeError("the lane was closed while it was used")
        request = json.dumps(dict(job)).encode()
        try:
            async with asyncio.timeout(self._limits.wall):
                # Most bodies go in one write; of a large one the pipe's buffer holds no second copy.
                process.stdin.write(REQUEST.pack(len(request), len(body)) + request + body[:PIECE])
                for at in range(PIECE, len(body), PIECE):
                    await process.stdin.drain()
                    process.stdin.write(body[at : at + PIECE])
                await process.stdin.drain()
                return await self._answer(process)
        except TimeoutError:
            await self.stop()
            raise _Killed(f"it takes more than {self._limits.wall:g} s to read", surely=False) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            # It has died by itself. To kill it now would reap it under the hands of asyncio, which then tells no code.
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await process.wait()
            code = await self.stop()
            if code == -signal.SIGPROF:
                raise _Killed(f"it takes more than {self._limits.cpu:g} s of computing to read", slow=True) from None
            raise _Killed("it takes too much memory to read, or breaks its reader") from None
        except BaseException:
            await self.stop()  # cancelled in the middle: the next one must not get this one's answer
            raise

    async def stop(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(ProcessLookupError):
            process.kill()
        return await process.wait()

    @staticmethod
    async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
        if process.stdout is None:
            raise RuntimeError("the lane has no output")
        (size,) = ANSWER.unpack(await process.stdout.readexactly(ANSWER.size))
        if size > ANSWER_MOST:
            raise ConnectionError("the answer is too long")
        answer: dict[str, Any] = json.loads(await process.stdout.readexactly(size))
        return answer


class Lanes:
    """A few lanes, to be opened and closed, or used as a context."""

    def __init__(self, count: int = 2, limits: LaneLimits | None = None) -> None:
        self._count = count
        self._limits = limits or LaneLimits()
        self._lanes: list[_Lane] = []
        self._idle: list[_Lane] = []
        self._waiting: list[tuple[int, int, asyncio.Future[_Lane]]] = []
        self._number = count_up()
        self._slow = _Lane(self._limits)
        self._slow_turn = asyncio.Lock()
        self._slow_waiting = 0
        self._warming: set[asyncio.Task[None]] = set()
        self._heavy: OrderedDict[bytes, str] = OrderedDict()
        self._fatal: OrderedDict[bytes, str] = OrderedDict()

    async def open(self) -> None:
        """The processes start in the background; who comes first waits for one."""
        if self._lanes:
            return
        quick = replace(self._limits, cpu=min(self._limits.cpu, QUICK))
        self._idle, self._waiting = [], []
        self._lanes = [_Lane(quick) for _ in range(self._count)]
        for lane in self._lanes:
            self._warm(lane)

    async def close(self) -> None:
        lanes, self._lanes = self._lanes, []
        for task in self._warming:
            task.cancel()
        await asyncio.gather(*self._warming, return_exceptions=True)
        await asyncio.gather(*(lane.stop() for lane in [*lanes, self._slow]))

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def read(self, job: Mapping[str, str], body: bytes | bytearray) -> dict[str, Any]:
        """What `bot.sources.parse.Reader.read` makes of the body. Raises FetchError if that costs too much.

        A body that cost a process its life is remembered, and not tried again while the server repeats it.
        """
        digest = sha256(body).digest()
        if reason := self._fatal.get(digest):
            raise FetchError(reason)
        try:
            if digest not in self._heavy:
                try:
                    return await self._quickly(job, body)
                except _Killed as error:
                    if not error.slow or self._limits.cpu <= QUICK:
                        raise
                _remember(self._heavy, digest, "")
            return await self._slowly(job, body)
        except _Killed as error:
            log.warning("a body was too much for its lane", reason=str(error), bytes=len(body))
            if error.surely:
                _remember(self._fatal, digest, str(error))
            raise

    async def _quickly(self, job: Mapping[str, str], body: bytes | bytearray) -> dict[str, Any]:
        lane = await self._take(len(body))
        try:
            answer = await lane.read(job, body)
        except BaseException:
            self._warm(lane)
            raise
        self._give(lane)
        return answer

    async def _slowly(self, job: Mapping[str, str], body: bytes | bytearray) -> dict[str, Any]:
        """One at a time, in a process that lives only as long as there is something for it."""
        self._slow_waiting += 1
        try:
            async with self._slow_turn:
                self._open_or_raise()
                try:
                    return await self._slow.read(job, body)
                finally:
                    if self._slow_waiting == 1:
                        await self._slow.stop()
        finally:
            self._slow_waiting -= 1

    def _open_or_raise(self) -> None:
        if not self._lanes:
            raise RuntimeError("the lanes are not open")

    async def _take(self, size: int) -> _Lane:
        """A free lane. Of those who wait, the smallest body is the next: it takes milliseconds."""
        self._open_or_raise()
        mine: asyncio.Future[_Lane] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (size, next(self._number), mine))
        self._hand_out()
        try:
            lane = await mine
        except BaseException:
            if mine.done() and not mine.cancelled():
                self._give(mine.result())
            raise
        if not self._lanes:
            self._give(lane)  # for the next one who waits to hear it too
        self._open_or_raise()
        return lane

    def _give(self, lane: _Lane) -> None:
        lane.large = False
        self._idle.append(lane)
        self._hand_out()

    def _hand_out(self) -> None:
        while self._idle and self._waiting:
            large = self._waiting[0][0] > SMALL
            if large and self._count > 1 and sum(lane.large for lane in self._lanes) >= self._count - 1:
                return  # and all that are behind it are larger still
            waiting = heappop(self._waiting)[2]
            if not waiting.done():
                lane = self._idle.pop()
                lane.large = large
                waiting.set_result(lane)

    def _warm(self, lane: _Lane) -> None:
        """Start the lane's process, then put it among the free ones: no reader waits for a start it did not cause."""

        if not self._lanes:
            self._give(lane)
            return

        async def start() -> None:
            try:
                await lane.start()
            except FetchError as error:
                log.error("a lane does not start", reason=str(error))
            finally:
                self._give(lane)

        task = asyncio.create_task(start())
        self._warming.add(task)
        task.add_done_callback(self._warming.discard)


def _remember(memory: OrderedDict[bytes, str], digest: bytes, reason: str) -> None:
    memory[digest] = reason
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
