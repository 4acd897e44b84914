"""Commands that make communities, anew or from their books: with pot and kinds of help."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities import queries
from timebank.communities import service as communities
from timebank.communities.commands import community_option, one_community
from timebank.communities.errors import BadSlugError, SlugTakenError, UnknownTimeZoneError
from timebank.communities.models import JOINING, LOCALES, NAME_LENGTH_MAX, Community
from timebank.db import db
from timebank.errors import RefusalError
from timebank.home.errors import AlreadyForgottenError, NobodyToGiveToError, WaitsForAnswerError
from timebank.home.service import forget_member
from timebank.hours import restoring
from timebank.hours.commands import books_group
from timebank.hours.errors import BooksExistError, BooksRefusedError
from timebank.hours.policy import COMMUNITY_POT
from timebank.listings.service import seed_categories
from timebank.members import queries as members
from timebank.members import service
from timebank.members.commands import group as members_group
from timebank.members.errors import MemberNotFoundError
from timebank.web.fields import one_line
from timebank.web.session import run_in_transaction

group = AppGroup("community", help="Make communities, and list them.")
json_option = click.option("--json", "as_json", is_flag=True, help="Write the answer as JSON.")


def register(cli: AppGroup) -> None:
    """Add these commands to the command line."""
    cli.add_command(group)


@group.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="What people call it.")
@click.option(
    "--joining",
    type=click.Choice(JOINING),
    default="approval",
    show_default=True,
    help="Who may join: anybody at once, after a coordinator's yes, or with an invitation.",
)
@click.option("--locale", type=click.Choice(LOCALES), default="en", show_default=True)
@click.option("--time-zone", default="Europe/London", show_default=True)
@json_option
def create(
    *, slug: str, name: str, joining: str, locale: str, time_zone: str, as_json: bool
) -> None:
    """Make a community with its books and its pot.

    SLUG is its short name in addresses: small letters, digits and hyphens, such as elm-street.
    """
    name = one_line(name)
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise click.ClickException(f"The name needs 1 to {NAME_LENGTH_MAX} characters.")

    def work(session: Session) -> dict[str, Any]:
        community = service.found_community(
            session,
            slug=slug,
            name=name,
            joining=joining,
            locale=locale,
            time_zone=time_zone,
            now=utc_now(),
        )
        seed_categories(session, community.id)
        return _facts(session, community)

    try:
        facts = run_in_transaction(work)
    except SlugTakenError as refusal:
        raise click.ClickException(f"There is a community {slug!r} already.") from refusal
    except BadSlugError as refusal:
        raise click.ClickException(
            f"{slug!r} cannot be a short name. Use small letters, digits and single hyphens."
        ) from refusal
    except UnknownTimeZoneError as refusal:
        raise click.ClickException(
            f"{time_zone!r} is not a time zone this machine knows. Write one like Europe/London."
        ) from refusal
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"{name} is at /at/{slug}/. Next, somebody to look after it:")
    click.echo(f"  timebank member add Ana --community {slug} --role coordinator --card")


@books_group.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--community", "slug", required=True, metavar="SLUG", help="Its short name.")
@click.option("--name", help="What people call it, where it is made anew; else its short name.")
@json_option
def restore(folder: Path, *, slug: str, name: str | None, as_json: bool) -> None:
    """Make a community and its hours anew from the books in FOLDER, and from nothing else.

    Accounts, entries and the chain come back as they were. What books do not hold is gone: names,
    words, limits. Nothing is written unless all of it fits.
    """

    def work(session: Session) -> dict[str, Any]:
        now, key = utc_now(), restoring.community_of(folder)
        community = session.get(Community, key)
        if community is None:
            community = communities.remake_community(
                session, key, slug=slug, name=name or slug, now=now
            )
            seed_categories(session, key)
        elif community.slug != slug:
            raise click.ClickException(f"These are the books of {community.slug!r}, not {slug!r}.")
        done = restoring.restore_book(session, community, folder, now=now)
        counted = {"entries": done.entries, "accounts": done.accounts, "signed": done.signed}
        return {"community": slug, "chain": done.chain.hex()} | counted

    with _told_why_not(folder, slug):
        facts = run_in_transaction(work)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"{facts['entries']} entries and {facts['accounts']} accounts are back.")
    click.echo(f"Chain {facts['chain']}: compare it with one that somebody noted.")
    click.echo("Names are in no book. Members who are added get new numbers, never an old one.")


@contextmanager
def _told_why_not(folder: Path, slug: str) -> Iterator[None]:
    """Say in a sentence why nothing was restored."""
    try:
        yield
    except BooksRefusedError as refusal:
        place = f"{refusal.file}, line {refusal.line}" if refusal.line else refusal.file
        raise click.ClickException(
            f"Nothing was restored ({refusal.finding}). {place or folder}: {refusal.detail}"
        ) from refusal
    except BooksExistError as refusal:
        raise click.ClickException(
            f"{slug!r} has a book with {refusal.entries} entries. Books are restored only where"
            " there is none, and nothing was changed."
        ) from refusal
    except SlugTakenError as refusal:
        raise click.ClickException(
            f"There is another community {slug!r} already. Choose another short name."
        ) from refusal
    except BadSlugError as refusal:
        raise click.ClickException(
            f"{slug!r} cannot be a short name. Use small letters, digits and single hyphens."
        ) from refusal


@group.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the communities of this installation."""
    session = db.session()
    found = [_facts(session, community) for community in queries.every(session)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for facts in found:
        click.echo(f"{facts['slug']:<24} {facts['active']:>6} active   {facts['name']}")
    if not found:
        click.echo("There is no community yet. Make one: timebank community create SLUG --name …")


def _facts(session: Session, community: Community) -> dict[str, Any]:
    counts = members.count_by_state(session, community.id)
    return {
        "slug": community.slug,
        "name": community.name,
        "joining": community.joining,
        "locale": community.locale,
        "time_zone": community.time_zone,
        "active": counts.get("active", 0),
        "waiting": counts.get("waiting", 0),
    }


@members_group.command("erase")
@click.argument("number")
@click.option(
    "--hours-to",
    default=COMMUNITY_POT,
    show_default=True,
    help="Where their hours go: an account such as M000012, or the pot.",
)
@click.option("--yes", is_flag=True, help="Do not ask once more.")
@community_option
def erase_command(*, number: str, hours_to: str, yes: bool, slug: str | None) -> None:
    """Let the member with NUMBER go for good, and forget who they were.

    Names, addresses, words and ways to sign in are deleted; the books keep the number. It can not
    be undone.
    """
    community_id = one_community(slug).id
    figures = number.upper().removeprefix("M")
    if not (figures.isascii() and figures.isdigit()):
        raise click.ClickException(f"{number!r} is no member number, such as M000012.")

    def work(session: Session) -> tuple[str, int]:
        community = session.get_one(Community, community_id)
        member = members.by_number(session, community.id, int(figures))
        minutes = forget_member(
            session, community, member, hours_to=hours_to.upper(), by=None, now=utc_now()
        )
        return member.account_code, minutes

    if not yes:
        click.confirm(f"Forget {number} for good?", abort=True)
    try:
        code, minutes = run_in_transaction(work)
    except RefusalError as refusal:
        words = _NOT_FORGOTTEN.get(type(refusal), f"Not done: {type(refusal).__name__} {refusal}.")
        raise click.ClickException(words) from refusal
    click.echo(f"{code} is forgotten. {minutes} minutes were moved.")


_NOT_FORGOTTEN: dict[type[RefusalError], str] = {
    MemberNotFoundError: "Nobody here has that number.",
    WaitsForAnswerError: "Reported help waits for an answer; settle it first.",
    AlreadyForgottenError: "There is nothing left to forget.",
    NobodyToGiveToError: "Nobody who takes part has that account.",
}
