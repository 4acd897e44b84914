"""Three steps each way, limits of one's own, and who has come to a line."""

import uuid

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

from timebank.db import Key, UtcDateTime

revision = "0015_limits"
down_revision = "0014_crediting"
branch_labels = None
depends_on = None

LIMIT_MINUTES_MAX = 60000
#: What stood for "no floor" in the book when this was written.
NO_FLOOR_MINUTES = -100_000 * 60
#: A new line of the community and where it is drawn, unless a stop lies nearer to zero.
DRAWN = {
    "floor_soft_minutes": -240,
    "floor_nudge_minutes": -120,
    "ceiling_nudge_minutes": 1200,
    "ceiling_soft_minutes": 2400,
}
STOPS = ("floor_minutes", "ceiling_minutes")
LIMITS = ("floor_minutes", *DRAWN, "ceiling_minutes")
SETTINGS = (
    *("name", "words", "help_words", "locale", "time_zone", "joining"),
    *("rounding_minutes", "exchange_minutes_max"),
    *LIMITS,
    *("confirm_days", "silent_minutes_max", "mutual_help", "house_rules"),
)
MOVES = (
    *("propose", "agree", "decline", "cancel", "change", "report", "correct", "query"),
    *("settle", "confirm", "hold", "let pass", "reverse"),
)
KEPT = "As it was before new limits reached everybody."


def upgrade() -> None:
    _draw_lines()
    _allow("community_change", "setting", SETTINGS)
    _allow("exchange_move", "move", MOVES)
    op.create_table(
        "own_limits",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in LIMITS),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("by_member_id", Key(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by_id", Key(), nullable=True),
        sa.CheckConstraint("length(code) <= 40", name="ck_own_limits_code_fits"),
        sa.CheckConstraint("length(reason) <= 500", name="ck_own_limits_reason_fits"),
        *(
            sa.CheckConstraint(rule, name=f"ck_own_limits_{name}")
            for name, rule in _rules().items()
        ),
        sa.CheckConstraint("ended_at >= since_at", name="ck_own_limits_ends_after_it_begins"),
        *_of_members("own_limits", "by_member_id", "ended_by_id"),
    )
    op.create_index("ix_own_limits_community_id_code", "own_limits", ["community_id", "code"])
    _unique_while("uq_own_limits_in_force", "own_limits", ["code"], "ended_at IS NULL")
    op.create_table(
        "limit_crossing",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("side", sa.String(length=7), nullable=False),
        sa.Column("step", sa.String(length=5), nullable=False),
        sa.Column("crossed_at", UtcDateTime(), nullable=False),
        sa.Column("back_at", UtcDateTime(), nullable=True),
        sa.Column("talked_at", UtcDateTime(), nullable=True),
        sa.Column("talked_by_id", Key(), nullable=True),
        sa.Column("put_off_until", sa.Date(), nullable=True),
        sa.Column("put_off_by_id", Key(), nullable=True),
        sa.CheckConstraint("side IN ('floor', 'ceiling')", name="ck_limit_crossing_side_known"),
        sa.CheckConstraint("step IN ('nudge', 'soft')", name="ck_limit_crossing_step_known"),
        sa.CheckConstraint(
            "back_at >= crossed_at", name="ck_limit_crossing_back_after_it_was_crossed"
        ),
        sa.CheckConstraint(
            "(talked_at IS NULL) = (talked_by_id IS NULL)",
            name="ck_limit_crossing_talked_names_a_member",
        ),
        sa.CheckConstraint(
            "(put_off_until IS NULL) = (put_off_by_id IS NULL)",
            name="ck_limit_crossing_put_off_names_a_member",
        ),
        sa.CheckConstraint(
            "step = 'soft' OR (talked_at IS NULL AND put_off_until IS NULL)",
            name="ck_limit_crossing_only_soft_is_a_task",
        ),
        *_of_members("limit_crossing", "member_id", "talked_by_id", "put_off_by_id"),
    )
    op.create_index(
        "ix_limit_crossing_community_id_member_id_id",
        "limit_crossing",
        ["community_id", "member_id", "id"],
    )
    _unique_while(
        "uq_limit_crossing_now", "limit_crossing", ["member_id", "side", "step"], "back_at IS NULL"
    )
    _keep_what_differs()


def downgrade() -> None:
    raise NotImplementedError  # limits of one's own would be lost; restore a backup instead


def _rules() -> dict[str, str]:
    """Return the rules of six lines, by name."""
    rules = {
        f"{name}_in_range": f"{name} BETWEEN -{LIMIT_MINUTES_MAX} AND 0"
        if name.startswith("floor")
        else f"{name} BETWEEN 0 AND {LIMIT_MINUTES_MAX}"
        for name in LIMITS
    }
    for side, (low, middle, high) in (("floor", LIMITS[:3]), ("ceiling", LIMITS[3:])):
        rules[f"{side}_in_order"] = f"{low} <= {middle} AND {middle} <= {high} AND {low} <= {high}"
    return rules


def _draw_lines() -> None:
    """Add the four lines to every community; a stop that is there stays where it is."""
    new = {name: rule for name, rule in _rules().items() if not name.startswith(tuple(STOPS))}
    of_column = {name: [f"{name}_in_range"] for name in DRAWN}
    # SQLite takes a rule with a column and in no other way; the last column brings the order.
    of_column["floor_nudge_minutes"].append("floor_in_order")
    of_column["ceiling_soft_minutes"].append("ceiling_in_order")
    for column, names in of_column.items():
        if op.get_bind().dialect.name == "sqlite":
            checks = " ".join(
                f"CONSTRAINT ck_community_{name} CHECK ({new[name]})" for name in names
            )
            op.execute(f"ALTER TABLE community ADD COLUMN {column} INTEGER {checks}")
            continue
        op.add_column("community", sa.Column(column, sa.Integer(), nullable=True))
        for name in names:
            op.create_check_constraint(f"ck_community_{name}", "community", new[name])
    for column, minutes in DRAWN.items():
        stop, nearer = STOPS[column.startswith("ceiling")], ">" if minutes < 0 else "<"
        op.execute(
            f"UPDATE community SET {column} = CASE WHEN {stop} {nearer} {minutes}"  # noqa: S608 - names from above
            f" THEN {stop} ELSE {minutes} END"
        )


def _allow(table: str, column: str, values: tuple[str, ...]) -> None:
    """Let a column take these values."""
    name = f"ck_{table}_{column}_known"
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as changing:
        changing.drop_constraint(name, type_="check")
        changing.create_check_constraint(name, f"{column} IN ({listed})")


def _of_members(table: str, *columns: str) -> list[sa.Constraint]:
    """Return the keys of a table of a community that points at members."""
    return [
        *(
            sa.ForeignKeyConstraint(
                ["community_id", column],
                ["member.community_id", "member.id"],
                name=f"fk_{table}_community_id_{column}",
            )
            for column in columns
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=f"fk_{table}_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name=f"pk_{table}"),
    ]


def _unique_while(name: str, table: str, columns: list[str], rule: str) -> None:
    op.create_index(
        name,
        table,
        ["community_id", *columns],
        unique=True,
        sqlite_where=sa.text(rule),
        postgresql_where=sa.text(rule),
    )


def _keep_what_differs() -> None:
    """Give accounts whose stops are not the community's these stops as their own.

    Until now new limits did not reach existing accounts. From now on they do, and what a member may
    do today must not change because of that: somebody decides about each, on a page, with a reason.
    """
    connection = op.get_bind()
    key, moment = Key(), UtcDateTime()
    account = sa.table(
        "account",
        sa.column("book_id", key),
        *(sa.column(name) for name in ("code", "kind", "state", *STOPS)),
    )
    community = sa.table(
        "community", sa.column("id", key), *(sa.column(name, sa.Integer()) for name in LIMITS)
    )
    own = sa.table(
        "own_limits",
        *(sa.column(name, key) for name in ("community_id", "id")),
        *(sa.column(name) for name in ("code", *LIMITS, "reason")),
        sa.column("since_at", moment),
    )
    floor = sa.func.coalesce(community.c.floor_minutes, NO_FLOOR_MINUTES)
    differing = connection.execute(
        sa.select(account, *(community.c[name].label(f"all_{name}") for name in DRAWN))
        .join(community, community.c.id == account.c.book_id)
        .where(
            account.c.kind == "member",
            account.c.state != "closed",
            sa.or_(
                account.c.floor_minutes != floor,
                account.c.ceiling_minutes.is_distinct_from(community.c.ceiling_minutes),
            ),
        )
        .order_by(account.c.book_id, account.c.code)
    ).all()
    rows = [_own_row(row) for row in differing]
    if rows:
        connection.execute(own.insert().values(since_at=sa.func.current_timestamp()), rows)


def _own_row(row: "sa.Row[tuple[object, ...]]") -> dict[str, object]:
    facts = row._mapping  # noqa: SLF001 - its public name
    floor = facts["floor_minutes"]
    floor = None if floor <= NO_FLOOR_MINUTES else max(floor, -LIMIT_MINUTES_MAX)
    ceiling = facts["ceiling_minutes"]
    ceiling = None if ceiling is None else min(ceiling, LIMIT_MINUTES_MAX)
    return {
        "community_id": facts["book_id"],
        "id": _new_id(),
        "code": facts["code"],
        "floor_minutes": floor and min(floor, 0),
        "ceiling_minutes": ceiling and max(ceiling, 0),
        "reason": KEPT,
        **{
            name: _within(facts[f"all_{name}"], floor if minutes < 0 else ceiling)
            for name, minutes in DRAWN.items()
        },
    }


def _within(line: int, stop: int | None) -> int:
    """Draw a line no further out than the stop."""
    if stop is None:
        return line
    return max(line, min(stop, 0)) if line <= 0 else min(line, max(stop, 0))


def _new_id() -> uuid.UUID:
    return uuid7()
