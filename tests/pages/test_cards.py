"""Code cards: a number and a code that sign in, in the community that made them."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, at, make_community, make_member, sign_in
from tests.pages.page import HOST, Pages
from tests.pages.test_signing_in import COOKIE, EMAIL, GOOD, is_signed_in, person_of
from timebank.communities.models import Community
from timebank.members import queries, service
from timebank.members.models import DeviceSession, Member


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street")


@pytest.fixture
def sam(session: Session, community: Community) -> Member:
    return make_member(session, community, sign_in_address=EMAIL)


def test_a_code_card_signs_in(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    code = service.issue_card(session, sam, by=None, now=NOW)
    pages.get("/sign-in")
    pages.follow("Use my code card")
    wrong = pages.submit(number="M1", code="ABCD-EFGH", status=422)
    assert wrong.mistakes == [
        "This number and this code do not belong together. Check both on your card."
    ]
    assert wrong.one("#number")["value"] == "M1"
    pages.submit(number="M1", code=code.lower())
    assert is_signed_in(pages, community)


def test_the_square_on_a_card_leaves_one_button_to_press(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    code = service.issue_card(session, sam, by=None, now=NOW).replace("-", "")
    path = at(community, f"/card/{sam.account_code}/{code}")
    assert "M000001" in pages.get(path)
    pages.submit(button="Sign in", is_shared=True)
    assert is_signed_in(pages, community)
    [device] = session.scalars(select(DeviceSession)).all()
    assert device.is_shared
    assert device.means == "card"
    cookie = pages.client.get_cookie(COOKIE, domain="timebank.example")
    assert cookie is not None
    assert cookie.expires is None


def test_a_card_whose_code_is_wrong_signs_nobody_in(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    pages.get(at(community, f"/card/{sam.account_code}/ABCDEFGH"))
    assert pages.submit(button="Sign in", status=422).mistakes


def test_the_community_of_a_card_is_asked_where_there_are_several(
    pages: Pages, session: Session, community: Community
) -> None:
    make_community(session, slug="ash", name="Ash Road")
    pages.get("/sign-in")
    page = pages.follow("Use my code card")
    assert page.all(".link-title") == ["Ash Road", "Elm Street"]
    assert pages.follow("Elm Street").url.startswith("/at/elm/card")


# ----------------------------------------------------- a card opens its own community only


def test_asvs_49_a_card_opens_the_community_that_made_it_and_no_other(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    elsewhere = make_community(session, slug="oak", name="Oak Street")
    make_member(session, elsewhere, person=person_of(session, sam))
    code = service.issue_card(session, sam, by=None, now=NOW)
    pages.get(at(community, "/card"))
    pages.submit(number=sam.account_code, code=code)

    assert is_signed_in(pages, community)
    assert "Oak Street" not in pages.get(at(community, "/me"))
    assert "Oak Street" not in pages.get("/you/communities")
    assert pages.get(at(elsewhere, "/me")).h1 == "Sign in"
    assert is_signed_in(pages, community)


def test_what_a_card_sets_up_opens_no_other_community(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    elsewhere = make_community(session, slug="oak", name="Oak Street")
    make_member(session, elsewhere, person=person_of(session, sam))
    code = service.issue_card(session, sam, by=None, now=NOW)
    pages.get(at(community, "/card"))
    pages.submit(number=sam.account_code, code=code)

    page = pages.get("/you/password")
    token = page.soup.select_one("input[name=csrf_token]")
    assert token is not None
    answer = pages.client.post(
        "/you/password",
        data={"csrf_token": str(token["value"]), "new_password": GOOD},
        headers={"Referer": f"{HOST}/you/password"},
    )
    assert "open for a long time" not in answer.text
    session.expire_all()
    assert person_of(session, sam).password_hash is None


def test_an_address_from_a_coordinator_opens_no_other_community(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    elsewhere = make_community(session, slug="oak", name="Oak Street")
    make_member(session, elsewhere, person=person_of(session, sam))
    ana = make_member(session, community, roles=("coordinator",))
    sign_in(pages.client, session, ana)

    pages.get(at(community, f"/people/{sam.id}/edit"))
    pages.submit(email="mallory@example.org")

    session.expire_all()
    assert sam.email == "mallory@example.org"
    assert queries.address(session, "mallory@example.org") is None
