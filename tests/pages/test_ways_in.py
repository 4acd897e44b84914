"""A way in that a coordinator set up opens their community alone; an old link offers a new one."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import make_community, make_member, sign_in
from tests.pages.page import Pages
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.members import service
from timebank.members.models import Address, DeviceSession, Member, SignInToken
from timebank.members.service import links
from timebank.messaging.models import OutboxMail

PASSWORD = "three grey geese walking"
MAILBOX = "cora@example.org"


@pytest.fixture
def elm(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street")


@pytest.fixture
def ash(session: Session) -> Community:
    return make_community(session, slug="ash", name="Ash Road")


@pytest.fixture
def sam(session: Session, elm: Community) -> Member:
    return make_member(session, elm, first_name="Sam")


@pytest.fixture
def cora(session: Session, elm: Community, new_client: Callable[[], Client]) -> Pages:
    browser = new_client()
    sign_in(browser, session, make_member(session, elm, roles=("coordinator",)))
    return Pages(browser)


def joins(session: Session, member: Member, community: Community) -> None:
    """Let the same person join another community by themselves."""
    assert member.person is not None
    make_member(session, community, first_name="Sam", person=member.person)
    session.commit()


def opens(pages: Pages, slug: str) -> bool:
    answer = pages.client.get(f"/at/{slug}/hours")
    return answer.status_code == 200


def mailed(session: Session, address: str) -> str:
    body = session.scalars(
        select(OutboxMail.body)
        .where(OutboxMail.to_address == address)
        .order_by(OutboxMail.id.desc())
    ).first()
    assert body is not None
    return next(line for line in body.split() if "/sign-in/link/" in line).partition(".example")[2]


def test_a_password_chosen_after_a_card_opens_nothing_that_was_joined_later(
    pages: Pages, session: Session, elm: Community, ash: Community, sam: Member
) -> None:
    code = service.issue_card(session, sam, by=None, now=utc_now())
    assert sam.person is not None
    session.add(Address(person_id=sam.person_id, folded="sam@example.org", verified_at=utc_now()))
    pages.get("/at/elm/card")
    pages.submit(number=sam.account_code, code=code)
    pages.get("/you/password")
    pages.submit(new_password=PASSWORD)
    pages.submit("form[action='/sign-out']")
    joins(session, sam, ash)

    pages.get("/sign-in/password")
    pages.submit(email="sam@example.org", password=PASSWORD)
    assert opens(pages, "elm")
    assert not opens(pages, "ash")
    assert "Ash Road" not in pages.get("/you/communities")


def test_an_address_that_a_coordinator_typed_opens_nothing_that_was_joined_later(
    pages: Pages, session: Session, ash: Community, sam: Member, cora: Pages
) -> None:
    cora.get(f"/at/elm/people/{sam.id}/edit")
    cora.submit(email=MAILBOX)
    joins(session, sam, ash)
    pages.get(mailed(session, MAILBOX))
    pages.submit(button="Sign in")
    assert opens(pages, "elm")
    assert not opens(pages, "ash")
    # And so it is for an address that is added from such a device.
    pages.get("/at/elm/me/edit")
    page = pages.submit(email="again@example.org", status=422)
    assert "Sign out, sign in again" in page.text


def test_a_coordinator_s_mailbox_does_not_become_the_person_by_joining_elsewhere(
    pages: Pages, session: Session, elm: Community, ash: Community, sam: Member, cora: Pages
) -> None:
    """Sam has a device of his own; Cora joins another community with the address she typed."""
    session.add(
        DeviceSession(
            id=new_id(),
            person_id=sam.person_id,
            secret_hash=bytes(32),
            agent="",
            means="join",
            created_at=utc_now(),
            last_seen_at=utc_now(),
        )
    )
    cora.get(f"/at/elm/people/{sam.id}/edit")
    cora.submit(email=MAILBOX)
    pages.get(mailed(session, MAILBOX))
    pages.submit(button="Sign in")
    pages.submit("form[action='/sign-out']")
    join(pages, "ash", MAILBOX)
    pages.get(mailed(session, MAILBOX))
    pages.submit(button="Sign in")
    bay = make_community(session, slug="bay")
    joins(session, sam, bay)
    assert not opens(pages, "bay")
    assert not opens(pages, "ash"), "the membership stays with whoever made it"


def test_somebody_whom_a_coordinator_added_joins_elsewhere_and_is_one_person(
    pages: Pages, session: Session, ash: Community, cora: Pages
) -> None:
    cora.get("/at/elm/people/new")
    cora.submit(first_name="Ana", email="ana@example.org", has_heard_rules=True)
    pages.get(mailed(session, "ana@example.org"))
    pages.submit(button="Sign in")
    assert opens(pages, "elm")
    join(pages, "ash", "ana@example.org")
    pages.get(mailed(session, "ana@example.org"))
    pages.submit(button="Sign in")
    assert opens(pages, "elm")
    assert opens(pages, "ash")
    persons = session.scalars(select(Member.person_id).where(Member.first_name == "Ana")).all()
    assert len(persons) == 2
    assert len(set(persons)) == 1


def test_a_device_of_one_community_sees_and_ends_no_other(
    pages: Pages, client: Client, session: Session, elm: Community, sam: Member
) -> None:
    own = sign_in(client, session, sam)
    card = sign_in(client, session, sam)
    card.community_id = elm.id
    assert "signed in nowhere else" in pages.get("/you/devices")
    pages.submit("form[action='/sign-out']")
    session.expire_all()
    assert own.ended_at is None
    second = sign_in(client, session, sam)
    second.community_id = elm.id
    session.commit()
    service.end_devices(session, own.person_id, now=utc_now(), only_id=elm.id)
    assert not service.end_device(session, own.person_id, own.id, now=utc_now(), only_id=elm.id)
    session.expire_all()
    assert (own.ended_at, second.ended_at is None) == (None, False)


def join(pages: Pages, slug: str, email: str) -> None:
    """Join as somebody new, with this address."""
    pages.get(f"/at/{slug}/join")
    pages.submit("main form")
    pages.submit(first_name="Ana")
    pages.submit(area="")
    pages.submit(email=email)
    pages.submit(could_offer="")
    pages.submit(would_like="")
    pages.submit(agree=True)
    pages.submit(button="Join")


# ------------------------------------------------------------------- links that are over


def let_it_end(session: Session) -> None:
    session.execute(sa.update(SignInToken).values(expires_at=utc_now() - dt.timedelta(minutes=1)))
    session.commit()


def test_a_link_that_is_too_old_sends_a_new_one_with_one_tap(
    pages: Pages, session: Session, elm: Community
) -> None:
    join(pages, "elm", "ana@example.org")
    old = mailed(session, "ana@example.org")
    assert "for 3 days" in session.scalars(select(OutboxMail.body)).all()[-1]
    pages.submit("form[action='/sign-out']")
    let_it_end(session)

    page = pages.get(old, status=410)
    assert page.h1 == "This link is over"
    assert "ana@example.org" not in page.text
    page = pages.submit(button="Send me a new link")
    assert page.h1 == "Look at your e-mail"
    new = mailed(session, "ana@example.org")
    assert new != old
    pages.get(new)
    page = pages.submit(button="Sign in")
    assert page.url == "/at/elm/me", "it leads to the same place"
    address = session.scalars(select(Address)).one()
    assert address.verified_at is not None, "and proves the same"


def test_a_link_that_ends_while_its_page_is_open_says_so_calmly(
    pages: Pages, session: Session, elm: Community
) -> None:
    make_member(session, elm, sign_in_address="sam@example.org")
    pages.get("/sign-in/link?next=/at/elm/hours")
    pages.submit(email="sam@example.org")
    pages.get(mailed(session, "sam@example.org"))
    let_it_end(session)
    assert pages.submit(button="Sign in", status=410).h1 == "This link is over"
    pages.submit(button="Send me a new link")
    pages.get(mailed(session, "sam@example.org"))
    assert pages.submit(button="Sign in").url == "/at/elm/hours"


def test_a_link_that_was_never_ours_offers_the_sign_in_page(pages: Pages) -> None:
    page = pages.get("/sign-in/link/not-a-link-of-ours", status=410)
    assert page.link("Go to the sign-in page") == "/sign-in"
    assert "Send me a new link" not in page.text


def test_new_links_are_so_many_and_no_more(pages: Pages, session: Session, elm: Community) -> None:
    make_member(session, elm, sign_in_address="sam@example.org")
    link = links.make_link(session, "sam@example.org", now=utc_now() - dt.timedelta(hours=1))
    assert link is not None
    for status in (200, 200, 200, 429):
        pages.get(f"/sign-in/link/{link.secret}", status=410)
        pages.submit(button="Send me a new link", status=status)
