"""What the process asks of the system for its memory: to have back what is free, and large pages for what stays."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

# mallopt(3): the names are macros.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
# madvise(2), the second since Linux 6.1.
MADV_HUGEPAGE, MADV_COLLAPSE = 14, 25
LARGE_PAGE = 2**21
"""Bytes. Another size elsewhere only means that less is moved."""
WORTH = 128 * 2**20
"""Bytes of a heap that are worth the moving: below, a look into it is rarely far."""


def give_back_what_is_free() -> None:
    """Has the C library give memory back: what a large body took would else stay with us for ever.

    glibc raises the size from which a block is mapped by itself, and so returned when it is free, each time one is
    freed; after the first body of some megabytes the next ones come from its heap, which is full of holes before it
    shrinks. Set for the life of the process. Elsewhere than on glibc nothing is done.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # musl has no such thing, and no such heap
    mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024)
    mallopt(M_ARENA_MAX, 2)


def move_to_large_pages(worth: int = WORTH) -> int:
    """Have what the heap holds now in large pages, where Linux offers them and there are `worth` bytes to move; how
    many were.

    A matcher that reads all over half a gigabyte spends a fifth of its time in looking up where its pages are. It takes
    a second for half a gigabyte: after what is long-lived was loaded. Where the system refuses, all stays as it is.
    """
    if sys.platform != "linux":
        return 0
    try:
        spans = heap(Path("/proc/self/maps").read_text("ascii", "replace"))
        madvise = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return 0
    size = sum(end - start for start, end in spans)
    if size < worth:
        return 0
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, end in spans:
        madvise(start, end - start, MADV_HUGEPAGE)
        madvise(start, end - start, MADV_COLLAPSE)
    return size


def heap(maps: str) -> list[tuple[int, int]]:
    """The [start, end) addresses in a process's map (proc_pid_maps(5)) of what it alone writes to and no file is
    behind, in whole large pages."""
    found: list[tuple[int, int]] = []
    for line in maps.splitlines():
        span, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and (not name or name[0] == "[heap]"):
            start, end = (int(address, 16) for address in span.split("-"))
            start, end = -(-start // LARGE_PAGE) * LARGE_PAGE, end // LARGE_PAGE * LARGE_PAGE
            if start < end:
                found.append((start, end))
    return found
