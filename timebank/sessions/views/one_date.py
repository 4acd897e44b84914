"""Change one date, cancel it, give it back."""

import uuid

from flask import flash, g, request
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.sessions import queries, service
from timebank.sessions.errors import AlreadyHeldError
from timebank.sessions.forms.planning import CancelForm, SessionForm
from timebank.sessions.models import GroupSession
from timebank.sessions.policy import planning
from timebank.sessions.service import Time
from timebank.sessions.views.frame import bp
from timebank.sessions.views.planning import as_said, details_of, offer
from timebank.sessions.views.refusing import refused
from timebank.sessions.views.show import planning_of, to_session
from timebank.web.access import Access, access
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext


@bp.route("/sessions/<uuid:session_id>/change", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def change_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Move one date, or change anything else about it."""
    meeting, who = planning_of(session_id)
    planned = meeting.session
    if not planning.is_to_come(planned, utc_now()):
        return _as_it_is(planned)
    time = service.time_of(g.community, planned)
    form = SessionForm(
        data=as_said(planned, time.starts_minute, time.length_minutes) | {"day_on": planned.day_on}
    )
    offer(form, meeting.group, planned)
    if form.validate_on_submit():
        try:
            service.change_session(
                db.session(),
                g.community,
                meeting.group,
                planned,
                details_of(form),
                Time(
                    day_on=form.day_on.day,
                    starts_minute=form.starts.minute,
                    length_minutes=form.length_minutes,
                ),
                by=g.member,
                who=who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_saved(meeting.session.capacity, _signed(planned.id)))
            return to_session(planned)
    return page(
        "sessions/change_session.html",
        form,
        mistaken=form.is_submitted(),
        planned=planned,
        group=meeting.group,
    )


def _as_it_is(planned: GroupSession) -> ResponseReturnValue:
    """Lead back to a session that is not to come; what was sent meanwhile is refused."""
    if request.method == "POST":
        raise AlreadyHeldError
    flash(_("This session has begun, is over or is off, so it stays as it is."), "note")
    return to_session(planned)


def _signed(session_id: uuid.UUID) -> int:
    found = queries.sign_up_counts(db.session(), g.community.id, [session_id])
    return found[session_id].signed if session_id in found else 0


def _saved(capacity: int | None, signed: int) -> str:
    """Say that it is saved; and that nobody loses a place, where there are fewer now."""
    if capacity is None or signed <= capacity:
        return _("Saved. Whoever signed up hears of it if the time or the place is another one.")
    return ngettext(
        "Saved. %(num)d person has signed up and keeps the place; nobody else comes in.",
        "Saved. %(num)d people have signed up and keep their places; nobody else comes in.",
        signed,
    )


@bp.route("/sessions/<uuid:session_id>/cancel", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def cancel_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Cancel one date."""
    meeting, who = planning_of(session_id)
    planned = meeting.session
    if not planning.is_to_come(planned, utc_now()):
        return _as_it_is(planned)
    form = CancelForm()
    if form.validate_on_submit():
        service.cancel_session(
            db.session(),
            meeting.group,
            planned,
            form.words.data,
            by=g.member,
            who=who,
            now=utc_now(),
        )
        flash(_("Cancelled. Whoever signed up hears of it."), "note")
        return to_session(planned)
    return page(
        "sessions/cancel_session.html",
        form,
        mistaken=form.is_submitted(),
        planned=planned,
        signed=_signed(planned.id),
    )


@bp.post("/sessions/<uuid:session_id>/give-back")
@access(Access.MEMBER)
@writes
def give_back(session_id: uuid.UUID) -> ResponseReturnValue:
    """Let a cancelled date take place after all."""
    meeting, who = planning_of(session_id)
    service.give_back(
        db.session(), meeting.group, meeting.session, by=g.member, who=who, now=utc_now()
    )
    flash(_("It takes place after all. Whoever had signed up hears of it."))
    return to_session(meeting.session)
