"""The plan of a group's sessions, the sessions themselves, and the days without any."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, one_of, within_community
from timebank.groups.models import SETTINGS, WHERE_LENGTH_MAX, WORDS_LENGTH_MAX

TITLE_LENGTH_MAX = 80
RULE_LENGTH_MAX = 300
SOURCE_UID_LENGTH_MAX = 255
CANCELLED_WORDS_LENGTH_MAX = 300
CLOSED_WORDS_LENGTH_MAX = 120
CAPACITY_MAX = 500
DAY_MINUTES = 24 * 60
#: Longest session on the clock on the wall.
LENGTH_MINUTES_MAX = DAY_MINUTES
#: Longest time that is closed at one go.
CLOSED_DAYS_MAX = 366
#: One comes along, or says so beforehand.
SIGN_UP_WAYS = ("drop-in", "sign-up")
SERIES_STATES = ("running", "ended")
#: "open" and "closed" are the door's. "dropped" is a date that its series no longer has: it is
#: shown nowhere, and the same date comes back where the series has it again.
SESSION_STATES = ("planned", "open", "closed", "cancelled", "dropped")


class Series(OfCommunity, Base):
    """What a group does again and again: the plan that its sessions are made from.

    `rrule` is a rule of RFC 5545 without DTSTART and UNTIL, on the clock on the wall of the
    community: `starts_on` and `starts_minute` are the DTSTART, `until_on` is the last day. The
    sessions up to `made_until_on` have been made.
    """

    __tablename__ = "session_series"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("venue", "venue_id"),
        within_community("member", "host_id"),
        within_community("member", "by_id"),
        UniqueConstraint("community_id", "group_id", "source_uid"),
        Index(None, "community_id", "group_id", "state"),
        Index(None, "community_id", "state", "made_until_on"),
        at_most("title", TITLE_LENGTH_MAX),
        at_most("words", WORDS_LENGTH_MAX),
        at_most("where_words", WHERE_LENGTH_MAX),
        at_most("rrule", RULE_LENGTH_MAX),
        at_most("source_uid", SOURCE_UID_LENGTH_MAX),
        one_of("setting", SETTINGS),
        one_of("sign_up", SIGN_UP_WAYS),
        one_of("state", SERIES_STATES),
        CheckConstraint("rrule <> ''", name="rrule_given"),
        CheckConstraint(
            f"starts_minute BETWEEN 0 AND {DAY_MINUTES - 1}", name="starts_minute_in_day"
        ),
        CheckConstraint(
            f"length_minutes BETWEEN 1 AND {LENGTH_MINUTES_MAX}", name="length_minutes_in_range"
        ),
        CheckConstraint("until_on IS NULL OR until_on >= starts_on", name="ends_after_it_starts"),
        CheckConstraint(
            f"capacity IS NULL OR capacity BETWEEN 1 AND {CAPACITY_MAX}", name="capacity_in_range"
        ),
        CheckConstraint("sequence >= 0", name="sequence_counts"),
    )

    group_id: Mapped[uuid.UUID]
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH_MAX))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    venue_id: Mapped[uuid.UUID | None]
    setting: Mapped[str] = mapped_column(sa.String(10), default="community")
    #: The room, the ward, or the link or number that only members see (`names.where_of`).
    where_words: Mapped[str] = mapped_column(sa.String(WHERE_LENGTH_MAX), default="")
    rrule: Mapped[str] = mapped_column(sa.String(RULE_LENGTH_MAX))
    starts_on: Mapped[dt.date]
    starts_minute: Mapped[int]
    length_minutes: Mapped[int]
    until_on: Mapped[dt.date | None]
    capacity: Mapped[int | None]
    sign_up: Mapped[str] = mapped_column(sa.String(10), default="drop-in")
    is_public: Mapped[bool] = mapped_column(default=False)
    host_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(sa.String(10), default="running")
    made_until_on: Mapped[dt.date | None]
    #: Grows with each change, so that a calendar elsewhere knows which one is newer.
    sequence: Mapped[int] = mapped_column(default=0)
    #: Names the event of a calendar file it came from.
    source_uid: Mapped[str | None] = mapped_column(sa.String(SOURCE_UID_LENGTH_MAX))
    by_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]


class GroupSession(OfCommunity, Base):
    """One date of what a group does, with its place and time: a row, whether it was held or not.

    `occurrence_on` is the date that the rule of the series gave; it stays when the session is
    moved. `day_on` is the day on which it starts where the community is. A session on a closed day
    stays planned, and `closed_day_id` says why nobody comes.
    """

    __tablename__ = "group_session"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("session_series", "series_id"),
        within_community("venue", "venue_id"),
        within_community("member", "host_id"),
        within_community("closed_day", "closed_day_id"),
        within_community("member", "opened_by_id"),
        within_community("member", "closed_by_id"),
        UniqueConstraint("community_id", "series_id", "occurrence_on"),
        Index(None, "community_id", "starts_at", "id"),
        Index(None, "community_id", "group_id", "starts_at", "id"),
        Index(None, "community_id", "closed_day_id"),
        at_most("title", TITLE_LENGTH_MAX),
        at_most("words", WORDS_LENGTH_MAX),
        at_most("where_words", WHERE_LENGTH_MAX),
        at_most("cancelled_words", CANCELLED_WORDS_LENGTH_MAX),
        one_of("setting", SETTINGS),
        one_of("sign_up", SIGN_UP_WAYS),
        one_of("state", SESSION_STATES),
        CheckConstraint("(series_id IS NULL) = (occurrence_on IS NULL)", name="series_gave_a_date"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        CheckConstraint(
            f"capacity IS NULL OR capacity BETWEEN 1 AND {CAPACITY_MAX}", name="capacity_in_range"
        ),
        CheckConstraint("sequence >= 0", name="sequence_counts"),
        CheckConstraint("(opened_at IS NULL) = (opened_by_id IS NULL)", name="opened_by_somebody"),
        CheckConstraint("(closed_at IS NULL) = (closed_by_id IS NULL)", name="closed_by_somebody"),
    )

    group_id: Mapped[uuid.UUID]
    series_id: Mapped[uuid.UUID | None]
    occurrence_on: Mapped[dt.date | None]
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH_MAX))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    venue_id: Mapped[uuid.UUID | None]
    setting: Mapped[str] = mapped_column(sa.String(10), default="community")
    where_words: Mapped[str] = mapped_column(sa.String(WHERE_LENGTH_MAX), default="")
    day_on: Mapped[dt.date]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    capacity: Mapped[int | None]
    sign_up: Mapped[str] = mapped_column(sa.String(10), default="drop-in")
    is_public: Mapped[bool] = mapped_column(default=False)
    host_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(sa.String(10), default="planned")
    cancelled_words: Mapped[str] = mapped_column(sa.Text, default="")
    closed_day_id: Mapped[uuid.UUID | None]
    #: Somebody changed when or where this one date is; its series leaves it alone from then on.
    is_moved: Mapped[bool] = mapped_column(default=False)
    #: Somebody else holds this one date; its series leaves the host alone.
    has_own_host: Mapped[bool] = mapped_column(default=False)
    sequence: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[dt.datetime]
    opened_at: Mapped[dt.datetime | None]
    opened_by_id: Mapped[uuid.UUID | None]
    closed_at: Mapped[dt.datetime | None]
    closed_by_id: Mapped[uuid.UUID | None]

    @property
    def minutes(self) -> int:
        """How long it truly lasts: an hour less or more where the clocks change meanwhile."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def is_off(self) -> bool:
        """Whether nobody comes: it was cancelled or dropped, or it falls on a closed day."""
        return self.state in {"cancelled", "dropped"} or self.closed_day_id is not None


class ClosedDay(OfCommunity, Base):
    """A time without sessions of one group, or of the whole community where `group_id` is None."""

    __tablename__ = "closed_day"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("member", "by_id"),
        Index(None, "community_id", "until_on"),
        at_most("words", CLOSED_WORDS_LENGTH_MAX),
        CheckConstraint("until_on >= from_on", name="ends_after_it_begins"),
    )

    group_id: Mapped[uuid.UUID | None]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date]
    words: Mapped[str] = mapped_column(sa.String(CLOSED_WORDS_LENGTH_MAX), default="")
    #: When it was taken back; the row stays.
    withdrawn_at: Mapped[dt.datetime | None]
    by_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]
