"""How the books stand, on the pages: the last check, the strip of nights, the alarm, the zip."""

import datetime as dt
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Client
from tests.factories import at, make_member
from tests.pages.page import Pages, Walk
from tests.timebank.exchanges.scene import Scene
from timebank.clock import utc_now
from timebank.db import new_id
from timebank.exchanges import service
from timebank.hours import auditing
from timebank.hours.models import STOPS, BooksCheck
from timebank.members.models import Member
from timebank.statements import standing

DAY = dt.timedelta(days=1)
#: What accounts held when May was over.
MAY = "2026/05.assert.beancount"


@pytest.fixture
def audra(scene: Scene) -> Member:
    return make_member(scene.session, scene.community, first_name="Audra", roles=("auditor",))


@pytest.fixture
def theo(scene: Scene) -> Member:
    return make_member(scene.session, scene.community, first_name="Theo", roles=("treasurer",))


def given(scene: Scene) -> None:
    now = utc_now()
    exchange = scene.log(now=now, happened_on=now.date(), title="The hedge")
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    scene.session.flush()


def checked(
    scene: Scene,
    outcome: str = "right",
    *,
    stop: str | None = None,
    ago: dt.timedelta = dt.timedelta(0),
    year: int | None = None,
    findings: tuple[dict[str, object], ...] = (),
    following: int = 0,
) -> BooksCheck:
    """Leave a check that ended in some way."""
    at_ = utc_now() - ago
    check = BooksCheck(
        community_id=scene.community.id,
        id=new_id(),
        asked_at=at_,
        started_at=at_,
        ended_at=at_,
        is_whole=year is None,
        year=year,
        outcome=outcome,
        stop=stop,
        entries=None if stop else 1204,
        head="" if stop else "ab" * 32,
        verdict=None
        if stop
        else {"ok": outcome == "right", "findings": list(findings), "following": following},
    )
    scene.session.add(check)
    scene.session.flush()
    return check


def test_the_page_of_the_books_says_when_they_were_checked_and_how(
    scene: Scene, walk: Walk, theo: Member
) -> None:
    given(scene)
    pages = walk(theo)
    page = pages.get(at(scene.community, "/books"))
    assert "Nobody has checked the books yet" in page
    checked(scene)
    page = pages.get(at(scene.community, "/books"))
    assert "Checked today at" in page
    assert "the books are right" in page
    assert "all 1 204 entries" in page
    assert "bean-check books/main.beancount" in page
    assert page.one("svg[aria-labelledby~=strip-title] > title").get_text()
    assert "checked once, and right" in page
    # Both bands come to the same: one hour to spend, one hour to give back.
    bands = page.one("svg[aria-labelledby~=sides-title]")
    widths = [float(str(part["width"])) for part in bands.select("rect.picture-part")]
    assert widths[0] == widths[2] == 360
    assert "1 h on each side" in page


def test_the_page_says_what_was_read_one_year_or_all(
    scene: Scene, walk: Walk, theo: Member
) -> None:
    given(scene)
    pages = walk(theo)
    checked(scene, ago=3 * DAY, year=2026)
    page = pages.get(at(scene.community, "/books"))
    assert "Last checked" in page
    assert "the books of 2026 were right" in page
    assert "All years have not been read in one go yet" in page
    checked(scene, ago=2 * DAY)
    checked(scene, year=2026)
    page = pages.get(at(scene.community, "/books"))
    assert "the books of 2026 are right" in page
    assert "all 1 204 entries of 2026" in page
    assert "All years were last read on" in page
    facts = page.all("dt")
    assert {"The newest year last read", "All years last read"} <= set(facts)
    page = pages.get(at(scene.community, "/books/checks"))
    assert page.all("tbody td:nth-of-type(2)") == ["2026", "All years", "2026"]
    checked(scene, "stopped", stop="time", ago=DAY)
    checked(scene, year=2026)
    assert "That was stopped" in pages.get(at(scene.community, "/our-books"))


def test_a_check_is_asked_for_with_a_button_and_once(
    scene: Scene, walk: Walk, audra: Member
) -> None:
    pages = walk(audra)
    pages.get(at(scene.community, "/books"))
    page = pages.submit("form[action$='/books/checks']")
    assert "The books are being checked" in page
    assert "Look again" in page
    assert page.soup.select("form[action$='/books/checks']") == []
    again = walk(audra)
    again.client.post(at(scene.community, "/books/checks"))
    scene.session.expire_all()
    waiting = auditing.waiting(scene.session, scene.community.id)
    assert waiting is not None
    assert waiting.asked_by_id == audra.id
    assert len(auditing.lately(scene.session, scene.community.id)) == 1


def test_what_was_found_is_shown_to_whoever_reads_the_books_on_every_page(
    scene: Scene, walk: Walk, audra: Member, theo: Member
) -> None:
    finding = {"reason": "broken-chain", "detail": "entry 3 was changed"}
    checked(scene, "wrong", findings=({**finding, "file": "2026/05.beancount", "line": 41},))
    checked(scene, "stopped", stop="memory")
    for member in (scene.cora, theo, audra):
        pages = walk(member)
        page = pages.get(at(scene.community, "/hours"))
        assert "found something that is not right" in page, member.first_name
        pages.follow("See what it found")
        page = pages.get(at(scene.community, "/books/checks"))
        assert "It took more memory than it may." in page
    assert "found something" not in walk(scene.rune).get(at(scene.community, "/hours"))
    page = walk(scene.cora).get(at(scene.community, "/work"))
    assert "The last check found something that is not right" in page
    checked(scene, "wrong", findings=({**finding, "file": "2026/05.beancount", "line": 41},))
    page = walk(theo).get(at(scene.community, "/books"))
    assert "something is not right" in page
    assert "2026/05.beancount, line 41: entry 3 was changed" in page
    checked(scene)
    assert "found something" not in walk(theo).get(at(scene.community, "/hours"))
    assert "found something" not in walk(scene.cora).get(at(scene.community, "/work"))


def test_balances_that_follow_from_what_was_found_are_one_line(
    scene: Scene, walk: Walk, theo: Member
) -> None:
    said = {"reason": "broken-chain", "detail": "entry 3 was changed"}
    cause: dict[str, object] = {**said, "file": "2026/05.beancount"}
    sums: list[dict[str, object]] = [
        {"reason": "beancount", "detail": f"Balance failed for {code}", "file": MAY}
        for code in ("M000001", "M000002")
    ]
    checked(scene, "wrong", findings=(cause, *sums), following=57)
    page = walk(theo).get(at(scene.community, "/books"))
    assert "2026/05.beancount: entry 3 was changed" in page
    assert "And 57 balances that follow from it." in page
    assert "Balance failed" not in page
    # A verdict from before they were counted says what it says.
    checked(scene, "wrong", findings=(cause, *sums))
    page = walk(theo).get(at(scene.community, "/books"))
    assert "Balance failed for M000002" in page


def test_a_check_that_was_stopped_or_is_old_is_no_good_news(
    scene: Scene, walk: Walk, theo: Member
) -> None:
    checked(scene, ago=5 * DAY)
    page = walk(theo).get(at(scene.community, "/books"))
    assert "Last checked on" in page
    assert page.soup.select(".banner-good .banner-title")[0].get_text() == "The books are even"
    for stop in STOPS:
        checked(scene, "stopped", stop=stop)
        page = walk(theo).get(at(scene.community, "/books"))
        assert "was stopped" in page
        assert "So we do not know." in page


def test_of_several_checks_in_one_night_the_worst_counts(scene: Scene) -> None:
    now = utc_now().replace(hour=12)
    for outcome, stop in (("right", None), ("stopped", "time"), ("right", None)):
        checked(scene, outcome, stop=stop)
    checked(scene, ago=3 * DAY)
    checked(scene, ago=40 * DAY)
    nights = standing.standing(scene.session, scene.community, now=now).nights
    assert len(nights) == auditing.NIGHTS
    came = [outcome for _on, outcome in nights if outcome != standing.NO_CHECK]
    assert came == ["right", "stopped"]
    assert nights[-1][1] == "stopped"


def test_anybody_can_see_how_the_books_stand_and_nobodys_name(scene: Scene, client: Client) -> None:
    given(scene)
    checked(scene)
    pages = Pages(client)
    pages.get(at(scene.community, "/"))
    page = pages.follow("Our books, for anybody to check")
    assert "the books are right" in page
    assert "1 entry" in page
    assert "All accounts together come to 0 min, as they must." in page
    main = str(page.soup.select_one("main"))
    assert not {"Gita", "Rune", "Cora", scene.gita.account_code} & set(main.split())
    assert scene.gita.account_code not in main
    assert "Our books" in pages.follow("The seals of the book")


def test_the_books_are_handed_over_and_check_themselves_elsewhere(
    scene: Scene, walk: Walk, audra: Member, tmp_path: Path
) -> None:
    given(scene)
    answer = walk(audra).client.get(at(scene.community, "/books/books.zip"))
    assert answer.content_type == "application/zip"
    content = answer.get_data()
    assert b"Gita" not in content
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    said = subprocess.run(
        [Path(sys.executable).parent / "bean-check", tmp_path / "books" / "main.beancount"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_an_auditor_changes_nothing(scene: Scene, walk: Walk, audra: Member) -> None:
    given(scene)
    pages = walk(audra)
    pages.get(at(scene.community, "/books/entries"))
    page = pages.follow("No. 1")
    assert "Move these hours back" not in page.text
    assert "Gita" not in page.text


def test_books_that_can_not_be_written_are_not_handed_over(
    scene: Scene, walk: Walk, theo: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_paths: auditing.Paths) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(auditing, "export_books", full)
    page = walk(theo).get(at(scene.community, "/books/books.zip"), status=409)
    assert "can not be handed over now" in page
