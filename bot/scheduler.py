"""When: ticks of APScheduler, and nothing else. A tick asks the database what is due and kicks jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

Tick = Callable[[], Awaitable[object]]


class Scheduler:
    """Every process ticks; the unique keys of the jobs drop the copies, so there is no leader.

    `misfire_grace_time=None`: a late tick runs late. APScheduler's default of one second would drop it.
    """

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def every(self, interval: timedelta, tick: Tick, *, jitter: timedelta = timedelta()) -> None:
        """Call `tick` every interval, once at a time."""
        self._scheduler.add_job(
            tick, "interval", seconds=interval.total_seconds(), jitter=jitter.total_seconds() or None
        )

    def nightly(self, tick: Tick) -> None:
        """Call `tick` once a day at half past three in UTC, within ten minutes: fleets are not to do so together."""
        self._scheduler.add_job(tick, "cron", hour=3, minute=30, jitter=600)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
