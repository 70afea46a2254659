"""The ledger's events: appended in one transaction a night; states are their sum."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from pillarfour.alerts import lifecycle
from pillarfour.alerts.model import AlertKey, AlertState, Evidence, Figure, Kind, Level, State, Transition
from pillarfour.alerts.tables import alert_events, nights


@dataclass(frozen=True, kw_only=True)
class Step:
    """As much of an event as moves a state."""

    known_on: date
    kind: Kind
    before: State
    after: State
    level_before: Level | None
    level: Level | None
    reference_period: str | None
    rule_sha256: str
    figures: tuple[Figure, ...]
    unannounced_because: str | None
    case_id: str | None


@dataclass(frozen=True, kw_only=True)
class Event(Step):
    """One line of the ledger, as it is read back; ``id`` numbers it in its ledger."""

    id: int
    key: AlertKey
    ordinal: int
    reason: str
    value: float | None
    expected: float | None
    unit: str
    evidence: Mapping[str, Any]
    releases: tuple[str, ...]
    documents: tuple[str, ...]
    recorded_at: datetime


STEP = ("trigger", "stage", "subject", *Step.__dataclass_fields__)
IN_ORDER = (alert_events.c.known_on, alert_events.c.ordinal, alert_events.c.id)


def states(connection: Connection, known_on: date | None = None) -> dict[AlertKey, AlertState]:
    """Sum up the events with a ``known_on`` up to the night; a night after it counts for nothing."""
    query = select(*(alert_events.c[name] for name in STEP)).order_by(*IN_ORDER)
    if known_on is not None:
        query = query.where(alert_events.c.known_on <= known_on)
    found: dict[AlertKey, AlertState] = {}
    for row in connection.execute(query).mappings():
        values = dict(row)
        key, figures = _key(values), _figures(values)
        found[key] = lifecycle.follow(found.get(key, AlertState(key=key)), Step(**values, figures=figures))
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


def newest_night(connection: Connection, known_on: date | None = None) -> date | None:
    """Say which night on record is the newest, up to a day; None where none has been run."""
    query = select(func.max(nights.c.known_on))
    found: date | None = connection.scalar(query if known_on is None else query.where(nights.c.known_on <= known_on))
    return found


def events(
    connection: Connection,
    *,
    key: AlertKey | None = None,
    known_on: date | None = None,
    case_id: str | None = None,
    number: int | None = None,
) -> list[Event]:
    """Read events back in the order of nights: of one alert, night or case, of one number, or all."""
    query = select(alert_events).order_by(*IN_ORDER)
    if key is not None:
        query = query.where(alert_events.c.trigger == key.trigger, alert_events.c.stage == key.stage, alert_events.c.subject == key.subject)
    for column, wanted in ((alert_events.c.known_on, known_on), (alert_events.c.case_id, case_id), (alert_events.c.id, number)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [_event(dict(row)) for row in connection.execute(query).mappings()]


def _key(row: dict[str, Any]) -> AlertKey:
    return AlertKey(trigger=row.pop("trigger"), stage=row.pop("stage"), subject=row.pop("subject"))


def _figures(row: dict[str, Any]) -> tuple[Figure, ...]:
    return tuple(Figure(**figure) for figure in row.pop("figures"))


def _event(row: dict[str, Any]) -> Event:
    recorded_at = row.pop("recorded_at")
    return Event(
        key=_key(row),
        figures=_figures(row),
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
    releases = sorted({*condition.releases, *(each.after.release for each in transition.changes if each.after.release)})
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
        "releases": releases,
        "documents": [documents[release] for release in releases if release in documents],
        "recorded_at": recorded_at.astimezone(UTC),
        "figures": [asdict(figure) for figure in transition.figures],
        "unannounced_because": transition.unannounced_because,
        "case_id": transition.case_id,
    }
