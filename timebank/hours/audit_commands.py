"""Commands of the books that start programs of their own: check them now, and look at them."""

import json
import signal
import sys
import uuid
from types import FrameType

import click
from flask import current_app
from flask.cli import AppGroup

from ledger.errors import LedgerRefusal
from ledger.layout import following_words
from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.communities.commands import community_option, one_community
from timebank.db import db
from timebank.hours import auditing, looking
from timebank.hours.commands import books_group, json_option
from timebank.hours.looking import NotLoopbackError, NotStartedError, Place, TakenError
from timebank.hours.models import BooksCheck
from timebank.trail import service as trail
from timebank.web.session import run_in_transaction

PORT_DEFAULT = 5000
STOPPED = {
    "time": "it took too long",
    "memory": "it took too much memory",
    "space": "the books could not be written",
    "ahead": "the exported books hold entries that the database does not have",
    "foreign": "something else lies in the folder of the exported books",
    "fault": "it broke off",
}


def register(cli: AppGroup) -> None:
    """Add these commands to the command line; their group is there already."""
    assert books_group.name in cli.commands  # noqa: S101 - `timebank.hours.commands` comes first


@books_group.command("audit")
@community_option
@json_option
def audit_command(*, slug: str | None, as_json: bool) -> None:
    """Export the books, check all years, and keep the verdict for the page of the books.

    The worker does this once a week, and each night for the newest year. Looks at every community
    unless one is named. Ends with 0 if every one is right.
    """
    settings, session = current_app.config["SETTINGS"], db.session()
    chosen = [one_community(slug)] if slug else list(communities.every(session))
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


@books_group.command("serve")
@community_option
@click.option("--port", type=click.IntRange(1, 65535), default=PORT_DEFAULT, show_default=True)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="An address of this machine alone."
)
@click.option("--year", type=int, help="This year alone, with what accounts held when it began.")
def serve_command(*, slug: str | None, port: int, host: str, year: int | None) -> None:
    """Look at the exported books in Fava, in a browser on this machine. Ctrl-C ends it.

    Fava sees a copy without names, and without what lies in local/, and can not write. Whoever can
    reach the address sees every account: read docs/operations.md first.
    """
    community = one_community(slug)
    try:
        place = Place(host, port)
    except NotLoopbackError as error:
        raise click.ClickException(
            f"{host} is no address of this machine alone. Use 127.0.0.1, and reach it from"
            " elsewhere as docs/operations.md says."
        ) from error
    paths = auditing.paths_of(current_app.config["SETTINGS"], community)
    _note(community.id)
    signal.signal(signal.SIGTERM, _end)
    try:
        auditing.export_books(paths)
        with looking.fava(paths.folder, place, year=year) as process:
            click.echo(f"The books of {paths.slug} are at {place} (Ctrl-C ends it)")
            process.wait()
    except KeyboardInterrupt:
        click.echo("Ended; the copy is gone.")
    except TakenError as error:
        raise click.ClickException(
            f"Something listens at {place} already. Choose another one with --port."
        ) from error
    except NotStartedError as error:
        raise click.ClickException(
            "Fava ended before it answered. Look at the books with: timebank books audit"
        ) from error
    except FileNotFoundError as error:
        raise click.ClickException(f"There are no books of {year}.") from error
    except (LedgerRefusal, OSError) as error:
        raise click.ClickException(f"The books could not be written: {error}") from error


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _note(community_id: uuid.UUID) -> None:
    """Keep in the trail that the books were opened."""
    run_in_transaction(
        lambda session: trail.record(
            session, "export", now=utc_now(), community_id=community_id, detail="books in Fava"
        )
    )


def _facts(check: BooksCheck) -> dict[str, object]:
    return {
        "outcome": check.outcome,
        "stop": check.stop,
        "entries": check.entries,
        "head": check.head,
        "findings": auditing.findings_of(check),
        "following": auditing.causes_of(check)[1],
    }


def _text(slug: str, check: BooksCheck) -> str:
    if check.outcome == "right":
        return f"{slug}: the books are right. {check.entries} entries\n{slug}: chain {check.head}"
    if check.outcome == "stopped":
        return f"{slug}: the check was stopped: {STOPPED[check.stop or 'fault']}."
    causes, following = auditing.causes_of(check)
    found = [f"{finding.get('file') or slug}: {finding.get('detail', '')}" for finding in causes]
    if following:
        found.append(f"{slug}: {following_words(following)}")
    return "\n".join([f"{slug}: the books are NOT right.", *found])
