"""Large pages for what stays: which parts of the process are asked for, and that asking does no harm."""

from __future__ import annotations

import sys

import pytest

from bot.memory import LARGE_PAGE, heap, move_to_large_pages

MAPS = """\
00400000-00800000 r-xp 00000000 fe:00 131 /usr/bin/python3.11
01000000-01900000 rw-p 00000000 00:00 0 [heap]
7f0000100000-7f0000700000 rw-p 00000000 00:00 0
7f0001000000-7f0001100000 rw-p 00000000 00:00 0
7f0002000000-7f0002800000 rw-p 00000000 fe:00 77 /data/a file.db
7f0003000000-7f0003800000 ---p 00000000 00:00 0
7f0004000000-7f0004800000 rw-s 00000000 00:05 9 /dev/zero (deleted)
7ffd00000000-7ffd00800000 rw-p 00000000 00:00 0 [stack]
"""


def test_only_memory_of_its_own_is_moved_and_only_whole_pages() -> None:
    assert heap(MAPS) == [(0x1000000, 0x1800000), (0x7F0000200000, 0x7F0000600000)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such pages")
def test_what_is_moved_is_still_there() -> None:
    kept = [bytes([number % 256]) * LARGE_PAGE * 2 for number in range(4)]
    assert move_to_large_pages(worth=LARGE_PAGE) >= LARGE_PAGE
    assert all(each == bytes([number % 256]) * LARGE_PAGE * 2 for number, each in enumerate(kept))


def test_a_small_heap_is_left_alone() -> None:
    assert move_to_large_pages(worth=2**50) == 0
