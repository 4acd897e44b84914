"""Two groups that know each other: asking, answering, what they agreed, and the whole web."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import flash, g, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import names, queries, service
from timebank.groups.errors import TieNotFoundError
from timebank.groups.forms import ConnectForm, offered
from timebank.groups.models import Group, Tie, TieTerms
from timebank.groups.queries import Wanted
from timebank.groups.service import Agreement
from timebank.groups.views import pictures
from timebank.groups.views.frame import Seen, bp, refused, run_on, seen, to
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.fields import PageForm
from timebank.web.filters import day, hours_label
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

#: Groups drawn in one picture; more could not be told apart.
WEB_MAX = 40


@bp.get("/groups/web")
@access(Access.ANYONE)
def web() -> ResponseReturnValue:
    """Show which groups are connected, as a picture and as a table."""
    is_member = g.member is not None and g.member.state in {"active", "paused"}
    groups, pairs = queries.web(db.session(), g.community.id, only_public=not is_member)
    shown = groups[:WEB_MAX]
    order = pictures.side_by_side(len(shown), _by_place(shown, pairs))
    shown = [shown[number] for number in order]
    drawn = _by_place(shown, pairs)
    by_id = {group.id: group for group in groups}
    return page(
        "groups/web.html",
        web=pictures.web([(group.name, _href(group), group.tone) for group in shown], drawn)
        if shown
        else None,
        rows=[
            [{"value": by_id[a].name, "href": _href(by_id[a])}, by_id[b].name]
            for a, b in sorted(pairs, key=lambda pair: by_id[pair[0]].folded)
        ],
        left_out=len(groups) - len(shown),
    )


def _by_place(
    shown: Sequence[Group], pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]
) -> list[tuple[int, int]]:
    places = {group.id: number for number, group in enumerate(shown)}
    return [(places[a], places[b]) for a, b in pairs if a in places and b in places]


def _href(group: Group) -> str:
    return url_for("groups.show", group_slug=group.slug)


@bp.get("/groups/<group_slug>/with")
@access(Access.MEMBER)
def ties(group_slug: str) -> ResponseReturnValue:
    """List the groups that a group is connected with."""
    found = seen(group_slug)
    states = ("joined", "asked") if found.runs else ("joined",)
    return page(
        "groups/ties.html",
        group=found.group,
        runs=found.runs and found.group.is_open,
        rows=[
            {
                "words": each.group.name,
                "note": names.when_of(each.group),
                "href": url_for(
                    "groups.tie", group_slug=found.group.slug, other_slug=each.group.slug
                ),
                "tag": _tag(each.tie, found.group),
            }
            for each in queries.neighbours(db.session(), found.group, states=states)
        ],
    )


def _tag(tie: Tie, group: Group) -> str | None:
    if tie.state == "joined":
        return None
    return _("Waits for them") if tie.asking_id == group.id else _("Waits for you")


@bp.route("/groups/<group_slug>/connect", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def connect(group_slug: str) -> ResponseReturnValue:
    """Ask another group to be connected."""
    found = run_on(group_slug)
    session = db.session()
    form = ConnectForm(data={"mutual_minutes": 600})
    others = queries.every_entry(session, g.community.id, Wanted(), only_public=False)
    known = queries.neighbours(session, found.group, states=("joined", "asked"))
    taken = {found.group.id, *(each.group.id for each in known)}
    choices = [
        SelectChoice(entry.group.slug, entry.group.name)
        for entry in others
        if entry.group.id not in taken
    ]
    offered(form, "group_slug", [SelectChoice("", _("Choose one")), *choices])
    if form.validate_on_submit():
        other = queries.by_slug(session, g.community.id, form.group_slug.data)
        try:
            service.connect(
                session,
                found.group,
                other,
                _agreement(form),
                by=g.member,
                who=found.who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Asked. The people who run %(name)s answer.", name=other.name))
            return to("ties", found.group)
    return page(
        "groups/connect.html", form, mistaken=form.is_submitted(), group=found.group, other=None
    )


def _agreement(form: ConnectForm) -> Agreement:
    return Agreement(
        own_parts=form.own_parts.data,
        other_parts=form.other_parts.data,
        mutual_minutes=form.mutual_minutes.data,
        words=form.words.data,
    )


def _pair(found: Seen, other_slug: str) -> tuple[Group, Tie]:
    """Load the other group and how the two stand; what is only asked, those who run it see."""
    other = queries.by_slug(db.session(), g.community.id, other_slug)
    tie = queries.tie(db.session(), found.group, other)
    if tie.state != "joined" and not found.runs:
        raise TieNotFoundError
    return other, tie


@bp.get("/groups/<group_slug>/with/<other_slug>")
@access(Access.MEMBER)
def tie(group_slug: str, other_slug: str) -> ResponseReturnValue:
    """Show what two groups agreed on, and to those who run one of them what waits."""
    found = seen(group_slug)
    other, between = _pair(found, other_slug)
    session = db.session()
    every = queries.every_terms(session, between)
    agreed = next((terms for terms in every if terms.is_agreed), None)
    waiting = every[0] if every[0].is_agreed is None and between.state != "ended" else None
    net = queries.net_minutes(session, g.community.id, found.group.account_code, other.account_code)
    return page(
        "groups/tie.html",
        group=found.group,
        other=other,
        state=between.state,
        runs=found.runs and found.group.is_open,
        since=day(between.since_at),
        agreed=_terms(agreed, between, found.group, other) if agreed else [],
        waiting=_terms(waiting, between, found.group, other) if waiting and found.runs else [],
        answers=waiting is not None and waiting.proposing_id != found.group.id,
        net_words=_net_words(net, found.group, other),
        corner=corners.filled("tie", group=found.group, other=other, runs=found.runs),
    )


def _terms(terms: TieTerms, between: Tie, group: Group, other: Group) -> list[dict[str, object]]:
    parts = (terms.first_parts, terms.second_parts)
    own, others = parts if group.id == between.first_id else parts[::-1]
    rows = (
        (
            _("Sessions held together"),
            _("Each has the same part of hours and contacts")
            if own == others
            else _parts_words((own, group), (others, other)),
        ),
        (_("Their pots may be apart by"), hours_label(terms.mutual_minutes)),
        (_("What they do together"), terms.words),
    )
    return [{"key": key, "value": value} for key, value in rows if value]


def _parts_words(*shares: tuple[int, Group]) -> str:
    return names.joined(
        ngettext("%(num)d part for %(name)s", "%(num)d parts for %(name)s", parts, name=group.name)
        for parts, group in shares
    )


def _net_words(net: int, group: Group, other: Group) -> str:
    if not net:
        return _("Between the two pots it is all even.")
    giver, taker = (group, other) if net > 0 else (other, group)
    return _(
        "So far the pot of %(giver)s gave %(hours)s more to %(taker)s than came back.",
        giver=giver.name,
        taker=taker.name,
        hours=hours_label(net),
    )


@bp.route("/groups/<group_slug>/with/<other_slug>/terms", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def change_tie(group_slug: str, other_slug: str) -> ResponseReturnValue:
    """Propose other terms to a connected group."""
    found = run_on(group_slug)
    other, between = _pair(found, other_slug)
    agreed = queries.agreed_terms(db.session(), between)
    form = ConnectForm(data=_as_agreed(agreed, between, found.group))
    offered(form, "group_slug", [SelectChoice(other.slug, other.name)])
    form.group_slug.data = other.slug
    if form.validate_on_submit():
        service.propose_terms(
            db.session(),
            found.group,
            other,
            _agreement(form),
            by=g.member,
            who=found.who,
            now=utc_now(),
        )
        flash(_("Proposed. What you agreed before holds until they say yes."))
        return to("tie", found.group, other_slug=other.slug)
    return page(
        "groups/connect.html", form, mistaken=form.is_submitted(), group=found.group, other=other
    )


def _as_agreed(terms: TieTerms | None, between: Tie, group: Group) -> dict[str, Any]:
    if terms is None:
        return {}
    parts = (terms.first_parts, terms.second_parts)
    own, others = parts if group.id == between.first_id else parts[::-1]
    return {
        "own_parts": own,
        "other_parts": others,
        "mutual_minutes": terms.mutual_minutes,
        "words": terms.words,
    }


@bp.post("/groups/<group_slug>/with/<other_slug>/<any(yes,no):answer>")
@access(Access.MEMBER)
@writes
def answer_tie(group_slug: str, other_slug: str, answer: str) -> ResponseReturnValue:
    """Say yes or no to what the other group proposed."""
    found = run_on(group_slug)
    other, _between = _pair(found, other_slug)
    service.answer_tie(
        db.session(),
        found.group,
        other,
        yes=answer == "yes",
        by=g.member,
        who=found.who,
        now=utc_now(),
    )
    if answer == "yes":
        flash(_("Agreed. Both groups know."))
    else:
        flash(_("Noted. They have been told."), "note")
    return to("ties", found.group)


@bp.route("/groups/<group_slug>/with/<other_slug>/end", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def end_tie(group_slug: str, other_slug: str) -> ResponseReturnValue:
    """End a connection."""
    found = run_on(group_slug)
    other, _between = _pair(found, other_slug)
    form = PageForm()
    if form.validate_on_submit():
        service.end_tie(db.session(), found.group, other, by=g.member, who=found.who, now=utc_now())
        flash(_("The two groups are not connected any more."), "note")
        return to("ties", found.group)
    return page("groups/end_tie.html", form, group=found.group, other=other)
