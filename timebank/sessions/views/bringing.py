"""Bring in a calendar file: read it, show what would become of it, do it."""

import base64
import binascii
import datetime as dt
import zlib
from collections.abc import Sequence

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.db import db
from timebank.groups.errors import GroupNotFoundError
from timebank.groups.models import Group
from timebank.groups.policy.standing import Standing
from timebank.sessions import calendar_names as names
from timebank.sessions import service
from timebank.sessions.calendars import pieces, reading
from timebank.sessions.calendars.reading import CalendarRead, Once, Plan
from timebank.sessions.errors import CalendarFileError
from timebank.sessions.forms.feeds import BringInForm
from timebank.sessions.policy import planning, repeating
from timebank.sessions.service import Brought
from timebank.sessions.views.frame import bp, check_goes_on, seen
from timebank.web.access import Access, access
from timebank.web.fields import PageForm
from timebank.web.filters import day, short_day, today, zone
from timebank.web.session import run_in_transaction, writes
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

UNPROCESSABLE = 422
#: What is read is carried from the preview to the deed; a page stays small.
PACKED_LENGTH_MAX = 40_000
DATES_SHOWN = 3
ROWS_SHOWN = 60


class _PreviewError(Exception):
    """Carries what would happen out of a transaction that must not last."""

    def __init__(self, brought: Brought) -> None:
        super().__init__("preview")
        self.brought = brought


def _run(group_slug: str) -> tuple[Group, Standing]:
    """Load a group whose sessions the caller plans; for anybody else the page is not there."""
    found = seen(group_slug)
    if not planning.may_plan(found.who):
        raise GroupNotFoundError
    check_goes_on(found.group)
    return found.group, found.who


@bp.route("/groups/<group_slug>/calendar/bring-in", methods=["GET", "POST"])
@access(Access.MEMBER)
def bring_in(group_slug: str) -> ResponseReturnValue:
    """Take a file or pasted text, and show what would become of it."""
    group, _who = _run(group_slug)
    form = BringInForm()
    if not form.is_submitted():
        return _ask(group, form)
    try:
        content = _sent(form)
        found = _read(content)
        packed = _pack(content)
    except CalendarFileError as refusal:
        form.file.errors = [names.file_words(refusal.reason, refusal.facts)]
        return _ask(group, form, mistaken=True)
    return _preview(group_slug, found, packed, is_public=form.is_public.data)


def _ask(group: Group, form: PageForm, *, mistaken: bool = False) -> ResponseReturnValue:
    page = render_template("sessions/bring_in.html", group=group, form=form)
    return page, UNPROCESSABLE if mistaken else 200


def _sent(form: BringInForm) -> bytes:
    """Return the file's bytes, or the pasted text's."""
    upload = request.files.get("file")
    content = upload.read(pieces.BYTES_MAX + 1) if upload is not None else b""
    return content or (form.words.data or "").encode()


def _read(content: bytes) -> CalendarRead:
    return reading.read(content, zone=zone(), today=today())


def _pack(content: bytes) -> str:
    """Pack a file to be carried by a page."""
    packed = base64.urlsafe_b64encode(zlib.compress(content, 9)).decode()
    if len(packed) > PACKED_LENGTH_MAX:
        raise CalendarFileError("too long")
    return packed


def _unpack(packed: str) -> bytes:
    """Unpack what a page carried; whatever is not ours is no calendar."""
    try:
        unzip = zlib.decompressobj()
        return unzip.decompress(base64.urlsafe_b64decode(packed), pieces.BYTES_MAX + 1)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise CalendarFileError("no calendar") from error


def _preview(
    group_slug: str, found: CalendarRead, packed: str, *, is_public: bool
) -> ResponseReturnValue:
    group, _who = _run(group_slug)

    def work(_session: Session) -> None:
        raise _PreviewError(_bring(group_slug, found.plans, is_public=is_public))

    brought = Brought()
    try:
        run_in_transaction(work)
    except _PreviewError as done:
        brought = done.brought
    group, _who = _run(group_slug)
    left_out = sorted((*found.left_out, *brought.remarks), key=lambda remark: remark.line)
    out = {remark.line for remark in left_out}
    told = [remark for remark in found.remarks if remark.line not in out]
    shown = [each for each in brought.fates if each.fate != "left out"]
    return render_template(
        "sessions/preview_calendar.html",
        group=group,
        lead=_summary(brought, len(left_out)),
        rows=[
            [each.plan.title or group.name, _when(each.plan), names.fate_words(each.fate)]
            for each in shown[:ROWS_SHOWN]
        ],
        more=max(0, len(shown) - ROWS_SHOWN),
        left_out=[(names.which_event(each), names.remark_words(each)) for each in left_out],
        told=[(names.which_event(each), names.remark_words(each)) for each in told[:ROWS_SHOWN]],
        left_alone=names.left_alone_words(found.left_alone),
        has_news=any(each.fate in {"new", "changed", "taken back"} for each in brought.fates),
        hidden={"packed": packed} | ({"is_public": "y"} if is_public else {}),
    )


def _summary(brought: Brought, left_out_count: int) -> str:
    count = sum(brought.count(fate) for fate in ("new", "changed", "taken back"))
    return " ".join(
        (
            ngettext(
                "%(num)d event would be brought in.", "%(num)d events would be brought in.", count
            ),
            ngettext("%(num)d would be left out.", "%(num)d would be left out.", left_out_count),
            _("Nothing has been changed yet."),
        )
    )


def _when(plan: Plan) -> str:
    """Return when an event is: the next date in full, then some that follow."""
    happens = plan.repeats
    if happens is None:
        dates = sorted(once.starts for once in plan.once)
        following = [short_day(moment.date()) for moment in dates[1 : DATES_SHOWN + 1]]
        length_minutes = plan.once[0].length_minutes if plan.once else 0
        return _dated(dates[0], length_minutes, following) if dates else ""
    changed = {each.occurrence_on: each.to for each in plan.changes}
    found = repeating.next_dates(
        happens.rrule,
        happens.starts_on,
        first_on=happens.starts_on,
        until_on=happens.until_on,
        closed=[(on, on) for on, to in changed.items() if to is None],
        limit=DATES_SHOWN + 1,
    )
    if not found:
        return ""
    at = dt.timedelta(minutes=happens.starts_minute)
    shown = [
        changed.get(on)
        or Once(
            starts=dt.datetime.combine(on, dt.time()) + at, length_minutes=happens.length_minutes
        )
        for on in found
    ]
    following = [short_day(each.starts.date()) for each in shown[1:]]
    if happens.until_on is not None and len(found) > DATES_SHOWN:
        following.append(_("until %(day)s", day=short_day(happens.until_on)))
    return _dated(shown[0].starts, shown[0].length_minutes, following)


def _dated(starts: dt.datetime, length_minutes: int, following: Sequence[str]) -> str:
    ends = starts + dt.timedelta(minutes=length_minutes)
    words = _(
        "%(day)s, %(begin)s to %(end)s",
        day=day(starts.date()),
        begin=f"{starts:%H:%M}",
        end=f"{ends:%H:%M}",
    )
    return (
        _("%(first)s, then %(following)s", first=words, following=", ".join(following))
        if following
        else words
    )


@bp.post("/groups/<group_slug>/calendar/brought-in")
@access(Access.MEMBER)
@writes
def brought_in(group_slug: str) -> ResponseReturnValue:
    """Bring in what the preview showed."""
    group, _who = _run(group_slug)
    try:
        found = _read(_unpack(request.form.get("packed", "")))
    except CalendarFileError as refusal:
        form = BringInForm(formdata=None)
        form.file.errors = [names.file_words(refusal.reason, refusal.facts)]
        return _ask(group, form, mistaken=True)
    brought = _bring(group_slug, found.plans, is_public="is_public" in request.form)
    count = sum(brought.count(fate) for fate in ("new", "changed", "taken back"))
    flash(ngettext("%(num)d event was brought in.", "%(num)d events were brought in.", count))
    return redirect(url_for("sessions.of_group", group_slug=group.slug), code=303)


def _bring(group_slug: str, plans: Sequence[Plan], *, is_public: bool) -> Brought:
    group, who = _run(group_slug)
    return service.bring_in(
        db.session(),
        g.community,
        group,
        plans,
        is_public=is_public,
        taken_back=names.taken_back_words(),
        by=g.member,
        who=who,
        now=utc_now(),
    )
