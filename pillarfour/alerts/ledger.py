"""The ledger of alerts: events appended in one transaction a night, never changed; states are their sum."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from pillarfour.alerts import lifecycle
from pillarfour.alerts.model import AlertKey, AlertState, Evidence, Level, State, Transition
from pillarfour.alerts.tables import alert_events, metadata, nights
from pillarfour.errors import LedgerError

__all__ = ["Event", "Ledger", "events", "metadata", "next_run", "record", "states"]

BUSY_SECONDS = 60
"""How long a nightly waits for another one's transaction."""

ADVISORY_LOCK = 0x9111A2F0
"""PostgreSQL's lock of the ledger's writers, in place of SQLite's single writer."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of the ledger, as it is read back."""

    key: AlertKey
    known_on: date
    ordinal: int
    kind: str
    before: State
    after: State
    level_before: Level | None
    level: Level | None
    reason: str
    reference_period: str | None
    value: float | None
    expected: float | None
    unit: str
    evidence: Mapping[str, Any]
    rule_sha256: str
    releases: tuple[str, ...]
    documents: tuple[str, ...]
    recorded_at: datetime


class Ledger:
    """A database of alerts; it is made on first use.

    Parameters
    ----------
    url
        A SQLAlchemy URL: ``sqlite:///…`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @cached_property
    def engine(self) -> Engine:
        """The connections; on SQLite each with a write-ahead log and patience."""
        url = make_url(self.url)
        try:
            if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
                Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(url)
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _prepare)
                event.listen(engine, "begin", _begin)
            with _told(self.url), engine.execution_options(writes=True).begin() as connection:
                _lock(connection)
                metadata.create_all(connection)
        except OSError as cause:
            raise LedgerError(f"{self.url}: the folder cannot be made ({cause.strerror}); give another PILLARFOUR_LEDGER_URL") from cause
        return engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open the one transaction of a night: read, decide, record, and queue what is to be sent; all of it or nothing.

        Raises
        ------
        LedgerError
            If the database cannot be read or written, or another nightly holds it for over a minute.
        """
        engine = self.engine
        with _told(self.url), engine.execution_options(writes=True).begin() as connection:
            _lock(connection)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection that writes nothing and waits for nobody."""
        engine = self.engine
        with _told(self.url), engine.connect() as connection:
            yield connection

    def alerts(self, known_on: date | None = None) -> list[AlertState]:
        """Give every alert that has an event, as it stands; on a past night, by the events up to it."""
        with self.read() as connection:
            return sorted(states(connection, known_on).values(), key=lambda state: state.key)

    def history(self, key: AlertKey) -> list[Event]:
        """Give one alert's events, in the order of nights."""
        with self.read() as connection:
            return events(connection, key=key)


def states(connection: Connection, known_on: date | None = None) -> dict[AlertKey, AlertState]:
    """Sum up the events with a ``known_on`` up to the night; a night after it counts for nothing."""
    columns = ("trigger", "stage", "subject", "known_on", "before", "after", "level", "reference_period")
    query = select(*(alert_events.c[name] for name in columns))
    query = query.order_by(alert_events.c.known_on, alert_events.c.ordinal, alert_events.c.id)
    if known_on is not None:
        query = query.where(alert_events.c.known_on <= known_on)
    found: dict[AlertKey, AlertState] = {}
    for row in connection.execute(query):
        key = AlertKey(trigger=row.trigger, stage=row.stage, subject=row.subject)
        found[key] = lifecycle.follow(found.get(key, AlertState(key=key)), row)
    return found


def record(  # noqa: PLR0913 - a night is all of these
    connection: Connection,
    transitions: Sequence[Transition],
    *,
    known_on: date,
    finished_at: datetime,
    digest: Any,
    message_id: str | None = None,
    documents: Mapping[str, str] | None = None,
) -> int | None:
    """Append a night's transitions, and the night itself, in the caller's transaction.

    Parameters
    ----------
    digest
        What was checked and not met, as JSON.
    documents
        Each release's document, by its SHA-256.

    Returns
    -------
    int or None
        Which run of the night this is, from 1; None where it was run before and brings no transition: then nothing is written.
    """
    last = connection.scalar(select(func.max(nights.c.run)).where(nights.c.known_on == known_on))
    if last is not None and not transitions:
        return None
    for transition in transitions:
        connection.execute(alert_events.insert().values(_row(connection, transition, recorded_at=finished_at, documents=documents or {})))
    run = (last or 0) + 1
    connection.execute(
        nights.insert().values(known_on=known_on, run=run, finished_at=finished_at.astimezone(UTC), digest=digest, message_id=message_id)
    )
    return run


def next_run(connection: Connection, known_on: date) -> int:
    """Say which run of the night the next one recorded will be, from 1."""
    return (connection.scalar(select(func.max(nights.c.run)).where(nights.c.known_on == known_on)) or 0) + 1


def events(connection: Connection, *, key: AlertKey | None = None, known_on: date | None = None) -> list[Event]:
    """Read events back in the order of nights: of one alert, of one night, or all."""
    query = select(alert_events).order_by(alert_events.c.known_on, alert_events.c.ordinal, alert_events.c.id)
    if key is not None:
        query = query.where(alert_events.c.trigger == key.trigger, alert_events.c.stage == key.stage, alert_events.c.subject == key.subject)
    if known_on is not None:
        query = query.where(alert_events.c.known_on == known_on)
    return [_event(dict(row)) for row in connection.execute(query).mappings()]


def _event(row: dict[str, Any]) -> Event:
    del row["id"]
    key = AlertKey(trigger=row.pop("trigger"), stage=row.pop("stage"), subject=row.pop("subject"))
    recorded_at = row.pop("recorded_at")
    return Event(
        key=key,
        recorded_at=recorded_at.replace(tzinfo=UTC) if recorded_at.tzinfo is None else recorded_at.astimezone(UTC),
        releases=tuple(row.pop("releases")),
        documents=tuple(row.pop("documents")),
        **row,
    )


def _row(connection: Connection, transition: Transition, *, recorded_at: datetime, documents: Mapping[str, str]) -> dict[str, Any]:
    condition, key = transition.condition, transition.key
    identity = {"trigger": key.trigger, "stage": key.stage, "subject": key.subject, "known_on": transition.known_on}
    ordinals = select(func.max(alert_events.c.ordinal)).where(*(alert_events.c[name] == value for name, value in identity.items()))
    trees: dict[str, Evidence] = {str(level): tree for level, tree in condition.evidence.items()}
    if condition.clear_evidence is not None:
        trees["clear"] = condition.clear_evidence
    return {
        **identity,
        "ordinal": (connection.scalar(ordinals) or 0) + 1,
        "kind": condition.kind,
        "before": transition.before,
        "after": transition.after,
        "level_before": transition.level_before,
        "level": transition.level,
        "reason": transition.reason,
        "reference_period": condition.reference_period,
        "value": condition.value,
        "expected": condition.expected,
        "unit": condition.unit,
        "evidence": {name: asdict(tree) for name, tree in trees.items()},
        "rule_sha256": condition.rule_sha256,
        "releases": list(condition.releases),
        "documents": [documents[release] for release in condition.releases if release in documents],
        "recorded_at": recorded_at.astimezone(UTC),
    }


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Say what went wrong in the database as the project's own error, with the remedy, and without a password."""
    try:
        yield
    except SQLAlchemyError as cause:
        where = make_url(url).render_as_string(hide_password=True)
        said = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise LedgerError(
            f"{where}: {said}; nothing of this transaction was written: see who holds the database, then run again"
        ) from cause


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    connection.execute(text("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN"))


def _lock(connection: Connection) -> None:
    """Let one writer in at a time; SQLite has done it by ``BEGIN IMMEDIATE``."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:ledger)"), {"ledger": ADVISORY_LOCK})
