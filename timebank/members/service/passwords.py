"""Setting a password."""

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from timebank.members import policy, queries
from timebank.members.errors import NoWayBackError, WeakPasswordError
from timebank.members.models import Person
from timebank.members.service.devices import end_devices
from timebank.members.service.proofs import HASHER, composed


def set_password(
    session: Session,
    person: Person,
    password: str,
    *,
    keep_device_id: uuid.UUID | None,
    now: dt.datetime,
    community_id: uuid.UUID | None = None,
) -> None:
    """Set a password and sign the person out on every other device.

    Args:
        session: The open unit of work; this function never commits it.
        person: Whose.
        password: As typed.
        keep_device_id: The device this is asked from.
        now: Aware time.
        community_id: The only community it opens: the one that the device opens alone.

    Raises:
        NoWayBackError: If the person could not come back without it.
        WeakPasswordError: If others would try it.
    """
    if not queries.has_way_back(session, person.id):
        raise NoWayBackError
    password = composed(password)
    fault = policy.password_fault(password, _known_words(session, person.id))
    if fault is not None:
        raise WeakPasswordError(fault.why, fault.known)
    person.password_hash = HASHER.hash(password)
    person.password_community_id = community_id
    end_devices(session, person.id, now=now, but=keep_device_id)
    session.flush()


def hash_anew(session: Session, person_id: uuid.UUID, password: str) -> None:
    """Hash a password that was just proven with today's care."""
    queries.person(session, person_id).password_hash = HASHER.hash(composed(password))


def _known_words(session: Session, person_id: uuid.UUID) -> list[str]:
    """List what others know of a person: names, places, addresses, communities."""
    words = [address.folded for address in queries.addresses_of(session, person_id)]
    for member, community, _roles in queries.memberships_of(session, person_id):
        words += [member.first_name, member.last_name, member.area, member.account_code]
        words += [community.name, community.slug]
    return words
