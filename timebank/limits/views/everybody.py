"""The limits of the community: what they are, whom others would concern, and changing them."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.communities.models import LIMITS
from timebank.communities.policy import Limits, limits_of
from timebank.db import db
from timebank.limits import forms, queries, service
from timebank.limits.names import rows_of
from timebank.limits.views.frame import bp
from timebank.web.access import Access, access
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

UNPROCESSABLE = 422


@bp.get("/settings/limits")
@access(Access.COORDINATOR)
def everybody() -> ResponseReturnValue:
    """Show the community's limits, to look at and to change."""
    if request.args:
        # Back from the next page: what was written there is here again.
        return _page(forms.filled(forms.LimitsForm, request.args, g.community), status=200)
    return _page(forms.shown(forms.LimitsForm, g.community), status=200)


def _page(form: forms.LimitsForm, *, status: int) -> ResponseReturnValue:
    return render_template("limits/everybody.html", form=form), status


@bp.get("/settings/limits/check")
@access(Access.COORDINATOR)
def check() -> ResponseReturnValue:
    """Say whom new limits would concern, before anything is changed."""
    form = forms.filled(forms.LimitsForm, request.args, g.community)
    limits = form.limits() if form.validate() else None
    if limits is None:
        return _page(form, status=UNPROCESSABLE)
    if limits == limits_of(g.community):
        flash(_("These are the limits already. Nothing was changed."), "note")
        return redirect(url_for("limits.everybody"), code=303)
    typed = {name: form[name].data for name in LIMITS}
    return render_template(
        "limits/check.html",
        typed=typed,
        change=url_for("limits.everybody", **typed),
        rows=_changes(limits),
        concerns=_concerns(queries.reach(db.session(), g.community, limits)),
    )


def _changes(limits: Limits) -> list[dict[str, str]]:
    """Return what would change, each line with what it is now."""
    return [
        {
            "key": new["key"],
            "value": _("%(new)s (now: %(now)s)", new=new["value"], now=now["value"]),
        }
        for new, now in zip(rows_of(limits), rows_of(limits_of(g.community)), strict=True)
        if new != now
    ]


def _concerns(reach: queries.Reach) -> list[str]:
    said = [
        ngettext(
            "This concerns %(num)d member, from now on.",
            "This concerns %(num)d members, from now on.",
            reach.members,
        )
    ]
    below, above = reach.counts["floor_stop"], reach.counts["ceiling_stop"]
    if below:
        said.append(
            ngettext(
                "%(num)d of them is at the new stop or below it, and can still give.",
                "%(num)d of them are at the new stop or below it, and can still give.",
                below,
            )
        )
    if above:
        said.append(
            ngettext(
                "%(num)d of them is at the new stop or above it, and can still spend.",
                "%(num)d of them are at the new stop or above it, and can still spend.",
                above,
            )
        )
    chats = reach.counts["floor_soft"] + reach.counts["ceiling_soft"]
    if chats:
        said.append(
            ngettext(
                "%(num)d of them is far enough for a chat.",
                "%(num)d of them are far enough for a chat.",
                chats,
            )
        )
    if reach.with_own:
        said.append(
            ngettext(
                "%(num)d member has limits of their own and keeps them.",
                "%(num)d members have limits of their own and keep them.",
                reach.with_own,
            )
        )
    return said


@bp.post("/settings/limits")
@access(Access.COORDINATOR)
@writes
def change_everybody() -> ResponseReturnValue:
    """Change the limits for everybody who has none of their own."""
    form = forms.filled(forms.LimitsForm, request.form, g.community)
    limits = form.limits() if form.validate() else None
    if limits is None:
        return _page(form, status=UNPROCESSABLE)
    service.change_for_everybody(db.session(), g.community, limits, by=g.member, now=utc_now())
    flash(_("The limits are changed, for everybody at once."))
    return redirect(url_for("limits.everybody"), code=303)
