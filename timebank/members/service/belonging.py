"""Joining, letting in, pausing, leaving: every change to a membership keeps who, when and why."""

import datetime as dt
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from timebank.communities import service as communities
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.hours import queries as hours_queries
from timebank.hours import service as hours
from timebank.members import policy, queries
from timebank.members.errors import (
    AlreadyDecidedError,
    AlreadyMemberError,
    InvitationNeededError,
    JoiningRefusedError,
    NameMissingError,
    NoSuchRulesError,
)
from timebank.members.models import FOLDED_LENGTH_MAX, Invitation, Member, Person
from timebank.members.service.cards import stop_card
from timebank.members.service.record import note
from timebank.members.service.roles import end_all_roles, keep_a_coordinator

#: How long an invitation lets somebody in.
INVITATION_LIFE = dt.timedelta(days=14)
SECRET_BYTES = 32
#: What a member or a coordinator can change; the history names them so.
EDITABLE = (
    "first_name",
    "last_name",
    "area",
    "email",
    "phone",
    "about",
    "could_offer",
    "would_like",
    *(f"{field}_seen_by" for field in policy.FIELDS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody who joins has told; all but the first name may stay empty.

    Attributes:
        first_name: What people may call them.
        area: The part of town, never a street.
        email: Checked for its shape only.
        phone: As typed.
        could_offer: In their own words.
        would_like: In their own words.
        rules_version: Version of the house rules they agreed to; 0 if none yet.
    """

    first_name: str
    area: str = ""
    email: str = ""
    phone: str = ""
    could_offer: str = ""
    would_like: str = ""
    rules_version: int = 0


def found_community(
    session: Session, *, slug: str, name: str, now: dt.datetime, **settings: object
) -> Community:
    """Make a community, open its book and its pot.

    Takes what `communities.service.create_community` takes, and refuses as it does.
    """
    community = communities.create_community(session, slug=slug, name=name, now=now, **settings)
    hours.open_book(session, community, now=now)
    return community


def add_member(  # noqa: PLR0913 - what a coordinator may know of somebody
    session: Session,
    community: Community,
    *,
    first_name: str,
    last_name: str = "",
    area: str = "",
    email: str = "",
    phone: str = "",
    has_heard_rules: bool = False,
    by: Member | None,
    now: dt.datetime,
    person_id: uuid.UUID | None = None,
    number: int | None = None,
) -> Member:
    """Add a member who takes part at once; a first name is enough.

    Args:
        session: The open unit of work; this function never commits it.
        community: Where.
        first_name: What people may call them.
        last_name: "" if unknown or not wanted.
        area: The part of town, or "".
        email: "" if there is none.
        phone: "" if there is none.
        has_heard_rules: Whether somebody went through the house rules with them, and they agreed.
        by: The coordinator, or None from the command line.
        now: Aware time of joining.
        person_id: Somebody who signs in already, or None for somebody new.
        number: The one they had, where the books were restored and their account waits for them;
            None for the next one.

    Raises:
        NameMissingError: If the first name is empty.
        AlreadyMemberError: If the person belongs here already, or somebody has that number.
        NoSuchAccountError: If the books know no account of that number.
    """
    answers = Answers(
        first_name=first_name,
        area=area,
        email=email,
        phone=phone,
        rules_version=community.house_rules_version if has_heard_rules else 0,
    )
    if person_id is not None and queries.membership_of(session, community, person_id) is not None:
        raise AlreadyMemberError
    if number is not None:
        _check_waits(session, community, number)
    member = _new_member(
        session, community, answers, "active", person_id=person_id, now=now, number=number
    )
    member.last_name = last_name
    member.folded_name = _folded_name(member)
    _begin(session, community, member)
    note(session, member, "added", by=by, now=now)
    return member


def join(
    session: Session,
    community: Community,
    answers: Answers,
    *,
    now: dt.datetime,
    person_id: uuid.UUID | None = None,
    invitation: str = "",
) -> Member:
    """Join a community by its rule: at once, to wait for a coordinator, or by invitation.

    Somebody who left before comes back under the old number.

    Args:
        session: The open unit of work; this function never commits it.
        community: Where.
        answers: What they told.
        now: Aware time of joining.
        person_id: Who is signed in, or None for somebody new.
        invitation: The secret of an invitation, or "".

    Raises:
        NameMissingError: If the first name is empty.
        InvitationNeededError: If the community wants one, and this is none or no longer one.
        AlreadyMemberError: If the person belongs here already or waits.
        JoiningRefusedError: If the person was refused here before.
    """
    used = queries.invitation(session, community.id, invitation, now=now) if invitation else None
    if used is not None:
        # Whoever comes second with the same invitation waits here and then finds it used.
        session.refresh(used, with_for_update=True)
    invited = used is not None and used.used_by_id is None
    state = policy.state_after_joining(community.joining, invited=invited)
    if state is None:
        raise InvitationNeededError
    earlier = queries.membership_of(session, community, person_id) if person_id else None
    if earlier is None:
        member = _new_member(session, community, answers, state, person_id=person_id, now=now)
    else:
        member = _come_back(session, earlier, answers, state)
    if used is not None:
        used.used_by_id = member.id
    if state == "active":
        _begin(session, community, member)
    note(session, member, "joined", by=member, now=now)
    return member


def _new_member(
    session: Session,
    community: Community,
    answers: Answers,
    state: str,
    *,
    person_id: uuid.UUID | None,
    now: dt.datetime,
    number: int | None = None,
) -> Member:
    if not answers.first_name:
        raise NameMissingError
    if person_id is None:
        person_id = new_id()
        session.add(Person(id=person_id, created_at=now))
        session.flush()
    member = Member(
        community_id=community.id,
        id=new_id(),
        person_id=person_id,
        number=number or communities.next_member_number(session, community),
        state=state,
        last_name="",
        joined_at=now,
    )
    _take(member, answers)
    session.add(member)
    session.flush()
    return member


def _check_waits(session: Session, community: Community, number: int) -> None:
    """See that there is an account of this number, and nobody behind it."""
    hours_queries.balance(session, community.id, Member(number=number).account_code)
    if queries.has_number(session, community.id, number):
        raise AlreadyMemberError


def _come_back(session: Session, member: Member, answers: Answers, state: str) -> Member:
    session.refresh(member, with_for_update=True)
    if member.state == "refused":
        raise JoiningRefusedError
    if member.state != "left":
        raise AlreadyMemberError
    member.state = state
    _take(member, answers)
    return member


def _take(member: Member, answers: Answers) -> None:
    member.first_name = answers.first_name
    member.area = answers.area
    member.email = answers.email
    member.phone = answers.phone
    member.could_offer = answers.could_offer
    member.would_like = answers.would_like
    member.rules_version = answers.rules_version
    member.folded_name = _folded_name(member)


def _folded_name(member: Member) -> str:
    """Return the name as search compares it; a single character may stand for a whole phrase.

    A last name that the member keeps to themselves is not in it: nobody learns it by searching.
    """
    is_kept = member.last_name_seen_by == "me"
    name = member.first_name if is_kept else queries.full_name(member)
    return policy.fold(name)[:FOLDED_LENGTH_MAX]


def _begin(session: Session, community: Community, member: Member) -> None:
    """Open the member's account. Opening it again, after coming back, changes nothing."""
    hours.open_member_account(session, community, member)


# ------------------------------------------------------------------ a coordinator decides


def approve(
    session: Session,
    member: Member,
    *,
    community: Community,
    by: Member | None,
    now: dt.datetime,
    reason: str = "",
) -> None:
    """Let somebody in who waits.

    Raises:
        AlreadyDecidedError: If they do not wait any more.
    """
    _from(session, member, {"waiting"}, "active")
    _begin(session, community, member)
    note(session, member, "approved", by=by, reason=reason, now=now)


def refuse(
    session: Session, member: Member, *, by: Member | None, reason: str, now: dt.datetime
) -> None:
    """Do not let somebody in who waits; the reason is kept for coordinators.

    Raises:
        AlreadyDecidedError: If they do not wait any more.
    """
    _from(session, member, {"waiting"}, "refused")
    stop_card(session, member, by=by, now=now)
    note(session, member, "refused", by=by, reason=reason, now=now)


def pause(
    session: Session, member: Member, *, by: Member | None, now: dt.datetime, reason: str = ""
) -> None:
    """Pause a membership: offers and requests rest, hours stay.

    Raises:
        AlreadyDecidedError: If the member is not active.
        LastCoordinatorError: If nobody else coordinates this community.
    """
    keep_a_coordinator(session, member)
    _from(session, member, {"active"}, "paused")
    note(session, member, "paused", by=by, reason=reason, now=now)


def resume(
    session: Session, member: Member, *, by: Member | None, now: dt.datetime, reason: str = ""
) -> None:
    """End a pause.

    Raises:
        AlreadyDecidedError: If the member does not pause.
    """
    _from(session, member, {"paused"}, "active")
    note(session, member, "resumed", by=by, reason=reason, now=now)


def leave(
    session: Session, member: Member, *, by: Member | None, now: dt.datetime, reason: str = ""
) -> None:
    """End a membership: roles and code card end with it; the books keep the hours.

    Raises:
        AlreadyDecidedError: If the member has left or was refused.
        LastCoordinatorError: If nobody else coordinates this community.
    """
    keep_a_coordinator(session, member)
    _from(session, member, {"active", "paused", "waiting"}, "left")
    end_all_roles(session, member, by=by, now=now)
    stop_card(session, member, by=by, now=now)
    note(session, member, "left", by=by, reason=reason, now=now)


def bring_back(
    session: Session,
    member: Member,
    *,
    community: Community,
    by: Member | None,
    now: dt.datetime,
    reason: str = "",
) -> None:
    """Take back somebody who left or was refused, under the old number.

    Raises:
        AlreadyDecidedError: If they belong here already or wait, or were forgotten.
    """
    if member.person_id is None:
        raise AlreadyDecidedError(member.state)
    _from(session, member, {"left", "refused"}, "active")
    _begin(session, community, member)
    note(session, member, "approved", by=by, reason=reason, now=now)


def _from(session: Session, member: Member, states: set[str], state: str) -> None:
    """Move a membership on, if it still is what the page showed; two at once meet here."""
    session.refresh(member, with_for_update=True)
    if member.state not in states:
        raise AlreadyDecidedError(member.state)
    member.state = state


# ------------------------------------------------------------------------------ details


def edit_member(
    session: Session,
    member: Member,
    wanted: Mapping[str, str],
    *,
    by: Member | None,
    now: dt.datetime,
) -> list[str]:
    """Change what is known of a member and who sees it; the history names fields, not values.

    Args:
        session: The open unit of work; this function never commits it.
        member: Whose.
        wanted: New values by the names of `EDITABLE`.
        by: The member, a coordinator, or None from the command line.
        now: Aware time of the change.

    Returns:
        The names of what was changed, in the order of `EDITABLE`.

    Raises:
        NameMissingError: If the first name would be empty.
    """
    unknown = wanted.keys() - set(EDITABLE)
    if unknown:
        raise TypeError(f"a member's {', '.join(sorted(unknown))} cannot be edited")
    session.refresh(member, with_for_update=True)
    changed = [
        field for field in EDITABLE if field in wanted and wanted[field] != getattr(member, field)
    ]
    for field in changed:
        setattr(member, field, wanted[field])
    if not member.first_name:
        raise NameMissingError
    if changed:
        member.folded_name = _folded_name(member)
        note(session, member, "changed", by=by, reason=", ".join(changed), now=now)
    return changed


def agree_to_rules(
    session: Session,
    community: Community,
    member: Member,
    *,
    version: int,
    by: Member,
    now: dt.datetime,
) -> bool:
    """Keep that a member agreed to a version of the house rules; tell whether that was news.

    What counts is the version they read: where the rules changed meanwhile, they are asked again.

    Args:
        session: The open unit of work; this function never commits it.
        community: Whose rules.
        member: Who agreed.
        version: What they read, or what was read to them.
        by: The member, or the coordinator who went through the rules with them.
        now: Aware time.

    Raises:
        NoSuchRulesError: If the rules never had this version.
    """
    if not 1 <= version <= community.house_rules_version:
        raise NoSuchRulesError(version)
    session.refresh(member, with_for_update=True)
    if member.rules_version >= version:
        return False
    member.rules_version = version
    note(session, member, "rules agreed", by=by, reason=str(version), now=now)
    return True


def invite(session: Session, community: Community, *, by: Member, now: dt.datetime) -> str:
    """Make an invitation for one person and return its secret; only a hash of it is kept."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        Invitation(
            community_id=community.id,
            id=new_id(),
            secret_hash=queries.hash_secret(secret),
            made_by_id=by.id,
            made_at=now,
            expires_at=now + INVITATION_LIFE,
        )
    )
    session.flush()
    return secret
