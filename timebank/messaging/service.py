"""Writing to each other, telling members things, and the tray of outgoing mail."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.errors import ThrottledError
from timebank.members.models import Member
from timebank.messaging import policy, queries
from timebank.messaging.errors import (
    BadHeaderError,
    EmptyMessageError,
    NobodyListensError,
    NothingToShareError,
)
from timebank.messaging.models import (
    TITLE_LENGTH_MAX,
    TOPICS,
    Conversation,
    MailChoice,
    Message,
    Notice,
    OutboxMail,
    Participant,
)

HOUR = dt.timedelta(hours=1)

# ------------------------------------------------------------------------ conversations


def begin_conversation(
    session: Session,
    community_id: uuid.UUID,
    *,
    between: tuple[Member, Member],
    title: str,
    about_kind: str | None = None,
    about_id: uuid.UUID | None = None,
    unnamed: Collection[uuid.UUID] = (),
    now: dt.datetime,
) -> Conversation:
    """Return the conversation of two members about a thing; the first call begins it.

    Two calls in the same instant end in one conversation: the second waits for the first and finds
    what it began.

    Args:
        session: The open unit of work; this function never commits it.
        community_id: Community of both members.
        between: The two, in any order.
        title: What it is about, in the words of whoever put that up; cut to fit.
        about_kind: Such as "listing"; None where the two just talk.
        about_id: Key of the thing it is about.
        unnamed: Ids of those who stay "a member" to the other until they share their name.
        now: Aware time of the beginning.
    """
    found = queries.conversation_between(session, community_id, between, about_id)
    if found is not None:
        return found
    conversation = Conversation(
        community_id=community_id,
        pair_key=policy.pair_key(between[0].id, between[1].id, about_id),
        title=title[:TITLE_LENGTH_MAX],
        about_kind=about_kind,
        about_id=about_id,
        begun_at=now,
        last_message_at=now,
    )
    try:
        with session.begin_nested():
            session.add(conversation)
    except IntegrityError:
        begun = queries.conversation_between(session, community_id, between, about_id)
        if begun is None:
            raise
        return begun
    session.add_all(
        Participant(
            community_id=community_id,
            conversation_id=conversation.id,
            member_id=member.id,
            is_unnamed=member.id in unnamed,
        )
        for member in between
    )
    session.flush()
    return conversation


def send(
    session: Session, conversation: Conversation, *, author: Member, body: str, now: dt.datetime
) -> Message:
    """Write a message and tell the others of it.

    Raises:
        ConversationNotFoundError: If the author has no part in the conversation.
        EmptyMessageError: If there are no words in it.
        NobodyListensError: If everybody else has left.
        ThrottledError: If the author wrote too many in the last hour.
    """
    if not body.strip():
        raise EmptyMessageError
    _hold_back(session, author, now)
    return _say(session, conversation, author, now, kind="words", body=body)


def share_contact(
    session: Session, conversation: Conversation, *, by: Member, field: str, now: dt.datetime
) -> Message:
    """Hand over one detail to the others of a conversation: "name", "email" or "phone".

    Raises:
        ConversationNotFoundError: If the member has no part in the conversation.
        NothingToShareError: If the member's page does not have that detail.
        NobodyListensError: If everybody else has left.
    """
    details = {"name": by.first_name, "email": by.email, "phone": by.phone}
    if not details.get(field):
        raise NothingToShareError(field)
    earlier = queries.shared_message(session, conversation, by, field)
    if earlier is not None:
        return earlier
    if field == "name":
        queries.participant(session, conversation, by).is_unnamed = False
    return _say(session, conversation, by, now, kind="shared", field=field)


def _say(
    session: Session,
    conversation: Conversation,
    author: Member,
    now: dt.datetime,
    *,
    kind: str,
    body: str = "",
    field: str | None = None,
) -> Message:
    own = queries.participant(session, conversation, author)
    listeners = [
        member
        for _side, member in queries.others(session, conversation, author)
        if member.state not in policy.GONE
    ]
    if not listeners:
        raise NobodyListensError
    message = Message(
        community_id=conversation.community_id,
        conversation_id=conversation.id,
        author_id=author.id,
        kind=kind,
        field=field,
        body=body,
        sent_at=now,
    )
    session.add(message)
    conversation.last_message_at = own.read_at = now
    for member in listeners:
        tell(
            session,
            member,
            topic="message",
            kind=_kind_of(conversation, own),
            facts={"name": author.first_name, "title": conversation.title},
            path=path_of(conversation),
            now=now,
        )
    return message


def _kind_of(conversation: Conversation, own: Participant) -> str:
    if own.is_unnamed:
        return "message unnamed"
    return "message" if conversation.title else "message plain"


def path_of(conversation: Conversation) -> str:
    """Return where a conversation is found, below its community's address."""
    return f"messages/{conversation.id}"


def _hold_back(session: Session, author: Member, now: dt.datetime) -> None:
    """Refuse a flood; people who talk never meet this."""
    written = queries.messages_since(session, author, now - HOUR)
    if written >= policy.MESSAGES_AN_HOUR_MAX:
        raise ThrottledError(int(HOUR.total_seconds()) // 4)


def mark_read(
    session: Session, conversation: Conversation, *, by: Member, now: dt.datetime
) -> None:
    """Note that a member has read a conversation to its end, and the notices that led to it."""
    queries.participant(session, conversation, by).read_at = now
    session.execute(
        sa.update(Notice)
        .where(
            Notice.community_id == by.community_id,
            Notice.member_id == by.id,
            Notice.read_at.is_(None),
            Notice.path == path_of(conversation),
        )
        .values(read_at=now)
    )


# ------------------------------------------------------------------------------ notices


def tell(
    session: Session,
    member: Member,
    *,
    topic: str,
    kind: str,
    facts: Mapping[str, Any],
    path: str,
    now: dt.datetime,
    once_key: str | None = None,
) -> uuid.UUID:
    """Tell a member something in the app, and by mail if they have an address and want that.

    While a notice of the same kind about the same thing lies unread, it is brought up to date and
    no second one is made; and no second mail either, for a day.

    Args:
        session: The open unit of work; this function never commits it.
        member: Who is told.
        topic: One of `messaging.models.TOPICS`; what a member can turn off mail for.
        kind: Which sentence; it was registered with `messaging.notices.say`.
        facts: What the sentence needs; plain JSON values.
        path: Where it leads: below the community's address, without a slash in front.
        now: Aware time of telling.
        once_key: If given, the mail is written at most once for this key.

    Returns:
        The id of the notice.
    """
    unread = queries.unread_notice(session, member, kind, path)
    news: dict[str, Any] = {"facts": dict(facts)}
    if unread is not None and now - unread.told_at < policy.QUIET_FOR:
        return _bring_up_to_date(session, member, unread.id, news)
    news["told_at"] = now
    if unread is not None:
        notice_id = _bring_up_to_date(session, member, unread.id, news)
    else:
        notice_id = new_id()
        key = {"community_id": member.community_id, "id": notice_id, "member_id": member.id}
        # Nearly everything that anybody does tells somebody, so the row goes in the short way.
        session.connection().execute(
            _NOTICE, key | {"topic": topic, "kind": kind, "path": path} | news
        )
    if policy.may_be_mailed(member) and queries.wants_mail(session, member, topic):
        _put_in_tray(
            session,
            OutboxMail(
                community_id=member.community_id,
                member_id=member.id,
                topic=topic,
                to_address=member.email,
                path=path,
                once_key=once_key,
                written_at=now,
                due_at=now,
            ),
        )
    return notice_id


_NOTICE = sa.insert(Notice)


def _bring_up_to_date(
    session: Session, member: Member, notice_id: uuid.UUID, news: Mapping[str, Any]
) -> uuid.UUID:
    session.execute(
        sa.update(Notice)
        .where(Notice.community_id == member.community_id, Notice.id == notice_id)
        .values(news)
    )
    return notice_id


def read_notice(
    session: Session, member: Member, notice_id: uuid.UUID, *, now: dt.datetime
) -> Notice:
    """Mark a notice as read and return it.

    Raises:
        NoticeNotFoundError: If it is not this member's.
    """
    notice = queries.notice(session, member, notice_id)
    notice.read_at = notice.read_at or now
    return notice


def read_all_notices(session: Session, member: Member, *, now: dt.datetime) -> None:
    """Mark every notice of a member as read."""
    session.execute(
        sa.update(Notice)
        .where(
            Notice.community_id == member.community_id,
            Notice.member_id == member.id,
            Notice.read_at.is_(None),
        )
        .values(read_at=now)
    )


def choose_mail(
    session: Session, member: Member, wanted: Collection[str], *, now: dt.datetime
) -> None:
    """Keep which topics a member wants mail about; every other topic is turned off."""
    chosen = queries.mail_choices(session, member)
    for topic in TOPICS:
        choice = chosen.get(topic)
        if choice is None:
            choice = MailChoice(
                community_id=member.community_id, member_id=member.id, topic=topic, wanted=True
            )
            session.add(choice)
        choice.wanted = topic in wanted
        choice.chosen_at = now


def stop_mail(session: Session, member: Member, topic: str, *, now: dt.datetime) -> None:
    """Turn off mail about one topic."""
    unwanted = queries.unwanted_topics(session, member) | {topic}
    choose_mail(session, member, frozenset(TOPICS) - unwanted, now=now)


# --------------------------------------------------------------------------------- mail


def write_mail(
    session: Session,
    *,
    to_address: str,
    subject: str,
    body: str,
    topic: str,
    now: dt.datetime,
    community_id: uuid.UUID | None = None,
    member_id: uuid.UUID | None = None,
    once_key: str | None = None,
) -> OutboxMail:
    """Put a mail into the tray, in the same transaction as what it tells of.

    Args:
        session: The open unit of work; this function never commits it.
        to_address: One address.
        subject: Neutral: no name of a person, nothing that tells what this is about.
        body: Plain text.
        topic: One of `messaging.models.TOPICS`, or another short word such as "sign in" for mail
            that cannot be turned off.
        now: Aware time of writing.
        community_id: Community that it comes from, if any.
        member_id: Member that it goes to; with a topic of TOPICS the mail can then be turned off.
        once_key: If given, there is at most one mail with this key; the earlier one is returned.

    Raises:
        BadHeaderError: If address or subject would break out of its line.
    """
    if not (policy.is_one_line(subject) and policy.is_address(to_address)):
        raise BadHeaderError
    mail = OutboxMail(
        community_id=community_id,
        member_id=member_id,
        topic=topic,
        once_key=once_key,
        to_address=to_address,
        subject=subject,
        body=body,
        written_at=now,
        due_at=now,
    )
    return _put_in_tray(session, mail)


def _put_in_tray(session: Session, mail: OutboxMail) -> OutboxMail:
    if mail.once_key is None:
        session.add(mail)
        return mail
    earlier = queries.mail_by_key(session, mail.once_key)
    if earlier is not None:
        return earlier
    try:
        with session.begin_nested():
            session.add(mail)
    except IntegrityError:
        # Another worker wrote the same mail in the meantime; that one counts.
        return queries.mail_by_key(session, mail.once_key) or mail
    return mail
