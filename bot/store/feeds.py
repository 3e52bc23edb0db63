"""Feeds: who uses which address, which are due, and who polls one right now.

An address is fetched once for all who use it; a private address, which may hold a token, belongs to its tenant alone.
A use that ends leaves its row behind: it opens the archive up to the moment it ended.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select, update

from bot.core.cadence import MOST_WEIGHT
from bot.core.model import EVERYONE, Feed, FeedState
from bot.store import feed_row as rows_
from bot.store import tables as t
from bot.store.feed_row import IN_USE, USED, feed_of, unleased
from bot.store.transaction import Transaction
from bot.store.words import clean, clean_url

UNTROUBLED = (FeedState.ACTIVE, FeedState.NEW, FeedState.DORMANT, FeedState.PAUSED)


class Feeds:
    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def add(
        self,
        url: str,
        *,
        tenant: str = EVERYONE,
        added_by: str = "",
        title: str = "",
        source: str = "",
        lang: str = "",
        region: str = "",
        private: bool = False,
        interval: timedelta | None = None,
        now: datetime,
    ) -> tuple[Feed, bool]:
        """Use an address; true if this tenant did not use it before. Raises ValueError for a URL that cannot be kept.

        A feed that nobody used any more starts as NEW again, with its memory of what it has shown.
        EVERYONE, the operator's pack, has the last word on outlet, language, region and interval.
        """
        if not (address := clean_url(url)):
            raise ValueError("a feed needs a URL of at most 2,048 characters")
        owner = tenant if private else EVERYONE
        said = {"title": clean(title), "source": clean(source), "lang": clean(lang), "region": clean(region)}
        seconds = interval.total_seconds() if interval else None
        await self.tx.execute(
            self.tx.insert(t.feed)
            .values(
                tenant=owner, url=address, host=host_of(address), **said, state=FeedState.NEW.value, reason="",
                cache={}, interval=seconds, fails=0, private=private, next_check_at=now, per_day=0.0,
            )
            .on_conflict_do_nothing(index_elements=["url", "tenant"])
        )  # fmt: skip
        row = await self.tx.first(
            select(t.feed, IN_USE.label("in_use")).where(t.feed.c.url == address, t.feed.c.tenant == owner)
        )
        assert row is not None
        changes: dict[str, Any] = {
            name: text for name, text in said.items() if text and (tenant == EVERYONE or not getattr(row, name))
        }
        if tenant == EVERYONE and seconds:
            changes["interval"] = seconds
        if not row.in_use:
            changes |= {
                "state": FeedState.NEW.value, "reason": "", "cache": {}, "fails": 0,
                "checked_at": None, "ok_at": None, "next_check_at": now, "pace": {}, "failing_since": None,
                "gone_since": None, "dark": False, "move_to": "", "move_since": None, "move_seen": 0, "gap_at": None,
                "oldest_at": None, "posted_at": None,
            }  # fmt: skip
        if changes:
            await self.tx.execute(update(t.feed).where(t.feed.c.id == row.id).values(changes))
        use = self.tx.insert(t.feed_use).values(
            feed_id=row.id, tenant=tenant, added_by=clean(added_by), added_at=now, own=True, paused=False
        )
        fresh = await self.tx.first(
            use.on_conflict_do_update(
                index_elements=["feed_id", "tenant"],
                set_={
                    "added_by": use.excluded.added_by, "added_at": use.excluded.added_at,
                    "own": True, "paused": False, "ended_at": None,
                },
                where=~USED,
            ).returning(t.feed_use.c.feed_id)
        )  # fmt: skip
        await self.weigh(row.id)
        feed = await self.get(row.id)
        assert feed is not None
        return feed, fresh is not None

    async def get(self, feed_id: int) -> Feed | None:
        row = await self.tx.first(select(t.feed).where(t.feed.c.id == feed_id, IN_USE))
        return feed_of(row) if row else None

    async def by_url(self, url: str, tenant: str) -> Feed | None:
        """The feed of that address which the tenant may see, its own private one before the shared one."""
        row = await self.tx.first(
            self._visible(tenant).where(t.feed.c.url == clean_url(url)).order_by(t.feed.c.private.desc()).limit(1)
        )
        return feed_of(row) if row else None

    def _visible(self, tenant: str) -> Any:
        """Feeds of the pack and the tenant's own; `resting` where the tenant, or else the operator, has paused it."""
        use = t.feed_use.c
        paused = case((use.paused, 1), else_=0)
        uses = (
            select(
                use.feed_id,
                func.coalesce(
                    func.max(case((use.tenant == tenant, paused))), func.max(case((use.tenant == EVERYONE, paused)))
                ).label("resting"),
            )
            .where(use.tenant.in_((EVERYONE, tenant)), use.ended_at.is_(None))
            .group_by(use.feed_id)
            .having(func.max(case((use.own, 1), else_=0)) == 1)
            .subquery()
        )
        return select(t.feed, uses.c.resting).join(uses, uses.c.feed_id == t.feed.c.id)

    async def visible(self, tenant: str, *, offset: int = 0, limit: int = 10_000) -> list[Feed]:
        """The pack and the tenant's own feeds; those in trouble first, then by outlet and title."""
        visible = self._visible(tenant)
        resting = visible.selected_columns.resting
        calm = case((or_(resting == 1, t.feed.c.state.in_([state.value for state in UNTROUBLED])), 1), else_=0)
        rows = await self.tx.rows(
            visible.order_by(calm, func.lower(t.feed.c.source), func.lower(t.feed.c.title), t.feed.c.id)
            .offset(offset)
            .limit(limit)
        )
        return [feed_of(row) for row in rows]

    async def count(self, tenant: str) -> dict[FeedState, int]:
        """How many of the visible feeds are in which state."""
        visible = self._visible(tenant).subquery()
        state = case((visible.c.resting == 1, FeedState.PAUSED.value), else_=visible.c.state)
        rows = await self.tx.rows(select(state, func.count()).group_by(state))
        return {FeedState(row[0]): row[1] for row in rows}

    async def owned(self, feed_id: int, tenant: str) -> bool:
        """Whether the tenant added it, as opposed to the pack."""
        return await self.tx.first(select(t.feed_use.c.feed_id).where(_use(feed_id, tenant))) is not None

    async def count_own(self, tenant: str) -> int:
        """How many feeds the tenant has added."""
        use = t.feed_use.c
        mine = select(func.count()).select_from(t.feed_use).where(use.tenant == tenant, use.own, use.ended_at.is_(None))
        return int((await self.tx.execute(mine)).scalar_one())

    async def remove(self, feed_id: int, tenant: str) -> bool:
        """The tenant uses it no more; a feed that nobody uses is no longer there. Its articles stay."""
        now = await self.tx.now()
        ended = await self.tx.changed(update(t.feed_use).where(_use(feed_id, tenant)).values(ended_at=now)) > 0
        await self.weigh(feed_id)
        return ended

    async def weigh(self, feed_id: int | None = None) -> None:
        """Count again how many servers have added a feed, or all feeds, of which each counts in its interval."""
        use = t.feed_use.c
        users = select(func.count()).where(use.feed_id == t.feed.c.id, USED, use.paused.is_(False)).scalar_subquery()
        weight = case((users < 1, 1), (users > MOST_WEIGHT, MOST_WEIGHT), else_=users)
        some = () if feed_id is None else (t.feed.c.id == feed_id,)
        await self.tx.execute(update(t.feed).where(*some, t.feed.c.weight != weight).values(weight=weight))

    async def keep_only(self, urls: Collection[str], *, added_by: str) -> int:
        """End the uses of EVERYONE that came from one hand and are no longer in its list, and say how many."""
        use = t.feed_use.c
        listed = {clean_url(url) for url in urls}
        rows = await self.tx.rows(
            select(t.feed.c.id, t.feed.c.url)
            .join(t.feed_use, use.feed_id == t.feed.c.id)
            .where(use.tenant == EVERYONE, use.added_by == added_by, use.ended_at.is_(None))
        )
        gone = [row.id for row in rows if row.url not in listed]
        for feed_id in gone:
            await self.remove(feed_id, EVERYONE)
        return len(gone)

    async def pause(self, feed_id: int, tenant: str, paused: bool) -> bool:
        """Stop or go on hearing a feed; a tenant may do so with what the pack brings, for itself alone.

        False if nothing changed: it is so already, or there is no such feed for this tenant.
        """
        use = t.feed_use.c
        own = update(t.feed_use).where(_use(feed_id, tenant), use.paused.is_(not paused)).values(paused=paused)
        if await self.tx.changed(own):
            await self.weigh(feed_id)
            return True
        if not paused:
            lifted = delete(t.feed_use).where(use.feed_id == feed_id, use.tenant == tenant, use.own.is_(False))
            return await self.tx.changed(lifted) > 0
        if await self.owned(feed_id, tenant) or not await self.owned(feed_id, EVERYONE):
            return False
        put = self.tx.insert(t.feed_use).values(
            feed_id=feed_id, tenant=tenant, added_by="", added_at=await self.tx.now(), own=False, paused=True
        )
        # A use that has ended gives way; its view of the archive goes on through the pack.
        again = put.on_conflict_do_update(
            index_elements=["feed_id", "tenant"],
            set_={"own": False, "paused": True, "ended_at": None},
            where=t.feed_use.c.ended_at.is_not(None),
        )
        return await self.tx.first(again.returning(use.feed_id)) is not None

    async def audience(self, feed_id: int) -> frozenset[str]:
        """The tenants that hear of its news: EVERYONE if it is in the pack and nobody has paused it.

        Where somebody has, all others that have a subscription are named one by one.
        """
        use = t.feed_use.c
        rows = await self.tx.rows(select(use.tenant, use.paused).where(use.feed_id == feed_id, use.ended_at.is_(None)))
        hearing = frozenset(row.tenant for row in rows if not row.paused)
        deaf = frozenset(row.tenant for row in rows if row.paused)
        if EVERYONE not in hearing or not deaf:
            return hearing
        subscribed = await self.tx.rows(
            select(t.subscription.c.tenant).where(t.subscription.c.ended_at.is_(None)).distinct()
        )
        return (hearing | {row.tenant for row in subscribed}) - deaf - {EVERYONE}

    async def pulse(self) -> tuple[datetime | None, datetime | None]:
        """Since when the longest overdue feed is due, if one is, and when any feed was last looked at."""
        now = await self.tx.now()
        due = await self.tx.first(select(func.min(t.feed.c.next_check_at).label("at")).where(rows_.due(now)))
        last = await self.tx.first(select(func.max(t.feed.c.checked_at).label("at")))
        return due.at if due else None, last.at if last else None

    async def due_hosts(self, limit: int) -> list[str]:
        """Hosts with a feed that is due, longest overdue first."""
        rows = await self.tx.ask(rows_.DUE_HOSTS, its_now=await self.tx.now(), its_limit=limit)
        return [row.host for row in rows]

    async def claim(self, host: str, *, owner: str, lease: timedelta, limit: int = 1) -> list[Feed]:
        """Lease due feeds of a host to `owner`, longest overdue first."""
        now = await self.tx.now()
        rows = await self.tx.ask(
            rows_.CLAIM, its_host=host, its_now=now, its_limit=limit, its_owner=owner, its_end=now + lease
        )
        return [feed_of(row) for row in sorted(rows, key=lambda row: row.next_check_at)]

    async def lease(self, feed_id: int, *, owner: str, lease: timedelta, again: bool = False) -> bool:
        """Lease one feed, due or not, so that `save` may follow. False if somebody polls it right now.

        `again` renews the owner's lease. False if it ran out and somebody else has looked at the feed since.
        """
        now = await self.tx.now()
        free = t.feed.c.lease_owner == owner if again else unleased(now)
        return (
            await self.tx.changed(
                update(t.feed).where(t.feed.c.id == feed_id, free).values(lease_owner=owner, lease_until=now + lease)
            )
            > 0
        )

    async def reclaim(self) -> int:
        """End the leases of pollers known to be dead, and say how many there were."""
        return await self.tx.changed(
            update(t.feed).where(t.feed.c.lease_until.is_not(None)).values(lease_owner=None, lease_until=None)
        )

    async def save(self, feed: Feed, *, owner: str) -> bool:
        """What a poll found out; the lease ends. False if it was lost: then nothing is written."""
        rows = await self.tx.ask(rows_.SAVE, its_id=feed.id, its_owner=owner, **rows_.saved(feed))
        return bool(rows)

    async def penalise(self, host: str, until: datetime) -> None:
        """Leave a host alone until then, across restarts; a shorter penalty never cuts a longer one."""
        put = self.tx.insert(t.host).values(name=host, penalty_until=until)
        await self.tx.execute(
            put.on_conflict_do_update(
                index_elements=["name"],
                set_={"penalty_until": put.excluded.penalty_until},
                where=t.host.c.penalty_until < put.excluded.penalty_until,
            )
        )

    async def put_back(self, feed_id: int, *, owner: str, until: datetime) -> None:
        """Give a claimed feed back unread, to be looked at no sooner than then."""
        held = update(t.feed).where(t.feed.c.id == feed_id, t.feed.c.lease_owner == owner)
        await self.tx.execute(held.values(lease_owner=None, lease_until=None, next_check_at=until))

    async def move(self, feed_id: int, url: str) -> bool:
        """Adopt a new address. Where a feed of that address is known already, those who use this one go over to it.

        False for an address that cannot be kept, or a feed that is not there.
        """
        address = clean_url(url)
        row = await self.tx.first(
            select(t.feed.c.url, t.feed.c.tenant, t.feed.c.former_urls).where(t.feed.c.id == feed_id)
        )
        if not address or row is None:
            return False
        other = await self.tx.first(
            select(t.feed.c.id).where(t.feed.c.url == address, t.feed.c.tenant == row.tenant, t.feed.c.id != feed_id)
        )
        if other is None:
            former = [*(url for url in row.former_urls if url != row.url), row.url][-10:]
            renamed = update(t.feed).where(t.feed.c.id == feed_id)
            return await self.tx.changed(renamed.values(url=address, host=host_of(address), former_urls=former)) > 0
        now = await self.tx.now()
        use = t.feed_use.c
        for user in await self.tx.rows(select(t.feed_use).where(use.feed_id == feed_id, use.ended_at.is_(None))):
            put = self.tx.insert(t.feed_use).values(**{**user._mapping, "feed_id": other.id})
            await self.tx.execute(
                put.on_conflict_do_update(
                    index_elements=["feed_id", "tenant"],
                    set_={"own": put.excluded.own, "paused": put.excluded.paused, "ended_at": None},
                    where=~USED,
                )
            )
        ended = update(t.feed_use).where(use.feed_id == feed_id, use.ended_at.is_(None))
        moved = await self.tx.changed(ended.values(ended_at=now)) > 0
        await self.weigh(other.id)
        return moved

    async def put_right(self, feed_id: int, url: str) -> bool:
        """Adopt the address at which a lost feed was found again, and look at it there now."""
        if not await self.move(feed_id, url):
            return False
        now = await self.tx.now()
        await self.tx.execute(update(t.feed).where(t.feed.c.id == feed_id).values(cache={}, next_check_at=now))
        return True

    async def adjust(self, feed_id: int, *, interval: timedelta | None, agent: str) -> bool:
        """Set a fixed interval (None: by its pace) and a User-Agent of its own; the next look follows from it."""
        now = await self.tx.now()
        values: dict[str, Any] = {
            "interval": interval.total_seconds() if interval else None, "agent": clean(agent), "next_check_at": now
        }  # fmt: skip
        return await self.tx.changed(update(t.feed).where(t.feed.c.id == feed_id, IN_USE).values(values)) > 0

    async def read_pages(self, feed_id: int, wanted: bool | None) -> bool:
        """Whether its articles' pages are read; None: as the setting for all feeds says."""
        return await self.tx.changed(update(t.feed).where(t.feed.c.id == feed_id, IN_USE).values(full_text=wanted)) > 0

    async def users(self, feed_id: int) -> frozenset[str]:
        """The tenants that use it as their own; EVERYONE for the pack."""
        rows = await self.tx.rows(select(t.feed_use.c.tenant).where(t.feed_use.c.feed_id == feed_id, USED))
        return frozenset(row.tenant for row in rows)

    async def adders(self, feed_id: int) -> list[str]:
        """The people who added it and hear it still; the pack's and the operator's hand are not among them."""
        use = t.feed_use.c
        rows = await self.tx.rows(
            select(use.added_by)
            .where(use.feed_id == feed_id, use.tenant != EVERYONE, use.paused.is_(False), USED)
            .order_by(use.added_at, use.tenant)
        )
        return list(dict.fromkeys(row.added_by for row in rows if ":" in row.added_by))

    async def largest_burst(self, feed_id: int, since: datetime, *, before: datetime) -> int:
        """The most articles that one look has brought in that time, the feed's first look left aside."""
        article = t.article.c
        row = await self.tx.first(
            select(func.count())
            .where(
                article.feed_id == feed_id,
                article.fetched_at >= since,
                article.fetched_at < before,
                article.fetched_at
                > select(func.min(article.fetched_at)).where(article.feed_id == feed_id).scalar_subquery(),
            )
            .group_by(article.fetched_at)
            .order_by(func.count().desc())
            .limit(1)
        )
        return int(row[0]) if row else 0

    async def states(self) -> dict[FeedState, int]:
        """How many feeds are in which state, over all tenants."""
        rows = await self.tx.rows(select(t.feed.c.state, func.count()).where(IN_USE).group_by(t.feed.c.state))
        return {FeedState(row[0]): row[1] for row in rows}

    async def forget_unused(self) -> int:
        """Delete feeds that have neither a user nor an article left."""
        articles = exists().where(t.article.c.feed_id == t.feed.c.id)
        return await self.tx.changed(delete(t.feed).where(~IN_USE, ~articles))


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _use(feed_id: int, tenant: str) -> ColumnElement[bool]:
    use = t.feed_use.c
    return and_(use.feed_id == feed_id, use.tenant == tenant, USED)
