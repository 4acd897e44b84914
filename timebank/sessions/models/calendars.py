"""What calendar programs fetch from here, and what came from calendar files."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, within_community

SOURCE_KEY_LENGTH_MAX = 64
SECRET_HASH_BYTES = 32


class FeedToken(OfCommunity, Base):
    """A member's calendar feed: its address holds a secret, of which only a fingerprint is kept.

    One row for each member, whatever became of it: a new address takes the place of the one before.
    """

    __tablename__ = "feed_token"
    __table_args__ = (
        within_community("member", "member_id"),
        UniqueConstraint("community_id", "member_id"),
        UniqueConstraint("community_id", "secret_hash"),
    )

    member_id: Mapped[uuid.UUID]
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(SECRET_HASH_BYTES))
    #: Whether the feed says what it is and where. Else each date is "Appointment" and no more:
    #: a telephone shows it to whoever looks over a shoulder.
    has_titles: Mapped[bool] = mapped_column(default=False)
    #: Whether all sessions of the groups they belong to are in it, and not only their own dates.
    has_groups: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class ImportedSession(OfCommunity, Base):
    """Which date of which calendar file became a session, so that the same file can come twice.

    `source_key` is a fingerprint of the event's name, and of the date where it has several.
    """

    __tablename__ = "imported_session"
    __table_args__ = (
        within_community("peer_group", "group_id"),
        within_community("group_session", "session_id"),
        UniqueConstraint("community_id", "group_id", "source_key"),
        UniqueConstraint("community_id", "session_id"),
    )

    group_id: Mapped[uuid.UUID]
    source_key: Mapped[str] = mapped_column(sa.String(SOURCE_KEY_LENGTH_MAX))
    session_id: Mapped[uuid.UUID]
