"""The front page and the coordinator's list."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.factories import at, make_member
from tests.pages.page import Pages, Walk
from tests.timebank.exchanges.scene import DAY, Scene, make_scene, saturday
from timebank.clock import utc_now
from timebank.exchanges import service
from timebank.home import queries
from timebank.listings.models import Listing
from timebank.members.models import Member
from timebank.messaging import service as messaging

STATEMENTS_MAX = 12


def put_up(scene: Scene, member: Member, **changed: object) -> Listing:
    values: dict[str, object] = {
        "community_id": scene.community.id,
        "kind": "offer",
        "member_id": member.id,
        "category_id": scene.category.id,
        "title": "Bread, and how to bake it",
        "place": "area",
        "area": "Harbour",
        "audience": "everyone",
        "language": "en",
        "posted_at": utc_now(),
    }
    listing = Listing(**(values | changed))
    scene.session.add(listing)
    scene.session.flush()
    return listing


def helped(scene: Scene, **changed: object) -> None:
    now = utc_now()
    exchange = scene.log(**({"now": now, "happened_on": now.date()} | changed))
    service.answer_yes(scene.session, scene.community, exchange.id, by=scene.rune, now=now)
    scene.session.flush()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Count what the application asks the database."""
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.lstrip().upper().startswith(("BEGIN", "SET LOCAL", "PRAGMA")):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_visitor_sees_what_this_is_and_what_goes_on(scene: Scene, pages: Pages) -> None:
    scene.community.words = "We live around the harbour."
    page = pages.get(at(scene.community))
    assert "neighbours take part" in page
    assert "hours given this month" not in page  # a month that has just begun is not shown as none
    put_up(scene, scene.gita)
    put_up(scene, scene.rune, title="For members only", audience="community")
    helped(scene, worked_minutes=120)
    page = pages.get(at(scene.community))
    assert "We live around the harbour." in page
    assert "Bread, and how to bake it" in page
    assert "For members only" not in page
    assert page.all(".figure-tile strong")[:2] == ["2", "1"]
    assert page.link("Join").endswith("/join")
    assert page.link("Offer help").endswith("/offers/new")


@pytest.mark.parametrize(
    ("state", "leads", "to"),
    [
        ("waiting", "See how it stands", "/waiting"),
        ("refused", "See how it stands", "/waiting"),
        ("left", "Come back", "/join"),
    ],
)
def test_somebody_who_is_not_in_reads_how_it_stands_and_no_other_way(
    scene: Scene, walk: Walk, state: str, leads: str, to: str
) -> None:
    wanda = make_member(scene.session, scene.community, first_name="Wanda", state=state)
    page = walk(wanda).get(at(scene.community))
    assert ("your wish to join" in page) == (state == "waiting")
    assert page.link(leads).endswith(to)
    assert not [words for words in page.all("main a") if words in {"Join", "Sign in"}]


def test_a_member_finds_what_waits_for_them(scene: Scene, walk: Walk) -> None:
    gita = walk(scene.gita)
    page = gita.get(at(scene.community))
    assert page.h1 == "Hello, Gita"
    assert "Nothing just now" in page
    now = utc_now()
    scene.propose(now=now, terms=saturday(planned_on=now.date() + DAY))
    scene.log(by=scene.rune, other=scene.gita, by_gave=False, now=now, happened_on=now.date())
    for _ in range(5):
        scene.propose(now=now, by=scene.gita, terms=saturday(planned_on=now.date() + DAY))
    conversation = messaging.begin_conversation(
        scene.session, scene.community.id, between=(scene.gita, scene.rune), title="x", now=now
    )
    messaging.send(scene.session, conversation, author=scene.rune, body="Hello", now=now)
    put_up(scene, scene.rune, title="Anonymous", is_anonymous=True, kind="request")
    page = gita.get(at(scene.community))
    assert "1 conversation with something new" in page
    assert "Rune suggests a time. Does it suit you?" in page
    assert "Did this happen? Rune says 1 h" in page
    assert "2 more under Agreements" in page
    assert page.all(".tile .person-name") == ["A member"]
    gita.follow("1 conversation")
    assert page.link("Did this happen?")


def test_figures_count_what_was_given_and_nothing_else(scene: Scene) -> None:
    now = utc_now()
    since = now.date().replace(day=1)
    helped(scene, worked_minutes=60)
    helped(scene, worked_minutes=60, basis="mutual")
    helped(scene, worked_minutes=60, basis="paid")
    scene.log(now=now, happened_on=now.date())  # not confirmed
    figures = queries.figures(scene.session, scene.community.id, since_on=since)
    assert (figures.given_minutes, figures.exchanges, figures.receivers) == (180, 2, 1)
    assert figures.members == 4


# -------------------------------------------------------------- the coordinator's list


def test_the_list_is_calm_when_nobody_waits(scene: Scene, walk: Walk) -> None:
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, "/work"))
    assert "All done" in page
    assert page.soup.select(".masthead .count") == []


def test_each_thing_that_waits_has_its_next_step(session: Session, walk: Walk) -> None:
    scene = make_scene(session, floor_minutes=-300)
    now = utc_now()
    wanda = make_member(session, scene.community, first_name="Wanda", state="waiting")
    queried = scene.log(now=now, happened_on=now.date(), title="The hedge")
    service.answer_no(session, scene.community, queried.id, by=scene.rune, words="No", now=now)
    helped(scene, worked_minutes=360, title="The sofa")
    old = now - 20 * DAY
    scene.log(now=old, happened_on=old.date(), worked_minutes=300, title="The long day")
    put_up(scene, scene.rune, kind="request", title="A form", posted_at=now - 9 * DAY)
    put_up(scene, scene.gita, title="Bicycles", ends_on=now.date() + 3 * DAY)
    put_up(scene, scene.gita, title="Jam", ends_on=now.date())
    mine = scene.log(by=scene.cora, other=scene.rune, now=now, happened_on=now.date())
    service.answer_no(session, scene.community, mine.id, by=scene.rune, words="No", now=now)
    cora = walk(scene.cora)
    page = cora.get(at(scene.community, "/work"))
    for title in ("Wanda", "The hedge", "The sofa", "The long day", "A form", "Bicycles"):
        assert page.link(title)
    assert page.all(".masthead .count [aria-hidden]")[-1] == "6"
    assert page.link("Let in").endswith(f"/people/{wanda.id}/decide/approve")
    # A coordinator settles nothing of their own.
    assert sum(words.startswith("Settle it") for words in page.all("main .btn")) == 3
    assert "until today" in page
    cora.follow("Settle it")


def test_a_request_somebody_took_up_is_no_work(scene: Scene) -> None:
    now = utc_now()
    request = put_up(scene, scene.rune, kind="request", posted_at=now - 9 * DAY)
    session, key = scene.session, scene.community.id
    assert queries.waiting(session, key, scene.cora.id, now=now, today=now.date())["unmet"] == 1
    scene.propose(
        by=scene.gita, listing_id=request.id, now=now, terms=saturday(planned_on=now.date())
    )
    assert queries.waiting(session, key, scene.cora.id, now=now, today=now.date())["unmet"] == 0


def test_a_long_section_says_how_many_more(scene: Scene, walk: Walk) -> None:
    for number in range(queries.SECTION_MAX + 2):
        make_member(scene.session, scene.community, first_name=f"W{number}", state="waiting")
    assert "and 2 more" in walk(scene.cora).get(at(scene.community, "/work"))


@pytest.mark.parametrize(
    "path", ["/", "/hours", "/hours/statement", "/exchanges", "/work", "/books"]
)
def test_a_page_asks_little_of_the_database_however_much_there_is(
    session: Session, walk: Walk, engine: Engine, path: str
) -> None:
    scene = make_scene(session, floor_minutes=-100 * 60)
    cora = walk(scene.cora)
    asked: list[int] = []
    address = at(scene.community, path)
    for _ in range(2):
        for number in range(4 if not asked else 16):
            helped(scene, by=scene.cora, title=f"{number}")
            put_up(scene, scene.gita, ends_on=utc_now().date())
            now = utc_now()
            scene.log(by=scene.rune, other=scene.cora, now=now, happened_on=now.date())
            make_member(scene.session, scene.community, state="waiting")
        scene.session.commit()
        with counted(engine) as statements:
            cora.get(address)
        asked.append(len(statements))
    assert asked[0] == asked[1], "more rows ask for more statements"
    allowed = STATEMENTS_MAX + (4 if path == "/work" else 0)
    assert asked[1] <= allowed, "\n".join(statements)
