"""Rotas: by week for a group, over all groups, on paper, and what each session needs."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.errors import GroupNotFoundError
from timebank.groups.models import Group
from timebank.sessions import queries, service
from timebank.sessions.errors import NeededError, RoleNotFoundError, SessionNotFoundError
from timebank.sessions.forms.rota import NeedForm, RoleForm, SeriesRoleForm
from timebank.sessions.models import NEEDED_MAX, GroupSession, Series, ShiftRole
from timebank.sessions.policy import rota as policy
from timebank.sessions.queries import Rostered
from timebank.sessions.service import RoleDetails
from timebank.sessions.views import rosters
from timebank.sessions.views.frame import Seen, bp, check_goes_on, seen
from timebank.sessions.views.refusing import refused
from timebank.web.access import Access, access
from timebank.web.filters import day, today
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

#: Sessions of a week that have their buttons on its page.
LINES_MAX = 14
#: Sessions with a gap that one page lists.
GAPS_MAX = 60


def on_rota(group_slug: str) -> Seen:
    """Load a group whose rota the caller may see; for anybody else there is none."""
    found = seen(group_slug)
    if not policy.may_see(found.who):
        raise GroupNotFoundError
    return found


def staffing(group_slug: str) -> Seen:
    """Load a group whose rota the caller plans; for anybody else there is no such page."""
    found = on_rota(group_slug)
    if not policy.may_plan(found.who):
        raise GroupNotFoundError
    check_goes_on(found.group)
    return found


def session_on_rota(session_id: uuid.UUID) -> tuple[GroupSession, Seen]:
    """Load a session whose rota the caller may see."""
    planned, group, who = queries.session_and_standing(
        db.session(), session_id, g.member, g.roles, on=today()
    )
    if not policy.may_see(who):
        raise SessionNotFoundError
    return planned, Seen(group, who)


def to_week(group: Group, planned: GroupSession) -> ResponseReturnValue:
    """Go to the week of a session on its group's rota, or back to what is the member's own."""
    if request.form.get("mine"):
        return redirect(url_for("sessions.my_rota"), code=303)
    address = url_for("sessions.rota", group_slug=group.slug, week=planned.day_on.isoformat())
    return redirect(address, code=303)


# -------------------------------------------------------------------------------- reading


@bp.get("/groups/<group_slug>/rota")
@access(Access.MEMBER)
def rota(group_slug: str) -> ResponseReturnValue:
    """Show who is on the rota of a group in a week, and where somebody is missing."""
    found, week, now = on_rota(group_slug), rosters.week_asked(), utc_now()
    session, group = db.session(), found.group
    ahead = queries.held_between(
        session, g.community.id, group_id=group.id, begin=week.begin, end=week.ahead
    )
    runs = policy.may_plan(found.who) and group.is_open
    lines = [
        rosters.line_of(each, now=now, runs=runs, member_id=g.member.id) for each in week.of(ahead)
    ]
    return page(
        "sessions/rota.html",
        group=group,
        runs=runs,
        belongs=found.who.belongs,
        days=rosters.by_day(lines),
        # A full week would be a long page of buttons: each date then has its own.
        has_acts=len(lines) <= LINES_MAX,
        since=day(week.first_on),
        week=week.first_on.isoformat(),
        around=rosters.weeks_around("sessions.rota", week, group_slug=group.slug),
        is_planned=any(each.roster.needed for each in ahead),
        picture=rosters.cover_picture(ahead),
        swaps=_swaps(group) if found.who.belongs else [],
    )


def _swaps(group: Group) -> list[dict[str, Any]]:
    asked = queries.swaps_for(db.session(), g.member, now=utc_now(), group=group)
    return [rosters.swap_of(each) for each in asked]


@bp.get("/groups/<group_slug>/rota/print")
@access(Access.MEMBER)
def rota_print(group_slug: str) -> ResponseReturnValue:
    """Lay out the rota of four weeks for the wall, with lines to write on where there is a gap."""
    found, week = on_rota(group_slug), rosters.week_asked()
    ahead = queries.held_between(
        db.session(), g.community.id, group_id=found.group.id, begin=week.begin, end=week.ahead
    )
    last = week.first_on + rosters.WEEKS_AHEAD * rosters.WEEK
    return page(
        "sessions/rota_print.html",
        group=found.group,
        lines=[_paper_line(each) for each in ahead],
        first=day(week.first_on),
        last=day(last - rosters.DAY),
        back=url_for("sessions.rota", group_slug=found.group.slug, week=week.first_on.isoformat()),
    )


def _paper_line(each: Rostered) -> dict[str, Any]:
    roles = [
        {
            "name": cover.role.name,
            "people": ", ".join(hand.first_name for hand in cover.coming),
            "blanks": cover.missing,
        }
        for cover in each.roster.covers
    ]
    if each.roster.host is not None:
        roles.insert(0, {"name": _("Host"), "people": each.roster.host.first_name, "blanks": 0})
    return {
        "day": day(each.session.day_on),
        "time": rosters.time_words(each),
        "title": each.session.title,
        "roles": roles,
    }


@bp.get("/rota")
@access(Access.COORDINATOR)
def rota_everywhere() -> ResponseReturnValue:
    """Show the rotas of all groups in a week, those with a gap first."""
    week = rosters.week_asked()
    ahead = queries.held_between(db.session(), g.community.id, begin=week.begin, end=week.ahead)
    here = week.of(ahead)
    gaps = [each for each in here if each.roster.missing]
    return page(
        "sessions/rota_everywhere.html",
        since=day(week.first_on),
        around=rosters.weeks_around("sessions.rota_everywhere", week),
        gaps=[_line_everywhere(each, week) for each in gaps[:GAPS_MAX]],
        gaps_left=max(0, len(gaps) - GAPS_MAX),
        covered=[
            _line_everywhere(each, week)
            for each in here
            if each.roster.needed and not each.roster.missing
        ][:GAPS_MAX],
        unplanned=sorted({_title(each) for each in here if not _is_planned(each)}),
        picture=rosters.cover_picture(ahead),
    )


def _is_planned(each: Rostered) -> bool:
    return bool(each.roster.needed or each.roster.missing)


def _title(each: Rostered) -> str:
    return _("%(group)s: %(title)s", group=each.group.name, title=each.session.title)


def _line_everywhere(each: Rostered, week: rosters.Week) -> dict[str, Any]:
    words = ", ".join(rosters.gap_words(each.roster))
    return {
        "words": _title(each),
        "note": f"{day(each.session.day_on)}, {rosters.time_words(each)}"
        + (f" · {words}" if words else ""),
        "href": url_for(
            "sessions.rota", group_slug=each.group.slug, week=week.first_on.isoformat()
        ),
        "tag": ngettext("%(num)d missing", "%(num)d missing", each.roster.missing)
        if each.roster.missing
        else None,
    }


# ------------------------------------------------------------------------ what is needed


@bp.route("/groups/<group_slug>/rota/needs", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def rota_needs(group_slug: str) -> ResponseReturnValue:
    """Show what each series of a group needs, and add a role."""
    found = staffing(group_slug)
    session, group = db.session(), found.group
    all_series = queries.series_of_group(session, group)
    form = SeriesRoleForm()
    form.series_id.choices = [SelectChoice(str(each.id), each.title) for each in all_series]
    if all_series and form.validate_on_submit():
        series = next(each for each in all_series if str(each.id) == form.series_id.data)
        if _added(found, series, form):
            flash(_("Noted. It is on the rota of every date."))
            return redirect(url_for("sessions.rota_needs", group_slug=group.slug), code=303)
    return page(
        "sessions/rota_needs.html",
        form,
        mistaken=form.is_submitted(),
        group=group,
        series=_needs(all_series),
    )


def _needs(all_series: Sequence[Series]) -> list[dict[str, Any]]:
    roles = queries.roles_of(
        db.session(), g.community.id, series_ids=[each.id for each in all_series]
    )
    return [
        {
            "title": each.title,
            "roles": [_role_line(role) for role in roles if role.series_id == each.id],
        }
        for each in all_series
    ]


def _role_line(role: ShiftRole) -> dict[str, Any]:
    notes = [
        _("the named host has a place in it") if role.is_hosting else "",
        "" if role.is_open else _("given by those who run the group"),
    ]
    return {
        "words": f"{role.name}: {role.needed}",
        "note": ", ".join(note for note in notes if note),
        "href": url_for("sessions.change_role", role_id=role.id),
    }


def _added(found: Seen, held: Series | GroupSession, form: RoleForm) -> bool:
    """Add what the form says; put a refusal beside it and return False."""
    try:
        service.add_role(db.session(), found.group, held, _details(form), who=found.who)
    except RefusalError as refusal:
        refused(form, refusal)
        return False
    return True


def _details(form: RoleForm) -> RoleDetails:
    return RoleDetails(
        name=form.name.data,
        needed=form.needed.data,
        is_hosting=form.is_hosting.data,
        is_open=form.who_puts.data == "own",
    )


@bp.route("/rota/roles/<uuid:role_id>", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def change_role(role_id: uuid.UUID) -> ResponseReturnValue:
    """Call a role something else, or change how many it takes."""
    role, found = _role(role_id)
    form = RoleForm(
        data={
            "name": role.name,
            "needed": role.needed,
            "is_hosting": role.is_hosting,
            "who_puts": "own" if role.is_open else "lead",
        }
    )
    if form.validate_on_submit():
        try:
            service.change_role(db.session(), found.group, role, _details(form), who=found.who)
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Saved."))
            return _to_needs(role, found.group)
    return page(
        "sessions/change_role.html",
        form,
        mistaken=form.is_submitted(),
        role=role,
        group=found.group,
    )


@bp.post("/rota/roles/<uuid:role_id>/end")
@access(Access.MEMBER)
@writes
def end_role(role_id: uuid.UUID) -> ResponseReturnValue:
    """Say that a role is not needed any more."""
    role, found = _role(role_id)
    service.end_role(db.session(), found.group, role, who=found.who, now=utc_now())
    flash(_("It is not needed any more. Who said yes still comes."), "note")
    return _to_needs(role, found.group)


def _role(role_id: uuid.UUID) -> tuple[ShiftRole, Seen]:
    session = db.session()
    role = queries.role(session, g.community.id, role_id)
    group = groups.by_id(session, g.community.id, role.group_id)
    try:
        return role, staffing(group.slug)
    except GroupNotFoundError as unknown:
        raise RoleNotFoundError from unknown


def _to_needs(role: ShiftRole, group: Group) -> ResponseReturnValue:
    if role.session_id is not None:
        address = url_for("sessions.session_rota", session_id=role.session_id)
    else:
        address = url_for("sessions.rota_needs", group_slug=group.slug)
    return redirect(address, code=303)


@bp.route("/sessions/<uuid:session_id>/rota", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def session_rota(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show the rota of one date; those who run the group add what only this date needs."""
    planned, found = session_on_rota(session_id)
    runs = policy.may_plan(found.who) and found.group.is_open
    form = RoleForm()
    if form.is_submitted() and not runs:
        raise SessionNotFoundError
    if form.validate_on_submit() and _added(found, planned, form):
        flash(_("Noted, for this date alone."))
        return redirect(url_for("sessions.session_rota", session_id=planned.id), code=303)
    return _session_page(planned, found, form, runs=runs)


def _session_page(
    planned: GroupSession, found: Seen, form: RoleForm, *, runs: bool
) -> ResponseReturnValue:
    [rostered] = queries.rostered(db.session(), [(planned, found.group)])
    line = rosters.line_of(rostered, now=utc_now(), runs=runs, member_id=g.member.id)
    return page(
        "sessions/session_rota.html",
        form,
        mistaken=form.is_submitted(),
        group=found.group,
        line=line,
        runs=runs and line["is_open"],
        series_roles=_series_needs(planned, rostered) if runs else [],
        week=planned.day_on.isoformat(),
    )


def _series_needs(planned: GroupSession, rostered: Rostered) -> list[dict[str, Any]]:
    """Return the roles of the series, each with a form for how many this date takes."""
    if planned.series_id is None:
        return []
    roles = queries.roles_of(db.session(), planned.community_id, series_ids=[planned.series_id])
    shown = {cover.role.id: cover.role.needed for cover in rostered.roster.covers}
    found = []
    for role in roles:
        form = NeedForm(formdata=None, prefix=f"r{role.id.hex}")
        form.needed.data = shown.get(role.id, 0)
        found.append({"id": role.id, "name": role.name, "form": form})
    return found


@bp.post("/sessions/<uuid:session_id>/rota/needs/<uuid:role_id>")
@access(Access.MEMBER)
@writes
def set_need(session_id: uuid.UUID, role_id: uuid.UUID) -> ResponseReturnValue:
    """Say how many one date takes in a role of its series."""
    planned, found = session_on_rota(session_id)
    session = db.session()
    role = queries.role(session, g.community.id, role_id)
    form = NeedForm(prefix=f"r{role.id.hex}")
    if not form.validate():
        raise NeededError(NEEDED_MAX)
    service.set_need(
        session, found.group, planned, role, form.needed.data, who=found.who, now=utc_now()
    )
    flash(_("Saved, for this date alone."))
    return redirect(url_for("sessions.session_rota", session_id=planned.id), code=303)
