"""Who is in a group: the list, invitations, answers, parts."""

import uuid

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import names, queries, service
from timebank.groups.errors import GroupNotFoundError, NoPartInGroupError
from timebank.groups.forms import PartForm, SomebodyForm
from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.groups.queries import Companion
from timebank.groups.views.frame import bp, refused, run_on, seen, somebody, to
from timebank.members import queries as members
from timebank.web.access import Access, access
from timebank.web.filters import today
from timebank.web.pages import page
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.get("/groups/<group_slug>/people")
@access(Access.MEMBER)
def people(group_slug: str) -> ResponseReturnValue:
    """List who is in a group, for those in it."""
    found = seen(group_slug)
    if not standing.may_see_people(found.who):
        raise GroupNotFoundError
    group, session = found.group, db.session()
    rows = queries.companions(
        session, group, after=key_of(request.args.get("after")), limit=PAGE_SIZE + 1
    )
    paged = cut(rows, [row.member.id for row in rows])
    return page(
        "groups/people.html",
        group=group,
        runs=found.runs and group.is_open,
        rows=[_row(group, row, runs=found.runs and group.is_open) for row in paged.rows],
        waiting=queries.waiting_links(session, group) if found.runs else [],
        invited=queries.companions(session, group, state="invited") if found.runs else [],
        later=paged.after and url_for("groups.people", group_slug=group.slug, after=paged.after),
    )


def _row(group: Group, companion: Companion, *, runs: bool) -> dict[str, object]:
    link, member = companion.link, companion.member
    paid = _("paid staff") if link.is_paid and runs else ""
    return {
        "name": member.first_name,
        "tone": member.number,
        "note": names.joined((str(names.PART_NAMES[link.part]), paid)),
        "href": url_for("groups.part", group_slug=group.slug, member_id=member.id)
        if runs
        else None,
    }


@bp.route("/groups/<group_slug>/invite", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def invite(group_slug: str) -> ResponseReturnValue:
    """Invite a member."""
    found = run_on(group_slug)
    form = SomebodyForm()
    if form.validate_on_submit() and (member := somebody(form)) is not None:
        service.invite(
            db.session(),
            found.group,
            member,
            by=g.member,
            who=found.who,
            today=today(),
            now=utc_now(),
        )
        flash(_("%(name)s is invited.", name=member.first_name))
        return to("people", found.group)
    return page("groups/invite.html", form, mistaken=form.is_submitted(), group=found.group)


@bp.post("/groups/<group_slug>/people/<uuid:member_id>/<any(yes,no):answer>")
@access(Access.MEMBER)
@writes
def answer(group_slug: str, member_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """Let somebody in who asked, or not."""
    found = run_on(group_slug)
    member = members.get(db.session(), g.community.id, member_id)
    service.answer_request(
        db.session(),
        found.group,
        member,
        yes=answer == "yes",
        by=g.member,
        who=found.who,
        now=utc_now(),
    )
    flash(_("Done. %(name)s has been told.", name=member.first_name))
    return to("people", found.group)


@bp.route("/groups/<group_slug>/people/<uuid:member_id>", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def part(group_slug: str, member_id: uuid.UUID) -> ResponseReturnValue:
    """Give somebody in the group another part."""
    found = run_on(group_slug)
    session, group = db.session(), found.group
    link = queries.link(session, group, member_id)
    if link is None or link.state != "active":
        raise NoPartInGroupError
    member = members.get(session, g.community.id, member_id)
    form = PartForm(data={"part": link.part, "is_paid": link.is_paid})
    if form.validate_on_submit():
        try:
            service.give_part(
                session,
                group,
                member,
                form.part.data,
                is_paid=form.is_paid.data,
                by=g.member,
                who=found.who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Saved."))
            return to("people", group)
    return page(
        "groups/part.html", form, mistaken=form.is_submitted(), group=group, name=member.first_name
    )


@bp.get("/groups/<group_slug>/story")
@access(Access.MEMBER)
def story(group_slug: str) -> ResponseReturnValue:
    """Tell what happened to a group, the latest first; names only to those in it."""
    found = seen(group_slug)
    if not standing.may_see_people(found.who):
        raise GroupNotFoundError
    events = queries.events(db.session(), found.group)
    known = members.several(
        db.session(),
        g.community.id,
        [key for event in events for key in (event.member_id, event.by_member_id) if key],
    )

    def called(key: uuid.UUID | None) -> str:
        return known[key].first_name if key in known else _("the community")

    return page(
        "groups/story.html",
        group=found.group,
        steps=[
            {
                "words": names.event_words(
                    event, name=called(event.member_id), by=called(event.by_member_id)
                ),
                "at": event.at,
            }
            for event in events
        ],
    )
