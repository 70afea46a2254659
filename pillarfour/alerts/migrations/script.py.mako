"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
from pillarfour.alerts.migrations.refusing import refuse_downgrade

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Refuse."""
    refuse_downgrade(revision)
