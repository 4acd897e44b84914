"""Mail that waits in the tray goes out: once, again where it did not work, and never held up."""

import datetime as dt
from collections.abc import Callable, Iterator
from threading import Timer

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.messaging.test_service import DAY, HOUR, mails, write
from timebank.db import db
from timebank.messaging import delivery, emails, policy, queries
from timebank.messaging.errors import MailRefusedError
from timebank.messaging.models import OutboxMail


def deliver(app: Flask, now: dt.datetime, send: Callable[[OutboxMail], None]) -> int:
    """Let a worker do one round."""
    with app.app_context():
        return delivery.deliver_due(clock=lambda: now, send=send)


@pytest.fixture
def strict(engine: Engine) -> Iterator[Engine]:
    """Make every transaction serializable, as a server can be set; SQLite knows nothing less."""

    def be_strict(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")

    event.listen(engine, "begin", be_strict)
    yield engine
    event.remove(engine, "begin", be_strict)


def test_mail_that_is_due_goes_out_once(app: Flask, session: Session) -> None:
    write(session)
    later = write(session)
    later.due_at = NOW + HOUR
    session.commit()
    sent: list[str] = []
    deliver(app, NOW, lambda mail: sent.append(mail.to_address))
    deliver(app, NOW, lambda mail: sent.append(mail.to_address))
    assert sent == ["sam@example.org"]
    assert sorted(mail.state for mail in mails(session)) == ["sent", "waiting"]


def test_a_mail_is_tried_again_after_longer_and_longer_and_then_given_up(
    app: Flask, session: Session
) -> None:
    write(session)
    session.commit()

    def fail(_mail: OutboxMail) -> None:
        raise ConnectionRefusedError(111, "refused")

    now, tries = NOW, []
    for _try in range(policy.TRIES_MAX):
        assert deliver(app, now, fail) == 0
        [mail] = mails(session)
        tries.append(mail.due_at - now)
        now = mail.due_at
        session.rollback()
    assert tries[:4] == [dt.timedelta(minutes=each) for each in (1, 4, 16, 64)]
    assert (mail.state, mail.attempts) == ("given up", policy.TRIES_MAX)
    assert mail.last_error == "ConnectionRefusedError 111"
    assert deliver(app, now + DAY, fail) == 0
    assert max(policy.pause_after(each) for each in range(1, 9)) == policy.PAUSE_MAX


def test_a_mail_that_is_refused_for_good_is_given_up_at_once(app: Flask, session: Session) -> None:
    write(session)
    session.commit()

    def refuse(_mail: OutboxMail) -> None:
        raise MailRefusedError

    deliver(app, NOW, refuse)
    [mail] = mails(session)
    assert (mail.state, mail.attempts) == ("given up", 1)


def test_a_mail_that_cannot_be_put_into_words_holds_up_no_other(
    app: Flask, session: Session
) -> None:
    """An address can be one that the mail library stumbles over."""
    write(session).to_address = "odd@[example.org"
    write(session)
    session.commit()
    sent: list[str] = []

    def send(mail: OutboxMail) -> None:
        emails.message_of(db.session(), mail, "bank@timebank.example")
        sent.append(mail.to_address)

    assert deliver(app, NOW, send) == 1
    assert sent == ["sam@example.org"]
    assert sorted(mail.state for mail in mails(session)) == ["sent", "waiting"]


def test_a_mail_that_one_worker_holds_is_left_alone_until_the_lease_ends(
    app: Flask, session: Session
) -> None:
    write(session)
    session.commit()

    def die(_mail: OutboxMail) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(app, NOW, die)
    sent: list[OutboxMail] = []
    deliver(app, NOW + dt.timedelta(minutes=1), sent.append)
    assert sent == []
    deliver(app, NOW + policy.LEASE, sent.append)
    assert len(sent) == 1


def test_a_slow_mail_server_takes_no_time_from_the_mails_that_wait_behind(
    app: Flask, session: Session
) -> None:
    """Each has its whole lease from its turn on, and was tried only if it was."""
    for _mail in range(3):
        write(session)
    session.commit()
    now, held = NOW, []

    def send(mail: OutboxMail) -> None:
        nonlocal now
        held.append((now + policy.LEASE, [each.leased_until for each in mails(session)]))
        session.rollback()
        if len(held) > 1:
            raise KeyboardInterrupt
        now += policy.LEASE - dt.timedelta(seconds=1)

    with app.app_context(), pytest.raises(KeyboardInterrupt):
        delivery.deliver_due(clock=lambda: now, send=send)
    (first, one), (second, two) = held
    assert (one, two) == ([first, None, None], [None, second, None])
    assert [mail.attempts for mail in mails(session)] == [1, 1, 0]


def test_while_a_mail_is_on_its_way_others_may_write(app: Flask, session: Session) -> None:
    write(session)
    session.commit()

    def send(_mail: OutboxMail) -> None:
        assert not db.session().in_transaction()

    assert deliver(app, NOW, send) == 1


def test_a_mail_that_somebody_else_touches_while_it_goes_out_goes_out_once(
    app: Flask, strict: Engine, session: Session
) -> None:
    """Whoever is strict refuses the note that it went out; the note is then made anew."""
    write(session)
    session.commit()
    sent: list[str] = []

    def send(mail: OutboxMail) -> None:
        sent.append(mail.to_address)
        session.execute(sa.update(OutboxMail).values(body="forgotten"))
        Timer(0.3, session.commit).start()

    assert deliver(app, NOW, send) == 1
    assert deliver(app, NOW + policy.LEASE, lambda mail: sent.append(mail.to_address)) == 0
    assert sent == ["sam@example.org"]
    [mail] = mails(session)
    assert (mail.state, mail.body) == ("sent", "forgotten")


def test_a_mail_that_somebody_else_touched_while_it_was_taken_goes_out_at_once(
    app: Flask, strict: Engine, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    if strict.dialect.name == "sqlite":
        # Nobody else writes while a mail is taken.
        return
    write(session)
    session.commit()
    next_due_mail, looks = queries.next_due_mail, []

    def look(worker: Session, now: dt.datetime) -> object:
        looks.append(now)
        if len(looks) == 1:
            worker.execute(sa.select(OutboxMail.id))
            session.execute(sa.update(OutboxMail).values(body="forgotten"))
            session.commit()
        return next_due_mail(worker, now)

    monkeypatch.setattr(queries, "next_due_mail", look)
    sent: list[OutboxMail] = []
    assert deliver(app, NOW, sent.append) == 1
    # Once in vain, once with it, and once more to see that there is no other.
    assert (len(looks), [mail.body for mail in sent]) == (3, ["forgotten"])
