"""Has the C library give memory back: what a large body took would else stay with us for ever.

glibc raises the size from which a block is mapped by itself, and so returned when it is free, each time one is freed;
after the first body of some megabytes the next ones come from its heap, which is full of holes before it shrinks.
"""

from __future__ import annotations

import ctypes
import sys

# mallopt(3): the names are macros.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def give_back_what_is_free() -> None:
    """Set for the life of the process. Elsewhere than on glibc nothing is done."""
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # musl has no such thing, and no such heap
    mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024)
    mallopt(M_ARENA_MAX, 2)
