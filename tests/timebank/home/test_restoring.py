"""A community that lost its database and has its books: `timebank books restore`."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.databases import Database
from tests.factories import NOW, make_community, make_member
from timebank.cli import cli
from timebank.communities import queries as communities
from timebank.hours import queries, service
from timebank.members import queries as member_queries
from timebank.members import service as members


def run(app: Flask, *words: str | Path) -> Result:
    return app.test_cli_runner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def lost(app: Flask, session: Session, engine: Engine, database: Database, tmp_path: Path) -> Path:
    """The books of a community whose database is gone."""
    village = make_community(session, slug="village")
    ann, ben = (make_member(session, village, first_name=name) for name in ("Ann", "Ben"))
    service.transfer(
        *(session, village),
        receiver=ann,
        giver=ben,
        minutes=60,
        happened_on=NOW.date(),
        category="company",
        key="exchange:1",
        by=ann,
        now=NOW,
    )
    session.commit()
    assert run(app, "books", "export", tmp_path / "books").exit_code == 0
    session.close()
    database.put_back(engine)
    return tmp_path / "books"


def test_hours_come_back_and_an_old_number_is_nobodys_again(
    app: Flask, session: Session, lost: Path, tmp_path: Path
) -> None:
    said = run(app, "books", "restore", lost, "--community", "village", "--name", "Our village")
    assert said.exit_code == 0, said.output
    assert said.output.startswith("1 entries and 7 accounts are back.\nChain ")
    village = communities.by_slug(session, "village")
    assert village is not None
    assert (village.name, village.member_count) == ("Our village", 2)
    assert queries.balance(session, village.id, "M000002").posted == 60
    cat = members.add_member(session, village, first_name="Cat", by=None, now=NOW)
    assert cat.account_code == "M000003"
    session.rollback()
    assert run(app, "ledger", "verify").exit_code == 0
    again = json.loads(run(app, "books", "export", lost, "--json").output)
    assert again["written"] == []


def test_somebody_comes_back_to_the_hours_they_had(
    app: Flask, session: Session, lost: Path
) -> None:
    assert run(app, "books", "restore", lost, "--community", "village").exit_code == 0
    said = run(app, "member", "add", "Ben", "--number", "2")
    assert (said.exit_code, said.output) == (0, "Ben is member M000002.\n")
    village = communities.by_slug(session, "village")
    assert village is not None
    ben = member_queries.by_number(session, village.id, 2)
    assert queries.balance_of(session, ben).posted == 60
    session.rollback()
    for number, words in ((2, "Number 2 is somebody's already."), (7, "no account M000007")):
        refused = run(app, "member", "add", "Eve", "--number", str(number))
        assert (refused.exit_code, words in refused.output) == (1, True)
    assert run(app, "member", "add", "Cat").output == "Cat is member M000003.\n"


def test_it_says_why_not_and_changes_nothing(app: Flask, session: Session, lost: Path) -> None:
    def refused(folder: Path, slug: str = "village") -> str:
        said = run(app, "books", "restore", folder, "--community", slug)
        assert said.exit_code == 1
        return said.output

    january = lost / "2026/05.beancount"
    good = january.read_text("utf-8")
    january.write_text(good.replace("  60 MIN", "  61 MIN"), "utf-8")
    assert refused(lost) == (
        "Error: Nothing was restored (edited-file). 2026/05.beancount: is not what was exported\n"
    )
    january.write_text(good, "utf-8")
    assert "(missing-file). HEAD: is missing" in refused(lost / "2026")
    assert "cannot be a short name" in refused(lost, "Our village")
    make_community(session, slug="other")
    session.commit()
    assert "another community 'other' already" in refused(lost, "other")
    assert [each.slug for each in communities.every(session)] == ["other"]


def test_a_book_that_is_there_is_left_alone(app: Flask, lost: Path) -> None:
    facts = json.loads(
        run(app, "books", "restore", lost, "--community", "village", "--json").output
    )
    assert (facts["community"], facts["entries"], facts["signed"]) == ("village", 1, 0)
    said = run(app, "books", "restore", lost, "--community", "village")
    assert "'village' has a book with 1 entries" in said.output
    said = run(app, "books", "restore", lost, "--community", "hamlet")
    assert "These are the books of 'village', not 'hamlet'" in said.output
