"""RSS, Atom and JSON feeds: one polite look at an address, and what it brought.

    guard -> gate -> conditional GET -> same body? -> child process: what is it, what does it say -> Fetched

Whatever goes wrong is a `FetchError` with the feed's next state and one sentence that is safe to show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import structlog
from aiohttp.abc import AbstractResolver

from bot import __version__
from bot.core.errors import FetchError, Missing, NotAFeed, Throttled, Unreachable
from bot.core.model import Entry, Feed, Fetched
from bot.sources.fetch import Answer, Fetcher, Limits
from bot.sources.freshness import Wishes, hint, retry_after
from bot.sources.gate import Gate, Share
from bot.sources.guard import WEB_PORTS, Guard
from bot.sources.hub import advertised
from bot.sources.ladder import unread
from bot.sources.lane import LaneLimits, Lanes
from bot.sources.mask import is_private, shown
from bot.sources.robots import may_look
from bot.sources.sites import known_feed
from bot.sources.validators import (
    after_200,
    is_conditional,
    is_stuck,
    probed,
    validation,
    validators,
    validators_to_send,
)

log = structlog.get_logger(__name__)

READER = "1"
"""Changes with how feeds are read, so that after an update of the bot nothing hides behind an old validator."""

HOUR = timedelta(hours=1)
FULL_PARSE = timedelta(hours=24)
"""How often a feed is read whole although only some of its items are new."""
REFUSED = {
    401: "asks for a password",
    403: "refuses us (HTTP 403)",
    451: "may not answer for legal reasons (HTTP 451)",
    999: "refuses bots (HTTP 999)",
}
BROKEN = {404: "has no such page any more (HTTP 404)", 400: "does not understand the address (HTTP 400)"}


class WebPage(NotAFeed):
    """A page was found. `guesses` are addresses worth a try where it offers no feed."""

    def __init__(self, found: str, offers: tuple[str, ...], guesses: tuple[str, ...]) -> None:
        super().__init__(found, offers)
        self.guesses = guesses


class FeedSource:
    """The feeds of the world. To be opened and closed, or used as a context.

    `contact` is the URL at which publishers find out who we are. `allowed` holds (numeric address, port) pairs that
    are visited although they are private. `gap` and `jitter` are the seconds between two requests to one host, and
    `per_minute` the requests that a domain gets at most, over all its feeds (0: no budget). `lanes` is the number of
    parsing processes. `gate` takes the place of a gate of these figures; `share` counts what other
    processes ask.
    """

    def __init__(
        self,
        *,
        contact: str,
        allow_private: bool = False,
        allowed: Iterable[tuple[str, int]] = (),
        ports: Iterable[int] = WEB_PORTS,
        gap: float = 1.0,
        jitter: float = 1.0,
        per_minute: int = 30,
        lanes: int = 2,
        limits: Limits | None = None,
        lane_limits: LaneLimits | None = None,
        resolver: AbstractResolver | None = None,
        gate: Gate | None = None,
        share: Share | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._gate = gate or Gate(gap=gap, jitter=jitter, per_minute=per_minute, share=share)
        self._guard = Guard(allow_private, frozenset(allowed), frozenset(ports))
        self._fetcher = Fetcher(
            self._guard,
            self._gate,
            agent=f"Newsbell/{__version__} (+{contact}; feed poller)",
            limits=limits,
            resolver=resolver,
        )
        self._lanes = Lanes(lanes, lane_limits)
        # Started by the first page that is asked for: where no feed wants full text, it costs nothing.
        self._pages = Lanes(1, replace(lane_limits or LaneLimits(), articles=True))
        self._now = now

    async def open(self) -> None:
        await self._fetcher.open()
        await self._lanes.open()

    async def close(self) -> None:
        await self._fetcher.close()
        await self._lanes.close()
        await self._pages.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def fetch(self, feed: Feed) -> Fetched:
        """One polite look: a conditional GET with the validators of the last one, byte for byte.

        Raises FetchError with the state that the feed enters; `Throttled`, `NotAFeed` and `ForbiddenAddress` say more.
        """
        cache = feed.cache if feed.cache.get("reader") == _reader(feed) else {}
        probe = is_stuck(cache, per_day=feed.per_day, now=self._now())
        asked = {} if probe else validators_to_send(cache)
        headers = {**asked, "User-Agent": feed.agent} if feed.agent else asked
        async with self._fetcher.asked(feed.url, headers) as answer:
            self._refuse(feed, answer)
            if answer.status == 304 and not asked:
                raise FetchError(f"{_host(answer)} says that nothing changed, although nothing was asked (HTTP 304)")
            return await self._told_by(feed, answer, cache, probe=probe)

    async def _told_by(self, feed: Feed, answer: Answer, cache: Mapping[str, str], *, probe: bool) -> Fetched:
        digest = "" if answer.status == 304 else sha256(answer.body).hexdigest()
        fetched = self._unchanged(feed, answer, cache, digest) or await self._changed(feed, answer, cache, digest)
        if probe:
            fetched = replace(fetched, cache=probed(cache, fetched, now=self._now()))
        log.debug("feed read", feed=feed.id, status=answer.status, entries=len(fetched.entries), bytes=answer.size)
        return fetched

    async def look(self, url: str) -> tuple[str, Fetched]:
        """The feed that a person meant: its address and its first answer, so that nothing is asked for twice.

        The address is where permanent redirects lead, else as it was typed. Raises FetchError; a page raises
        NotAFeed with what it is, and the feeds that it or its kind of site offers.
        """
        addresses = _typed(url)
        if found := await self._first_feed(filter(None, [known_feed(addresses[0])])):
            return found
        for address in addresses:
            try:
                fetched = await self.fetch(Feed(0, address))
            except WebPage as page:
                if page.offers:
                    raise
                guessed = await self._first_feed(page.guesses)
                raise NotAFeed(page.found, (guessed[0],) if guessed else ()) from None
            except Unreachable:
                if address == addresses[-1]:
                    raise
            else:
                return fetched.moved_to or address, fetched
        raise FetchError("that address cannot be reached")

    async def _first_feed(self, addresses: Iterable[str]) -> tuple[str, Fetched] | None:
        """The first of the addresses, guessed by us, that is a feed."""
        for address in addresses:
            try:
                fetched = await self.fetch(Feed(0, address))
            except FetchError:
                continue
            return fetched.moved_to or address, fetched
        return None

    async def offered(self, feed: Feed) -> tuple[str, ...]:
        """The feeds that a lost feed's site offers now, if its robots.txt lets programs look. Raises FetchError."""
        parts = urlsplit(feed.url)
        site = feed.cache.get("site") or f"{parts.scheme}://{parts.netloc}/"
        robots = await self._fetcher.get(urljoin(site, "/robots.txt"))
        if not may_look(robots.status, robots.body, site):
            raise FetchError(f"{_host(robots)} does not let programs look for its feeds (robots.txt)")
        try:
            await self.fetch(Feed(0, site))
        except WebPage as page:
            return page.offers or page.guesses
        return (site,)

    async def page(self, url: str) -> str:
        """The text of an article's page; empty where none can be told from what surrounds it. Raises FetchError."""
        accept = {"Accept": "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"}
        async with self._fetcher.asked(url, accept) as answer:
            return await self._text_of(answer)

    async def _text_of(self, answer: Answer) -> str:
        host, kind = _host(answer), answer.headers.get("content-type", "text/html")
        if answer.status in (429, 503) and (wait := retry_after(answer.headers, self._now())):
            self._gate.close(host, wait)
        if answer.status != 200 or answer.cut or "html" not in kind.casefold():
            raise FetchError(f"{host} gives no page ({answer.cut or f'HTTP {answer.status}, {kind[:40]}'})")
        await self._pages.open()
        told = await self._pages.read({"content_type": kind}, answer.body)
        return str(told["text"])

    async def ask_hub(self, hub: str, form: Mapping[str, str]) -> None:
        """Post a form to a feed's hub. Raises FetchError, also where the hub does not take it."""
        answer = await self._fetcher.post(hub, form)
        if not 200 <= answer.status < 300:
            raise FetchError(f"{_host(answer)} answers with HTTP {answer.status}")

    def _refuse(self, feed: Feed, answer: Answer) -> None:
        """Raise what any status but 200 and 304 means."""
        host, status, now = _host(answer), answer.status, self._now()
        asked = retry_after(answer.headers, now)
        if status == 429 or (status == 503 and asked):
            wait = asked or min(HOUR * (1 << min(max(feed.fails, 0), 5)), timedelta(days=1))
            self._gate.close(host, asked or HOUR)
            raise Throttled(f"{host} asks us to come less often (HTTP {status})", wait)
        if "challenge" in answer.headers.get("cf-mitigated", ""):
            raise FetchError(f"{host} lets only browsers in (a Cloudflare check)", state="blocked")
        if status in REFUSED:
            raise FetchError(f"{host} {REFUSED[status]}", state="blocked")
        if status == 410:
            raise FetchError(f"{host} says that the feed is gone for good (HTTP 410)", state="gone")
        if status not in (200, 304):
            refusal = Missing if status == 404 else FetchError
            raise refusal(f"{host} {BROKEN.get(status, f'answers with HTTP {status}')}")

    def _unchanged(self, feed: Feed, answer: Answer, cache: Mapping[str, str], digest: str) -> Fetched | None:
        if answer.status == 304:
            kept = {**cache, **validators(answer.headers)}
        elif not answer.cut and cache.get("sha256") == digest:
            kept = after_200(cache, answer.headers, now=self._now())
        else:
            return None
        return self._same(feed, answer, kept)

    def _same(self, feed: Feed, answer: Answer, kept: Mapping[str, str]) -> Fetched:
        wishes = Wishes.from_cache(kept)
        return Fetched(
            cache=kept,
            unchanged=True,
            hint=hint(answer.headers, wishes, per_day=feed.per_day, now=self._now()),
            skip_hours=wishes.skip_hours,
            skip_days=wishes.skip_days,
            conditional=is_conditional(kept),
            moved_to=_moved(feed, answer),
            status=answer.status,
            size=answer.size,
            private=is_private(feed.url),
            told=_told(answer),
            hub=wishes.hub,
            topic=wishes.topic,
        )

    async def _changed(self, feed: Feed, answer: Answer, cache: Mapping[str, str], digest: str) -> Fetched:
        """The ladder: only items that are not letter for letter as before are parsed; once a day, all of them."""
        now = self._now()
        slices = cache.get("slices", "")
        parsed_at = cache.get("parsed_at", "")
        if not parsed_at or now - datetime.fromisoformat(parsed_at) >= FULL_PARSE:
            slices, parsed_at = "", now.isoformat()
        job = {
            "url": answer.url,
            "content_type": answer.headers.get("content-type", ""),
            "lang": feed.lang,
            "now": now.astimezone(UTC).isoformat(),
            "slices": "" if answer.cut else slices,
        }
        told = await self._read(job, answer)
        _refuse_content(told, answer, private=is_private(feed.url) or is_private(answer.url))
        kept = {"reader": _reader(feed), "sha256": digest, "parsed_at": parsed_at, **validation(cache)}
        kept |= {"slices": told["slices"]} if told.get("slices") else {}
        kept = after_200(kept, answer.headers, now=now)
        if told["kind"] == "same":
            fetched = self._same(feed, answer, {**kept, **Wishes.from_cache(cache).to_cache()})
            return replace(fetched, known=told["known"])
        partial = bool(answer.cut) or not told["whole"]
        wishes = Wishes(
            told.get("ttl", 0),
            told.get("update", 0),
            tuple(told.get("skip_hours", ())),
            tuple(told.get("skip_days", ())),
            *advertised(answer.headers, told, answer.url),
            told["site_url"],
        )
        if partial:
            log.info("feed was cut", feed=feed.id, url=shown(feed.url), reason=answer.cut or "its end is missing")
        return Fetched(
            entries=tuple(_entry(values) for values in told["entries"]),
            # The rest of a cut body would be lost behind a 304: it leaves nothing that could bring one.
            cache={} if partial else {**kept, **wishes.to_cache()},
            known=told.get("known", 0),
            partial=partial,
            conditional=is_conditional(kept),
            title=told["title"],
            site_url=told["site_url"],
            lang=told["lang"],
            hint=hint(answer.headers, wishes, per_day=feed.per_day, now=now),
            skip_hours=wishes.skip_hours,
            skip_days=wishes.skip_days,
            moved_to=_moved(feed, answer),
            status=answer.status,
            size=answer.size,
            private=is_private(feed.url),
            told={"format": told["format"], **_told(answer)},
            hub=wishes.hub,
            topic=wishes.topic,
        )

    async def _read(self, job: Mapping[str, str], answer: Answer) -> dict[str, Any]:
        """What the body says, read in a lane: only the new items where they can be told apart, else all of it."""
        new = unread(answer.body, job["slices"])
        if new and not new.fresh:
            return {"kind": "same", "slices": new.marks, "known": new.known}
        try:
            if new:
                told = await self._lanes.read({**job, "slices": "", "part": str(new.fresh)}, new.body)
                if told["kind"] == "feed":
                    return {**told, "slices": new.marks, "known": new.known}
            return await self._lanes.read(job, answer.body)
        except FetchError as error:
            raise FetchError(f"{_host(answer)}: {error}") from None


connect = FeedSource


def _refuse_content(told: Mapping[str, Any], answer: Answer, *, private: bool) -> None:
    """Raise what a body that is no feed means. A page may repeat its address as its title: not where that is a key."""
    host = _host(answer)
    if private:
        told = {**told, "found": str(told.get("found", "")).partition(", “")[0]}
    match told["kind"]:
        case "empty":
            raise FetchError(f"{host} sends an empty page")
        case "broken":
            cut = f", and was cut: {answer.cut}" if answer.cut else ""
            raise FetchError(f"{host} sends {told['found']}{cut}")
        case "other" if told.get("challenge"):
            raise FetchError(f"{host} lets only browsers in ({told['found']})", state="blocked")
        case "other" if "offers" in told:
            raise WebPage(told["found"], tuple(told["offers"]), tuple(told["guesses"]))
        case "other":
            raise NotAFeed(told["found"])


def _entry(values: list[str | None]) -> Entry:
    key, title, url, link_key, summary, text, published, lang, image = values
    return Entry(
        key=key or "",
        title=title or "",
        url=url or "",
        link_key=link_key or "",
        summary=summary or "",
        text=text or "",
        published=datetime.fromisoformat(published) if published else None,
        lang=lang or "",
        image=image or "",
    )


SAID = ("content-type", "content-encoding", "etag", "last-modified", "cache-control", "age", "expires", "date")


def _told(answer: Answer) -> dict[str, str]:
    """What a person who looks into a feed wants to know of the answer."""
    redirects = {"redirects": ", then ".join(answer.hops)} if answer.hops else {}
    return {**redirects, **{name: answer.headers[name] for name in SAID if answer.headers.get(name)}}


def _reader(feed: Feed) -> str:
    """Whoever asks under another name may be told something else: validators are for one name."""
    return f"{READER} {feed.agent}".strip()


def _host(answer: Answer) -> str:
    return urlsplit(answer.url).hostname or "the server"


def _moved(feed: Feed, answer: Answer) -> str:
    """The feed's permanent new address. A password moves along on its own host only, and else keeps the feed here."""
    if not answer.moved:
        return ""
    before, after = urlsplit(feed.url), urlsplit(answer.url)
    if "@" not in before.netloc:
        return answer.url
    if before.hostname != after.hostname:
        return ""
    return urlunsplit(after._replace(netloc=f"{before.netloc.rpartition('@')[0]}@{after.netloc}"))


def _typed(text: str) -> tuple[str, ...]:
    """The addresses that a person may have meant. Raises FetchError where that cannot be one."""
    text = text.strip().strip("<>").strip()
    text = re.sub(r"(?i)^feed:(?://)?(?=https?:)", "", text)
    text = re.sub(r"(?i)^feed://", "https://", text)
    if re.match(r"(?i)[a-z][a-z0-9+.-]*:(?!\d)", text):
        scheme, _, rest = text.partition(":")
        return (f"{scheme.lower()}:{rest}",)
    host = re.split(r"[/?#]", text, maxsplit=1)[0].rpartition("@")[2]
    if not host or re.search(r"\s", text) or ("." not in host and ":" not in host):
        raise FetchError("that is not a web address; a feed's looks like example.org/feed")
    if is_private(f"https://{text}"):
        return (f"https://{text}",)  # a key is not tried out in the open
    return f"https://{text}", f"http://{text}"
