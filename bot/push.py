"""Push by WebSub (w3.org/TR/websub): a feed's hub tells us that there is news, and we go and look.

    noted      a look found a hub in the feed .................. it is wanted
    renew      every minute: ask the hubs of what is wanted, and again at half of each lease
    Door       the hub asks whether we meant it (echo its challenge), and later knocks with news

What is pushed is never read: a knock is a hint to look sooner, so a forged one costs one polite look. A hub earns trust
when news was announced before we found it, and then the feed is looked at less often; news that we find unannounced
withdraws the trust, for hubs die in silence.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from urllib.parse import parse_qs

import structlog

from bot import metrics
from bot.asgi import Receive, Scope, Send, answer, headers_of, read
from bot.core.errors import FetchError
from bot.core.model import Article, Feed, Fetched
from bot.store import Store, Tx
from bot.store.pushes import Push

log = structlog.get_logger(__name__)

PATH = "/websub"
"""Which feed it is about stands in the query, which the web server's log leaves out."""
LEASE_WANTED = timedelta(days=10)
LEASE_LEAST, LEASE_MOST = timedelta(minutes=5), timedelta(days=14)
ANNOUNCED = timedelta(minutes=15)
"""News found no later than this after a knock was announced by it."""
REFETCH = timedelta(seconds=60)
"""After a confirmation: what came out while it was under way was pushed to nobody (w3c/websub, issue 174)."""
KNOCK_LEAST, KNOCK_MOST = 5.0, 30.0
"""Seconds from a knock to the look: all readers of the feed heard it at once."""
APART = timedelta(seconds=60)
"""Between two looks, however often a hub knocks."""
BODY_MOST = 5_000_000
LONGEST_CHALLENGE = 2048
AT_A_TIME = 50
METHODS = ("sha256", "sha512", "sha384", "sha1")

Ask = Callable[[str, Mapping[str, str]], Awaitable[None]]
"""Posts a form to a hub, through the guard. Raises FetchError."""


class Hubs:
    """Our subscriptions at hubs. `base` is the address by which the internet reaches our web port."""

    def __init__(self, *, store: Store, ask: Ask, base: str) -> None:
        self.store = store
        self.ask = ask
        self.base = base.rstrip("/")

    async def noted(self, tx: Tx, feed: Feed, fetched: Fetched, new: Sequence[Article], *, now: datetime) -> Feed:
        """Within a look's transaction: want its hub, or judge it by the new articles. The feed as it is then."""
        push = await tx.pushes.of(feed.id)
        if not fetched.hub or feed.private:  # the address of a private feed is not a hub's to know
            if push:
                await tx.pushes.end(feed.id)
            return replace(feed, pushed=False)
        if push is None or (push.hub, push.topic) != (fetched.hub, fetched.topic):
            await tx.pushes.want(feed.id, fetched.hub, fetched.topic, now=now)
            return replace(feed, pushed=False)
        if not new or push.lease_until is None:
            return feed
        announced = push.pushed_at is not None and now - push.pushed_at <= ANNOUNCED
        if announced != feed.pushed:
            await tx.pushes.trust(feed.id, announced)
            log.info("push is trusted" if announced else "push was missed: the feed is polled again", feed=feed.id)
        return replace(feed, pushed=announced)

    async def renew(self) -> None:
        """Ask each hub whose time has come; a hub that does not answer is asked ever more rarely."""
        async with self.store.begin() as tx:
            await tx.pushes.distrust_lapsed()
            due = await tx.pushes.take(self.base, limit=AT_A_TIME)
        for push in due:
            reason = ""
            try:
                await self.ask(push.hub, self._form(push))
            except FetchError as error:
                reason = str(error)
                log.info("hub did not take our subscription", feed=push.feed_id, reason=reason)
            async with self.store.begin() as tx:
                await tx.pushes.asked(push, reason)

    def _form(self, push: Push) -> dict[str, str]:
        return {
            "hub.mode": "subscribe",
            "hub.topic": push.topic,
            "hub.callback": f"{self.base}{PATH}?feed={push.callback}",
            "hub.secret": push.secret,
            "hub.lease_seconds": str(int(LEASE_WANTED.total_seconds())),
        }


class Door:
    """What hubs call: an ASGI application on `PATH`."""

    def __init__(self, store: Store, random: Random | None = None) -> None:
        self.store = store
        self.random = random or Random()  # noqa: S311  (jitter, not secrets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = {name: values[0] for name, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()}
        if scope["method"] == "GET":
            status, body = await self._asked(said)
        elif scope["method"] == "POST":
            status, body = await self._knocked(said.get("feed", ""), scope["headers"], receive), ""
        else:
            status, body = 405, ""
        await answer(send, status, body.encode("latin-1", "replace"), "text/plain")

    async def _asked(self, said: Mapping[str, str]) -> tuple[int, str]:
        """A hub asks whether a subscription is ours, or says that it will not have it."""
        mode, topic, challenge = (said.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
        async with self.store.begin() as tx:
            push = await tx.pushes.by_callback(said.get("feed", ""))
            if push is None or push.topic != topic:
                return 404, ""
            if mode == "denied":
                await tx.pushes.denied(push.feed_id, said.get("hub.reason", ""))
                return 200, ""
            if mode != "subscribe" or not challenge or len(challenge) > LONGEST_CHALLENGE:
                return 404, ""  # we never ask to end one: who is no longer interested lets the lease run out
            seconds = said.get("hub.lease_seconds", "")
            granted = timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 10 else LEASE_WANTED
            lease = min(max(granted, LEASE_LEAST), LEASE_MOST)
            now = await tx.now()
            await tx.pushes.confirm(push.feed_id, until=now + lease, renew_at=now + lease / 2)
            await tx.pushes.look_at(push.feed_id, now + REFETCH)
        log.info("push by a hub is confirmed", feed=push.feed_id, days=round(lease / timedelta(days=1), 1))
        return 200, challenge

    async def _knocked(self, callback: str, headers: Sequence[tuple[bytes, bytes]], receive: Receive) -> int:
        """News, says the hub. 410 ends what we do not know; a wrong signature is told nothing and does nothing."""
        async with self.store.read() as tx:
            push = await tx.pushes.by_callback(callback)
        if push is None:
            return 410
        body = await read(receive, BODY_MOST)
        if body is None:
            return 413
        signatures = headers_of(headers).get("x-hub-signature", [])
        if len(signatures) != 1 or not _is_signed(push.secret, body, signatures[0]):
            metrics.PUSHES.labels("forged").inc()
            log.warning("a push without the right signature was ignored", feed=push.feed_id)
            return 202
        async with self.store.begin() as tx:
            now = await tx.now()
            wait = timedelta(seconds=self.random.uniform(KNOCK_LEAST, KNOCK_MOST))
            await tx.pushes.arrived(push.feed_id, now)
            await tx.pushes.look_at(push.feed_id, now + wait, apart=APART)
        metrics.PUSHES.labels("taken").inc()
        return 202


def _is_signed(secret: str, body: bytes, signature: bytes) -> bool:
    method, _, given = signature.decode("latin-1").partition("=")
    if method not in METHODS:
        return False
    right = hmac.new(secret.encode(), body, method).hexdigest()
    return hmac.compare_digest(right.encode(), given.strip().lower().encode("latin-1"))
