"""The tables of the ledger's database as they are now; a change here needs a revision in ``migrations``."""

from sqlalchemy import JSON, Column, Date, DateTime, Float, Integer, MetaData, String, Table, Text, UniqueConstraint

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
    Column("figures", JSON, nullable=False, server_default="[]"),
    Column("unannounced_because", Text),
    Column("case_id", String(200)),
    UniqueConstraint("trigger", "stage", "subject", "known_on", "ordinal", name="one_event_an_ordinal"),
)

alert_acts = Table(
    "alert_acts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trigger", String(100), nullable=False),
    Column("stage", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("known_on", Date, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("author", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Date),
    Column("level", String(20)),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
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
