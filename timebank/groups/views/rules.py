"""Ground rules: read them, say so, write new ones."""

from flask import flash, g, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries, service
from timebank.groups.errors import NoRulesError
from timebank.groups.forms import RulesForm
from timebank.groups.views.frame import bp, refused, run_on, seen, to, to_group
from timebank.web.access import Access, access
from timebank.web.filters import short_day
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.get("/groups/<group_slug>/rules")
@access(Access.ANYONE)
def rules(group_slug: str) -> ResponseReturnValue:
    """Show the ground rules of a group, and to those in it which version they took in."""
    found = seen(group_slug)
    session, group = db.session(), found.group
    mine = None
    if found.who.belongs and group.rules_version:
        mine = queries.acknowledgement(session, group, g.member.id, group.rules_version)
    history = queries.rules_history(session, group) if found.runs else []
    return page(
        "groups/rules.html",
        group=group,
        who=found.who,
        runs=found.runs and group.is_open,
        rules=queries.ground_rules(session, group),
        mine=mine,
        earlier=[
            {"version": each.version, "words": each.words, "at": short_day(each.at)}
            for each in history
            if each.version != group.rules_version
        ],
    )


@bp.post("/groups/<group_slug>/rules/<int:version>")
@access(Access.MEMBER)
@writes
def took_in(group_slug: str, version: int) -> ResponseReturnValue:
    """Say that one read the ground rules and will keep to them."""
    group = seen(group_slug).group
    service.acknowledge(db.session(), group, g.member, version=version, by=g.member, now=utc_now())
    flash(_("Thank you. That is noted."))
    return to_group(group)


@bp.route("/groups/<group_slug>/rules/change", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def change_rules(group_slug: str) -> ResponseReturnValue:
    """Write new ground rules; everybody is asked to read them again."""
    found = run_on(group_slug)
    there = queries.ground_rules(db.session(), found.group)
    form = RulesForm(data={"words": there.words if there is not None else ""})
    if form.validate_on_submit():
        try:
            rules = service.write_rules(
                db.session(),
                found.group,
                form.words.data,
                by=g.member,
                who=found.who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            # Whoever wrote them need not be asked.
            service.acknowledge(
                db.session(),
                found.group,
                g.member,
                version=rules.version,
                by=g.member,
                now=utc_now(),
            )
            flash(_("Saved. Everybody reads them at their next visit."))
            return to("rules", found.group)
    return page(
        "groups/change_rules.html",
        form,
        mistaken=form.is_submitted(),
        group=found.group,
        is_first=there is None,
    )


@bp.get("/groups/<group_slug>/rules/print")
@access(Access.ANYONE)
def rules_print(group_slug: str) -> ResponseReturnValue:
    """Show the ground rules as a sheet for the wall."""
    group = seen(group_slug).group
    there = queries.ground_rules(db.session(), group)
    if there is None:
        raise NoRulesError
    back = url_for("groups.rules", group_slug=group.slug)
    return page("groups/rules_print.html", group=group, rules=there, back=back)
