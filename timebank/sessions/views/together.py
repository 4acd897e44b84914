"""Hold a session, or all of a series, together with a connected group."""

import uuid
from dataclasses import dataclass

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing, may_host, may_run
from timebank.sessions import door_names as names
from timebank.sessions import queries, service
from timebank.sessions.errors import SessionNotFoundError
from timebank.sessions.forms.door import TogetherForm, choices_of, key_of
from timebank.sessions.models import GroupSession, Series, SessionPartner
from timebank.sessions.views.at_door import sentence, session_page
from timebank.sessions.views.frame import bp
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.filters import hours_label, short_day, today
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

Partner = tuple[SessionPartner, Group]


@dataclass(frozen=True, slots=True)
class Together:
    """A session or a series with the groups that hold it or were asked, as somebody sees it.

    Attributes:
        about: The session or the series.
        group: Whose it is.
        partners: The others, with how it stands.
        who: What the caller is to each of them, by the group's id.
    """

    about: GroupSession | Series
    group: Group
    partners: list[Partner]
    who: dict[uuid.UUID, Standing]

    @property
    def kind(self) -> str:
        """How addresses call it."""
        return "sessions" if isinstance(self.about, GroupSession) else "series"

    @property
    def is_over(self) -> bool:
        """Whether it was closed, so that its shares stay as they are."""
        return isinstance(self.about, GroupSession) and self.about.state == "closed"

    @property
    def address(self) -> str:
        """The address of this page."""
        return url_for("sessions.together", kind=self.kind, about_id=self.about.id)

    def partner(self, partner_id: uuid.UUID) -> Partner:
        """Return one of the partners, or answer that there is none."""
        for row, group in self.partners:
            if row.id == partner_id:
                return row, group
        raise SessionNotFoundError


def _together(kind: str, about_id: uuid.UUID) -> Together:
    """Load it for those who hold sessions of one of the groups; others find no such page."""
    session, community_id = db.session(), g.community.id
    about: GroupSession | Series
    if kind == "sessions":
        about = queries.session_by_id(session, community_id, about_id)
    else:
        about = queries.series_by_id(session, community_id, about_id)
    group = groups.by_id(session, community_id, about.group_id)
    partners = queries.partners_of(session, about)
    ids = [group.id, *(other.id for _row, other in partners)]
    who = groups.standings_of(session, ids, g.member, g.roles, on=[today()])
    if not any(may_host(each) for each in who.values()):
        raise SessionNotFoundError
    return Together(about, group, partners, who)


@bp.get("/<any(sessions,series):kind>/<uuid:about_id>/together")
@access(Access.MEMBER)
def together(kind: str, about_id: uuid.UUID) -> ResponseReturnValue:
    """Show which groups hold it, how they share it, and who was asked."""
    return _page(_together(kind, about_id), TogetherForm(formdata=None))


def _page(found: Together, form: TogetherForm, *, mistaken: bool = False) -> ResponseReturnValue:
    taken = {group.id for row, group in found.partners if row.state in {"asked", "joined"}}
    free = [
        each.group
        for each in groups.neighbours(db.session(), found.group)
        if each.group.id not in taken
    ]
    form.group_id.choices = choices_of((str(each.id), each.name) for each in free)
    about = found.about
    date = about if isinstance(about, GroupSession) else None
    return page(
        "sessions/together.html",
        form,
        mistaken=mistaken,
        about=about,
        kind=found.kind,
        group=found.group,
        when=names.when_of(date) if date is not None else _("Each date of this series"),
        rows=[_row(found, row, other) for row, other in found.partners],
        runs=may_run(found.who[found.group.id]) and found.group.is_open and not found.is_over,
        has_free=bool(free),
        back=session_page(date)
        if date is not None
        else url_for("groups.show", group_slug=found.group.slug),
    )


def _row(found: Together, row: SessionPartner, other: Group) -> dict[str, object]:
    states = {
        "asked": _("Asked, and no answer yet"),
        "joined": _("Holds it too"),
        "declined": _("Not this time"),
        "ended": _("Not any more"),
    }
    theirs, ours = found.who[other.id], found.who[found.group.id]
    is_on = row.state in {"asked", "joined"} and not found.is_over
    return {
        "id": row.id,
        "name": other.name,
        "state": states[row.state],
        "shared": _(
            "Shared %(own)d to %(other)d: %(group)s first",
            own=row.own_parts,
            other=row.other_parts,
            group=found.group.name,
        ),
        "answers": row.state == "asked" and is_on and may_run(theirs),
        "ends": is_on and (may_run(theirs) or may_run(ours)),
    }


@bp.post("/<any(sessions,series):kind>/<uuid:about_id>/together")
@access(Access.MEMBER)
@writes
def ask_together(kind: str, about_id: uuid.UUID) -> ResponseReturnValue:
    """Ask a connected group to hold it together."""
    found = _together(kind, about_id)
    form = TogetherForm()
    wanted = key_of(request.form.get("group_id"))
    other = next(
        (
            each.group
            for each in groups.neighbours(db.session(), found.group)
            if each.group.id == wanted
        ),
        None,
    )
    if other is None:
        form.group_id.errors = [_("Choose a group that you are connected with.")]
        return _page(found, form, mistaken=True)
    try:
        row = service.ask_partner(
            db.session(),
            found.about,
            found.group,
            other,
            by=g.member,
            who=found.who[found.group.id],
            who_there=groups.standing_of(db.session(), other, g.member, g.roles, on=today()),
            now=utc_now(),
        )
    except RefusalError as refusal:
        flash(sentence(refusal), "careful")
    else:
        # Whoever runs both has answered by asking.
        words = (
            _("Done. %(group)s holds it too.", group=other.name)
            if row.state == "joined"
            else _("%(group)s is asked. You hear when they answer.", group=other.name)
        )
        flash(words)
    return redirect(found.address, code=303)


@bp.post(
    "/<any(sessions,series):kind>/<uuid:about_id>/together/<uuid:partner_id>"
    "/<any(yes,no,end):answer>"
)
@access(Access.MEMBER)
@writes
def answer_together(
    kind: str, about_id: uuid.UUID, partner_id: uuid.UUID, answer: str
) -> ResponseReturnValue:
    """Say yes or no to holding it together, or go on alone."""
    found = _together(kind, about_id)
    row, other = found.partner(partner_id)
    session, now = db.session(), utc_now()
    if answer == "end":
        service.end_partner(
            session,
            row,
            found.about,
            who=found.who[found.group.id],
            who_there=found.who[other.id],
            by=g.member,
            now=now,
        )
        flash(_("Noted. What was held together stays so."), "note")
    else:
        service.answer_partner(
            session,
            row,
            found.about,
            found.group,
            other,
            yes=answer == "yes",
            by=g.member,
            who_there=found.who[other.id],
            now=now,
        )
        flash(_("Your answer is noted."))
    return redirect(found.address, code=303)


def on_tie_page(*, group: Group, other: Group, runs: bool) -> Markup:
    """Show on the page of two connected groups what they held together, to those who run one."""
    found = queries.held_together(db.session(), group, other) if runs else []
    if not found:
        return Markup()
    rows = [
        [
            {"value": held.title, "href": session_page(held)},
            short_day(held.day_on),
            *(
                ngettext(
                    "%(num)d person, %(hours)s",
                    "%(num)d people, %(hours)s",
                    share.contacts,
                    hours=hours_label(share.hosted_minutes),
                )
                for share in shares
            ),
        ]
        for held, shares in found
    ]
    return corners.drawn("sessions/on_tie.html", group=group, other=other, rows=rows)
