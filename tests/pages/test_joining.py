"""Joining, by each of the three rules, with and without ways to be reached."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import NOW, at, make_community, make_member, sign_in
from tests.pages.page import Page, Pages
from timebank.members import service
from timebank.members.models import FOLDED_LENGTH_MAX, Address, Invitation, Member
from timebank.messaging.models import Notice, OutboxMail


def answer_everything(
    pages: Pages, *, name: str = "Sunniva", email: str = "", button: str = "Begin"
) -> Page:
    """Answer question by question, as far as the check page."""
    pages.submit(button=button)
    pages.submit(first_name=name)
    pages.submit(area="Elmside")
    pages.submit(email=email)
    pages.submit(could_offer="A walk with your dog")
    pages.submit(would_like="Somebody to read a letter with")
    return pages.submit(agree=True)


def test_somebody_with_only_a_first_name_joins_and_is_signed_in(
    pages: Pages, session: Session
) -> None:
    community = make_community(session, slug="elm", joining="open")
    pages.get(at(community, "/join"))
    check = answer_everything(pages)
    assert "Sunniva" in check
    assert "Elmside" in check

    done = pages.submit(button="Join")

    assert done.h1 == "Welcome, Sunniva"
    assert "M000001" in done
    assert session.scalars(select(Member.state)).all() == ["active"]
    assert pages.get(at(community, "/me")).h1 == "My page"


def test_who_sees_an_answer_is_said_beside_the_question_and_on_one_s_own_page(
    pages: Pages, session: Session
) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    everybody, few = "Everybody in the community sees it", "Only you and the coordinators see th"
    page = pages.submit(button="Begin")
    for answer, seen_by in (
        ({"first_name": "Sunniva"}, everybody),
        ({"area": "Elmside"}, everybody),
        ({"email": ""}, few),
        ({"could_offer": "A walk with your dog"}, few),
        ({"would_like": "Somebody to read a letter with"}, few),
    ):
        assert seen_by in page, answer
        page = pages.submit(**answer)  # type: ignore[arg-type]  # fields by name
    pages.submit(agree=True)
    pages.submit(button="Join")
    main = pages.get(at(community, "/me")).one("main").get_text()
    for words in ("A walk with your dog", "Somebody to read a letter with"):
        after = main.partition(words)[2].lstrip()
        assert after.startswith("Seen by: Me and the coordinators"), words


def test_somebody_without_contact_gets_a_code_card_at_the_end(
    pages: Pages, session: Session
) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    answer_everything(pages)
    pages.submit(button="Join")

    pages.follow("Get my code card")
    paper = pages.submit(button="Make the card")

    code = paper.one(".code-card-code").get_text()
    pages.client.post("/sign-out")
    pages.client.delete_cookie("__Host-timebank", domain="timebank.example")
    pages.get(at(community, "/card"))
    pages.submit(number="M000001", code=code)
    assert pages.get(at(community, "/me")).h1 == "My page"


def test_an_address_gets_a_link_that_confirms_it(pages: Pages, session: Session) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    answer_everything(pages, email="Sunniva@example.org")
    done = pages.submit(button="Join")
    assert "We sent a link to Sunniva@example.org" in done

    [mail] = session.scalars(select(OutboxMail)).all()
    assert mail.to_address == "sunniva@example.org"
    assert community.name not in mail.subject
    [link] = [word for word in mail.body.split() if word.startswith("https://")]
    pages.get(link.removeprefix("https://timebank.example"))
    pages.submit(button="Sign in")

    session.expire_all()
    [address] = session.scalars(select(Address)).all()
    assert address.verified_at is not None


def test_where_approval_is_needed_one_waits_and_coordinators_are_told(
    pages: Pages, session: Session
) -> None:
    community = make_community(session, joining="approval")
    coordinator = make_member(session, community, first_name="Cora", roles=("coordinator",))
    pages.get(at(community, "/join"))
    answer_everything(pages)
    done = pages.submit(button="Join")
    assert done.h1 == "Thank you, Sunniva"

    assert pages.get(at(community, "/me")).h1 == "Almost there, Sunniva"
    [notice] = session.scalars(select(Notice)).all()
    assert notice.member_id == coordinator.id
    assert notice.facts == {"name": "Sunniva"}


def test_an_invitation_lets_one_person_in(
    client: Client, new_client: object, pages: Pages, session: Session
) -> None:
    community = make_community(session, joining="invitation")
    coordinator = make_member(session, community, first_name="Cora", roles=("coordinator",))
    assert "with an invitation" in pages.get(at(community, "/join"))
    sign_in(client, session, coordinator)
    pages.get(at(community, "/people/invite"))
    shown = pages.submit(button="Make a link")
    link = shown.one("textarea").get_text().strip().removeprefix("https://timebank.example")

    guest = Pages(new_client())  # type: ignore[operator]
    guest.get(link)
    answer_everything(guest)
    assert guest.submit(button="Join").h1 == "Welcome, Sunniva"

    late = Pages(new_client())  # type: ignore[operator]
    assert "used up or too old" in late.get(link)
    [used] = session.scalars(select(Invitation)).all()
    assert used.used_by_id is not None


def test_a_member_of_another_community_joins_as_the_same_person(
    client: Client, pages: Pages, session: Session
) -> None:
    home, elsewhere = make_community(session), make_community(session, joining="open")
    member = make_member(session, home)
    sign_in(client, session, member)
    pages.get(at(elsewhere, "/join"))
    answer_everything(pages)
    pages.submit(button="Join")

    [there] = session.scalars(select(Member).where(Member.community_id == elsewhere.id)).all()
    assert there.person_id == member.person_id
    assert pages.get(at(elsewhere, "/join")).url != at(elsewhere, "/join")


@pytest.mark.parametrize(
    ("step", "typed", "says"),
    [
        ("name", {"first_name": " "}, "Enter a first name"),
        ("name", {"first_name": "x" * 61}, "keep it to 60"),
        ("area", {"area": "12 High Street"}, "“12 High Street” looks like a street address"),
        ("area", {"area": "Hill, 020 7946 0018"}, "“020 7946 0018” looks like a phone number"),
        ("area", {"area": "sam@example.org"}, "“sam@example.org” looks like a phone number or"),
        ("contact", {"email": "sam at home", "phone": "1"}, "like name@example.org"),
        ("contact", {"email": "", "phone": "call me"}, "phone number like"),
        ("offer", {"could_offer": "x" * 1001}, "keep it to 1000"),
        ("rules", {"agree": False}, "Tick the box"),
    ],
)
def test_a_mistake_is_explained_and_what_was_typed_stays(
    pages: Pages, session: Session, step: str, typed: dict[str, str | bool], says: str
) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    first = pages.submit(button="Begin")
    pages.get(first.url.replace("/name", f"/{step}"))

    page = pages.submit(status=422, **typed)  # type: ignore[arg-type]  # fields by name

    assert any(says in mistake for mistake in page.mistakes)
    for name, value in typed.items():
        if isinstance(value, str) and value.strip():
            field = page.one(f"[name={name}]")
            assert (field.get("value") or field.get_text().strip()) == value


def test_the_check_page_sends_back_to_what_is_missing(pages: Pages, session: Session) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    first = pages.submit(button="Begin")
    check = first.url.replace("/name", "/check")
    assert pages.get(check).url == first.url
    pages.submit(first_name="Sunniva")
    assert pages.get(check).url.endswith("/rules")


def test_changing_one_answer_leads_back_to_the_check(pages: Pages, session: Session) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    answer_everything(pages)
    pages.follow("Change Area")
    assert "Riverside" in pages.submit(area="Riverside")
    assert pages.page is not None
    assert pages.page.h1 == "Is this right?"


def test_the_button_pressed_twice_joins_once_and_ends_signed_in(
    pages: Pages, session: Session, new_client: object
) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    check = answer_everything(pages)
    form = check.one("main form")
    data = {str(tag["name"]): str(tag["value"]) for tag in form.select("input[name]")}
    before = pages.client.get_cookie("__Host-timebank", domain="timebank.example")
    assert before is not None

    pages.post(check.url, data)
    # The browser dropped the first answer, and with it the cookie.
    pages.client.set_cookie("__Host-timebank", before.value, domain="timebank.example", secure=True)
    again = pages.post(check.url, data)

    assert again.h1 == "Welcome, Sunniva"
    assert session.scalars(select(Member.first_name)).all() == ["Sunniva"]


def test_a_draft_that_was_used_is_gone(pages: Pages, session: Session) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    check = answer_everything(pages)
    pages.submit(button="Join")
    pages.get(check.url, status=404)


def test_a_character_that_stands_for_many_is_no_fault(pages: Pages, session: Session) -> None:
    community = make_community(session, joining="open")
    pages.get(at(community, "/join"))
    pages.submit(button="Begin")
    pages.submit(first_name="\ufdfa" * 20)
    pages.submit(area="")
    page = pages.submit(email="\ufdfa" * 20 + "@example.org", status=422)
    assert "Enter an e-mail address like name@example.org." in page
    pages.submit(email="sunniva@example.org")


def test_a_name_of_such_characters_joins(session: Session) -> None:
    community = make_community(session, joining="open")
    answers = service.Answers(first_name="\ufdfa" * 60, rules_version=1)
    member = service.join(session, community, answers, now=NOW)
    session.flush()
    assert len(member.folded_name) == FOLDED_LENGTH_MAX
