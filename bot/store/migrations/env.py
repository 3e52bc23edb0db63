"""Alembic's way in: migrations run on the connection, and inside the transaction, that the store hands over."""

from alembic import context

from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # true of SQLite as well, once BEGIN is really sent
)
context.run_migrations()
