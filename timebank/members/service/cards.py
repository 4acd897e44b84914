"""Printed cards that sign a member in: a number and a code of eight characters."""

import datetime as dt
import secrets
import uuid

from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.members import policy, queries
from timebank.members.errors import NotHereError
from timebank.members.models import CodeCard, Member
from timebank.members.service.devices import end_devices
from timebank.members.service.proofs import HASHER
from timebank.members.service.record import note

#: States in which a card may be made: somebody who waits gets back to the waiting page with it.
CARD_STATES = policy.BELONGING | {"waiting"}


def issue_card(
    session: Session,
    member: Member,
    *,
    by: Member | None,
    now: dt.datetime,
    keep_device_id: uuid.UUID | None = None,
) -> str:
    """Make a code card and return its code, which is shown once and kept only as a hash.

    A card made before stops, and devices that were signed in with a card are signed out: the old
    one may be in other hands.

    Args:
        session: The open unit of work; this function never commits it.
        member: Whose card.
        by: The member, a coordinator, or None from the command line.
        now: Aware time.
        keep_device_id: A device that stays signed in: the one this is asked from.

    Raises:
        NotHereError: If the member was refused or left.
    """
    session.refresh(member, with_for_update=True)
    if member.state not in CARD_STATES or member.person_id is None:
        raise NotHereError
    if stop_card(session, member, by=by, now=now):
        end_devices(session, member.person_id, now=now, but=keep_device_id, means="card")
    code = "".join(secrets.choice(policy.CODE_ALPHABET) for _each in range(policy.CODE_LENGTH))
    session.add(
        CodeCard(
            community_id=member.community_id,
            id=new_id(),
            member_id=member.id,
            code_hash=HASHER.hash(code),
            issued_by_id=None if by is None else by.id,
            issued_at=now,
        )
    )
    note(session, member, "card issued", by=by, now=now)
    return policy.code_in_groups(code)


def stop_card(session: Session, member: Member, *, by: Member | None, now: dt.datetime) -> bool:
    """Stop the member's code card, if there is one; tell whether there was."""
    card = queries.card_in_use(session, member)
    if card is None:
        return False
    card.stopped_at = now
    note(session, member, "card stopped", by=by, now=now)
    return True
