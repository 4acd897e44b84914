"""Talking, sharing, telling, and the tray."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from timebank.db import new_id
from timebank.errors import ThrottledError
from timebank.members.models import Member
from timebank.messaging import policy, queries, service
from timebank.messaging.errors import (
    BadHeaderError,
    ConversationNotFoundError,
    EmptyMessageError,
    NobodyListensError,
    NothingToShareError,
    NoticeNotFoundError,
)
from timebank.messaging.models import TOPICS, Conversation, Message, OutboxMail

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
Act = Callable[[], object]


def two(session: Session) -> tuple[Member, Member]:
    place = make_community(session)
    sam = make_member(session, place, first_name="Sam", email="sam@example.org", phone="0123")
    return sam, make_member(session, place, first_name="Eve", email="eve@example.org")


def talk_of(session: Session, sam: Member, eve: Member, **options: object) -> Conversation:
    return service.begin_conversation(
        session,
        sam.community_id,
        between=(sam, eve),
        title="A walk",
        now=NOW,
        **options,  # type: ignore[arg-type]
    )


def mails(session: Session) -> list[OutboxMail]:
    return list(session.scalars(sa.select(OutboxMail).order_by(OutboxMail.id)))


def count(session: Session, model: type) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


# ------------------------------------------------------------------------ conversations


def test_two_people_have_one_talk_about_a_thing(session: Session) -> None:
    sam, eve = two(session)
    thing = new_id()
    talk = talk_of(session, sam, eve, about_kind="listing", about_id=thing)
    same = service.begin_conversation(
        session,
        sam.community_id,
        between=(eve, sam),
        title="Another title",
        about_kind="listing",
        about_id=thing,
        now=NOW,
    )
    assert same is talk
    assert talk_of(session, sam, eve) is not talk
    assert talk_of(session, sam, eve) is talk_of(session, eve, sam)


def test_a_message_reaches_the_other_and_says_nothing_outside(session: Session) -> None:
    sam, eve = two(session)
    talk = talk_of(session, sam, eve)
    service.send(session, talk, author=sam, body="See you at the gate", now=NOW)
    [mail] = mails(session)
    assert (mail.to_address, mail.topic) == ("eve@example.org", "message")
    assert mail.path == f"messages/{talk.id}"
    assert (mail.subject, mail.body) == ("", "")
    [notice] = queries.notices(session, eve, after=None, limit=9)
    assert notice.facts == {"name": "Sam", "title": "A walk"}
    assert queries.unread_count(session, eve) == 1
    assert queries.unread_count(session, sam) == 0


def test_an_empty_message_is_refused(session: Session) -> None:
    sam, eve = two(session)
    with pytest.raises(EmptyMessageError):
        service.send(session, talk_of(session, sam, eve), author=sam, body=" \n ", now=NOW)


def test_only_the_two_write_read_and_share(session: Session) -> None:
    sam, eve = two(session)
    place = make_community(session)
    stranger, elsewhere = make_member(session, place, phone="1"), make_member(session, place)
    talk = talk_of(session, sam, eve)
    acts: list[Act] = [
        lambda: service.send(session, talk, author=stranger, body="Hi", now=NOW),
        lambda: service.share_contact(session, talk, by=stranger, field="phone", now=NOW),
        lambda: service.mark_read(session, talk, by=stranger, now=NOW),
        lambda: queries.conversation(session, sam.community_id, talk.id, stranger),
        lambda: queries.conversation(session, place.id, talk.id, elsewhere),
    ]
    for act in acts:
        with pytest.raises(ConversationNotFoundError):
            act()
    assert count(session, Message) == 0


def test_nobody_writes_to_somebody_who_left(session: Session) -> None:
    sam, eve = two(session)
    talk = talk_of(session, sam, eve)
    eve.state = "left"
    with pytest.raises(NobodyListensError):
        service.send(session, talk, author=sam, body="Hello?", now=NOW)


def test_asvs_17_messages_are_so_many_an_hour_and_no_more(session: Session) -> None:
    sam, eve = two(session)
    talk = talk_of(session, sam, eve)
    for number in range(policy.MESSAGES_AN_HOUR_MAX):
        service.send(session, talk, author=sam, body=f"{number}", now=NOW)
    with pytest.raises(ThrottledError):
        service.send(session, talk, author=sam, body="and another", now=NOW)
    service.send(session, talk, author=eve, body="Let me answer", now=NOW)
    service.send(session, talk, author=sam, body="Later", now=NOW + HOUR)


def test_a_detail_is_shared_once_and_only_if_there_is_one(session: Session) -> None:
    sam, eve = two(session)
    talk = talk_of(session, sam, eve)
    shared = service.share_contact(session, talk, by=sam, field="phone", now=NOW)
    assert service.share_contact(session, talk, by=sam, field="phone", now=NOW) is shared
    assert (shared.kind, shared.field, shared.body) == ("shared", "phone", "")
    assert queries.shared_fields(session, talk, sam) == {"phone"}
    assert queries.shared_fields(session, talk, eve) == frozenset()
    for field in ("phone", "street"):
        with pytest.raises(NothingToShareError) as refused:
            service.share_contact(session, talk, by=eve, field=field, now=NOW)
        assert refused.value.field == field


def test_somebody_unnamed_is_named_by_their_own_act(session: Session) -> None:
    sam, eve = two(session)
    talk = talk_of(session, sam, eve, unnamed={sam.id})
    service.send(session, talk, author=sam, body="Hello", now=NOW)
    service.mark_read(session, talk, by=eve, now=NOW)
    service.share_contact(session, talk, by=sam, field="name", now=NOW)
    assert not queries.participant(session, talk, sam).is_unnamed
    kinds = [each.kind for each in queries.notices(session, eve, after=None, limit=9)]
    assert kinds == ["message", "message unnamed"]


def test_reading_a_talk_reads_its_notices_and_no_others(session: Session) -> None:
    sam, eve = two(session)
    talk = talk_of(session, sam, eve)
    other = talk_of(session, sam, eve, about_kind="listing", about_id=new_id())
    for each in (talk, other):
        service.send(session, each, author=sam, body="Hi", now=NOW)
    service.mark_read(session, talk, by=eve, now=NOW)
    assert queries.unread_count(session, eve) == 1
    unread = {
        each.conversation.id: each.is_unread
        for each in queries.summaries(session, eve, after=None, limit=9)
    }
    assert unread == {talk.id: False, other.id: True}
    service.send(session, talk, author=sam, body="Again", now=NOW + HOUR)
    assert queries.summaries(session, eve, after=None, limit=1)[0].is_unread


def test_talks_are_listed_the_liveliest_first_and_page_by_page(session: Session) -> None:
    sam, eve = two(session)
    talks = [
        talk_of(session, sam, eve, about_kind="listing", about_id=new_id()) for _each in range(4)
    ]
    silent = talk_of(session, sam, eve)
    for hours, number in ((1, 2), (2, 0), (3, 3), (3, 1)):
        body = f"message {number}"
        service.send(session, talks[number], author=sam, body=body, now=NOW + hours * HOUR)
    first = queries.summaries(session, eve, after=None, limit=2)
    second = queries.summaries(session, eve, after=first[-1].conversation.id, limit=9)
    found = [each.conversation.id for each in (*first, *second)]
    assert sorted(found[:2]) == sorted([talks[1].id, talks[3].id])
    assert found[2:] == [talks[0].id, talks[2].id, silent.id]
    assert second[-1].last is None
    assert first[0].others[0][1] is sam
    assert [each.body for each in queries.messages(session, talks[0], before=None, limit=9)] == [
        "message 0"
    ]


def test_older_messages_are_a_page_further(session: Session) -> None:
    sam, eve = two(session)
    talk = talk_of(session, sam, eve)
    sent = [
        service.send(session, talk, author=sam, body=f"{number}", now=NOW) for number in range(4)
    ]
    session.flush()
    older = queries.messages(session, talk, before=sent[2].id, limit=9)
    assert [message.body for message in older] == ["1", "0"]


# ------------------------------------------------------------------------------ notices


def tell(session: Session, member: Member, *, now: dt.datetime = NOW, **facts: object) -> UUID:
    options = {"topic": "exchange", "kind": "agreed", "path": "exchanges/1"} | facts
    return service.tell(session, member, facts={"name": "Eve"}, now=now, **options)  # type: ignore[arg-type]


def test_an_unread_notice_is_brought_up_to_date_and_brings_no_second_mail(
    session: Session,
) -> None:
    sam, _eve = two(session)
    first = tell(session, sam)
    assert tell(session, sam, now=NOW + HOUR) == first
    assert queries.notice(session, sam, first).told_at == NOW
    assert len(mails(session)) == 1
    assert tell(session, sam, kind="changed") != first
    assert tell(session, sam, now=NOW + DAY) == first
    assert queries.notice(session, sam, first).told_at == NOW + DAY
    assert len(mails(session)) == 3
    service.read_notice(session, sam, first, now=NOW + DAY)
    assert tell(session, sam, now=NOW + DAY) != first


def test_mail_goes_only_where_there_is_an_address_a_person_and_a_wish(session: Session) -> None:
    sam, eve = two(session)
    eve.state = "left"
    tell(session, eve)
    without = make_member(session, make_community(session))
    tell(session, without)
    service.choose_mail(session, sam, {"message"}, now=NOW)
    tell(session, sam)
    assert mails(session) == []
    tell(session, sam, topic="message", kind="message")
    assert len(mails(session)) == 1


def test_choices_are_kept_topic_by_topic(session: Session) -> None:
    sam, _eve = two(session)
    assert queries.unwanted_topics(session, sam) == frozenset()
    service.stop_mail(session, sam, "listing", now=NOW)
    service.stop_mail(session, sam, "message", now=NOW)
    assert queries.unwanted_topics(session, sam) == {"listing", "message"}
    service.choose_mail(session, sam, TOPICS, now=NOW)
    assert queries.unwanted_topics(session, sam) == frozenset()


def test_a_notice_is_read_by_whom_it_is_for(session: Session) -> None:
    sam, eve = two(session)
    notice = tell(session, sam)
    with pytest.raises(NoticeNotFoundError):
        service.read_notice(session, eve, notice, now=NOW)
    with pytest.raises(NoticeNotFoundError):
        service.read_notice(session, sam, new_id(), now=NOW)
    assert service.read_notice(session, sam, notice, now=NOW).read_at == NOW
    assert service.read_notice(session, sam, notice, now=NOW + DAY).read_at == NOW
    tell(session, sam)
    tell(session, eve)
    service.read_all_notices(session, sam, now=NOW)
    assert (queries.unread_count(session, sam), queries.unread_count(session, eve)) == (0, 1)
    older = queries.notices(session, sam, after=None, limit=1)
    assert [each.id for each in queries.notices(session, sam, after=older[0].id, limit=9)] == [
        notice
    ]


# --------------------------------------------------------------------------------- mail


def write(session: Session, **options: object) -> OutboxMail:
    values = {"to_address": "sam@example.org", "subject": "Hello", "body": "Words", "topic": "x"}
    return service.write_mail(session, now=NOW, **(values | options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "Hello\r\nBcc: all@example.org"},
        {"subject": "Hello\nthere"},
        {"subject": "a\x00b"},
        {"subject": "a\u2028b"},
        {"to_address": "sam@example.org\nBcc: eve@example.org"},
        {"to_address": "sam@example.org, eve@example.org"},
        {"to_address": "sam"},
        {"to_address": "@example.org"},
        {"to_address": "sam@"},
        {"to_address": "a@b@c"},
        {"to_address": "Sam <sam@example.org>"},
    ],
)
def test_asvs_09_a_header_stays_in_its_line(session: Session, bad: dict[str, object]) -> None:
    with pytest.raises(BadHeaderError):
        write(session, **bad)


def test_a_mail_with_a_key_is_written_once(session: Session) -> None:
    sam, _eve = two(session)
    first = write(session, once_key="hello-1")
    session.flush()
    assert write(session, once_key="hello-1") is first
    tell(session, sam, once_key="ends-1")
    tell(session, sam, kind="other", once_key="ends-1")
    assert len(mails(session)) == 2


def test_two_workers_that_write_the_same_mail_leave_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(session, once_key="hello-1")
    session.flush()
    found = iter([None, first])
    monkeypatch.setattr(queries, "mail_by_key", lambda *_args: next(found))
    assert write(session, once_key="hello-1") is first
    assert len(mails(session)) == 1
