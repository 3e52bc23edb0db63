"""How often one server may ask."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.limits import Turnstile


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 6))
def test_never_more_in_any_minute_and_the_wait_that_is_told_is_enough(pauses: list[float], most: int) -> None:
    clock = Seconds()
    turnstile = Turnstile(most, clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        if wait := turnstile.wait("a"):
            clock.now += wait + 1e-6
            assert turnstile.wait("a") == 0
        passed.append(clock.now)
    assert all(later - earlier > 59.9 for earlier, later in zip(passed, passed[most:], strict=False))


def test_each_server_has_its_own_turns() -> None:
    turnstile = Turnstile(1, Seconds())
    assert (turnstile.wait("a"), turnstile.wait("b"), turnstile.wait("a")) == (0, 0, 60)
