"""Bring in what a calendar file plans: once, however often it comes."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.errors import DayOutOfRangeError
from timebank.groups.models import Group, Venue
from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.calendars.reading import Change, Once, Plan, Remark
from timebank.sessions.errors import ClosedThatDayError, NeverHappensError, OverAlreadyError
from timebank.sessions.models import GroupSession, ImportedSession, Series
from timebank.sessions.policy import planning, repeating
from timebank.sessions.service.one_date import (
    Time,
    cancel_session,
    change_session,
    details_of,
    time_of,
)
from timebank.sessions.service.planning import (
    Repeat,
    SessionDetails,
    check_plans,
    make_ahead,
    plan_series,
    plan_session,
)
from timebank.sessions.service.series import change_series, end_series, repeat_of

#: What becomes of an event: it is new here, differs from what is here, is here already, was taken
#: back in the file, or is left out.
FATES = ("new", "changed", "known", "taken back", "left out")
#: Dates of a series that are moved or cancelled further ahead than this wait for the next time.
AHEAD = dt.timedelta(days=731)
#: What refuses a plan, as a remark on its event.
CODES: Mapping[type[RefusalError], str] = {
    ClosedThatDayError: "closed",
    NeverHappensError: "never",
    OverAlreadyError: "over",
    DayOutOfRangeError: "far ahead",
}
ONLINE = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an event, or would.

    Attributes:
        session_count: How many single sessions it is, beside its series.
    """

    plan: Plan
    fate: str
    session_count: int


@dataclass(slots=True)
class Brought:
    """What became of a file."""

    fates: list[Fate] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def count(self, fate: str) -> int:
        """Return how many events had this fate."""
        return sum(each.fate == fate for each in self.fates)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Into:
    """Where everything of one file goes, on whose word."""

    session: Session
    community: Community
    group: Group
    by: Member
    who: Standing
    now: dt.datetime
    is_public: bool
    taken_back: str
    venues: dict[str, Venue]


def bring_in(
    session: Session,
    community: Community,
    group: Group,
    plans: Sequence[Plan],
    *,
    is_public: bool,
    taken_back: str,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> Brought:
    """Bring in plans; an event that came before is changed where it differs, and never doubled.

    Only dates to come change, and none that was opened. What is in no file any more stays.

    Args:
        session: The open unit of work; never committed here.
        community: Whose clock on the wall the plans are on.
        group: Who holds it all.
        plans: From `calendars.reading`.
        is_public: Whether visitors may know of what is new.
        taken_back: What those who signed up read where the file takes a date back.
        by: Who brings it in.
        who: What `by` is to the group.
        now: When.

    Raises:
        NotYoursToPlanError, GroupEndedError: As their names say.
    """
    check_plans(group, who)
    places = {venue.name.casefold(): venue for venue in groups.venues(session, community.id)}
    into = _Into(
        session=session,
        community=community,
        group=group,
        by=by,
        who=who,
        now=now,
        is_public=is_public,
        taken_back=taken_back,
        venues=places,
    )
    brought = Brought()
    for plan in plans:
        try:
            # One that is refused leaves nothing behind.
            with session.begin_nested():
                fate = _bring(into, plan)
        except RefusalError as refusal:
            fate, code = "left out", CODES.get(type(refusal), "refused")
            brought.remarks.append(Remark(plan.line, plan.title, code, is_bad=True))
        if fate == "left out" and plan.is_cancelled:
            brought.remarks.append(Remark(plan.line, plan.title, "cancelled", is_bad=True))
        brought.fates.append(Fate(plan, fate, len(plan.once)))
    return brought


def _bring(into: _Into, plan: Plan) -> str:
    """Bring in one event and return its fate."""
    series = queries.series_from(into.session, into.group, plan.uid)
    known = queries.imported(into.session, into.group, _keys(plan))
    if plan.is_cancelled:
        return _take_back(into, series, list(known.values()))
    is_new = series is None and not known
    has_changed = False
    for once, key in zip(plan.once, _keys(plan), strict=False):
        has_changed |= _bring_once(into, plan, once, key, known.get(key))
    if plan.repeats is not None:
        has_changed |= _bring_series(into, plan, series)
    if is_new:
        return "new"
    return "changed" if has_changed else "known"


def _keys(plan: Plan) -> list[str]:
    """Return the fingerprints of an event's single dates, in their order.

    An event with one date keeps its fingerprint when the date moves.
    """
    is_single = plan.repeats is None and len(plan.once) <= 1
    dates = [""] if is_single else [once.starts.isoformat() for once in plan.once]
    return [hashlib.sha256(f"{plan.uid}\x1f{each}".encode()).hexdigest() for each in dates]


# ----------------------------------------------------------------------------- single dates


def _bring_once(
    into: _Into, plan: Plan, once: Once, key: str, planned: GroupSession | None
) -> bool:
    """Plan a single date, or bring the one that is here in line; tell whether anything changed."""
    time = _time(once)
    if planned is not None:
        return _align(into, planned, time, _details(into, plan, before=planned))
    made = plan_session(
        into.session,
        into.community,
        into.group,
        _details(into, plan, before=None),
        day_on=time.day_on,
        starts_minute=time.starts_minute,
        length_minutes=time.length_minutes,
        who=into.who,
        now=into.now,
    )
    into.session.add(
        ImportedSession(
            community_id=into.community.id,
            id=new_id(),
            group_id=into.group.id,
            source_key=key,
            session_id=made.id,
        )
    )
    into.session.flush()
    return True


def _align(into: _Into, planned: GroupSession, time: Time, details: SessionDetails) -> bool:
    """Bring a date in line with the file, unless it is over, opened or cancelled here."""
    if not planning.is_to_come(planned, into.now):
        return False
    if time == time_of(into.community, planned) and details == details_of(planned):
        return False
    change_session(
        into.session,
        into.community,
        into.group,
        planned,
        details,
        time,
        by=into.by,
        who=into.who,
        now=into.now,
    )
    return True


def _time(once: Once) -> Time:
    return Time(
        day_on=once.starts.date(),
        starts_minute=once.starts.hour * 60 + once.starts.minute,
        length_minutes=once.length_minutes,
    )


# ----------------------------------------------------------------------------------- series


def _bring_series(into: _Into, plan: Plan, series: Series | None) -> bool:
    """Plan a series, or bring the one that is here in line; tell whether anything changed."""
    if series is not None and series.state != "running":
        return False
    repeat = _repeat(plan)
    if series is None:
        series = plan_series(
            into.session,
            into.community,
            into.group,
            _details(into, plan, before=None),
            repeat,
            by=into.by,
            who=into.who,
            now=into.now,
            source_uid=plan.uid,
        )
        has_changed = True
    else:
        has_changed = _align_series(into, plan, series, repeat)
    for change in plan.changes:
        has_changed |= _bring_change(into, series, change)
    return has_changed


def _repeat(plan: Plan) -> Repeat:
    happens = plan.repeats
    assert happens is not None  # noqa: S101 - whoever calls this has looked
    return Repeat(
        rrule=happens.rrule,
        starts_on=happens.starts_on,
        until_on=happens.until_on,
        starts_minute=happens.starts_minute,
        length_minutes=happens.length_minutes,
    )


def _align_series(into: _Into, plan: Plan, series: Series, repeat: Repeat) -> bool:
    details = _details(into, plan, before=series)
    if details == details_of(series) and _same_dates(repeat_of(series), repeat):
        return False
    change_series(
        into.session,
        into.community,
        into.group,
        series,
        details,
        repeat,
        by=into.by,
        who=into.who,
        now=into.now,
    )
    return True


def _same_dates(here: Repeat, there: Repeat) -> bool:
    """Tell whether two rules give the same dates to come; a file begins with the next one."""
    if replace(here, starts_on=there.starts_on) != there:
        return False
    return repeating.next_dates(
        here.rrule, here.starts_on, first_on=there.starts_on, limit=1
    ) == repeating.next_dates(there.rrule, there.starts_on, first_on=there.starts_on, limit=1)


def _bring_change(into: _Into, series: Series, change: Change) -> bool:
    """Move or cancel one date of a series; one that is too far ahead waits for the next time."""
    today = into.community.day_of(into.now)
    if change.occurrence_on > today + AHEAD:
        return False
    if series.made_until_on is None or series.made_until_on < change.occurrence_on:
        make_ahead(
            into.session, into.community, series, now=into.now, until_on=change.occurrence_on
        )
    planned = queries.session_on(into.session, series, change.occurrence_on)
    if planned is None or not planning.is_to_come(planned, into.now):
        return False
    if change.to is None:
        cancel_session(
            into.session,
            into.group,
            planned,
            into.taken_back,
            by=into.by,
            who=into.who,
            now=into.now,
        )
        return True
    details = replace(details_of(planned), title=change.title or planned.title)
    return _align(into, planned, _time(change.to), details)


def _take_back(into: _Into, series: Series | None, known: Sequence[GroupSession]) -> str:
    """End what the file says does not take place any more."""
    has_ended = False
    if series is not None and series.state == "running":
        end_series(into.session, into.group, series, by=into.by, who=into.who, now=into.now)
        has_ended = True
    for planned in known:
        if planning.is_to_come(planned, into.now):
            cancel_session(
                into.session,
                into.group,
                planned,
                into.taken_back,
                by=into.by,
                who=into.who,
                now=into.now,
            )
            has_ended = True
    if has_ended:
        return "taken back"
    return "left out" if series is None and not known else "known"


# ---------------------------------------------------------------------------------- details


def _details(into: _Into, plan: Plan, *, before: Series | GroupSession | None) -> SessionDetails:
    """Return what an event says about itself. What only we know of it stays as it is here."""
    venue = into.venues.get(plan.where.casefold())
    is_online = plan.where.startswith(ONLINE)
    place = SessionDetails(
        title=plan.title or into.group.name,
        words=plan.words,
        # Where nothing is said it is where the group meets.
        venue_id=venue.id if venue is not None else None if plan.where else into.group.venue_id,
        setting="online" if is_online else "community",
        where_words="" if venue is not None else plan.where,
        is_public=into.is_public,
    )
    if before is None:
        return place
    return replace(
        place,
        capacity=before.capacity,
        sign_up=before.sign_up,
        is_public=before.is_public,
        host_id=before.host_id,
    )
