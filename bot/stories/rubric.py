"""Tells a standing rubric from a report: the weather, the markets, the horoscope, filled in anew every day.

What a rubric names has nothing in common but the day: snow in Moscow and dust in Baghdad are one article and no event.
Only the part of a headline before a colon or dash says so. A storm in the headline of a report is news like any other.
"""

from __future__ import annotations

import re

_NAMES = (
    r"weather|forecast|horoscope|crossword|tv\sguide|(?:stock\s)?markets?|stocks|currencies|exchange\srates|lottery"
    r"|wetter|börse|horoskop|lottozahlen|météo|bourse|horoscopes?|el\stiempo|mercados|bolsa|horóscopo|previsão\sdo\stempo"
    r"|meteo|borse?|oroscopo|погода|гороскоп|курс\sвалют|hava\sdurumu"
)
_RUBRIC = re.compile(
    rf"^\s*(?:(?:world|global|national|local|daily|today'?s|weekend|morning|evening)\s)?(?:{_NAMES})"
    r"(?:\s(?:report|forecast|update|outlook|today|watch|wrap|round-?up|summary|guide))?\s*(?:[:|]|\s[-–—]\s)",
    re.IGNORECASE,
)


def is_rubric(title: str) -> bool:
    """Whether a headline begins with the name of a standing rubric."""
    return _RUBRIC.match(title) is not None
