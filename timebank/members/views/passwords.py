"""Choosing a password."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.members import queries, service
from timebank.members.errors import WeakPasswordError
from timebank.members.forms import NewPasswordForm
from timebank.members.models import Person
from timebank.members.service import proofs
from timebank.members.service.throttle import ACCOUNT
from timebank.members.views.blueprints import signin as bp
from timebank.members.views.caller import is_sure_here, own_device, take_try
from timebank.web.access import Access, access
from timebank.web.session import run_in_transaction
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

UNPROCESSABLE = 422
FAULT_WORDS = {
    "short": _l("Make it at least 10 characters long. Three or four words are easy to remember."),
    "long": _l("This is too long. Please keep it to 1000 characters."),
    "common": _l("Others would try this one. Three or four words that do not belong together do."),
    "known": _l("Leave out names and places that others know of you, such as “%(known)s”."),
}


@bp.route("/you/password", methods=["GET", "POST"])
@access(Access.SIGNED_IN)
def password() -> ResponseReturnValue:
    """Choose a password, or another one."""
    present, form, now = own_device(), NewPasswordForm(), utc_now()
    session = db.session()
    person = queries.person(session, present.person_id)
    is_sure = is_sure_here(present, now=now)
    facts = {
        "username": next((one.folded for one in queries.addresses_of(session, person.id)), ""),
        "has_password": person.password_hash is not None,
        "has_way_back": queries.has_way_back(session, person.id),
        "is_sure": is_sure,
    }
    if not form.is_submitted():
        return render_template("you/password.html", form=form, **facts)
    person_id, device_id, only_id = present.person_id, present.id, present.community_id
    if form.validate() and _proves_to_be(form, person, is_sure=is_sure):
        try:
            run_in_transaction(
                lambda session: service.set_password(
                    session,
                    queries.person(session, person_id),
                    form.new_password.data,
                    keep_device_id=device_id,
                    now=now,
                    community_id=only_id,
                )
            )
        except WeakPasswordError as weak:
            form.new_password.errors = [FAULT_WORDS[weak.why] % {"known": ", ".join(weak.known)}]
        else:
            flash(_("Your new password is set. You are signed out everywhere else."))
            return redirect(url_for("signin.devices"), code=303)
    return render_template("you/password.html", form=form, **facts), UNPROCESSABLE


def _proves_to_be(form: NewPasswordForm, person: Person, *, is_sure: bool) -> bool:
    """Tell whether it really is this person; if not, say on the form what to do."""
    if is_sure:
        return True
    if person.password_hash is None:
        form.form_errors.append(
            _("It is a while since you signed in. Sign out, sign in again, and come back here.")
        )
        return False
    tries = take_try((ACCOUNT, f"person/{person.id}"))
    if not proofs.is_password_of(person, form.password.data or ""):
        form.password.errors = [_("This is not your password now.")]
        return False
    run_in_transaction(lambda session: service.forgive(session, tries))
    return True
