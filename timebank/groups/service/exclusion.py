"""Decide that somebody stays away from one group for a time, look at it again, hear an appeal."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.groups import queries
from timebank.groups.errors import (
    DayOutOfRangeError,
    NotAskedError,
    NotYoursToRunError,
    WordsMissingError,
)
from timebank.groups.models import DAYS_MAX, Exclusion, Group
from timebank.groups.policy.exclusion import may_answer_appeal, may_exclude, may_look_again
from timebank.groups.policy.standing import Standing
from timebank.groups.service import telling
from timebank.groups.service.running import check_runs
from timebank.members.models import Member

DAY = dt.timedelta(days=1)


def exclude(  # noqa: PLR0913 - called by keywords: whom, until when, why
    session: Session,
    group: Group,
    member: Member,
    *,
    until_on: dt.date,
    review_on: dt.date,
    reason: str,
    by: Member,
    who: Standing,
    today: dt.date,
    now: dt.datetime,
) -> Exclusion:
    """Decide that a member stays away from this group from today to a day, and no longer.

    Nothing of it shows anywhere else. The member is told that there is something to read, reads the
    reason on a page of their own, and may appeal.

    Raises:
        NotYoursToRunError: If `by` does not run the group, or means themselves.
        GroupEndedError: If the group has ended.
        WordsMissingError: If there is no reason.
        DayOutOfRangeError: If it would end before today or after a year, or be looked at too late.
    """
    check_runs(group, who)
    if not may_exclude(who, by_id=by.id, member_id=member.id):
        raise NotYoursToRunError
    if not reason.strip():
        raise WordsMissingError
    last = today + DAYS_MAX * DAY
    if not today <= until_on <= last:
        raise DayOutOfRangeError(today, last)
    if not today <= review_on <= until_on:
        raise DayOutOfRangeError(today, until_on)
    decision = Exclusion(
        community_id=group.community_id,
        group_id=group.id,
        member_id=member.id,
        from_on=today,
        until_on=until_on,
        review_on=review_on,
        reason=reason.strip(),
        decided_by_id=by.id,
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    telling.tell(
        session, group, [member], "group-word", now=now, path=telling.path_of(group, "/away")
    )
    return decision


def review(
    group: Group,
    decision: Exclusion,
    *,
    words: str,
    next_review_on: dt.date,
    by: Member,
    who: Standing,
    today: dt.date,
) -> None:
    """Look at a decision again and let it stand, with the day of the next look.

    Raises:
        NotYoursToRunError: If `by` does not run the group, or it is about themselves.
        GroupEndedError, WordsMissingError: As their names say.
        DayOutOfRangeError: If the next look would come after the end.
    """
    _check_looks_again(group, decision, by, who)
    if not words.strip():
        raise WordsMissingError
    if not today <= next_review_on <= decision.until_on:
        raise DayOutOfRangeError(today, decision.until_on)
    decision.reviewed_on, decision.reviewed_by_id = today, by.id
    decision.review_words, decision.review_on = words.strip(), next_review_on


def lift(
    session: Session,
    group: Group,
    decision: Exclusion,
    *,
    words: str,
    by: Member,
    who: Standing,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """End a decision before its day; from now on the door is open again.

    Raises:
        NotYoursToRunError: If `by` does not run the group, or it is about themselves.
        GroupEndedError, WordsMissingError: As their names say.
        NotAskedError: If it does not hold any more.
    """
    _check_looks_again(group, decision, by, who)
    if not words.strip():
        raise WordsMissingError
    if not decision.holds_on(today):
        raise NotAskedError
    decision.lifted_on = today
    decision.reviewed_on, decision.reviewed_by_id = today, by.id
    decision.review_words = words.strip()
    _tell_member(session, group, decision, now=now)


def appeal(
    session: Session,
    group: Group,
    decision: Exclusion,
    *,
    words: str,
    by: Member,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Ask, as the member, that somebody else looks at a decision.

    Raises:
        NotYoursToRunError: If it is about somebody else.
        WordsMissingError: If nothing is said.
        NotAskedError: If it does not hold any more, or was appealed before.
    """
    if decision.member_id != by.id:
        raise NotYoursToRunError
    if not words.strip():
        raise WordsMissingError
    if decision.appealed_at is not None or not decision.holds_on(today):
        raise NotAskedError
    decision.appealed_at, decision.appeal_words = now, words.strip()
    answering = {each.id: each for each in telling.coordinators(session, group)}
    answering |= {each.id: each for each in queries.acting_leads(session, group, now=now)}
    telling.tell(
        session,
        group,
        [each for each in answering.values() if each.id != decision.decided_by_id],
        "group-appeal",
        by=by,
        now=now,
        topic=telling.TOPIC_WORK,
        path=telling.path_of(group, "/apart"),
    )


def answer_appeal(  # noqa: PLR0913 - as above
    session: Session,
    group: Group,
    decision: Exclusion,
    *,
    outcome: str,
    words: str,
    until_on: dt.date | None,
    by: Member,
    who: Standing,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Answer an appeal, as somebody who did not decide: it stands, ends sooner, or is lifted.

    Raises:
        NotYoursToRunError: If `by` decided it themselves, or does not run the group.
        GroupEndedError, WordsMissingError: As their names say.
        NotAskedError: If nobody appealed, or it was answered before.
        DayOutOfRangeError: If a shorter end is not a shorter one.
    """
    check_runs(group, who)
    if not may_answer_appeal(decision, who, by_id=by.id):
        raise NotYoursToRunError
    if not words.strip():
        raise WordsMissingError
    if decision.appealed_at is None or decision.appeal_outcome is not None:
        raise NotAskedError
    if outcome == "shortened":
        if until_on is None or not today <= until_on < decision.until_on:
            raise DayOutOfRangeError(today, decision.until_on - DAY)
        decision.review_on = min(decision.review_on, until_on)
        decision.until_on = until_on
    if outcome == "lifted":
        decision.lifted_on = today
    decision.appeal_outcome, decision.appeal_answer = outcome, words.strip()
    decision.appeal_answered_by_id, decision.appeal_answered_at = by.id, now
    _tell_member(session, group, decision, now=now)


def _check_looks_again(group: Group, decision: Exclusion, by: Member, who: Standing) -> None:
    check_runs(group, who)
    if not may_look_again(decision, who, by_id=by.id):
        raise NotYoursToRunError


def _tell_member(session: Session, group: Group, decision: Exclusion, *, now: dt.datetime) -> None:
    member = session.get_one(Member, (group.community_id, decision.member_id))
    telling.tell(
        session, group, [member], "group-word", now=now, path=telling.path_of(group, "/away")
    )
