"""What people read where hours are set aside: before, while they are, and when they cannot be."""

import pytest
from sqlalchemy.orm import Session

from tests.factories import at
from tests.pages.page import Page, Walk
from tests.timebank.exchanges.scene import DAY, Scene, make_scene, saturday
from timebank.clock import utc_now
from timebank.exchanges import service
from timebank.exchanges.models import Exchange
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.members.models import Member
from timebank.web.filters import hours_label

NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session, setting_aside="agreed", floor_minutes=-120)


def proposed(scene: Scene, minutes: int = 60, *, by: Member | None = None) -> Exchange:
    now = utc_now()
    terms = saturday(planned_on=now.date() + 5 * DAY, agreed_minutes=minutes)
    return scene.propose(now=now, terms=terms, by=by or scene.rune)


def words(page: Page) -> str:
    return page.soup.get_text(" ", strip=True).replace(NBSP, " ")


def test_a_coordinator_turns_it_on_and_the_history_says_so(session: Session, walk: Walk) -> None:
    scene = make_scene(session)
    cora = walk(scene.cora)
    cora.get(at(scene.community, "/settings"))
    page = cora.submit(setting_aside="agreed")
    assert "Are hours set aside for what is agreed?" in page
    assert "from “No: hours move when the help is confirmed” to “Yes: they are set aside" in page
    session.refresh(scene.community)
    assert scene.community.setting_aside == "agreed"


def test_both_read_that_hours_are_set_aside_before_and_after_they_agree(
    scene: Scene, walk: Walk
) -> None:
    exchange = proposed(scene)
    gita, rune = walk(scene.gita), walk(scene.rune)
    address = at(scene.community, f"/exchanges/{exchange.id}")
    assert "If you say yes, Rune sets 1 h aside for you." in words(gita.get(address))
    read = words(gita.submit(button="Yes, that suits me"))
    assert "Rune has set 1 h aside for you, so you can be sure of it." in read
    assert "1 h set aside for it" in read
    read = words(rune.get(address))
    assert "You have set 1 h aside for it. It comes back to you if this does not happen." in read
    assert "Set aside 1 h, until" in read

    read = words(rune.get(at(scene.community, "/hours")))
    assert "All even" in read
    assert "1 h set aside for what you agreed." in read
    assert "1 h from you, with Gita Set aside" in read
    assert "1 h on its way" in words(gita.get(at(scene.community, "/hours")))
    assert "1 h on its way" in words(gita.get(at(scene.community, "")))


@pytest.mark.parametrize(
    ("has", "says"),
    [
        (180, "You have 3 h to spend, 1 h of them set aside"),
        (60, "You have 1 h to spend, all of it set aside"),
        (30, "You have 30 min to spend"),
        (-30, "You have 30 min to give back"),
    ],
)
def test_what_is_set_aside_is_told_with_the_balance(
    scene: Scene, walk: Walk, has: int, says: str
) -> None:
    hours_service.bring_in(
        scene.session,
        scene.community,
        scene.rune,
        minutes=has,
        happened_on=utc_now().date(),
        key="opening",
        by=None,
        now=utc_now(),
    )
    exchange = proposed(scene)
    service.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=utc_now())
    read = words(walk(scene.rune).get(at(scene.community, "/hours")))
    assert says in read
    assert ("1 h set aside for what you agreed." in read) == (has < 60)


def test_whoever_has_too_few_hours_reads_how_many_and_three_ideas(scene: Scene, walk: Walk) -> None:
    exchange = proposed(scene, 180, by=scene.gita)
    rune = walk(scene.rune)
    rune.get(at(scene.community, f"/exchanges/{exchange.id}"))
    page = rune.submit(button="Yes, that suits me", status=422)
    read = words(page)
    assert "This would set 3 h aside, and you can set aside 2 h just now." in read
    for idea in ("Suggest a shorter time", "See who asks for help", "Talk it over"):
        assert idea in read
    assert "Does this suit you?" in read
    scene.session.refresh(exchange)
    assert (exchange.state, exchange.set_aside_id) == ("proposed", None)
    assert hours.balance_of(scene.session, scene.rune).held_out == 0


def test_the_other_side_does_not_read_how_many_hours_somebody_has(scene: Scene, walk: Walk) -> None:
    exchange = proposed(scene, 180)
    gita = walk(scene.gita)
    gita.get(at(scene.community, f"/exchanges/{exchange.id}"))
    read = words(gita.submit(button="Yes, that suits me", status=422))
    assert "The hours for this cannot be set aside just now, so it is not agreed yet." in read
    assert hours_label(120).replace(NBSP, " ") not in read
    for idea in ("Suggest a shorter time", "Find a later day", "Talk it over"):
        assert idea in read


def test_with_none_left_it_says_so(scene: Scene, walk: Walk) -> None:
    first = proposed(scene, 120)
    service.agree(scene.session, scene.community, first.id, by=scene.gita, now=utc_now())
    exchange = proposed(scene, 60, by=scene.gita)
    rune = walk(scene.rune)
    rune.get(at(scene.community, f"/exchanges/{exchange.id}"))
    read = words(rune.submit(button="Yes, that suits me", status=422))
    assert "This would set 1 h aside, and you have none to set aside just now." in read


def test_a_ceiling_and_an_account_on_hold_are_told_too(session: Session, walk: Walk) -> None:
    scene = make_scene(session, setting_aside="agreed", ceiling_minutes=60)
    gita = walk(scene.gita)
    exchange = proposed(scene, 120)
    gita.get(at(scene.community, f"/exchanges/{exchange.id}"))
    read = words(gita.submit(button="Yes, that suits me", status=422))
    assert "as many hours to spend or on their way as we let stand here" in read
    assert "Ask for help What you spend makes room for more" in read
    hours_service.set_state(
        session,
        scene.community,
        scene.gita.account_code,
        "frozen",
        by=scene.cora,
        reason="x",
        now=utc_now(),
    )
    read = words(gita.submit(button="Yes, that suits me", status=422))
    assert "One of the two accounts is on hold, so this cannot be agreed yet." in read


def test_the_books_show_what_is_set_aside_and_what_became_of_it(scene: Scene, walk: Walk) -> None:
    exchange = proposed(scene)
    service.agree(scene.session, scene.community, exchange.id, by=scene.gita, now=utc_now())
    hold_id = exchange.set_aside_id
    cora = walk(scene.cora)
    books = words(cora.get(at(scene.community, "/books")))
    assert "The books are even" in books
    assert "Hours Set aside" in books
    code = scene.rune.account_code
    assert "Set aside now 1 h" in words(cora.get(at(scene.community, f"/books/accounts/{code}")))
    code = scene.gita.account_code
    read = words(cora.get(at(scene.community, f"/books/accounts/{code}")))
    assert "Set aside for this account now 1 h" in read
    assert "Set aside" in words(cora.get(at(scene.community, "/books/entries")))

    page = cora.get(at(scene.community, f"/books/entries/{hold_id}"))
    assert "What was set aside. Nothing has moved Whose For Hours" in words(page)
    assert "Until" in words(page)
    assert "Move these hours back" not in page
    assert "Put this right" not in page
    service.cancel(scene.session, scene.community, exchange.id, by=scene.gita, now=utc_now())
    page = cora.get(at(scene.community, f"/books/entries/{hold_id}"))
    assert "These hours are no longer set aside" in page
    page = cora.get(page.link("See what became of them"))
    assert "This ends what was set aside" in page
    assert "No longer set aside" in words(page)
    assert (
        "Set aside" not in words(cora.get(at(scene.community, "/books"))).split("Every account")[-1]
    )
