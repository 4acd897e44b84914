"""The command that brings in the request sheet of a mutual-aid group."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities.commands import community_option, one_community
from timebank.communities.models import Community
from timebank.imports import service, sheets
from timebank.imports.errors import (
    ColumnsMissingError,
    NotASheetError,
    SheetError,
    SheetTooLongError,
    TwoColumnsError,
)
from timebank.imports.service import Summary
from timebank.imports.sheets import Sheet
from timebank.tables import Remark
from timebank.web.session import run_in_transaction

#: Exit status where some rows were left out, and where the sheet as a whole is of no use.
SOME_LEFT_OUT = 1
OF_NO_USE = 2
COLUMNS_SHOWN_MAX = 12
group = AppGroup("import", help="Bring in what a group kept elsewhere.")
SENTENCES = {
    "no name": "Nobody is named. Write a first name, or a chosen one.",
    "no need": "Nothing is asked for. Write at least one need.",
    "no date": "The date {said!r} cannot be read as {form}. Correct it, or choose --day-first.",
    "date ahead": "The date {said!r} lies ahead. Correct it, or choose --day-first.",
    "date long ago": "The date {said!r} is before the year 2000. Correct it.",
    "too many cells": (
        "There are {cells} cells for {columns} columns. Put words with a comma in quotes."
    ),
    "cell too long": "A cell holds far more than anybody writes by hand. Shorten it.",
    "twice": "This is row {first} once more: the same number, time and name.",
    "refused": "The time bank does not take this row ({why}).",
    "known member": "{name} is a member already, by the same e-mail address or phone.",
    "no contact": "{name} left no e-mail or phone. Print a code card, or ring somebody they know.",
    "contact in words": "An address or number in the words was left out of what others read.",
    "words cut": "The words were cut to {length} characters.",
}


class _DryRunError(Exception):
    """Carries the summary out of a transaction that must not last."""

    def __init__(self, summary: Summary) -> None:
        super().__init__("dry run")
        self.summary = summary


def register(cli: AppGroup) -> None:
    """Add these commands to the command line."""
    cli.add_command(group)


@group.command("requests")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@community_option
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--reopen", is_flag=True, help="Open what the sheet calls finished, too.")
@click.option("--day-first", is_flag=True, help="Read 3/4/2020 as the third of April.")
@click.option("--json", "as_json", is_flag=True, help="Write the answer as JSON.")
def requests(
    *, file: Path, slug: str | None, dry_run: bool, reopen: bool, day_first: bool, as_json: bool
) -> None:
    """Make requests of the rows of FILE, a CSV file as web forms export it.

    Each need ticked in a row becomes a request of its own. The same sheet may come again: what is
    in already stays as it is. Rows that cannot be read are named and left out, and the command then
    ends with status 1; it ends with status 2 if nothing of the file could be used.
    """
    community = one_community(slug)
    today = community.day_of(utc_now())
    try:
        sheet = sheets.read(file.read_bytes(), today=today, day_first=day_first)
    except SheetError as refusal:
        click.echo(f"Nothing was brought in. {_words_of(refusal)}", err=True)
        sys.exit(OF_NO_USE)
    summary = _bring_in(community, sheet, reopen=reopen, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(_facts(summary, sheet, dry_run=dry_run), indent=2))
    else:
        click.echo(_text(summary, sheet, dry_run=dry_run, reopen=reopen))
    sys.exit(_status(summary))


def _status(summary: Summary) -> int:
    if not summary.bad_row_count:
        return 0
    return OF_NO_USE if summary.bad_row_count == summary.row_count else SOME_LEFT_OUT


def _bring_in(community: Community, sheet: Sheet, *, reopen: bool, dry_run: bool) -> Summary:
    community_id = community.id

    def work(session: Session) -> Summary:
        here = session.get_one(Community, community_id)
        summary = service.bring_in(session, here, sheet, reopen=reopen, now=utc_now())
        if dry_run:
            raise _DryRunError(summary)
        return summary

    try:
        return run_in_transaction(work)
    except _DryRunError as done:
        return done.summary


def _words_of(refusal: SheetError) -> str:
    if isinstance(refusal, ColumnsMissingError):
        missing = " and ".join(f"“{name}”" for name in refusal.missing)
        found = ", ".join(f"“{name}”" for name in refusal.found[:COLUMNS_SHOWN_MAX])
        return f"The sheet has no column {missing}. Its first row names: {found}."
    if isinstance(refusal, TwoColumnsError):
        return (
            f"The columns “{refusal.first}” and “{refusal.second}” mean the same. "
            "Take one of them out."
        )
    if isinstance(refusal, SheetTooLongError):
        return f"There are more than {refusal.rows_max} rows. Split the sheet."
    if isinstance(refusal, NotASheetError):
        return (
            "This is not a sheet of text. Save it as CSV, with the column names in the first row."
        )
    return str(refusal)


def _sentence(remark: Remark) -> str:
    left_out = " The row was left out." if remark.is_bad else ""
    return f"Row {remark.row}: {SENTENCES[remark.code].format(**remark.facts)}{left_out}"


def _text(summary: Summary, sheet: Sheet, *, dry_run: bool, reopen: bool) -> str:
    lines = [_sentence(remark) for remark in summary.remarks]
    if sheet.left_alone:
        lines.append(
            "Not read, because a time bank has no business keeping it: "
            + ", ".join(f"“{name}”" for name in sheet.left_alone)
        )
    if sheet.unused:
        lines.append("Columns not used: " + ", ".join(f"“{name}”" for name in sheet.unused))
    rows = summary.row_count - summary.bad_row_count
    lines.append(
        f"{rows} of {summary.row_count} rows read: "
        f"{summary.opened} requests opened, {summary.finished} brought in as finished, "
        f"{summary.known} known from before; new members: {len(summary.new_members)}."
    )
    if summary.finished and not reopen:
        lines.append("To open the finished ones as well, run this again with --reopen.")
    if dry_run:
        lines.append("This was a dry run: nothing was changed.")
    return "\n".join(lines)


def _facts(summary: Summary, sheet: Sheet, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "rows": summary.row_count,
        "rows_left_out": summary.bad_row_count,
        "requests_opened": summary.opened,
        "requests_finished": summary.finished,
        "requests_known": summary.known,
        "new_members": summary.new_members,
        "by_category": dict(sorted(summary.by_category.items())),
        "columns_unused": sheet.unused,
        "columns_left_alone": sheet.left_alone,
        "remarks": [
            dataclasses.asdict(remark) | {"words": _sentence(remark)} for remark in summary.remarks
        ],
    }
