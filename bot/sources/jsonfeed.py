"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), read into the same words as the XML formats."""

from __future__ import annotations

import json
from typing import Any


def read(text: str) -> dict[str, Any] | None:
    """The feed, or None where the JSON is no feed. Raises ValueError or RecursionError where it is no JSON."""
    value = json.loads(text)
    if not isinstance(value, dict):
        return None
    if "jsonfeed.org/version/" not in _text(value.get("version")) or not isinstance(value.get("items"), list):
        return None
    return {
        "title": _text(value.get("title")),
        "link": _text(value.get("home_page_url")),
        "language": _text(value.get("language")),
        "hub": _hub(value.get("hubs")),
        "topic": _text(value.get("feed_url")),
        "entries": [_entry(item) for item in value["items"] if isinstance(item, dict)],
    }


def _entry(item: dict[str, Any]) -> dict[str, str]:
    """Every field as text. A number as id is against the standard and common: it is taken as its digits."""
    markup = _text(item.get("content_html"))
    attachments = item.get("attachments")
    pictures = [
        _text(each.get("url"))
        for each in (attachments if isinstance(attachments, list) else [])
        if isinstance(each, dict) and _text(each.get("mime_type")).startswith("image/")
    ]
    return {
        "id": _text(item.get("id")),
        "link": _text(item.get("url")) or _text(item.get("external_url")),
        "title": _text(item.get("title")),
        "summary": _text(item.get("summary")),
        "html": markup,
        "text": "" if markup else _text(item.get("content_text")),
        "date": _text(item.get("date_published")) or _text(item.get("date_modified")),
        "language": _text(item.get("language")),
        "image": next(
            (each for each in (_text(item.get("image")), _text(item.get("banner_image")), *pictures) if each), ""
        ),
    }


def _hub(hubs: object) -> str:
    found = [each for each in hubs if isinstance(each, dict)] if isinstance(hubs, list) else []
    return next((_text(each.get("url")) for each in found if _text(each.get("type")).casefold() == "websub"), "")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""
