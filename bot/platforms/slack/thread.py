"""The thread below an alert: what became of its story, each thing said there once."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.message import Kind, Message, Paragraph

EVENT = "update"
"""The type of the metadata that carries what a reply said."""
PAGE, PAGES = 15, 4
REMEMBERED = 1000


class Threads:
    """Knows what was said in a thread; what an earlier process said there is read back, once for each thread."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, str], set[str]] = OrderedDict()

    async def said(self, client: AsyncWebClient, place: str, ts: str) -> set[str]:
        """The keys of what was said. Raises as the SDK does."""
        known = self._said.get((place, ts))
        return await _read(client, place, ts) if known is None else known

    def remember(self, place: str, ts: str, said: set[str]) -> None:
        self._said[place, ts] = said
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)

    def forget(self, place: str, ts: str) -> None:
        self._said.pop((place, ts), None)


def updates(message: Message) -> dict[str, Paragraph]:
    """What a changed card tells beyond the alert, by key: its items and its small print."""
    news = [each for each in message.body if each.kind in (Kind.ITEM, Kind.NOTE) and each.text.strip()]
    return {blake2b(each.text.encode("utf-8", "replace"), digest_size=8).hexdigest(): each for each in news}


async def _read(client: AsyncWebClient, place: str, ts: str) -> set[str]:
    found: set[str] = set()
    cursor = ""
    for _ in range(PAGES):
        answer = await client.conversations_replies(
            channel=place, ts=ts, include_all_metadata=True, limit=PAGE, cursor=cursor
        )
        for reply in answer.get("messages") or ():
            metadata = reply.get("metadata") or {}
            if metadata.get("event_type") == EVENT:
                found.update((metadata.get("event_payload") or {}).get("keys") or ())
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return found
