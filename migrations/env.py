"""How Alembic meets the database: through the connection `timebank.migrations` hands over."""

from typing import TYPE_CHECKING

from alembic import context

if TYPE_CHECKING:
    from sqlalchemy import Connection

connection: "Connection | None" = context.config.attributes.get("connection")
if connection is None:
    msg = "run `timebank migrate`; it opens the database with the right settings"
    raise RuntimeError(msg)
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
