"""Which keys have become so common that their topics had better wait elsewhere."""

from __future__ import annotations

from bot.topics.frequency import DRIFT, LEAST, LIFE, RARE, Frequency

COMMON, SELDOM = 0, 1


def _frequency() -> Frequency:
    frequency = Frequency()
    frequency.grow(2)
    return frequency


def test_a_common_key_is_reported_each_time_it_has_become_eight_times_as_common() -> None:
    frequency = _frequency()
    reported = [n for n in range(1, LEAST * DRIFT**2 + 1) if frequency.learn([COMMON])]
    assert reported == [LEAST, LEAST * DRIFT, LEAST * DRIFT**2]


def test_a_key_that_few_articles_hold_is_left_where_it_is() -> None:
    frequency = _frequency()
    for number in range(LEAST * 4 * RARE):
        present = [COMMON] if number % (2 * RARE) else [COMMON, SELDOM]
        assert SELDOM not in frequency.learn(present) or frequency.articles < LEAST * RARE


def test_what_was_common_once_fades() -> None:
    frequency = _frequency()
    for _ in range(2 * LIFE):
        frequency.learn([COMMON])
    assert (frequency.articles, frequency[COMMON]) == (LIFE, LIFE)
    for _ in range(LIFE):
        frequency.learn([SELDOM])
    assert (frequency[COMMON], frequency[SELDOM]) == (LIFE // 2, LIFE // 2)
    again = Frequency.restored(frequency.state())
    assert (again.articles, again[COMMON]) == (frequency.articles, LIFE // 2)
