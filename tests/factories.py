"""Plain functions that put into the database what a test is not about.

What a test is about it makes through the service, as life does. Give only what matters to the test;
every other value is dull and valid.
"""

import datetime as dt
import itertools
import secrets
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import WRITES, new_id
from timebank.hours import service as hours
from timebank.members.models import Address, DeviceSession, Member, Person, RoleGrant
from timebank.members.queries import hash_secret

#: The moment at which tests happen, unless they say otherwise: a Monday in spring, at noon.
NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
_counter = itertools.count(1)


def make_community(
    session: Session,
    *,
    slug: str = "",
    now: dt.datetime = NOW,
    **settings: Any,
) -> Community:
    """Make a community with its book and its pot."""
    slug = slug or f"place-{next(_counter)}"
    values = {"name": f"Time bank of {slug}", "help_words": "Ask Ana, 10 to 12.", "joining": "open"}
    community = Community(id=new_id(), slug=slug, created_at=now, **(values | settings))
    session.add(community)
    session.flush()
    hours.open_book(session, community, now=now)
    return community


def make_member(
    session: Session,
    community: Community,
    *,
    first_name: str = "Sam",
    roles: tuple[str, ...] = (),
    state: str = "active",
    person: Person | None = None,
    sign_in_address: str = "",
    now: dt.datetime = NOW,
    **columns: Any,
) -> Member:
    """Make a member with an account in the books, and a person behind them who can sign in."""
    person = person or make_person(session, address=sign_in_address, now=now)
    community.member_count += 1
    member = Member(
        community_id=community.id,
        id=new_id(),
        person_id=person.id,
        number=community.member_count,
        state=state,
        first_name=first_name,
        folded_name=first_name.lower(),
        joined_at=now,
        **({"rules_version": community.house_rules_version} | columns),
    )
    session.add(member)
    session.flush()
    for role in roles:
        session.add(
            RoleGrant(
                community_id=community.id,
                member_id=member.id,
                role=role,
                given_by_id=None,
                given_at=now,
            )
        )
    session.flush()
    if state in {"active", "paused"}:
        hours.open_member_account(session, community, member)
    return member


def make_person(session: Session, *, address: str = "", now: dt.datetime = NOW) -> Person:
    """Make somebody who belongs nowhere yet; with an address, one that a link was used from."""
    person = Person(id=new_id(), created_at=now)
    session.add(person)
    session.flush()
    if address:
        session.add(Address(person_id=person.id, folded=address.lower(), verified_at=now))
        session.flush()
    return person


def make_device(session: Session, member: Member | Person) -> tuple[DeviceSession, str]:
    """Sign somebody in on a device; return it with the secret its cookie holds."""
    person_id = member.person_id if isinstance(member, Member) else member.id
    assert person_id is not None
    secret, now = secrets.token_urlsafe(32), utc_now()
    device = DeviceSession(
        person_id=person_id,
        secret_hash=hash_secret(secret),
        agent="Test browser",
        means="card",
        created_at=now,
        last_seen_at=now,
    )
    session.add(device)
    session.flush()
    return device, secret


def sign_in(
    client: FlaskClient,
    session: Session,
    member: Member | Person,
    *,
    base_url: str = "https://timebank.example",
) -> DeviceSession:
    """Make this browser one on which the member is signed in."""
    device, secret = make_device(session, member)
    session.commit()
    with client.session_transaction(base_url=base_url) as cookie:
        cookie["_user_id"] = secret
        cookie["_fresh"] = True
    return device


def writing(session: Session) -> Session:
    """Take the write lock now, as a unit of work of the application does."""
    session.commit()
    session.connection(execution_options={WRITES: True})
    return session


def at(community: Community, path: str = "/") -> str:
    """Return the address of a page of this community."""
    return f"/at/{community.slug}{path}"
