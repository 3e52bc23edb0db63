"""Puts the pieces together: the only file that knows every other, and the only one that builds anything."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot import __version__, metrics
from bot.cards import Cards
from bot.commands import COMMANDS, Desk
from bot.core import pack
from bot.core.cadence import PRESETS, first_check
from bot.core.errors import SettingsError
from bot.core.limits import Limits, Turnstile
from bot.core.model import EVERYONE, Channel
from bot.core.pack import PackFeed
from bot.core.ports import Platform, whispers
from bot.core.router import Router
from bot.courier import Courier
from bot.full_text import FullText
from bot.house import ROLES, House
from bot.jobs import Jobs
from bot.llm import Llm
from bot.owners import Owners
from bot.pipeline import Pipeline, Rules
from bot.places import Places
from bot.poller import Poller
from bot.push import PATH as PUSHED
from bot.push import Door, Hubs
from bot.reconcile import Reconciler
from bot.rediscovery import Rediscovery
from bot.scheduler import Scheduler
from bot.settings import Settings
from bot.sources import opml
from bot.sources.feed import FeedSource
from bot.store import Seal, Store, Vault
from bot.stories import Stories
from bot.surges import Surges
from bot.topics import Catalogue, Following

PACK = "pack"
"""Who added the feeds of the pack: what leaves the file leaves the house; what an operator added stays."""
PER_MINUTE = 30
"""Requests a minute that one domain gets at most, over all its feeds and all who added them."""


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    feeds: Iterable[PackFeed] | None = None,
    allowed: frozenset[tuple[str, int]] = frozenset(),
    interval: timedelta | None = None,
    roles: frozenset[str] = frozenset(ROLES),
) -> AsyncIterator[House]:
    """Build everything from the settings, and close what was opened; `roles` says what of it is to run.

    `feeds` replaces the pack, `allowed` are (address, port) pairs that feeds may reach although they are private, and
    `interval` polls every feed at that pace: all three for the demo and the tests. Raises SettingsError.
    """
    catalogue = Catalogue.load(settings.topics.catalogue)
    listed = tuple(feeds) if feeds is not None else pack.load(settings.feeds.pack)
    wanted = tuple(feed for feed in listed if feed.poll)
    seal = Seal(settings.secrets_key.get_secret_value())
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.database)
        stack.push_async_callback(store.close)
        jobs = await Jobs.open(settings.database)
        stack.push_async_callback(jobs.close)
        source = FeedSource(
            contact=settings.feeds.contact_url,
            allow_private=settings.feeds.allow_private_networks,
            allowed=allowed,
            gap=settings.feeds.host_gap_seconds,
            jitter=settings.feeds.host_gap_seconds,
            per_minute=0 if interval else PER_MINUTE,
            share=None if interval else _share(store, settings.feeds.host_gap_seconds),
        )
        await source.open()
        stack.push_async_callback(source.close)
        writer = _writer(settings)
        if writer:
            await writer.open()
            stack.push_async_callback(writer.close)
        platforms: dict[str, Platform] = {}
        name = f"{socket.gethostname()}:{os.getpid()}"
        courier = Courier(
            store=store,
            platforms=platforms,
            jobs=jobs,
            name=name,
            shelf_life=timedelta(hours=settings.alerts.shelf_life_hours),
        )
        cards = Cards(
            store=store,
            platforms=platforms,
            jobs=jobs,
            name=name,
            gate=courier.gate,
            sentences=settings.alerts.sentences,
            writer=writer,
        )
        pipeline = Pipeline(
            store=store,
            following=Following(catalogue),
            stories=Stories(careful=settings.stories.careful),
            jobs=jobs,
            rules=Rules(
                max_age=settings.max_age,
                keep_articles=timedelta(days=settings.keep.articles_days),
                keep_deliveries=timedelta(days=settings.keep.deliveries_days),
                keep_audit=timedelta(days=settings.keep.audit_days),
                sentences=settings.alerts.sentences,
            ),
            writer=writer,
        )
        base = settings.web.public_url
        hubs = Hubs(store=store, ask=source.ask_hub, base=base) if base else None
        owners = Owners(await _maintainers(settings, store), whispers(platforms))
        poller = Poller(
            store=store,
            source=source,
            jobs=jobs,
            take_in=pipeline.take_in,
            name=name,
            cadence=PRESETS[settings.feeds.preset],
            owners=owners,
            hubs=hubs,
            full_text=_full_text(settings, store, source),
            rediscovery=Rediscovery(store=store, source=source, owners=owners),
        )
        desk = Desk(
            store,
            catalogue,
            poller,
            pipeline,
            platforms,
            source.look,
            _utc(),
            __version__,
            COMMANDS,
            listed,
            Limits(**settings.limits.model_dump()),
            timedelta(days=settings.keep.audit_days),
            lists=opml,
        )
        turnstile = Turnstile(settings.limits.commands_per_minute, asyncio.get_running_loop().time)
        house = House(
            settings,
            store,
            Vault(store.begin, store.read, seal),
            source,
            poller,
            pipeline,
            Surges(pipeline),
            courier,
            cards,
            Reconciler(store, catalogue, shelf_life=courier.shelf_life, started_at=desk.started_at),
            jobs,
            Scheduler(),
            Router(COMMANDS, desk, turnstile, desk.refused),
            platforms,
            roles,
        )
        platforms.update(_platforms(settings, house))
        if roles & {"poll", "match"}:
            poller.serve()
        if "deliver" in roles:
            courier.serve()
            cards.serve()
        await _fill(store, wanted, interval)
        yield house


def _utc() -> datetime:
    return datetime.now(UTC)


async def _maintainers(settings: Settings, store: Store) -> Channel | None:
    """The channel that hears when a feed goes dark, as far as we have heard of it already."""
    channel = settings.feeds.maintainers_channel
    if not channel:
        return None
    async with store.read() as tx:
        return await tx.channels.get(channel) or Channel(channel, channel.partition(":")[0])


def _share(store: Store, gap: float) -> Callable[[str, str], Awaitable[float]] | None:
    """What all processes together ask of a domain; None on SQLite, where there is one, whose gate knows it all."""
    if store.dialect != "PostgreSQL":
        return None

    async def take(domain: str, host: str) -> float:
        async with store.begin() as tx:
            return await tx.budgets.take(domain, host, per_minute=PER_MINUTE, gap=gap)

    return take


def _full_text(settings: Settings, store: Store, source: FeedSource) -> FullText | None:
    """What reads article pages; None where the extra is not installed."""
    if find_spec("trafilatura") is None:
        if settings.feeds.full_text:
            raise SettingsError("NEWSBELL_FEEDS__FULL_TEXT needs the extra: pip install newsbell[fulltext].")
        return None
    return FullText(store=store, read=source.page, everywhere=settings.feeds.full_text)


def _writer(settings: Settings) -> Llm | None:
    if not settings.llm.base_url:
        return None
    if not settings.llm.model:
        raise SettingsError("Setting 'llm.model' is missing: name the model that llm.base_url serves.")
    return Llm(
        settings.llm.base_url,
        _shown(settings.llm.api_key) or "",
        settings.llm.model,
        timeout=timedelta(seconds=settings.llm.timeout_seconds),
        per_day=settings.llm.daily_limit,
    )


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _platforms(settings: Settings, house: House) -> dict[str, Platform]:
    """The platforms that are switched on. Each one's table in the settings is its constructor's arguments.

    Imported here and not above: who has no Slack need not load its SDK.
    """
    on: dict[str, Platform] = {}
    places = Places(house.store, whispers(on))
    if settings.console.enabled:
        from bot.platforms.console import connect as console

        on["console"] = console()
    if settings.discord.token:
        from bot.platforms.discord import connect as discord

        on["discord"] = discord(
            settings.discord.token.get_secret_value(),
            places=places,
            **settings.discord.model_dump(exclude={"token"}),
        )
    if settings.slack.bot_token or settings.slack.client_id:
        from bot.platforms.slack import connect as slack

        table = settings.slack
        if table.client_id and not house.vault.seal.ready:
            raise SettingsError(
                "NEWSBELL_SECRETS_KEY is missing: it seals the tokens of the workspaces that install the app. Make one "
                "with `newsbell secret new`."
            )
        on["slack"] = slack(
            _shown(table.bot_token),
            _shown(table.app_token),
            _shown(table.signing_secret),
            client_id=table.client_id,
            client_secret=_shown(table.client_secret),
            vault=house.vault,
            api_url=table.api_url,
            command=table.command,
            transport=table.transport,
            followed=house.followed,
            places=places,
            marks=house.store.marks,
        )
    # Last, because it serves what the others are called on: an ASGI application by its path, each.
    mounts: dict[str, Any] = {}
    for platform in on.values():
        mounts |= getattr(platform, "doors", {})
    if public := settings.web.public_url:
        mounts[PUSHED] = Door(house.store)
    if settings.web.enabled:
        from bot.platforms.web import connect as web

        on["web"] = web(
            host=settings.web.host,
            port=settings.web.port,
            password=_shown(settings.web.password),
            hosts=(*settings.web.hosts, *([urlsplit(public).netloc] if public else [])),
            chat=house.store.chat,
            health=house.health,
            metrics=metrics.page,
            clock=_utc,
            mounts=mounts,
        )
    elif mounts:
        raise SettingsError(f"NEWSBELL_WEB__ENABLED must be true: {', '.join(mounts)} is served on the web port.")
    return on


async def _fill(store: Store, wanted: tuple[PackFeed, ...], interval: timedelta | None) -> None:
    """Make the pack's feeds known, their first looks spread, and let go of those that left it."""
    async with store.begin() as tx:
        now = await tx.now()
        for place, feed in enumerate(wanted):
            due = now if interval else first_check(place, len(wanted), now=now)
            known, _ = await tx.feeds.add(
                feed.url,
                tenant=EVERYONE,
                added_by=PACK,
                title=feed.title,
                source=feed.source,
                lang=feed.lang,
                region=feed.region,
                interval=interval or feed.interval,
                now=due,
            )
            if feed.full_text is not None:
                await tx.feeds.read_pages(known.id, feed.full_text)
        await tx.feeds.keep_only([feed.url for feed in wanted], added_by=PACK)
