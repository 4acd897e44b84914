"""Which row of which sheet became which listing."""

import sqlalchemy as sa
from alembic import op

from timebank.db import Key, UtcDateTime

revision = "0006_imports"
down_revision = "0005_exchanges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_row",
        sa.Column("community_id", Key(), nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("row_key", sa.String(length=200), nullable=False),
        sa.Column("listing_id", Key(), nullable=False),
        sa.Column("member_id", Key(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "listing_id"],
            ["listing.community_id", "listing.id"],
            name="fk_imported_row_community_id_listing_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id", "member_id"],
            ["member.community_id", "member.id"],
            name="fk_imported_row_community_id_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name="fk_imported_row_community_id"
        ),
        sa.PrimaryKeyConstraint("community_id", "id", name="pk_imported_row"),
        sa.UniqueConstraint(
            "community_id",
            "source",
            "row_key",
            name="uq_imported_row_community_id_source_row_key",
        ),
    )


def downgrade() -> None:
    op.drop_table("imported_row")
