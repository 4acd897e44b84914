"""The database: base of all models, column types, and how connections are set up.

`docs/architecture.md` says why each pragma is there; the ledger's promises rest on them.
"""

import contextlib
import datetime as dt
import os
import sqlite3
import uuid
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CheckConstraint,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Uuid,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator, TypeEngine
from uuid_utils.compat import uuid7

from timebank import turns
from timebank.turns import Turn

#: Names every constraint: an error can say which rule was broken, a migration can find it.
NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
#: Execution option of a unit of work that will write: SQLite then takes its lock at BEGIN.
WRITES = "timebank_writes"
#: Execution option of the engine: the secret that keys fingerprints in the ledger. Only
#: `timebank.hours` reads it, so that no service has to hand it on.
LEDGER_SECRET = "timebank_ledger_secret"  # noqa: S105 - the name of it
#: Library versions that can corrupt a WAL file end before these (`docs/operations.md`).
SQLITE_FIXED = (3, 51, 3)
SQLITE_FIXED_BRANCHES = {(3, 44): 6, (3, 50): 7}
SQLITE_FIRST_BROKEN = (3, 7, 0)
#: A thousand rows of each index tell SQLite enough of how its tables are filled.
COUNT_SOME = "PRAGMA analysis_limit=1000"
#: A connection knows only what was counted before it was opened, so none grows old.
CONNECTION_SECONDS_MAX = 3600


def new_id() -> uuid.UUID:
    """Make a key: UUID version 7, so that keys made later sort later."""
    return uuid7()


def _uuid_of(stored: bytes | None) -> uuid.UUID | None:
    return None if stored is None else uuid.UUID(bytes=stored)


class Key(TypeDecorator[uuid.UUID]):
    """A UUID: `uuid` on PostgreSQL, 16 bytes on SQLite."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the column type of the database at hand."""
        kind: TypeEngine[Any] = Uuid() if dialect.name == "postgresql" else LargeBinary(16)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> object:
        """Hand the driver a UUID or its bytes."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def result_processor(self, dialect: Dialect, _coltype: object) -> Any:  # noqa: ANN401 - as SQLAlchemy has it
        """Turn bytes into a UUID; PostgreSQL's driver has done so already.

        A page reads some hundred keys, so there is one call for each and not four.
        """
        return None if dialect.name == "postgresql" else _uuid_of


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware UTC moment. Naive datetimes are refused: they are a bug, never a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Store UTC; SQLite has no zone to store."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive datetime {value!r}; use timebank.clock.utc_now()"
            raise ValueError(msg)
        value = value.astimezone(dt.UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        """Give back an aware UTC datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=dt.UTC)
        return value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """Root of every model."""

    metadata = MetaData(naming_convention=NAMING)
    # On the registry and not on the class: Flask-SQLAlchemy derives from this class, and SQLAlchemy
    # takes a map on a base class only once.
    registry = registry(
        metadata=metadata, type_annotation_map={uuid.UUID: Key(), dt.datetime: UtcDateTime()}
    )


class OfCommunity:
    """Columns of every table that belongs to a community: the community comes first in the key."""

    community_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("community.id"), primary_key=True, sort_order=-20
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)


def within_community(table: str, column: str) -> ForeignKeyConstraint:
    """Point `column` at a row of `table` in the same community; no other's can be named."""
    return ForeignKeyConstraint(["community_id", column], [f"{table}.community_id", f"{table}.id"])


def one_of(column: str, values: tuple[str, ...], *, nullable: bool = False) -> CheckConstraint:
    """Allow only `values` in `column`; the form uses the same tuple."""
    listed = ", ".join(f"'{value}'" for value in values)
    rule = f"{column} IN ({listed})"
    return CheckConstraint(
        f"{column} IS NULL OR {rule}" if nullable else rule, name=f"{column}_known"
    )


def at_most(column: str, length: int) -> CheckConstraint:
    """Hold `column` to `length` characters; the form uses the same constant."""
    return CheckConstraint(f"length({column}) <= {length}", name=f"{column}_fits")


def insert_once(model: type[Base], dialect_name: str) -> postgresql.Insert | sqlite.Insert:
    """Insert a row unless its key is there; two at once wait for each other.

    Ask it to return something, and it tells which of them it was: nothing comes back for a row
    that was there.
    """
    insert = postgresql.insert if dialect_name == "postgresql" else sqlite.insert
    return insert(model).on_conflict_do_nothing()


db = SQLAlchemy(model_class=Base, session_options={"autoflush": True})


def sqlite_is_safe(version: tuple[int, int, int]) -> bool:
    """Tell whether this SQLite keeps a WAL file whole when another process checkpoints it."""
    if version < SQLITE_FIRST_BROKEN or version >= SQLITE_FIXED:
        return True
    fixed_patch = SQLITE_FIXED_BRANCHES.get(version[:2])
    return fixed_patch is not None and version[2] >= fixed_patch


def sqlite_module() -> ModuleType:
    """Choose the SQLite library: the standard one if safe, else `pysqlite3` where installed."""
    if sqlite_is_safe(sqlite3.sqlite_version_info):
        return sqlite3
    try:
        import pysqlite3.dbapi2 as bundled  # noqa: PLC0415 - only where the standard library's is unsafe
    except ImportError:
        return sqlite3
    return bundled  # type: ignore[no-any-return]


@cache
def _connection_in_turn() -> type[Any]:
    """Return the driver's connection, which also gives back the turn to write that it has."""

    class ConnectionInTurn(sqlite_module().Connection):  # type: ignore[misc]  # known at run time
        """Leaves the queue of writers when its transaction is over, however it ends."""

        turn = Turn("")

        def commit(self) -> None:
            try:
                super().commit()
            finally:
                self._end()

        def rollback(self) -> None:
            try:
                super().rollback()
            finally:
                self._end()

        def close(self) -> None:
            super().close()
            self.turn.close()

        def _end(self) -> None:
            # A commit that found the file busy has ended nothing.
            if not self.in_transaction:
                self.turn.give_back()

    return ConnectionInTurn


def engine_options(database_url: str) -> dict[str, Any]:
    """Return the options every engine of this application is made with."""
    # What people wrote stays out of error messages, and so out of the log.
    if database_url.startswith("sqlite:"):
        return {
            "module": sqlite_module(),
            "hide_parameters": True,
            "pool_recycle": CONNECTION_SECONDS_MAX,
            "connect_args": {"factory": _connection_in_turn()},
        }
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        # No prepared statements and no session settings: both leak behind a pooler
        # (`docs/operations.md`).
        "connect_args": {"prepare_threshold": None, "connect_timeout": 5},
    }


def learn_how_full(connection: Connection) -> None:
    """Let SQLite count how its tables are filled, or it takes the wrong index.

    Every index begins with the community. SQLite takes a dozen rows for one community as long as it
    has not looked, and then reads a whole book to find a balance. PostgreSQL looks by itself.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(COUNT_SOME)
        connection.exec_driver_sql("ANALYZE")


def prepare_engine(engine: Engine) -> None:
    """Attach what every connection needs; call once for each engine."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "begin", _limit_waiting)
        return
    module = sqlite_module()
    journal = "WAL" if sqlite_is_safe(module.sqlite_version_info) else "TRUNCATE"

    event.listen(engine, "do_connect", _keep_private)

    @event.listens_for(engine, "connect")
    def _set_up(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
        # The driver would open transactions late and by itself; BEGIN is ours (see below).
        dbapi_connection.isolation_level = None
        for pragma in (
            "busy_timeout=10000",
            f"journal_mode={journal}",
            "synchronous=FULL",
            "foreign_keys=ON",
            # Without this INSERT OR REPLACE deletes a row behind a delete trigger's back.
            "recursive_triggers=ON",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}")
        dbapi_connection.turn = Turn(_file_of(dbapi_connection))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql("BEGIN")
            return
        turn: Turn = connection.connection.dbapi_connection.turn  # type: ignore[union-attr]  # ours
        turn.take(turns.WAIT_SECONDS_MAX)
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            turn.give_back()
            raise


def _file_of(dbapi_connection: Any) -> str:  # noqa: ANN401 - the driver's
    """Return the file of a connection's database, or nothing for one in memory."""
    return str(dbapi_connection.execute("PRAGMA database_list").fetchone()[2])


def _keep_private(
    _dialect: Dialect, _record: object, arguments: list[Any], _options: dict[str, Any]
) -> None:
    """Make a new database file readable by its owner alone; SQLite gives its helpers the same mode.

    It holds names and messages. A file that is there keeps the mode its owner gave it.
    """
    path = str(arguments[0])
    if path and path != ":memory:":
        # A folder that is missing or closed is SQLite's to name, at the next line.
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode=0o600))


def _limit_waiting(connection: Connection) -> None:
    """Bound how long a writing transaction may wait for a row or sit idle on PostgreSQL."""
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql(
            "SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '60s'"
        )


def init_app(app: Flask, database_url: str) -> None:
    """Bind the session to the application's database and prepare its connections."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(database_url)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        secret = app.config["SETTINGS"].ledger_secret.encode()
        db.engine.update_execution_options(**{LEDGER_SECRET: secret})


@contextlib.contextmanager
def briefly(app: Flask) -> Iterator[None]:
    """Enter an application that is asked a few things by a process that then does something else.

    What it opened is closed at the end: the process keeps no connection that it never uses again.
    """
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()
