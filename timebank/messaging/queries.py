"""Finding conversations, messages, notices and mail."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from timebank.members.models import Member
from timebank.messaging.errors import ConversationNotFoundError, NoticeNotFoundError
from timebank.messaging.models import (
    Conversation,
    MailChoice,
    Message,
    Notice,
    OutboxMail,
    Participant,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation as its line in a member's list.

    Attributes:
        conversation: The conversation.
        others: The other sides, with their members.
        last: Its newest message, or None before the first.
        is_unread: Whether somebody wrote since this member last read it.
    """

    conversation: Conversation
    others: Sequence[tuple[Participant, Member]]
    last: Message | None
    is_unread: bool


# ------------------------------------------------------------------------ conversations


def conversation(
    session: Session, community_id: uuid.UUID, conversation_id: uuid.UUID, member: Member
) -> Conversation:
    """Return a conversation that the member has a part in.

    Raises:
        ConversationNotFoundError: If there is none, or the member has no part in it.
    """
    found = session.get(Conversation, (community_id, conversation_id))
    if found is None:
        raise ConversationNotFoundError
    participant(session, found, member)
    return found


def participant(session: Session, conversation: Conversation, member: Member) -> Participant:
    """Return a member's side of a conversation.

    Raises:
        ConversationNotFoundError: If the member has no part in it.
    """
    side = session.scalar(
        sa.select(Participant).where(
            Participant.community_id == conversation.community_id,
            Participant.conversation_id == conversation.id,
            Participant.member_id == member.id,
        )
    )
    if side is None:
        raise ConversationNotFoundError
    return side


def others(
    session: Session, conversation: Conversation, member: Member
) -> Sequence[tuple[Participant, Member]]:
    """Return the other sides of a conversation with their members, in no order that matters."""
    return _others(session, member, [conversation.id])


def _others(
    session: Session, member: Member, conversation_ids: Sequence[uuid.UUID]
) -> list[tuple[Participant, Member]]:
    rows = session.execute(
        sa.select(Participant, Member)
        .join(
            Member,
            (Member.community_id == Participant.community_id)
            & (Member.id == Participant.member_id),
        )
        .where(
            Participant.community_id == member.community_id,
            Participant.conversation_id.in_(conversation_ids),
            Participant.member_id != member.id,
        )
    )
    return [(side, other) for side, other in rows]


def conversation_between(
    session: Session,
    community_id: uuid.UUID,
    between: tuple[Member, Member],
    about_id: uuid.UUID | None,
) -> Conversation | None:
    """Return the conversation of two members about a thing, or None."""
    one, other = aliased(Participant), aliased(Participant)
    return session.scalar(
        sa.select(Conversation)
        .join(one, _sides(one) & (one.member_id == between[0].id))
        .join(other, _sides(other) & (other.member_id == between[1].id))
        .where(
            Conversation.community_id == community_id,
            Conversation.about_id.is_(None)
            if about_id is None
            else Conversation.about_id == about_id,
        )
        .order_by(Conversation.id)
        .limit(1)
    )


def _sides(side: type[Participant]) -> sa.ColumnElement[bool]:
    return (side.community_id == Conversation.community_id) & (
        side.conversation_id == Conversation.id
    )


def summaries(
    session: Session, member: Member, *, after: uuid.UUID | None, limit: int
) -> list[Summary]:
    """Return up to `limit` conversations of a member, the liveliest first.

    Args:
        session: The session to read with.
        member: Whose conversations.
        after: Id of the conversation that the page before ended with.
        limit: How many at most.
    """
    newest = (Conversation.last_message_at, Conversation.id)
    select = (
        sa.select(Conversation, Participant)
        .join(Participant, _sides(Participant))
        .where(Conversation.community_id == member.community_id, Participant.member_id == member.id)
        .order_by(*(column.desc() for column in newest))
        .limit(limit)
    )
    if after is not None:
        last = conversation(session, member.community_id, after, member)
        select = select.where(
            sa.tuple_(*newest)
            < sa.tuple_(
                sa.literal(last.last_message_at, Conversation.last_message_at.type),
                sa.literal(last.id, Conversation.id.type),
            )
        )
    rows = session.execute(select).all()
    ids = [found.id for found, _own in rows]
    sides = _others(session, member, ids)
    last_messages = _last_messages(session, member.community_id, ids)
    return [
        Summary(
            found,
            [(side, other) for side, other in sides if side.conversation_id == found.id],
            last_messages.get(found.id),
            is_unread(own, last_messages.get(found.id)),
        )
        for found, own in rows
    ]


def _last_messages(
    session: Session, community_id: uuid.UUID, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, Message]:
    newest = (
        sa.select(Message.id)
        .where(
            Message.community_id == community_id,
            Message.conversation_id == Conversation.id,
        )
        .order_by(Message.id.desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    found = session.scalars(
        sa.select(Message)
        .join(
            Conversation,
            (Conversation.community_id == Message.community_id) & (Message.id == newest),
        )
        .where(Conversation.community_id == community_id, Conversation.id.in_(ids))
    )
    return {message.conversation_id: message for message in found}


def is_unread(own: Participant, last: Message | None) -> bool:
    """Tell whether the newest message came from somebody else after this side last read."""
    if last is None or last.author_id == own.member_id:
        return False
    return own.read_at is None or own.read_at < last.sent_at


def messages(
    session: Session, conversation: Conversation, *, before: uuid.UUID | None, limit: int
) -> Sequence[Message]:
    """Return up to `limit` messages of a conversation, the newest first."""
    select = (
        sa.select(Message)
        .where(
            Message.community_id == conversation.community_id,
            Message.conversation_id == conversation.id,
        )
        .order_by(Message.id.desc())
        .limit(limit)
    )
    if before is not None:
        select = select.where(Message.id < before)
    return session.scalars(select).all()


def shared_message(
    session: Session, conversation: Conversation, member: Member, field: str
) -> Message | None:
    """Return the message by which a member shared a detail in a conversation, or None."""
    return session.scalar(
        sa.select(Message).where(
            Message.community_id == conversation.community_id,
            Message.conversation_id == conversation.id,
            Message.author_id == member.id,
            Message.field == field,
        )
    )


def shared_fields(session: Session, conversation: Conversation, member: Member) -> frozenset[str]:
    """Name the details that a member has shared in a conversation."""
    return frozenset(
        field
        for field in session.scalars(
            sa.select(Message.field).where(
                Message.community_id == conversation.community_id,
                Message.conversation_id == conversation.id,
                Message.author_id == member.id,
                Message.field.is_not(None),
            )
        )
        if field is not None
    )


def messages_since(session: Session, author: Member, since: dt.datetime) -> int:
    """Count what a member wrote after a moment, in every conversation."""
    count = session.scalar(
        sa.select(sa.func.count()).where(
            Message.community_id == author.community_id,
            Message.author_id == author.id,
            Message.sent_at > since,
        )
    )
    return count or 0


# ------------------------------------------------------------------------------ notices


# Asked on every page, so it is put together once.
_UNREAD = sa.select(sa.func.count()).where(
    Notice.community_id == sa.bindparam("community_id"),
    Notice.member_id == sa.bindparam("member_id"),
    Notice.read_at.is_(None),
)


def unread_count(session: Session, member: Member) -> int:
    """Count the notices a member has not opened yet."""
    asked = {"community_id": member.community_id, "member_id": member.id}
    return session.scalar(_UNREAD, asked) or 0


def notices(
    session: Session, member: Member, *, after: uuid.UUID | None, limit: int
) -> Sequence[Notice]:
    """Return up to `limit` notices of a member, the newest first."""
    select = (
        sa.select(Notice)
        .where(Notice.community_id == member.community_id, Notice.member_id == member.id)
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    if after is not None:
        select = select.where(Notice.id < after)
    return session.scalars(select).all()


def notice(session: Session, member: Member, notice_id: uuid.UUID) -> Notice:
    """Return a member's notice.

    Raises:
        NoticeNotFoundError: If it is not this member's.
    """
    found = session.get(Notice, (member.community_id, notice_id))
    if found is None or found.member_id != member.id:
        raise NoticeNotFoundError
    return found


# Asked whenever anybody is told anything, so it is put together once.
_UNREAD_NOTICE = (
    sa.select(Notice.id, Notice.told_at)
    .where(
        Notice.community_id == sa.bindparam("community_id"),
        Notice.member_id == sa.bindparam("member_id"),
        Notice.read_at.is_(None),
        Notice.kind == sa.bindparam("kind"),
        Notice.path == sa.bindparam("path"),
    )
    .order_by(Notice.id.desc())
    .limit(1)
)


def unread_notice(
    session: Session, member: Member, kind: str, path: str
) -> sa.Row[uuid.UUID, dt.datetime] | None:
    """Return `id` and `told_at` of the unread notice of a kind about a thing, or None."""
    asked = {"community_id": member.community_id, "member_id": member.id}
    return session.execute(_UNREAD_NOTICE, asked | {"kind": kind, "path": path}).first()


# --------------------------------------------------------------------------------- mail


def mail_choices(session: Session, member: Member) -> dict[str, MailChoice]:
    """Return what a member chose about mail, by topic; a topic left alone is missing."""
    chosen = session.scalars(
        sa.select(MailChoice).where(
            MailChoice.community_id == member.community_id, MailChoice.member_id == member.id
        )
    )
    return {choice.topic: choice for choice in chosen}


# As above.
_UNWANTED = sa.select(MailChoice.topic).where(
    MailChoice.community_id == sa.bindparam("community_id"),
    MailChoice.member_id == sa.bindparam("member_id"),
    MailChoice.wanted.is_(False),
)


def unwanted_topics(session: Session, member: Member) -> frozenset[str]:
    """Name the topics a member wants no mail about."""
    asked = {"community_id": member.community_id, "member_id": member.id}
    return frozenset(session.scalars(_UNWANTED, asked))


def wants_mail(session: Session, member: Member, topic: str) -> bool:
    """Tell whether a member wants mail about a topic; yes unless they said no."""
    return topic not in unwanted_topics(session, member)


def mail_by_key(session: Session, once_key: str) -> OutboxMail | None:
    """Return the mail with this key, or None."""
    return session.scalar(sa.select(OutboxMail).where(OutboxMail.once_key == once_key))


def next_due_mail(session: Session, now: dt.datetime) -> OutboxMail | None:
    """Return a mail that is due and that nobody is sending, locked until the commit."""
    return session.scalar(
        sa.select(OutboxMail)
        .where(
            OutboxMail.state == "waiting",
            OutboxMail.due_at <= now,
            OutboxMail.leased_until.is_(None) | (OutboxMail.leased_until <= now),
        )
        .order_by(OutboxMail.due_at, OutboxMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def tray(session: Session, *, after: uuid.UUID | None, limit: int) -> Sequence[OutboxMail]:
    """Return up to `limit` mails of every community, the newest first; for the demo's tray."""
    select = sa.select(OutboxMail).order_by(OutboxMail.id.desc()).limit(limit)
    if after is not None:
        select = select.where(OutboxMail.id < after)
    return session.scalars(select).all()
