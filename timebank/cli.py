"""The command `timebank`: everything that is done from a terminal.

A context brings its own commands in `commands.py`, whose `register(cli)` adds them here.
"""

import signal
import sys
import threading
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy.exc import OperationalError, ProgrammingError

from timebank import doctor, migrations, serve, worker
from timebank.app import create_app
from timebank.config import Settings, SettingsError
from timebank.db import briefly, db
from timebank.errors import RefusalError

COMMANDS = (
    "timebank.demo.commands",
    "timebank.home.commands",
    "timebank.members.commands",
    "timebank.imports.commands",
    "timebank.imports.list_commands",
    "timebank.imports.calendar_commands",
    "timebank.imports.attendance_commands",
    "timebank.hours.commands",
    "timebank.hours.proof_commands",
    "timebank.hours.audit_commands",
)
PORT_DEFAULT = 8000
#: How SQLite and PostgreSQL say that nobody has migrated.
NO_TABLE = ("no such table", "does not exist")

cli = AppGroup(
    "timebank",
    help="A time bank: neighbours help each other, and an hour is an hour.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database to the schema of this version. Safe to run again."""
    before = migrations.current(db.engine)
    migrations.upgrade(db.engine)
    after = migrations.current(db.engine)
    click.echo(f"The database is at {after}." if before == after else f"{before} → {after}")


@cli.command("serve", with_appcontext=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, serve.PORT_MAX),
    default=PORT_DEFAULT,
    show_default=True,
    help="Port to listen on.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Web processes; about one for each processor.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="Requests that one process answers at a time.",
)
def serve_command(host: str, port: int, processes: int, threads: int) -> None:
    """Serve the pages and do the work between requests. Ctrl-C stops both."""
    with briefly(create_app()):
        _refuse_an_old_schema()
    address = serve.Address(host, port)
    try:
        serve.refuse_a_taken_port(address, instead="timebank serve --port ")
    except serve.PortTakenError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Timebank is at http://{address}/ (Ctrl-C stops it)")
    web = serve.web_command(address, processes=processes, threads=threads)
    status = serve.run(
        [
            serve.Child(web, comes_back=False),
            serve.Child(serve.worker_command(), comes_back=True),
        ]
    )
    sys.exit(status)


@cli.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, and stop.")
def worker_command(*, once: bool) -> None:
    """Send mail and do what is due, without serving pages."""
    _refuse_an_old_schema()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 -- Flask's own way
    if once:
        done = worker.run_once(app, [*worker.jobs(), *worker.slow_jobs()])
        click.echo(f"{done} things done.")
        return
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    slow = threading.Thread(
        target=worker.run, args=(app, worker.slow_jobs(stop)), kwargs={"stop": stop}
    )
    slow.start()
    try:
        worker.run(app, worker.jobs(), stop=stop)
    finally:
        stop.set()
        slow.join()


@cli.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
def doctor_command(*, as_json: bool) -> None:
    """Look at this installation and say what is not well."""
    findings = doctor.examine(current_app.config["SETTINGS"], db.engine)
    click.echo(doctor.as_json(findings) if as_json else doctor.as_text(findings))
    if not all(finding.well for finding in findings):
        sys.exit(1)


def _refuse_an_old_schema() -> None:
    if migrations.current(db.engine) != migrations.newest():
        msg = "The database is not at the schema of this version. Run `timebank migrate` first."
        raise click.ClickException(msg)


def _make_app() -> Flask:
    try:
        return create_app(Settings.from_environ())
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _register() -> None:
    for name in COMMANDS:
        import_module(name).register(cli)


_register()


def main() -> NoReturn:
    """Run the command; end with 0 only when what was asked is done."""
    try:
        cli.main(prog_name="timebank", obj=ScriptInfo(create_app=_make_app))
    except RefusalError as error:
        click.echo(f"Not done: {error}", err=True)
    except SettingsError as error:
        click.echo(f"Not done: {error}", err=True)
    except (OperationalError, ProgrammingError) as error:
        click.echo(f"The database cannot be used: {error.orig}", err=True)
        if any(word in str(error.orig) for word in NO_TABLE):
            click.echo("It is empty. Run `timebank migrate` first.", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
