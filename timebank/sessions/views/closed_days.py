"""Days without sessions: of a group, and of the whole community."""

import uuid
from collections.abc import Sequence

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.errors import GroupNotFoundError
from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.groups.policy.standing import Standing
from timebank.sessions import names, queries, service
from timebank.sessions.errors import ClosedDayNotFoundError
from timebank.sessions.forms.planning import ClosedDayForm
from timebank.sessions.models import ClosedDay
from timebank.sessions.views.frame import bp, check_goes_on, seen
from timebank.sessions.views.refusing import refused
from timebank.web.access import Access, access
from timebank.web.filters import today
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.route("/groups/<group_slug>/closed-days", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def closed_days(group_slug: str) -> ResponseReturnValue:
    """Show when a group is closed, and close it."""
    found = seen(group_slug)
    if not standing.may_run(found.who):
        raise GroupNotFoundError
    check_goes_on(found.group)
    return _days(found.group, found.who)


@bp.route("/closed-days", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def community_closed_days() -> ResponseReturnValue:
    """Show when the whole community is closed, and close it."""
    return _days(None, standing.standing(None, g.roles))


def _days(group: Group | None, who: Standing) -> ResponseReturnValue:
    form = ClosedDayForm()
    if form.validate_on_submit():
        try:
            service.close_days(
                db.session(),
                g.community,
                group,
                from_on=form.from_on.day,
                until_on=form.last_on,
                words=form.words.data,
                by=g.member,
                who=who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Noted. Sessions on these days say that it is closed."))
            return redirect(_address(group), code=303)
    found = queries.closed_days(
        db.session(),
        g.community.id,
        group_id=group.id if group is not None else None,
        first_on=today(),
    )
    return page(
        "sessions/closed_days.html",
        form,
        mistaken=form.is_submitted(),
        group=group,
        own=_rows([each for each in found if _is_of(each, group)]),
        others=_rows([each for each in found if not _is_of(each, group)]),
    )


def _is_of(closed: ClosedDay, group: Group | None) -> bool:
    return closed.group_id == (group.id if group is not None else None)


def _rows(found: Sequence[ClosedDay]) -> list[dict[str, object]]:
    return [
        {
            "id": each.id,
            "when": names.days_words(each.from_on, each.until_on),
            "words": each.words,
        }
        for each in found
    ]


def _address(group: Group | None) -> str:
    if group is None:
        return url_for("sessions.community_closed_days")
    return url_for("sessions.closed_days", group_slug=group.slug)


@bp.post("/closed-days/<uuid:closed_id>/open")
@access(Access.MEMBER)
@writes
def open_again(closed_id: uuid.UUID) -> ResponseReturnValue:
    """Take a closed time back."""
    session = db.session()
    closed = queries.closed_day(session, g.community.id, closed_id)
    group, who = None, standing.standing(None, g.roles)
    if closed.group_id is not None:
        group = groups.by_id(session, g.community.id, closed.group_id)
        who = groups.standing_of(session, group, g.member, g.roles, on=today())
    if not (who.is_coordinator if group is None else standing.may_run(who)):
        raise ClosedDayNotFoundError
    service.open_again(session, g.community, closed, by=g.member, who=who, now=utc_now())
    flash(_("Taken back. The sessions of these days take place."))
    return redirect(_address(group), code=303)
