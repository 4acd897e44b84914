"""Offers and requests, and the tree of categories they stand under."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from timebank.communities.models import EXCHANGE_MINUTES_MAX, LOCALES
from timebank.db import Base, OfCommunity, at_most, one_of, within_community
from timebank.members.models import AREA_LENGTH_MAX

KINDS = ("offer", "request")
TITLE_LENGTH_MAX = 80
WORDS_LENGTH_MAX = 1500
WHEN_LENGTH_MAX = 200
CATEGORY_NAME_LENGTH_MAX = 60
CHECK_HINTS = ("none", "ask lead", "regulated")
SUPPORTS = ("social", "emotional", "practical")
PLACES = ("area", "public", "phone", "online")
AUDIENCES = ("everyone", "community", "coordinator")
STATES = ("open", "paused", "closed")
TRANSITIONS = ("leaving hospital", "entering a service", "leaving a service", "crisis at a weekend")
PARTS_OF_DAY = ("morning", "afternoon", "evening")
WEEKDAYS = tuple(range(7))
#: A longer word is cut, in the index and in the question alike.
WORD_LENGTH_MAX = 40
KEY_LENGTH_MAX = 60
LISTED_DAYS_DEFAULT = 90
LISTED_DAYS_MAX = 366


class Category(OfCommunity, Base):
    """A kind of help, in a tree of two levels.

    The `key` never changes; hours given are counted under it. A shipped category gets its name from
    the translations; a community's own name in `name` wins. `retired_at` hides a category from new
    listings and keeps old ones true.
    """

    __tablename__ = "category"
    __table_args__ = (
        within_community("category", "parent_id"),
        UniqueConstraint("community_id", "key"),
        one_of("check_hint", CHECK_HINTS),
        at_most("name", CATEGORY_NAME_LENGTH_MAX),
        CheckConstraint("key <> ''", name="has_a_key"),
    )

    parent_id: Mapped[uuid.UUID | None]
    key: Mapped[str] = mapped_column(sa.String(KEY_LENGTH_MAX))
    name: Mapped[str] = mapped_column(sa.String(CATEGORY_NAME_LENGTH_MAX), default="")
    check_hint: Mapped[str] = mapped_column(sa.String(10), default="none")
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[dt.datetime | None]


class Listing(OfCommunity, Base):
    """An offer or a request. There is an area, never a street."""

    __tablename__ = "listing"
    __table_args__ = (
        within_community("member", "member_id"),
        within_community("category", "category_id"),
        Index(None, "community_id", "kind", "state", "id"),
        Index(None, "community_id", "kind", "state", "area", "audience"),
        Index(None, "community_id", "member_id"),
        Index(None, "community_id", "category_id"),
        Index(None, "community_id", "state", "ends_on"),
        one_of("kind", KINDS),
        one_of("place", PLACES),
        one_of("audience", AUDIENCES),
        one_of("state", STATES),
        one_of("language", LOCALES),
        one_of("transition", TRANSITIONS, nullable=True),
        at_most("title", TITLE_LENGTH_MAX),
        at_most("words", WORDS_LENGTH_MAX),
        at_most("when_words", WHEN_LENGTH_MAX),
        at_most("area", AREA_LENGTH_MAX),
        CheckConstraint(
            f"about_minutes BETWEEN 1 AND {EXCHANGE_MINUTES_MAX}", name="about_minutes_in_range"
        ),
    )

    kind: Mapped[str] = mapped_column(sa.String(10))
    member_id: Mapped[uuid.UUID]
    category_id: Mapped[uuid.UUID]
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH_MAX))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    is_social: Mapped[bool] = mapped_column(default=False)
    is_emotional: Mapped[bool] = mapped_column(default=False)
    is_practical: Mapped[bool] = mapped_column(default=False)
    about_minutes: Mapped[int] = mapped_column(default=60)
    when_words: Mapped[str] = mapped_column(sa.String(WHEN_LENGTH_MAX), default="")
    place: Mapped[str] = mapped_column(sa.String(10))
    area: Mapped[str] = mapped_column(sa.String(AREA_LENGTH_MAX), default="")
    audience: Mapped[str] = mapped_column(sa.String(12), default="community")
    transition: Mapped[str | None] = mapped_column(sa.String(24))
    language: Mapped[str] = mapped_column(sa.String(2))
    #: The member asked not to be named; only the coordinator sees who it is.
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(sa.String(10), default="open")
    #: Last day it is shown; None means until it is closed.
    ends_on: Mapped[dt.date | None]
    posted_at: Mapped[dt.datetime]
    renewed_at: Mapped[dt.datetime | None]
    #: The last reminder of the end that went out, as days before it; None after renewing.
    nudged_days: Mapped[int | None]
    closed_at: Mapped[dt.datetime | None]

    slots: Mapped[list["ListingSlot"]] = relationship(cascade="all, delete-orphan")


class ListingSlot(Base):
    """A part of a weekday that suits: weekday 0 is Monday."""

    __tablename__ = "listing_slot"
    __table_args__ = (
        PrimaryKeyConstraint("community_id", "listing_id", "weekday", "part"),
        within_community("listing", "listing_id"),
        one_of("part", PARTS_OF_DAY),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_in_week"),
    )

    community_id: Mapped[uuid.UUID]
    listing_id: Mapped[uuid.UUID]
    weekday: Mapped[int]
    part: Mapped[str] = mapped_column(sa.String(10))


class ListingWord(Base):
    """A folded word of a listing: the search index, the same on both databases.

    A search for "rodgr" is a range of this key: it uses the index and needs no extension. Accents
    and letters such as ø and ł are folded by our own code before they come here.
    """

    __tablename__ = "listing_word"
    __table_args__ = (
        PrimaryKeyConstraint("community_id", "word", "listing_id"),
        within_community("listing", "listing_id"),
        Index(None, "community_id", "listing_id"),
    )

    community_id: Mapped[uuid.UUID]
    word: Mapped[str] = mapped_column(
        # By code point, as SQLite does it: the order of a language would put the ends of a range
        # somewhere else.
        sa.String(WORD_LENGTH_MAX).with_variant(
            sa.String(WORD_LENGTH_MAX, collation="C"), "postgresql"
        )
    )
    listing_id: Mapped[uuid.UUID]
