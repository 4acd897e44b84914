"""The clock on the wall of a community, and what is planned by it."""

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.sessions import queries, service
from timebank.sessions.forms.time_zone import KEEPS, TimeZoneForm
from timebank.sessions.service import Changed
from timebank.sessions.views.frame import bp
from timebank.web.access import Access, access
from timebank.web.filters import moment_words
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext


@bp.route("/settings/time-zone", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def time_zone() -> ResponseReturnValue:
    """Change the time zone, and say what becomes of what is planned."""
    session, now = db.session(), utc_now()
    form = TimeZoneForm(data={"time_zone": g.community.time_zone, "keeps": KEEPS[0]})
    if form.validate_on_submit():
        if form.time_zone.data == g.community.time_zone:
            flash(_("Nothing was changed."), "note")
        else:
            done = service.change_time_zone(
                session,
                g.community,
                form.time_zone.data,
                keeps_time_of_day=form.keeps.data == KEEPS[0],
                by=g.member,
                now=now,
            )
            flash(_done(done.moved))
            if done.look_at:
                flash(_look_at(done), "careful")
        return redirect(url_for("communities.settings"), code=303)
    return page(
        "sessions/time_zone.html",
        form,
        mistaken=form.is_submitted(),
        shows=moment_words(now),
        to_come=queries.number_to_come(session, g.community.id, now=now),
    )


def _look_at(done: Changed) -> str:
    return ngettext(
        "By the new clock this is on another day: %(titles)s. "
        "Look at its plan: new dates are still made for the days and times it names.",
        "By the new clock these are on another day: %(titles)s. "
        "Look at their plans: new dates are still made for the days and times they name.",
        len(done.look_at),
        titles=", ".join(series.title for series in done.look_at),
    )


def _done(moved: int) -> str:
    words = _("The clock is %(zone)s now.", zone=g.community.time_zone)
    if not moved:
        return words
    dates = ngettext(
        "%(num)d date went with it and keeps its time of day.",
        "%(num)d dates went with it and keep their time of day.",
        moved,
    )
    return f"{words} {dates}"
