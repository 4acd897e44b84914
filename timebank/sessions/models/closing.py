"""What a session came to, as it was closed, and with which groups it was held together."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, one_of, within_community
from timebank.groups.models import PARTS_MAX
from timebank.sessions.models.door import ATTENDED_MINUTES_MAX, ROLES

#: What people talked about and did; a closing names some of them.
TOPICS = (
    "company",
    "feelings",
    "family",
    "housing",
    "forms",
    "work",
    "learning",
    "health",
    "staying well",
    "moving",
    "making",
    "food",
)
TOPICS_LENGTH_MAX = 160
TOPIC_WORDS_LENGTH_MAX = 500
FOLLOW_UP_LENGTH_MAX = 1000
REASON_LENGTH_MAX = 500
#: More people than any hall holds.
CONTACTS_MAX = 5000
PARTNER_STATES = ("asked", "joined", "declined", "ended")
#: Groups that hold a session together with the one it belongs to.
PARTNERS_MAX = 5


class SessionClosing(OfCommunity, Base):
    """What a session came to. Never changed: what is put right is another version.

    `entry_id` is what was posted, or None where nothing moved; `reversal_id` is what took the
    version before back. `rule_version` is the group's crediting rule it was closed by, 0 for none.
    `ended_at` is when it ended, or None where that was as planned.
    """

    __tablename__ = "session_closing"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("member", "by_id"),
        UniqueConstraint("community_id", "session_id", "version"),
        Index(None, "community_id", "entry_id"),
        Index(None, "community_id", "reversal_id"),
        at_most("topics", TOPICS_LENGTH_MAX),
        at_most("topic_words", TOPIC_WORDS_LENGTH_MAX),
        at_most("follow_up", FOLLOW_UP_LENGTH_MAX),
        at_most("reason", REASON_LENGTH_MAX),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("(version = 1) = (reason = '')", name="put_right_for_a_reason"),
        CheckConstraint("version > 1 OR reversal_id IS NULL", name="first_takes_nothing_back"),
        CheckConstraint(f"contacts BETWEEN 0 AND {CONTACTS_MAX}", name="contacts_in_range"),
        CheckConstraint("known BETWEEN 0 AND contacts", name="known_are_contacts"),
        CheckConstraint("first_timers BETWEEN 0 AND contacts", name="first_timers_are_contacts"),
        CheckConstraint("counted >= 0", name="counted_counts"),
        CheckConstraint("rule_version >= 0", name="rule_version_counts"),
    )

    session_id: Mapped[uuid.UUID]
    version: Mapped[int]
    entry_id: Mapped[uuid.UUID | None]
    reversal_id: Mapped[uuid.UUID | None]
    rule_version: Mapped[int]
    ended_at: Mapped[dt.datetime | None]
    #: Everybody who was there, known or not.
    contacts: Mapped[int]
    #: How many of them are members, with a name.
    known: Mapped[int]
    first_timers: Mapped[int]
    #: What the door had counted; where it differs from `contacts`, somebody knew better.
    counted: Mapped[int]
    #: Keys of `TOPICS` with a comma between.
    topics: Mapped[str] = mapped_column(sa.String(TOPICS_LENGTH_MAX), default="")
    topic_words: Mapped[str] = mapped_column(sa.Text, default="")
    #: For those who hold and run the group, and for nobody else.
    follow_up: Mapped[str] = mapped_column(sa.Text, default="")
    #: Why it was put right.
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    #: None where a list was brought in.
    by_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]

    @property
    def topic_keys(self) -> list[str]:
        """The topics that were named."""
        return [key for key in self.topics.split(",") if key]


class ClosingPerson(Base):
    """That a member was there and how long, as a closing has it. Never changed."""

    __tablename__ = "session_closing_person"
    __table_args__ = (
        PrimaryKeyConstraint("community_id", "closing_id", "member_id"),
        within_community("session_closing", "closing_id"),
        within_community("member", "member_id"),
        Index(None, "community_id", "member_id"),
        one_of("role", ROLES),
        CheckConstraint(f"minutes BETWEEN 0 AND {ATTENDED_MINUTES_MAX}", name="minutes_in_range"),
    )

    community_id: Mapped[uuid.UUID]
    closing_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    role: Mapped[str] = mapped_column(sa.String(12))
    minutes: Mapped[int]
    is_paid: Mapped[bool]
    is_first: Mapped[bool]


class ClosingShare(Base):
    """A group's share of what a session came to; alone it has all of it. Never changed.

    The shares of a closing add up to it: contacts, and the minutes of those who held it.
    """

    __tablename__ = "session_closing_share"
    __table_args__ = (
        PrimaryKeyConstraint("community_id", "closing_id", "group_id"),
        within_community("session_closing", "closing_id"),
        within_community("peer_group", "group_id"),
        Index(None, "community_id", "group_id", "closing_id"),
        CheckConstraint(
            "parts >= 0 AND contacts >= 0 AND hosted_minutes >= 0", name="shares_are_whole"
        ),
    )

    community_id: Mapped[uuid.UUID]
    closing_id: Mapped[uuid.UUID]
    group_id: Mapped[uuid.UUID]
    parts: Mapped[int]
    contacts: Mapped[int]
    hosted_minutes: Mapped[int]


class SessionPartner(OfCommunity, Base):
    """That another group holds a session, or all of a series, together with its own.

    The parts are those the two groups had agreed on when the other said yes.
    """

    __tablename__ = "session_partner"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("session_series", "series_id"),
        within_community("peer_group", "group_id"),
        within_community("member", "asked_by_id"),
        within_community("member", "answered_by_id"),
        UniqueConstraint("community_id", "session_id", "group_id"),
        UniqueConstraint("community_id", "series_id", "group_id"),
        Index(None, "community_id", "group_id", "state"),
        one_of("state", PARTNER_STATES),
        CheckConstraint("(session_id IS NULL) <> (series_id IS NULL)", name="of_one_of_both"),
        CheckConstraint(
            f"own_parts BETWEEN 0 AND {PARTS_MAX} AND other_parts BETWEEN 0 AND {PARTS_MAX} "
            "AND own_parts + other_parts > 0",
            name="parts_can_be_divided",
        ),
    )

    session_id: Mapped[uuid.UUID | None]
    series_id: Mapped[uuid.UUID | None]
    #: The other group.
    group_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(sa.String(10))
    #: Parts of the group it belongs to.
    own_parts: Mapped[int]
    #: Parts of the other group.
    other_parts: Mapped[int]
    asked_by_id: Mapped[uuid.UUID]
    asked_at: Mapped[dt.datetime]
    answered_by_id: Mapped[uuid.UUID | None]
    answered_at: Mapped[dt.datetime | None]
