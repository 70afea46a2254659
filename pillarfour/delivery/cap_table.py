"""CAP messages as a table of the ledger, so that an update or a cancellation can refer to what was said before."""

from sqlalchemy import Column, Date, Integer, LargeBinary, String, Table

from pillarfour.alerts.tables import metadata
from pillarfour.delivery.outbox_table import Moment

cap_messages = Table(
    "cap_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identifier", String(100), nullable=False, unique=True),
    Column("trigger", String(100), nullable=False, index=True),
    Column("stage", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("known_on", Date, nullable=False),
    Column("status", String(10), nullable=False),
    Column("message_type", String(10), nullable=False),
    Column("sender", String(320), nullable=False),
    Column("sent", Moment, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
