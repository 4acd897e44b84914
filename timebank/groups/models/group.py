"""A group and the places where people meet."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from timebank.db import Base, OfCommunity, at_most, one_of, within_community
from timebank.listings.models import PARTS_OF_DAY, TRANSITIONS
from timebank.members.models import AREA_LENGTH_MAX

NAME_LENGTH_MAX = 80
SLUG_LENGTH_MAX = 60
WORDS_LENGTH_MAX = 2000
WHEN_LENGTH_MAX = 200
WHERE_LENGTH_MAX = 200
MAILBOX_LENGTH_MAX = 254
RULES_LENGTH_MAX = 4000
ADDRESS_LENGTH_MAX = 200
POSTCODE_LENGTH_MAX = 12
ACCESS_LENGTH_MAX = 500
SOURCE_KEY_LENGTH_MAX = 40
#: What is found of a text is cut here: an index on PostgreSQL has its limits.
FOLDED_LENGTH_MAX = 1000
#: Who is behind a group.
SECTORS = ("peers", "charity", "primary care", "secondary care", "council", "faith", "business")
#: What kind of place people meet at.
SETTINGS = ("community", "ward", "online", "phone")
#: Whether one joins at once or a lead says yes first.
JOINING = ("open", "ask")
STATES = ("open", "ended")
#: Identity colours, each with a shape of its own: a colour never stands alone.
TONES = 8


class Venue(OfCommunity, Base):
    """A place where groups meet. A place may be exact; where people live is not kept anywhere.

    `postcode` is written as people write it, `folded` holds name, address, area and postcode for
    search, the postcode also without its space. `source_key` names the row of a list it came from.
    """

    __tablename__ = "venue"
    __table_args__ = (
        UniqueConstraint("community_id", "source_key"),
        Index(None, "community_id", "folded", "id"),
        one_of("setting", SETTINGS),
        at_most("name", NAME_LENGTH_MAX),
        at_most("address", ADDRESS_LENGTH_MAX),
        at_most("area", AREA_LENGTH_MAX),
        at_most("postcode", POSTCODE_LENGTH_MAX),
        at_most("access_words", ACCESS_LENGTH_MAX),
        CheckConstraint("closes_on >= opens_on", name="opens_before_it_closes"),
    )

    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH_MAX))
    address: Mapped[str] = mapped_column(sa.String(ADDRESS_LENGTH_MAX), default="")
    postcode: Mapped[str] = mapped_column(sa.String(POSTCODE_LENGTH_MAX), default="")
    area: Mapped[str] = mapped_column(sa.String(AREA_LENGTH_MAX), default="")
    setting: Mapped[str] = mapped_column(sa.String(10), default="community")
    #: Steps, lift, toilets, hearing loop: what somebody needs to know before they come.
    access_words: Mapped[str] = mapped_column(sa.Text, default="")
    folded: Mapped[str] = mapped_column(sa.String(FOLDED_LENGTH_MAX))
    opens_on: Mapped[dt.date | None]
    closes_on: Mapped[dt.date | None]
    source_key: Mapped[str | None] = mapped_column(sa.String(SOURCE_KEY_LENGTH_MAX))
    added_at: Mapped[dt.datetime]


class Group(OfCommunity, Base):
    """People who do something together and hold hours together.

    `number` names the group's pot in the books (G000002) and is never given to another. `slug`
    stands in addresses and stays when the name changes. `rules_version` is the version of the
    ground rules that holds now; 0 while there are none.
    """

    __tablename__ = "peer_group"
    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        UniqueConstraint("community_id", "slug"),
        UniqueConstraint("community_id", "source_key"),
        within_community("venue", "venue_id"),
        within_community("member", "started_by_id"),
        within_community("member", "checked_by_id"),
        Index(None, "community_id", "state", "folded", "id"),
        Index(None, "community_id", "venue_id"),
        one_of("sector", SECTORS, nullable=True),
        one_of("joining", JOINING),
        one_of("state", STATES),
        at_most("name", NAME_LENGTH_MAX),
        at_most("slug", SLUG_LENGTH_MAX),
        at_most("words", WORDS_LENGTH_MAX),
        at_most("when_words", WHEN_LENGTH_MAX),
        at_most("where_words", WHERE_LENGTH_MAX),
        at_most("area", AREA_LENGTH_MAX),
        at_most("mailbox", MAILBOX_LENGTH_MAX),
        CheckConstraint("number >= 2", name="number_follows_the_community"),
        CheckConstraint(f"tone BETWEEN 0 AND {TONES - 1}", name="tone_in_set"),
        CheckConstraint("rules_version >= 0", name="rules_version_counts"),
    )

    number: Mapped[int]
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH_MAX))
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH_MAX))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    when_words: Mapped[str] = mapped_column(sa.String(WHEN_LENGTH_MAX), default="")
    where_words: Mapped[str] = mapped_column(sa.String(WHERE_LENGTH_MAX), default="")
    venue_id: Mapped[uuid.UUID | None]
    area: Mapped[str] = mapped_column(sa.String(AREA_LENGTH_MAX), default="")
    #: Name, when and where without accents and capitals, for search and order.
    folded: Mapped[str] = mapped_column(sa.String(FOLDED_LENGTH_MAX))
    tone: Mapped[int]
    sector: Mapped[str | None] = mapped_column(sa.String(20))
    is_social: Mapped[bool] = mapped_column(default=False)
    is_emotional: Mapped[bool] = mapped_column(default=False)
    is_practical: Mapped[bool] = mapped_column(default=False)
    #: Shown in the directory to people who are not members.
    is_public: Mapped[bool] = mapped_column(default=False)
    #: A session of this group opens only while somebody paid for it is there.
    needs_staff: Mapped[bool] = mapped_column(default=False)
    joining: Mapped[str] = mapped_column(sa.String(10), default="open")
    #: A mailbox of the group, never somebody's own.
    mailbox: Mapped[str] = mapped_column(sa.String(MAILBOX_LENGTH_MAX), default="")
    rules_version: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(sa.String(10), default="open")
    checked_on: Mapped[dt.date | None]
    checked_by_id: Mapped[uuid.UUID | None]
    #: None where a list was brought in by the command line.
    started_by_id: Mapped[uuid.UUID | None]
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    source_key: Mapped[str | None] = mapped_column(sa.String(SOURCE_KEY_LENGTH_MAX))

    slots: Mapped[list["GroupSlot"]] = relationship(cascade="all, delete-orphan")
    transitions: Mapped[list["GroupTransition"]] = relationship(cascade="all, delete-orphan")

    @property
    def account_code(self) -> str:
        """The group's pot, as the ledger knows it."""
        return f"G{self.number:06d}"

    @property
    def is_open(self) -> bool:
        """Whether the group goes on."""
        return self.state == "open"


class GroupSlot(Base):
    """A part of a weekday at which the group usually meets: weekday 0 is Monday."""

    __tablename__ = "group_slot"
    __table_args__ = (
        PrimaryKeyConstraint("community_id", "group_id", "weekday", "part"),
        within_community("peer_group", "group_id"),
        one_of("part", PARTS_OF_DAY),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_in_week"),
    )

    community_id: Mapped[uuid.UUID]
    group_id: Mapped[uuid.UUID]
    weekday: Mapped[int]
    part: Mapped[str] = mapped_column(sa.String(10))


class GroupTransition(Base):
    """A big change at which the group is there for people."""

    __tablename__ = "group_transition"
    __table_args__ = (
        PrimaryKeyConstraint("community_id", "group_id", "transition"),
        within_community("peer_group", "group_id"),
        one_of("transition", TRANSITIONS),
    )

    community_id: Mapped[uuid.UUID]
    group_id: Mapped[uuid.UUID]
    transition: Mapped[str] = mapped_column(sa.String(24))
