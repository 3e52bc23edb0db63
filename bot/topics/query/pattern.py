"""Regular expressions of strangers, by RE2, which is linear in the text whatever the expression.

Python's own `re` can be held for years by `(a+)+$`; without google-re2 a regular expression is refused.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

try:
    import re2  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
except ImportError:
    re2 = None

LONGEST = 200
"""Characters of an expression."""
MEMORY = 1 << 20
"""Bytes that RE2 may spend on one expression: a bound on what `\\w{1,900}` costs."""
MOST_FOUND = 50
"""Occurrences looked at in one text."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The expression, ready to search. Raises ValueError, with the reason, for one that cannot be used."""
    if re2 is None:
        raise ValueError(
            "a /regular expression/ needs google-re2, which is not installed here. Use words and * instead."
        )
    if len(pattern) > LONGEST:
        raise ValueError(f"a regular expression has at most {LONGEST} characters.")
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        expression = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"this regular expression cannot be read: {said}.") from error
    if expression.search(""):
        raise ValueError("this regular expression matches the empty text, and so everything.")
    return expression


def occurrences(pattern: str, text: str) -> list[tuple[int, int]]:
    """Where it matches, as [start, end) offsets in the text."""
    found = []
    for match in compiled(pattern).finditer(text):
        if match.end() > match.start():
            found.append(match.span())
        if len(found) == MOST_FOUND:
            break
    return found
