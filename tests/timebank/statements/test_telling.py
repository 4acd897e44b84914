"""What a check of the books found reaches those who look after them, once."""

import datetime as dt
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import NOW, at, make_community, make_member, sign_in
from tests.pages.page import Pages
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.hours.models import STOPS, BooksCheck
from timebank.members.models import Member
from timebank.messaging import emails
from timebank.messaging.models import Notice, OutboxMail
from timebank.messaging.notices import WORDS_OF_KIND
from timebank.statements import policy, service
from timebank.worker import jobs

DAY = dt.timedelta(days=1)


@pytest.fixture
def village(session: Session) -> Community:
    return make_community(session, slug="village")


@pytest.fixture
def people(session: Session, village: Community) -> dict[str, Member]:
    """One of each who looks after the books, one who does so twice, and one who does not."""
    return {
        name: make_member(
            session, village, first_name=name, roles=roles, email=f"{name.lower()}@example.org"
        )
        for name, roles in (
            ("Theo", ("treasurer",)),
            ("Cora", ("coordinator", "treasurer")),
            ("Audra", ("auditor",)),
            ("Gita", ()),
        )
    }


def ended(
    session: Session,
    village: Community,
    outcome: str,
    night: int,
    *,
    year: int | None = None,
    stop: str = "time",
    findings: Sequence[dict[str, object]] = (),
) -> BooksCheck:
    moment = NOW + night * DAY
    is_stopped = outcome == "stopped"
    check = BooksCheck(
        community_id=village.id,
        id=new_id(),
        asked_at=moment,
        started_at=moment,
        ended_at=moment,
        is_whole=year is None,
        year=year,
        outcome=outcome,
        stop=stop if is_stopped else None,
        verdict=None if is_stopped else {"findings": list(findings)},
    )
    session.add(check)
    session.flush()
    return check


def tell(session: Session, night: int) -> int:
    done = 0
    while service.tell_next(session, now=NOW + night * DAY):
        done += 1
    session.flush()
    return done


def told(session: Session, member: Member) -> list[str]:
    return list(
        session.scalars(
            sa.select(Notice.kind).where(Notice.member_id == member.id).order_by(Notice.id)
        )
    )


def mails(session: Session) -> list[str]:
    return sorted(session.scalars(sa.select(OutboxMail.to_address)))


def test_something_found_is_told_once_to_everybody_who_looks_after_the_books(
    app: Flask, session: Session, village: Community, people: dict[str, Member]
) -> None:
    ended(session, village, "right", 0)
    assert tell(session, 0) == 1
    found: list[dict[str, object]] = [
        {"reason": "edited-file", "detail": "is not what was exported", "file": "HEAD"}
    ]
    for night in (1, 2, 3):
        # Each night says it again; people have heard it.
        ended(session, village, "wrong", night, findings=found)
        assert tell(session, night) == 1
    assert {name: told(session, member) for name, member in people.items()} == {
        "Theo": ["books-wrong"],
        "Cora": ["books-wrong"],
        "Audra": ["books-wrong"],
        "Gita": [],
    }
    assert mails(session) == ["audra@example.org", "cora@example.org", "theo@example.org"]
    with app.test_request_context():
        letter = emails.letter_of(session, session.scalars(sa.select(OutboxMail).limit(1)).one())
    assert letter.subject == "You have a task"
    assert "/at/village/books/checks" in letter.body
    assert "not right" not in letter.body

    ended(session, village, "wrong", 4, findings=[*found, {"reason": "missing-file"}])
    assert tell(session, 4) == 1
    assert len(mails(session)) == 6

    for night in (5, 6):
        ended(session, village, "right", night)
        tell(session, night)
    assert told(session, people["Audra"])[-1] == "books-right-again"
    assert told(session, people["Audra"]).count("books-right-again") == 1
    assert len(mails(session)) == 9


def test_one_year_does_not_make_up_for_all_of_them(
    session: Session, village: Community, people: dict[str, Member]
) -> None:
    """All years take too long: that is said once, and not each other night."""
    for night in range(0, 8, 2):
        ended(session, village, "stopped", night)
        ended(session, village, "right", night + 1, year=2026)
        assert tell(session, night) == 2
    assert told(session, people["Theo"]) == ["books-stopped-time"]
    ended(session, village, "right", 9)
    tell(session, 9)
    assert told(session, people["Theo"]) == ["books-stopped-time", "books-right-again"]


def test_one_year_makes_up_for_one_that_was_stopped(
    session: Session, village: Community, people: dict[str, Member]
) -> None:
    for night, outcome in enumerate(("right", "stopped", "right", "right")):
        ended(session, village, outcome, night, year=2026, stop="memory")
        tell(session, night)
    assert told(session, people["Audra"]) == ["books-stopped-memory", "books-right-again"]


def test_what_is_wrong_is_told_once_though_the_figures_in_it_grow(
    session: Session, village: Community, people: dict[str, Member]
) -> None:
    """Entries gone from the database: there are others each night, and the books still have more.

    And a night that could not look says that once, and forgets nothing of what was found.
    """
    for night in range(6):
        if night % 2:
            ended(session, village, "stopped", night, stop="space")
        else:
            detail = f"the exported books hold 41 entries, and the database has {30 + night}"
            finding: dict[str, object] = {"reason": "books-ahead", "file": "HEAD", "detail": detail}
            ended(session, village, "wrong", night, findings=[finding])
        assert tell(session, night) == 1
    assert told(session, people["Theo"]) == ["books-wrong", "books-stopped-space"]
    assert len(mails(session)) == 6


#: Who is told, of `people`.
TOLD = ("Theo", "Cora", "Audra")
ENTRY, OTHER = "2026/01.beancount", "2026/02.beancount"
JANUARY, MARCH, MAY = (f"2026/{month:02d}.assert.beancount" for month in (1, 3, 5))


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        # A month more has ended, and more accounts moved in one of them.
        ([ENTRY, JANUARY], [ENTRY, JANUARY, MARCH, MARCH, MAY], True),
        ([ENTRY], [ENTRY, JANUARY], True),
        ([ENTRY, JANUARY, MAY], [ENTRY, JANUARY, MARCH, MAY], False),
        ([ENTRY, JANUARY, MARCH], [ENTRY, JANUARY, MAY], False),
        ([ENTRY, JANUARY], [ENTRY], False),
        ([ENTRY, JANUARY], [ENTRY, OTHER, JANUARY], False),
        ([ENTRY, JANUARY], [ENTRY, ENTRY, JANUARY], False),
        # With no entry at fault somebody changed the sums themselves, of one more month now.
        ([JANUARY], [JANUARY, JANUARY], True),
        ([JANUARY], [JANUARY, MARCH], False),
        ([JANUARY], [ENTRY, JANUARY], False),
    ],
)
def test_sums_that_are_wrong_after_an_entry_are_told_with_it(
    session: Session,
    village: Community,
    people: dict[str, Member],
    before: list[str],
    after: list[str],
    *,
    is_same: bool,
) -> None:
    for night, files in enumerate((before, after)):
        findings: list[dict[str, object]] = [
            {"reason": "beancount", "file": file} for file in files
        ]
        ended(session, village, "wrong", night, findings=findings)
        tell(session, night)
    assert len(mails(session)) == len(TOLD) * (1 if is_same else 2)


def test_what_waits_or_runs_is_not_told_and_nothing_is_told_twice(
    session: Session, village: Community, people: dict[str, Member]
) -> None:
    session.add(BooksCheck(community_id=village.id, id=new_id(), asked_at=NOW))
    session.flush()
    assert tell(session, 0) == 0
    check = ended(session, village, "stopped", 1, stop="space")
    assert tell(session, 1) == 1
    assert check.told_at == NOW + DAY
    assert tell(session, 2) == 0
    assert told(session, people["Theo"]) == ["books-stopped-space"]


def test_another_communitys_books_are_nobodys_business(
    session: Session, village: Community, people: dict[str, Member]
) -> None:
    town = make_community(session, slug="town")
    ended(session, town, "wrong", 0)
    assert tell(session, 0) == 1
    assert not any(told(session, member) for member in people.values())


def test_every_way_a_check_can_end_has_a_sentence_and_it_says_what_to_do() -> None:
    for stop in STOPS:
        words = str(WORDS_OF_KIND[f"books-stopped-{stop}"])
        assert "whoever looks after this site" in words
    assert "Do not change anything" in str(WORDS_OF_KIND["books-wrong"])
    assert "nothing left to do" in str(WORDS_OF_KIND["books-right-again"])


def test_the_notice_leads_to_the_checks(
    session: Session,
    village: Community,
    people: dict[str, Member],
    new_client: Callable[[], Client],
) -> None:
    ended(session, village, "wrong", 0, findings=[{"detail": "is not what was exported"}])
    tell(session, 0)
    for name in ("Theo", "Audra"):
        client = new_client()
        sign_in(client, session, people[name])
        pages = Pages(client)
        page = pages.get(at(village, "/me/notices"))
        assert "Do not change anything in them" in page
        page = pages.submit("form[action*='/me/notices/']")
        assert "is not what was exported" in page


def test_the_worker_tells() -> None:
    assert "what a check found is told" in {job.name for job in jobs()}


def test_with_nothing_before_there_is_nothing_to_make_up_for() -> None:
    assert not any(policy.open_troubles([]))
