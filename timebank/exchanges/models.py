"""The deal between two members, and every move it made."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.communities.models import EXCHANGE_MINUTES_MAX
from timebank.db import Base, OfCommunity, at_most, one_of, within_community
from timebank.listings.models import PLACES, TITLE_LENGTH_MAX

STATES = ("proposed", "agreed", "done", "confirmed", "declined", "cancelled", "queried")
#: How the time counts: hours move; both gave and received; paid work is noted and never credited.
BASES = ("hours", "mutual", "paid")
MOVES = (
    "propose",
    "agree",
    "decline",
    "cancel",
    "change",
    "report",
    "correct",
    "query",
    "settle",
    "confirm",
    "hold",
    "let pass",
    "reverse",
    "set aside",
    "give back",
    "expire",
)
#: States in which hours can be set aside for an exchange.
ASIDE_STATES = ("agreed", "done", "queried")
#: What can keep agreed hours from moving: the receiver's floor, the giver's ceiling, an account.
HELD_UP_BY = ("floor", "ceiling", "account")
WORDS_LENGTH_MAX = 500
PARTS_OF_DAY = ("morning", "afternoon", "evening")


class Exchange(OfCommunity, Base):
    """Help that one member gives another.

    `giver_id` gives the help and earns the hours; `receiver_id` receives it. `awaiting_id` is whose
    answer is awaited now, or None. `entry_id` is the entry that stands: set when the hours moved,
    and again when they are put right. `reversal_id` is set once, if they were taken back for good.
    `held_up_at` says since when all is said and only `held_up_by` is
    in the way. `set_aside_id` is the entry by which the agreed hours are set aside, as long as they
    are; from `set_aside_ends_at` on the worker gives them back.
    """

    __tablename__ = "exchange"
    __table_args__ = (
        within_community("member", "giver_id"),
        within_community("member", "receiver_id"),
        within_community("member", "proposed_by_id"),
        within_community("member", "awaiting_id"),
        within_community("listing", "listing_id"),
        within_community("category", "category_id"),
        within_community("conversation", "conversation_id"),
        UniqueConstraint("community_id", "entry_id"),
        # Only the few that were taken back stand in it. A full index has every other exchange under
        # NULL, and SQLite takes it for the quickest way to "not taken back", which nearly all are.
        Index(
            "uq_exchange_reversal",
            "community_id",
            "reversal_id",
            unique=True,
            sqlite_where=sa.text("reversal_id IS NOT NULL"),
            postgresql_where=sa.text("reversal_id IS NOT NULL"),
        ),
        Index(
            "ix_exchange_set_aside",
            "community_id",
            "set_aside_ends_at",
            sqlite_where=sa.text("set_aside_id IS NOT NULL"),
            postgresql_where=sa.text("set_aside_id IS NOT NULL"),
        ),
        Index(None, "community_id", "giver_id", "id"),
        Index(None, "community_id", "receiver_id", "id"),
        Index(None, "community_id", "awaiting_id"),
        Index(None, "community_id", "state", "silence_ends_at"),
        Index(None, "community_id", "state", "happened_on"),
        Index(None, "community_id", "listing_id"),
        one_of("state", STATES),
        one_of("basis", BASES),
        one_of("place", PLACES),
        one_of("part_of_day", PARTS_OF_DAY, nullable=True),
        one_of("held_up_by", HELD_UP_BY, nullable=True),
        at_most("title", TITLE_LENGTH_MAX),
        CheckConstraint("giver_id <> receiver_id", name="two_people"),
        CheckConstraint(
            f"agreed_minutes BETWEEN 1 AND {EXCHANGE_MINUTES_MAX}", name="agreed_minutes_in_range"
        ),
        CheckConstraint(
            f"worked_minutes BETWEEN 1 AND {EXCHANGE_MINUTES_MAX}", name="worked_minutes_in_range"
        ),
        CheckConstraint(
            "state NOT IN ('done', 'confirmed', 'queried') OR "
            "(worked_minutes IS NOT NULL AND happened_on IS NOT NULL)",
            name="reported_is_told",
        ),
        CheckConstraint(
            "state <> 'confirmed' OR basis <> 'hours' OR entry_id IS NOT NULL",
            name="confirmed_is_booked",
        ),
        CheckConstraint(
            "(set_aside_id IS NULL) = (set_aside_ends_at IS NULL)", name="set_aside_has_its_end"
        ),
        CheckConstraint(
            f"set_aside_id IS NULL OR state IN {ASIDE_STATES}", name="set_aside_is_open"
        ),
        CheckConstraint("reversal_id IS NULL OR entry_id IS NOT NULL", name="reversed_was_booked"),
    )

    giver_id: Mapped[uuid.UUID]
    receiver_id: Mapped[uuid.UUID]
    proposed_by_id: Mapped[uuid.UUID]
    listing_id: Mapped[uuid.UUID | None]
    category_id: Mapped[uuid.UUID]
    conversation_id: Mapped[uuid.UUID | None]
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH_MAX))
    state: Mapped[str] = mapped_column(sa.String(10))
    basis: Mapped[str] = mapped_column(sa.String(10), default="hours")
    is_informal: Mapped[bool] = mapped_column(default=False)
    planned_on: Mapped[dt.date | None]
    part_of_day: Mapped[str | None] = mapped_column(sa.String(10))
    place: Mapped[str] = mapped_column(sa.String(10), default="public")
    agreed_minutes: Mapped[int]
    worked_minutes: Mapped[int | None]
    happened_on: Mapped[dt.date | None]
    reported_by_id: Mapped[uuid.UUID | None]
    awaiting_id: Mapped[uuid.UUID | None]
    #: When silence confirms, or a held-up exchange is tried again; None where neither happens.
    silence_ends_at: Mapped[dt.datetime | None]
    reminded_at: Mapped[dt.datetime | None]
    held_up_at: Mapped[dt.datetime | None]
    held_up_by: Mapped[str | None] = mapped_column(sa.String(10))
    entry_id: Mapped[uuid.UUID | None]
    reversal_id: Mapped[uuid.UUID | None]
    set_aside_id: Mapped[uuid.UUID | None]
    set_aside_ends_at: Mapped[dt.datetime | None]
    proposed_at: Mapped[dt.datetime]
    #: When the last move was made.
    moved_at: Mapped[dt.datetime]


class ExchangeMove(OfCommunity, Base):
    """One move of an exchange: who, when, and the facts of it. Never changed."""

    __tablename__ = "exchange_move"
    __table_args__ = (
        within_community("exchange", "exchange_id"),
        within_community("member", "by_member_id"),
        Index(None, "community_id", "exchange_id", "id"),
        one_of("move", MOVES),
        one_of("state_after", STATES),
        at_most("words", WORDS_LENGTH_MAX),
    )

    exchange_id: Mapped[uuid.UUID]
    move: Mapped[str] = mapped_column(sa.String(10))
    state_after: Mapped[str] = mapped_column(sa.String(10))
    #: None where nobody acted: silence did.
    by_member_id: Mapped[uuid.UUID | None]
    minutes: Mapped[int | None]
    words: Mapped[str] = mapped_column(sa.String(WORDS_LENGTH_MAX), default="")
    at: Mapped[dt.datetime]


class ExchangeCorrection(OfCommunity, Base):
    """An entry of an exchange that stands no more: `reversal_id` took it back, another replaced it.

    What was put right and why is told by the exchange's moves; these rows lead from the older
    entries of the book to their exchange.
    """

    __tablename__ = "exchange_correction"
    __table_args__ = (
        within_community("exchange", "exchange_id"),
        UniqueConstraint("community_id", "entry_id"),
        UniqueConstraint("community_id", "reversal_id"),
        Index(None, "community_id", "exchange_id"),
    )

    exchange_id: Mapped[uuid.UUID]
    entry_id: Mapped[uuid.UUID]
    reversal_id: Mapped[uuid.UUID]


class Overdraft(OfCommunity, Base):
    """An account that moving hours back left below its floor, until a bookkeeper has seen to it.

    Spending can not stop hours from being moved back, so somebody has to talk with whoever had
    spent them already. `reversal_id` is the entry that did it.
    """

    __tablename__ = "overdraft"
    __table_args__ = (
        within_community("member", "seen_to_by_id"),
        UniqueConstraint("community_id", "reversal_id", "account_code"),
        # Those that wait are few, however many there ever were.
        Index(
            "ix_overdraft_waiting",
            "community_id",
            "id",
            sqlite_where=sa.text("seen_to_at IS NULL"),
            postgresql_where=sa.text("seen_to_at IS NULL"),
        ),
        CheckConstraint("short_minutes >= 1", name="short_of_something"),
        CheckConstraint(
            "(seen_to_at IS NULL) = (seen_to_by_id IS NULL)", name="seen_to_by_somebody"
        ),
    )

    account_code: Mapped[str] = mapped_column(sa.String(60))
    reversal_id: Mapped[uuid.UUID]
    #: How far below its floor the account was then.
    short_minutes: Mapped[int] = mapped_column(sa.BigInteger)
    flagged_at: Mapped[dt.datetime]
    seen_to_at: Mapped[dt.datetime | None]
    seen_to_by_id: Mapped[uuid.UUID | None]


class ThankYou(OfCommunity, Base):
    """A short thank-you after an exchange, one from each side."""

    __tablename__ = "thank_you"
    __table_args__ = (
        within_community("exchange", "exchange_id"),
        within_community("member", "by_member_id"),
        within_community("member", "to_member_id"),
        UniqueConstraint("community_id", "exchange_id", "by_member_id"),
        Index(None, "community_id", "to_member_id", "id"),
        at_most("words", WORDS_LENGTH_MAX),
    )

    exchange_id: Mapped[uuid.UUID]
    by_member_id: Mapped[uuid.UUID]
    to_member_id: Mapped[uuid.UUID]
    words: Mapped[str] = mapped_column(sa.String(WORDS_LENGTH_MAX))
    at: Mapped[dt.datetime]
