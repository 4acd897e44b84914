import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from ledger import schema
from tests.databases import Database, open_engine
from tests.ledger.desk import ANN, BOOK, Desk
from timebank.config import ROOT

LEDGER_TABLES = sorted(table.name for table in schema.metadata.sorted_tables)

POSTGRESQL_RULES = [
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text = ANY(%s)
    """,
    """
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE tgrelid::regclass::text = ANY(%s) AND NOT tgisinternal
    """,
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)",
    """
    SELECT table_name, column_name, column_default, is_nullable, data_type
    FROM information_schema.columns WHERE table_name = ANY(%s)
    """,
]


def rules_of(connection: Connection) -> list[tuple[Any, ...]]:
    """Everything the database itself holds of the ledger's tables: columns, rules, triggers."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT type, name, tbl_name, replace(replace(sql, char(10), ''), char(9), '')"
            " FROM sqlite_master"
        )
        return sorted(tuple(row) for row in rows if row[2] in LEDGER_TABLES)
    found: list[tuple[Any, ...]] = []
    for question in POSTGRESQL_RULES:
        rows = connection.exec_driver_sql(question, (LEDGER_TABLES,))
        found += [tuple(str(value) for value in row) for row in rows]
    return sorted(found)


@pytest.fixture
def described(engine: Engine, _database: Database) -> Iterator[Engine]:
    """A database made from the metadata instead of the migrations."""
    if engine.dialect.name == "sqlite":
        made = open_engine("sqlite://")
        schema.metadata.create_all(made)
        yield made
        made.dispose()
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE described")
    made = open_engine(_database.url.rpartition("/")[0] + "/described")
    schema.metadata.create_all(made)
    yield made
    made.dispose()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE described")


def test_the_migration_makes_what_the_metadata_describes(engine: Engine, described: Engine) -> None:
    with engine.connect() as migrated, described.connect() as made:
        assert rules_of(migrated) == rules_of(made)
        assert len(rules_of(made)) > 20


def test_alembic_finds_nothing_to_change(engine: Engine) -> None:
    def is_ours(_thing: object, name: str | None, kind: str, *_rest: object) -> bool:
        return kind != "table" or name in LEDGER_TABLES

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        assert compare_metadata(context, schema.metadata) == []


FORBIDDEN = [
    "UPDATE entry SET category = 'other'",
    "UPDATE entry SET seq = seq",
    "DELETE FROM entry",
    "UPDATE leg SET minutes = minutes + 1",
    "DELETE FROM leg",
    "DELETE FROM account",
    "UPDATE account SET code = 'M000009'",
    "UPDATE account SET kind = 'source'",
    "DELETE FROM book",
    "UPDATE book SET opened_at = '2020-01-01T00:00:00.000000Z'",
    "DELETE FROM account_change",
    "UPDATE account_change SET floor_after = 0",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_what_is_written_stays(desk: Desk, statement: str) -> None:
    desk.post()
    with desk.writing() as connection:
        change(connection, reason="Agreed on Monday")
    with pytest.raises(DBAPIError, match="is kept for ever"), desk.writing() as connection:
        connection.exec_driver_sql(statement)
    assert desk.verify().ok


@pytest.mark.parametrize("table", ["entry", "leg", "account", "book", "account_change"])
def test_postgresql_does_not_truncate(desk: Desk, table: str) -> None:
    statement = f"TRUNCATE {table} CASCADE"
    if desk.engine.dialect.name == "sqlite":
        statement = f"DELETE FROM {table}"  # noqa: S608 -- SQLite's word for it
    desk.post()
    with desk.writing() as connection:
        change(connection, reason=None)
    with pytest.raises(DBAPIError, match="is kept for ever"), desk.writing() as connection:
        connection.exec_driver_sql(statement)


def change(connection: Connection, *, reason: str | None) -> None:
    now = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    connection.execute(
        sa.insert(schema.account_change).values(
            book_id=BOOK,
            code=ANN,
            n=2,
            changed_at=now,
            reason=reason,
            state_before="open",
            state_after="open",
            floor_before=-600,
            floor_after=-600,
        )
    )


def test_sqlite_lets_nothing_be_replaced(desk: Desk) -> None:
    if desk.engine.dialect.name != "sqlite":
        return
    desk.post()
    for table in ("entry", "leg", "account", "book"):
        with pytest.raises(DBAPIError, match="is kept for ever"), desk.writing() as connection:
            connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608 -- our own names
    with pytest.raises(DBAPIError, match="is kept for ever"), desk.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO leg SELECT * FROM leg WHERE true"
            " ON CONFLICT DO UPDATE SET minutes = excluded.minutes"
        )


def test_sqlite_columns_do_not_take_another_type(desk: Desk) -> None:
    if desk.engine.dialect.name != "sqlite":
        return
    with pytest.raises(DBAPIError, match="cannot store TEXT"), desk.writing() as connection:
        connection.exec_driver_sql("UPDATE account SET posted_in = 'many'")


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE account SET state = 'gone'", "ck_account_state_known"),
        ("UPDATE account SET posted_in = -1", "ck_account_counters_not_negative"),
        ("UPDATE account SET floor_minutes = NULL", "ck_account_only_sources_without_floor"),
        (
            "UPDATE account SET floor_minutes = 9, ceiling_minutes = 8",
            "ck_account_floor_under_ceiling",
        ),
        ("UPDATE book SET seq = -1", "ck_book_seq_not_negative"),
    ],
)
def test_the_tables_refuse_the_impossible(desk: Desk, statement: str, rule: str) -> None:
    with pytest.raises(DBAPIError, match=rule), desk.writing() as connection:
        connection.exec_driver_sql(statement)


def test_a_reason_can_be_forgotten_and_the_figures_stay(desk: Desk) -> None:
    with desk.writing() as connection:
        change(connection, reason="Because of Ann's illness")
    with desk.writing() as connection:
        connection.execute(sa.update(schema.account_change).values(reason=None))
    with desk.engine.connect() as connection:
        assert connection.execute(sa.select(schema.account_change.c.reason)).scalar() is None


def test_every_column_comes_back_as_it_went_in(desk: Desk) -> None:
    """Types that hold None, and a PostgreSQL session in another zone."""
    with desk.writing() as connection:
        change(connection, reason=None)
        row = connection.execute(
            sa.select(schema.account_change).where(schema.account_change.c.n == 2)
        ).one()
    assert (row.book_id, row.actor) == (BOOK, None)
    assert row.changed_at == dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    assert row.changed_at.tzinfo is dt.UTC


@pytest.mark.parametrize("column_type", [schema.UuidKey(), schema.Instant(), schema.Day()])
def test_nothing_stays_nothing_in_every_type(engine: Engine, column_type: Any) -> None:
    assert column_type.process_bind_param(None, engine.dialect) is None
    assert column_type.process_result_value(None, engine.dialect) is None


def test_the_role_in_the_manual_can_post_and_can_not_edit(engine: Engine) -> None:
    """The grants that `docs/ledger.md` gives are enough, and no more than enough."""
    if engine.dialect.name == "sqlite":
        return
    manual = (ROOT / "docs" / "ledger.md").read_text("utf-8")
    grants = manual.split("```sql\n")[1].split("```")[0]
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE timebank_app")
        connection.exec_driver_sql(grants)
        connection.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER USER")
    try:
        event.listen(engine, "begin", as_application)
        desk = Desk(engine).open()
        desk.reverse(desk.post(memo="Words").entry_id)
        assert desk.verify().ok
        for statement in FORBIDDEN:
            with pytest.raises(DBAPIError, match="permission denied"), desk.writing() as connection:
                connection.exec_driver_sql(statement)
    finally:
        event.remove(engine, "begin", as_application)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE entry ENABLE TRIGGER USER")
            connection.exec_driver_sql("DROP OWNED BY timebank_app")
            connection.exec_driver_sql("DROP ROLE timebank_app")


def as_application(connection: Connection) -> None:
    """Take the application's role for the length of a transaction."""
    connection.exec_driver_sql("SET LOCAL ROLE timebank_app")
