"""What becomes of limits that were there before: nothing that a member could do is lost."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from tests.databases import open_engine
from timebank import migrations
from timebank.db import Key

BEFORE = "0010_mutual_help"
COMMUNITY, OPEN_HANDED = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def earlier(tmp_path: Path) -> Iterator[Engine]:
    """Open a database as it was before limits had three steps."""
    engine = open_engine(f"sqlite:///{tmp_path / 'earlier.sqlite3'}")
    migrations.upgrade(engine, BEFORE)
    yield engine
    engine.dispose()


def insert(engine: Engine, table: str, **values: object) -> None:
    keys = {"id", "book_id", "community_id"} & values.keys()
    columns = [sa.column(name, Key() if name in keys else None) for name in values]
    with engine.begin() as connection:
        connection.execute(sa.table(table, *columns).insert().values(**values))


def make(engine: Engine, community_id: uuid.UUID, slug: str, floor: int | None) -> None:
    moment = "2026-05-04 12:00:00.000000"
    insert(
        engine,
        "community",
        id=community_id,
        slug=slug,
        name=slug,
        words="",
        locale="en",
        time_zone="Europe/London",
        joining="open",
        rounding_minutes=15,
        exchange_minutes_max=480,
        floor_minutes=floor,
        ceiling_minutes=None,
        confirm_days=7,
        silent_minutes_max=240,
        house_rules="",
        house_rules_version=1,
        help_words="",
        member_count=0,
        created_at=moment,
    )
    insert(
        engine,
        "book",
        book_id=community_id,
        code=slug,
        opened_at="2026-05-04T12:00:00.000000Z",
        chain=b"\0" * 32,
        recorded_at="2026-05-04T12:00:00.000000Z",
    )


def account(engine: Engine, book_id: uuid.UUID, code: str, floor: int, ceiling: int | None) -> None:
    insert(
        engine,
        "account",
        book_id=book_id,
        code=code,
        kind="member",
        floor_minutes=floor,
        ceiling_minutes=ceiling,
    )


def test_lines_are_drawn_inside_the_stops_and_what_differs_is_kept(earlier: Engine) -> None:
    make(earlier, COMMUNITY, "elm", -180)
    make(earlier, OPEN_HANDED, "oak", None)
    account(earlier, COMMUNITY, "M000001", -180, None)
    account(earlier, COMMUNITY, "M000002", -1200, 6000)
    account(earlier, COMMUNITY, "M000003", -60, None)
    account(earlier, OPEN_HANDED, "M000001", -6_000_000, None)
    migrations.upgrade(earlier)
    with earlier.connect() as connection:
        lines = connection.execute(
            sa.text(
                "SELECT slug, floor_minutes, floor_soft_minutes, floor_nudge_minutes,"
                " ceiling_nudge_minutes, ceiling_soft_minutes FROM community ORDER BY slug"
            )
        ).all()
        own = connection.execute(
            sa.text(
                "SELECT code, floor_minutes, floor_soft_minutes, floor_nudge_minutes,"
                " ceiling_minutes, by_member_id, until_on, ended_at FROM own_limits ORDER BY code"
            )
        ).all()
    assert [tuple(row) for row in lines] == [
        ("elm", -180, -180, -120, 1200, 2400),
        ("oak", None, -240, -120, 1200, 2400),
    ]
    assert [tuple(row) for row in own] == [
        ("M000002", -1200, -180, -120, 6000, None, None, None),
        ("M000003", -60, -60, -60, None, None, None, None),
    ]
