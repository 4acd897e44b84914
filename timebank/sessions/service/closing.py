"""Close a session and post what it moves, once; put a closing right by another one."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.exchanges import service as exchanges
from timebank.groups import queries as group_queries
from timebank.groups import service as groups
from timebank.groups.policy import crediting
from timebank.groups.policy.shares import Leg
from timebank.groups.policy.standing import Standing, may_run
from timebank.hours import queries as hour_queries
from timebank.hours import service as hours
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.errors import (
    AlreadyClosedError,
    ChangedMeanwhileError,
    FewerThanKnownError,
    MoreFirstTimersThanPeopleError,
    NobodyCountedError,
    NotClosedYetError,
    NothingToPutRightError,
    NotOpenError,
    NotYoursToHoldError,
    ReasonNeededError,
)
from timebank.sessions.models import (
    CONTACTS_MAX,
    TOPICS,
    ClosingPerson,
    ClosingShare,
    GroupSession,
    SessionClosing,
)
from timebank.sessions.policy import closing as policy
from timebank.sessions.policy import ending
from timebank.sessions.queries import Draft, Held
from timebank.sessions.service import telling
from timebank.sessions.service.door import lock
from timebank.sessions.service.once import check_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What whoever closes a session says of it.

    Attributes:
        contacts: Everybody who was there; None for what the door counted.
        first_timers: How many for the first time; None likewise.
        topics: Keys of `models.TOPICS`.
        topic_words: More of it, in words.
        follow_up: What somebody has to see to, for those who hold and run the group alone.
        ended_at: When it ended; None for as planned.
    """

    contacts: int | None = None
    first_timers: int | None = None
    topics: Sequence[str] = ()
    topic_words: str = ""
    follow_up: str = ""
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Posted:
    entry_id: uuid.UUID | None
    reversal_id: uuid.UUID | None = None


def close_session(
    session: Session,
    community: Community,
    held: Held,
    came: Came,
    *,
    by: Member | None,
    who: Standing | None,
    now: dt.datetime,
    seen: str | None = None,
) -> SessionClosing:
    """Close a session and post what its group's rule of that day moves: all of it or nothing.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        held: The session, as `queries.held` found it.
        came: What whoever closes it says.
        by: Who closes it; None where a list is brought in.
        who: What `by` is to the session; None likewise.
        now: When.
        seen: The fingerprint of the page they looked at; None where nobody looked.

    Raises:
        NotYoursToHoldError: If `by` may not.
        AlreadyClosedError: If somebody did in the meantime.
        NotOpenError: If it was never opened.
        EndOutOfRangeError: If it can not have ended then.
        ChangedMeanwhileError: If somebody came or went after the page was shown.
        FewerThanKnownError, MoreFirstTimersThanPeopleError, NobodyCountedError: If the figures
            do not fit.
        CountedElsewhereError: If hours moved at another session for somebody's time already.
        TooFewHoursError: If a pot, or somebody who takes part, may not go that low.
        RefusalError: As `groups.service.post_session` does.
    """
    held = lock(session, held, who, alone=True)
    there = held.session
    if there.state == "closed":
        raise AlreadyClosedError
    if there.state != "open":
        raise NotOpenError(there.state)
    ended_at = _end(there, came, now=now)
    draft = queries.draft(session, held, ended_at=ended_at)
    if seen is not None and seen != draft.fingerprint:
        raise ChangedMeanwhileError
    contacts, first_timers = _figures(came, draft)
    check_once(session, held, draft, ended_at=ended_at)
    entry_id = groups.post_session(
        session,
        community,
        draft.terms,
        policy.attendances(draft.terms, draft.people),
        draft.pots,
        key=_key(held, 1),
        happened_on=there.day_on,
        by=by,
        now=now,
    )
    there.state, there.closed_at = "closed", now
    there.closed_by_id = by.id if by is not None else there.opened_by_id
    closing = _closing(held, draft, came, version=1, contacts=contacts, first_timers=first_timers)
    closing.entry_id, closing.ended_at = entry_id, ended_at
    return _write(session, held, draft, closing, by=by, now=now)


def correct_session(
    session: Session,
    community: Community,
    held: Held,
    came: Came,
    *,
    reason: str,
    by: Member,
    who: Standing,
    now: dt.datetime,
    seen: str | None = None,
) -> SessionClosing:
    """Put a closing right: what was posted is moved back, and what is right is posted, in one act.

    What was noted at the door counts as it is now. The rule stays the one it was closed by. Those
    whose hours change are told, and the leads of every group that held it; the closing before stays
    to be read.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        held: The session.
        came: What it came to in truth.
        reason: Why; those whose hours change read it.
        by: Who puts it right: a lead or a coordinator.
        who: What `by` is to the session.
        now: When.
        seen: As for `close_session`.

    Raises:
        NotYoursToHoldError: If `by` does not run one of its groups.
        NotClosedYetError: If it was not closed.
        ReasonNeededError: If nobody could read why.
        NothingToPutRightError: If everything would stay as it is.
        RefusalError: As `close_session` and `hours.service.correct`.
    """
    if not may_run(who):
        raise NotYoursToHoldError
    held = lock(session, held, who, alone=True)
    earlier = queries.closing_of(session, held.session)
    if held.session.state != "closed" or earlier is None:
        raise NotClosedYetError
    if not reason.strip():
        raise ReasonNeededError
    before = legs_of_entry(session, community, earlier.entry_id)
    ended_at = _end(held.session, came, now=now)
    draft = queries.draft(
        session,
        held,
        ended_at=ended_at,
        rule_version=earlier.rule_version,
        reached=policy.moved_by(before),
    )
    if seen is not None and seen != draft.fingerprint:
        raise ChangedMeanwhileError
    contacts, first_timers = _figures(came, draft)
    closing = _closing(
        held,
        draft,
        came,
        version=earlier.version + 1,
        contacts=contacts,
        first_timers=first_timers,
    )
    closing.reason, closing.ended_at = reason.strip(), ended_at
    if _is_same(session, earlier, closing, draft, before):
        raise NothingToPutRightError
    if tuple(before) != tuple(draft.legs):
        check_once(session, held, draft, ended_at=ended_at)
    posted = _post_again(session, community, held, earlier, closing, draft, before, by=by, now=now)
    closing.entry_id, closing.reversal_id = posted.entry_id, posted.reversal_id
    _write(session, held, draft, closing, by=by, now=now)
    _tell(session, held, draft, before, closing, by=by, now=now)
    return closing


def legs_of_entry(
    session: Session, community: Community, entry_id: uuid.UUID | None
) -> tuple[Leg, ...]:
    """Return what an entry of the books moved, or nothing where it does not stand."""
    if entry_id is None:
        return ()
    entry = hour_queries.entry(session, community.id, entry_id)
    return tuple((leg.payer_code, leg.payee_code, leg.minutes) for leg in entry.legs)


def _key(held: Held, version: int) -> str:
    """Name the booking of a closing for ever."""
    return f"session:{held.session.id}:closing:{version}"


def _end(there: GroupSession, came: Came, *, now: dt.datetime) -> dt.datetime | None:
    """Return when a session ended, None for as planned, or refuse what can not be."""
    if came.ended_at is None or came.ended_at == there.ends_at:
        return None
    ending.check_end(there, came.ended_at, now=now)
    return came.ended_at


def _figures(came: Came, draft: Draft) -> tuple[int, int]:
    """Return how many came and how many for the first time, or refuse what can not be."""
    contacts = draft.counts.contacts if came.contacts is None else came.contacts
    first = draft.counts.first_timers if came.first_timers is None else came.first_timers
    if not 0 <= contacts <= CONTACTS_MAX:
        raise NobodyCountedError
    if contacts < draft.counts.known:
        raise FewerThanKnownError(draft.counts.known)
    if not 0 <= first <= contacts:
        raise MoreFirstTimersThanPeopleError
    return contacts, first


def _closing(
    held: Held, draft: Draft, came: Came, *, version: int, contacts: int, first_timers: int
) -> SessionClosing:
    return SessionClosing(
        community_id=held.session.community_id,
        id=new_id(),
        session_id=held.session.id,
        version=version,
        entry_id=None,
        reversal_id=None,
        rule_version=draft.rule.version if draft.rule is not None else 0,
        contacts=contacts,
        known=draft.counts.known,
        first_timers=first_timers,
        counted=draft.counts.contacts,
        topics=",".join(key for key in TOPICS if key in came.topics),
        topic_words=came.topic_words.strip(),
        follow_up=came.follow_up.strip(),
        reason="",
    )


def _write(
    session: Session,
    held: Held,
    draft: Draft,
    closing: SessionClosing,
    *,
    by: Member | None,
    now: dt.datetime,
) -> SessionClosing:
    """Write a closing down with everybody in it and each group's share; three questions in all."""
    closing.by_id, closing.at = by.id if by is not None else None, now
    session.add(closing)
    session.flush()
    key = {"community_id": closing.community_id, "closing_id": closing.id}
    if draft.people:
        session.execute(
            sa.insert(ClosingPerson),
            [
                key
                | {
                    "member_id": person.member_id,
                    "role": person.role,
                    "minutes": person.minutes,
                    "is_paid": person.is_paid,
                    "is_first": person.is_first,
                }
                for person in draft.people
            ],
        )
    shares = policy.share_out(
        [group.id for group in held.groups],
        [pot.parts for pot in draft.pots],
        contacts=closing.contacts,
        hosted=policy.hosted_minutes(draft.people),
    )
    session.execute(
        sa.insert(ClosingShare),
        [
            key
            | {
                "group_id": share.group_id,
                "parts": share.parts,
                "contacts": share.contacts,
                "hosted_minutes": share.hosted_minutes,
            }
            for share in shares
        ],
    )
    return closing


def _is_same(
    session: Session,
    earlier: SessionClosing,
    closing: SessionClosing,
    draft: Draft,
    before: Sequence[Leg],
) -> bool:
    """Tell whether putting it right would change nothing at all."""
    names = ("ended_at", "contacts", "known", "first_timers", "topics", "topic_words", "follow_up")
    if tuple(before) != tuple(draft.legs):
        return False
    if any(getattr(earlier, name) != getattr(closing, name) for name in names):
        return False
    there = {
        (person.member_id, person.role, person.minutes, person.is_paid)
        for person, _member in queries.people_of(session, earlier)
    }
    return there == {
        (person.member_id, person.role, person.minutes, person.is_paid) for person in draft.people
    }


def _post_again(
    session: Session,
    community: Community,
    held: Held,
    earlier: SessionClosing,
    closing: SessionClosing,
    draft: Draft,
    before: Sequence[Leg],
    *,
    by: Member,
    now: dt.datetime,
) -> _Posted:
    """Move back what was posted and post what is right; what stays the same is left alone."""
    key = _key(held, closing.version)
    if tuple(before) == tuple(draft.legs):
        return _Posted(earlier.entry_id)
    if earlier.entry_id is None:
        return _Posted(
            groups.post_session(
                session,
                community,
                draft.terms,
                policy.attendances(draft.terms, draft.people),
                draft.pots,
                key=key,
                happened_on=held.session.day_on,
                by=by,
                now=now,
            )
        )
    if not draft.legs:
        back = hours.take_back(
            session,
            community,
            earlier.entry_id,
            reason=closing.reason,
            key=f"{key}:back",
            by=by,
            now=now,
        )
        exchanges.flag_overdrawn(session, community, back.entry_id, back.overdrawn, now=now)
        return _Posted(None, back.entry_id)
    right = hours.correct(
        session,
        community,
        earlier.entry_id,
        legs=draft.legs,
        happened_on=held.session.day_on,
        category=crediting.category_of(draft.terms),
        reason=closing.reason,
        key=key,
        by=by,
        now=now,
    )
    back_id = right.reversal.entry_id
    exchanges.flag_overdrawn(session, community, back_id, right.overdrawn, now=now)
    return _Posted(right.replacement.entry_id, back_id)


def _tell(
    session: Session,
    held: Held,
    draft: Draft,
    before: Sequence[Leg],
    closing: SessionClosing,
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Tell those whose hours change, and the leads of every group that held it."""
    changed = policy.changed_codes(policy.moved_by(before), policy.moved_by(draft.legs))
    members = {
        member.account_code: member for _person, member in _everybody(session, held, closing)
    }
    theirs = [members[code] for code in sorted(changed & members.keys())]
    told = {member.id for member in theirs}
    leads = {
        lead.id: lead
        for group in held.groups
        for lead in group_queries.acting_leads(session, group, now=now)
    }
    others = [lead for key, lead in leads.items() if key not in told]
    for people, kind in ((theirs, "session-hours-changed"), (others, "session-put-right")):
        telling.tell(
            session,
            people,
            kind,
            title=held.session.title,
            group=held.group,
            path=telling.path_of(held.session),
            now=now,
            by=by,
        )


def _everybody(
    session: Session, held: Held, closing: SessionClosing
) -> list[tuple[object, Member]]:
    """Return who is in any version of the closing, so that whoever was taken out is told too."""
    found: list[tuple[object, Member]] = []
    for version in queries.closings(session, held.session):
        if version.version >= closing.version - 1:
            found += queries.people_of(session, version)
    return found
