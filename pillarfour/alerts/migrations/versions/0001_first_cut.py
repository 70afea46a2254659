"""Events, nights and the outbox."""

import sqlalchemy as sa
from alembic import op

from pillarfour.alerts.migrations.refusing import refuse_downgrade

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alert_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("trigger", sa.String(100), nullable=False),
        sa.Column("stage", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("known_on", sa.Date, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("before", sa.String(20), nullable=False),
        sa.Column("after", sa.String(20), nullable=False),
        sa.Column("level_before", sa.String(20)),
        sa.Column("level", sa.String(20)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reference_period", sa.String(20)),
        sa.Column("value", sa.Float),
        sa.Column("expected", sa.Float),
        sa.Column("unit", sa.String(20), nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("rule_sha256", sa.String(64), nullable=False),
        sa.Column("releases", sa.JSON, nullable=False),
        sa.Column("documents", sa.JSON, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("trigger", "stage", "subject", "known_on", "ordinal", name="one_event_an_ordinal"),
    )
    op.create_table(
        "nights",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("known_on", sa.Date, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.JSON, nullable=False),
        sa.Column("message_id", sa.String(255)),
        sa.UniqueConstraint("known_on", "run", name="one_night_a_run"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("idempotency_key", sa.String(64), nullable=False, unique=True),
        sa.Column("message_id", sa.String(100), nullable=False),
        sa.Column("known_on", sa.Date, nullable=False),
        sa.Column("mark", sa.String(10), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
        sa.Column("next_attempt_at", sa.DateTime),
        sa.Column("claimed_by", sa.String(255)),
        sa.Column("claimed_until", sa.DateTime),
        sa.Column("sent_at", sa.DateTime),
    )
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER alert_events_no_{action.lower()} BEFORE {action} ON alert_events "
                "BEGIN SELECT RAISE(ABORT, 'events of the ledger are appended, never changed'); END"
            )


def downgrade() -> None:
    """Refuse."""
    refuse_downgrade(revision)
