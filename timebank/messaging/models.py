"""Conversations, notices and the tray of outgoing mail."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from timebank.db import Base, OfCommunity, at_most, new_id, one_of, within_community

MESSAGE_LENGTH_MAX = 2000
SUBJECT_LENGTH_MAX = 120
TITLE_LENGTH_MAX = 120
ADDRESS_LENGTH_MAX = 254
ERROR_LENGTH_MAX = 200
PATH_LENGTH_MAX = 300
#: What a member may be told of; each can be turned off for mail, except what signs in.
TOPICS = ("message", "exchange", "listing", "session", "hours", "membership", "work")
SHARED_FIELDS = ("name", "email", "phone")
MESSAGE_KINDS = ("words", "shared")
MAIL_STATES = ("waiting", "sent", "given up")


class Conversation(OfCommunity, Base):
    """A private talk between members; `about_*` says what it began with, such as a listing."""

    __tablename__ = "conversation"
    __table_args__ = (
        at_most("title", TITLE_LENGTH_MAX),
        # Two first replies in one instant meet here.
        Index("uq_conversation_pair", "community_id", "pair_key", unique=True),
        Index(None, "community_id", "about_id"),
        Index(None, "community_id", "last_message_at"),
    )

    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH_MAX), default="")
    about_kind: Mapped[str | None] = mapped_column(sa.String(20))
    about_id: Mapped[uuid.UUID | None]
    #: `policy.pair_key` of the two and of what it is about; None where a second one came to be
    #: before this was held.
    pair_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    begun_at: Mapped[dt.datetime]
    last_message_at: Mapped[dt.datetime]


class Participant(OfCommunity, Base):
    """A member's side of a conversation: where they read to, and whether they are named.

    Somebody who put up a request without a name stays "a member" here until they say who they are.
    """

    __tablename__ = "participant"
    __table_args__ = (
        within_community("conversation", "conversation_id"),
        within_community("member", "member_id"),
        UniqueConstraint("community_id", "conversation_id", "member_id"),
        Index(None, "community_id", "member_id"),
    )

    conversation_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    is_unnamed: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[dt.datetime | None]


class Message(OfCommunity, Base):
    """One message. A message of kind "shared" hands over a contact detail: `field` says which.

    The detail itself is read from the member when shown, so a changed number is the right one.
    """

    __tablename__ = "message"
    __table_args__ = (
        within_community("conversation", "conversation_id"),
        within_community("member", "author_id"),
        Index(None, "community_id", "conversation_id", "id"),
        Index(None, "community_id", "author_id", "sent_at"),
        one_of("kind", MESSAGE_KINDS),
        one_of("field", SHARED_FIELDS, nullable=True),
        at_most("body", MESSAGE_LENGTH_MAX),
        CheckConstraint("(kind = 'shared') = (field IS NOT NULL)", name="shared_names_a_field"),
    )

    conversation_id: Mapped[uuid.UUID]
    author_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(10), default="words")
    field: Mapped[str | None] = mapped_column(sa.String(10))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    sent_at: Mapped[dt.datetime]


class Notice(OfCommunity, Base):
    """Something a member is told in the app: a kind and facts; the words are made when shown."""

    __tablename__ = "notice"
    __table_args__ = (
        within_community("member", "member_id"),
        Index(None, "community_id", "member_id", "id"),
        # Every page counts what is unread, which is little, however much was ever told.
        Index(
            "ix_notice_unread",
            "community_id",
            "member_id",
            "path",
            "id",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        ),
        one_of("topic", TOPICS),
    )

    member_id: Mapped[uuid.UUID]
    topic: Mapped[str] = mapped_column(sa.String(12))
    kind: Mapped[str] = mapped_column(sa.String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    #: Where it leads: below the community's address, such as `messages/…`; no slash in front.
    path: Mapped[str] = mapped_column(sa.String(PATH_LENGTH_MAX))
    told_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]


class MailChoice(OfCommunity, Base):
    """A member's wish not to get mail about a topic. No row means the mail is wanted."""

    __tablename__ = "mail_choice"
    __table_args__ = (
        within_community("member", "member_id"),
        UniqueConstraint("community_id", "member_id", "topic"),
        one_of("topic", TOPICS),
    )

    member_id: Mapped[uuid.UUID]
    topic: Mapped[str] = mapped_column(sa.String(12))
    wanted: Mapped[bool]
    chosen_at: Mapped[dt.datetime]


class OutboxMail(Base):
    """A mail written in the same transaction as what it tells of; the worker sends it.

    A mail that goes with a notice has a `path` and no words: they are made when it is sent, the
    same for every notice of a topic. Any other mail has its subject and body. `once_key` makes a
    mail that must not be sent twice unique. A worker that takes a mail leases it until
    `leased_until`, so two workers never send the same one.
    """

    __tablename__ = "outbox_mail"
    __table_args__ = (
        one_of("state", MAIL_STATES),
        at_most("to_address", ADDRESS_LENGTH_MAX),
        at_most("subject", SUBJECT_LENGTH_MAX),
        at_most("last_error", ERROR_LENGTH_MAX),
        CheckConstraint("path IS NOT NULL OR subject <> ''", name="has_words"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    community_id: Mapped[uuid.UUID | None]
    member_id: Mapped[uuid.UUID | None]
    topic: Mapped[str] = mapped_column(sa.String(12))
    once_key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    to_address: Mapped[str] = mapped_column(sa.String(ADDRESS_LENGTH_MAX))
    subject: Mapped[str] = mapped_column(sa.String(SUBJECT_LENGTH_MAX), default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    path: Mapped[str | None] = mapped_column(sa.String(PATH_LENGTH_MAX))
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.String(ERROR_LENGTH_MAX), default="")
    written_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    leased_until: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
