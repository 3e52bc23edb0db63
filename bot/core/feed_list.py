"""Lists of feeds, as feed readers hand them to each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

FOLDERS = " / "
"""Between the folders of a list in what is a feed's region here: "World / Middle East"."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed in the list. `folder` is the path of the folders it lies in, outermost first.

    The address of a `private` one holds a password or a key, so that the feed is shared with nobody.
    """

    url: str
    title: str = ""
    folder: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class FeedList:
    """What such a list holds. `skipped` counts outlines whose address is no web address."""

    title: str
    outlines: tuple[Outline, ...]
    skipped: int = 0


class Format(Protocol):
    """How lists are written down; the module of OPML is one."""

    def read(self, data: bytes) -> FeedList:
        """The feeds of a file, each address once. Raises UserError, which says what is wrong with the file."""
        ...

    def write(self, outlines: Iterable[Outline], *, title: str, now: datetime) -> str: ...


def folder(region: str) -> tuple[str, ...]:
    return tuple(region.split(FOLDERS)) if region else ()
