"""My hours and the books, as members, coordinators and treasurers read them."""

import csv
import io

import pytest
from sqlalchemy.orm import Session

from tests.factories import at, make_community, make_member
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import DAY, Scene
from timebank.clock import utc_now
from timebank.exchanges import service
from timebank.exchanges.models import Exchange
from timebank.hours import queries as hours_queries
from timebank.hours import service as hours
from timebank.statements import queries
from timebank.statements.views import books


def given(scene: Scene, **changed: object) -> Exchange:
    now = utc_now()
    values = {"now": now, "happened_on": now.date(), "title": "The hedge"} | changed
    exchange = scene.log(**values)
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    scene.session.flush()
    return exchange


def test_hours_are_told_in_words(scene: Scene, walk: Walk) -> None:
    gita, rune = walk(scene.gita), walk(scene.rune)
    assert "Nothing to give back" in gita.get(at(scene.community, "/hours"))
    given(scene, worked_minutes=150)
    scene.log(now=utc_now(), happened_on=utc_now().date(), title="The shed")
    page = gita.get(at(scene.community, "/hours"))
    assert "You have 2 h 30 min to spend" in page
    assert "1 h to you, with Rune" in page
    page = rune.get(at(scene.community, "/hours"))
    assert "2 h 30 min to give back" in page
    assert "1 h from you, with Gita" in page
    ideas = page.soup.select(".link-list")[0]
    assert len(ideas.select("li")) == 3
    for word in ("debt", "owe", "overdrawn", "negative", "€", "£"):
        assert word not in page.text.lower()


def test_a_statement_has_a_page_a_sheet_and_a_file(scene: Scene, walk: Walk) -> None:
    scene.rune.first_name = "=Rune"
    given(scene)
    hours.bring_in(
        scene.session,
        scene.community,
        scene.gita,
        minutes=30,
        happened_on=utc_now().date(),
        key="opening:1",
        by=None,
        now=utc_now(),
    )
    gita = walk(scene.gita)
    page = gita.get(at(scene.community, "/hours/statement"))
    assert page.all("tbody td:nth-of-type(1)") == ["=Rune", "Brought in at the start"]
    assert page.all(".facts dd") == ["all even", "1 h 30 min", "0 min", "1 h 30 min to spend"]
    gita.follow("The month before")
    assert "No hours have moved in this month." in gita.page  # type: ignore[operator]
    gita.follow("The month after")
    for more in ("", "&large=1"):
        sheet = gita.get(at(scene.community, f"/hours/statement?paper=1{more}"))
        assert scene.gita.account_code in sheet
    answer = gita.client.get(at(scene.community, "/hours/statement.csv"))
    assert answer.content_type == "text/csv; charset=utf-8"
    assert f"{scene.gita.account_code}-" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert [row[2] for row in rows[1:]] == [
        "At the beginning",
        "The hedge",
        "Brought in",
        "At the end",
    ]
    assert rows[2][3] == "'=Rune"
    opening, closing = int(rows[1][6]) - int(rows[1][7]), int(rows[-1][6]) - int(rows[-1][7])
    moved = sum(int(row[4]) - int(row[5]) for row in rows[2:-1])
    assert opening + moved == closing == 90


def test_a_month_that_cannot_be_is_not_there(scene: Scene, walk: Walk) -> None:
    gita = walk(scene.gita)
    for month in ("2999-01", "x", "2026-13"):
        page = gita.get(at(scene.community, f"/hours/statement?month={month}"), status=404)
        assert "no statement for that month" in page


def test_a_long_month_goes_on_page_by_page(
    scene: Scene, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LINES_ON_A_PAGE", 2)
    for _ in range(3):
        given(scene)
    gita = walk(scene.gita)
    page = gita.get(at(scene.community, "/hours/statement"))
    assert len(page.soup.select("tbody tr")) == 2
    assert len(gita.follow("More").soup.select("tbody tr")) == 1
    assert len(gita.follow("Previous").soup.select("tbody tr")) == 2
    gita.get(at(scene.community, "/hours/statement?from=99"))
    gita.get(at(scene.community, "/hours/statement?from=x"))


# ----------------------------------------------------------------------------- the books


def test_the_books_are_even_and_names_are_for_coordinators(
    scene: Scene, walk: Walk, session: Session
) -> None:
    exchange = given(scene)
    theo = make_member(session, scene.community, first_name="Theo", roles=("treasurer",))
    for member, sees in ((scene.cora, True), (theo, False)):
        pages = walk(member)
        texts = [pages.get(at(scene.community, "/books"))]
        assert "All accounts together: 0 min, over 1 entry." in texts[0]
        texts.append(pages.follow("The latest entries"))
        texts.append(pages.follow("No. 1"))
        texts.append(pages.get(at(scene.community, f"/books/accounts/{scene.gita.account_code}")))
        for page in texts:
            main = str(page.soup.select_one("main"))
            assert ("Gita" in main) is sees, page
            assert "Rune" not in main or sees
        file = pages.client.get(
            at(scene.community, f"/books/accounts/{scene.gita.account_code}.csv")
        )
        assert ("Rune" in file.get_data(as_text=True)) is sees
        entry = pages.get(at(scene.community, f"/books/entries/{exchange.entry_id}"))
        assert ("What it was about" in entry) is sees


def test_an_account_is_found_by_its_number(scene: Scene, walk: Walk) -> None:
    cora = walk(scene.cora)
    for text in ("1", "M000001", " m000001 "):
        assert "Gita" in cora.get(at(scene.community, f"/books/find?q={text}")).h1
    assert cora.get(at(scene.community, "/books/find?q=../x")).h1 == "Books"
    page = cora.get(at(scene.community, "/books/find?q=M999999"), status=404)
    assert "no account M999999" in page


def test_the_books_go_on_page_by_page(
    scene: Scene, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "ACCOUNTS_ON_A_PAGE", 3)
    cora = walk(scene.cora)
    cora.get(at(scene.community, "/books"))
    assert "Find an account" not in cora.follow("More")
    assert "Back to the first" in cora.page  # type: ignore[operator]
    assert "No entries yet" in cora.get(at(scene.community, "/books/entries"))
    given(scene)
    monkeypatch.setattr(hours_queries, "ENTRIES_ON_A_PAGE", 1)
    cora.get(at(scene.community, "/books/entries?before=x"))


def test_hours_are_moved_back_once_with_a_reason(scene: Scene, walk: Walk) -> None:
    exchange = given(scene)
    cora, gita = walk(scene.cora), walk(scene.gita)
    cora.get(at(scene.community, f"/books/entries/{exchange.entry_id}"))
    cora.follow("Move these hours back")
    form_page = cora.page
    assert cora.submit(status=422).mistakes == ["Write why, in a sentence that both can read."]
    page = cora.submit(reason="It was noted twice")
    assert "both have been told" in page
    assert "These hours were moved back" in page
    assert "This moves earlier hours back" in cora.follow("See the entry that did it")
    assert "It was noted twice" in cora.page  # type: ignore[operator]
    assert scene.balance(scene.gita) == scene.balance(scene.rune) == 0
    assert form_page is not None
    cora.get(form_page.url)
    page = cora.submit(reason="Once more", status=409)
    assert "once is enough" in page
    assert "Once more" in page
    assert page.link("See how it stands now") == form_page.url.removesuffix("/reverse")
    page = gita.get(at(scene.community, "/hours/statement"))
    assert page.all("tbody th") == [
        "The hedge (no. 1, moved back by no. 2)",
        "Moved back: The hedge (no. 2, for no. 1)",
    ]
    assert "The hours were moved back" in gita.get(at(scene.community, f"/exchanges/{exchange.id}"))
    assert "It was noted twice" in gita.page  # type: ignore[operator]


def test_who_is_left_below_the_limit_is_named_to_the_bookkeeper(
    scene: Scene, walk: Walk, session: Session
) -> None:
    exchange = given(scene)
    spent = scene.log(
        by=scene.otto, other=scene.gita, worked_minutes=60, now=utc_now(),
        happened_on=utc_now().date(),
    )  # fmt: skip
    service.answer_yes(session, scene.community, spent.id, by=scene.gita, now=utc_now())
    hours.set_limits(
        session, scene.community, scene.gita.account_code, floor_minutes=0, ceiling_minutes=None,
        by=scene.cora, reason="x", now=utc_now(),
    )  # fmt: skip
    cora = walk(scene.cora)
    cora.get(at(scene.community, f"/books/entries/{exchange.entry_id}/reverse"))
    page = cora.submit(reason="Not so")
    assert f"{scene.gita.account_code} is now below its limit" in page
    # And not to the one who pressed alone: it stays on the list until somebody has seen to it.
    theo = make_member(session, scene.community, first_name="Theo", roles=("treasurer",))
    treasurer = walk(theo)
    page = treasurer.get(at(scene.community, "/work"))
    assert page.all(".masthead .count [aria-hidden]") == ["1"]
    assert f"Account {scene.gita.account_code}" in page
    assert "1 h below its limit" in page
    page = treasurer.follow("See to it")
    assert page.all(".facts dd")[:3] == [scene.gita.account_code, "1 h", "1 h to give back"]
    address = page.url
    treasurer.follow("The entry that did it")
    treasurer.get(address)
    assert "All done" in treasurer.submit()
    assert "Theo" in cora.get(address)
    assert "Somebody has seen to it" in cora.page  # type: ignore[operator]
    cora.get(at(scene.community, f"/books/overdrafts/{exchange.id}"), status=404)


def test_who_paid_the_hours_reads_why_somebody_else_moves_them_back(
    scene: Scene, walk: Walk, session: Session
) -> None:
    paid = given(scene, by=scene.cora, by_gave=False)
    got = given(scene, by=scene.cora)
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, f"/books/entries/{paid.entry_id}/reverse"))
    assert "You paid these hours" in page
    assert not page.all("main textarea")
    assert not page.all("main form")
    assert page.all("main table")
    page = cora.get(at(scene.community, f"/books/entries/{got.entry_id}/reverse"))
    assert "You paid these hours" not in page
    cora.submit(reason="I was not there")
    theo = make_member(session, scene.community, first_name="Theo", roles=("treasurer",))
    treasurer = walk(theo)
    page = treasurer.get(at(scene.community, f"/books/entries/{paid.entry_id}/reverse"))
    assert "You paid these hours" not in page
    treasurer.submit(reason="Not so")


def test_an_entry_says_who_recorded_it(scene: Scene, walk: Walk) -> None:
    now = utc_now() - 8 * DAY
    exchange = scene.log(now=now, happened_on=now.date())
    service.confirm_silent(scene.session, scene.community, now=utc_now())
    page = walk(scene.cora).get(at(scene.community, f"/books/entries/{exchange.entry_id}"))
    assert "Nobody: time went by" in page


def test_asvs_49_the_books_are_for_bookkeepers_of_this_community(
    scene: Scene, walk: Walk, session: Session
) -> None:
    exchange = given(scene)
    elsewhere = make_community(session)
    stranger = make_member(session, elsewhere, roles=("coordinator", "treasurer"))
    paths = [
        "/books",
        "/books/entries",
        "/books/find?q=1",
        f"/books/accounts/{scene.gita.account_code}",
        f"/books/accounts/{scene.gita.account_code}.csv",
        f"/books/entries/{exchange.entry_id}",
        f"/books/entries/{exchange.entry_id}/reverse",
    ]
    gita = walk(scene.gita)
    for path in paths:
        gita.refused(at(scene.community, path))
    pages = walk(stranger)
    for path in paths[-2:]:
        pages.refused(at(elsewhere, path))
