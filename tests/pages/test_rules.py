"""New house rules: members are asked again, calmly, and nothing they do is in the way."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import NOW, make_community, make_member, sign_in
from tests.pages.page import Pages
from timebank.communities import service as communities
from timebank.communities.models import Community
from timebank.members import service
from timebank.members.models import Member, MemberEvent

OLD = "Be kind.\nCome on time."
NEW = "Be kind.\nSay no in good time.\nCome on time."


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street", house_rules=OLD)


@pytest.fixture
def mina(session: Session, community: Community) -> Member:
    return make_member(session, community, first_name="Mina", email="mina@example.org")


def change_rules(session: Session, community: Community, text: str = NEW) -> None:
    communities.change_settings(
        session, community, {"house_rules": text}, by_member_id=None, now=NOW
    )
    session.commit()


def events(session: Session, member: Member) -> list[tuple[str, str, object]]:
    found = session.scalars(select(MemberEvent).where(MemberEvent.member_id == member.id))
    return [(one.kind, one.reason, one.by_member_id) for one in found]


def test_new_rules_are_shown_before_the_page_and_agreeing_leads_on_to_it(
    pages: Pages, client: Client, session: Session, community: Community, mina: Member
) -> None:
    sign_in(client, session, mina)
    assert pages.get("/at/elm/hours").url == "/at/elm/hours"
    change_rules(session, community)

    page = pages.get("/at/elm/hours?month=2026-05")
    assert page.h1 == "The house rules have changed"
    assert page.all("ins") == ["Say no in good time."]
    assert page.all("del") == []
    assert page.all(".tile p") == ["Be kind. Say no in good time. Come on time."]
    page = pages.submit(button="Yes, I will keep to this")

    assert page.url == "/at/elm/hours?month=2026-05"
    assert "You have agreed to the house rules." in page
    session.expire_all()
    assert mina.rules_version == community.house_rules_version == 2
    assert events(session, mina) == [("rules agreed", "2", mina.id)]
    assert pages.get("/at/elm/rules").h1 == "The house rules"
    assert "You have agreed to these." in pages.get("/at/elm/rules")


def test_who_does_not_answer_reads_on_and_is_asked_another_day(
    pages: Pages,
    client: Client,
    session: Session,
    community: Community,
    mina: Member,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_in(client, session, mina)
    change_rules(session, community)
    pages.get("/at/elm/hours")
    assert pages.follow("Not now").url == "/at/elm/hours"
    home = pages.get("/at/elm/")
    assert home.h1 == "Hello, Mina"
    assert home.link("The house rules have changed") == "/at/elm/rules"

    monkeypatch.setattr("timebank.members.views.rules.today", lambda: dt.date(2030, 1, 1))
    assert pages.get("/at/elm/").h1 == "The house rules have changed"
    change_rules(session, community, "Be kind.")
    assert pages.get("/at/elm/").all("del") == ["Come on time."], "and when they change again"


def test_a_form_that_is_sent_is_never_held_up(
    pages: Pages, client: Client, session: Session, community: Community, mina: Member
) -> None:
    sign_in(client, session, mina)
    pages.get("/at/elm/me/edit")
    change_rules(session, community)
    page = pages.submit(about="I like gardens.")
    assert page.h1 == "The house rules have changed", "shown after it, before the next page"
    session.expire_all()
    assert mina.about == "I like gardens."
    assert pages.follow("Not now").url == "/at/elm/me"


def test_signing_out_leaving_and_public_pages_stay_open(
    pages: Pages, client: Client, session: Session, community: Community, mina: Member
) -> None:
    sign_in(client, session, mina)
    change_rules(session, community)
    assert pages.get("/at/elm/me/leave").url == "/at/elm/me/leave"
    assert pages.get("/at/elm/card").url == "/at/elm/card"
    pages.get("/at/elm/rules")
    assert pages.submit("form[action='/sign-out']").h1 == "You are signed out"


def test_agreeing_to_rules_that_changed_meanwhile_counts_for_those_that_were_read(
    pages: Pages, client: Client, session: Session, community: Community, mina: Member
) -> None:
    sign_in(client, session, mina)
    change_rules(session, community)
    pages.get("/at/elm/hours")
    change_rules(session, community, "Be kind.")
    page = pages.submit(button="Yes, I will keep to this")
    session.expire_all()
    assert mina.rules_version == 2
    assert page.h1 == "The house rules have changed"
    assert page.all("del") == ["Say no in good time.", "Come on time."]


@pytest.mark.parametrize("version", ["0", "3", "-1", "1e9", "٢", "9" * 30])
def test_rules_that_never_were_are_agreed_to_by_nobody(
    pages: Pages,
    client: Client,
    session: Session,
    community: Community,
    mina: Member,
    version: str,
) -> None:
    sign_in(client, session, mina)
    change_rules(session, community)
    pages.get("/at/elm/rules")
    pages.submit("main form", version=version, status=409)
    session.expire_all()
    assert mina.rules_version == 1


def test_the_usual_rules_are_compared_too(pages: Pages, client: Client, session: Session) -> None:
    ash = make_community(session, slug="ash")
    sign_in(client, session, make_member(session, ash))
    change_rules(session, ash, "No money changes hands.\nBe kind.")
    page = pages.get("/at/ash/")
    assert page.all("ins") == ["Be kind."]
    assert len(page.all("del")) == 3


# --------------------------------------------------------------- with a coordinator


@pytest.fixture
def cora(session: Session, community: Community, client: Client) -> Member:
    cora = make_member(session, community, first_name="Cora", roles=("coordinator",))
    sign_in(client, session, cora)
    return cora


def test_somebody_without_e_mail_is_listed_until_a_coordinator_went_through_them(
    pages: Pages, session: Session, community: Community, cora: Member, mina: Member
) -> None:
    sam = make_member(session, community, first_name="Sam")
    assert "House rules to go through" not in pages.get("/at/elm/people")
    change_rules(session, community)
    service.agree_to_rules(session, community, cora, version=2, by=cora, now=NOW)

    assert "House rules to go through together" in pages.get("/at/elm/work")
    people = pages.get("/at/elm/people?part=rules")
    assert people.all(".link-title") == ["Sam"], "Mina has e-mail and is asked by the site"
    pages.follow("Sam")
    page = pages.follow("Go through them together")
    assert page.h1 == "The house rules with Sam"
    assert page.all("ins") == ["Say no in good time."]
    page = pages.submit(button="We went through them")

    assert "Noted: you went through the house rules with Sam." in page
    assert "Went through the house rules together" in page
    session.expire_all()
    assert sam.rules_version == 2
    assert events(session, sam) == [("rules agreed", "2", cora.id)]
    assert "Everybody knows the house rules" in pages.get("/at/elm/people?part=rules")
    assert "House rules to go through" not in pages.get("/at/elm/work")
    assert "Sam has agreed to these." in pages.get(f"/at/elm/people/{sam.id}/rules")


def test_whoever_is_added_has_heard_the_rules_or_is_asked_when_they_first_come(
    pages: Pages,
    session: Session,
    community: Community,
    cora: Member,
    new_client: Callable[[], Client],
) -> None:
    pages.get("/at/elm/people/new")
    pages.submit(first_name="Ana", has_heard_rules=True)
    pages.get("/at/elm/people/new")
    pages.submit(first_name="Bo")
    ana, bo = (
        session.scalars(select(Member).where(Member.first_name == name)).one()
        for name in ("Ana", "Bo")
    )
    assert (ana.rules_version, bo.rules_version) == (1, 0)
    assert pages.get("/at/elm/people?part=rules").all(".link-title") == ["Bo"]

    browser = new_client()
    sign_in(browser, session, bo)
    page = Pages(browser).get("/at/elm/")
    assert page.h1 == "The house rules"
    assert "Yes, I will keep to this" in page


def test_a_member_of_another_community_learns_nothing_of_the_rules(
    pages: Pages, client: Client, session: Session, community: Community
) -> None:
    sign_in(client, session, make_member(session, make_community(session)))
    pages.get("/at/elm/rules", status=404)
