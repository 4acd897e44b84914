"""Devices somebody is signed in on: each holds a secret of its own, and each can be ended."""

import datetime as dt
import secrets
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.members import queries
from timebank.members.models import AGENT_LENGTH_MAX, DeviceSession
from timebank.trail import service as trail

SECRET_BYTES = 32
#: How exactly it is kept when a device was used last; not every page view is written down.
SEEN_EVERY = dt.timedelta(minutes=10)


def begin_device(
    session: Session,
    person_id: uuid.UUID,
    *,
    means: str,
    agent: str,
    is_shared: bool,
    now: dt.datetime,
    community_id: uuid.UUID | None = None,
) -> tuple[DeviceSession, str]:
    """Sign a person in on a device; return it and the secret for its cookie.

    Args:
        session: The open unit of work; this function never commits it.
        person_id: Who.
        means: How: "link", "password", "card" or "join".
        agent: What the device is, in words.
        is_shared: Whether others use it too: then it is signed out soon.
        now: Aware time.
        community_id: The only community that it opens, for a card; None for all of the person's.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    device = DeviceSession(
        id=new_id(),
        person_id=person_id,
        secret_hash=queries.hash_secret(secret),
        agent=agent[:AGENT_LENGTH_MAX],
        means=means,
        is_shared=is_shared,
        community_id=community_id,
        created_at=now,
        last_seen_at=now,
    )
    session.add(device)
    session.flush()
    trail.record(
        session,
        "sign-in",
        now=now,
        person_id=person_id,
        community_id=community_id,
        detail=f"{means} {agent}".strip(),
    )
    return device, secret


def see_device(session: Session, device_id: uuid.UUID, *, now: dt.datetime) -> None:
    """Keep that a device is in use; one that has been signed out since stays as it was."""
    session.execute(
        sa.update(DeviceSession)
        .where(DeviceSession.id == device_id, DeviceSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def end_device(
    session: Session,
    person_id: uuid.UUID,
    device_id: uuid.UUID,
    *,
    now: dt.datetime,
    only_id: uuid.UUID | None = None,
) -> bool:
    """Sign a person out on one of their devices; tell whether it was theirs and signed in.

    With `only_id`, not where it opens more than that community.
    """
    rules = [DeviceSession.id == device_id]
    if only_id is not None:
        rules.append(DeviceSession.community_id == only_id)
    return bool(_end(session, person_id, now, *rules))


def end_devices(
    session: Session,
    person_id: uuid.UUID,
    *,
    now: dt.datetime,
    but: uuid.UUID | None = None,
    means: str | None = None,
    only_id: uuid.UUID | None = None,
) -> int:
    """Sign a person out everywhere; return on how many devices.

    Args:
        session: The open unit of work; this function never commits it.
        person_id: Who.
        now: Aware time.
        but: A device that stays signed in.
        means: Only devices that were signed in by this means.
        only_id: Only devices that open this community alone.
    """
    rules = []
    if but is not None:
        rules.append(DeviceSession.id != but)
    if means is not None:
        rules.append(DeviceSession.means == means)
    if only_id is not None:
        rules.append(DeviceSession.community_id == only_id)
    return _end(session, person_id, now, *rules)


def _end(
    session: Session, person_id: uuid.UUID, now: dt.datetime, *rules: sa.ColumnElement[bool]
) -> int:
    ended = session.execute(
        sa.update(DeviceSession)
        .where(DeviceSession.person_id == person_id, DeviceSession.ended_at.is_(None), *rules)
        .values(ended_at=now)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]
