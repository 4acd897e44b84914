"""Commands that make communities: their books, their pot, and the kinds of help to choose from."""

import json
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities import queries
from timebank.communities.errors import BadSlugError, SlugTakenError, UnknownTimeZoneError
from timebank.communities.models import JOINING, LOCALES, NAME_LENGTH_MAX, Community
from timebank.db import db
from timebank.listings.service import seed_categories
from timebank.members import queries as members
from timebank.members import service
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
