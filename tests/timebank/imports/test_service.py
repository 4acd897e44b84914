"""A sheet comes in once, whole rows at a time, and says what it did."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_member
from tests.timebank.listings.scene import make_place
from timebank.communities.models import Community
from timebank.imports import policy, service, sheets
from timebank.imports.commands import group
from timebank.imports.models import ImportedRow
from timebank.imports.service import Summary
from timebank.listings.models import Category, Listing
from timebank.listings.tree import TREE
from timebank.members.models import Member

HEAD = (
    "ID,Status,Name,Timestamp,email,telephone,"
    "Does your request need to remain anonymous? ,What do you need?,Is your need:,"
    "Add any details about your request,Is your need recurring?"
)
Run = Callable[..., Result]


@pytest.fixture
def place(session: Session) -> Community:
    return make_place(session, slug="elm")


def row(  # noqa: PLR0913 -- one argument a column
    number: int = 1,
    name: str = "Ana",
    needs: str = "Food",
    *,
    status: str = "",
    when: str = "3/15/2026 22:49:40",
    email: str = "",
    phone: str = "",
    anonymous: str = "No",
    urgency: str = "",
    details: str = "",
    recurring: str = "",
) -> str:
    cells = [str(number), status, name, when, email, phone, anonymous]
    cells += [needs, urgency, details, recurring]
    return ",".join(f'"{cell}"' for cell in cells)


def bring(
    session: Session, place: Community, *rows: str, reopen: bool = False, now: dt.datetime = NOW
) -> Summary:
    text = "\n".join([HEAD, *rows])
    sheet = sheets.read(text.encode(), today=now.date())
    summary = service.bring_in(session, place, sheet, reopen=reopen, now=now)
    session.flush()
    return summary


def on_board(session: Session) -> list[tuple[str, str]]:
    found = session.execute(sa.select(Listing.title, Listing.state).order_by(Listing.id))
    return [(title, state) for title, state in found]


def category_of(session: Session, title: str) -> str | None:
    return session.scalar(
        sa.select(Category.key)
        .join(Listing, Listing.category_id == Category.id)
        .where(Listing.title == title)
    )


def test_each_need_becomes_a_request_of_one_member(session: Session, place: Community) -> None:
    summary = bring(
        session,
        place,
        row(needs="Food, pet care, clothing/laundry", urgency="can wait", details="Two dogs."),
    )
    assert (summary.opened, summary.finished, summary.new_members) == (3, 0, ["Ana"])
    assert on_board(session) == [
        ("Food", "open"),
        ("Pet care", "open"),
        ("Clothing/laundry", "open"),
    ]
    assert category_of(session, "Pet care") == "pets"
    assert category_of(session, "Clothing/laundry") == "laundry"
    member = session.scalars(sa.select(Member)).one()
    assert (member.first_name, member.email, member.phone) == ("Ana", "", "")
    listing = session.scalars(sa.select(Listing).where(Listing.title == "Food")).one()
    assert listing.words == "Two dogs."
    assert listing.when_words == "can wait"
    assert listing.posted_at.date() == dt.date(2026, 3, 15)


def test_the_same_sheet_changes_nothing_the_second_time(session: Session, place: Community) -> None:
    bring(session, place, row(needs="Food, a ride"))
    summary = bring(session, place, row(needs="Food, a ride", status="Completed"))
    assert (summary.opened, summary.finished, summary.known) == (0, 0, 2)
    assert summary.new_members == []
    assert len(on_board(session)) == 2


def test_a_need_added_to_a_row_comes_to_the_same_member(session: Session, place: Community) -> None:
    bring(session, place, row(needs="Food"))
    summary = bring(session, place, row(needs="Food, a ride"))
    assert (summary.opened, summary.known, summary.new_members) == (1, 1, [])
    owners = set(session.scalars(sa.select(Listing.member_id)))
    assert len(owners) == 1


def test_what_was_seen_to_comes_in_closed_and_can_be_opened(
    session: Session, place: Community
) -> None:
    summary = bring(session, place, row(status="Completed"))
    assert (summary.opened, summary.finished) == (0, 1)
    summary = bring(session, place, row(status="Completed"), reopen=True)
    assert (summary.opened, summary.finished) == (1, 0)
    assert on_board(session) == [("Food", "closed"), ("Food", "open")]
    assert len(session.scalars(sa.select(ImportedRow)).all()) == 1
    assert bring(session, place, row(status="Completed"), reopen=True).known == 1


def test_two_people_of_one_name_stay_two(session: Session, place: Community) -> None:
    bring(session, place, row(1, "Ana"), row(2, "Ana", "a ride"))
    assert len(session.scalars(sa.select(Member)).all()) == 2


def test_a_member_is_known_by_address_or_phone(session: Session, place: Community) -> None:
    ana = make_member(session, place, first_name="Ana", email="ana@example.org")
    bo = make_member(session, place, first_name="Bo", phone="020 7946 0001")
    summary = bring(
        session,
        place,
        row(1, "Anna", email="ana@example.org"),
        row(2, "Bo", "a ride", phone="020 7946 0001"),
    )
    assert summary.new_members == []
    assert set(session.scalars(sa.select(Listing.member_id))) == {ana.id, bo.id}
    assert [remark.code for remark in summary.remarks] == ["known member", "known member"]


def test_a_phone_that_two_share_names_nobody(session: Session, place: Community) -> None:
    for name in ("Bo", "Cy"):
        make_member(session, place, first_name=name, phone="020 7946 0001")
    assert bring(session, place, row(phone="020 7946 0001")).new_members == ["Ana"]


def test_who_wishes_it_stays_unnamed(session: Session, place: Community) -> None:
    bring(session, place, row(anonymous="Yes"))
    assert session.scalars(sa.select(Listing.is_anonymous)).one()


def test_contact_details_do_not_reach_the_board(session: Session, place: Community) -> None:
    summary = bring(session, place, row(details="Ring 517 555 0123", phone="517 555 0123"))
    assert session.scalars(sa.select(Listing.words)).one() == "Ring …"
    assert "contact in words" in {remark.code for remark in summary.remarks}
    assert session.scalars(sa.select(Member.phone)).one() == "517 555 0123"


def test_long_words_are_cut_and_it_is_said(session: Session, place: Community) -> None:
    summary = bring(session, place, row(needs="x" * 200, details="word " * 400))
    listing = session.scalars(sa.select(Listing)).one()
    assert listing.title.endswith("…")
    assert listing.words.endswith("…")
    assert "words cut" in {remark.code for remark in summary.remarks}


def test_a_row_is_brought_in_whole_or_not_at_all(session: Session, place: Community) -> None:
    bring(session, place, row(1, "Ana", "Food"))
    session.scalars(sa.select(Member)).one().state = "paused"
    session.flush()
    summary = bring(session, place, row(1, "Ana", "Food, a ride, pet care"), row(2, "Bo"))
    assert summary.bad_row_count == 1
    assert [(remark.row, remark.code) for remark in summary.remarks if remark.is_bad] == [
        (2, "refused")
    ]
    assert (summary.opened, summary.new_members) == (1, ["Bo"])
    assert on_board(session) == [("Food", "open"), ("Food", "open")]


def test_a_kind_of_help_that_is_not_used_any_more_gives_way_to_its_heading(
    session: Session, place: Community
) -> None:
    shopping = session.scalars(sa.select(Category).where(Category.key == "shopping")).one()
    shopping.retired_at = NOW
    bring(session, place, row())
    assert category_of(session, "Food") == "home"


def test_every_stem_leads_to_a_shipped_category() -> None:
    leaves = {leaf for heading in TREE for leaf in heading.leaves}
    assert set(policy.STEMS.values()) | {policy.OTHERWISE} <= leaves
    assert policy.supports_of("phone-chats") == {"emotional", "social"}
    assert policy.supports_of("moving") == {"practical"}


@pytest.mark.parametrize(
    ("need", "category"),
    [
        ("groceries", "shopping"),
        ("transportation for essential travel", "lifts"),
        ("prescription pickup", "errands"),
        ("someone to talk to", "listening"),
        ("left handed scissors", "errands"),
        ("certificate", "errands"),
    ],
)
def test_a_need_finds_its_category_by_its_words(need: str, category: str) -> None:
    assert policy.category_of(need) == category


# -------------------------------------------------------------------------- the command


@pytest.fixture
def run(app: Flask, session: Session, place: Community, tmp_path: Path) -> Run:
    """Run the command on a sheet of these rows."""

    def run(*rows: str, options: tuple[str, ...] = (), head: str = HEAD) -> Result:
        session.commit()
        file = tmp_path / "sheet.csv"
        file.write_text("\n".join([head, *rows]), "utf-8")
        return app.test_cli_runner().invoke(group, ["requests", str(file), *options])

    return run


def test_the_command_tells_what_it_did(run: Run, session: Session) -> None:
    answer = run(row(), row(2, ""))
    assert answer.exit_code == 1
    assert "Row 3: Nobody is named." in answer.output
    assert "1 of 2 rows read: 1 requests opened" in answer.output
    assert "new members: 1." in answer.output
    session.rollback()
    assert len(on_board(session)) == 1


def test_a_sheet_with_no_row_of_use_says_so_by_its_status(run: Run, session: Session) -> None:
    answer = run(row(1, ""), row(2, ""))
    assert answer.exit_code == 2
    assert "0 of 2 rows read" in answer.output
    assert run(row(1, ""), options=("--dry-run",)).exit_code == 2
    assert run().exit_code == 0, "nobody has asked for anything yet"


def test_a_dry_run_changes_nothing(run: Run, session: Session) -> None:
    answer = run(row(), options=("--dry-run",))
    assert answer.exit_code == 0
    assert "1 requests opened" in answer.output
    assert "nothing was changed" in answer.output
    session.rollback()
    assert on_board(session) == []
    assert session.scalars(sa.select(Member)).all() == []


def test_the_answer_may_be_data(run: Run) -> None:
    facts = json.loads(run(row(needs="Food, a ride"), options=("--json",)).output)
    assert facts["requests_opened"] == 2
    assert facts["by_category"] == {"lifts": 1, "shopping": 1}
    assert facts["remarks"][0]["code"] == "no contact"


def test_a_sheet_without_its_columns_says_which(run: Run) -> None:
    answer = run("Ana,Food", head="Who,Wishes")
    assert answer.exit_code == 2
    assert "no column “Name” and “What do you need?”" in answer.output
    assert "“Who”, “Wishes”" in answer.output


def test_a_community_that_is_not_there_is_named(run: Run) -> None:
    answer = run(row(), options=("--community", "oak"))
    assert answer.exit_code == 1
    assert "There is no community 'oak'. There are: elm." in answer.output


def test_where_there_are_two_one_has_to_say_which(run: Run, session: Session) -> None:
    make_place(session, slug="oak")
    answer = run(row())
    assert answer.exit_code == 1
    assert "Say which with --community" in answer.output
