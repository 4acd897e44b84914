"""Open a session, note who comes by name, and take it back."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups import queries as group_queries
from timebank.groups import service as groups
from timebank.groups.errors import GroupEndedError, RulesChangedError, SpeakToTheLeadError
from timebank.groups.policy.standing import Standing, may_host
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    AlreadyClosedError,
    BoundariesNotNamedError,
    NobodyOfStaffError,
    NobodyOnDutyError,
    NotOpenError,
    NotThereError,
    NotYoursToHoldError,
    RulesFirstError,
    TooEarlyToOpenError,
    TooManyKnownError,
)
from timebank.sessions.models import (
    KNOWN_MAX,
    GroupSession,
    SessionAttendance,
    SessionCode,
)
from timebank.sessions.policy import door as policy
from timebank.sessions.queries import Held
from timebank.sessions.service import taps


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody who comes in, for a sheet of paper or a list.

    Attributes:
        member: Who.
        role: One of `models.ROLES`.
        minutes: How long; None for the whole session.
    """

    member: Member
    role: str = "participant"
    minutes: int | None = None


# ------------------------------------------------------------------------------- opening


def open_session(
    session: Session,
    held: Held,
    *,
    on_duty: Sequence[Member],
    named_version: int,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Open the door of a session, once: whoever opens it again only adds who is on duty.

    Args:
        session: The open unit of work; never committed here.
        held: The session, as `queries.held` found it.
        on_duty: Who holds it and is there.
        named_version: The version of the ground rules that was named aloud; 0 for none.
        by: Who opens it.
        who: What `by` is to the session (`queries.standing_at`).
        now: When.

    Raises:
        NotYoursToHoldError: If `by` holds none of the group's sessions.
        GroupEndedError: If the group has ended.
        NotOpenError: If it was closed or cancelled, or the day is a closed one.
        TooEarlyToOpenError: If it is not its day yet.
        NobodyOnDutyError: If nobody holds it.
        NobodyOfStaffError: If somebody of the staff has to be there, and nobody is.
        BoundariesNotNamedError: If the boundaries of the day were not named.
        RulesChangedError: If others hold by now.
        SpeakToTheLeadError: If somebody on duty stays away from the group just now.
    """
    # A group that ends looks for open doors, and then drops what is planned: of two who come at
    # once, one waits for the other.
    session.refresh(held.group, with_for_update={"read": True})
    if not held.group.is_open:
        raise GroupEndedError
    held = lock(session, held, who, alone=True)
    there = held.session
    if there.state not in {"planned", "open"} or there.is_off:
        raise NotOpenError("cancelled" if there.is_off else there.state)
    if now < policy.opens_at(there):
        raise TooEarlyToOpenError(policy.opens_at(there))
    known = queries.known_of(session, held, [member.id for member in on_duty])
    _check_on_duty(session, held, on_duty, known)
    _check_named(held, named_version)
    if there.state == "planned":
        there.state, there.opened_at, there.opened_by_id = "open", now, by.id
    for member in on_duty:
        _heard(session, held, member, named_version or None, by=by, now=now)
        _note(session, held, Arrival(member=member, role="host"), known, way="duty", by=by, now=now)
    if queries.code_of(session, there) is None:
        _new_code(session, held, by=by, now=now)
    session.flush()


def _check_on_duty(
    session: Session, held: Held, on_duty: Sequence[Member], known: queries.Known
) -> None:
    if not on_duty:
        raise NobodyOnDutyError
    if known.kept_out:
        raise SpeakToTheLeadError
    if held.group.needs_staff and not known.paid and not queries.has_staff(session, held.session):
        raise NobodyOfStaffError


def _check_named(held: Held, version: int) -> None:
    if held.group.rules_version and not version:
        raise BoundariesNotNamedError
    if held.group.rules_version and version != held.group.rules_version:
        raise RulesChangedError(held.group.rules_version)


def lock(session: Session, held: Held, who: Standing | None, *, alone: bool) -> Held:
    """Take hold of a session's row, so that it is not closed meanwhile, for whoever may.

    Args:
        session: The open unit of work.
        held: The session.
        who: What the caller is to it; None where somebody checks themselves in.
        alone: Whether nobody else may do anything with it at the same time.

    Raises:
        NotYoursToHoldError: If the caller holds none of the group's sessions.
    """
    if who is not None and not may_host(who):
        raise NotYoursToHoldError
    session.flush()
    there = held.session
    return queries.held(session, there.community_id, there.id, lock="alone" if alone else "shared")


# ------------------------------------------------------------------------------ by name


def check_in(  # noqa: PLR0913 - called by keywords: who, how, when
    session: Session,
    held: Held,
    member: Member,
    *,
    way: str,
    by: Member,
    who: Standing | None,
    now: dt.datetime,
    role: str = "participant",
    minutes: int | None = None,
    heard_version: int | None = None,
    client_key: uuid.UUID | None = None,
    late: bool = False,
) -> SessionAttendance:
    """Note that somebody is there; again changes nothing.

    Args:
        session: The open unit of work; never committed here.
        held: The session.
        member: Who came.
        way: How, one of `models.CHECK_IN_WAYS`.
        by: Who notes it: somebody at the door, or the member with the code of the day.
        who: What `by` is to the session; None where the member checks themselves in.
        now: When.
        role: One of `models.ROLES`; whoever holds it already goes on holding it.
        minutes: How long; None for the whole session.
        heard_version: The ground rules that were just gone through, aloud or on the page.
        client_key: Names the tap; one that was done is not done again, whatever came after it.
        late: Also after the closing; it counts once that is put right.

    Raises:
        NotYoursToHoldError: If `by` may not.
        NotOpenError: If the door is not open.
        SpeakToTheLeadError: If they stay away; no more is said.
        RulesFirstError: If they have to hear the ground rules first.
        RulesChangedError: If other rules hold by now.
        TooManyKnownError: If no more can be noted by name.
    """
    if who is None and by.id != member.id:
        raise NotYoursToHoldError
    held = lock(session, held, who, alone=False)
    check_open(held.session, late=late)
    is_new = client_key is None or taps.is_first_time(session, held, client_key, now=now)
    known = queries.known_of(session, held, [member.id])
    row = known.rows.get(member.id)
    if row is not None and (row.undone_at is None or not is_new):
        return row
    if member.id in known.kept_out:
        raise SpeakToTheLeadError
    _heard(session, held, member, heard_version, by=by, now=now)
    _check_room(session, held, 1)
    arrival = Arrival(member=member, role=role, minutes=minutes)
    return _note(session, held, arrival, known, way=way, by=by, now=now)


def check_in_all(
    session: Session,
    held: Held,
    arrivals: Sequence[Arrival],
    *,
    way: str,
    by: Member | None,
    who: Standing | None,
    now: dt.datetime,
    late: bool = False,
) -> list[Member]:
    """Note many at once, as a sheet of paper or a list has them: as many questions as for one.

    Whoever takes part has gone through the ground rules aloud, or the sheet would not say so; where
    `by` is None nobody says so. Whoever is there already stays as they are.

    Returns:
        Those who could not be noted, in order: the lead knows more.

    Raises:
        NotYoursToHoldError: If `by` may not.
        NotOpenError: If the door is not open.
        TooManyKnownError: If they are more than can be noted by name.
    """
    held = lock(session, held, who, alone=True)
    check_open(held.session, late=late)
    ids = [arrival.member.id for arrival in arrivals]
    known = queries.known_of(session, held, ids)
    coming = [
        arrival
        for arrival in {each.member.id: each for each in arrivals}.values()
        if arrival.member.id not in known.kept_out and not _is_there(known, arrival.member.id)
    ]
    _check_room(session, held, len(coming))
    if by is not None:
        _all_heard(session, held, [each.member.id for each in coming], by=by, now=now)
    fresh = [each for each in coming if each.member.id not in known.rows]
    if fresh:
        session.execute(
            sa.insert(SessionAttendance),
            [_columns(held, each, known, way=way, by=by, now=now) for each in fresh],
        )
    for arrival in coming:
        if arrival.member.id in known.rows:
            _note(session, held, arrival, known, way=way, by=by, now=now)
    session.flush()
    return [each.member for each in arrivals if each.member.id in known.kept_out]


def check_out(
    session: Session,
    held: Held,
    member: Member,
    *,
    who: Standing,
    now: dt.datetime,
    client_key: uuid.UUID | None = None,
    late: bool = False,
) -> None:
    """Take a check-in back: they were not there after all. Again changes nothing.

    Args:
        session: The open unit of work; never committed here.
        held: The session.
        member: Who.
        who: What whoever takes it back is to the session.
        now: When.
        client_key: Names the tap; whoever was let in again after it stays in.
        late: Also after the closing.

    Raises:
        NotYoursToHoldError, NotOpenError: As for `check_in`.
        NotThereError: If they were never noted.
    """
    held = lock(session, held, who, alone=False)
    check_open(held.session, late=late)
    is_new = client_key is None or taps.is_first_time(session, held, client_key, now=now)
    row = queries.known_of(session, held, [member.id]).rows.get(member.id)
    if row is None:
        raise NotThereError
    if is_new and row.undone_at is None:
        row.undone_at = now
    session.flush()


def set_stay(
    session: Session,
    held: Held,
    stays: Sequence[Arrival],
    *,
    who: Standing,
    whole_minutes: int | None = None,
) -> None:
    """Say what some who are there did and how long, such as who left early.

    After the closing it counts once that is put right.

    Args:
        session: The open unit of work; never committed here.
        held: The session.
        stays: Whom, what and how long. Whoever was there for the whole session is noted so, and
            stays for the whole of it whenever it is said to have ended.
        who: What the caller is to the session.
        whole_minutes: How long it lasted; None for what its closing says, or as planned.

    Raises:
        NotYoursToHoldError, NotOpenError: As for `check_in`.
        NotThereError: If one of them is not noted as being there.
    """
    held = lock(session, held, who, alone=True)
    check_open(held.session, late=True)
    rows = queries.known_of(session, held, [stay.member.id for stay in stays]).rows
    whole = whole_minutes or queries.whole_minutes(session, held.session)
    for stay in stays:
        row = rows.get(stay.member.id)
        if row is None or row.undone_at is not None:
            raise NotThereError
        row.role = stay.role
        row.minutes = None if stay.minutes == whole else stay.minutes
    session.flush()


def check_open(there: GroupSession, *, late: bool = False) -> None:
    """Refuse what needs an open door; `late` also takes what comes after the closing.

    Raises:
        NotOpenError, AlreadyClosedError: As their names say.
    """
    if there.state == "closed" and not late:
        raise AlreadyClosedError
    if there.state not in {"open", "closed"}:
        raise NotOpenError(there.state)


def _is_there(known: queries.Known, member_id: uuid.UUID) -> bool:
    row = known.rows.get(member_id)
    return row is not None and row.undone_at is None


def _check_room(session: Session, held: Held, coming: int) -> None:
    if queries.counts(session, held.session).known + coming > KNOWN_MAX:
        raise TooManyKnownError


def _heard(
    session: Session,
    held: Held,
    member: Member,
    version: int | None,
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Note that somebody took in the ground rules; refuse whoever still has to."""
    if version is not None:
        groups.acknowledge(session, held.group, member, version=version, by=by, now=now)
    elif group_queries.must_hear(session, held.group, [member.id]):
        raise RulesFirstError(held.group.rules_version)


def _all_heard(
    session: Session,
    held: Held,
    member_ids: Collection[uuid.UUID],
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    groups.acknowledge_aloud(session, held.group, member_ids, by=by, now=now)


def _note(
    session: Session,
    held: Held,
    arrival: Arrival,
    known: queries.Known,
    *,
    way: str,
    by: Member | None,
    now: dt.datetime,
) -> SessionAttendance:
    """Write the row of somebody who came in, or the one that was taken back anew."""
    columns = _columns(held, arrival, known, way=way, by=by, now=now)
    row = known.rows.get(arrival.member.id)
    if row is None:
        row = SessionAttendance(**columns)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            # Two taps at the same moment, at two doors: both are the one who came in.
            rows = queries.known_of(session, held, [arrival.member.id]).rows
            return rows[arrival.member.id]
        return row
    if way == "duty":
        # Whoever is on duty holds it, also where they were let in as one of the others before.
        columns["role"] = "both" if row.role == "both" else "host"
    for name, value in columns.items():
        if name != "id":
            setattr(row, name, value)
    row.undone_at = None
    return row


def _columns(
    held: Held,
    arrival: Arrival,
    known: queries.Known,
    *,
    way: str,
    by: Member | None,
    now: dt.datetime,
) -> dict[str, object]:
    member_id = arrival.member.id
    return {
        "community_id": held.session.community_id,
        "id": new_id(),
        "session_id": held.session.id,
        "member_id": member_id,
        "role": arrival.role,
        "minutes": arrival.minutes,
        "is_paid": member_id in known.paid,
        "is_first": member_id not in known.were_before,
        "way": way,
        "by_id": by.id if by is not None else None,
        "at": now,
    }


# --------------------------------------------------------------------------------- codes


def make_code(
    session: Session, held: Held, *, by: Member, who: Standing, now: dt.datetime
) -> SessionCode:
    """Give a session a code for its poster; one made before stops counting.

    Raises:
        NotYoursToHoldError: If `by` may not.
        NotOpenError: If the session is over or off.
        TooEarlyToOpenError: If it is further away than a code is good for.
    """
    held = lock(session, held, who, alone=True)
    there = held.session
    if there.state not in {"planned", "open"} or there.is_off:
        raise NotOpenError("cancelled" if there.is_off else there.state)
    if now < policy.printed_from(there):
        raise TooEarlyToOpenError(policy.printed_from(there))
    return _new_code(session, held, by=by, now=now)


def _new_code(session: Session, held: Held, *, by: Member, now: dt.datetime) -> SessionCode:
    there = held.session
    code = SessionCode(
        community_id=there.community_id,
        id=new_id(),
        session_id=there.id,
        day_on=there.day_on,
        token=policy.new_token(),
        digits=policy.new_digits(queries.digits_taken(session, there.community_id, there.day_on)),
        by_id=by.id,
        at=now,
    )
    session.add(code)
    session.flush()
    return code
