"""What one platform lets us do: pace, pauses and the budget of refusals, by a clock that is turned by hand."""

from __future__ import annotations

from bot.rate_limits import OVER, PROBE, REFUSALS_WITHIN, Gate, RateLimits


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_channel_that_used_up_its_pace_is_not_ready_and_its_neighbour_is() -> None:
    gate = Gate(RateLimits(channel=(2, 3600)), Seconds())
    for _ in range(2):
        assert gate.ready("a")
        await gate.turn("a")
    assert not gate.ready("a")
    assert gate.ready("b")


async def test_a_channel_never_gets_more_in_any_span() -> None:
    clock = Seconds()
    gate = Gate(RateLimits(channel=(2, 5)), clock)
    for at, ready in ((0, True), (3, True), (4, False), (5, True), (7, False), (8, True)):
        clock.now = at
        assert gate.ready("a") is ready, at
        if ready:
            await gate.turn("a")


async def test_the_pace_of_the_whole_bot_is_shared_by_its_channels() -> None:
    gate = Gate(RateLimits(platform=(2, 3600)), Seconds())
    await gate.turn("a")
    await gate.turn("b")
    assert not gate.ready("c")


async def test_a_platform_without_limits_is_always_ready() -> None:
    gate = Gate(RateLimits(), Seconds())
    for _ in range(100):
        await gate.turn("a")
    assert gate.ready("a")


def test_a_pause_holds_those_it_means_and_ends_with_one_try() -> None:
    clock = Seconds()
    gate = Gate(RateLimits(), clock)
    gate.pause("revoked", 600)
    assert gate.wait("revoked", "*") == 600
    assert gate.wait("other", "*") == 0
    clock.now = 600
    assert gate.wait("revoked", "*") == 0  # one may try ...
    assert gate.wait("revoked", "*") == PROBE  # ... while the others wait for how it ends
    gate.went_well("revoked", "*")
    assert gate.wait("revoked", "*") == 0
    assert gate.wait("revoked", "*") == 0


def test_a_try_that_never_came_back_lets_another_one_through() -> None:
    clock = Seconds()
    gate = Gate(RateLimits(), clock)
    gate.pause("*", 1)
    clock.now = 1
    assert gate.wait("*") == 0
    clock.now = 1 + 5 * PROBE
    assert gate.wait("*") == 0


def test_too_many_refusals_stop_everything_until_they_are_old() -> None:
    clock = Seconds()
    gate = Gate(RateLimits(), clock, refusals=3)
    assert [gate.refused() for _ in range(3)] == [False, False, True]
    assert gate.wait("anybody") == REFUSALS_WITHIN
    clock.now = REFUSALS_WITHIN
    assert gate.wait("anybody") == 0


def test_trouble_is_over_after_some_quiet_minutes_and_a_post_that_went_well() -> None:
    clock = Seconds()
    gate = Gate(RateLimits(), clock)
    gate.went_well("a")
    assert not gate.is_over_it()  # there was none
    gate.went_ill()
    clock.now = 10
    gate.went_well("a")
    assert not gate.is_over_it()
    clock.now = OVER
    assert gate.is_over_it()
    assert not gate.is_over_it()
    gate.went_ill()
    clock.now = 3 * OVER
    assert not gate.is_over_it()  # nobody has got through since
