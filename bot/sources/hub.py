"""Where a feed says that its news is pushed: `rel=hub` and `rel=self` in the answer's headers or in the feed itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.sources.links import web_link

LINK = re.compile(r"<([^<>\s]{1,2048})>((?:\s*;\s*[\w*!#$&+.^`|~-]+\s*=\s*(?:\"[^\"]{0,200}\"|[^\s\",;]{1,200}))*)")
RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]{0,200})\"|([^\s\",;]{1,200}))", re.IGNORECASE)


def advertised(headers: Mapping[str, str], told: Mapping[str, Any], url: str) -> tuple[str, str]:
    """The hub and the topic to ask it for; both empty where there is no hub. Headers go before the feed's own word."""
    links = _in_header(headers.get("link", ""), url)
    hub = links.get("hub") or web_link(told.get("hub", ""), url)
    if not hub:
        return "", ""
    return hub, links.get("self") or web_link(told.get("topic", ""), url) or url


def _in_header(value: str, url: str) -> dict[str, str]:
    """The first link of each relation (RFC 8288)."""
    links: dict[str, str] = {}
    for target, parameters in LINK.findall(value):
        for quoted, bare in RELATION.findall(parameters):
            for relation in (quoted or bare).casefold().split():
                if link := web_link(target, url):
                    links.setdefault(relation, link)
    return links
