"""A member's own pages: where they are, what may help, what holds for them; giving some away."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db, new_id
from timebank.hours import queries as hours
from timebank.hours.policy import step_of
from timebank.limits import ideas, service
from timebank.limits.errors import NotSoManyHoursError
from timebank.limits.forms import GiveForm
from timebank.limits.history import history
from timebank.limits.names import sentences_of
from timebank.limits.views.frame import bp, steps_of
from timebank.web.access import Access, access
from timebank.web.fields import STEP_MINUTES
from timebank.web.filters import hours_label, hours_words, today
from timebank.web.session import writes
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


@bp.route("/hours/give", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def give() -> ResponseReturnValue:
    """Give some hours to the community pot."""
    session = db.session()
    available_minutes = hours.balance_of(session, g.member).available
    form = GiveForm()
    form.minutes.offer(min(available_minutes, GIFT_MINUTES_MAX), STEP_MINUTES)
    if form.validate_on_submit():
        try:
            service.give_to_pot(
                session,
                g.community,
                by=g.member,
                minutes=form.minutes.data,
                key=new_id(),
                now=utc_now(),
            )
        except NotSoManyHoursError as refusal:
            label = hours_label(refusal.available_minutes)
            form.minutes.errors = [_("You have %(hours)s to give at most.", hours=label)]
        else:
            flash(
                _("Thank you. The pot is %(hours)s fuller.", hours=hours_label(form.minutes.data))
            )
            return redirect(url_for("hours.index"), code=303)
    page = render_template(
        "limits/give.html",
        form=form,
        available=hours_words(available_minutes),
        has_some=available_minutes >= STEP_MINUTES,
        back=url_for("hours.index"),
        back_words=_("My hours"),
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200
