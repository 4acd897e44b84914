"""Who has come to a line, and whether somebody has talked with them."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, one_of, within_community
from timebank.hours.policy import SIDES

#: Lines that somebody is told of. The stop says so itself, where it stops something.
TOLD_STEPS = ("nudge", "soft")


class Crossing(OfCommunity, Base):
    """A member's balance came to a line at `crossed_at` and was back at `back_at`.

    Made once, however many exchanges lie beyond the line, and so the member is told once. One at
    the soft line is also a task for the coordinators, until the balance is back, somebody has had a
    chat (`talked_at`), or for as long as it is put off (`put_off_until`, its first day again).
    """

    __tablename__ = "limit_crossing"
    __table_args__ = (
        within_community("member", "member_id"),
        within_community("member", "talked_by_id"),
        within_community("member", "put_off_by_id"),
        one_of("side", SIDES),
        one_of("step", TOLD_STEPS),
        CheckConstraint("back_at >= crossed_at", name="back_after_it_was_crossed"),
        CheckConstraint(
            "(talked_at IS NULL) = (talked_by_id IS NULL)", name="talked_names_a_member"
        ),
        CheckConstraint(
            "(put_off_until IS NULL) = (put_off_by_id IS NULL)", name="put_off_names_a_member"
        ),
        CheckConstraint(
            "step = 'soft' OR (talked_at IS NULL AND put_off_until IS NULL)",
            name="only_soft_is_a_task",
        ),
        Index(None, "community_id", "member_id", "id"),
        Index(
            "uq_limit_crossing_now",
            "community_id",
            "member_id",
            "side",
            "step",
            unique=True,
            sqlite_where=sa.text("back_at IS NULL"),
            postgresql_where=sa.text("back_at IS NULL"),
        ),
    )

    member_id: Mapped[uuid.UUID]
    side: Mapped[str] = mapped_column(sa.String(7))
    step: Mapped[str] = mapped_column(sa.String(5))
    crossed_at: Mapped[dt.datetime]
    back_at: Mapped[dt.datetime | None]
    talked_at: Mapped[dt.datetime | None]
    talked_by_id: Mapped[uuid.UUID | None]
    put_off_until: Mapped[dt.date | None]
    put_off_by_id: Mapped[uuid.UUID | None]
