"""The rules of the house: reading them, being asked again, and going through them with somebody."""

import uuid
from typing import cast

from flask import flash, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.communities import policy as wording
from timebank.communities import queries as communities
from timebank.communities.models import Community
from timebank.db import db
from timebank.members import forms, policy, queries, service
from timebank.members.models import Member
from timebank.members.views.blueprints import members as bp
from timebank.members.views.caller import next_path
from timebank.members.views.people import shown_to_me
from timebank.members.views.place import front_page, here, house_rules, me, worded
from timebank.web.access import Access, access
from timebank.web.filters import today
from timebank.web.session import writes
from timebank.web.words import gettext as _

UNPROCESSABLE = 422
#: Where the cookie keeps on which day somebody was shown new rules, by community.
_SHOWN = "rules_shown"
#: Blueprints and pages that somebody opens to come in, to go, or to read the rules.
_NEVER_IN_THE_WAY = frozenset({"signin", "joining"})
_THE_RULES = frozenset({"members.rules", "members.leave_me", "home.forget_me"})


def is_behind(member: Member, community: Community) -> bool:
    """Tell whether the house rules are others than the member agreed to."""
    return member.rules_version < community.house_rules_version and member.state in policy.BELONGING


def first_page(community: Community, member: Member) -> str | None:
    """Return where somebody is led before the page they asked for, or None.

    New rules are shown once a day, before a page is read and never when a form is sent, so that
    nothing typed is lost. Whoever goes on without an answer reads on, and is asked another day.
    """
    if not is_behind(member, community) or request.method != "GET":
        return None
    if request.blueprint in _NEVER_IN_THE_WAY or request.endpoint in _THE_RULES:
        return None
    if cookie.get(_SHOWN, {}).get(community.slug) == _today(community):
        return None
    return url_for("members.rules", next=request.full_path.rstrip("?"))


def _today(community: Community) -> str:
    """Name the day and the version, for the cookie."""
    return f"{today().isoformat()}/{community.house_rules_version}"


@bp.route("/rules", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def rules() -> ResponseReturnValue:
    """Show the house rules, and what is new in them; agreeing leads on to where one was going."""
    community, member = here(), me()
    form = forms.RulesReadForm(data={"version": community.house_rules_version})
    onward = next_path() if next_path() != "/" else front_page(community)
    if form.validate_on_submit():
        service.agree_to_rules(
            db.session(),
            community,
            member,
            version=form.version.data,
            by=member,
            now=utc_now(),
        )
        flash(_("Thank you. You have agreed to the house rules."))
        return redirect(onward, code=303)
    cookie[_SHOWN] = {**cookie.get(_SHOWN, {}), community.slug: _today(community)}
    page = render_template(
        "members/rules.html",
        form=form,
        text=house_rules(community),
        is_asked=is_behind(member, community),
        was_asked=member.rules_version > 0,
        changed=_rewording(community, member),
        onward=onward,
        next=next_path(),
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200


def _rewording(community: Community, member: Member) -> wording.Rewording | None:
    """Return what is new since the member agreed, or None where that cannot be said."""
    if not is_behind(member, community):
        return None
    before = communities.house_rules_at(db.session(), community.id, member.rules_version)
    if before is None:
        return None
    return wording.rewording(worded(before), house_rules(community))


@bp.route("/people/<uuid:member_id>/rules", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def rules_together(member_id: uuid.UUID) -> ResponseReturnValue:
    """Show the rules to read aloud, and keep that a coordinator went through them with somebody."""
    community = here()
    member = queries.get(db.session(), community.id, member_id)
    form = forms.RulesReadForm(data={"version": community.house_rules_version})
    if form.validate_on_submit():
        service.agree_to_rules(
            db.session(),
            community,
            member,
            version=form.version.data,
            by=cast("Member", g.member),
            now=utc_now(),
        )
        flash(_("Noted: you went through the house rules with %(name)s.", name=shown_to_me(member)))
        return redirect(url_for("members.person", member_id=member.id), code=303)
    page = render_template(
        "members/rules_together.html",
        form=form,
        member=member,
        name=shown_to_me(member),
        text=house_rules(community),
        is_asked=is_behind(member, community),
        changed=_rewording(community, member),
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200
