"""The commands that make communities and add members."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_community
from timebank.cli import cli
from timebank.communities import queries as communities
from timebank.listings.models import Category
from timebank.members import queries
from timebank.members.models import Address
from timebank.members.service import holder_of_card

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    def run(*arguments: str) -> Result:
        session.commit()
        return app.test_cli_runner().invoke(cli, arguments)

    return run


def test_a_community_is_made_with_books_and_kinds_of_help(run: Run, session: Session) -> None:
    assert "There is no community yet" in run("community", "list").output
    made = run("community", "create", "elm", "--name", "Elm Street", "--joining", "open", "--json")
    assert made.exit_code == 0
    assert json.loads(made.output)["joining"] == "open"
    assert "timebank member add" in run("community", "create", "ash", "--name", "Ash").output

    elm = communities.by_slug(session, "elm")
    assert elm is not None
    assert session.scalars(select(Category).where(Category.community_id == elm.id)).first()
    listed = json.loads(run("community", "list", "--json").output)
    assert [one["slug"] for one in listed] == ["ash", "elm"]
    assert "Elm Street" in run("community", "list").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Elm Street", "--name", "Elm"), "cannot be a short name"),
        (("elm", "--name", " "), "The name needs"),
        (("elm", "--name", "Elm", "--time-zone", "Elm/Street"), "not a time zone"),
        (("taken", "--name", "Elm"), "already"),
    ],
)
def test_a_community_that_cannot_be_is_explained(
    run: Run, session: Session, arguments: tuple[str, ...], says: str
) -> None:
    make_community(session, slug="taken")
    refused = run("community", "create", *arguments)
    assert refused.exit_code == 1
    assert says in refused.output
    assert len(communities.every(session)) == 1


def test_asvs_38_the_first_coordinator_comes_from_the_command_line_with_a_card(
    run: Run, session: Session
) -> None:
    elm = make_community(session)
    added = run("member", "add", "Ana", "--role", "coordinator", "--role", "coordinator", "--card")
    assert added.exit_code == 0, added.output
    code = added.output.split("code ")[1][:9]
    holder = holder_of_card(session, elm, "M1", code)
    assert queries.roles_of(session, holder) == {"coordinator"}


def test_members_are_added_and_listed(run: Run, session: Session) -> None:
    make_community(session, slug="elm")
    assert "Nobody." in run("member", "list").output
    added = run(
        *("member", "add", " Bo ", "--last-name", "Holm", "--email", "Bo@example.org", "--json")
    )
    assert json.loads(added.output) == {
        "number": "M000001",
        "name": "Bo Holm",
        "state": "active",
        "area": "",
        "roles": [],
    }
    assert [one.folded for one in session.scalars(select(Address))] == ["bo@example.org"]
    with_card = run("member", "add", "Cy", "--card", "--role", "treasurer", "--json")
    assert len(json.loads(with_card.output)["code"]) == 9
    text = run("member", "list", "--community", "elm", "--state", "active").output
    assert text == "M000001  active   Bo Holm\nM000002  active   Cy   treasurer\n"
    assert json.loads(run("member", "list", "--state", "left", "--json").output) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", " "), "A first name is needed"),
        (("add", "x" * 61), "first name is too long"),
        (("add", "Bo", "--area", "12 High Street"), "'12 High Street' is a street address"),
        (("add", "Bo", "--area", "020 7946 0018"), "'020 7946 0018' is no part of town"),
        (("add", "Bo", "--email", "bo"), "not an e-mail address"),
        (("add", "Bo", "--community", "oak"), "There is no community 'oak'. There are: ash, elm."),
        (("list",), "Say which with --community. There are: ash, elm."),
    ],
)
def test_what_cannot_be_is_explained(
    run: Run, session: Session, arguments: tuple[str, ...], says: str
) -> None:
    make_community(session, slug="elm", name="B")
    make_community(session, slug="ash", name="A")
    refused = run("member", *arguments)
    assert refused.exit_code == 1
    if arguments[-1] == "oak" or arguments[0] == "list":
        assert says in refused.output
    else:
        assert says in run("member", *arguments, "--community", "elm").output
