"""The command that brings in who was at which session of a group."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities.commands import community_option, one_community
from timebank.communities.models import Community
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.errors import GroupEndedError, GroupNotFoundError
from timebank.imports import attendance_service, attendance_sheets
from timebank.imports.attendance_service import Entered, Usual
from timebank.imports.attendance_sheets import Attendance
from timebank.imports.commands import OF_NO_USE, SOME_LEFT_OUT, group
from timebank.imports.errors import AttendanceError
from timebank.members import policy as members_policy
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.tables import ROWS_MAX, Remark
from timebank.web.session import run_in_transaction

SENTENCES: Mapping[str, str] = {
    "nobody named": "Nobody is named. Write a name or a member number.",
    "no day": "The day is missing. Write it like 2026-05-09.",
    "no date": "The date {said!r} cannot be read as {form}. Correct it, or choose --day-first.",
    "no date column": "The column {said!r} is no date and was not read.",
    "date ahead": "The date {said!r} lies ahead. Correct it, or choose --day-first.",
    "date long ago": "The date {said!r} is before the year 2000. Correct it.",
    "odd mark": "{said!r} is no mark. Write x for who was there, h for who hosted, or minutes.",
    "odd number": "{said!r} is no member number. Write it like M000042.",
    "odd minutes": "{said!r} is no length. Write whole minutes, such as 90.",
    "odd time": "{said!r} is no time. Write it like 20:00.",
    "no count": "{said!r} is no number of people. Write a whole number up to 999.",
    "too many first": "More are there for the first time than are counted. Correct one of the two.",
    "twice": "{name!r} is in row {first} already. If they are two people, add member numbers.",
    "several": "{name!r} could be {numbers}. Write the member number beside the name.",
    "no such number": "Nobody here has the number {number}. Correct it, or write a name.",
    "kept out": "{name!r} was not noted on {day}: please speak to those who run the group.",
}
#: Why a session of the table was not entered.
REFUSED: Mapping[str, str] = {
    "ClosedThatDayError": "the group or the community was closed that day",
    "ListedAnotherTimeError": "what was planned for that day was called off; give it back first",
    "SeveralThatDayError": "the group has several that day; write the time beside the date",
    "CountedElsewhereError": "somebody was at another session at that time, and was credited there",
    "OpenRightNowError": "its door is open; close it there",
    "NotOverYetError": "it is not over yet",
    "TooFewHoursError": "a pot, or somebody who takes part, has too few hours",
    "TooManyKnownError": "that is more people by name than one session takes",
    "NotYoursToPlanError": "whoever answers for it does not run the group; choose --by",
}
OF_NO_USE_BECAUSE: Mapping[str, str] = {
    "no table": "This is not a table of text. Save it as CSV, with the names of columns on top.",
    "no name column": "No column says who came. Add one called “Name” or “Number”.",
    "no dates": "No column has a date on top, such as 2026-05-09, and none is called “Date”.",
    "too long": f"There are more than {ROWS_MAX} rows. Split the table.",
}
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class _DryRunError(Exception):
    """Carries what would happen out of a transaction that must not last."""

    def __init__(self, entered: Entered) -> None:
        super().__init__("dry run")
        self.entered = entered


def register(_cli: object) -> None:
    """Do nothing: this command stands under `timebank import`, which is registered already."""


@group.command("attendance")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--group", "group_slug", required=True, metavar="SLUG", help="Whose sessions.")
@community_option
@click.option("--by", "number", metavar="NUMBER", help="Who answers for it; else a lead does.")
@click.option("--starts", default="10:00", show_default=True, help="When a session begins.")
@click.option(
    "--minutes",
    default=120,
    show_default=True,
    type=click.IntRange(1, attendance_sheets.MINUTES_MAX),
    help="How long a session lasts.",
)
@click.option("--title", default="", help="What a session is called; else like the group.")
@click.option("--day-first", is_flag=True, help="Read 3/4/2026 as the third of April.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
def attendance(
    *,
    file: Path,
    group_slug: str,
    slug: str | None,
    number: str | None,
    starts: str,
    minutes: int,
    title: str,
    day_first: bool,
    dry_run: bool,
) -> None:
    """Hold and close the sessions of FILE, a table of who came, and post their hours.

    FILE is CSV in one of two shapes. Across: a row for each person (Name, or Number), a column for
    each date, and in it x for who was there, h for who hosted, b for both, or minutes; a row
    called Others counts those without a name. Down: columns Date and Name, and if there are
    Number, Time, Role, Minutes, Session, and Count for those without a name.

    Hours move by the rule that the group had on that day. The same table may come again: a session
    that is closed stays as it is. What cannot be read is named and left out, and the command then
    ends with status 1; it ends with status 2 if nothing of the file could be used.
    """
    community = one_community(slug)
    today = community.day_of(utc_now())
    try:
        table = attendance_sheets.read(file.read_bytes(), today=today, day_first=day_first)
    except AttendanceError as refusal:
        _stop(OF_NO_USE_BECAUSE[refusal.reason])
    usual = Usual(title=title, starts_minute=_minute(starts), length_minutes=minutes)
    entered = _bring_in(community, group_slug, number, table, usual, dry_run=dry_run)
    click.echo(_text(table, entered, dry_run=dry_run))
    sys.exit(_status(table, entered))


def _stop(words: str) -> NoReturn:
    click.echo(f"Nothing was brought in. {words}", err=True)
    sys.exit(OF_NO_USE)


def _minute(starts: str) -> int:
    found = _TIME.fullmatch(starts)
    if found is None:
        _stop(f"{starts!r} is no time. Write it like 20:00.")
    return int(found[1]) * 60 + int(found[2])


def _bring_in(
    community: Community,
    group_slug: str,
    number: str | None,
    table: Attendance,
    usual: Usual,
    *,
    dry_run: bool,
) -> Entered:
    community_id = community.id

    def work(session: Session) -> Entered:
        here = session.get_one(Community, community_id)
        whose = groups.by_slug(session, community_id, group_slug)
        if not whose.is_open:
            raise GroupEndedError
        by = _by(session, here, group_slug, number)
        named = Usual(
            title=usual.title or whose.name,
            starts_minute=usual.starts_minute,
            length_minutes=usual.length_minutes,
        )
        entered = attendance_service.bring_in(
            session, here, whose, table, named, by=by, now=utc_now()
        )
        if dry_run:
            raise _DryRunError(entered)
        return entered

    try:
        return run_in_transaction(work)
    except _DryRunError as done:
        return done.entered
    except GroupNotFoundError:
        _stop(f"There is no group {group_slug!r} here: it is what stands in its address.")
    except GroupEndedError:
        _stop("The group has come to its end.")


def _by(session: Session, community: Community, group_slug: str, number: str | None) -> Member:
    """Return who answers for the table."""
    if number is not None:
        try:
            typed = members_policy.number_typed(number)
            return members.by_number(session, community.id, typed)
        except RefusalError:
            db.session.rollback()
            _stop(f"Nobody here has the number {number!r}.")
    whose = groups.by_slug(session, community.id, group_slug)
    found = attendance_service.answers_for(session, community, whose, now=utc_now())
    if found is None:
        _stop("Nobody runs this group, and nobody coordinates. Say with --by who answers for it.")
    return found


def _status(table: Attendance, entered: Entered) -> int:
    if not any(remark.is_bad for remark in entered.remarks):
        return 0
    return SOME_LEFT_OUT if entered.sessions or entered.known or not table.held else OF_NO_USE


def _sentence(remark: Remark) -> str:
    where = f"Row {remark.row}"
    if remark.code == "refused":
        why = REFUSED.get(
            remark.facts["why"], f"the time bank does not take it ({remark.facts['why']})"
        )
        return f"{where}: The session of {remark.facts['day']} was not entered: {why}."
    day = (
        f" ({remark.facts['day']})" if remark.facts.get("day") and remark.code != "kept out" else ""
    )
    left_out = " It was left out." if remark.is_bad else ""
    return f"{where}{day}: {SENTENCES[remark.code].format(**remark.facts)}{left_out}"


def _text(table: Attendance, entered: Entered, *, dry_run: bool) -> str:
    lines = [_sentence(remark) for remark in entered.remarks]
    lines.append(
        f"{len(table.held)} sessions read: {entered.sessions} held and closed, {entered.known} "
        f"known from before. {entered.contacts} contacts, {len(entered.people)} people by name, "
        f"{len(entered.new_members)} of them new members."
    )
    lines.append(
        f"Posted: {_hours(entered.to_members_minutes)} to members, "
        f"{_hours(entered.pots_minutes)} into pots."
    )
    if entered.without_rule:
        lines.append(
            f"{entered.without_rule} of them were before the group had a rule of what an hour "
            "moves: they are written down, and no hours moved."
        )
    if dry_run:
        lines.append("This was a dry run: nothing was changed.")
    return "\n".join(lines)


def _hours(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else ''}{hours} h {rest:02d} min"
