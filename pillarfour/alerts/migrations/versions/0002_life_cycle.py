"""What was announced and with which figures, cases, and what officers say of alerts."""

import sqlalchemy as sa
from alembic import op

from pillarfour.alerts.migrations.refusing import refuse_changes, refuse_downgrade

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the events, and make the table of acts."""
    op.add_column("alert_events", sa.Column("figures", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("alert_events", sa.Column("unannounced_because", sa.Text))
    op.add_column("alert_events", sa.Column("case_id", sa.String(200)))
    op.create_table(
        "alert_acts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("trigger", sa.String(100), nullable=False),
        sa.Column("stage", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("known_on", sa.Date, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("level", sa.String(20)),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        refuse_changes("nights", "alert_acts")
    else:
        refuse_changes("alert_events", "nights", "alert_acts")


def downgrade() -> None:
    """Refuse."""
    refuse_downgrade(revision)
