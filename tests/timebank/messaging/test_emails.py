"""Mail in words, and its way to a mail server."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from timebank import worker
from timebank.db import db
from timebank.messaging import emails, service
from timebank.messaging.errors import MailRefusedError
from timebank.messaging.models import TOPICS, OutboxMail

SENDER = "bank@timebank.example"


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def mail(session: Session) -> OutboxMail:
    place = make_community(session, slug="recovery-friends", name="Recovery friends")
    sam = make_member(session, place, first_name="Sam", email="sam@example.org")
    eve = make_member(session, place, first_name="Eve")
    talk = service.begin_conversation(
        session, place.id, between=(sam, eve), title="After detox", now=NOW
    )
    service.send(session, talk, author=eve, body="Very private", now=NOW)
    session.commit()
    found = session.query(OutboxMail).one()
    assert found.path is not None
    return found


@pytest.mark.usefixtures("in_app")
def test_a_mail_says_only_that_something_waits(session: Session, mail: OutboxMail) -> None:
    letter = emails.letter_of(session, mail)
    assert letter.subject == "You have a message"
    assert f"https://timebank.example/at/recovery-friends/{mail.path}" in letter.body
    assert "/at/recovery-friends/me/notifications" in letter.body
    for secret in ("Eve", "Sam", "Very private", "After detox", "Recovery friends"):
        assert secret not in letter.subject + letter.body


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("topic", TOPICS)
def test_every_subject_is_neutral(topic: str) -> None:
    with force_locale("en"):
        subject = emails.subject_of(topic)
    assert subject in {
        "You have a message",
        "You have a task",
        "A small reminder",
        "There is news for you",
    }


@pytest.mark.usefixtures("in_app")
def test_a_mail_carries_what_one_click_needs(session: Session, mail: OutboxMail) -> None:
    message = emails.message_of(session, mail, SENDER)
    letter = emails.letter_of(session, mail)
    assert message["List-Unsubscribe"] == f"<{letter.stop_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == "sam@example.org"
    assert message["Message-ID"] == f"<{mail.id}@timebank.example>"
    assert max(len(line) for line in message.as_bytes().split(b"\r\n")) <= 998
    token = str(letter.stop_url).rpartition("/")[2]
    wish = emails.read_stop(token)
    assert wish is not None
    assert (wish.member_id, wish.topic) == (mail.member_id, "message")
    assert emails.read_stop("nonsense") is None


@pytest.mark.usefixtures("in_app")
def test_mail_that_signs_in_cannot_be_turned_off(session: Session) -> None:
    mail = service.write_mail(
        session,
        to_address="sam@example.org",
        subject="Your link",
        body="Here it is: ø & <b>",
        topic="sign in",
        now=NOW,
    )
    session.flush()
    message = emails.message_of(session, mail, SENDER)
    assert "List-Unsubscribe" not in message
    assert message.get_content().strip() == "Here it is: ø & <b>"


@pytest.mark.usefixtures("in_app")
def test_asvs_09_a_header_that_breaks_out_is_never_sent(session: Session) -> None:
    for bad in (
        {"to_address": "sam@example.org\r\nBcc: all@example.org", "subject": "Hi"},
        {"to_address": "sam@example.org", "subject": "Hi\r\nBcc: all@example.org"},
    ):
        mail = OutboxMail(topic="x", body="", written_at=NOW, path=None, **bad)
        with pytest.raises(MailRefusedError):
            emails.message_of(session, mail, SENDER)


# ------------------------------------------------------------------------ a mail server


class Server:
    """A mail server of the tests: says what it was told to say, and keeps what it heard."""

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.answers = answers or {}
        self.heard: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _address = self._socket.accept()
        with connection, connection.makefile("rwb") as stream:

            def say(words: str) -> None:
                stream.write(words.encode() + b"\r\n")
                stream.flush()

            say("220 here")
            in_words = False
            for line in stream:
                text = line.decode().rstrip("\r\n")
                self.heard.append(text)
                if in_words:
                    in_words = text != "."
                    if not in_words:
                        say(self.answers.get(".", "250 kept"))
                    continue
                verb = text.split(" ")[0].upper()
                in_words = verb == "DATA"
                known = {"DATA": "354 go on", "QUIT": "221 bye", "EHLO": "250 here"}
                say(self.answers.get(verb, known.get(verb, "250 fine")))

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def begin(answers: dict[str, str] | None = None) -> Server:
        servers.append(Server(answers))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


def send_through(
    make_app: Callable[..., Flask], session: Session, url: str, mail: OutboxMail
) -> None:
    app = make_app(mail_url=url, mail_sender=SENDER)
    with app.app_context():
        send = emails.sender_to(session, app.config["SETTINGS"])
        assert send is not None
        send(mail)


def test_a_mail_reaches_the_server(
    make_app: Callable[..., Flask],
    session: Session,
    mail: OutboxMail,
    serve: Callable[..., Server],
) -> None:
    server = serve()
    send_through(make_app, session, server.url, mail)
    assert "Subject: You have a message" in server.heard
    assert any(line.upper().startswith("RCPT TO:<SAM@EXAMPLE.ORG>") for line in server.heard)


def test_the_worker_sends_what_waits(
    make_app: Callable[..., Flask],
    session: Session,
    mail: OutboxMail,
    serve: Callable[..., Server],
) -> None:
    session.commit()
    app = make_app(mail_url=serve().url, mail_sender=SENDER)
    [job] = [each for each in worker.jobs() if each.name == "mail goes out"]
    with app.app_context():
        assert job.work(NOW) == 1
        db.session.remove()
    session.refresh(mail)
    assert (mail.state, mail.attempts) == ("sent", 1)


def test_the_worker_leaves_mail_in_the_tray_where_there_is_no_server(
    app: Flask, session: Session, mail: OutboxMail
) -> None:
    session.commit()
    [job] = [each for each in worker.jobs() if each.name == "mail goes out"]
    with app.app_context():
        assert job.work(NOW) == 0
    session.refresh(mail)
    assert mail.state == "waiting"


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ({"RCPT": "550 nobody here"}, MailRefusedError),
        ({"RCPT": "450 come back later"}, smtplib.SMTPRecipientsRefused),
        ({".": "554 not this"}, MailRefusedError),
        ({".": "451 not now"}, smtplib.SMTPResponseException),
        ({"MAIL": "553 not you"}, MailRefusedError),
    ],
)
def test_a_server_says_no_for_good_or_for_now(
    make_app: Callable[..., Flask],
    session: Session,
    mail: OutboxMail,
    serve: Callable[..., Server],
    answers: dict[str, str],
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        send_through(make_app, session, serve(answers).url, mail)


@pytest.mark.parametrize("words", ["421 too busy to say goodbye", "500 what"])
def test_a_server_that_has_the_mail_may_say_goodbye_as_it_likes(
    make_app: Callable[..., Flask],
    session: Session,
    mail: OutboxMail,
    serve: Callable[..., Server],
    words: str,
) -> None:
    send_through(make_app, session, serve({"QUIT": words}).url, mail)


def test_a_wrong_password_is_not_the_mails_fault(
    make_app: Callable[..., Flask],
    session: Session,
    mail: OutboxMail,
    serve: Callable[..., Server],
) -> None:
    server = serve({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 who are you"})
    url = server.url.replace("smtp://", "smtp://bank:p%40ss@")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send_through(make_app, session, url, mail)


def test_a_server_that_is_away_is_tried_again_later(
    make_app: Callable[..., Flask], session: Session, mail: OutboxMail
) -> None:
    with pytest.raises(OSError, match="refused"):
        send_through(make_app, session, "smtp://127.0.0.1:9", mail)
    with pytest.raises(OSError, match="refused"):
        send_through(make_app, session, "smtps://127.0.0.1:9", mail)


def test_without_a_mail_server_the_tray_keeps_everything(app: Flask, session: Session) -> None:
    assert emails.sender_to(session, app.config["SETTINGS"]) is None
