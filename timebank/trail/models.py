"""What happened, and the chain that shows when a row of it was changed or is gone."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, at_most, new_id, one_of

DETAIL_LENGTH_MAX = 100
KINDS = (
    "sign-in",
    "sign-in failed",
    "denied",
    "limit hit",
    "role given",
    "role ended",
    "export",
)
#: Kinds that are forgotten after `queries.KEPT_FOR`; the others stay as long as the installation.
FADING = ("sign-in", "sign-in failed", "denied", "limit hit")


class TrailEvent(Base):
    """Something that was done or tried. Never changed; holds no name, address or code.

    Above all communities, because most of it happens before it is known which one it is about. Ids
    are kept without a foreign key: whoever is erased leaves a number that means nothing.
    """

    __tablename__ = "trail_event"
    __table_args__ = (
        one_of("kind", KINDS),
        at_most("detail", DETAIL_LENGTH_MAX),
        Index(None, "person_id", "id"),
        Index(None, "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[dt.datetime]
    kind: Mapped[str] = mapped_column(sa.String(20))
    #: Who did it, or whose account was tried; None where nobody is known or the server acted.
    person_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]
    #: Whom it is about, such as the member who got a role.
    member_id: Mapped[uuid.UUID | None]
    #: A word of the program: the means of signing in, a role, the address that was closed.
    detail: Mapped[str] = mapped_column(sa.String(DETAIL_LENGTH_MAX), default="")


class TrailLink(Base):
    """A link of the chain over the trail: what stays of an event when the event is forgotten.

    Links are made a little later by the worker, so that no request waits for another one's. `seq`
    counts from 1 without a gap.
    """

    __tablename__ = "trail_link"
    __table_args__ = (
        one_of("kind", KINDS),
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    at: Mapped[dt.datetime]
    kind: Mapped[str] = mapped_column(sa.String(20))
    #: SHA-256 over the whole event.
    content: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    #: SHA-256 over the link before and this one.
    chain: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
