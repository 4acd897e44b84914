"""Conversations, notices and the tray of outgoing mail."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0003_messages"
down_revision = "0002_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_mail",
        sa.Column("id", Key(), nullable=False),
        sa.Column("community_id", Key(), nullable=True),
        sa.Column("member_id", Key(), nullable=True),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("once_key", sa.String(length=120), nullable=True),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'given up')", name="ck_outbox_mail_state_known"
        ),
        sa.CheckConstraint("path IS NOT NULL OR subject <> ''", name="ck_outbox_mail_has_words"),
        sa.CheckConstraint("length(last_error) <= 200", name="ck_outbox_mail_last_error_fits"),
        sa.CheckConstraint("length(subject) <= 120", name="ck_outbox_mail_subject_fits"),
        sa.CheckConstraint("length(to_address) <= 254", name="ck_outbox_mail_to_address_fits"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_mail"),
        sa.UniqueConstraint("once_key", name="uq_outbox_mail_once_key"),
    )
    op.create_index("ix_outbox_mail_state_due_at", "outbox_mail", ["state", "due_at"], unique=False)
    op.create_table(
        "conversation",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("about_kind", sa.String(length=20), nullable=True),
        sa.Column("about_id", Key(), nullable=True),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("last_message_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(title) <= 120", name="ck_conversation_title_fits"),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_conversation_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_conversation"),
    )
    op.create_index(
        "ix_conversation_community_id_about_id",
        "conversation",
        ["community_id", "about_id"],
        unique=False,
    )
    op.create_index(
        "ix_conversation_community_id_last_message_at",
        "conversation",
        ["community_id", "last_message_at"],
        unique=False,
    )
    op.create_table(
        "mail_choice",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("chosen_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "topic IN ('message', 'exchange', 'listing', 'hours', 'membership', 'work')",
            name="ck_mail_choice_topic_known",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_mail_choice_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_mail_choice_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_mail_choice"),
        sa.UniqueConstraint(
            "community_id",
            "member_id",
            "topic",
            name="uq_mail_choice_community_id_member_id_topic",
        ),
    )
    op.create_table(
        "message",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("conversation_id", Key(), nullable=False),
        sa.Column("author_id", Key(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("field", sa.String(length=10), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'shared') = (field IS NOT NULL)", name="ck_message_shared_names_a_field"
        ),
        sa.CheckConstraint(
            "field IS NULL OR field IN ('name', 'email', 'phone')", name="ck_message_field_known"
        ),
        sa.CheckConstraint("kind IN ('words', 'shared')", name="ck_message_kind_known"),
        sa.CheckConstraint("length(body) <= 2000", name="ck_message_body_fits"),
        sa.ForeignKeyConstraint(
            ["community_id", "author_id"],
            ["member.community_id", "member.id"],
            name="fk_message_community_id_author_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "conversation_id"],
            ["conversation.community_id", "conversation.id"],
            name="fk_message_community_id_conversation_id",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_message_community_id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_message"),
    )
    op.create_index(
        "ix_message_community_id_author_id_sent_at",
        "message",
        ["community_id", "author_id", "sent_at"],
        unique=False,
    )
    op.create_index(
        "ix_message_community_id_conversation_id_id",
        "message",
        ["community_id", "conversation_id", "id"],
        unique=False,
    )
    op.create_table(
        "notice",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("topic", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "topic IN ('message', 'exchange', 'listing', 'hours', 'membership', 'work')",
            name="ck_notice_topic_known",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_notice_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name="fk_notice_community_id"),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_notice"),
    )
    op.create_index(
        "ix_notice_community_id_member_id_id",
        "notice",
        ["community_id", "member_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_notice_unread",
        "notice",
        ["community_id", "member_id", "path", "id"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "participant",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("conversation_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("is_unnamed", sa.Boolean(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id", "conversation_id"],
            ["conversation.community_id", "conversation.id"],
            name="fk_participant_community_id_conversation_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_participant_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_participant_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_participant"),
        sa.UniqueConstraint(
            "community_id",
            "conversation_id",
            "member_id",
            name="uq_participant_community_id_conversation_id_member_id",
        ),
    )
    op.create_index(
        "ix_participant_community_id_member_id",
        "participant",
        ["community_id", "member_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_participant_community_id_member_id", table_name="participant")
    op.drop_table("participant")
    op.drop_index("ix_notice_unread", table_name="notice")
    op.drop_index("ix_notice_community_id_member_id_id", table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_message_community_id_conversation_id_id", table_name="message")
    op.drop_index("ix_message_community_id_author_id_sent_at", table_name="message")
    op.drop_table("message")
    op.drop_table("mail_choice")
    op.drop_index("ix_conversation_community_id_last_message_at", table_name="conversation")
    op.drop_index("ix_conversation_community_id_about_id", table_name="conversation")
    op.drop_table("conversation")
    op.drop_index("ix_outbox_mail_state_due_at", table_name="outbox_mail")
    op.drop_table("outbox_mail")
