"""Plan a single session or a series, look at the next dates before it counts, change it, end it."""

import uuid
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import names as group_names
from timebank.groups import queries as groups
from timebank.groups.errors import GroupNotFoundError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.sessions import names, queries, service
from timebank.sessions.errors import SeriesEndedError, SeriesNotFoundError
from timebank.sessions.forms.planning import KeptRuleForm, SeriesForm, SessionForm
from timebank.sessions.models import GroupSession, Series
from timebank.sessions.policy import planning
from timebank.sessions.policy.repeating import pattern_of, rule_of
from timebank.sessions.service import Repeat, SessionDetails
from timebank.sessions.views.frame import Seen, bp, check_goes_on, seen
from timebank.sessions.views.refusing import refused, sentence
from timebank.sessions.views.show import to_session
from timebank.web.access import Access, access
from timebank.web.fields import PageForm
from timebank.web.filters import today
from timebank.web.pages import page
from timebank.web.refusals import sent_fields
from timebank.web.session import SUBMISSION_FIELD, writes
from timebank.web.words import gettext as _

#: Fields of a form that are the details of a session under the same name.
DETAILS = ("title", "words", "setting", "where_words", "sign_up", "is_public")
#: What a check page sends along that is no answer.
NO_ANSWERS = frozenset({"again", "csrf_token"})


def plan_of(group_slug: str) -> Seen:
    """Load a group for a page of those who plan its sessions; for anybody else it is not there."""
    found = seen(group_slug)
    if not planning.may_plan(found.who):
        raise GroupNotFoundError
    check_goes_on(found.group)
    return found


def to_sessions(group: Group) -> ResponseReturnValue:
    """Go to the sessions of a group."""
    return redirect(url_for("sessions.of_group", group_slug=group.slug), code=303)


def offer(form: SessionForm | SeriesForm, group: Group, thing: object = None) -> None:
    """Offer the places and the people of a group; what is chosen already stays on the list."""
    venue_id: uuid.UUID | None = getattr(thing, "venue_id", None)
    host_id: uuid.UUID | None = getattr(thing, "host_id", None)
    session = db.session()
    venues = list(groups.venues(session, g.community.id, open_on=today()))
    if venue_id is not None and venue_id not in {venue.id for venue in venues}:
        venues.append(groups.venue(session, g.community.id, venue_id))
    form["venue_id"].choices = [
        SelectChoice("", _("None of these")),
        *(
            SelectChoice(str(venue.id), group_names.joined((venue.name, venue.postcode)))
            for venue in venues
        ),
    ]
    hosts = groups.companions(session, group, parts=("lead", "host"))
    form["host_id"].choices = [
        SelectChoice("", _("Nobody yet")),
        *(SelectChoice(str(each.member.id), each.member.first_name) for each in hosts),
    ]
    if host_id is not None and host_id not in {each.member.id for each in hosts}:
        form["host_id"].choices.append(SelectChoice(str(host_id), _("As before")))


def details_of(form: SessionForm | SeriesForm) -> SessionDetails:
    """Return what was said of a session."""
    return SessionDetails(
        **{name: form[name].data for name in DETAILS},
        venue_id=form.venue,
        host_id=form.host,
        capacity=form.places,
    )


def as_said(
    thing: GroupSession | Series, starts_minute: int, length_minutes: int
) -> dict[str, Any]:
    """Return what a form shows of a session or a series."""
    return {name: getattr(thing, name) for name in DETAILS} | {
        "venue_id": str(thing.venue_id or ""),
        "host_id": str(thing.host_id or ""),
        "capacity": str(thing.capacity or ""),
        "starts": names.minute_words(starts_minute),
        "ends": names.minute_words(starts_minute + length_minutes),
    }


def usual(group: Group) -> dict[str, Any]:
    """Return what a new session of a group usually says."""
    return {
        "title": group.name,
        "venue_id": str(group.venue_id or ""),
        "where_words": "" if group.venue_id else group.where_words,
        "is_public": group.is_public,
    }


# ------------------------------------------------------------------------- a single session


@bp.route("/groups/<group_slug>/sessions/new", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def new_session(group_slug: str) -> ResponseReturnValue:
    """Plan a single session."""
    found = plan_of(group_slug)
    form = SessionForm(data=usual(found.group))
    offer(form, found.group, found.group)
    if form.validate_on_submit():
        try:
            planned = service.plan_session(
                db.session(),
                g.community,
                found.group,
                details_of(form),
                day_on=form.day_on.day,
                starts_minute=form.starts.minute,
                length_minutes=form.length_minutes,
                who=found.who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Planned. It is on the page of the group, and under what is on."))
            return to_session(planned)
    return page("sessions/new_session.html", form, mistaken=form.is_submitted(), group=found.group)


# -------------------------------------------------------------------------------- a series


@bp.get("/groups/<group_slug>/series/new")
@access(Access.MEMBER)
def new_series(group_slug: str) -> ResponseReturnValue:
    """Say what happens again and again; the next page shows the dates."""
    found = plan_of(group_slug)
    weekdays = sorted({str(slot.weekday) for slot in found.group.slots})
    form = SeriesForm(data=usual(found.group) | {"starts_on": today(), "weekdays": weekdays})
    offer(form, found.group, found.group)
    return _series_page(found.group, form)


@bp.post("/groups/<group_slug>/series/check")
@access(Access.MEMBER)
def check_new_series(group_slug: str) -> ResponseReturnValue:
    """Show the next dates of a series before it counts."""
    found = plan_of(group_slug)
    form = SeriesForm()
    offer(form, found.group, found.group)
    return _check(found.group, form)


@bp.post("/groups/<group_slug>/series")
@access(Access.MEMBER)
@writes
def plan_series(group_slug: str) -> ResponseReturnValue:
    """Plan a series, and make its sessions."""
    found = plan_of(group_slug)
    form = SeriesForm()
    offer(form, found.group, found.group)
    if form.validate():
        try:
            service.plan_series(
                db.session(),
                g.community,
                found.group,
                details_of(form),
                _repeat(form, None),
                by=g.member,
                who=found.who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Planned. Its dates are on the page of the group, half a year ahead."))
            return to_sessions(found.group)
    return _series_page(found.group, form, mistaken=True)


def series_of(series_id: uuid.UUID) -> tuple[Series, Group, Standing]:
    """Load a series for a page of those who plan it; for anybody else it is not there."""
    series = queries.series_by_id(db.session(), g.community.id, series_id)
    group = groups.by_id(db.session(), g.community.id, series.group_id)
    who = groups.standing_of(db.session(), group, g.member, g.roles, on=today())
    if not planning.may_plan(who):
        raise SeriesNotFoundError
    check_goes_on(group)
    return series, group, who


def _has_ended(group: Group) -> ResponseReturnValue:
    flash(sentence(SeriesEndedError()), "note")
    return to_sessions(group)


def _form_of(series: Series, data: dict[str, Any] | None = None) -> SeriesForm:
    """Return the form for a series; a rule that our words cannot say is kept."""
    kind = SeriesForm if pattern_of(series.rrule) is not None else KeptRuleForm
    return kind(data=data)


@bp.get("/series/<uuid:series_id>/change")
@access(Access.MEMBER)
def change_series(series_id: uuid.UUID) -> ResponseReturnValue:
    """Change what happens again and again; the next page shows the dates."""
    series, group, _who = series_of(series_id)
    if series.state != "running":
        return _has_ended(group)
    form = _form_of(series, _series_as_said(series))
    offer(form, group, series)
    return _series_page(group, form, series=series)


def _series_as_said(series: Series) -> dict[str, Any]:
    said = as_said(series, series.starts_minute, series.length_minutes) | {
        "starts_on": series.starts_on,
        "until_on": series.until_on,
    }
    pattern = pattern_of(series.rrule)
    if pattern is None:
        return said
    return said | {
        "often": pattern.often,
        "weekdays": [str(weekday) for weekday in pattern.weekdays],
        "position": str(pattern.position),
        "month_day": str(pattern.month_day),
    }


@bp.post("/series/<uuid:series_id>/check")
@access(Access.MEMBER)
def check_series(series_id: uuid.UUID) -> ResponseReturnValue:
    """Show the next dates of a changed series before they count."""
    series, group, _who = series_of(series_id)
    form = _form_of(series)
    offer(form, group, series)
    return _check(group, form, series)


@bp.post("/series/<uuid:series_id>")
@access(Access.MEMBER)
@writes
def save_series(series_id: uuid.UUID) -> ResponseReturnValue:
    """Change a series, and those of its dates that nobody touched."""
    series, group, who = series_of(series_id)
    form = _form_of(series)
    offer(form, group, series)
    if form.validate():
        try:
            service.change_series(
                db.session(),
                g.community,
                group,
                series,
                details_of(form),
                _repeat(form, series),
                by=g.member,
                who=who,
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Saved. Dates that somebody changed by hand stay as they are."))
            return to_sessions(group)
    return _series_page(group, form, series=series, mistaken=True)


@bp.route("/series/<uuid:series_id>/end", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def end_series(series_id: uuid.UUID) -> ResponseReturnValue:
    """End a series: what was held stays, what is to come goes."""
    series, group, who = series_of(series_id)
    if series.state != "running" and request.method == "GET":
        return _has_ended(group)
    form = PageForm()
    if form.validate_on_submit():
        service.end_series(db.session(), group, series, by=g.member, who=who, now=utc_now())
        flash(_("It has ended. What was held stays where it is."), "note")
        return to_sessions(group)
    return page("sessions/end_series.html", form, group=group, series=series)


def _repeat(form: SeriesForm, series: Series | None) -> Repeat:
    kept = series is not None and isinstance(form, KeptRuleForm)
    return Repeat(
        rrule=series.rrule if series is not None and kept else rule_of(form.pattern),
        starts_on=form.starts_on.day,
        until_on=form.last_on,
        starts_minute=form.starts.minute,
        length_minutes=form.length_minutes,
    )


def _series_page(
    group: Group, form: SeriesForm, *, series: Series | None = None, mistaken: bool = False
) -> ResponseReturnValue:
    return page(
        "sessions/series.html",
        form,
        mistaken=mistaken,
        group=group,
        series=series,
        kept=isinstance(form, KeptRuleForm),
        check=_check_address(group, series),
    )


def _check_address(group: Group, series: Series | None) -> str:
    if series is not None:
        return url_for("sessions.check_series", series_id=series.id)
    return url_for("sessions.check_new_series", group_slug=group.slug)


def _check(group: Group, form: SeriesForm, series: Series | None = None) -> ResponseReturnValue:
    """Show what would be planned, or the form again: as asked, or with what is wrong."""
    again = "again" in request.form
    if again or not form.validate():
        return _series_page(group, form, series=series, mistaken=not again)
    repeat = _repeat(form, series)
    try:
        dates = service.next_dates(
            db.session(),
            g.community,
            group,
            repeat,
            now=utc_now(),
            is_going_on=series is not None,
        )
    except RefusalError as refusal:
        form.form_errors.append(sentence(refusal))
        return _series_page(group, form, series=series, mistaken=True)
    return page(
        "sessions/check_series.html",
        group=group,
        series=series,
        facts=_said_facts(form, repeat),
        dates=[names.date_words(date) for date in dates],
        fields=[pair for pair in sent_fields() if pair[0] not in NO_ANSWERS],
        key=SUBMISSION_FIELD,
        check=_check_address(group, series),
        save=url_for("sessions.save_series", series_id=series.id)
        if series is not None
        else url_for("sessions.plan_series", group_slug=group.slug),
    )


def _said_facts(form: SeriesForm, repeat: Repeat) -> list[dict[str, str]]:
    begin = names.minute_words(repeat.starts_minute)
    end = names.minute_words(repeat.starts_minute + repeat.length_minutes)
    places = str(form.places) if form.places is not None else _("as many as come")
    until = names.date_words(repeat.until_on) if repeat.until_on else _("nobody knows yet")
    rows = (
        (_("What"), form.title.data),
        (_("How often"), names.repeat_words(repeat.rrule)),
        (_("From when to when"), _("%(begin)s–%(end)s", begin=begin, end=end)),
        (_("Until"), until),
        (_("Coming along"), str(names.SIGN_UP_NAMES[form.sign_up.data])),
        (_("Places"), places),
    )
    return [{"key": key, "value": str(value)} for key, value in rows]
