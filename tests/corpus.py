"""What must hold for every feed of the world, on any folder of saved ones: `NEWSBELL_FEED_CORPUS=dir make corpus`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import feedparser
from rich.console import Console
from rich.table import Table

from bot.sources import parse
from bot.sources.slices import HASH

NOW = "2026-11-26T12:00:00+00:00"
HERE, THERE = "https://here.example/a/feed.xml", "https://there.example/feed"
READER = parse.Reader()


def read(body: bytes, url: str = HERE, slices: str = "") -> dict[str, Any]:
    return READER.read(body, {"url": url, "now": NOW, "slices": slices})


def keys(answer: dict[str, Any]) -> list[str]:
    return [entry[0] for entry in answer.get("entries", ())]


@contextmanager
def plain_driver() -> Iterator[None]:
    ours, feedparser.api.PREFERRED_XML_PARSERS = feedparser.api.PREFERRED_XML_PARSERS, []
    try:
        yield
    finally:
        feedparser.api.PREFERRED_XML_PARSERS = ours


def never_raises(body: bytes) -> bool:
    return read(body)["kind"] in ("feed", "other", "empty", "broken")


def no_fewer_entries_than_feedparser(body: bytes) -> bool:
    """Items that are in a document twice count once with us."""
    alone = feedparser.parse(io.BytesIO(body))
    known = {(entry.get("id"), entry.get("link"), entry.get("title")) for entry in alone.entries}
    different = {each for each in known if any(each)}
    return len(keys(read(body))) >= min(len(different), len({e[0] or e[1] or e[2] for e in different}), parse.ITEMS)


def the_same_keys_twice_and_on_another_host(body: bytes) -> bool:
    return keys(read(body)) == keys(read(body)) == keys(read(body, THERE))


def in_part_as_in_whole(body: bytes) -> bool:
    whole = read(body)
    packed = whole.get("slices", "")
    marks = [packed[at : at + HASH] for at in range(0, len(packed), HASH)]
    if not marks or len(whole["entries"]) != len(marks):
        return True  # read whole each time: nothing to compare
    for place in {0, len(marks) // 2, len(marks) - 1}:
        part = read(body, slices="".join(mark for mark in marks if mark != marks[place]))
        new = [entry for entry, mark in zip(whole["entries"], marks, strict=True) if mark == marks[place]]
        if part.get("entries") not in (new, whole["entries"]):
            return False
    return True


def the_same_by_the_plain_driver(body: bytes) -> bool:
    ours = read(body)
    with plain_driver():
        return read(body).get("entries") == ours.get("entries")


CHECKS: tuple[Callable[[bytes], bool], ...] = (
    never_raises,
    no_fewer_entries_than_feedparser,
    the_same_keys_twice_and_on_another_host,
    in_part_as_in_whole,
    the_same_by_the_plain_driver,
)


def examine(folder: Path, checks: tuple[Callable[[bytes], bool], ...] = CHECKS) -> dict[str, list[str]]:
    """The names of the files that fail, by check."""
    failed: dict[str, list[str]] = {check.__name__: [] for check in checks}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        body = file.read_bytes()
        for check in checks:
            try:
                held = check(body)
            except Exception:  # that is what is being looked for
                held = False
            if not held:
                failed[check.__name__].append(str(file.relative_to(folder)))
    return failed


def main() -> int:
    given = os.environ.get("NEWSBELL_FEED_CORPUS", "")
    folder = Path(given) if given else Path(__file__).parent / "sources" / "feeds"
    count = sum(path.is_file() for path in folder.rglob("*"))
    failed = examine(folder)
    table = Table("what must hold", f"of {count} files", "not for", box=None)
    for name, files in failed.items():
        more = f" and {len(files) - 5} more" if len(files) > 5 else ""
        table.add_row(name.replace("_", " "), str(count - len(files)), ", ".join(files[:5]) + more)
    Console().print(table)
    return 1 if any(failed.values()) or not count else 0


if __name__ == "__main__":
    sys.exit(main())
