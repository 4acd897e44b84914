"""The door on paper: the poster with the code of the day, and the sheet that is typed in later."""

import uuid
from dataclasses import dataclass, field

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.members.models import Member
from timebank.sessions import door_names as names
from timebank.sessions import queries, service
from timebank.sessions.forms.door import WHO_LENGTH_MAX, SheetForm, key_of
from timebank.sessions.models import ATTENDED_MINUTES_MAX
from timebank.sessions.policy import door as policy
from timebank.sessions.service import Arrival
from timebank.sessions.views.at_door import (
    AtDoor,
    at_door,
    sentence,
    session_page,
    to,
    turned_away,
    whom,
)
from timebank.sessions.views.codes import code_address
from timebank.sessions.views.frame import bp
from timebank.web.access import Access, access
from timebank.web.fields import one_line, whole_minutes
from timebank.web.pages import page
from timebank.web.session import SUBMISSION_FIELD, writes
from timebank.web.squares import square_of
from timebank.web.words import gettext as _

SHEET_ROWS = 20


@bp.get("/sessions/<uuid:session_id>/poster")
@access(Access.MEMBER)
def poster(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show the poster of a session, made to be printed and put up at its door."""
    at = at_door(session_id)
    code = queries.code_of(db.session(), at.there)
    venue = None
    if at.there.venue_id is not None:
        venue = groups.venue(db.session(), g.community.id, at.there.venue_id)
    return page(
        "sessions/poster.html",
        there=at.there,
        group=at.held.group,
        when=names.when_of(at.there),
        where=venue.name if venue is not None else at.there.where_words,
        code=code,
        square=square_of(code_address(code.token)) if code is not None else None,
        address=url_for("sessions.code", _external=True).partition("://")[2],
        back=session_page(at.there),
        makes_code=at.there.state in {"planned", "open"}
        and not at.there.is_off
        and utc_now() >= policy.printed_from(at.there),
    )


@bp.post("/sessions/<uuid:session_id>/poster")
@access(Access.MEMBER)
@writes
def make_poster(session_id: uuid.UUID) -> ResponseReturnValue:
    """Give the session a code of its own; one printed before opens nothing any more."""
    at = at_door(session_id)
    try:
        service.make_code(db.session(), at.held, by=g.member, who=at.who, now=utc_now())
    except RefusalError as refusal:
        flash(sentence(refusal), "careful")
    return to("poster", at.there)


@bp.get("/sessions/<uuid:session_id>/sheet")
@access(Access.MEMBER)
def sheet(session_id: uuid.UUID) -> ResponseReturnValue:
    """Show a sheet of paper to write people down on, with a square that opens where it is typed."""
    at = at_door(session_id)
    typing = url_for("sessions.type_sheet", session_id=session_id, _external=True)
    return page(
        "sessions/sheet.html",
        there=at.there,
        group=at.held.group,
        when=names.when_of(at.there),
        rules=groups.ground_rules(db.session(), at.held.group),
        square=square_of(typing),
        numbers=range(1, SHEET_ROWS + 1),
        back=session_page(at.there),
    )


@dataclass(slots=True)
class Row:
    """A row of the sheet as it was typed, and what is wrong with it."""

    number: int
    who: str = ""
    minutes: str = ""
    mistake: str = ""
    arrival: Arrival | None = field(default=None)


@bp.route("/sessions/<uuid:session_id>/sheet/type", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def type_sheet(session_id: uuid.UUID) -> ResponseReturnValue:
    """Type a sheet in: twenty rows by the keyboard alone, all of them or none."""
    at = at_door(session_id)
    elsewhere = turned_away(at, "open", "closed")
    # What was typed before somebody called it off is kept on the form, with the reason.
    if elsewhere is not None and request.method == "GET":
        return elsewhere
    form = SheetForm()
    rows = [_row(number) for number in range(1, SHEET_ROWS + 1)]
    if form.validate_on_submit() and _all_read(rows):
        try:
            refused = _note_sheet(at, form, rows)
        except RefusalError as refusal:
            db.session.rollback()
            at = at_door(session_id)
            form.form_errors.append(sentence(refusal))
        else:
            _say_noted(refused)
            return to("people" if at.there.state == "closed" else "door", at.there)
    return page(
        "sessions/type_sheet.html",
        form,
        mistaken=form.is_submitted(),
        there=at.there,
        group=at.held.group,
        when=names.when_of(at.there),
        rows=rows,
        back=session_page(at.there),
        failed=form.is_submitted(),
        mistakes=[row for row in rows if row.mistake],
        who_length_max=WHO_LENGTH_MAX,
    )


def _row(number: int) -> Row:
    return Row(
        number,
        one_line(request.form.get(f"who-{number}"))[:WHO_LENGTH_MAX],
        one_line(request.form.get(f"minutes-{number}"))[:6],
    )


def _all_read(rows: list[Row]) -> bool:
    """Find the people of all rows; tell whether nothing is wrong with any."""
    for row in rows:
        if not row.who:
            if row.minutes:
                row.mistake = _("Write who that was.")
            continue
        member, row.mistake = whom(row.who)
        minutes = _minutes(row)
        if member is not None and not row.mistake:
            row.arrival = Arrival(member=member, minutes=minutes)
            _check_once(row, rows)
    return not any(row.mistake for row in rows)


def _check_once(row: Row, rows: list[Row]) -> None:
    """Say where a row means somebody who stands above already: one of the two is somebody else."""
    for above in rows[: row.number - 1]:
        if above.arrival and row.arrival and above.arrival.member.id == row.arrival.member.id:
            row.mistake = _(
                "%(name)s is in row %(number)d already. If somebody else has that name, "
                "write the number of each.",
                name=row.arrival.member.first_name,
                number=above.number,
            )


def _minutes(row: Row) -> int | None:
    if not row.minutes:
        return None
    try:
        minutes = whole_minutes(row.minutes)
    except ValueError:
        minutes = ATTENDED_MINUTES_MAX + 1
    if minutes > ATTENDED_MINUTES_MAX:
        row.mistake = _("Write minutes as a whole number, such as 45, or nothing for all the time.")
        return None
    return minutes


def _note_sheet(at: AtDoor, form: SheetForm, rows: list[Row]) -> list[Member]:
    arrivals = [row.arrival for row in rows if row.arrival is not None]
    refused = service.check_in_all(
        db.session(),
        at.held,
        arrivals,
        way="sheet",
        by=g.member,
        who=at.who,
        now=utc_now(),
        late=True,
    )
    key = key_of(request.form.get(SUBMISSION_FIELD))
    if form.tallied.number and key is not None:
        service.count(
            db.session(),
            at.held,
            form.tallied.number,
            client_key=key,
            way="sheet",
            by=g.member,
            who=at.who,
            now=utc_now(),
            first_timers=form.tallied_first.number,
            late=True,
        )
    return refused


def _say_noted(refused: list[Member]) -> None:
    """Say what became of the sheet; of whoever stays away no more than anywhere."""
    flash(_("The sheet is typed in."))
    for member in refused:
        flash(
            _(
                "%(name)s was not noted. Please speak to the person who runs this group.",
                name=member.first_name,
            ),
            "careful",
        )
