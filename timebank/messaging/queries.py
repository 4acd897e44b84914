"""Finding conversations, messages and notices."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.members.models import Member
from timebank.messaging.models import Notice


def unread_count(session: Session, member: Member) -> int:
    """Count the notices a member has not opened yet."""
    count = session.scalar(
        sa.select(sa.func.count()).where(
            Notice.community_id == member.community_id,
            Notice.member_id == member.id,
            Notice.read_at.is_(None),
        )
    )
    return count or 0
