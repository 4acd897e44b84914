"""The code of the day: from the poster to the door, by a square or by four figures."""

from flask import g, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db, new_id
from timebank.groups import queries as groups
from timebank.groups.names import address_of
from timebank.members.service import throttle
from timebank.sessions import door_names as names
from timebank.sessions import queries, service
from timebank.sessions.errors import CodeUnknownError
from timebank.sessions.forms.door import DigitsForm, HeardForm, key_of, whole
from timebank.sessions.models import DIGITS_LENGTH, SessionCode
from timebank.sessions.queries import Held
from timebank.sessions.views.at_door import UNNAMED, WRONG_CODE, take_a_try
from timebank.sessions.views.frame import bp
from timebank.web.access import Access, access
from timebank.web.pages import page
from timebank.web.session import SUBMISSION_FIELD, run_in_transaction, writes
from timebank.web.words import gettext as _

GONE = 410
#: Where the browser keeps for which sessions somebody counted themselves.
COUNTED = "counted"
COUNTED_MAX = 20


@bp.route("/c", methods=["GET", "POST"])
@access(Access.ANYONE)
def code() -> ResponseReturnValue:
    """Ask for the four figures of the poster, for phones without a camera."""
    form = DigitsForm()
    if not form.validate_on_submit():
        return page("sessions/digits.html", form, mistaken=form.is_submitted())
    tries = take_a_try(WRONG_CODE)
    found = queries.code_by_digits(db.session(), g.community.id, form.figures)
    if found is None:
        form.digits.errors = [
            _("No session has these figures. Look at the poster again, or ask at the door.")
        ]
        return page("sessions/digits.html", form, mistaken=True)
    token = found.token
    run_in_transaction(lambda session: throttle.forgive(session, tries))
    return redirect(url_for("sessions.code_page", code=token), code=303)


@bp.get("/c/<code>")
@access(Access.ANYONE)
def code_page(code: str) -> ResponseReturnValue:
    """Show where the code leads: what, where and when, and one tap to say that one is there."""
    if len(code) <= DIGITS_LENGTH:
        return page("sessions/digits.html", DigitsForm(formdata=None, data={"digits": code}))
    found = _found(code)
    held = queries.held(db.session(), g.community.id, found.session_id)
    there = held.session
    if there.state != "open" or not _is_latest(found, held):
        return _gone_page(held)
    rules = groups.ground_rules(db.session(), held.group)
    is_member = _is_member()
    must_hear = bool(
        rules and (not is_member or groups.must_hear(db.session(), held.group, [g.member.id]))
    )
    return page(
        "sessions/code.html",
        HeardForm(formdata=None, data={"version": rules.version if rules and must_hear else 0}),
        there=there,
        group=held.group,
        when=names.when_of(there),
        where=_where(held),
        rules=rules if must_hear else None,
        is_member=is_member,
        is_in=is_member and queries.attendance_of(db.session(), there, g.member.id) is not None,
        is_counted=str(there.id) in cookie.get(COUNTED, []),
        name=g.member.first_name if is_member else "",
        here=url_for("sessions.code_page", code=code),
        code=code,
    )


@bp.post("/c/<code>/me")
@access(Access.MEMBER)
@writes
def code_me(code: str) -> ResponseReturnValue:
    """Say that one is there, by name."""
    held = _open_held(code)
    form = HeardForm()
    service.check_in(
        db.session(),
        held,
        g.member,
        way="code",
        by=g.member,
        who=None,
        now=utc_now(),
        heard_version=whole(form.version.data) or None,
    )
    return redirect(url_for("sessions.code_page", code=code), code=303)


@bp.post("/c/<code>/somebody")
@access(Access.ANYONE)
def code_somebody(code: str) -> ResponseReturnValue:
    """Say that one is there, without a name: one contact, and nobody in particular."""
    _open_held(code)
    take_a_try(UNNAMED)
    return _count_somebody(code)


@writes
def _count_somebody(code: str) -> ResponseReturnValue:
    held = _open_held(code)
    key = str(held.session.id)
    counted = list(cookie.get(COUNTED, []))
    if key not in counted:
        service.count(
            db.session(),
            held,
            client_key=key_of(request.form.get(SUBMISSION_FIELD)) or new_id(),
            way="code",
            by=None,
            who=None,
            now=utc_now(),
            first_timers=1 if request.form.get("first") else 0,
        )
        cookie[COUNTED] = [*counted, key][-COUNTED_MAX:]
    return redirect(url_for("sessions.code_page", code=code), code=303)


def _found(code: str) -> SessionCode:
    found = queries.code_by_token(db.session(), g.community.id, code)
    if found is None:
        raise CodeUnknownError
    return found


def _open_held(code: str) -> Held:
    """Return the session that a code opens now; the service sees whether its door is open."""
    found = _found(code)
    held = queries.held(db.session(), g.community.id, found.session_id)
    if not _is_latest(found, held):
        raise CodeUnknownError
    return held


def _is_latest(found: SessionCode, held: Held) -> bool:
    latest = queries.code_of(db.session(), held.session)
    return latest is not None and latest.id == found.id


def _is_member() -> bool:
    return g.member is not None and g.member.state in {"active", "paused"}


def _gone_page(held: Held) -> ResponseReturnValue:
    """Let a code explain itself that opens nothing now: it says when it was for, and no more."""
    html = render_template(
        "sessions/code_gone.html",
        when=names.when_of(held.session),
        is_coming=held.session.state == "planned" and not held.session.is_off,
        is_off=held.session.is_off,
        is_open=held.session.state == "open",
    )
    return html, 200 if held.session.state == "planned" else GONE


def _where(held: Held) -> str:
    if held.session.venue_id is None:
        return str(held.session.where_words)
    venue = groups.venue(db.session(), g.community.id, held.session.venue_id)
    return ", ".join(filter(None, (venue.name, address_of(venue))))


def code_address(token: str) -> str:
    """Return the whole address that the square on a poster holds."""
    return url_for("sessions.code_page", code=token, _external=True)
