"""The communities of this installation, one's own, and the settings of one."""

from flask import current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.communities import service
from timebank.communities.models import Community, CommunityChange
from timebank.communities.names import LIMITS, limit_value
from timebank.db import db
from timebank.members import queries
from timebank.members import service as members
from timebank.members.forms import (
    ASIDE_WORDS,
    JOINING_WORDS,
    LOCALE_WORDS,
    MUTUAL_WORDS,
    SettingsForm,
)
from timebank.members.views.blueprints import communities as bp
from timebank.members.views.caller import device, own_device
from timebank.members.views.place import front_page, here, me
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.fields import LimitField
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

UNPROCESSABLE = 422
CHANGES_SHOWN = 20
#: Members in these states have a front page to come home to.
AT_HOME = frozenset({"active", "paused"})
#: What the person at the server types first.
FIRST_COMMANDS = (
    'timebank community create elm-street --name "Elm Street Time Bank"',
    "timebank member add Ana --role coordinator --card",
)
STATE_WORDS = {
    "waiting": _l("You have asked to join"),
    "active": _l("You belong here"),
    "paused": _l("You are taking a break"),
    "refused": _l("You asked to join"),
    "left": _l("You left"),
}


@bp.get("/")
@access(Access.ANYONE)
def index() -> ResponseReturnValue:
    """Show the communities of this installation; the only one, and one's own, opens at once."""
    found, own = communities.every(db.session()), _own()
    if len(own) == 1 or len(found) == 1:
        return redirect(front_page((own or found)[0]), code=303)
    if own:
        return redirect(url_for("communities.mine"), code=303)
    counts = queries.active_counts(db.session())
    cards = [_card(one, counts.get(one.id, 0)) for one in found]
    return render_template(
        "communities/index.html",
        cards=cards,
        signed_in=device() is not None,
        commands=FIRST_COMMANDS,
    )


def _card(community: Community, members: int) -> dict[str, object]:
    """Return a community in a few words: the first of its own, who is there, and who may join."""
    first, *_rest = community.words.splitlines() or [""]
    return {
        "name": community.name,
        "words": first,
        "count": ngettext("%(num)d neighbour takes part", "%(num)d neighbours take part", members)
        if members
        else "",
        "joining": JOINING_WORDS[community.joining],
        "href": front_page(community),
    }


def _own() -> list[Community]:
    """List where the caller belongs; empty for visitors."""
    caller = device()
    if caller is None:
        return []
    found = queries.memberships_of(db.session(), caller.person_id)
    return [
        community
        for member, community, _roles in found
        if member.state in AT_HOME and caller.opens(community.id)
    ]


@bp.get("/you/communities")
@access(Access.SIGNED_IN)
def mine() -> ResponseReturnValue:
    """Show where somebody belongs; one tap goes there."""
    found = queries.memberships_of(db.session(), own_device().person_id)
    items = [
        {
            "words": community.name,
            "note": STATE_WORDS[member.state],
            "href": front_page(community)
            if member.state in AT_HOME
            else url_for("members.waiting", community_slug=community.slug),
        }
        for member, community, _roles in found
        if own_device().opens(community.id)
    ]
    return render_template("you/communities.html", items=items)


@bp.route(f"{COMMUNITY_PREFIX}/settings", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def settings() -> ResponseReturnValue:
    """Change the rules of the house; every change is kept with who made it and when."""
    community, session = here(), db.session()
    form = SettingsForm(obj=community)
    if form.validate_on_submit():
        changes = service.change_settings(
            session, community, form.settings, by_member_id=me().id, now=utc_now()
        )
        if any(change.setting == "house_rules" for change in changes):
            # Whoever wrote them need not be asked.
            version = community.house_rules_version
            members.agree_to_rules(
                session, community, me(), version=version, by=me(), now=utc_now()
            )
        if changes:
            flash(_("The settings are changed."))
        else:
            flash(_("Nothing was changed."), "note")
        return redirect(url_for("communities.settings"), code=303)
    page = render_template(
        "communities/settings.html",
        form=form,
        changes=_changes(form),
        has_categories="listings.categories" in current_app.view_functions,
        has_time_zone="sessions.time_zone" in current_app.view_functions,
        has_limits="limits.everybody" in current_app.view_functions,
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200


def _changes(form: SettingsForm) -> list[dict[str, object]]:
    found = communities.changes(db.session(), g.community.id, limit=CHANGES_SHOWN)
    who = queries.several(
        db.session(), g.community.id, [one.by_member_id for one in found if one.by_member_id]
    )
    return [
        {
            "setting": _label(form, one.setting),
            "values": _values(form, one),
            "who": who[one.by_member_id].first_name if one.by_member_id else _("the server"),
            "at": one.at,
        }
        for one in found
    ]


def _label(form: SettingsForm, setting: str) -> str:
    elsewhere = {**LIMITS, "time_zone": _("Time zone")}
    return str(elsewhere[setting] if setting in elsewhere else form[setting].label.text)


def _values(form: SettingsForm, change: CommunityChange) -> str:
    """Say from what to what; long texts are not repeated."""
    if change.setting in {"words", "help_words", "house_rules"}:
        return _("new words")
    before, after = (_value(form, change.setting, value) for value in (change.before, change.after))
    return _("from “%(before)s” to “%(after)s”", before=before, after=after)


def _value(form: SettingsForm, setting: str, value: str | None) -> str:
    if setting in LIMITS:
        return limit_value(setting, None if value is None else int(value))
    if setting == "time_zone":
        return value or ""
    field = form[setting]
    if isinstance(field, LimitField):
        return str(field.says_of(None if value is None else int(value)))
    words = {**JOINING_WORDS, **LOCALE_WORDS, **MUTUAL_WORDS, **ASIDE_WORDS}
    return str(words.get(value or "", value or ""))
