"""Heartbeat: whether the nights still run and their messages still leave, told by the ledger and the store alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from flows.detect import RECIPES, freshness
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.tables import nights
from pillarfour.delivery.desk import entries
from pillarfour.settings import Settings
from pillarfour.store import Store

SLACK = timedelta(minutes=5)
"""How far two machines' clocks may be apart."""


@dataclass(frozen=True, kw_only=True)
class Late:
    """One thing that is late, and what to do."""

    what: str
    detail: str


def late(settings: Settings, *, max_age: timedelta, now: datetime) -> list[Late]:
    """Say what is late.

    Parameters
    ----------
    max_age
        For how long no night may have finished, and no message have waited beyond its quiet hours.
    """
    missing = _missing(settings.ledger)
    if missing is not None:
        found = [Late(what="night", detail=f"none has ever finished: there is no ledger at {missing}; run `pillarfour nightly`")]
    else:
        with Ledger(settings.ledger).read() as connection:
            found = [*_night(connection, max_age, now), *_messages(connection, max_age, now)]
    return [*found, *(_sources(settings, now) if settings.store.exists() else [])]


def _missing(ledger: str) -> Path | None:
    """Give the file of a ledger that is not there: to look must not make it. What is no URL is left to the ledger to name."""
    try:
        url = make_url(ledger)
    except ArgumentError:
        return None
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    return None if file is None or file.exists() else file


def _night(connection: Connection, max_age: timedelta, now: datetime) -> Iterator[Late]:
    """Ask when a night of its own day last finished; past nights that are run by hand prove nothing."""
    rows = connection.execute(select(nights.c.known_on, nights.c.finished_at)).all()
    finished = [(row.finished_at if row.finished_at.tzinfo else row.finished_at.replace(tzinfo=UTC), row.known_on) for row in rows]
    last = max((moment for moment, known_on in finished if moment.date() - known_on <= timedelta(days=1)), default=None)
    if last is None:
        yield Late(what="night", detail="none has ever finished; run `pillarfour nightly`, and see whether the schedule runs")
    elif last > now + SLACK:
        yield Late(what="clock", detail=f"the last night finished at {_moment(last)}, which is still to come; set the clock")
    elif now - last > max_age:
        yield Late(what="night", detail=f"the last one finished {_age(now - last)} ago, at {_moment(last)}; see whether the schedule runs")


def _messages(connection: Connection, max_age: timedelta, now: datetime) -> Iterator[Late]:
    recorded = entries(connection, states=("recorded",))
    waiting = [entry for entry in recorded if now - max(entry.recorded_at, entry.not_before or entry.recorded_at) > max_age]
    if waiting:
        oldest = waiting[0]
        said = f"{len(waiting)} undelivered, the oldest since {_moment(oldest.recorded_at)}, to {oldest.recipient or oldest.channel}"
        yield Late(what="message", detail=f"{said}: {oldest.why or 'never tried'}; see `pillarfour outbox list`")
    dead = entries(connection, states=("dead",))
    if dead:
        yield Late(what="message", detail=f"{len(dead)} given up; see `pillarfour outbox list --dead`, then retry or drop")


def _sources(settings: Settings, now: datetime) -> Iterator[Late]:
    """Ask of each source whether it is past the latest day on which it usually publishes."""
    store = Store(settings.store, RECIPES)
    for name, recipe in RECIPES.items():
        fresh = freshness(store, recipe, known_on=now.date())
        if fresh.due is None:
            yield Late(what=name, detail="has no release; see `pillarfour doctor`")
            continue
        latest = fresh.due + timedelta(days=recipe.cadence.latest_delay_days - recipe.cadence.usual_delay_days)
        if now.date() > latest:
            days = (now.date() - latest).days
            yield Late(
                what=name, detail=f"overdue by {days} days: newest {fresh.newest_period}, the next was due by {latest} at the latest"
            )


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"  # noqa: PLR2004 - three days


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
