"""A request from a real group's sheet becomes help that was given, in books anyone can check."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import at
from tests.pages.page import Pages, Walk
from timebank.cli import cli
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.members.models import Member

SHEET = Path("lansing-mutual-aid-forms", "submission_responses.csv")


def run(app: Flask, session: Session, *words: str) -> str:
    """Run a command as in a terminal; return what it says."""
    session.commit()
    answer = app.test_cli_runner().invoke(cli, words)
    assert answer.exit_code == 0, answer.output
    return answer.output


def make_card(cora: Pages, name: str) -> tuple[str, str]:
    """Let the coordinator print a card; return its number and code."""
    cora.follow("People")
    cora.follow(name)
    cora.follow("Make a card")
    card = cora.submit(button="Make the card")
    number = re.search(r"M\d{6}", card.text)
    assert number is not None
    return number[0], card.one(".code-card-code").get_text()


@pytest.mark.data
def test_a_row_of_the_sheet_becomes_an_hour_in_the_books(
    app: Flask,
    session: Session,
    place: Community,
    cora: Member,
    gita: Member,
    walk: Walk,
    visitor: Pages,
    data: Path,
    tmp_path: Path,
) -> None:
    bring_in = ("import", "requests", str(data / SHEET), "--community", place.slug, "--reopen")
    assert "3 requests opened" in run(app, session, *bring_in)
    assert "3 known from before" in run(app, session, *bring_in)

    # Gita finds it and answers.
    giver = walk(gita)
    giver.get(at(place, "/requests"))
    giver.submit("form[role=search]", q="pet")
    giver.follow("Pet care")
    giver.submit(body="I can walk him in the mornings. I have two of my own.")

    # Whoever asked has no e-mail and no phone: the coordinator hands over a card.
    desk = walk(cora)
    desk.get(at(place))
    number, code = make_card(desk, "MyFakeName")
    asker = visitor
    asker.get(at(place, "/card"))
    asker.submit(number=number, code=code)

    # They talk and agree on a morning.
    asker.get(at(place, "/messages"))
    asker.follow("Pet care")
    assert "I can walk him in the mornings" in asker.page  # type: ignore[operator]
    asker.follow("Suggest a time")
    asker.submit(planned_on=utc_now().date().isoformat(), part_of_day="morning")
    giver.get(at(place, "/exchanges"))
    giver.follow("Pet care")
    giver.submit(button="Yes, that suits me")

    # It happens, and both say so.
    giver.follow("It happened")
    giver.submit(worked_minutes="45")
    asker.get(at(place, "/exchanges"))
    asker.follow("Pet care")
    assert "45 min went to Gita" in asker.submit(button="Yes, that is right")
    assert "45 min to spend" in giver.get(at(place, "/hours"))
    assert "45 min to give back" in asker.get(at(place, "/hours"))

    # The hour stands in books that a stranger's program accepts.
    books = tmp_path / "books"
    run(app, session, "books", "export", str(books), "--community", place.slug)
    checked = subprocess.run(
        # On a busy machine it would leave a cache beside them, which is no part of the books.
        [Path(sys.executable).with_name("bean-check"), "--no-cache", books / "main.beancount"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    written = "\n".join(file.read_text("utf-8") for file in books.rglob("*.beancount"))
    assert re.search(rf"{gita.account_code}\s+45 MIN", written)
    assert re.search(rf"{number}\s+-45 MIN", written)
    for secret in ("Gita", "MyFakeName", "walk him"):
        assert secret not in written
    run(app, session, "books", "check", str(books))


def test_a_wish_to_stay_unnamed_lasts_through_the_talk(
    app: Flask,
    session: Session,
    place: Community,
    gita: Member,
    walk: Walk,
    tmp_path: Path,
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "ID,Name,Timestamp,Does your request need to remain anonymous? ,What do you need?\n"
        "7,Philippa,3/1/2026 10:00:00,Yes,A lift to the clinic\n"
    )
    run(app, session, "import", "requests", str(sheet), "--community", place.slug)
    giver = walk(gita)
    giver.get(at(place, "/requests"))
    page = giver.follow("A lift to the clinic")
    assert "Philippa" not in page
    giver.submit(body="I have a car and the morning off.")
    assert "Philippa" not in giver.page  # type: ignore[operator]
