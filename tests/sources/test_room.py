"""The room for strangers' bodies: small ones pass, large ones wait their turn, and none waits for ever."""

import asyncio

import pytest

from bot.core.errors import Throttled
from bot.sources.room import FREE, STEP, Room


async def settled(*tasks: asyncio.Task[float]) -> list[bool]:
    for _ in range(10):
        await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def test_a_small_body_does_not_wait_where_large_ones_do() -> None:
    room = Room(STEP)
    with room.share() as first, room.share() as second, room.share() as small:
        await first.hold(5_000_000)
        waiting = asyncio.create_task(second.hold(FREE + 1))
        assert await settled(waiting) == [False]
        assert await small.hold(FREE) == 0
        waiting.cancel()


async def test_the_first_goes_on_past_the_size_so_that_none_waits_for_one_that_waits() -> None:
    room = Room(4 * STEP)
    with room.share() as first, room.share() as second:
        await first.hold(2 * STEP)
        more = asyncio.create_task(second.hold(2 * STEP))
        assert await settled(more) == [False]
        await first.hold(20 * STEP)
        assert await settled(more) == [False]
        more.cancel()


async def test_room_that_is_given_back_goes_to_those_who_wait_in_the_order_in_which_they_came() -> None:
    room = Room(STEP)
    with room.share() as second, room.share() as third:
        with room.share() as first:
            await first.hold(STEP)
            waiting = [asyncio.create_task(each.hold(STEP)) for each in (second, third)]
            assert await settled(*waiting) == [False, False]
        assert await settled(*waiting) == [True, False]
        waiting[1].cancel()


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    room = Room(STEP)
    with room.share() as third:
        with room.share() as first:
            await first.hold(STEP)
            with room.share() as second:
                gone = asyncio.create_task(second.hold(STEP))
                last = asyncio.create_task(third.hold(STEP))
                assert await settled(gone, last) == [False, False]
                gone.cancel()
                assert await settled(gone, last) == [True, False]
        assert await settled(last) == [True]


async def test_who_waits_too_long_is_put_back_without_blame() -> None:
    room = Room(STEP, patience=0.01)
    with room.share() as first, room.share() as second:
        await first.hold(STEP)
        with pytest.raises(Throttled) as refused:
            await second.hold(STEP)
    assert refused.value.ours
