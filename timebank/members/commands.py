"""Commands that add members and list them."""

import json
import re
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities.commands import community_option, one_community
from timebank.communities.models import Community
from timebank.db import db
from timebank.hours.errors import NoSuchAccountError
from timebank.members import queries, service
from timebank.members.areas import street_addresses_in, ways_to_reach_in
from timebank.members.errors import AlreadyMemberError
from timebank.members.models import (
    AREA_LENGTH_MAX,
    EMAIL_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PHONE_LENGTH_MAX,
    ROLES,
    STATES,
    Member,
)
from timebank.web.fields import one_line
from timebank.web.session import run_in_transaction

#: Members read at once.
BATCH_SIZE = 500
LENGTHS = {
    "first_name": NAME_LENGTH_MAX,
    "last_name": NAME_LENGTH_MAX,
    "area": AREA_LENGTH_MAX,
    "email": EMAIL_LENGTH_MAX,
    "phone": PHONE_LENGTH_MAX,
}
group = AppGroup("member", help="Add members, and list them.")
json_option = click.option("--json", "as_json", is_flag=True, help="Write the answer as JSON.")


def register(cli: AppGroup) -> None:
    """Add these commands to the command line."""
    cli.add_command(group)


@group.command("add")
@click.argument("first_name")
@click.option("--last-name", default="")
@click.option("--area", default="", help="Part of town, never a street.")
@click.option("--email", default="", help="They can then sign in by a link sent there.")
@click.option("--phone", default="")
@click.option("--rules-told", is_flag=True, help="You went through the house rules with them.")
@click.option("--role", "roles", type=click.Choice(ROLES), multiple=True, help="May be repeated.")
@click.option(
    "--number",
    type=click.IntRange(1, 999_999_999),
    help="The number they had, where the books were restored without names.",
)
@click.option("--card", is_flag=True, help="Make a code card, and show its code once.")
@community_option
@json_option
def add(
    *,
    roles: tuple[str, ...],
    card: bool,
    number: int | None,
    rules_told: bool,
    slug: str | None,
    as_json: bool,
    **told: str,
) -> None:
    """Add a member. A first name is enough."""
    told = {field: one_line(value) for field, value in told.items()}
    _check(told)
    community_id = one_community(slug).id

    def work(session: Session) -> dict[str, Any]:
        now = utc_now()
        community = session.get_one(Community, community_id)
        member = service.add_member(
            session,
            community,
            has_heard_rules=rules_told,
            by=None,
            now=now,
            number=number,
            **told,  # type: ignore[arg-type]  # checked above
        )
        if member.email and member.person_id is not None:
            service.note_address(session, member.person_id, member.email)
        for role in dict.fromkeys(roles):
            service.give_role(session, member, role, by=None, now=now)
        code = service.issue_card(session, member, by=None, now=now) if card else None
        return _facts(member, sorted(set(roles))) | ({"code": code} if card else {})

    try:
        facts = run_in_transaction(work)
    except NoSuchAccountError as refusal:
        raise click.ClickException(f"The books have no account {refusal.code}.") from refusal
    except AlreadyMemberError as refusal:
        raise click.ClickException(f"Number {number} is somebody's already.") from refusal
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"{facts['name']} is member {facts['number']}.")
    if card:
        slug = db.session.get_one(Community, community_id).slug
        click.echo(f"Code card: number {facts['number']}, code {facts['code']}")
        click.echo(f"Sign in at /at/{slug}/card. The code is not shown again.")


@group.command("list")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these.")
@community_option
@json_option
def list_all(*, states: tuple[str, ...], slug: str | None, as_json: bool) -> None:
    """List members by name."""
    session, community = db.session(), one_community(slug)
    holders = {
        role: {holder.id for holder in queries.holders(session, community.id, role)}
        for role in ROLES
    }
    found: list[dict[str, Any]] = []
    after = None
    while batch := queries.page(
        session, community.id, states=states or STATES, after=after, limit=BATCH_SIZE
    ):
        for member in batch:
            held = [role for role in ROLES if member.id in holders[role]]
            found.append(_facts(member, held))
        after = batch[-1].id
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for facts in found:
        roles = f"   {', '.join(facts['roles'])}" if facts["roles"] else ""
        click.echo(f"{facts['number']}  {facts['state']:<8} {facts['name']}{roles}")
    if not found:
        click.echo("Nobody.")


def _check(told: dict[str, str]) -> None:
    if not told["first_name"]:
        raise click.ClickException("A first name is needed.")
    for field, length_max in LENGTHS.items():
        if len(told[field]) > length_max:
            name = field.replace("_", " ")
            raise click.ClickException(f"The {name} is too long: at most {length_max} characters.")
    for address in street_addresses_in(told["area"]):
        raise click.ClickException(f"{address!r} is a street address: give a part of town.")
    for way in ways_to_reach_in(told["area"]):
        raise click.ClickException(f"{way!r} is no part of town: see --phone and --email.")
    if told["email"] and not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", told["email"]):
        raise click.ClickException(f"{told['email']!r} is not an e-mail address.")


def _facts(member: Member, roles: list[str]) -> dict[str, Any]:
    return {
        "number": member.account_code,
        "name": queries.full_name(member),
        "state": member.state,
        "area": member.area,
        "roles": roles,
    }
