"""Finding people, memberships and roles."""

import datetime as dt
import hashlib
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.members.models import DeviceSession, Member, RoleGrant

#: A device that was not used for this long is signed out, and every device after the longer time.
IDLE_MAX = dt.timedelta(days=30)
AGE_MAX = dt.timedelta(days=180)


def hash_secret(secret: str) -> bytes:
    """Hash a secret of at least 128 random bits for storage; such a secret needs no salt."""
    return hashlib.sha256(secret.encode()).digest()


def device_of(session: Session, secret: str, *, now: dt.datetime) -> DeviceSession | None:
    """Return the device that holds this secret, or None if it ended or lay idle too long."""
    device = session.scalar(
        sa.select(DeviceSession).where(DeviceSession.secret_hash == hash_secret(secret))
    )
    if device is None or device.ended_at is not None:
        return None
    if now - device.last_seen_at > IDLE_MAX or now - device.created_at > AGE_MAX:
        return None
    return device


def membership_of(session: Session, community: Community, person_id: uuid.UUID) -> Member | None:
    """Return a person's membership of a community, whatever its state, or None."""
    return session.scalar(
        sa.select(Member).where(Member.community_id == community.id, Member.person_id == person_id)
    )


def roles_of(session: Session, member: Member) -> frozenset[str]:
    """Name the roles a member holds now; empty for most."""
    return frozenset(
        session.scalars(
            sa.select(RoleGrant.role).where(
                RoleGrant.community_id == member.community_id,
                RoleGrant.member_id == member.id,
                RoleGrant.ended_at.is_(None),
            )
        )
    )
