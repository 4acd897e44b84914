"""A group's rule of what an hour with it moves in the books, as data and in versions."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, one_of, within_community

#: Where the hours of those who hold a session come from.
CREDITING_KINDS = ("activity", "pot", "participants", "donated", "unpaid")
#: What a session is recognised as; each has a source of its own in the books.
ACTIVITIES = (
    "drop-in",
    "peer-support",
    "crisis-support",
    "training",
    "sport",
    "food-growing",
    "event",
    "meeting",
)
#: An hour is an hour: nothing moves more than that for an hour.
MINUTES_OF_AN_HOUR = 60


class CreditingRule(OfCommunity, Base):
    """A version of a group's crediting rule. Never changed: another rule is another version.

    Hosts are credited minute for minute, whatever the kind. `pot_minutes` is what the pot gets
    beside each hour of hosting; `cost_minutes` what each hour of taking part costs;
    `is_shared_evenly` lets those who take part share the hosts' hours instead;
    `credits_participants` recognises their hours as well.
    """

    __tablename__ = "crediting_rule"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("member", "by_member_id"),
        UniqueConstraint("community_id", "group_id", "version"),
        Index(None, "community_id", "group_id", "applies_from_on"),
        one_of("kind", CREDITING_KINDS),
        one_of("activity", ACTIVITIES),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint(
            f"pot_minutes BETWEEN 0 AND {MINUTES_OF_AN_HOUR} "
            "AND (pot_minutes = 0 OR kind = 'activity')",
            name="pot_minutes_of_an_hour",
        ),
        CheckConstraint(
            f"cost_minutes BETWEEN 0 AND {MINUTES_OF_AN_HOUR} "
            "AND (cost_minutes = 0 OR kind = 'participants')",
            name="cost_minutes_of_an_hour",
        ),
        CheckConstraint(
            "NOT credits_participants OR kind = 'activity'",
            name="participants_credited_by_activity",
        ),
        CheckConstraint(
            "kind <> 'participants' OR (cost_minutes > 0) <> is_shared_evenly",
            name="participants_pay_in_one_way",
        ),
        CheckConstraint(
            "NOT is_shared_evenly OR kind = 'participants'", name="only_participants_share"
        ),
    )

    group_id: Mapped[uuid.UUID]
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(12))
    activity: Mapped[str] = mapped_column(sa.String(20), default="drop-in")
    pot_minutes: Mapped[int] = mapped_column(default=0)
    cost_minutes: Mapped[int] = mapped_column(default=0)
    is_shared_evenly: Mapped[bool] = mapped_column(default=False)
    credits_participants: Mapped[bool] = mapped_column(default=False)
    #: The first day whose sessions it is for.
    applies_from_on: Mapped[dt.date]
    by_member_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]
