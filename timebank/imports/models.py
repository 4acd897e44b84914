"""Which row of which sheet became what, so that the same sheet can come twice."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, within_community


class ImportedRow(OfCommunity, Base):
    """A need from a row of a request sheet, and the listing it became.

    `row_key` names the need within the source: the row's own number and which of its needs.
    """

    __tablename__ = "imported_row"
    __table_args__ = (
        UniqueConstraint("community_id", "source", "row_key"),
        within_community("listing", "listing_id"),
        within_community("member", "member_id"),
    )

    source: Mapped[str] = mapped_column(sa.String(40))
    row_key: Mapped[str] = mapped_column(sa.String(200))
    listing_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    imported_at: Mapped[dt.datetime]
