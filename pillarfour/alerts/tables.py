"""The tables of the ledger's database."""

from sqlalchemy import JSON, Column, Date, DateTime, Float, Integer, MetaData, String, Table, Text, UniqueConstraint, event
from sqlalchemy.schema import DDL

metadata = MetaData()
"""Every table of the ledger's database, the outbox too, so that one transaction holds a whole night."""

alert_events = Table(
    "alert_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trigger", String(100), nullable=False),
    Column("stage", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("known_on", Date, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
    Column("level_before", String(20)),
    Column("level", String(20)),
    Column("reason", Text, nullable=False),
    Column("reference_period", String(20)),
    Column("value", Float),
    Column("expected", Float),
    Column("unit", String(20), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("rule_sha256", String(64), nullable=False),
    Column("releases", JSON, nullable=False),
    Column("documents", JSON, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("trigger", "stage", "subject", "known_on", "ordinal", name="one_event_an_ordinal"),
)

nights = Table(
    "nights",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("known_on", Date, nullable=False),
    Column("run", Integer, nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("digest", JSON, nullable=False),
    Column("message_id", String(255)),
    UniqueConstraint("known_on", "run", name="one_night_a_run"),
)

for _action in ("UPDATE", "DELETE"):
    event.listen(
        alert_events,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy has not typed it
            f"CREATE TRIGGER alert_events_no_{_action.lower()} BEFORE {_action} ON alert_events "
            "BEGIN SELECT RAISE(ABORT, 'events of the ledger are appended, never changed'); END"
        ).execute_if(dialect="sqlite"),
    )
