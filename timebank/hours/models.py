"""Limits that a member was given of their own. The hours themselves are in `ledger`."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from timebank.communities.models import limit_checks
from timebank.db import Base, OfCommunity, at_most, within_community

#: As long as the ledger keeps a reason beside a change of limits.
REASON_LENGTH_MAX = 500
CODE_LENGTH_MAX = 40


class OwnLimits(OfCommunity, Base):
    """The six lines of one account, instead of the community's; never changed, only ended.

    While a row has no `ended_at` it is in force, and there is one such row an account at most. The
    two stops stand in the ledger's account too, where they are held to; what is here says that they
    are this account's own, so that new limits of the community pass it by.
    """

    __tablename__ = "own_limits"
    __table_args__ = (
        within_community("member", "by_member_id"),
        within_community("member", "ended_by_id"),
        at_most("code", CODE_LENGTH_MAX),
        at_most("reason", REASON_LENGTH_MAX),
        *limit_checks(),
        CheckConstraint("ended_at >= since_at", name="ends_after_it_begins"),
        Index(None, "community_id", "code"),
        Index(
            "uq_own_limits_in_force",
            "community_id",
            "code",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH_MAX))
    floor_minutes: Mapped[int | None]
    floor_soft_minutes: Mapped[int | None]
    floor_nudge_minutes: Mapped[int | None]
    ceiling_nudge_minutes: Mapped[int | None]
    ceiling_soft_minutes: Mapped[int | None]
    ceiling_minutes: Mapped[int | None]
    #: Why, in words that the member reads too.
    reason: Mapped[str] = mapped_column(sa.String(REASON_LENGTH_MAX))
    #: The last day on which they hold; None for good.
    until_on: Mapped[dt.date | None]
    since_at: Mapped[dt.datetime]
    #: None where nobody of the community decided, such as when this table came to be.
    by_member_id: Mapped[uuid.UUID | None]
    ended_at: Mapped[dt.datetime | None]
    #: None while they hold, and where their last day ended them.
    ended_by_id: Mapped[uuid.UUID | None]
