"""One's own page: what others see, changing it, taking a break, leaving, waiting to be let in."""

from typing import cast

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.members import forms, policy, queries, service
from timebank.members.forms import CIRCLE_WORDS, FIELD_WORDS, ROLE_WORDS
from timebank.members.models import Member
from timebank.members.views.blueprints import members as bp
from timebank.members.views.caller import is_sure_here, own_device
from timebank.members.views.joining import confirm_address
from timebank.members.views.people import seen_by_others
from timebank.members.views.place import front_page, here
from timebank.members.views.place import me as own
from timebank.web.access import Access, access
from timebank.web.session import writes
from timebank.web.words import gettext as _

UNPROCESSABLE = 422


@bp.get("/waiting")
@access(Access.SIGNED_IN)
def waiting() -> ResponseReturnValue:
    """Say how it stands, calmly, to somebody who is not in."""
    member = cast("Member | None", g.member)
    if member is None:
        return redirect(url_for("joining.start"), code=303)
    if member.state in policy.BELONGING:
        return redirect(front_page(here()), code=303)
    can_come_back = bool(member.email) or (
        member.person_id is not None and queries.has_way_back(db.session(), member.person_id)
    )
    return render_template("members/waiting.html", member=member, can_come_back=can_come_back)


@bp.get("/me")
@access(Access.MEMBER)
def me() -> ResponseReturnValue:
    """Show one's own page."""
    member, session, present = own(), db.session(), own_device()
    person = queries.person(session, present.person_id)
    rows = [
        {
            "key": FIELD_WORDS[field],
            "value": getattr(member, field) or _("Nothing"),
            "seen_by": CIRCLE_WORDS[getattr(member, f"{field}_seen_by")],
        }
        for field in policy.FIELDS
    ]
    return render_template(
        "members/me.html",
        member=member,
        rows=rows,
        roles=[ROLE_WORDS[role] for role in sorted(g.roles)],
        card=queries.card_in_use(session, member),
        has_password=person.password_hash is not None,
        addresses=queries.addresses_of(session, person.id),
    )


@bp.route("/me/edit", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def edit_me() -> ResponseReturnValue:
    """Change what is known of oneself."""
    member, now = own(), utc_now()
    form = forms.DetailsForm(obj=member)
    if form.validate_on_submit() and _may_change_address(form, member):
        changed = service.edit_member(db.session(), member, form.details, by=member, now=now)
        if "email" in changed and member.email:
            only_id = own_device().community_id
            confirm_address(db.session(), here(), member, now, opens_id=only_id)
            flash(_("Saved. We sent a link to your new address: open it to confirm."))
        elif changed:
            flash(_("Saved."))
        return redirect(url_for("members.me"), code=303)
    page = render_template("members/edit_me.html", form=form)
    return page, UNPROCESSABLE if form.is_submitted() else 200


def _may_change_address(form: forms.DetailsForm, member: Member) -> bool:
    """Hold back a new address unless the person has just signed in: it will sign them in later."""
    typed = form.email.data or ""
    if typed in {"", member.email} or is_sure_here(own_device(), now=utc_now()):
        return True
    form.email.errors = [
        _(
            "A new address can sign you in, so we need to be sure it is you. "
            "Sign out, sign in again, and change it within ten minutes."
        )
    ]
    return False


@bp.route("/me/seen-by", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def seen_by() -> ResponseReturnValue:
    """Choose who sees what."""
    member = own()
    form = forms.SeenByForm(obj=member)
    if form.validate_on_submit():
        service.edit_member(db.session(), member, form.details, by=member, now=utc_now())
        flash(_("Saved."))
        return redirect(url_for("members.preview"), code=303)
    page = render_template("members/seen_by.html", form=form)
    return page, UNPROCESSABLE if form.is_submitted() else 200


@bp.get("/me/preview")
@access(Access.MEMBER)
def preview() -> ResponseReturnValue:
    """Show oneself as everybody in the community does."""
    member = own()
    return render_template("members/preview.html", member=member, **seen_by_others(member))


@bp.route("/me/pause", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def pause_me() -> ResponseReturnValue:
    """Take a break, or end it."""
    member, form = own(), forms.ButtonForm()
    if form.validate_on_submit():
        if member.state == "active":
            service.pause(db.session(), member, by=member, now=utc_now())
            flash(_("You are taking a break. Come back whenever you like."))
        else:
            service.resume(db.session(), member, by=member, now=utc_now())
            flash(_("Good to have you back."))
        return redirect(url_for("members.me"), code=303)
    page = render_template("members/pause_me.html", form=form, member=member)
    return page, UNPROCESSABLE if form.is_submitted() else 200


@bp.route("/me/leave", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def leave_me() -> ResponseReturnValue:
    """Leave, after being told what happens then."""
    member, form = own(), forms.ButtonForm()
    if form.validate_on_submit():
        service.leave(db.session(), member, by=member, now=utc_now())
        return redirect(url_for("members.waiting"), code=303)
    page = render_template("members/leave_me.html", form=form)
    return page, UNPROCESSABLE if form.is_submitted() else 200
