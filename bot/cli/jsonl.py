"""Articles as JSON lines: one object a line in, one a line out; a bad line is told of and skipped."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.core.model import Article

SKIPPED = 3
"""Exit code where every line could be read but some."""

LONGEST_LINE = 5_000_000


@dataclass
class Reader:
    """Reads articles from a stream and remembers whether it had to skip lines."""

    stream: BinaryIO
    verb: str
    skipped: int = 0
    ids: dict[str, Any] = field(default_factory=dict)
    """The id of each article as its line wrote it: a number stays a number in what we write."""

    def __iter__(self) -> Iterator[Article]:
        for number, line in enumerate(self._watched(), start=1):
            if not line.strip():
                continue
            try:
                yield self._article(line)
            except (ValueError, RecursionError) as error:
                self.skipped += 1
                print(f"line {number} skipped: {error}", file=sys.stderr)

    def _watched(self) -> Iterable[bytes]:
        """The lines, with a progress bar while a person is watching."""
        if not sys.stderr.isatty():
            yield from self.stream
            return
        total = None
        if self.stream.seekable():
            total = self.stream.seek(0, 2)
            self.stream.seek(0)
        columns = (SpinnerColumn(), TextColumn(self.verb), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(self.verb, total=total)
            for line in self.stream:
                yield line
                progress.advance(task, len(line) if total else 1)

    def _article(self, line: bytes) -> Article:
        if len(line) > LONGEST_LINE:
            raise ValueError(f"longer than {LONGEST_LINE:,} bytes")
        try:
            value = json.loads(line)
        except ValueError as error:
            raise ValueError(f"not JSON ({error})") from error
        if not isinstance(value, dict):
            raise ValueError("not an object")
        identity = value.get("id")
        if not isinstance(identity, (str, int)) or isinstance(identity, bool) or identity == "":
            raise ValueError("“id” must be a string or a number")
        article = Article(
            id=str(identity),
            title=_text(value, "title"),
            summary=_text(value, "summary"),
            text=_text(value, "text"),
            url=_text(value, "url"),
            published=_moment(value),
            source=_text(value, "source"),
            lang=_text(value, "lang"),
        )
        if not article.title and not article.body:
            raise ValueError("neither “title”, “summary” nor “text”")
        self.ids[article.id] = identity
        return article


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ValueError(f"“{key}” must be a string")
    return text.encode(errors="replace").decode()  # half a surrogate pair can be written by nobody


def _moment(value: Mapping[str, Any]) -> datetime | None:
    """The time of publication; a time without a zone is taken as UTC."""
    text = value.get("published")
    if text in (None, ""):
        return None
    if not isinstance(text, str):
        raise ValueError("“published” must be a string")
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"“published” is not an ISO 8601 time: {text[:40]!r}") from error


def write(value: Mapping[str, Any]) -> None:
    """One line of the answer, at once, so that a pipe sees it while the work goes on."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
