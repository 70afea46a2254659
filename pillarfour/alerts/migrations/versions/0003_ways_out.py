"""CAP messages, and messages that wait for the end of a reader's quiet hours."""

import sqlalchemy as sa
from alembic import op

from pillarfour.alerts.migrations.refusing import refuse_downgrade

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and give the outbox a time before which a message is not sent."""
    op.create_table(
        "cap_messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identifier", sa.String(100), nullable=False, unique=True),
        sa.Column("trigger", sa.String(100), nullable=False, index=True),
        sa.Column("stage", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("known_on", sa.Date, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("message_type", sa.String(10), nullable=False),
        sa.Column("sender", sa.String(320), nullable=False),
        sa.Column("sent", sa.DateTime, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.add_column("outbox", sa.Column("not_before", sa.DateTime))


def downgrade() -> None:
    """Refuse."""
    refuse_downgrade(revision)
