"""The tables brought up to this version as the store is opened, in one transaction: a start cut short begins anew."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.core.errors import SettingsError
from bot.store.engine import SETTING, Database

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(database: Database) -> None:
    """Run the missing migrations. Raises SettingsError where the database is from a newer version or not ours."""
    try:
        async with database.begin() as connection:
            if not database.is_sqlite:  # of several processes that start together, one migrates and the others wait
                await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('newsbell.migrate', 0))"))
            await connection.run_sync(upgrade)
    except CommandError as error:
        raise SettingsError(
            f"{SETTING}: the database was written by a newer version of Newsbell. Update the program, or name another."
        ) from error
    except SQLAlchemyError as error:
        origin = getattr(error, "orig", None) or error
        raise SettingsError(f"{SETTING}: the database cannot be brought up to date: {origin}") from error


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Alembic on a connection that is inside a transaction already; the caller commits."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
