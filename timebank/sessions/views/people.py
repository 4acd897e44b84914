"""Who was there, what they did and how long; and what a member was at themselves."""

import uuid

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups.errors import RulesChangedError
from timebank.sessions import door_names as names
from timebank.sessions import queries, service
from timebank.sessions.errors import RulesFirstError
from timebank.sessions.forms.door import WhoForm, key_of
from timebank.sessions.models import ATTENDED_MINUTES_MAX, ROLES
from timebank.sessions.queries import Present
from timebank.sessions.service import Arrival
from timebank.sessions.views.at_door import (
    AtDoor,
    at_door,
    sentence,
    session_page,
    to,
    turned_away,
    whom,
)
from timebank.sessions.views.frame import bp
from timebank.web.access import Access, access
from timebank.web.fields import one_line, whole_minutes
from timebank.web.filters import hours_label
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _

PEOPLE_ON_PAGE = 30
AWAY = "away"


@bp.get("/sessions/<uuid:session_id>/people")
@access(Access.MEMBER)
def people(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show who is noted, what they did and how long."""
    at = at_door(session_id)
    elsewhere = turned_away(at, "open", "closed")
    return elsewhere or _people_page(at, WhoForm(formdata=None), {})


def _people_page(
    at: AtDoor, form: WhoForm, typed: dict[str, str], *, mistaken: bool = False
) -> ResponseReturnValue:
    there = at.there
    found = queries.present(
        db.session(),
        there,
        after=key_of(request.args.get("after")),
        limit=PEOPLE_ON_PAGE + 1,
    )
    shown = found[:PEOPLE_ON_PAGE]
    whole = queries.whole_minutes(db.session(), there)
    return page(
        "sessions/people.html",
        form,
        mistaken=mistaken,
        there=there,
        group=at.held.group,
        when=names.when_of(there),
        whole=hours_label(whole),
        whole_minutes=whole,
        rows=[_row(each, typed) for each in shown],
        roles=[(key, str(words)) for key, words in names.ROLE_NAMES.items()]
        + [(AWAY, _("Was not there"))],
        is_closed=there.state == "closed",
        runs=at.runs,
        action=url_for(
            "sessions.set_people", session_id=there.id, after=request.args.get("after") or None
        ),
        later=url_for("sessions.people", session_id=there.id, after=shown[-1].member.id)
        if len(found) > PEOPLE_ON_PAGE
        else None,
        back=session_page(there),
    )


def _row(each: Present, typed: dict[str, str]) -> dict[str, object]:
    number = each.member.number
    minutes = each.attendance.minutes
    return {
        "number": number,
        "name": each.member.first_name,
        "note": _("%(number)s, paid", number=each.member.account_code)
        if each.attendance.is_paid
        else each.member.account_code,
        "role": typed.get(f"role-{number}", each.attendance.role),
        "minutes": typed.get(f"minutes-{number}", "" if minutes is None else str(minutes)),
        "mistake": typed.get(f"mistake-{number}", ""),
    }


@bp.post("/sessions/<uuid:session_id>/people")
@access(Access.MEMBER)
@writes
def set_people(session_id: uuid.UUID) -> ResponseReturnValue:
    """Say what people did and how long, or that they were not there."""
    at = at_door(session_id)
    typed = {name: one_line(value)[:12] for name, value in request.form.items() if "-" in name}
    stays: list[Arrival] = []
    gone: list[Present] = []
    for each in queries.present(db.session(), at.there):
        number = each.member.number
        role = request.form.get(f"role-{number}")
        if role is None:
            continue
        if role == AWAY:
            gone.append(each)
            continue
        minutes = _minutes(typed, number)
        if role in ROLES and f"mistake-{number}" not in typed:
            stays.append(Arrival(member=each.member, role=role, minutes=minutes))
    if any(name.startswith("mistake-") for name in typed):
        return _people_page(at, WhoForm(formdata=None), typed, mistaken=True)
    service.set_stay(db.session(), at.held, stays, who=at.who)
    for each in gone:
        service.check_out(db.session(), at.held, each.member, who=at.who, now=utc_now(), late=True)
    flash(_("Noted."))
    return to("people", at.there)


def _minutes(typed: dict[str, str], number: int) -> int | None:
    """Read how long somebody was there; nothing means all the time."""
    text = typed.get(f"minutes-{number}", "")
    if not text:
        return None
    try:
        minutes = whole_minutes(text)
    except ValueError:
        minutes = ATTENDED_MINUTES_MAX + 1
    if minutes > ATTENDED_MINUTES_MAX:
        typed[f"mistake-{number}"] = _("Write minutes as a whole number, or nothing.")
    return minutes


@bp.post("/sessions/<uuid:session_id>/people/equals")
@access(Access.MEMBER)
@writes
def all_equals(session_id: uuid.UUID) -> ResponseReturnValue:
    """Say that everybody gave and took: a session among equals."""
    at = at_door(session_id)
    everybody = [
        Arrival(member=each.member, role="both", minutes=each.attendance.minutes)
        for each in queries.present(db.session(), at.there)
        if not each.attendance.is_paid
    ]
    service.set_stay(db.session(), at.held, everybody, who=at.who)
    flash(_("Noted: everybody gave and took."))
    return to("people", at.there)


@bp.post("/sessions/<uuid:session_id>/people/add")
@access(Access.MEMBER)
@writes
def add_person(session_id: uuid.UUID) -> ResponseReturnValue:
    """Note somebody who was there and was forgotten."""
    at = at_door(session_id)
    form = WhoForm()
    if not form.validate():
        return _people_page(at, form, {}, mistaken=True)
    member, mistake = whom(form.who.data)
    if member is None:
        form.who.errors = [mistake]
        return _people_page(at, form, {}, mistaken=True)
    try:
        service.check_in(
            db.session(),
            at.held,
            member,
            way="later",
            by=g.member,
            who=at.who,
            now=utc_now(),
            late=True,
        )
    except (RulesFirstError, RulesChangedError):
        form.who.errors = [
            _("%(name)s has not heard the ground rules yet.", name=member.first_name)
        ]
        return _people_page(at, form, {}, mistaken=True)
    except RefusalError as refusal:
        form.who.errors = [sentence(refusal)]
        return _people_page(at, form, {}, mistaken=True)
    flash(_("%(name)s is noted.", name=member.first_name))
    return to("people", at.there)


@bp.get("/me/sessions/past")
@access(Access.MEMBER)
def was_there() -> ResponseReturnValue:
    """Show a member the sessions they were at; nobody else sees this list."""
    before = key_of(request.args.get("before"))
    found = queries.sessions_attended(db.session(), g.member, before=before)
    return page(
        "sessions/was_there.html",
        items=[
            {
                "words": held.title,
                "note": f"{group.name} · {names.when_of(held)} · {names.ROLE_NAMES[there.role]}",
                "href": session_page(held),
            }
            for there, held, group in found
        ],
        later=url_for("sessions.was_there", before=found[-1][1].id)
        if len(found) == queries.MY_SESSIONS_MAX
        else None,
    )
