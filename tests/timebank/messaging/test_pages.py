"""Talks, notices, choices and the tray, page by page."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import at, make_community, make_member, sign_in
from tests.pages.page import Pages
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.members.models import Member
from timebank.messaging import emails, notices, queries, service
from timebank.messaging.models import Conversation, MailChoice, Message, Notice, OutboxMail

STATEMENTS_MAX = 12


@pytest.fixture
def place(session: Session) -> Community:
    return make_community(session, slug="harbour", name="Harbour time bank")


@pytest.fixture
def sam(session: Session, place: Community) -> Member:
    return make_member(session, place, first_name="Sam", email="sam@example.org", phone="0770 123")


@pytest.fixture
def eve(session: Session, place: Community) -> Member:
    return make_member(
        session, place, first_name="Eve", last_name="Hidden", email="eve@example.org", phone="0999"
    )


@pytest.fixture
def as_sam(client: Client, session: Session, sam: Member) -> Pages:
    sign_in(client, session, sam)
    return Pages(client)


@pytest.fixture
def as_eve(new_client: Callable[[], Client], session: Session, eve: Member) -> Pages:
    browser = new_client()
    sign_in(browser, session, eve)
    return Pages(browser)


def talk(session: Session, one: Member, other: Member, **options: object) -> Conversation:
    return service.begin_conversation(
        session,
        one.community_id,
        between=(one, other),
        title="A walk by the river",
        now=utc_now(),
        **options,  # type: ignore[arg-type]
    )


def say(session: Session, conversation: Conversation, author: Member, body: str) -> Message:
    return service.send(session, conversation, author=author, body=body, now=utc_now())


# ------------------------------------------------------------------------ conversations


def test_two_people_write_to_each_other(
    as_sam: Pages, as_eve: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    say(session, conversation, eve, "Shall we?\n\nOn Sunday.")
    page = as_sam.get(at(place, "/messages"))
    assert "Eve" in page
    assert "New" in page.all(".tag")
    page = as_sam.follow("Eve")
    assert page.h1 == "Eve"
    assert "Shall we? On Sunday." in page
    page = as_sam.submit(body=" ", status=422)
    assert page.mistakes == ["Write a few words first."]
    page = as_sam.submit(body="x" * 2001, status=422)
    assert "2000 characters" in page.mistakes[0]
    page = as_sam.submit(body="Yes, at ten")
    assert page.all(".bubble-who")[-1].startswith("You")
    page = as_sam.get(at(place, "/messages"))
    assert "You: Yes, at ten" in page
    assert page.all(".tag") == []
    assert "Yes, at ten" in as_eve.get(at(place, f"/messages/{conversation.id}"))


def test_nothing_is_new_once_it_is_read(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    say(session, conversation, eve, "Hello")
    as_sam.get(at(place, f"/messages/{conversation.id}"))
    as_sam.get(at(place, f"/messages/{conversation.id}"))
    assert queries.unread_count(session, sam) == 1
    page = as_sam.submit(button="I have read this")
    assert page.h1 == "Messages"
    assert page.all(".tag") == []
    session.rollback()
    assert queries.unread_count(session, sam) == 0


def test_asvs_51_how_to_reach_somebody_is_shown_when_they_share_it(
    as_sam: Pages, as_eve: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    address = at(place, f"/messages/{conversation.id}")
    for pages, hidden in ((as_sam, "0999"), (as_eve, "0770 123")):
        html = pages.get(address).html
        assert hidden not in html
        assert "Hidden" not in html
    as_sam.get(address)
    page = as_sam.submit(button="Share my phone number")
    assert "Shared." in page
    page = as_eve.get(address)
    assert "Phone: 0770 123" in page
    assert "sam@example.org" not in page.html
    sam.phone = "0770 456"
    assert "Phone: 0770 456" in as_eve.get(address)
    sam.phone = ""
    assert "taken off the page since" in as_eve.get(address)


def test_somebody_unnamed_shares_their_name(
    as_sam: Pages, as_eve: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve, unnamed={sam.id})
    say(session, conversation, sam, "Thank you for asking")
    address = at(place, f"/messages/{conversation.id}")
    page = as_eve.get(address)
    assert page.h1 == "A member"
    assert "Sam" not in page.html
    assert "Sam" not in as_eve.get(at(place, "/messages")).html
    assert "A member wrote to you" in as_eve.get(at(place, "/me/notices"))
    assert "not shown unless you share it" in as_sam.get(address)
    as_sam.submit(button="Share my name")
    assert as_eve.get(address).h1 == "Sam"


def test_a_made_up_detail_is_not_shared(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    address = at(place, f"/messages/{conversation.id}")
    page = as_sam.get(address)
    token = str(page.soup.select("input[name=csrf_token]")[0]["value"])
    for field in ("last_name", "number", ""):
        as_sam.post(f"{address}/share", {"csrf_token": token, "field": field}, status=422)
    assert session.scalars(sa.select(Message)).all() == []


def test_a_stranger_finds_no_talk(
    session: Session,
    place: Community,
    sam: Member,
    eve: Member,
    new_client: Callable[[], Client],
) -> None:
    conversation = talk(session, sam, eve)
    cora = make_member(session, place, first_name="Cora", roles=("coordinator",))
    browser = new_client()
    sign_in(browser, session, cora)
    Pages(browser).get(at(place, f"/messages/{conversation.id}"), status=404)


def test_a_long_talk_has_pages(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    for number in range(31):
        say(session, conversation, eve, f"number {number}.")
    page = as_sam.get(at(place, f"/messages/{conversation.id}"))
    assert "number 0." not in page
    assert page.text.index("number 29.") < page.text.index("number 30.")
    page = as_sam.follow("Earlier messages")
    assert "number 0." in page
    assert "I have read this" not in page
    assert "number 30." in as_sam.follow("Back to the newest message")


def test_sending_twice_says_it_once(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    address = at(place, f"/messages/{conversation.id}")
    page = as_sam.get(address)
    form = {
        str(tag["name"]): str(tag["value"])
        for tag in page.soup.select(f"form[action='{address}'] input[type=hidden]")
    }
    for _press in range(3):
        as_sam.post(address, {**form, "body": "Once"})
    assert session.scalars(sa.select(Message.body)).all() == ["Once"]
    page = as_sam.post(address, {**form, "body": "Something else"}, status=409)
    assert "already sent once" in page


def test_the_talk_ends_where_somebody_left(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    eve.state = "left"
    page = as_sam.get(at(place, f"/messages/{conversation.id}"))
    assert "has left" in page
    assert page.soup.select("textarea") == []


def test_without_any_talk_the_page_says_what_will_be_here(as_sam: Pages, place: Community) -> None:
    assert "No messages yet" in as_sam.get(at(place, "/messages"))


def test_a_member_writes_to_a_coordinator_and_to_nobody_else_out_of_the_blue(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    cora = make_member(session, place, first_name="Cora", roles=("coordinator",))
    gone = make_member(session, place, state="left", roles=("coordinator",))
    as_sam.get(at(place, "/messages"))
    page = as_sam.follow("Cora")
    assert page.h1 == "Write to Cora"
    assert as_sam.submit(body="", status=422).mistakes == ["Write a few words first."]
    page = as_sam.submit(body="May I drive somebody?")
    assert page.h1 == "Cora"
    [notice] = queries.notices(session, cora, after=None, limit=9)
    assert notices.words_of(notice) == "Sam wrote to you."
    assert as_sam.get(at(place, f"/messages/to/{cora.id}")).h1 == "Cora"
    for nobody in (eve.id, sam.id, gone.id, new_id()):
        as_sam.get(at(place, f"/messages/to/{nobody}"), status=404)


def test_a_coordinator_writes_to_anybody(
    session: Session, place: Community, eve: Member, new_client: Callable[[], Client]
) -> None:
    cora = make_member(session, place, first_name="Cora", roles=("coordinator",))
    browser = new_client()
    sign_in(browser, session, cora)
    pages = Pages(browser)
    pages.get(at(place, f"/messages/to/{eve.id}"))
    assert pages.submit(body="All well?").h1 == "Eve"


def test_many_talks_have_pages(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    for _each in range(21):
        talk(session, sam, eve, about_kind="listing", about_id=new_id())
    as_sam.get(at(place, "/messages"))
    assert len(as_sam.follow("More").all(".link-list li")) == 1


# ------------------------------------------------------------------------------ notices


def test_a_notice_is_opened_read_and_leads_on(
    as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    say(session, conversation, eve, "Hello")
    page = as_sam.get(at(place, "/me/notices"))
    assert "Eve wrote to you about “A walk by the river”." in page
    page = as_sam.submit(button="Open")
    assert page.h1 == "Eve"
    assert as_sam.get(at(place, "/me/notices")).all(".tag") == []


def test_all_notices_are_read_at_once(
    as_sam: Pages, session: Session, place: Community, sam: Member
) -> None:
    for number in range(22):
        service.tell(
            session,
            sam,
            topic="hours",
            kind=f"unheard of {number}",
            facts={},
            path="hours",
            now=utc_now(),
        )
    page = as_sam.get(at(place, "/me/notices"))
    assert "There is something new for you." in page
    assert len(page.all(".notice")) == 20
    assert len(as_sam.follow("More").all(".notice")) == 2
    page = as_sam.submit(button="Mark all as read")
    assert page.all(".tag") == []


def test_without_notices_the_page_says_what_will_be_here(as_sam: Pages, place: Community) -> None:
    assert "Nothing new" in as_sam.get(at(place, "/me/notices"))


def test_somebody_elses_notice_is_not_there(
    as_sam: Pages, session: Session, place: Community, eve: Member
) -> None:
    notice_id = service.tell(
        session, eve, topic="hours", kind="x", facts={}, path="hours", now=utc_now()
    )
    page = as_sam.get(at(place, "/me/notifications"))
    token = str(page.soup.select("input[name=csrf_token]")[0]["value"])
    as_sam.post(at(place, f"/me/notices/{notice_id}"), {"csrf_token": token}, status=404)
    session.rollback()
    assert queries.notice(session, eve, notice_id).read_at is None


def test_facts_in_a_notice_are_words_and_nothing_else(
    as_sam: Pages, session: Session, place: Community, sam: Member
) -> None:
    notices.say("a test of words", "About %(title)s.")
    service.tell(
        session,
        sam,
        topic="hours",
        kind="a test of words",
        facts={"title": "<script>%(x)s 100%</script>"},
        path="hours",
        now=utc_now(),
    )
    session.flush()
    notice = session.scalars(sa.select(Notice)).one()
    assert notices.words_of(notice) == "About <script>%(x)s 100%</script>."
    notice.facts = {"title": "<script>x</script>"}
    assert "<script>x" not in as_sam.get(at(place, "/me/notices")).html


# -------------------------------------------------------------------------- preferences


def test_a_member_chooses_what_comes_by_mail(
    as_sam: Pages, session: Session, place: Community, sam: Member
) -> None:
    page = as_sam.get(at(place, "/me/notifications"))
    ticked = [str(tag["value"]) for tag in page.soup.select("input[name=topics][checked]")]
    assert ticked == ["message", "exchange", "listing", "session", "hours", "membership"]
    page = as_sam.submit(topics=["message"])
    assert "Saved." in page
    ticked = [str(tag["value"]) for tag in page.soup.select("input[name=topics][checked]")]
    assert ticked == ["message"]
    session.rollback()
    unwanted = {"exchange", "listing", "session", "hours", "membership"}
    assert queries.unwanted_topics(session, sam) == unwanted
    token = str(page.one("main input[name=csrf_token]")["value"])
    as_sam.post(
        at(place, "/me/notifications"), {"csrf_token": token, "topics": ["secrets"]}, status=422
    )


def test_somebody_without_an_address_is_told_so(
    as_sam: Pages, place: Community, sam: Member
) -> None:
    sam.email = ""
    assert "There is no e-mail address on your page" in as_sam.get(at(place, "/me/notifications"))


# --------------------------------------------------------------------------- one click


def stop_path(app: Flask, session: Session, mail: OutboxMail) -> str:
    with app.test_request_context("/"):
        url = emails.letter_of(session, mail).stop_url
    assert url is not None
    return url.removeprefix("https://timebank.example")


@pytest.fixture
def mail(session: Session, sam: Member, eve: Member) -> OutboxMail:
    say(session, talk(session, sam, eve), eve, "Hello")
    return session.scalars(sa.select(OutboxMail)).one()


def test_one_click_stops_mail_without_a_cookie_a_token_or_a_redirect(
    app: Flask, client: Client, session: Session, sam: Member, mail: OutboxMail
) -> None:
    path = stop_path(app, session, mail)
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers or "session" not in str(answer.headers)
    session.rollback()
    assert queries.unwanted_topics(session, sam) == {"message"}
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_asvs_27_opening_the_address_changes_nothing_and_asks(
    app: Flask, pages: Pages, session: Session, sam: Member, mail: OutboxMail
) -> None:
    page = pages.get(stop_path(app, session, mail))
    assert page.h1 == "Stop this mail?"
    assert "Messages from other members" in page
    assert session.scalars(sa.select(MailChoice)).all() == []
    assert pages.submit(button="Yes, stop it").h1 == "No more mail about this"
    session.rollback()
    assert queries.unwanted_topics(session, sam) == {"message"}


def test_an_address_that_was_changed_stops_nothing(
    app: Flask, client: Client, session: Session, mail: OutboxMail
) -> None:
    path = stop_path(app, session, mail)
    # Not the last letter: some of its bits mean nothing.
    other = "A" if path[-5] != "A" else "B"
    for changed in (f"{path[:-5]}{other}{path[-4:]}", "/mail/stop/x", f"{path}x"):
        assert client.get(changed).status_code == 404
        assert client.post(changed).status_code == 404
    assert session.scalars(sa.select(MailChoice)).all() == []


# ----------------------------------------------------------------------------- the tray


def test_the_demo_shows_the_mail_it_would_have_sent(
    make_app: Callable[..., Flask], session: Session, place: Community, mail: OutboxMail
) -> None:
    app = make_app(demo=True)
    browser = Client(app, app.response_class, use_cookies=True)
    browser.arranged = session
    page = Pages(browser).get("/demo/mail")
    assert "You have a message" in page.all("h2")
    assert "sam@example.org" in page
    assert f"https://timebank.example/at/{place.slug}/messages/" in page
    assert "Eve" not in page.html


def test_the_demo_shows_how_a_mail_program_would_stop_such_mail(
    make_app: Callable[..., Flask], session: Session, mail: OutboxMail
) -> None:
    service.write_mail(
        session, to_address="a@example.org", subject="A link", body="", topic="in", now=utc_now()
    )
    browser = Client(app := make_app(demo=True), app.response_class, use_cookies=True)
    browser.arranged = session
    link, news = Pages(browser).get("/demo/mail").soup.select(".letter")
    assert "Stop such mail" not in link.get_text()
    url = f"https://timebank.example{stop_path(app, session, mail)}"
    assert f'<a href="{url}">Stop such mail<' in str(news)
    assert f"List-Unsubscribe: <{url}>" in news.get_text()
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in news.get_text()


def test_outside_the_demo_there_is_no_tray(pages: Pages, mail: OutboxMail) -> None:
    pages.get("/demo/mail", status=404)


def test_an_empty_tray_says_so(make_app: Callable[..., Flask], session: Session) -> None:
    app = make_app(demo=True)
    browser = Client(app, app.response_class, use_cookies=True)
    browser.arranged = session
    assert "No mail yet" in Pages(browser).get("/demo/mail")


# -------------------------------------------------------------------------------- speed


def test_pages_ask_little_of_the_database_however_much_there_is(
    engine: Engine, as_sam: Pages, session: Session, place: Community, sam: Member, eve: Member
) -> None:
    conversation = talk(session, sam, eve)
    say(session, conversation, eve, "Hello")
    paths = [
        at(place, path) for path in ("/messages", f"/messages/{conversation.id}", "/me/notices")
    ]
    session.commit()
    few = {path: statements(engine, as_sam, path) for path in paths}
    for _each in range(16):
        say(session, conversation, eve, "And another")
        say(session, talk(session, sam, eve, about_kind="x", about_id=new_id()), eve, "Hi")
    session.commit()
    many = {path: statements(engine, as_sam, path) for path in paths}
    assert many == few
    assert max(many.values()) <= STATEMENTS_MAX, many


def statements(engine: Engine, pages: Pages, path: str) -> int:
    counted: list[str] = []

    def count(*args: object) -> None:
        counted.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", count)
    try:
        pages.get(path)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len([each for each in counted if not re.match(r"BEGIN|SET", each)])
