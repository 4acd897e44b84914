"""Who has which part in a group, the ground rules, and who acknowledged them."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, one_of, within_community
from timebank.groups.models.group import RULES_LENGTH_MAX

#: From the one who runs the group to the one who comes along.
PARTS = ("lead", "host", "member")
PART_STATES = ("active", "invited", "asked", "left")
EVENTS = (
    "started",
    "changed",
    "joined",
    "invited",
    "asked",
    "declined",
    "left",
    "part changed",
    "rules changed",
    "checked",
    "ended",
)
#: How the rules were taken in: read on a page, or heard from somebody at the door.
WAYS = ("read", "aloud")


class GroupMember(OfCommunity, Base):
    """A member's part in a group: one row for each pair, whatever became of it.

    `is_paid` marks staff: their hours with the group are recorded and never credited.
    """

    __tablename__ = "group_member"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("member", "member_id"),
        UniqueConstraint("community_id", "group_id", "member_id"),
        Index(None, "community_id", "member_id", "state"),
        one_of("part", PARTS),
        one_of("state", PART_STATES),
    )

    group_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    part: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[str] = mapped_column(sa.String(10))
    is_paid: Mapped[bool] = mapped_column(default=False)
    since_at: Mapped[dt.datetime]


class GroupEvent(OfCommunity, Base):
    """Something that happened to a group: who, whom, when. Never changed."""

    __tablename__ = "group_event"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("member", "member_id"),
        within_community("member", "by_member_id"),
        Index(None, "community_id", "group_id", "id"),
        one_of("kind", EVENTS),
        one_of("part", PARTS, nullable=True),
    )

    group_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(14))
    #: Whom it is about; None where it is about the group.
    member_id: Mapped[uuid.UUID | None]
    part: Mapped[str | None] = mapped_column(sa.String(10))
    by_member_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]


class GroundRules(OfCommunity, Base):
    """A version of a group's ground rules. Never changed: new words are a new version."""

    __tablename__ = "ground_rules"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("member", "by_member_id"),
        UniqueConstraint("community_id", "group_id", "version"),
        at_most("words", RULES_LENGTH_MAX),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    group_id: Mapped[uuid.UUID]
    version: Mapped[int]
    words: Mapped[str] = mapped_column(sa.Text)
    by_member_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]


class Acknowledgement(OfCommunity, Base):
    """That a member took in a version of a group's ground rules, when, and in which way."""

    __tablename__ = "acknowledgement"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("member", "member_id"),
        within_community("member", "by_member_id"),
        UniqueConstraint("community_id", "group_id", "member_id", "version"),
        one_of("way", WAYS),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    group_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    version: Mapped[int]
    way: Mapped[str] = mapped_column(sa.String(10))
    #: The member, or the host who went through the rules with them.
    by_member_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]
