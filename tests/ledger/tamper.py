"""Change rows behind the ledger's back, as somebody with the database in their hands could."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from ledger import schema


@contextmanager
def without_guards(engine: Engine) -> Iterator[Connection]:
    """A transaction in which triggers, keys and checks stand aside; it is rolled back."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            connection.exec_driver_sql("BEGIN")
            for name in schema.KEPT:
                connection.exec_driver_sql(f"DROP TRIGGER {name}_no_update")
                connection.exec_driver_sql(f"DROP TRIGGER {name}_no_delete")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for table in schema.metadata.sorted_tables:
                for rule in table.constraints:
                    if str(rule.name).startswith("ck_"):
                        connection.exec_driver_sql(
                            f"ALTER TABLE {table.name} DROP CONSTRAINT {rule.name}"
                        )
        yield connection
        connection.rollback()
        # Its pragmas must not go back into the pool.
        connection.invalidate()
