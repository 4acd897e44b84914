"""Calendars that other programs subscribe to, and the pages on which one gets their addresses."""

import hashlib
from collections.abc import Sequence

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.groups import queries as groups
from timebank.groups.errors import GroupNotFoundError
from timebank.groups.policy import standing
from timebank.groups.policy.standing import VISITOR
from timebank.sessions import calendar_names as names
from timebank.sessions import errors, queries, service
from timebank.sessions.calendars import writing
from timebank.sessions.calendars.writing import Entry
from timebank.sessions.forms.feeds import FeedForm
from timebank.sessions.policy.planning import may_plan
from timebank.sessions.queries import Dated, Meeting
from timebank.sessions.views.frame import bp, seen
from timebank.web.access import Access, access
from timebank.web.filters import zone
from timebank.web.refusals import say
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

CONTENT_TYPE = "text/calendar; charset=utf-8"
#: A program asks each time whether there is anything new. Nobody in between keeps a person's copy.
CACHE_OWN, CACHE_PUBLIC = "private, no-cache", "no-cache"

say(errors.FeedNotFoundError, _l("No calendar has this address, or not any more."))


# --------------------------------------------------------------------- what programs fetch


@bp.get("/calendar/<secret>.ics")
@access(Access.ANYONE)
def feed(secret: str) -> ResponseReturnValue:
    """Answer a calendar program with a member's own dates; the address is all it has to show."""
    session, now = db.session(), utc_now()
    found, _member = queries.feed_by_secret(session, g.community.id, secret)
    dates = queries.own_dates(session, found, now=now)
    entries = [_own_entry(each, has_titles=found.has_titles) for each in dates]
    name = g.community.name if found.has_titles else _("My dates")
    return _calendar(entries, name=name, cache=CACHE_OWN)


@bp.get("/groups/<group_slug>/calendar.ics")
@access(Access.ANYONE)
def group_feed(group_slug: str) -> ResponseReturnValue:
    """Answer a calendar program with the public sessions of a public group."""
    session, now = db.session(), utc_now()
    group = groups.by_slug(session, g.community.id, group_slug)
    if not standing.may_see(group, VISITOR):
        raise GroupNotFoundError
    meetings = queries.public_dates(session, group, now=now)
    entries = [_public_entry(each) for each in meetings]
    return _calendar(entries, name=group.name, cache=CACHE_PUBLIC)


def _own_entry(dated: Dated, *, has_titles: bool) -> Entry:
    meeting = dated.meeting
    planned = meeting.session
    state = "confirmed" if dated.is_sure else "tentative"
    return Entry(
        session_id=planned.id,
        sequence=planned.sequence,
        changed_at=dated.changed_at,
        starts_at=planned.starts_at,
        ends_at=planned.ends_at,
        state="cancelled" if planned.is_off else state,
        title=_title(meeting) if has_titles else names.neutral_title(),
        where=names.place_of(meeting, is_member=True) if has_titles else "",
        address=_page_of(meeting) if has_titles else "",
    )


def _public_entry(meeting: Meeting) -> Entry:
    planned = meeting.session
    return Entry(
        session_id=planned.id,
        sequence=planned.sequence,
        changed_at=planned.changed_at,
        starts_at=planned.starts_at,
        ends_at=planned.ends_at,
        state="cancelled" if planned.is_off else "confirmed",
        title=_title(meeting),
        words=planned.words,
        where=names.place_of(meeting, is_member=False),
        address=_page_of(meeting),
    )


def _page_of(meeting: Meeting) -> str:
    return url_for("sessions.show", session_id=meeting.session.id, _external=True)


def _title(meeting: Meeting) -> str:
    title, group = meeting.session.title, meeting.group.name
    return title if group in title else f"{title} · {group}"


def _calendar(entries: Sequence[Entry], *, name: str, cache: str) -> Response:
    """Answer with a calendar, or with "nothing new" where the program has this one."""
    content = writing.write(entries, name=name, host=request.host, zone=zone())
    response = Response(content, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = cache
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.make_conditional(request)
    return response


# ------------------------------------------------------------------------ a member's own


@bp.get("/me/calendar")
@access(Access.MEMBER)
def own_calendar() -> ResponseReturnValue:
    """Tell what a calendar feed is, and what one's own says."""
    found = queries.feed_of(db.session(), g.member)
    form = FeedForm(
        data={
            "has_titles": found is not None and found.has_titles,
            "has_groups": found is not None and found.has_groups,
        }
    )
    return render_template(
        "sessions/calendar.html",
        form=form,
        feed=found,
        kept={name: "y" for name in ("has_titles", "has_groups") if form[name].data},
    )


@bp.post("/me/calendar")
@access(Access.MEMBER)
@writes
def make_calendar() -> ResponseReturnValue:
    """Make an address, and show it once; the one before leads nowhere from now on."""
    form = FeedForm()
    secret = service.make_feed(
        db.session(),
        g.member,
        has_titles=form.has_titles.data,
        has_groups=form.has_groups.data,
        now=utc_now(),
    )
    address = url_for("sessions.feed", secret=secret, _external=True)
    return render_template(
        "sessions/calendar_address.html", address=address, webcal=_webcal(address)
    )


@bp.post("/me/calendar/choose")
@access(Access.MEMBER)
@writes
def choose_calendar() -> ResponseReturnValue:
    """Choose what one's feed says."""
    form = FeedForm()
    service.choose_feed(
        db.session(),
        g.member,
        has_titles=form.has_titles.data,
        has_groups=form.has_groups.data,
    )
    flash(_("Saved. Your calendar shows it within some hours."))
    return redirect(url_for("sessions.own_calendar"), code=303)


@bp.post("/me/calendar/end")
@access(Access.MEMBER)
@writes
def end_calendar() -> ResponseReturnValue:
    """Let the address lead nowhere."""
    service.end_feed(db.session(), g.member, now=utc_now())
    flash(_("Done. The address leads nowhere any more; you can take it out of your calendar."))
    return redirect(url_for("sessions.own_calendar"), code=303)


def _webcal(address: str) -> str:
    """Return the kind of address that a phone opens with its calendar."""
    return f"webcal://{address.partition('://')[2]}"


# ----------------------------------------------------------------------------- a group's


@bp.get("/groups/<group_slug>/calendar")
@access(Access.ANYONE)
def group_calendar(group_slug: str) -> ResponseReturnValue:
    """Tell how to have a group's public sessions in one's own calendar."""
    found = seen(group_slug)
    group = found.group
    address = url_for("sessions.group_feed", group_slug=group.slug, _external=True)
    return render_template(
        "sessions/group_calendar.html",
        group=group,
        is_public=standing.may_see(group, VISITOR),
        address=address,
        webcal=_webcal(address),
        is_member=found.who.is_member,
        may_plan=may_plan(found.who) and group.is_open,
    )
