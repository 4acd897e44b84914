"""Signing in and out, and what nobody learns on the way."""

import datetime as dt
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import NOW, at, make_community, make_member, make_person, sign_in
from tests.pages.page import HOST, Page, Pages
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.members import queries, service
from timebank.members.errors import WrongSecretError
from timebank.members.models import Member, Person
from timebank.messaging.models import OutboxMail

COOKIE = "__Host-timebank"
GOOD = "plum kettle oxbow"
EMAIL = "sam@example.org"


@pytest.fixture
def community(session: Session) -> Community:
    return make_community(session, slug="elm", name="Elm Street")


@pytest.fixture
def sam(session: Session, community: Community) -> Member:
    return make_member(session, community, sign_in_address=EMAIL)


def cookie_of(client: Client) -> str:
    cookie = client.get_cookie(COOKIE, domain="timebank.example")
    return cookie.value if cookie else ""


def put_cookie(client: Client, value: str) -> None:
    client.set_cookie(COOKIE, value, domain="timebank.example", secure=True)


def mailed_path(session: Session) -> str:
    mail = session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
    assert mail is not None
    [link] = [word for word in mail.body.split() if word.startswith(HOST)]
    return link.removeprefix(HOST)


def person_of(session: Session, member: Member) -> Person:
    assert member.person_id is not None
    return queries.person(session, member.person_id)


def give_password(session: Session, member: Member) -> None:
    assert member.person_id is not None
    person = queries.person(session, member.person_id)
    service.set_password(session, person, GOOD, keep_device_id=None, now=NOW)


def is_signed_in(pages: Pages, community: Community) -> bool:
    return pages.get(at(community, "/me")).h1 == "My page"


# --------------------------------------------------------------------------------- links


def test_a_mailed_link_signs_in_and_leads_to_the_page_that_was_wanted(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    pages.get(at(community, "/me/edit"))
    pages.follow("E-mail me a link")
    sent = pages.submit(email=" SAM@example.org ")
    assert sent.h1 == "Look at your e-mail"

    link = mailed_path(session)
    for _scanner in range(3):
        assert pages.get(link).h1 == "Sign in now?"
    arrived = pages.submit(button="Sign in")

    assert arrived.url == at(community, "/me/edit")
    used = pages.get(link, status=410)
    assert used.h1 == "This link is over"


def test_asvs_41_a_link_opened_by_a_program_is_not_used_up(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    pages.get("/sign-in/link")
    pages.submit(email=EMAIL)
    link = mailed_path(session)
    for method in ("GET", "HEAD", "OPTIONS"):
        pages.client.open(link, method=method)
    pages.get(link)
    pages.submit(button="Sign in")
    assert is_signed_in(pages, community)


def test_the_button_of_a_link_pressed_twice_ends_signed_in(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    pages.get("/sign-in/link")
    pages.submit(email=EMAIL)
    shown = pages.get(mailed_path(session))
    data = {str(tag["name"]): str(tag["value"]) for tag in shown.soup.select("main [value][name]")}
    data.pop("is_shared")
    before = cookie_of(pages.client)
    pages.post(shown.url, dict(data))
    # The browser dropped the first answer, and with it the cookie.
    put_cookie(pages.client, before)
    pages.post(shown.url, dict(data))
    assert is_signed_in(pages, community)


def test_asvs_40_asking_for_a_link_tells_nobody_who_exists(
    pages: Pages, session: Session, sam: Member
) -> None:
    answers = set()
    for email in (EMAIL, "nobody@example.org"):
        pages.get("/sign-in/link")
        page = pages.submit(email=email)
        answers.add((page.status, page.url, page.text))
    assert len(answers) == 1
    assert [mail.to_address for mail in session.scalars(select(OutboxMail))] == [EMAIL]


def test_asvs_37_links_are_not_mailed_again_and_again(
    pages: Pages, session: Session, sam: Member
) -> None:
    for email in (EMAIL, "nobody@example.org"):
        for _each in range(3):
            pages.get("/sign-in/link")
            pages.submit(email=email)
        pages.get("/sign-in/link")
        assert pages.submit(email=email, status=429).h1 == "Let us wait a moment"
    assert len(session.scalars(select(OutboxMail)).all()) == 3


@pytest.mark.parametrize("typed", ["sam at example", "sam@[example.org"])
def test_an_address_that_cannot_be_one_is_explained(pages: Pages, typed: str) -> None:
    pages.get("/sign-in/link")
    page = pages.submit(email=typed, status=422)
    assert page.mistakes == ["Enter an e-mail address like name@example.org."]
    assert page.one("#email")["value"] == typed


# ----------------------------------------------------------------------------- passwords


def test_a_password_signs_in(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    give_password(session, sam)
    pages.get("/sign-in/password")
    pages.submit(email=EMAIL, password=GOOD)
    assert is_signed_in(pages, community)


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@example.org", GOOD)])
def test_asvs_40_a_wrong_pair_gets_one_answer_and_no_password_back(
    pages: Pages, session: Session, sam: Member, email: str, password: str
) -> None:
    give_password(session, sam)
    pages.get("/sign-in/password")
    page = pages.submit(email=email, password=password, status=422)
    assert page.mistakes == ["This address and this password do not belong together. Check both."]
    assert page.one("#email")["value"] == email
    assert not page.one("#password").get("value")


def test_asvs_40_an_unknown_address_takes_as_long_as_a_known_one(
    session: Session, sam: Member
) -> None:
    give_password(session, sam)

    def seconds(email: str) -> float:
        # The processor's own time: other programs on this machine do not count.
        start = time.process_time()
        with pytest.raises(WrongSecretError):
            service.owner_of_password(session, email, "wrong")
        return time.process_time() - start

    pairs = [(seconds(EMAIL), seconds("nobody@example.org")) for _each in range(9)]
    known, unknown = (min(column) for column in zip(*pairs, strict=True))
    assert 0.7 < known / unknown < 1.4


def test_asvs_37_the_eleventh_bad_password_waits_even_if_it_is_right(
    pages: Pages, session: Session, sam: Member
) -> None:
    give_password(session, sam)
    for _each in range(10):
        pages.get("/sign-in/password")
        pages.submit(email=EMAIL, password="wrong", status=422)
    pages.get("/sign-in/password")
    page = pages.submit(email=EMAIL, password=GOOD, status=429)
    assert page.h1 == "Let us wait a moment"


def test_asvs_30_a_header_does_not_get_around_the_throttle(
    client: Client, session: Session, sam: Member
) -> None:
    statuses = set()
    for number in range(52):
        pages = Pages(client)
        pages.get("/sign-in/password")
        answer = client.post(
            "/sign-in/password",
            data={"email": f"{number}@example.org", "password": "x"} | token(pages),
            headers={"Referer": HOST, "X-Forwarded-For": f"192.0.2.{number}"},
        )
        statuses.add(answer.status_code)
    assert statuses == {422, 429}


def token(pages: Pages) -> dict[str, str]:
    assert pages.page is not None
    return {"csrf_token": str(pages.page.soup.select("[name=csrf_token]")[0]["value"])}


def test_choosing_a_password_needs_a_way_back_a_good_one_and_a_recent_sign_in(
    client: Client, pages: Pages, session: Session, community: Community
) -> None:
    bo = make_member(session, community)
    device = sign_in(client, session, bo)
    assert "confirm an e-mail address" in pages.get("/you/password")

    service.issue_card(session, bo, by=None, now=NOW)
    pages.get("/you/password")
    weak = pages.submit(new_password="password12", status=422)
    assert "Others would try this one" in weak.mistakes[0]
    short = pages.submit(new_password="plum", status=422)
    assert "at least 10 characters" in short.mistakes[0]
    pages.submit(new_password=GOOD)

    device.created_at = utc_now() - dt.timedelta(hours=1)
    pages.get("/you/password")
    wrong = pages.submit(password="wrong", new_password=f"{GOOD} two", status=422)
    assert wrong.mistakes == ["This is not your password now."]
    done = pages.submit(password=GOOD, new_password=f"{GOOD} two")
    assert "Your new password is set" in done


def test_asvs_36_a_first_password_needs_a_recent_sign_in(
    client: Client, pages: Pages, session: Session, sam: Member
) -> None:
    device = sign_in(client, session, sam)
    shown = pages.get("/you/password")
    device.created_at = utc_now() - dt.timedelta(hours=1)
    page = pages.post("/you/password", {"new_password": GOOD} | token(pages), status=422)
    assert "It is a while since you signed in" in page
    assert shown.one("#new_password")
    session.expire_all()
    assert person_of(session, sam).password_hash is None


# ------------------------------------------------------------------------------- sessions


def test_asvs_44_the_secret_is_new_at_each_sign_in_and_an_earlier_cookie_is_dead(
    pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    give_password(session, sam)
    pages.get("/sign-in/password")
    before = cookie_of(pages.client)
    pages.submit(email=EMAIL, password=GOOD)
    first = cookie_of(pages.client)
    put_cookie(pages.client, before)
    assert pages.get(at(community, "/me")).h1 == "Sign in"

    put_cookie(pages.client, first)
    pages.client.get("/you/devices")
    fresh = Pages(pages.client)
    fresh.get("/you/devices")
    with pages.client.session_transaction(base_url=HOST) as cookie:
        cookie["planted"] = "by somebody else"
    pages.get(at(community, "/card"))
    code = service.issue_card(session, sam, by=None, now=NOW)
    pages.submit(number="M1", code=code)
    with pages.client.session_transaction(base_url=HOST) as cookie:
        assert "planted" not in cookie
    put_cookie(pages.client, first)
    assert pages.get(at(community, "/me")).h1 == "Sign in"


def test_asvs_46_the_cookie_of_before_signing_out_opens_nothing(
    client: Client, pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    sign_in(client, session, sam)
    pages.get("/you/devices")
    kept = cookie_of(client)
    pages.submit(button="Sign out here")
    put_cookie(client, kept)
    assert pages.get(at(community, "/me")).h1 == "Sign in"


def test_asvs_57_signing_out_clears_the_browser(
    client: Client, pages: Pages, session: Session, sam: Member
) -> None:
    sign_in(client, session, sam)
    pages.get("/you/devices")
    answer = client.post("/sign-out", data=token(pages), headers={"Referer": HOST})
    assert answer.status_code == 303
    assert '"cookies"' in answer.headers["Clear-Site-Data"]
    assert pages.get(answer.location).h1 == "You are signed out"


def test_asvs_45_an_idle_device_is_signed_out(
    client: Client, pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    device = sign_in(client, session, sam)
    assert is_signed_in(pages, community)
    device.last_seen_at = utc_now() - dt.timedelta(days=31)
    assert pages.get(at(community, "/me")).h1 == "Sign in"


def test_a_device_in_use_is_seen_every_ten_minutes(
    client: Client, pages: Pages, session: Session, sam: Member
) -> None:
    device = sign_in(client, session, sam)
    lately, long_ago = (utc_now() - dt.timedelta(minutes=minutes) for minutes in (5, 15))
    for seen, kept in ((lately, True), (long_ago, False)):
        device.last_seen_at = seen
        pages.get("/you/devices")
        session.expire_all()
        assert (device.last_seen_at == seen) is kept


def test_asvs_47_one_sees_one_s_devices_and_signs_them_out(
    client: Client,
    pages: Pages,
    session: Session,
    community: Community,
    sam: Member,
    new_client: Callable[[], Client],
) -> None:
    first, second = Pages(new_client()), Pages(new_client())
    for browser in (client, first.client, second.client):
        sign_in(browser, session, sam)
    other = make_person(session)
    stranger = sign_in(new_client(), session, other)

    pages.get("/you/devices")
    pages.submit(button="Sign out there")
    pages.submit(button="Sign out everywhere else")

    for walk in (first, second):
        assert walk.get(at(community, "/me")).h1 == "Sign in"
    assert is_signed_in(pages, community)
    pages.get("/you/devices")
    pages.post(f"/you/devices/{stranger.id}/end", token(pages))
    session.expire_all()
    assert stranger.ended_at is None


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "/%09/evil.example\t",
        "/\t/evil.example",
        "@evil.example",
        "javascript:alert(1)",
        "/" + "x" * 600,
    ],
)
def test_asvs_28_after_signing_in_nobody_is_led_elsewhere(
    client: Client, session: Session, community: Community, sam: Member, wanted: str
) -> None:
    give_password(session, sam)
    pages = Pages(client)
    pages.get("/sign-in/password")
    answer = client.post(
        "/sign-in/password",
        data={"email": EMAIL, "password": GOOD, "next": wanted} | token(pages),
        headers={"Referer": HOST},
    )
    assert answer.status_code == 303
    assert answer.location == "/"


def test_who_is_signed_in_is_not_asked_again(
    client: Client, pages: Pages, session: Session, community: Community, sam: Member
) -> None:
    sign_in(client, session, sam)
    assert pages.get(f"/sign-in?next={at(community, '/me')}").h1 == "My page"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) Safari/605", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari/537", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537 Edg/130", "Edge on Windows"),
        ("something of 1999 for Windows", "Windows"),
        ("curl/8", "An unknown browser"),
    ],
)
def test_a_device_is_called_what_it_is(
    pages: Pages, session: Session, community: Community, sam: Member, said: str, words: str
) -> None:
    code = service.issue_card(session, sam, by=None, now=NOW)
    pages.get(at(community, "/card"))
    pages.client.environ_base["HTTP_USER_AGENT"] = said
    pages.submit(number="M1", code=code)
    page: Page = pages.get("/you/devices")
    assert words in page
