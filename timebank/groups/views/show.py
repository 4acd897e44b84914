"""A group's own page; starting one, changing it, coming in and going."""

import uuid
from typing import Any

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import names, queries, service
from timebank.groups.errors import NoPartInGroupError
from timebank.groups.forms import GroupForm, StartForm, offered
from timebank.groups.models import Group
from timebank.groups.policy import pots as pots_policy
from timebank.groups.policy import standing
from timebank.groups.service import GroupDetails
from timebank.groups.views.frame import Seen, bp, refused, run_on, seen, to_group
from timebank.listings.models import WEEKDAYS
from timebank.listings.names import DAYS, PARTS
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.fields import PageForm
from timebank.web.filters import day, hours_label, today
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _

WEEK = ([(str(weekday), DAYS[weekday]) for weekday in WEEKDAYS], list(PARTS.items()))


@bp.route("/groups/new", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def start() -> ResponseReturnValue:
    """Start a group in three fields."""
    form = StartForm()
    if form.validate_on_submit():
        details = GroupDetails(
            name=form.name.data,
            when_words=form.when_words.data,
            where_words=form.where_words.data,
        )
        group = service.start_group(db.session(), g.community, details, by=g.member, now=utc_now())
        flash(_("Here it is: your group works from now on."))
        return to_group(group)
    return page("groups/start.html", form, mistaken=form.is_submitted())


@bp.get("/groups/<group_slug>")
@access(Access.ANYONE)
def show(group_slug: str) -> ResponseReturnValue:
    """Show a group: what it is like, when, where, and the next step."""
    found = seen(group_slug)
    group, who = found.group, found.who
    session = db.session()
    entry = queries.entry(session, group)
    venue = entry.venue
    return page(
        "groups/show.html",
        group=group,
        who=who,
        runs=found.runs and group.is_open,
        first_steps=_first_steps(found),
        ways=_ways(found),
        leads=queries.leads(session, group) if who.is_member else [],
        must_read=who.belongs and bool(queries.must_hear(session, group, [g.member.id])),
        facts=_facts(group, names.where_of(group, venue)),
        address=names.more_of(venue),
        access_words=venue.access_words if venue is not None else "",
        corner=corners.filled("group", group=group, who=who),
    )


def _first_steps(found: Seen) -> list[dict[str, object]]:
    """Return what helps a group that has just begun, to those who run it."""
    group = found.group
    if not found.runs or not group.is_open or group.words or group.rules_version:
        return []
    steps = (
        (_("Plan the first date"), "sessions.new_series", "calendar-event"),
        (_("Invite somebody"), "groups.invite", "person-plus"),
        (_("Say what it is like"), "groups.change", "pencil"),
        (_("Write ground rules"), "groups.change_rules", "card-checklist"),
    )
    return [
        {"words": words, "href": url_for(page, group_slug=group.slug), "icon": icon}
        for words, page, icon in steps
    ]


def _ways(found: Seen) -> list[dict[str, object]]:
    """Return where one can go from a group's page."""
    group = found.group
    ways: list[dict[str, object]] = []
    if standing.may_see_people(found.who):
        waits = found.runs and bool(queries.waiting_links(db.session(), group))
        ways.append(
            {
                "words": _("People in the group"),
                "href": url_for("groups.people", group_slug=group.slug),
                "icon": "people",
                "tag": _("Somebody waits") if waits else None,
            }
        )
        ways.append(
            {
                "words": _("Rota"),
                "href": url_for("sessions.rota", group_slug=group.slug),
                "icon": "clipboard-check",
            }
        )
    ways.append(
        {
            "words": _("Ground rules"),
            "note": None if group.rules_version else _("None yet"),
            "href": url_for("groups.rules", group_slug=group.slug),
            "icon": "card-checklist",
        }
    )
    if pots_policy.may_see_pot(found.who):
        ways.append(
            {
                "words": _("The pot"),
                "note": _pot_note(queries.pot_minutes(db.session(), group)),
                "href": url_for("groups.pot", pot_name=group.slug),
                "icon": "piggy-bank",
            }
        )
    ways.append(
        {
            "words": _("In your own calendar"),
            "href": url_for("sessions.group_calendar", group_slug=group.slug),
            "icon": "calendar-event",
        }
    )
    ways.append(
        {
            "words": _("In figures"),
            "href": url_for("sessions.group_figures", group_slug=group.slug),
            "icon": "calendar-week",
        }
    )
    if found.who.is_member:
        ways.append(
            {
                "words": _("Connected groups"),
                "href": url_for("groups.ties", group_slug=group.slug),
                "icon": "arrow-left-right",
            }
        )
        ways.append(
            {
                "words": _("What an hour moves here"),
                "href": url_for("groups.crediting", group_slug=group.slug),
                "icon": "clock",
            }
        )
    if found.runs:
        ways.append(
            {
                "words": _("Who stays away for a time"),
                "href": url_for("groups.apart", group_slug=group.slug),
                "icon": "shield-check",
            }
        )
    return ways


def _pot_note(minutes: int) -> str:
    if minutes < 0:
        return _("It has %(hours)s to give back", hours=hours_label(minutes))
    return _("It holds %(hours)s", hours=hours_label(minutes))


def _facts(group: Group, where: str) -> list[dict[str, object]]:
    rows = (
        (_("When"), names.when_of(group)),
        (_("Where"), where),
        (_("What people find here"), names.supports_of(group)),
        (_("There for people at a big change"), names.transitions_of(group)),
        (_("Who is behind it"), str(names.SECTOR_NAMES[group.sector]) if group.sector else ""),
        (_("Coming in"), str(names.JOINING_NAMES[group.joining]) if group.is_open else ""),
        (_("Write to"), group.mailbox),
        (_("Checked on"), day(group.checked_on) if group.checked_on else ""),
    )
    return [{"key": key, "value": value} for key, value in rows if value]


@bp.route("/groups/<group_slug>/change", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def change(group_slug: str) -> ResponseReturnValue:
    """Change what a group says about itself."""
    found = run_on(group_slug)
    group = found.group
    form = GroupForm(data=_as_said(group))
    _offer_places(form, group)
    if form.validate_on_submit():
        try:
            service.change_group(
                db.session(), group, _details(form), by=g.member, who=found.who, now=utc_now()
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Saved."))
            return to_group(group)
    return page("groups/change.html", form, mistaken=form.is_submitted(), group=group, week=WEEK)


def _offer_places(form: GroupForm, group: Group) -> None:
    found = list(queries.venues(db.session(), g.community.id, open_on=today()))
    if group.venue_id is not None and group.venue_id not in {venue.id for venue in found}:
        found.append(queries.venue(db.session(), g.community.id, group.venue_id))
    choices = [
        SelectChoice(str(venue.id), names.joined((venue.name, venue.postcode))) for venue in found
    ]
    offered(form, "venue_id", [SelectChoice("", _("None of these")), *choices])


def _as_said(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "words": group.words,
        "when_words": group.when_words,
        "slots": [f"{slot.weekday}-{slot.part}" for slot in group.slots],
        "where_words": group.where_words,
        "venue_id": str(group.venue_id or ""),
        "area": group.area,
        "supports": [
            key for key in ("practical", "social", "emotional") if getattr(group, f"is_{key}")
        ],
        "transitions": [each.transition for each in group.transitions],
        "sector": group.sector or "",
        "mailbox": group.mailbox,
        "joining": group.joining,
        "is_public": group.is_public,
        "needs_staff": group.needs_staff,
        "tone": str(group.tone),
    }


def _details(form: GroupForm) -> GroupDetails:
    slots = (value.split("-", 1) for value in form.slots.data)
    return GroupDetails(
        name=form.name.data,
        words=form.words.data,
        when_words=form.when_words.data,
        slots=frozenset((int(weekday), part) for weekday, part in slots),
        where_words=form.where_words.data,
        venue_id=uuid.UUID(form.venue_id.data) if form.venue_id.data else None,
        area=form.area.data,
        supports=form.supports.data,
        transitions=form.transitions.data,
        sector=form.sector.data or None,
        mailbox=form.mailbox.data,
        joining=form.joining.data,
        is_public=form.is_public.data,
        needs_staff=form.needs_staff.data,
        tone=int(form.tone.data),
    )


@bp.post("/groups/<group_slug>/checked")
@access(Access.MEMBER)
@writes
def checked(group_slug: str) -> ResponseReturnValue:
    """Say that everything on the group's page is right today."""
    found = run_on(group_slug)
    service.mark_checked(
        db.session(), found.group, by=g.member, who=found.who, today=today(), now=utc_now()
    )
    flash(_("Thank you. The page says that it was checked today."))
    return to_group(found.group)


@bp.route("/groups/<group_slug>/end", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def end(group_slug: str) -> ResponseReturnValue:
    """End a group, after saying what becomes of its hours."""
    found = run_on(group_slug)
    form = PageForm()
    if form.validate_on_submit():
        try:
            service.end_group(
                db.session(),
                g.community,
                found.group,
                by=g.member,
                who=found.who,
                now=utc_now(),
                today=today(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("The group has ended. Thank you for everything it was."), "note")
            return redirect(url_for("groups.directory"), code=303)
    minutes = queries.pot_minutes(db.session(), found.group)
    return page(
        "groups/end.html",
        form,
        mistaken=form.is_submitted(),
        group=found.group,
        minutes=minutes,
    )


# ----------------------------------------------------------------------- in and out


@bp.post("/groups/<group_slug>/join")
@access(Access.MEMBER)
@writes
def join(group_slug: str) -> ResponseReturnValue:
    """Come into a group, or ask to."""
    group = seen(group_slug).group
    link = service.join(db.session(), group, g.member, today=today(), now=utc_now())
    if link.state == "active":
        flash(_("Welcome. You belong to this group now."))
    else:
        flash(_("Asked. You hear from the people who run it."), "note")
    return to_group(group)


@bp.post("/groups/<group_slug>/invitation")
@access(Access.MEMBER)
@writes
def no_thanks(group_slug: str) -> ResponseReturnValue:
    """Say no to an invitation."""
    group = seen(group_slug).group
    service.answer_invitation(
        db.session(), group, g.member, yes=False, today=today(), now=utc_now()
    )
    flash(_("No problem. You can come in at any other time."), "note")
    return to_group(group)


@bp.route("/groups/<group_slug>/leave", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def leave(group_slug: str) -> ResponseReturnValue:
    """Leave a group, or take back that one asked to come in."""
    found: Seen = seen(group_slug)
    if not found.who.belongs and found.who.state != "asked":
        raise NoPartInGroupError
    form = PageForm()
    if form.validate_on_submit():
        try:
            service.leave(db.session(), found.group, g.member, now=utc_now())
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            if found.who.belongs:
                flash(_("You have left the group. The door stays open."), "note")
            else:
                flash(_("Taken back. You can ask again whenever you like."), "note")
            return to_group(found.group)
    return page("groups/leave.html", form, mistaken=form.is_submitted(), group=found.group)
