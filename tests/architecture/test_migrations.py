"""Migrations: one numbered line, recorded in one file, and equal to the models."""

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, MetaData

from ledger import schema
from tests.architecture.project import import_every_model
from timebank import migrations
from timebank.db import Base

import_every_model()

VERSIONS = migrations.FOLDER / "versions"


def broken_line(folder: Path) -> list[str]:
    """Say what is wrong with the numbering of a folder of migrations."""
    names = sorted(path.stem for path in folder.glob("*.py"))
    wrong = []
    before = None
    for number, name in enumerate(names, start=1):
        text = (folder / f"{name}.py").read_text("utf-8")
        if not re.fullmatch(rf"{number:04d}_[a-z_]+", name):
            wrong.append(f"{name} should be number {number:04d}")
        if f'revision = "{name}"' not in text:
            wrong.append(f"{name} does not call itself so")
        expected = f'down_revision = "{before}"' if before else "down_revision = None"
        if expected not in text:
            wrong.append(f"{name} should say {expected}")
        before = name
    head = folder / "HEAD"
    if not head.exists() or head.read_text("utf-8") != f"{before}\n":
        wrong.append(f"HEAD should say {before}")
    return wrong


def checks(engine: Engine, metadata: MetaData) -> tuple[set[str], set[str]]:
    """Return the named CHECK constraints that the models and the database have."""
    inspector = sa.inspect(engine)
    modelled, stored = set(), set()
    for table in metadata.sorted_tables:
        modelled |= {
            f"{table.name}: {constraint.name}"
            for constraint in table.constraints
            if isinstance(constraint, sa.CheckConstraint) and _applies(constraint, engine)
        }
        stored |= {
            f"{table.name}: {each['name']}" for each in inspector.get_check_constraints(table.name)
        }
    return modelled, stored


def _applies(constraint: sa.CheckConstraint, engine: Engine) -> bool:
    rule: Any = constraint._ddl_if
    return rule is None or rule.dialect in {None, engine.dialect.name}


def test_migrations_are_numbered_in_one_line_and_the_head_is_recorded() -> None:
    assert broken_line(VERSIONS) == []


def test_the_migrated_database_is_what_the_models_say(engine: Engine) -> None:
    assert migrations.differences(engine, [Base.metadata, schema.metadata]) == []


@pytest.mark.parametrize("metadata", [Base.metadata, schema.metadata], ids=["timebank", "ledger"])
def test_every_rule_of_the_models_is_in_the_migrated_tables(
    engine: Engine, metadata: MetaData
) -> None:
    modelled, stored = checks(engine, metadata)
    assert modelled == stored


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = migrations.current(engine)
    migrations.upgrade(engine)
    assert migrations.current(engine) == before == migrations.newest()


def test_a_gap_a_fork_and_a_forgotten_head_are_seen(tmp_path: Path) -> None:
    (tmp_path / "0001_one.py").write_text('revision = "0001_one"\ndown_revision = None\n')
    (tmp_path / "0003_two.py").write_text('revision = "0003_two"\ndown_revision = None\n')
    assert broken_line(tmp_path) == [
        "0003_two should be number 0002",
        '0003_two should say down_revision = "0001_one"',
        "HEAD should say 0003_two",
    ]


def test_a_column_that_no_migration_made_is_seen(engine: Engine) -> None:
    changed = MetaData()
    sa.Table("submission", changed, sa.Column("forgotten", sa.Text))
    assert "forgotten" in repr(migrations.differences(engine, changed))
