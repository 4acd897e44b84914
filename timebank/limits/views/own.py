"""A member's own page: where they are, what may help, what holds for them and why."""

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.db import db
from timebank.hours import queries as hours
from timebank.hours.policy import step_of
from timebank.limits import ideas
from timebank.limits.history import history
from timebank.limits.names import sentences_of
from timebank.limits.views.frame import bp, steps_of
from timebank.web.access import Access, access
from timebank.web.filters import today
from timebank.web.words import gettext as _

UNPROCESSABLE = 422
#: The longest list of steps on the page; whoever gives more does so twice.
GIFT_MINUTES_MAX = 20 * 60


@bp.get("/hours/limits")
@access(Access.MEMBER)
def mine() -> ResponseReturnValue:
    """Show a member how far their hours may go, in plain words, and every change of it."""
    session, code = db.session(), g.member.account_code
    minutes = hours.balance_of(session, g.member).posted
    limits, own = hours.limits_for(session, g.community, code)
    at = step_of(minutes, limits)
    side = at[0] if at is not None else "floor" if minutes < 0 else ""
    lines = history(session, g.community, code, since=g.member.joined_at)
    return render_template(
        "limits/mine.html",
        minutes=minutes,
        side=side,
        at_stop=at is not None and at[1] == "stop",
        ideas=ideas.ideas(session, g.member, side, roles=g.roles, today=today()) if side else [],
        sentences=sentences_of(limits),
        own=own,
        steps=steps_of(lines, is_own=True),
        back=url_for("hours.index"),
        back_words=_("My hours"),
    )
