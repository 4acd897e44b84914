"""Two groups get to know each other: one asks, the other says yes; terms likewise."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups import queries
from timebank.groups.errors import (
    AlreadyConnectedError,
    GroupEndedError,
    NotAskedError,
    NotYoursToRunError,
    SameGroupError,
)
from timebank.groups.models import Group, Tie, TieTerms
from timebank.groups.policy.standing import Standing
from timebank.groups.service import telling
from timebank.groups.service.running import check_runs
from timebank.members.models import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What one group proposes to another.

    Attributes:
        own_parts: Parts of the one that proposes, of sessions held together.
        other_parts: Parts of the other.
        mutual_minutes: How far apart their pots may be.
        words: What they want to do together.
    """

    own_parts: int = 1
    other_parts: int = 1
    mutual_minutes: int = 0
    words: str = ""


def connect(
    session: Session,
    group: Group,
    other: Group,
    agreement: Agreement,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> Tie:
    """Ask another group to be connected; its leads answer.

    Raises:
        NotYoursToRunError, GroupEndedError, SameGroupError: As their names say.
        AlreadyConnectedError: If they are, or one of them has asked already.
    """
    check_runs(group, who)
    if not other.is_open:
        raise GroupEndedError
    if group.id == other.id:
        raise SameGroupError
    # Both may ask at the same moment: the pair's first group is where one waits for the other.
    session.flush()
    session.refresh(min(group, other, key=lambda each: each.id), with_for_update=True)
    tie = queries.tie_between(session, group, other)
    if tie is not None and tie.state in {"asked", "joined"}:
        raise AlreadyConnectedError
    if tie is None:
        first_id, second_id = sorted((group.id, other.id))
        tie = Tie(
            community_id=group.community_id, id=new_id(), first_id=first_id, second_id=second_id
        )
        session.add(tie)
    tie.asking_id, tie.state, tie.since_at = group.id, "asked", now
    session.flush()
    _put_forward(session, tie, group, agreement, by=by, now=now)
    _tell(session, other, group, "group-tie-asked", by=by, now=now)
    return tie


def propose_terms(
    session: Session,
    group: Group,
    other: Group,
    agreement: Agreement,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> TieTerms:
    """Propose other terms to a connected group; the ones before hold until it says yes.

    Raises:
        NotYoursToRunError, GroupEndedError, TieNotFoundError: As their names say.
        NotAskedError: If they are not connected.
        AlreadyConnectedError: If a proposal waits already.
    """
    check_runs(group, who)
    tie = queries.tie(session, group, other)
    if tie.state != "joined":
        raise NotAskedError
    if _waiting(session, tie) is not None:
        raise AlreadyConnectedError
    terms = _put_forward(session, tie, group, agreement, by=by, now=now)
    _tell(session, other, group, "group-tie-terms", by=by, now=now)
    return terms


def answer_tie(
    session: Session,
    group: Group,
    other: Group,
    *,
    yes: bool,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> TieTerms:
    """Say yes or no, for `group`, to what `other` proposed.

    Raises:
        NotYoursToRunError, GroupEndedError, TieNotFoundError: As their names say.
        NotAskedError: If nothing waits for this group's answer.
    """
    check_runs(group, who)
    tie = queries.tie(session, group, other)
    session.refresh(tie, with_for_update=True)
    terms = _waiting(session, tie)
    if terms is None or terms.proposing_id == group.id:
        raise NotAskedError
    terms.is_agreed, terms.answered_by_id, terms.answered_at = yes, by.id, now
    if tie.state == "asked":
        tie.state, tie.since_at = "joined" if yes else "declined", now
    session.flush()
    _tell(session, other, group, f"group-tie-{'yes' if yes else 'no'}", by=by, now=now)
    return terms


def end_tie(
    session: Session, group: Group, other: Group, *, by: Member, who: Standing, now: dt.datetime
) -> None:
    """End a connection, or take back the question; either group may. What was shared stays so.

    Raises:
        NotYoursToRunError, TieNotFoundError: As their names say.
        NotAskedError: If there is none.
    """
    if not (who.part == "lead" or who.is_coordinator):
        raise NotYoursToRunError
    tie = queries.tie(session, group, other)
    if tie.state not in {"asked", "joined"}:
        raise NotAskedError
    waiting = _waiting(session, tie)
    if waiting is not None:
        waiting.is_agreed, waiting.answered_by_id, waiting.answered_at = False, by.id, now
    tie.state, tie.since_at = "ended", now
    _tell(session, other, group, "group-tie-ended", by=by, now=now)


def _waiting(session: Session, tie: Tie) -> TieTerms | None:
    """Return the proposal that waits for an answer: at most the latest does."""
    latest = queries.every_terms(session, tie)[0]
    return latest if latest.is_agreed is None else None


def _put_forward(
    session: Session,
    tie: Tie,
    group: Group,
    agreement: Agreement,
    *,
    by: Member,
    now: dt.datetime,
) -> TieTerms:
    earlier = queries.every_terms(session, tie)
    parts = (agreement.own_parts, agreement.other_parts)
    first, second = parts if group.id == tie.first_id else parts[::-1]
    terms = TieTerms(
        community_id=tie.community_id,
        tie_id=tie.id,
        version=earlier[0].version + 1 if earlier else 1,
        first_parts=first,
        second_parts=second,
        mutual_minutes=agreement.mutual_minutes,
        words=agreement.words,
        proposing_id=group.id,
        proposed_by_id=by.id,
        proposed_at=now,
    )
    session.add(terms)
    session.flush()
    return terms


def _tell(
    session: Session, group: Group, about: Group, kind: str, *, by: Member, now: dt.datetime
) -> None:
    """Tell the leads of a group what another did; the page is their side of it."""
    telling.tell(
        session,
        group,
        queries.acting_leads(session, group, now=now),
        kind,
        by=by,
        now=now,
        path=telling.path_of(group, f"/with/{about.slug}"),
        other=about.name,
    )
