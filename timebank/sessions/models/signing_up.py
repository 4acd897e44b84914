"""Who said that they come."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, one_of, within_community

SIGN_UP_STATES = ("signed", "waiting", "withdrawn")


class SignUp(OfCommunity, Base):
    """That a member means to come to a session: one row for each pair, whatever became of it.

    Who waits moves up in the order of `since_at`.
    """

    __tablename__ = "session_sign_up"
    __table_args__ = (
        within_community("group_session", "session_id"),
        within_community("member", "member_id"),
        UniqueConstraint("community_id", "session_id", "member_id"),
        Index(None, "community_id", "session_id", "state", "since_at"),
        Index(None, "community_id", "member_id", "state"),
        one_of("state", SIGN_UP_STATES),
    )

    session_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(sa.String(10))
    since_at: Mapped[dt.datetime]
    #: When they were reminded of it, the day before.
    reminded_at: Mapped[dt.datetime | None]
