"""Commands of the books: check the database, export the books, check what was exported."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from flask import current_app
from flask.cli import AppGroup

from ledger.book_errors import BooksAhead, BooksChanged
from ledger.books import export
from ledger.errors import ForeignBooks, LedgerRefusal
from ledger.verify import PROBLEMS_MAX, Report, verify
from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.communities.commands import community_option, one_community
from timebank.communities.models import Community
from timebank.config import ROOT
from timebank.db import db
from timebank.hours import sealing
from timebank.hours.sealing import Vault
from timebank.hours.snapshots import snapshot as _snapshot
from timebank.trail import service as trail
from timebank.web.session import run_in_transaction

#: What the audit may take before it is stopped: far above a year of a large town.
AUDIT_SECONDS_MAX: Final = 600
AUDIT_MEGABYTES_MAX: Final = 4_096
#: Exit statuses of the audit that mean an answer; any other means it was stopped.
AUDIT_ANSWERS: Final = (0, 1)

ledger_group = AppGroup("ledger", help="Check the hours in the database.")
books_group = AppGroup("books", help="Export the books, and check exported books.")
json_option = click.option("--json", "as_json", is_flag=True, help="Write the answer as JSON.")


def register(cli: AppGroup) -> None:
    """Add these commands to the command line."""
    cli.add_command(ledger_group)
    cli.add_command(books_group)


@ledger_group.command("verify")
@community_option
@json_option
def verify_command(*, slug: str | None, as_json: bool) -> None:
    """Work every figure out again from the entries, and compare; also with what was signed.

    Looks at every community unless one is named. Ends with 0 if everything fits.
    """
    chosen = [one_community(slug)] if slug else list(communities.every(db.session()))
    if not chosen:
        raise click.ClickException("There is no community yet.")
    reports = {}
    for community in chosen:
        vault = Vault.of(current_app.config["SETTINGS"], community)
        with _snapshot() as connection:
            report = verify(connection, community.id)
            signed = tuple(sealing.problems(connection, community, vault))
        reports[community.slug] = replace(
            report, ok=report.ok and not signed, problems=(*report.problems, *signed)
        )
    if as_json:
        facts = {slug: _report_facts(report) for slug, report in reports.items()}
        click.echo(json.dumps(facts, indent=2))
    else:
        for name, report in reports.items():
            click.echo(_report_text(name, report))
    sys.exit(0 if all(report.ok for report in reports.values()) else 1)


def _note_export(community: Community) -> None:
    """Keep in the trail that the books were taken; where that is not possible, they are not."""
    key = community.id
    run_in_transaction(
        lambda session: trail.record(
            session, "export", now=utc_now(), community_id=key, detail="books"
        )
    )


@books_group.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@community_option
@click.option("--full", "is_full", is_flag=True, help="Write every file anew.")
@json_option
def export_command(folder: Path, *, slug: str | None, is_full: bool, as_json: bool) -> None:
    """Write the books into FOLDER: no names, no words, nothing but hours.

    What is new since the last time is added; months that are over are not touched, nor is
    FOLDER/local.
    """
    community = one_community(slug)
    _note_export(community)
    try:
        with _snapshot() as connection:
            done = export(connection, community.id, folder, is_full=is_full)
    except ForeignBooks as refusal:
        raise click.ClickException(
            f"{folder} holds something else: {refusal.found}. Name an empty folder."
        ) from refusal
    except BooksAhead as refusal:
        raise click.ClickException(
            f"The books in {folder} hold {refusal.entries} entries, and the database has"
            f" {refusal.found}, or others: they may be the only copy of what is missing. Keep them,"
            " and name another folder."
        ) from refusal
    except BooksChanged as refusal:
        raise click.ClickException(
            f"Somebody changed {', '.join(refusal.files)} in {folder} since the last export, so"
            " nothing was written. Keep a copy of the folder; then --full writes all files anew."
        ) from refusal
    except LedgerRefusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except OSError as error:
        raise click.ClickException(f"The books could not be written: {error}") from error
    if as_json:
        facts = {
            "community": community.slug,
            "entries": done.entries,
            "chain": done.chain.hex(),
            "files": done.files,
            "written": done.written,
            "full": done.is_full,
        }
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(
        f"{done.entries} entries in {len(done.files)} files, {len(done.written)} of them written."
        f"\nCheck them with: timebank books check {folder}"
    )


@books_group.command("check", with_appcontext=False)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--year", type=int, help="This year alone, with what accounts held when it began.")
@json_option
def check_command(folder: Path, *, year: int | None, as_json: bool) -> None:
    """Check the books in FOLDER with a program that sees nothing but them.

    It runs beancount's own checks, follows the chain through the files, and adds up. Nothing that
    lies in FOLDER is run. Ends with 0 if everything fits.
    """
    command = [
        *(sys.executable, "-m", "ledger.audit", str(folder.resolve())),
        *("--seconds", str(AUDIT_SECONDS_MAX), "--megabytes", str(AUDIT_MEGABYTES_MAX)),
        *(["--json"] if as_json else []),
        *([] if year is None else ["--year", str(year)]),
    ]
    try:
        answer = subprocess.run(  # noqa: S603 - our own words and a folder that is there
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=AUDIT_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired as error:
        raise click.ClickException("The check took too long and was stopped.") from error
    if answer.returncode not in AUDIT_ANSWERS or not answer.stdout:
        said = answer.stderr.strip().rsplit("\n", 1)[-1] or f"status {answer.returncode}"
        raise click.ClickException(f"The check was stopped before it was done: {said}")
    click.echo(answer.stdout, nl=False)
    sys.exit(answer.returncode)


def _report_facts(report: Report) -> Mapping[str, Any]:
    return {
        "ok": report.ok,
        "entries": report.entries,
        "accounts": report.accounts,
        "sum_minutes": report.total_minutes,
        "chain": report.head.hex(),
        "problems": [
            {
                "reason": problem.reason,
                "where": problem.where,
                "expected": problem.expected,
                "found": problem.found,
            }
            for problem in report.problems
        ],
    }


def _report_text(slug: str, report: Report) -> str:
    if report.ok:
        return (
            f"{slug}: the book is right. {report.entries} entries, {report.accounts} accounts,"
            f" adding up to {report.total_minutes} minutes.\n{slug}: chain {report.head.hex()}"
        )
    lines = [f"{slug}: the book is NOT right.", *map(str, report.problems)]
    if len(report.problems) >= PROBLEMS_MAX:
        lines.append(
            f"{slug}: it stopped at so many findings, and there may be more. Begin with the first:"
            " an entry that was changed also upsets the balances after it."
        )
    return "\n".join(lines)
