"""What is kept of a member is theirs to take along: each new table has to say so, or why not."""

import pytest
import sqlalchemy as sa

from tests.architecture.project import import_every_model
from timebank.db import Base
from timebank.home.names import PART_NAMES
from timebank.home.own_data import PARTS, Part

import_every_model()

#: Columns that name a member and make no row theirs, each with its reason. Who decided something
#: about somebody else (`by_id`, `given_by_id` and so on) is no part of what is kept of them.
NOT_THEIRS = {
    ("exchange", "awaiting_id"): "one of the two, and both have the exchange",
    ("feed_token", "member_id"): "an address that opens a calendar for whoever has it",
    ("imported_row", "member_id"): "leads to offers and requests, which are handed over",
    ("pot_approval", "member_id"): "decides about the hours of somebody else",
    ("session_series", "host_id"): "its sessions are handed over",
    ("sign_in_token", "member_id"): "signs in, and is gone within days",
}
#: More than `PARTS`: of the person, by account number, or through another part.
ALSO = {"addresses", "devices", "trail", "limits-of-my-own", "when-i-can", "statement"}


def naming(table: sa.Table) -> list[str]:
    """Return the columns of a table that hold a member's id, but for who decided."""
    return [
        column.name
        for key in table.foreign_key_constraints
        if key.referred_table.name == "member"
        for column in key.columns
        if column.name != "community_id" and not column.name.endswith(("by_id", "by_member_id"))
    ]


def unmentioned(metadata: sa.MetaData, parts: tuple[Part, ...]) -> list[tuple[str, str]]:
    own = {(part.table.__tablename__, name) for part in parts for name in part.own}
    return [
        (table.name, name)
        for table in metadata.sorted_tables
        for name in naming(table)
        if (table.name, name) not in own and (table.name, name) not in NOT_THEIRS
    ]


def test_every_row_about_a_member_is_handed_over_or_says_why_not() -> None:
    assert unmentioned(Base.metadata, PARTS) == []


def test_a_table_that_was_forgotten_is_found() -> None:
    assert ("listing", "member_id") in unmentioned(
        Base.metadata, tuple(part for part in PARTS if part.name != "offers-and-requests")
    )


def test_every_reason_is_still_needed() -> None:
    there = {(table.name, name) for table in Base.metadata.sorted_tables for name in naming(table)}
    assert set(NOT_THEIRS) <= there


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_hands_over_what_there_is(part: Part) -> None:
    columns = part.table.__table__.columns
    assert {*part.own, *part.columns, *part.words} <= set(columns.keys())
    assert not {name for name in part.columns if "hash" in name or "secret" in name}


def test_every_part_has_a_name_and_no_name_is_without_a_part() -> None:
    assert set(PART_NAMES) == {part.name for part in PARTS} | ALSO
