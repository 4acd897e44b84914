"""Bring a database to the schema this version of the application works on."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData

from timebank.config import ROOT
from timebank.db import WRITES

FOLDER = ROOT / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations this database has not seen, all of them or none.

    Args:
        engine: An engine that `timebank.db.prepare_engine` has prepared.
        revision: Where to stop; the newest one unless a test says otherwise.
    """
    config = _config()
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def current(engine: Engine) -> str | None:
    """Return the number and name of the newest migration this database has seen."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """Return the number and name of the newest migration there is."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def differences(engine: Engine, metadata: MetaData | list[MetaData]) -> list[object]:
    """List where the database and the models disagree; empty when they are one."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, metadata))  # type: ignore[arg-type]


def _config(folder: Path = FOLDER) -> Config:
    config = Config()
    # Alembic reads the value through a %-format, and a folder may have a % in its name.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config
