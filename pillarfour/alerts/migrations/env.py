"""Run by Alembic: on the connection that opens a ledger, or by hand on the ledger of the settings."""

from alembic import context
from sqlalchemy import Connection

from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.tables import metadata
from pillarfour.delivery.cap_table import cap_messages
from pillarfour.delivery.outbox_table import outbox
from pillarfour.settings import Settings


def migrate(connection: Connection) -> None:
    """Run what Alembic has been asked for, in the caller's transaction."""
    if any(table.metadata is not metadata for table in (outbox, cap_messages)):
        raise RuntimeError("what is to be sent is no table of the ledger")
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with Ledger(Settings().ledger).begin() as opened:
        migrate(opened)
