"""The schema: what it must never know, and what comes first in every key."""

import re

import sqlalchemy as sa
from sqlalchemy import MetaData, Table

from ledger import schema
from tests.architecture.project import import_every_model
from timebank.db import Base

import_every_model()

#: Never in this schema, under any name (also in the languages the project speaks).
NEVER = re.compile(
    r"birth|\bdob\b|birthday|fodsel|nacimiento|naixement|diagnos|disease|illness|medication|"
    r"ssn|\bcpr\b|passport|national_id|identity_number|id_number|personnummer|\bnie\b|\bdni\b",
)
#: Tables above all communities, each with its reason.
GLOBAL = {
    "community": "the tenant itself",
    "person": "signs in once, for all communities",
    "address": "a sign-in address is unique over all communities",
    "device_session": "a device is signed in for the person",
    "sign_in_token": "a link signs in the person",
    "sign_in_attempt": "throttles before it is known who it is",
    "outbox_mail": "one queue for the worker",
    "trail_event": "sign-ins belong to the person, failed ones to nobody yet",
    "trail_link": "one chain over the whole trail",
    "submission": "a form may be sent outside a community",
}


def nosy(metadata: MetaData) -> list[str]:
    """List the columns whose names say they hold what this schema must never know."""
    return [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if NEVER.search(column.name.lower()) or NEVER.search(table.name.lower())
    ]


def scattered(metadata: MetaData, first: str) -> list[str]:
    """List the keys, unique constraints and indexes that do not begin with `first`."""
    return [
        f"{table.name}: {what} begins with {columns[:1]}"
        for table in metadata.sorted_tables
        if table.name not in GLOBAL
        for what, columns in _keys(table)
        if columns[:1] != [first]
    ]


def _keys(table: Table) -> list[tuple[str, list[str]]]:
    keys = [("the primary key", [column.name for column in table.primary_key])]
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            keys.append(("a unique constraint", [column.name for column in constraint.columns]))
        # A row may also point at a table above all communities, by its plain key.
        if isinstance(constraint, sa.ForeignKeyConstraint) and (
            constraint.referred_table.name not in GLOBAL or len(constraint.columns) > 1
        ):
            keys.append(("a foreign key", [column.name for column in constraint.columns]))
    keys += [
        ("an index", [getattr(column, "name", "?") for column in index.expressions])
        for index in table.indexes
        if not _only_for_a_person(index)
    ]
    return keys


def _only_for_a_person(index: sa.Index) -> bool:
    """Allow the one question asked across communities: which ones does this person belong to?"""
    return [getattr(column, "name", "?") for column in index.expressions] == ["person_id"]


def test_the_schema_knows_no_birthday_no_diagnosis_and_no_identity_number() -> None:
    assert nosy(Base.metadata) + nosy(schema.metadata) == []


def test_the_community_comes_first_in_every_key() -> None:
    assert scattered(Base.metadata, "community_id") == []


def test_the_book_comes_first_in_every_key_of_the_ledger() -> None:
    assert scattered(schema.metadata, "book_id") == []


def test_every_table_above_all_communities_is_on_the_list() -> None:
    tables = {t.name for t in Base.metadata.sorted_tables if "community_id" not in t.primary_key}
    assert tables == set(GLOBAL)


def test_no_foreign_key_is_checked_late() -> None:
    for table in [*Base.metadata.sorted_tables, *schema.metadata.sorted_tables]:
        for constraint in table.foreign_key_constraints:
            assert not constraint.deferrable, f"{table.name}: {constraint.name}"


def test_keys_are_made_by_the_application() -> None:
    for table in [*Base.metadata.sorted_tables, *schema.metadata.sorted_tables]:
        assert table.autoincrement_column is None, f"{table.name} is counted by the database"


def test_these_guards_see_what_they_look_for() -> None:
    wrong = MetaData()
    sa.Table("person", wrong, sa.Column("id", sa.Text, primary_key=True))
    sa.Table(
        "visit",
        wrong,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("community_id", sa.Text),
        sa.Column("date_of_birth", sa.Date, index=True),
        sa.Column("diagnosis_code", sa.Text, unique=True),
    )
    assert nosy(wrong) == ["visit.date_of_birth", "visit.diagnosis_code"]
    assert scattered(wrong, "community_id") == [
        "visit: the primary key begins with ['id']",
        "visit: a unique constraint begins with ['diagnosis_code']",
        "visit: an index begins with ['date_of_birth']",
    ]
