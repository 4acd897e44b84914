"""What coordinators do with people, and what members see of each other."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
import segno
from bs4 import BeautifulSoup
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import NOW, make_community, make_member, sign_in
from tests.pages.page import Pages
from timebank.communities.models import Community
from timebank.db import db
from timebank.members import service
from timebank.members.models import CodeCard, DeviceSession, Member, MemberEvent
from timebank.messaging.models import Notice, OutboxMail


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street", joining="approval")


@pytest.fixture
def cora(session: Session, community: Community, client: Client) -> Member:
    cora = make_member(session, community, first_name="Cora", roles=("coordinator",))
    sign_in(client, session, cora)
    return cora


@pytest.fixture
def sam(session: Session, community: Community, cora: Member) -> Member:
    return service.add_member(
        session,
        community,
        first_name="Sam",
        last_name="Østby",
        area="Riverside",
        email="sam@example.org",
        phone="020 7946 0123",
        by=cora,
        now=NOW,
    )


def page_of(member: Member, more: str = "") -> str:
    return f"/at/elm/people/{member.id}{more}"


# ------------------------------------------------------------------------------ the list


def test_who_is_in_another_part_of_the_list_is_found_too(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    wanda = make_member(session, community, first_name="Wanda", state="waiting")
    make_member(session, community, first_name="Lena", state="left")
    page = pages.get(f"/at/elm/people?q={wanda.account_code}")
    assert "Not in this part of the list" in page
    assert page.link("Wanda").startswith(page_of(wanda))
    assert "Lena" in pages.get("/at/elm/people?q=lena&part=waiting")
    assert "Nobody fits" in pages.get("/at/elm/people?q=quentin")
    assert "Not in this part" not in pages.get("/at/elm/people?q=sam")


def test_people_are_found_by_name_without_accents_and_by_number(
    pages: Pages, session: Session, sam: Member
) -> None:
    people = pages.get("/at/elm/people")
    assert people.all(".link-title") == ["Cora", "Sam Østby"]
    assert pages.submit("form.search", q="ostby").all(".link-title") == ["Sam Østby"]
    assert pages.submit("form.search", q="M000002").all(".link-title") == ["Sam Østby"]
    assert "Nobody fits “zz”" in pages.submit("form.search", q="zz")
    assert pages.get("/at/elm/people?part=nonsense").all(".link-title") == ["Cora", "Sam Østby"]


def test_a_long_list_is_paged_and_costs_the_same_however_long(
    pages: Pages, session: Session, community: Community, cora: Member
) -> None:
    for number in range(45):
        service.add_member(session, community, first_name=f"Sam {number:02}", by=cora, now=NOW)
    seen = list(pages.get("/at/elm/people").all(".link-title"))
    statements: list[str] = []
    with pages.client.application.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *all_: statements.append(all_[2]))
        page = pages.follow("More")
    seen += page.all(".link-title")
    seen += pages.follow("More").all(".link-title")
    assert len(seen) == len(set(seen)) == 46
    assert len(statements) <= 24, "two pages of at most twelve statements"


@pytest.mark.parametrize("part", ["waiting", "gone"])
def test_an_empty_list_says_so_calmly(
    pages: Pages, session: Session, cora: Member, part: str
) -> None:
    assert "Nobody" in pages.get(f"/at/elm/people?part={part}")


def test_a_page_of_a_list_that_was_tampered_with_is_not_found(
    pages: Pages, session: Session, cora: Member
) -> None:
    pages.get("/at/elm/people?after=nonsense", status=404)


# ------------------------------------------------------------------------------ deciding


def test_somebody_who_waits_is_let_in_and_told(
    pages: Pages, session: Session, community: Community, cora: Member
) -> None:
    wanda = make_member(
        session, community, first_name="Wanda", state="waiting", email="w@example.org"
    )
    pages.get("/at/elm/people?part=waiting")
    pages.follow("Wanda")
    pages.follow("Let them in")
    page = pages.submit(reason="We met at the café.")

    assert "Wanda is in" in page
    assert "Takes part" in page
    assert "We met at the café." in page
    session.expire_all()
    assert wanda.state == "active"
    [notice] = session.scalars(select(Notice)).all()
    assert (notice.member_id, notice.kind) == (wanda.id, "membership.approved")
    [mail] = session.scalars(select(OutboxMail)).all()
    assert "Wanda" not in mail.subject
    assert "Elm" not in mail.subject


def test_who_is_let_in_and_has_no_address_is_to_be_told_by_somebody(
    pages: Pages, session: Session, community: Community, cora: Member
) -> None:
    for email, says in (("", "please tell them yourself"), ("w@example.org", "We have told them")):
        wanda = make_member(session, community, first_name="W", state="waiting", email=email)
        pages.get(page_of(wanda, "/decide/approve"))
        assert says in pages.submit()


def test_a_refusal_needs_a_reason_and_the_person_reads_a_calm_page(
    pages: Pages,
    session: Session,
    community: Community,
    cora: Member,
    new_client: Callable[[], Client],
) -> None:
    wanda = make_member(session, community, first_name="Wanda", state="waiting")
    pages.get(page_of(wanda))
    pages.follow("Not now")
    assert "Write why" in pages.submit(reason="", status=422).mistakes[0]
    assert "Lives far away" in pages.submit(reason="Lives far away")

    other = Pages(new_client())
    sign_in(other.client, session, wanda)
    page = other.get("/at/elm/waiting")
    assert page.h1 == "Not just now"
    assert "Lives far away" not in page.html
    assert other.get("/at/elm/join").h1 == "Not just now"
    other.get("/at/elm/me", status=404)
    assert "Let them in after all" in pages.get(page_of(wanda))


def test_a_decision_made_twice_is_explained(
    pages: Pages, session: Session, community: Community, cora: Member
) -> None:
    wanda = make_member(session, community, first_name="Wanda", state="waiting")
    pages.get(page_of(wanda, "/decide/approve"))
    service.refuse(session, wanda, by=cora, reason="Twice", now=NOW)
    page = pages.submit(reason="A neighbour of mine", status=409)
    assert "Somebody has decided about this already" in page
    assert "A neighbour of mine" in page
    assert page.link("See how it stands now") == page_of(wanda)


@pytest.mark.parametrize(("what", "state"), [("pause", "paused"), ("leave", "left")])
def test_a_membership_rests_or_ends_and_begins_again(
    pages: Pages, session: Session, sam: Member, what: str, state: str
) -> None:
    pages.get(page_of(sam, f"/decide/{what}"))
    pages.submit(button="Begin the break" if what == "pause" else "End the membership")
    session.expire_all()
    assert sam.state == state
    pages.follow("End the break" if what == "pause" else "Take them back")
    pages.submit(button="End the break" if what == "pause" else "Yes, take them back")
    session.expire_all()
    assert sam.state == "active"


def test_there_is_nothing_else_to_decide(pages: Pages, session: Session, sam: Member) -> None:
    pages.get(page_of(sam, "/decide/marry"), status=404)
    pages.get(page_of(sam, "/roles/queen/end"), status=404)


def test_the_last_coordinator_is_told_why_they_stay(
    pages: Pages, session: Session, cora: Member
) -> None:
    pages.get(page_of(cora, "/roles/coordinator/end"))
    assert "the only coordinator" in pages.submit(button="End the role", status=422)
    pages.get("/at/elm/me/leave")
    assert "the only coordinator" in pages.submit(button="Leave", status=422)


def test_roles_are_given_and_end_and_stay_on_record(
    pages: Pages, session: Session, sam: Member
) -> None:
    pages.get(page_of(sam))
    pages.follow("Give a role")
    assert pages.submit(status=422).mistakes == ["Choose a role."]
    given = pages.submit(role="coordinator")
    assert "Sam Østby has a new role: Coordinator." in given
    pages.follow("End Coordinator")
    ended = pages.submit(button="End the role")
    assert "Before:" in ended
    assert "Role given: Coordinator" in ended
    assert [notice.kind for notice in session.scalars(select(Notice))] == ["membership.role"]


def test_who_gives_their_own_role_up_lands_on_their_own_page(
    pages: Pages, session: Session, cora: Member, sam: Member
) -> None:
    service.give_role(session, sam, "coordinator", by=cora, now=NOW)
    pages.get(page_of(cora, "/roles/coordinator/end"))
    assert pages.submit(button="End the role").h1 == "My page"
    pages.get("/at/elm/people", status=404)


# ------------------------------------------------------------------- adding and inviting


def test_a_first_name_is_enough_to_be_added_and_a_card_can_be_printed(
    pages: Pages, session: Session, cora: Member
) -> None:
    pages.get("/at/elm/people")
    pages.follow("Add somebody")
    assert pages.submit(status=422).mistakes == ["Enter a first name. Nothing else is needed."]
    assert pages.submit(first_name="Bo").h1 == "Bo is in"
    pages.follow("Make a code card")
    paper = pages.submit(button="Make the card")

    assert paper.h1 == "Code card"
    assert "M000002" in paper
    code = paper.one(".code-card-code").get_text()
    address = f"https://timebank.example/at/elm/card/M000002/{code.replace('-', '')}"
    drawn = re.findall(r"h(\d+)v1", str(paper.one("svg.qr path[fill='#000']")["d"]))
    expected = segno.make(address, error="m", micro=False).matrix
    assert sum(map(int, drawn)) == sum(map(sum, expected))
    [card] = session.scalars(select(CodeCard)).all()
    assert code not in card.code_hash


def test_a_code_is_shown_once(pages: Pages, session: Session, sam: Member) -> None:
    shown = pages.get(page_of(sam, "/card"))
    data = {str(tag["name"]): str(tag["value"]) for tag in shown.soup.select("main [value][name]")}
    first = pages.post(shown.url, dict(data))
    code = first.one(".code-card-code").get_text()
    again = pages.post(shown.url, dict(data))
    assert code not in again.html
    assert "It stops working when you make a new one" in again
    assert len(session.scalars(select(CodeCard)).all()) == 1


def test_who_may_be_the_same_person_is_suggested_and_not_blocked(
    pages: Pages, session: Session, sam: Member
) -> None:
    pages.get("/at/elm/people/new")
    asked = pages.submit(first_name="Sam", last_name="Ostby", area="Riverside", status=422)
    assert "Is it one of these?" in asked
    assert "a name much like it" in asked
    assert asked.one("#area")["value"] == "Riverside"
    assert asked.mistakes == []
    assert pages.submit(button="No, add a new person").h1 == "Sam Ostby is in"


def test_somebody_who_asks_to_join_twice_is_pointed_out(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    double = make_member(
        session, community, first_name="Sammy", state="waiting", phone="+44 20 7946 0123"
    )
    page = pages.get(page_of(double))
    assert "Could this be the same person?" in page
    assert "same phone" in page


def test_somebody_added_with_an_address_gets_a_link(
    pages: Pages, session: Session, cora: Member
) -> None:
    pages.get("/at/elm/people/new")
    pages.submit(first_name="Bo", email="bo@example.org")
    assert [mail.to_address for mail in session.scalars(select(OutboxMail))] == ["bo@example.org"]


# ---------------------------------------------------------------------------- who sees what


def test_asvs_51_a_page_leaves_out_what_this_reader_may_not_see(
    pages: Pages,
    session: Session,
    community: Community,
    sam: Member,
    new_client: Callable[[], Client],
) -> None:
    mina = make_member(session, community, first_name="Mina")
    reader = Pages(new_client())
    sign_in(reader.client, session, mina)
    service.edit_member(
        session, sam, {"about": "I like boats.", "area_seen_by": "me"}, by=sam, now=NOW
    )

    seen = {"Mina": reader.get(page_of(sam)).html, "Cora": pages.get(page_of(sam)).html}

    shown = {
        name: {
            word
            for word in ("Sam", "Østby", "Riverside", "sam@example.org", "7946", "I like boats.")
            if word in html
        }
        for name, html in seen.items()
    }
    assert shown == {
        "Mina": {"Sam", "I like boats."},
        "Cora": {"Sam", "Østby", "sam@example.org", "7946", "I like boats."},
    }
    assert "Riverside" not in pages.get("/at/elm/people").html
    assert "Riverside" not in pages.get(page_of(sam, "/edit")).html


def test_what_a_coordinator_may_not_see_stays_as_it_is_when_they_save(
    pages: Pages, session: Session, sam: Member
) -> None:
    service.edit_member(session, sam, {"phone_seen_by": "me"}, by=sam, now=NOW)
    pages.get(page_of(sam, "/edit"))
    pages.submit(area="Hilltop", last_name="")
    session.expire_all()
    assert (sam.area, sam.last_name, sam.phone) == ("Hilltop", "", "020 7946 0123")
    pages.get(page_of(sam, "/edit"))
    assert pages.submit(first_name="", status=422).mistakes


def test_a_coordinator_who_enters_an_address_has_a_link_sent_there(
    pages: Pages, session: Session, sam: Member
) -> None:
    pages.get(page_of(sam, "/edit"))
    pages.submit(email="new@example.org")
    [mail] = session.scalars(select(OutboxMail)).all()
    assert mail.to_address == "new@example.org"


def test_who_has_left_is_gone_for_members(
    session: Session, community: Community, sam: Member, new_client: Callable[[], Client]
) -> None:
    mina = make_member(session, community, first_name="Mina")
    service.leave(session, sam, by=None, now=NOW)
    reader = Pages(new_client())
    sign_in(reader.client, session, mina)
    reader.get(page_of(sam), status=404)
    assert "Taking a break" not in reader.get(page_of(mina)).text


def test_asvs_50_extra_fields_change_nothing(pages: Pages, session: Session, sam: Member) -> None:
    pages.get(page_of(sam, "/edit"))
    here = pages.page
    assert here is not None
    data = {
        str(tag["name"]): str(tag.get("value", ""))
        for tag in BeautifulSoup(here.html, "html.parser").select("main [name]")
    }
    extra = {"state": "left", "number": "7", "community_id": "0", "is_admin": "1", "id": "0"}
    pages.post(here.url, data | extra | {"area": "Hilltop"})
    session.expire_all()
    assert (sam.state, sam.number, sam.area) == ("active", 2, "Hilltop")


# ------------------------------------------------------------------------- one's own page


@pytest.fixture
def mina(
    session: Session, community: Community, cora: Member, new_client: Callable[[], Client]
) -> tuple[Member, Pages]:
    mina = make_member(session, community, first_name="Mina")
    walk = Pages(new_client())
    sign_in(walk.client, session, mina)
    return mina, walk


def test_one_changes_one_s_details_and_who_sees_them(
    session: Session, mina: tuple[Member, Pages]
) -> None:
    member, walk = mina
    walk.get("/at/elm/me")
    walk.follow("Change my details")
    bad = walk.submit(first_name="", phone="12", about="Boats", status=422)
    assert len(bad.mistakes) == 2
    assert bad.one("#about").get_text().strip() == "Boats"
    assert "Saved." in walk.submit(first_name="Mina", phone="020 7946 0123", area="Riverside")
    walk.follow("Who sees what")
    shown = walk.submit(phone_seen_by="community", area_seen_by="me")
    assert shown.h1 == "As others see me"
    assert "020 7946 0123" in shown
    assert "Riverside" not in shown
    kinds = session.scalars(select(MemberEvent.by_member_id)).all()
    assert set(kinds) == {member.id}


def test_one_s_own_page_takes_a_part_of_town_and_no_street_address(
    session: Session, mina: tuple[Member, Pages]
) -> None:
    member, walk = mina
    walk.get("/at/elm/me/edit")
    page = walk.submit(area="Strandvejen 12", about="Boats", status=422)
    assert "“Strandvejen 12” looks like a street address" in page.mistakes[0]
    assert page.one("#area")["value"] == "Strandvejen 12"
    assert page.one("#about").get_text().strip() == "Boats"
    session.expire_all()
    assert member.area == ""
    assert "Saved." in walk.submit(area="Strand")


def test_a_new_address_is_confirmed_and_needs_a_recent_sign_in(
    session: Session, mina: tuple[Member, Pages]
) -> None:
    member, walk = mina
    walk.get("/at/elm/me/edit")
    assert "We sent a link" in walk.submit(email="mina@example.org")
    assert "not confirmed yet" in walk.get("/at/elm/me")
    [mail] = session.scalars(select(OutboxMail)).all()
    assert mail.to_address == "mina@example.org"

    for device in session.scalars(select(DeviceSession)):
        device.created_at -= dt.timedelta(hours=1)
    walk.get("/at/elm/me/edit")
    held_back = walk.submit(email="thief@example.org", area="Hilltop", status=422)
    assert "we need to be sure it is you" in held_back.mistakes[0]
    assert held_back.one("#area")["value"] == "Hilltop"
    session.expire_all()
    assert member.email == "mina@example.org"


def test_a_break_is_begun_and_ended_by_oneself(
    session: Session, mina: tuple[Member, Pages]
) -> None:
    member, walk = mina
    walk.get("/at/elm/me")
    walk.follow("Take a break")
    assert "Come back whenever you like" in walk.submit(button="Begin my break")
    walk.follow("End my break")
    assert "Good to have you back" in walk.submit(button="End my break")
    session.expire_all()
    assert member.state == "active"


def test_one_leaves_in_one_sitting_and_can_come_back(
    session: Session, community: Community, mina: tuple[Member, Pages]
) -> None:
    member, walk = mina
    walk.get("/at/elm/me/leave")
    assert walk.submit(button="Leave").h1 == "Goodbye, Mina"
    session.expire_all()
    assert member.state == "left"
    assert walk.follow("Come back").h1 == "Join Elm Street"


def test_one_s_own_card_needs_a_recent_sign_in(
    session: Session, mina: tuple[Member, Pages]
) -> None:
    member, walk = mina
    walk.get("/at/elm/me/card")
    assert walk.submit(button="Make the card").h1 == "Code card"

    walk.get("/at/elm/me/card")
    assert member.person_id is not None
    for device in session.scalars(select(DeviceSession)):
        device.created_at -= dt.timedelta(hours=1)
    page = walk.submit(button="Make a new card", status=403)
    assert "sign in again first" in page
    assert len(session.scalars(select(CodeCard)).all()) == 1


def test_who_does_not_belong_gets_no_card(
    client: Client, pages: Pages, session: Session, community: Community
) -> None:
    stranger = make_member(session, make_community(session))
    sign_in(client, session, stranger)
    pages.get("/at/elm/me/card", status=404)
    assert pages.get("/at/elm/waiting").h1 == "Join Elm Street"
