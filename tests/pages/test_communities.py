"""The first page of an installation, one's communities, and the settings of one."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, make_community, make_member, make_person, sign_in
from tests.pages.page import Pages
from timebank.communities.models import Community, CommunityChange
from timebank.members.models import Member


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street", floor_minutes=-90)


@pytest.fixture
def cora(session: Session, community: Community, client: Client) -> Member:
    cora = make_member(session, community, first_name="Cora", roles=("coordinator",))
    sign_in(client, session, cora)
    return cora


def test_an_empty_installation_says_what_to_do(pages: Pages, session: Session) -> None:
    page = pages.get("/")
    assert page.h1 == "Almost ready"
    assert "timebank community create" in page


def test_the_only_community_opens_at_once(
    client: Client, session: Session, community: Community
) -> None:
    answer = client.get("/")
    assert answer.status_code == 303
    assert answer.location.startswith("/at/elm/")


def test_several_communities_are_shown(
    pages: Pages, session: Session, community: Community
) -> None:
    words = "Between the two bridges.\n\nCome by on Tuesdays."
    ash = make_community(session, slug="ash", name="Ash Road", words=words, joining="invitation")
    for state in ("active", "active", "paused", "waiting", "left"):
        make_member(session, ash, first_name="Ida", state=state)
    page = pages.get("/")
    assert page.all(".tile-title") == ["Ash Road", "Elm Street"]
    assert "Between the two bridges." in page
    assert "Come by on Tuesdays." not in page
    assert "2 neighbours take part" in page
    assert "Only with an invitation" in page


def test_a_member_comes_home_to_the_one_community_they_belong_to(
    client: Client, session: Session, cora: Member
) -> None:
    ash = make_community(session, slug="ash", name="Ash Road")
    assert client.get("/").location.startswith("/at/elm/")
    assert cora.person is not None
    make_member(session, ash, person=cora.person)
    assert client.get("/").location == "/you/communities"


def test_one_tap_leads_to_another_of_one_s_communities(
    pages: Pages, session: Session, client: Client, cora: Member
) -> None:
    ash = make_community(session, slug="ash", name="Ash Road")
    assert cora.person is not None
    make_member(session, ash, person=cora.person, state="waiting")
    page = pages.get("/you/communities")
    assert page.all(".link-title") == ["Ash Road", "Elm Street"]
    assert page.link("Elm Street").startswith("/at/elm/")
    assert pages.follow("Ash Road").url == "/at/ash/waiting"
    sign_in(client, session, make_person(session))
    assert "You do not belong anywhere yet" in pages.get("/you/communities")


def test_settings_change_and_the_history_tells_who(
    pages: Pages, session: Session, community: Community, cora: Member
) -> None:
    pages.get(at(community, "/settings"))
    page = pages.submit(
        name="Elm and Ash",
        joining="invitation",
        confirm_days="14",
        house_rules="Be kind.",
    )
    assert "The settings are changed." in page
    assert "No answer counts as yes after: from “7 days” to “14 days”" in page
    assert "from “Anybody joins at once” to “Only with an invitation”" in page
    assert "House rules: new words" in page
    assert "Cora" in page
    session.expire_all()
    assert (community.name, community.joining) == ("Elm and Ash", "invitation")
    assert (community.confirm_days, community.house_rules_version) == (14, 2)
    assert {one.by_member_id for one in session.scalars(select(CommunityChange))} == {cora.id}


def test_saving_settings_as_they_are_changes_nothing(
    pages: Pages, session: Session, community: Community, cora: Member
) -> None:
    pages.get(at(community, "/settings"))
    assert "Nothing was changed." in pages.submit()
    assert session.scalars(select(CommunityChange)).all() == []


def test_settings_that_cannot_be_are_explained_and_kept(
    pages: Pages, session: Session, community: Community, cora: Member
) -> None:
    pages.get(at(community, "/settings"))
    page = pages.submit(name="", words="x" * 1001, status=422)
    assert page.mistakes == [
        "Enter the name of your community.",
        "This is too long. Please keep it to 1000 characters.",
    ]
    session.expire_all()
    assert community.name == "Elm Street"


@pytest.mark.parametrize("value", ["-1", "7000000", "1e9", "٣", "", "NaN"])
def test_asvs_10_a_limit_that_was_not_offered_is_refused(
    pages: Pages, session: Session, community: Community, cora: Member, value: str
) -> None:
    shown = pages.get(at(community, "/settings"))
    data = {
        str(tag["name"]): str(tag.get("value") or tag.get_text())
        for tag in shown.soup.select("main input[name], main textarea[name]")
        if tag.get("type") != "radio"
    }
    selects = {
        str(tag["name"]): str(tag.select("option[selected]")[0]["value"])
        for tag in shown.soup.select("main select")
    }
    page = pages.post(
        shown.url,
        data | selects | {"joining": "open", "exchange_minutes_max": value},
        status=422,
    )
    assert page.mistakes == ["Choose one from the list."]


def test_settings_are_for_coordinators(
    client: Client, pages: Pages, session: Session, community: Community
) -> None:
    sign_in(client, session, make_member(session, community))
    pages.get(at(community, "/settings"), status=404)
