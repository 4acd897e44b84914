"""The command `timebank demo`: fill it once, say who can sign in, serve it."""

import os
import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import make_url

from timebank import migrations, serve, turns
from timebank.app import create_app
from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.config import Settings, SettingsError
from timebank.db import briefly, db
from timebank.demo import mark, service

PORT_DEFAULT = 8000
PROCESSES = 2
THREADS = 4
MEANS = {"password": "password", "card": "code card", "link": "link by e-mail, see /demo/mail"}


def register(cli: AppGroup) -> None:
    """Add the command."""
    cli.add_command(demo_command)


@click.command("demo")
@click.option(
    "--port", type=click.IntRange(1, serve.PORT_MAX), default=PORT_DEFAULT, show_default=True
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--fresh", is_flag=True, help="Forget what is there and fill it anew.")
@click.option("--no-serve", is_flag=True, help="Fill it and stop; serve nothing.")
def demo_command(*, port: int, host: str, fresh: bool, no_serve: bool) -> None:
    """Show a made-up community that has lived for two years.

    The first start fills it, in less than a minute. Later starts keep what is there.
    """
    address = serve.Address(host, port)
    if not no_serve:
        try:
            serve.refuse_a_taken_port(address, instead="make demo PORT=")
        except serve.PortTakenError as error:
            raise click.ClickException(str(error)) from error
        os.environ.setdefault("TIMEBANK_BASE_URL", f"http://{address}")
    try:
        settings = Settings.from_environ()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    _prepare(settings, fresh=fresh)
    people = mark.read(settings.home)
    click.echo(_table(people))
    if no_serve:
        return
    click.echo(f"\nThe demo is at http://{address}/ (Ctrl-C stops it)")
    sys.exit(_serve(address))


def _serve(address: serve.Address) -> int:
    web = serve.web_command(address, processes=PROCESSES, threads=THREADS)
    return serve.run(
        [
            serve.Child(web, comes_back=False),
            serve.Child(serve.worker_command(), comes_back=True),
        ]
    )


def _prepare(settings: Settings, *, fresh: bool) -> None:
    """Make sure there is a filled demo; never touch a database that is not one."""
    is_demo = mark.exists(settings.home)
    if is_demo and (fresh or not mark.read(settings.home)):
        _forget(settings)
    app = create_app(Settings.from_environ())
    with briefly(app):
        migrations.upgrade(db.engine)
        if mark.read(settings.home):
            return
        with db.session() as session:
            if communities.every(session):
                msg = (
                    "There is a time bank in this database that is not the demo, and it stays "
                    "untouched. Set TIMEBANK_HOME to another folder, and TIMEBANK_DATABASE_URL to "
                    "an empty database if you use it."
                )
                raise click.ClickException(msg)
        _fill(app, settings.home)


def _forget(settings: Settings) -> None:
    """Delete the demo's own SQLite file. A server's database is for its owner to empty."""
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        msg = "The demo is in a database on a server. Empty that database, then start again."
        raise click.ClickException(msg)
    for tail in ("", "-wal", "-shm", "-journal", *turns.SUFFIXES):
        Path(f"{url.database}{tail}").unlink(missing_ok=True)
    (settings.home / mark.NAME).unlink()


def _fill(app: Flask, home: Path) -> None:
    mark.begin(home)
    click.echo("Two years pass in the demo's communities. This takes less than a minute.")
    with (
        app.app_context(),
        click.progressbar(length=service.STEPS, show_eta=False, width=40) as bar,
    ):
        people = service.fill(db.engine, now=utc_now(), tell=lambda: bar.update(1))
    mark.finish(home, people)


def _table(people: list[mark.SignIn]) -> str:
    head = ("Who", "What they are", "Where", "Sign in by", "With")
    rows = [
        (
            person.name,
            _roles(person),
            person.community,
            MEANS[person.means],
            " ".join(
                part for part in (person.says, person.secret and f"+ {person.secret}") if part
            ),
        )
        for person in people
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    ruled = [head, tuple("-" * width for width in widths), *rows]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in ruled
    ]
    return "\n".join(["", "Who can sign in (or choose somebody on the page /demo):", "", *lines])


def _roles(person: mark.SignIn) -> str:
    if person.state == "waiting":
        return "waits to be let in"
    roles = ", ".join(person.roles) or "member"
    return f"{roles}; runs {', '.join(person.runs)}" if person.runs else roles
