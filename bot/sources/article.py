"""The text of an article's page, without its menus, banners and footers.

This runs in a child process as the parsing of feeds does (`bot.sources.lane` says why); trafilatura is an extra, and
imported nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import trafilatura

from bot.sources.charset import decode
from bot.sources.text import clean, cut

PAGE = 2_000_000
"""Characters of a page that are looked at."""
TEXT = 40_000


class ArticleReader:
    """Reads one page after another, with the same face as the reader of feeds."""

    def __init__(self) -> None:
        trafilatura.extract("<html><body><p>warm</p></body></html>", fast=True)

    def read(self, body: bytes, job: Mapping[str, str]) -> dict[str, Any]:
        """`text` is empty where the page has no article that can be told from what surrounds it."""
        page = decode(body, job.get("content_type", ""))[:PAGE]
        try:
            text = trafilatura.extract(
                page,
                fast=True,
                include_comments=False,
                include_tables=False,
                include_images=False,
                include_links=False,
                include_formatting=False,
            )
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            text = ""
        return {"kind": "article", "text": cut(clean(text or ""), TEXT)}
