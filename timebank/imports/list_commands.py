"""The commands that bring in lists of groups and of places that somebody else keeps."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities.commands import community_option, one_community
from timebank.communities.models import Community
from timebank.groups import service, sheets
from timebank.groups.errors import ListError
from timebank.groups.service import Brought
from timebank.groups.sheets import Listed, Row
from timebank.imports.commands import OF_NO_USE, SOME_LEFT_OUT, group
from timebank.tables import ROWS_MAX, Remark
from timebank.web.session import run_in_transaction

SENTENCES = {
    "no name": "Nothing is named. Write the name of the group or place.",
    "name cut": "The name was cut to {length} characters.",
    "no postcode": "{name!r} has no postcode; people find it by its name alone.",
    "odd postcode": "{said!r} is no whole postcode and was not kept.",
    "twice": "This is row {first} once more: the same name, address and postcode.",
}
OF_NO_USE_BECAUSE = {
    "no list": (
        "This is not a list of text. Save it as CSV, with the column names in the first row."
    ),
    "no name column": "The list has no column “Name” or “Venue”. Add one in the first row.",
    "too long": f"There are more than {ROWS_MAX} rows. Split the list.",
}

BringIn = Callable[..., Brought]


class _DryRunError(Exception):
    """Carries what would happen out of a transaction that must not last."""

    def __init__(self, brought: Brought) -> None:
        super().__init__("dry run")
        self.brought = brought


def register(_cli: object) -> None:
    """Do nothing: these commands stand under `timebank import`, which is registered already."""


def _asked(command: Callable[..., None]) -> Any:  # noqa: ANN401 - what click makes of it
    for option in (
        click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing."),
        community_option,
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    ):
        command = option(command)
    return command


@group.command("groups")
@_asked
def groups(*, file: Path, slug: str | None, dry_run: bool) -> None:
    """Start a group for each row of FILE, with the place it meets at.

    FILE is CSV with a column Name, and if it has them Description, Address, Postcode, Area, Note
    and When. The same list may come again: what is in already stays as it is. Rows that cannot be
    read are named and left out, and the command then ends with status 1.
    """
    _run(file, slug, service.bring_in_groups, dry_run=dry_run)


@group.command("venues")
@_asked
def venues(*, file: Path, slug: str | None, dry_run: bool) -> None:
    """Note a place for each row of FILE, a CSV file like that of `groups`."""
    _run(file, slug, service.bring_in_venues, dry_run=dry_run)


def _run(file: Path, slug: str | None, bring_in: BringIn, *, dry_run: bool) -> None:
    community = one_community(slug)
    try:
        listed = sheets.read(file.read_bytes())
    except ListError as refusal:
        click.echo(f"Nothing was brought in. {OF_NO_USE_BECAUSE[refusal.reason]}", err=True)
        sys.exit(OF_NO_USE)
    brought = _bring_in(community, listed.rows, bring_in, dry_run=dry_run)
    click.echo(_text(listed, brought, dry_run=dry_run))
    sys.exit(SOME_LEFT_OUT if any(remark.is_bad for remark in listed.remarks) else 0)


def _bring_in(
    community: Community, rows: Sequence[Row], bring_in: BringIn, *, dry_run: bool
) -> Brought:
    community_id = community.id

    def work(session: Session) -> Brought:
        here = session.get_one(Community, community_id)
        brought = bring_in(session, here, rows, now=utc_now())
        if dry_run:
            raise _DryRunError(brought)
        return brought

    try:
        return run_in_transaction(work)
    except _DryRunError as done:
        return done.brought


def _sentence(remark: Remark) -> str:
    left_out = " The row was left out." if remark.is_bad else ""
    return f"Row {remark.row}: {SENTENCES[remark.code].format(**remark.facts)}{left_out}"


def _text(listed: Listed, brought: Brought, *, dry_run: bool) -> str:
    lines = [_sentence(remark) for remark in listed.remarks]
    lines.append(
        f"{len(listed.rows)} of {listed.row_count} rows read: {len(brought.groups)} new groups, "
        f"{len(brought.venues)} new places, {brought.known} known from before."
    )
    if dry_run:
        lines.append("This was a dry run: nothing was changed.")
    return "\n".join(lines)
