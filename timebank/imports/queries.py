"""Finding what was brought in before."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.imports.models import ImportedRow
from timebank.members.models import Member


def brought_in(session: Session, community: Community, source: str) -> dict[str, ImportedRow]:
    """Return what came from a kind of sheet before, by row key."""
    rows = session.scalars(
        sa.select(ImportedRow).where(
            ImportedRow.community_id == community.id, ImportedRow.source == source
        )
    )
    return {row.row_key: row for row in rows}


def member_with(session: Session, community: Community, *, email: str, phone: str) -> Member | None:
    """Return the one member who has this e-mail address, or else this phone; None where unsure."""
    for column, value in ((Member.email, email), (Member.phone, phone)):
        if not value:
            continue
        found = session.scalars(
            sa.select(Member)
            .where(Member.community_id == community.id, column == value, Member.state == "active")
            .limit(2)
        ).all()
        if len(found) == 1:
            return found[0]
    return None
