"""The outbox as a table of the ledger, so that one transaction records an event and the message that tells of it."""

from datetime import UTC, datetime

from sqlalchemy import Column, Date, DateTime, ForeignKey, Integer, LargeBinary, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from pillarfour.alerts.tables import metadata


class Moment(TypeDecorator[datetime]):
    """An aware time, kept in UTC by databases that know no zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        """Keep the time in UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        """Give the time back aware."""
        return value.replace(tzinfo=UTC) if value else None


outbox_contents = Table(
    "outbox_contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""What messages say, once however many read it, and apart from the record of their sending, which is written again and again."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("idempotency_key", String(64), nullable=False, unique=True),
    Column("message_id", String(100), nullable=False),
    Column("known_on", Date, nullable=False),
    Column("mark", String(10), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("content_sha256", String(64), ForeignKey("outbox_contents.sha256"), nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("recorded_at", Moment, nullable=False),
    Column("next_attempt_at", Moment),
    Column("not_before", Moment),
    Column("claimed_by", String(255)),
    Column("claimed_until", Moment),
    Column("sent_at", Moment),
)
