"""The ledger of alerts: a database in which one transaction holds a whole night."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from pillarfour.alerts import schema
from pillarfour.alerts.events import Event, events, states
from pillarfour.alerts.model import AlertKey, AlertState
from pillarfour.errors import LedgerError

BUSY_SECONDS = 60
"""How long a nightly waits for another one's transaction."""

ADVISORY_LOCK = 0x9111A2F0
"""PostgreSQL's lock of the ledger's writers, in place of SQLite's single writer."""


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
        try:
            url = make_url(self.url)
        except ArgumentError as cause:
            raise LedgerError("PILLARFOUR_LEDGER_URL is no SQLAlchemy URL; write sqlite:///… or postgresql+psycopg://…") from cause
        try:
            if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
                Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(url)
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _prepare)
                event.listen(engine, "begin", _begin)
            self._make_ready(engine)
        except (ModuleNotFoundError, NoSuchModuleError) as cause:
            where = url.render_as_string(hide_password=True)
            remedy = 'pip install "psycopg[binary]", or give a URL that begins with sqlite:// or postgresql+psycopg://'
            raise LedgerError(f"{where}: {cause}; {remedy}") from cause
        except OSError as cause:
            raise LedgerError(f"{self.url}: the folder cannot be made ({cause.strerror}); give another PILLARFOUR_LEDGER_URL") from cause
        return engine

    def _make_ready(self, engine: Engine) -> None:
        """Have today's tables; a ledger that has them is only looked at, whoever is writing to it."""
        with _told(self.url):
            with engine.connect() as connection:
                if schema.revision(connection) == schema.NEWEST:
                    return
            with engine.execution_options(writes=True).begin() as connection:
                _lock(connection)
                schema.upgrade(connection)

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
