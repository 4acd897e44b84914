"""Links sent by mail: they prove that somebody reads an address, and sign them in.

An address counts only once a link sent to it was used. Until then somebody else may have typed it,
and whatever they set up under it must not survive the moment its owner arrives.
"""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.members import policy, queries
from timebank.members.errors import LinkGoneError
from timebank.members.models import (
    Address,
    CodeCard,
    DeviceSession,
    Member,
    Person,
    SignInToken,
)
from timebank.members.service.devices import begin_device, end_device, end_devices
from timebank.members.service.record import note

SECRET_BYTES = 32
#: How long a link lives: to sign in, and to confirm the address somebody joined with.
#: Whoever joins may read their mail once a day; a link to sign in is asked for and waited for.
LIFE = {"sign in": dt.timedelta(minutes=15), "join": dt.timedelta(days=3)}
#: A link that is over can still be exchanged for a new one for so long.
RENEWED_FOR = dt.timedelta(days=30)
#: A second click on the same button counts as the first for so long.
DOUBLE_CLICK = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to put into a mail: its secret is kept nowhere else."""

    secret: str
    email: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Entered:
    """Who a link signed in, the secret for the device's cookie, and where they wanted to go."""

    person_id: uuid.UUID
    device_secret: str
    next_path: str


def note_address(
    session: Session, person_id: uuid.UUID, email: str, *, opens_id: uuid.UUID | None = None
) -> Address:
    """Keep that this address is said to be a person's; return it, or whoever's it is already.

    Args:
        session: The open unit of work; this function never commits it.
        person_id: Whose it is said to be.
        email: As typed.
        opens_id: The community whose coordinator says so: it then opens that one alone. None where
            the person says so themselves.
    """
    address = queries.address(session, email)
    if address is None:
        address = Address(
            id=new_id(),
            person_id=person_id,
            folded=policy.fold_address(email),
            community_id=opens_id,
        )
        session.add(address)
    elif address.person_id == person_id and opens_id is None:
        address.community_id = None
    session.flush()
    return address


def make_link(
    session: Session,
    email: str,
    *,
    now: dt.datetime,
    next_path: str = "/",
    member: Member | None = None,
    opens_id: uuid.UUID | None = None,
) -> Link | None:
    """Make a link for an address, or None if nobody signs in with it.

    Args:
        session: The open unit of work; this function never commits it.
        email: As typed.
        now: Aware time.
        next_path: Path of this site that the link leads to in the end.
        member: The membership made with this address, if that is why: then the link confirms it.
        opens_id: The community whose coordinator typed the address; None where the person did.
    """
    address = queries.address(session, email)
    if address is None:
        return None
    secret = secrets.token_urlsafe(SECRET_BYTES)
    purpose = "sign in" if member is None else "join"
    session.add(
        SignInToken(
            id=new_id(),
            address_id=address.id,
            purpose=purpose,
            secret_hash=queries.hash_secret(secret),
            next_path=next_path,
            expires_at=now + LIFE[purpose],
            community_id=None if member is None else member.community_id,
            member_id=None if member is None else member.id,
            opens_id=opens_id,
        )
    )
    session.flush()
    return Link(secret, address.folded, purpose)


def link_is_good(session: Session, secret: str, *, now: dt.datetime) -> bool:
    """Tell whether a link can still be used; looking changes nothing."""
    token = _token(session, secret)
    return token is not None and token.used_at is None and token.expires_at > now


def renew_link(session: Session, secret: str, *, now: dt.datetime) -> Link | None:
    """Make a new link to the same address and place as one that was used or is too old.

    Whoever has the old one learns nothing: the new one goes to the address. Returns None where the
    old one was never ours, or is long forgotten.
    """
    token = _token(session, secret)
    if token is None:
        return None
    address = session.get_one(Address, token.address_id)
    member = None
    if token.used_at is None and token.community_id is not None and token.member_id is not None:
        member = session.get(Member, (token.community_id, token.member_id))
    return make_link(
        session,
        address.folded,
        now=now,
        next_path=token.next_path,
        member=member,
        opens_id=token.opens_id,
    )


def link_is_known(session: Session, secret: str) -> bool:
    """Tell whether a link was once ours, so that it can be exchanged for a new one."""
    return _token(session, secret) is not None


def use_link(
    session: Session, secret: str, *, key: str, agent: str, is_shared: bool, now: dt.datetime
) -> Entered:
    """Use a link up and sign its person in.

    Args:
        session: The open unit of work; this function never commits it.
        secret: From the link.
        key: Key of the page whose button was pressed; the same key again counts as the same click.
        agent: What the device is, in words.
        is_shared: Whether others use the device too.
        now: Aware time.

    Raises:
        LinkGoneError: If it was used, is too old, or was never ours.
    """
    token = _token(session, secret, lock=True)
    if token is None:
        raise LinkGoneError
    if not _may_use(token, key, now):
        raise LinkGoneError(session.get_one(Address, token.address_id).person_id)
    address = session.get_one(Address, token.address_id, with_for_update=True)
    if token.used_at is None:
        _settle(session, token, address, now)
    if token.device_id is not None:
        end_device(session, address.person_id, token.device_id, now=now)
    device, device_secret = begin_device(
        session,
        address.person_id,
        means="link",
        agent=agent,
        is_shared=is_shared,
        now=now,
        community_id=address.community_id,
    )
    token.used_at = token.used_at or now
    token.used_key = key
    token.device_id = device.id
    session.flush()
    return Entered(address.person_id, device_secret, token.next_path)


def delete_old_links(session: Session, *, now: dt.datetime) -> int:
    """Delete links that are long past; return how many."""
    gone = session.execute(sa.delete(SignInToken).where(SignInToken.expires_at < now - RENEWED_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _token(session: Session, secret: str, *, lock: bool = False) -> SignInToken | None:
    wanted = sa.select(SignInToken).where(SignInToken.secret_hash == queries.hash_secret(secret))
    return session.scalar(wanted.with_for_update() if lock else wanted)


def _may_use(token: SignInToken, key: str, now: dt.datetime) -> bool:
    if token.used_at is None:
        return token.expires_at > now
    return token.used_key == key and bool(key) and now - token.used_at <= DOUBLE_CLICK


def _settle(session: Session, token: SignInToken, address: Address, now: dt.datetime) -> None:
    """Decide whose the address is, now that its reader has come."""
    joined = None
    if token.community_id is not None and token.member_id is not None:
        joined = session.get(Member, (token.community_id, token.member_id), with_for_update=True)
    newcomer = None if joined is None else joined.person_id
    if joined is not None and newcomer is not None and newcomer != address.person_id:
        _bring_together(session, joined, newcomer, address, token.opens_id, now)
    if address.verified_at is None:
        _take_possession(session, address.person_id, now)
        address.verified_at = now


def _bring_together(
    session: Session,
    joined: Member,
    newcomer: uuid.UUID,
    address: Address,
    opens_id: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """Join a fresh membership with the person whose address it was made with.

    Somebody joined without signing in, with an address that was known here. Its reader has just
    proven that both are theirs. An address that nobody had proven goes to the new membership; a
    proven one takes the membership over, if that person does not belong there already.

    An address that a coordinator typed in another community takes it over only while that is all
    there is of the person: else the coordinator's mailbox would open what the person joined by
    themselves.
    """
    if address.verified_at is None:
        address.person_id, address.community_id = newcomer, opens_id
        return
    if address.community_id is not None and _has_ways_of_their_own(session, address):
        return
    belongs = session.scalar(
        sa.select(Member.id).where(
            Member.community_id == joined.community_id, Member.person_id == address.person_id
        )
    )
    if belongs is None and not _has_more_than(session, newcomer, joined):
        joined.person_id = address.person_id
        address.community_id = None
        end_devices(session, newcomer, now=now)
        session.flush()


def _has_ways_of_their_own(session: Session, address: Address) -> bool:
    """Tell whether the person of an address a coordinator typed signs in by themselves, too.

    So it is with an address, a password or a device that no coordinator set up, and wherever else
    they belong.
    """
    person_id = address.person_id
    ways = (
        sa.select(Address.id).where(Address.person_id == person_id, Address.community_id.is_(None)),
        sa.select(DeviceSession.id).where(
            DeviceSession.person_id == person_id, DeviceSession.community_id.is_(None)
        ),
        sa.select(Person.id).where(
            Person.id == person_id,
            Person.password_hash.is_not(None),
            Person.password_community_id.is_(None),
        ),
        sa.select(Member.id).where(
            Member.person_id == person_id, Member.community_id != address.community_id
        ),
    )
    return bool(session.scalar(sa.select(sa.or_(*(way.exists() for way in ways)))))


def _has_more_than(session: Session, person_id: uuid.UUID, member: Member) -> bool:
    """Tell whether a person is more than the one fresh membership."""
    others = sa.select(Member.id).where(Member.person_id == person_id, Member.id != member.id)
    proven = sa.select(Address.id).where(
        Address.person_id == person_id, Address.verified_at.is_not(None)
    )
    return bool(session.scalar(sa.select(sa.or_(others.exists(), proven.exists()))))


def _take_possession(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """End what somebody else may have set up before the owner of the address came.

    Devices are signed out, the password is dropped, and cards that were not made by a coordinator
    stop.
    """
    end_devices(session, person_id, now=now)
    person = queries.person(session, person_id)
    person.password_hash = person.password_community_id = None
    own_cards = session.execute(
        sa.select(CodeCard, Member)
        .join(
            Member,
            sa.and_(Member.community_id == CodeCard.community_id, Member.id == CodeCard.member_id),
        )
        .where(
            Member.person_id == person_id,
            CodeCard.issued_by_id == CodeCard.member_id,
            CodeCard.stopped_at.is_(None),
        )
    ).all()
    for card, member in own_cards:
        card.stopped_at = now
        note(session, member, "card stopped", by=None, now=now)
