"""The pages of offers and requests, as a person without script walks through them."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, make_member, sign_in
from tests.pages.page import Pages
from tests.timebank.listings.scene import key, only, up
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.listings import queries, service
from timebank.listings.models import Listing
from timebank.members.models import Member
from timebank.messaging.models import Conversation, Message
from timebank.web.drafts import Draft

STATEMENTS_MAX = 12


# ---------------------------------------------------------------------------- the lists


def test_offers_and_requests_are_listed_apart(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    up(session, place, eve, title="Bread baking", area="Old Town", place="area")
    up(session, place, eve, title="A lift on Monday", kind="request")
    page = as_sam.get(at(place, "/offers"))
    assert "Bread baking" in page
    assert "Old Town · 1 h" in page
    assert "Eve" in page
    assert "Hidden" not in page.html
    assert "A lift" not in page
    assert "A lift" in as_sam.get(at(place, "/requests"))


def test_a_list_is_searched_and_narrowed_by_a_form(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    up(session, place, eve, title="Rødgrød", category="cooking", place="area", area="Ærø")
    up(session, place, eve, title="Round the lake", slots=frozenset({(0, "morning")}))
    as_sam.get(at(place, "/offers"))
    page = as_sam.submit("form[role=search]", q="rodgrod")
    assert page.all(".tile-title") == ["Rødgrød"]
    as_sam.get(at(place, "/offers"))
    assert as_sam.submit("form[role=search]", q="walks").all(".tile-title") == ["Round the lake"]
    for narrowed, found in (
        ({"category": "food"}, ["Rødgrød"]),
        ({"category": "walks"}, ["Round the lake"]),
        ({"area": "Ærø"}, ["Rødgrød"]),
        ({"day": "0"}, ["Round the lake", "Rødgrød"]),
        ({"day": "1"}, ["Rødgrød"]),
        ({"support": "social"}, ["Round the lake", "Rødgrød"]),
        ({"support": "emotional"}, []),
        ({"language": "da"}, []),
    ):
        as_sam.get(at(place, "/offers"))
        page = as_sam.submit(".filters-form", **narrowed)  # type: ignore[arg-type]
        assert page.all(".tile-title") == found, narrowed
    assert page.h1 == "Offers"
    assert "Nothing like this yet" in page


@pytest.mark.parametrize(
    "query",
    ["category=x&support=y&day=9&language=zz", "q=" + "%F0%9F%8D%8E" * 90, "day=-1", "q=%00"],
)
def test_a_question_that_makes_no_sense_narrows_nothing(
    as_sam: Pages, session: Session, place: Community, eve: Member, query: str
) -> None:
    up(session, place, eve)
    assert as_sam.get(at(place, f"/offers?{query}")).all(".tile-title") == ["A walk"]


def test_a_long_list_has_pages(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    for number in range(20):
        up(session, place, eve, title=f"Walk {number}")
    up(session, place, as_owner(session, place), title="Walk 20")
    page = as_sam.get(at(place, "/offers?support=social"))
    assert len(page.all(".tile-title")) == 20
    page = as_sam.follow("More")
    assert page.all(".tile-title") == ["Walk 0"]
    as_sam.get(at(place, "/offers?after=nonsense"), status=404)


def as_owner(session: Session, place: Community) -> Member:
    return make_member(session, place, first_name="Olga")


def test_an_empty_list_says_what_could_be_next(as_sam: Pages, place: Community) -> None:
    for path, words in (("/offers", "No offers yet"), ("/requests", "No requests yet")):
        assert words in as_sam.get(at(place, path))
    assert "Nothing up yet" in as_sam.get(at(place, "/listings/mine"))


def test_somebody_from_outside_sees_what_is_for_everyone_and_a_first_name(
    pages: Pages, session: Session, place: Community, eve: Member
) -> None:
    eve.email, eve.phone = "eve@example.org", "0770 900"
    listing = up(session, place, eve, title="Open to all", audience="everyone")
    hidden = up(session, place, eve, title="Members only")
    page = pages.get(at(place, "/offers"))
    assert page.all(".tile-title") == ["Open to all"]
    page = pages.get(at(place, f"/listings/{listing.id}"))
    assert "Eve" in page
    for secret in ("Hidden", "eve@example.org", "0770"):
        assert secret not in page.html
    assert "Sign in to answer" in page
    pages.get(at(place, f"/listings/{hidden.id}"), status=404)


def test_the_list_of_a_closed_place_asks_to_sign_in(pages: Pages, place: Community) -> None:
    assert "Sign in" in pages.get(at(place, "/offers"))


# ------------------------------------------------------------------------ one of a list


def test_an_answer_leads_into_a_private_talk(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    listing = up(session, place, eve, title="Bread baking")
    as_sam.get(at(place, f"/listings/{listing.id}"))
    page = as_sam.submit(body="  ", status=422)
    assert page.mistakes == ["Write a few words first."]
    page = as_sam.submit(body="I bring the flour")
    assert page.h1 == "Eve"
    assert "I bring the flour" in page
    assert session.scalars(sa.select(Message.body)).all() == ["I bring the flour"]
    page = as_sam.get(at(place, f"/listings/{listing.id}"))
    assert "You are in touch about this" in page
    service.close(listing, by=eve, now=utc_now())
    as_sam.get(at(place, f"/listings/{listing.id}"))


def test_asvs_51_no_name_where_none_was_wanted(
    as_sam: Pages, session: Session, place: Community, eve: Member, new_client: Callable[[], Client]
) -> None:
    listing = up(session, place, eve, kind="request", title="Quietly", is_anonymous=True)
    for path in ("/requests", f"/listings/{listing.id}"):
        page = as_sam.get(at(place, path))
        assert "A member" in page
        assert "Eve" not in page.html
        assert str(eve.id) not in page.html
    page = as_sam.submit(body="I can come")
    assert page.h1 == "A member"
    assert "Eve" not in page.html
    cora = make_member(session, place, first_name="Cora", roles=("coordinator",))
    browser = new_client()
    sign_in(browser, session, cora)
    assert "Eve" in Pages(browser).get(at(place, f"/listings/{listing.id}"))


def test_ones_own_are_paused_shown_renewed_and_taken_down(
    as_sam: Pages, session: Session, place: Community, sam: Member
) -> None:
    listing = up(session, place, sam, title="My walk")
    address = at(place, f"/listings/{listing.id}")
    as_sam.get(address)
    assert "Paused" in as_sam.submit(button="Pause")
    assert "My walk" in as_sam.get(at(place, "/listings/mine"))
    as_sam.get(address)
    as_sam.submit(button="Show it again")
    as_sam.submit(button="Renew")
    assert only(session).ends_on is not None
    as_sam.follow("Take it down")
    page = as_sam.submit(button="Yes, take it down")
    assert page.h1 == "My offers and requests"
    assert "Closed" in page
    assert only(session).state == "closed"
    assert "You took this down" in as_sam.get(address)


@pytest.mark.parametrize("act", ["pause", "resume", "renew", "edit"])
def test_nobody_touches_what_belongs_to_others(
    as_sam: Pages, session: Session, place: Community, eve: Member, act: str
) -> None:
    listing = up(session, place, eve)
    token = as_sam.get(at(place, "/offers/new")).one("main input[name=csrf_token]")["value"]
    as_sam.post(at(place, f"/listings/{listing.id}/{act}"), {"csrf_token": str(token)}, status=404)
    as_sam.get(at(place, f"/listings/{listing.id}/close"), status=404)
    assert only(session).state == "open"


def test_a_coordinator_takes_a_listing_down(
    client: Client, session: Session, place: Community, eve: Member
) -> None:
    cora = make_member(session, place, roles=("coordinator",))
    listing = up(session, place, eve, kind="request")
    sign_in(client, session, cora)
    pages = Pages(client)
    pages.get(at(place, f"/listings/{listing.id}"))
    pages.follow("Take this down as coordinator")
    assert pages.submit(button="Yes, take it down").h1 == "Requests"


def test_after_posting_one_sees_who_may_be_looking_for_it(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    up(session, place, eve, kind="request", title="Who walks with me?", category="calm")
    up(session, place, eve, kind="request", title="A form", category="forms")
    listing = up(session, place, sam)
    page = as_sam.get(at(place, f"/listings/{listing.id}/done"))
    assert page.all(".tile-title") == ["Who walks with me?"]


# --------------------------------------------------------------------------- categories


def test_a_coordinator_keeps_the_categories(
    client: Client, session: Session, place: Community
) -> None:
    sign_in(client, session, make_member(session, place, roles=("coordinator",)))
    pages = Pages(client)
    pages.get(at(place, "/settings/categories"))
    pages.follow("Add one")
    page = pages.submit(name="", status=422)
    assert page.mistakes == ["Write a name."]
    pages.submit(name="Boats", parent=key(session, place, "repairs"), check_hint="ask lead")
    pages.follow("Add one")
    page = pages.submit(name="BOATS", parent=key(session, place, "repairs"), status=422)
    assert "already" in page.mistakes[0]
    pages.get(at(place, "/settings/categories"))
    pages.follow("Boats")
    assert pages.submit(name="", status=422).mistakes == ["Write a name."]
    pages.submit(name="Boats and rafts")
    pages.follow("Boats and rafts")
    pages.submit(button="Stop using it")
    assert "Not used any more" in pages.page  # type: ignore[operator]
    pages.follow("Boats and rafts")
    pages.submit(button="Use it again")
    other = queries.category_by_key(session, place.id, "bikes")
    pages.get(at(place, f"/settings/categories/{other.id}"))
    assert pages.submit(name="Boats and rafts", status=422).mistakes


# ----------------------------------------------------------------------------- security

HOSTILE = "<script>alert('\"`&')</script><img src=x onerror=1>"


def test_asvs_01_words_of_people_are_never_markup(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    eve.first_name = "<b>Eve"
    listing = up(
        session,
        place,
        eve,
        title=HOSTILE,
        words=f"{HOSTILE}\n\n{HOSTILE}",
        when_words=HOSTILE,
        area="<i>Harbour",
        place="area",
    )
    for path in ("/offers", f"/offers?q={HOSTILE}", f"/listings/{listing.id}"):
        page = as_sam.get(at(place, path))
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert "<b>Eve" not in page.html
        assert "<i>Harbour" not in page.html
        assert "<script>alert" in page.text
    page = as_sam.submit(body=HOSTILE)
    assert "<script>alert" not in page.html
    assert HOSTILE in page


def test_asvs_27_looking_changes_nothing(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    listing = up(session, place, eve)
    own = up(session, place, sam)
    tables = (Listing, Draft, Conversation, Message)
    before = [session.scalar(sa.select(sa.func.count()).select_from(each)) for each in tables]
    for path in (
        "/offers",
        "/requests",
        "/offers/new",
        "/requests/new",
        f"/listings/{listing.id}",
        f"/listings/{own.id}/close",
        f"/listings/{own.id}/done",
        "/listings/mine",
    ):
        as_sam.get(at(place, path))
    session.rollback()
    after = [session.scalar(sa.select(sa.func.count()).select_from(each)) for each in tables]
    assert after == before


def test_asvs_56_pages_are_not_kept_and_addresses_name_nobody(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    up(session, place, eve)
    page = as_sam.get(at(place, "/offers"))
    links = " ".join(str(tag["href"]) for tag in page.soup.select("a[href]"))
    assert "Eve" not in links
    answer = as_sam.client.get(at(place, "/offers"))
    assert answer.headers["Cache-Control"] == "no-store"


# -------------------------------------------------------------------------------- speed


def statements(engine: Engine, pages: Pages, path: str) -> int:
    counted: list[str] = []

    def count(*args: object) -> None:
        counted.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", count)
    try:
        pages.get(path)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len([each for each in counted if not each.startswith(("BEGIN", "SET"))])


def test_pages_ask_little_of_the_database_however_much_there_is(
    engine: Engine, as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    listing = up(session, place, eve, slots=frozenset({(0, "morning")}))
    own = up(session, place, sam)
    paths = [
        at(place, path)
        for path in (
            "/offers",
            "/offers?q=walk&category=wellbeing&day=0&support=social",
            f"/listings/{listing.id}",
            f"/listings/{own.id}",
            "/listings/mine",
        )
    ]
    session.commit()
    few = {path: statements(engine, as_sam, path) for path in paths}
    for number in range(16):
        up(session, place, eve, title=f"Walk {number}", slots=frozenset({(1, "evening")}))
    session.commit()
    many = {path: statements(engine, as_sam, path) for path in paths}
    assert many == few
    assert max(many.values()) <= STATEMENTS_MAX, many


def test_an_answer_to_what_was_taken_down_meanwhile_is_not_lost(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    walk = up(session, place, eve, title="A walk")
    as_sam.get(at(place, f"/listings/{walk.id}"))
    walk.state = "paused"
    session.commit()
    page = as_sam.submit(body="I walk slowly,\nand <b>gladly</b>.", status=404)
    assert "What you wrote" in page
    assert "I walk slowly," in page
    assert "and <b>gladly</b>." in page
    assert "What you wrote" not in as_sam.get(at(place, f"/listings/{walk.id}"), status=404)
