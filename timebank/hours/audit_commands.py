"""Commands of the books that start programs of their own: check them now, and look at them."""

import json
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.db import db
from timebank.hours import auditing
from timebank.hours.commands import books_group, community_option, json_option, one
from timebank.hours.models import BooksCheck

STOPPED = {
    "time": "it took too long",
    "memory": "it took too much memory",
    "space": "the books could not be written",
    "fault": "it broke off",
}


def register(cli: AppGroup) -> None:
    """Add these commands to the command line; their group is there already."""
    assert books_group.name in cli.commands  # noqa: S101 - `timebank.hours.commands` comes first


@books_group.command("audit")
@community_option
@json_option
def audit_command(*, slug: str | None, as_json: bool) -> None:
    """Export the books, check them, and keep the verdict for the page of the books.

    The worker does this each night. Looks at every community unless one is named. Ends with 0 if
    every one is right.
    """
    settings, session = current_app.config["SETTINGS"], db.session()
    chosen = [one(slug)] if slug else list(communities.every(session))
    if not chosen:
        raise click.ClickException("There is no community yet.")
    facts = {}
    for name, community in [(each.slug, each) for each in chosen]:
        check = auditing.check_now(settings, community, by=None, now=utc_now())
        if check is None:
            raise click.ClickException(
                "A check is running already. Wait until it is done, then look at the page Books."
            )
        facts[name] = _facts(check)
        if not as_json:
            click.echo(_text(name, check))
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    sys.exit(0 if all(each["outcome"] == "right" for each in facts.values()) else 1)


def _facts(check: BooksCheck) -> dict[str, object]:
    return {
        "outcome": check.outcome,
        "stop": check.stop,
        "entries": check.entries,
        "head": check.head,
        "findings": auditing.findings_of(check),
    }


def _text(slug: str, check: BooksCheck) -> str:
    if check.outcome == "right":
        return f"{slug}: the books are right. {check.entries} entries\n{slug}: chain {check.head}"
    if check.outcome == "stopped":
        return f"{slug}: the check was stopped: {STOPPED[check.stop or 'fault']}."
    found = [
        f"{finding.get('file') or slug}: {finding.get('detail', '')}"
        for finding in auditing.findings_of(check)
    ]
    return "\n".join([f"{slug}: the books are NOT right.", *found])
