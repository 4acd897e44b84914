"""What a session came to: who is credited, and how several groups share it. Pure."""

import hashlib
import math
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from timebank.groups.policy.crediting import Attendance, Terms
from timebank.groups.policy.shares import Leg, split
from timebank.sessions.models import HOSTING_ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody known who was at a session.

    Attributes:
        member_id: Who.
        code: Their account.
        role: One of `models.ROLES`.
        minutes: How long.
        is_paid: Whether somebody pays them for being there.
        is_first: Whether it was their first time with the group.
        has_account: Whether hours can reach them: not whoever has left since.
    """

    member_id: uuid.UUID
    code: str
    role: str = "participant"
    minutes: int
    is_paid: bool = False
    is_first: bool = False
    has_account: bool = True

    @property
    def holds(self) -> bool:
        """Whether they held the session, also where they took part as well."""
        return self.role in HOSTING_ROLES


@dataclass(frozen=True, slots=True)
class Share:
    """What one group has of a session held by several."""

    group_id: uuid.UUID
    parts: int
    contacts: int
    hosted_minutes: int


def attendances(terms: Terms, people: Iterable[Person]) -> list[Attendance]:
    """Return who was there as the crediting rule reads it.

    Whoever gave and took is credited once for each minute, as a host. Only where those who take
    part give the hours do they give as well: among equals it then comes out even.
    """
    found = []
    for person in people:
        if not person.has_account:
            continue
        found.append(_attendance(person, is_host=person.holds))
        if person.role == "both" and terms.kind == "participants":
            found.append(_attendance(person, is_host=False))
    return found


def hours_move(terms: Terms, role: str, *, is_paid: bool, minutes: int) -> bool:
    """Tell whether a rule moves hours for somebody: to them, or from them where they give."""
    if is_paid or not minutes or terms.kind == "unpaid":
        return False
    return role in HOSTING_ROLES or terms.kind == "participants" or terms.credits_participants


def _attendance(person: Person, *, is_host: bool) -> Attendance:
    return Attendance(person.code, person.minutes, is_host=is_host, is_paid=person.is_paid)


def hosted_minutes(people: Iterable[Person]) -> int:
    """Add up the minutes of those who held it, paid or not."""
    return sum(person.minutes for person in people if person.holds)


def parts_together(pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return the parts of a group and of all who hold a session with it.

    Each pair is what the group agreed with one other: its own parts, and theirs. They are brought
    to one measure, so that between the group and each of them it stays as agreed.
    """
    measure = math.lcm(*(own for own, _other in pairs if own))
    owns_none = any(own == 0 for own, _other in pairs)
    others = [other * (measure // own if own else measure) for own, other in pairs]
    parts = (0 if owns_none else measure, *others)
    divisor = math.gcd(*parts)
    return tuple(part // divisor for part in parts)


def share_out(
    group_ids: Sequence[uuid.UUID], parts: Sequence[int], *, contacts: int, hosted: int
) -> list[Share]:
    """Divide contacts and hosted minutes among groups, so that both add up exactly."""
    of_contacts, of_minutes = split(contacts, parts), split(hosted, parts)
    return [Share(*each) for each in zip(group_ids, parts, of_contacts, of_minutes, strict=True)]


def moved_by(legs: Iterable[Leg]) -> Counter[str]:
    """Add up what each account gains, or gives away where it is less than nothing."""
    found: Counter[str] = Counter()
    for payer, payee, minutes in legs:
        found[payer] -= minutes
        found[payee] += minutes
    return found


def changed_codes(before: Mapping[str, int], after: Mapping[str, int]) -> set[str]:
    """Return the accounts for which two sets of movements differ."""
    return {code for code in {*before, *after} if before.get(code, 0) != after.get(code, 0)}


def fingerprint(people: Iterable[Person], legs: Iterable[Leg]) -> str:
    """Return a few letters that change whenever what would be posted or written down does."""
    told = sorted(
        f"{person.member_id} {person.role} {person.minutes} {person.is_paid}" for person in people
    )
    said = "\n".join([*told, *(f"{payer} {payee} {minutes}" for payer, payee, minutes in legs)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
