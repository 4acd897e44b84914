"""Who a password or a code card belongs to. Nobody learns from the answer or its time who exists.

Hashing takes tens of milliseconds, so these only read: call them outside a writing transaction.
"""

import secrets
import unicodedata

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.members import policy, queries
from timebank.members.errors import WrongSecretError
from timebank.members.models import CodeCard, Member, Person

#: OWASP's smallest profile for argon2id: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: Checked where there is nobody, so that it takes as long as where there is somebody.
NOBODYS_HASH = HASHER.hash(secrets.token_urlsafe(16))


def composed(password: str) -> str:
    """Return a password in the one form in which keyboards agree on its accents."""
    return unicodedata.normalize("NFC", password)


def owner_of_password(session: Session, email: str, password: str) -> Person:
    """Return whose address and password these are.

    Raises:
        WrongSecretError: If they do not belong together, or nobody has the address.
    """
    address = queries.address(session, email)
    person = None if address is None else queries.person(session, address.person_id)
    kept = None if person is None else person.password_hash
    if not _fits(kept, composed(password)[: policy.PASSWORD_LENGTH_MAX]) or person is None:
        raise WrongSecretError(None if person is None else person.id)
    return person


def is_password_of(person: Person, password: str) -> bool:
    """Tell whether this is the person's password."""
    return _fits(person.password_hash, composed(password)[: policy.PASSWORD_LENGTH_MAX])


def needs_new_hash(person: Person) -> bool:
    """Tell whether the password was hashed with less care than is taken today."""
    return person.password_hash is not None and HASHER.check_needs_rehash(person.password_hash)


def holder_of_card(session: Session, community: Community, number: str, code: str) -> Member:
    """Return whose number and code these are.

    Args:
        session: Any session.
        community: Whose card it is.
        number: As typed: `M000123`, `m123` or `123`.
        code: As typed, in capitals or not, with hyphens and spaces or not.

    Raises:
        WrongSecretError: If they do not belong together.
    """
    found = session.execute(
        sa.select(Member, CodeCard.code_hash)
        .join(
            CodeCard,
            sa.and_(CodeCard.community_id == Member.community_id, CodeCard.member_id == Member.id),
        )
        .where(
            Member.community_id == community.id,
            Member.number == policy.number_typed(number),
            Member.person_id.is_not(None),
            CodeCard.stopped_at.is_(None),
        )
    ).first()
    if not _fits(None if found is None else found.code_hash, policy.code_typed(code)):
        raise WrongSecretError(None if found is None else found.Member.person_id)
    assert found is not None  # noqa: S101 - nobody's hash fits nothing
    member: Member = found.Member
    return member


def _fits(kept: str | None, typed: str) -> bool:
    """Check a secret against a hash; against nobody's where there is none, in the same time."""
    try:
        HASHER.verify(kept or NOBODYS_HASH, typed)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return kept is not None
