"""Which community a command is about."""

import click

from timebank.communities import queries
from timebank.communities.models import Community
from timebank.db import db

community_option = click.option(
    "--community", "slug", metavar="SLUG", help="Which one; not needed where there is only one."
)


def one_community(slug: str | None) -> Community:
    """Return the community that is meant, or say which there are.

    Raises:
        click.ClickException: If there is none of this name, or not one alone and none was named.
    """
    found = queries.every(db.session())
    wanted = [community for community in found if slug in {None, community.slug}]
    if len(wanted) == 1:
        return wanted[0]
    there = ", ".join(community.slug for community in found) or "none yet"
    if slug is not None:
        raise click.ClickException(f"There is no community {slug!r}. There are: {there}.")
    raise click.ClickException(f"Say which with --community. There are: {there}.")
