"""What coordinators decide about a membership. Each asks once more, and keeps who, when and why."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import NotFoundError
from timebank.members import emails, forms, queries, service
from timebank.members.models import ROLES, Member
from timebank.members.views.blueprints import members as bp
from timebank.members.views.people import shown_to_me
from timebank.members.views.place import here, me
from timebank.web.access import Access, access
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

UNPROCESSABLE = 422


class NoSuchDecisionError(NotFoundError):
    """There is no such thing to decide."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Something a coordinator can decide.

    Attributes:
        title: The question; `%(name)s` is the person.
        facts: What it means.
        words: The button.
        done: What is said afterwards.
        act: The service.
        kind: How the button looks.
        form: Whether a reason is needed.
        untold: What is said instead of `done` where the person has no e-mail address.
    """

    title: str
    facts: str
    words: str
    done: str
    act: Callable[..., None]
    kind: str = "main"
    form: type[forms.ReasonForm] | type[forms.RefuseForm] = forms.ReasonForm
    untold: str = ""


DECISIONS = {
    "approve": Decision(
        _l("Let %(name)s in?"),
        _l("They can offer help, ask for help and collect hours at once."),
        _l("Yes, let them in"),
        _l("%(name)s is in. We have told them."),
        service.approve,
        untold=_l("%(name)s is in. They gave no e-mail address, so please tell them yourself."),
    ),
    "refuse": Decision(
        _l("Not let %(name)s in?"),
        _l("They are told that it is not possible now and that they can talk to you. "
           "They do not see the reason you write."),
        _l("Do not let them in"),
        _l("%(name)s was not let in."),
        service.refuse,
        kind="careful",
        form=forms.RefuseForm,
    ),
    "pause": Decision(
        _l("Give %(name)s a break?"),
        _l("Their offers and requests rest until they or you end the break. Their hours stay."),
        _l("Begin the break"),
        _l("%(name)s is taking a break."),
        service.pause,
    ),
    "resume": Decision(
        _l("End the break of %(name)s?"),
        _l("Their offers and requests are shown again."),
        _l("End the break"),
        _l("%(name)s takes part again."),
        service.resume,
    ),
    "leave": Decision(
        _l("End the membership of %(name)s?"),
        _l("Their roles end and their code card stops. The books keep their hours, "
           "and you can take them back later under the same number."),
        _l("End the membership"),
        _l("%(name)s has left."),
        service.leave,
        kind="careful",
    ),
    "return": Decision(
        _l("Take %(name)s back?"),
        _l("They keep their number and their hours. They need a new code card."),
        _l("Yes, take them back"),
        _l("%(name)s is back."),
        service.bring_back,
    ),
}  # fmt: skip
#: Decisions that open an account, and of which the person is told.
LETS_IN = {"approve", "return"}


@bp.route("/people/<uuid:member_id>/decide/<what>", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def decide(member_id: uuid.UUID, what: str) -> ResponseReturnValue:
    """Ask once more, with the reason; then decide."""
    member = queries.get(db.session(), here().id, member_id)
    decision = DECISIONS.get(what)
    if decision is None:
        raise NoSuchDecisionError
    form = decision.form()
    name = {"name": shown_to_me(member)}
    if form.validate_on_submit():
        _decide(member, what, decision, form.reason.data or "")
        done = decision.done if member.email else decision.untold or decision.done
        flash(str(done) % name)
        return redirect(url_for("members.person", member_id=member.id), code=303)
    page = render_template(
        "members/decide.html",
        form=form,
        member=member,
        question=str(decision.title) % name,
        decision=decision,
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200


def _decide(member: Member, what: str, decision: Decision, reason: str) -> None:
    session, now = db.session(), utc_now()
    more: dict[str, Any] = {"community": here()} if what in LETS_IN else {}
    decision.act(session, member, by=me(), reason=reason, now=now, **more)
    if what in LETS_IN:
        emails.tell_approved(session, member, now=now)


@bp.route("/people/<uuid:member_id>/roles", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def give_role(member_id: uuid.UUID) -> ResponseReturnValue:
    """Give somebody a role."""
    session, now = db.session(), utc_now()
    member = queries.get(session, here().id, member_id)
    form = forms.RoleForm()
    if form.validate_on_submit():
        service.give_role(session, member, form.role.data, by=me(), now=now)
        emails.tell_role(session, member, now=now)
        flash(
            _(
                "%(name)s has a new role: %(role)s.",
                name=shown_to_me(member),
                role=forms.ROLE_WORDS[form.role.data],
            )
        )
        return redirect(url_for("members.person", member_id=member.id), code=303)
    page = render_template(
        "members/give_role.html", form=form, name=shown_to_me(member), member=member
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200


@bp.route("/people/<uuid:member_id>/roles/<role>/end", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def end_role(member_id: uuid.UUID, role: str) -> ResponseReturnValue:
    """Ask once more, and end a role."""
    session, now = db.session(), utc_now()
    member = queries.get(session, here().id, member_id)
    if role not in ROLES:
        raise NoSuchDecisionError
    form = forms.ButtonForm()
    if form.validate_on_submit():
        service.end_role(session, member, role, by=me(), now=now)
        emails.tell_role(session, member, now=now)
        flash(_("The role has ended."))
        if member.id == me().id and role == "coordinator":
            return redirect(url_for("members.me"), code=303)
        return redirect(url_for("members.person", member_id=member.id), code=303)
    page = render_template(
        "members/end_role.html",
        form=form,
        member=member,
        name=shown_to_me(member),
        role=forms.ROLE_WORDS[role],
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200
