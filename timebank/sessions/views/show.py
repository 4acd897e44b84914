"""One session, and signing up for it; the sessions of a group."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from timebank.clock import utc_now
from timebank.db import db
from timebank.groups import names as group_names
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.groups.policy.standing import VISITOR, Standing
from timebank.members.models import Member
from timebank.sessions import names, queries, service
from timebank.sessions.door_names import ROLE_NAMES
from timebank.sessions.errors import SessionNotFoundError
from timebank.sessions.models import GroupSession
from timebank.sessions.policy import planning
from timebank.sessions.queries import Coming, Count, Held, Meeting
from timebank.sessions.views.at_door import since_closing
from timebank.sessions.views.at_door import ways as door_ways
from timebank.sessions.views.frame import bp, check_goes_on, seen
from timebank.sessions.views.lines import is_member, lines_of, seen_by
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.filters import hours_label, today
from timebank.web.pages import page
from timebank.web.paging import BadCursorError, cut, key_of
from timebank.web.session import writes
from timebank.web.words import gettext as _

#: Sessions on the page of a group, and on its page of sessions.
NEXT_MAX = 4
LISTED_MAX = 20


def met(session_id: uuid.UUID) -> tuple[Meeting, Standing]:
    """Load a session that the caller may know of, or answer 404."""
    meeting = queries.meeting(db.session(), g.community.id, session_id)
    who = VISITOR
    if is_member():
        who = groups.standing_of(db.session(), meeting.group, g.member, g.roles, on=today())
    if not planning.may_see(meeting.group, who, meeting.session):
        raise SessionNotFoundError
    return meeting, who


def planning_of(session_id: uuid.UUID) -> tuple[Meeting, Standing]:
    """Load a session for a page of those who plan it; for anybody else it is not there."""
    meeting, who = met(session_id)
    if not planning.may_plan(who):
        raise SessionNotFoundError
    check_goes_on(meeting.group)
    return meeting, who


def to_session(planned: GroupSession) -> ResponseReturnValue:
    """Go to the page of a session."""
    return redirect(url_for("sessions.show", session_id=planned.id), code=303)


@bp.get("/sessions/<uuid:session_id>")
@access(Access.ANYONE)
def show(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show a session: when, where, who holds it, and the next step."""
    meeting, who = met(session_id)
    session, planned, now = db.session(), meeting.session, utc_now()
    coming = queries.coming(session, planned) if planned.sign_up == "sign-up" else []
    count = Count(
        signed=sum(each.sign_up.state == "signed" for each in coming),
        # How many wait is nothing for people outside.
        waiting=sum(each.sign_up.state == "waiting" for each in coming) if is_member() else 0,
    )
    mine = next((each for each in coming if _is_me(each)), None)
    plans = planning.may_plan(who) and meeting.group.is_open
    holds = _at_the_door(planned, meeting.group, who)
    closing = queries.closing_of(session, planned) if standing.may_host(holds) else None
    return page(
        "sessions/show.html",
        planned=planned,
        group=meeting.group,
        tag=names.tag_of(planned, mine=mine.sign_up.state if mine else "", count=count),
        facts=_facts(meeting, count),
        access_words=meeting.venue.access_words if meeting.venue else "",
        closed_words=meeting.closed.words if meeting.closed else "",
        mine=mine.sign_up.state if mine else "",
        place_in_line=_place_in_line(coming) if mine else 0,
        expects_people=planning.expects_people(planned, now),
        signs_up=planned.sign_up == "sign-up"
        and planning.expects_people(planned, now)
        and not _holds(planned),
        is_full=not planning.has_room(planned.capacity, count.signed),
        is_member=is_member(),
        plans=plans,
        changes=plans and planning.is_to_come(planned, now),
        gives_back=plans and planned.state == "cancelled" and planned.ends_at > now,
        people=_people(coming) if plans else [],
        since_closing=since_closing(planned, closing, holds),
        ways=_ways(meeting, who, door_ways(planned, closing, holds)),
    )


def _holds(planned: GroupSession) -> bool:
    """Tell whether the caller holds a session: they come without saying so."""
    return g.member is not None and planned.host_id == g.member.id


def _is_me(each: Coming) -> bool:
    return g.member is not None and each.member.id == g.member.id


def _place_in_line(coming: list[Coming]) -> int:
    """Return which in the line of those who wait the caller is; 0 if they do not wait."""
    line = [each for each in coming if each.sign_up.state == "waiting"]
    return next((number for number, each in enumerate(line, 1) if _is_me(each)), 0)


def _people(coming: list[Coming]) -> list[dict[str, Any]]:
    return [
        {
            "name": each.member.first_name,
            "tone": each.member.number,
            "note": _("waits") if each.sign_up.state == "waiting" else None,
        }
        for each in coming
    ]


def _facts(meeting: Meeting, count: Count) -> list[dict[str, object]]:
    planned, venue = meeting.session, meeting.venue
    where = names.where_of(planned, venue, usual=meeting.group.where_words)
    rows = (
        (_("When"), names.when_of(planned)),
        (_("How long"), _length(planned)),
        (_("Where"), where),
        (_("How to get in"), names.way_in(planned) if is_member() else ""),
        (_("Address"), group_names.more_of(venue)),
        (_("Who holds it"), _host(planned)),
        (_("Places"), names.places_words(planned, count)),
        (_("You"), _my_part(planned)),
    )
    return [{"key": key, "value": value} for key, value in rows if value]


def _my_part(planned: GroupSession) -> str:
    """Return what the caller did at a session that was held: nobody else reads it here."""
    if not is_member() or planned.state not in {"open", "closed"}:
        return ""
    there = queries.attendance_of(db.session(), planned, g.member.id)
    return str(ROLE_NAMES[there.role]) if there is not None else ""


def _length(planned: GroupSession) -> str:
    """Return how long it is where that is not what the clock on the wall says."""
    if not names.clocks_change(planned):
        return ""
    return _("%(hours)s: the clocks change meanwhile", hours=hours_label(planned.minutes))


def _host(planned: GroupSession) -> str:
    """Return who holds it, for members: a first name, or nothing where they have gone."""
    if planned.host_id is None or not is_member():
        return ""
    host = db.session().get_one(Member, (g.community.id, planned.host_id))
    return host.first_name if host.is_here else ""


def _ways(
    meeting: Meeting, who: Standing, at_door: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    """Return where one can go from here."""
    planned = meeting.session
    ways: list[dict[str, object]] = [
        {
            "words": meeting.group.name,
            "note": _("All sessions of the group"),
            "href": url_for("sessions.of_group", group_slug=meeting.group.slug),
            "icon": "calendar-week",
        }
    ]
    ways += at_door
    if planning.may_plan(who):
        href = url_for("sessions.session_rota", session_id=planned.id)
        ways.append({"words": _("Rota"), "href": href, "icon": "clipboard-check"})
    return ways


def _at_the_door(planned: GroupSession, group: Group, who: Standing) -> Standing:
    """Return what the caller is to all groups that hold a session: hosts of each keep its door."""
    partners = queries.partners(db.session(), planned) if is_member() else []
    if not partners and not standing.may_host(who):
        return who
    held = Held(planned, group, partners)
    return queries.standing_at(db.session(), held, g.member, g.roles, today=today())


# ------------------------------------------------------------------------- coming along


@bp.post("/sessions/<uuid:session_id>/sign-up")
@access(Access.MEMBER)
@writes
def sign_up(session_id: uuid.UUID) -> ResponseReturnValue:
    """Sign up for a session, or wait for a place."""
    meeting, _who = met(session_id)
    said = service.sign_up(db.session(), meeting.group, meeting.session, g.member, now=utc_now())
    if said.state == "signed":
        flash(_("You have a place. See you there."))
    else:
        flash(_("All places are taken. You hear from us as soon as one is free."), "note")
    return to_session(meeting.session)


@bp.post("/sessions/<uuid:session_id>/withdraw")
@access(Access.MEMBER)
@writes
def withdraw(session_id: uuid.UUID) -> ResponseReturnValue:
    """Say that one does not come after all."""
    meeting, _who = met(session_id)
    service.withdraw(db.session(), meeting.group, meeting.session, g.member, now=utc_now())
    flash(_("No problem. Thank you for saying so: somebody else can have the place."), "note")
    return to_session(meeting.session)


# ---------------------------------------------------------------------------- of a group


@bp.get("/groups/<group_slug>/sessions")
@access(Access.ANYONE)
def of_group(group_slug: str) -> ResponseReturnValue:
    """Show the sessions of a group to come, and what they are planned from."""
    found = seen(group_slug)
    group = found.group
    plans = planning.may_plan(found.who) and group.is_open
    after = _after(group)
    listed = _next(group, LISTED_MAX + 1, after=after)
    shown = cut(listed, [each.session.id for each in listed], LISTED_MAX)
    return page(
        "sessions/of_group.html",
        group=group,
        lines=lines_of(shown.rows, with_group=False),
        later=shown.after
        and url_for("sessions.of_group", group_slug=group.slug, after=shown.after),
        is_later=after is not None,
        series=_series(group, plans=plans) if found.who.is_member and after is None else [],
        plans=plans,
        closes=standing.may_run(found.who) and group.is_open,
        is_member=found.who.is_member,
    )


def _after(group: Group) -> GroupSession | None:
    """Return the session that the page before ended with; None on the first."""
    key = key_of(request.args.get("after"))
    if key is None:
        return None
    found = queries.session_by_id(db.session(), g.community.id, key)
    if found.group_id != group.id:
        raise BadCursorError
    return found


def _next(group: Group, limit: int, *, after: GroupSession | None = None) -> list[Meeting]:
    return queries.next_meetings(
        db.session(),
        g.community.id,
        now=utc_now(),
        group_id=group.id,
        after=after,
        seen_by=seen_by(),
        limit=limit,
    )


def _series(group: Group, *, plans: bool) -> list[dict[str, Any]]:
    return [
        {
            "words": each.title,
            "note": names.series_words(each),
            "change": url_for("sessions.change_series", series_id=each.id) if plans else None,
            "end": url_for("sessions.end_series", series_id=each.id) if plans else None,
        }
        for each in queries.series_of_group(db.session(), group)
    ]


def on_group_page(*, group: Group, who: Standing) -> Markup:
    """Show a group's next sessions on its own page (`web.corners`)."""
    if not group.is_open:
        return Markup()
    found = _next(group, NEXT_MAX)
    return corners.drawn(
        "sessions/on_group.html",
        group=group,
        lines=lines_of(found, with_group=False),
        plans=planning.may_plan(who),
        is_member=who.is_member,
    )
