"""Open a session: who is on duty, and the boundaries of the day."""

import uuid

from flask import flash, g
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.members.models import Member
from timebank.sessions import door_names as names
from timebank.sessions import queries, service
from timebank.sessions.forms.door import OpenForm, choices_of, key_of, whole
from timebank.sessions.policy import door as policy
from timebank.sessions.views.at_door import AtDoor, at_door, sentence, session_page, to, turned_away
from timebank.sessions.views.frame import bp, check_goes_on
from timebank.web.access import Access, access
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.route("/sessions/<uuid:session_id>/open", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def open_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Say who is on duty, name the boundaries of the day, and open the door."""
    at = at_door(session_id)
    if (elsewhere := turned_away(at, "planned", "open")) is not None:
        return elsewhere
    check_goes_on(at.held.group)
    offered = queries.may_be_on_duty(db.session(), at.held)
    rules = groups.ground_rules(db.session(), at.held.group)
    form = OpenForm(data={"version": rules.version if rules else 0, "on_duty": _expected(at)})
    form.on_duty.choices = choices_of((str(each.id), _label(each)) for each in offered)
    if form.validate_on_submit():
        chosen = {key_of(key) for key in form.on_duty.data or ()}
        try:
            service.open_session(
                db.session(),
                at.held,
                on_duty=[each for each in offered if each.id in chosen],
                named_version=whole(form.version.data) if form.named.data else 0,
                by=g.member,
                who=at.who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            db.session.rollback()
            form.form_errors.append(sentence(refusal))
            at = at_door(session_id)
        else:
            flash(_("The door is open."))
            return to("door", at.there)
    return page(
        "sessions/open.html",
        form,
        mistaken=form.is_submitted(),
        there=at.there,
        group=at.held.group,
        when=names.when_of(at.there),
        rules=rules,
        is_open=at.there.state == "open",
        can_open=utc_now() >= policy.opens_at(at.there) and not at.there.is_off,
        opens_at=policy.opens_at(at.there),
        back=session_page(at.there),
    )


def _label(member: Member) -> str:
    return f"{member.first_name} ({member.account_code})"


def _expected(at: AtDoor) -> list[str]:
    """Return whom to tick beforehand: the rota, the named host, and whoever opens."""
    expected = [
        *queries.on_duty(db.session(), at.there, at.held.group),
        at.there.host_id,
        g.member.id,
    ]
    return [str(key) for key in expected if key is not None]
