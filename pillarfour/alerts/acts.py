"""What officers say of an alert: seen, or to be kept silent for a time; appended to the ledger beside its events."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy import Connection, select

from pillarfour.alerts.events import states
from pillarfour.alerts.model import AlertKey, AlertState, Level, Transition, rank
from pillarfour.alerts.tables import alert_acts
from pillarfour.errors import LedgerError

ActKind = Literal["acknowledged", "silenced", "lifted"]

PILLARFOUR = "pillarfour"
"""Who lifts a silence when an alert rises."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One officer's word on an alert.

    Parameters
    ----------
    known_on
        The day from which it holds; nights before it know nothing of it.
    until
        The last day of a silence.
    level
        The alert's level when it was said; an acknowledgement does not reach beyond it.
    """

    key: AlertKey
    known_on: date
    kind: ActKind
    author: str
    reason: str
    recorded_at: datetime
    until: date | None = None
    level: Level | None = None

    def __str__(self) -> str:
        """Read as ``silenced by R. Díaz until 2021-09-30: shelter full, known``."""
        return f"{self.kind} by {self.author}{f' until {self.until}' if self.until else ''}: {self.reason}"


def say(connection: Connection, act: Act) -> Act:
    """Take an officer's word on an alert as it stands that day, in the caller's transaction.

    Returns
    -------
    Act
        As it is written down, with the alert's level.

    Raises
    ------
    LedgerError
        If the ledger has no such alert, an alert that does not stand is acknowledged, or something is left out.
    """
    state = states(connection, act.known_on).get(act.key)
    if state is None:
        raise LedgerError(f"{act.key}: the ledger has no such alert; `pillarfour alerts list --all` names them")
    if act.kind == "acknowledged" and state.state != "active":
        raise LedgerError(f"{act.key}: does not stand on {act.known_on}, it is {state.state}; only an alert that stands is acknowledged")
    written = replace(act, level=state.level)
    add(connection, written)
    return written


def add(connection: Connection, act: Act) -> None:
    """Append an act, in the caller's transaction.

    Raises
    ------
    LedgerError
        If nobody says it, or no reason is given, or a silence has no end after its beginning.
    """
    if not act.author.strip() or not act.reason.strip():
        raise LedgerError(f"{act.key}: {act.kind} without an author and a reason; give both with --by and --reason")
    if act.kind == "silenced" and (act.until is None or act.until < act.known_on):
        raise LedgerError(f"{act.key}: a silence ends on a day, and not before {act.known_on}; give it with --until")
    values = {name: value for name, value in asdict(act).items() if name != "key"}
    connection.execute(alert_acts.insert().values({**values, **asdict(act.key), "recorded_at": act.recorded_at.astimezone(UTC)}))


def acts(connection: Connection, *, key: AlertKey | None = None, known_on: date | None = None) -> list[Act]:
    """Read acts in the order in which they hold: of one alert or all, those of later days left out."""
    query = select(alert_acts).order_by(alert_acts.c.known_on, alert_acts.c.id)
    if key is not None:
        query = query.where(alert_acts.c.trigger == key.trigger, alert_acts.c.stage == key.stage, alert_acts.c.subject == key.subject)
    if known_on is not None:
        query = query.where(alert_acts.c.known_on <= known_on)
    found = []
    for row in connection.execute(query).mappings():
        values = {name: value for name, value in row.items() if name not in {"id", "trigger", "stage", "subject"}}
        values["recorded_at"] = values["recorded_at"].replace(tzinfo=UTC) if values["recorded_at"].tzinfo is None else values["recorded_at"]
        found.append(Act(key=AlertKey(trigger=row["trigger"], stage=row["stage"], subject=row["subject"]), **values))
    return found


def silences(said: Iterable[Act], *, known_on: date) -> dict[AlertKey, Act]:
    """Give the silences in force on a night: the last word counts, and a silence ends with its last day."""
    last: dict[AlertKey, Act] = {}
    for act in said:
        if act.known_on <= known_on and act.kind != "acknowledged":
            last[act.key] = act
    return {key: act for key, act in last.items() if act.kind == "silenced" and act.until is not None and known_on <= act.until}


def acknowledgement(state: AlertState, said: Iterable[Act]) -> Act | None:
    """Give the acknowledgement of an alert that stands: said since it began, and of its level or a higher one."""
    if state.state != "active" or state.since is None:
        return None
    fitting = [
        act
        for act in said
        if act.key == state.key and act.kind == "acknowledged" and act.known_on >= state.since and rank(act.level) >= rank(state.level)
    ]
    return fitting[-1] if fitting else None


def lift(connection: Connection, transition: Transition, *, now: datetime) -> None:
    """Write down that an alert's rise has lifted its silence."""
    act = Act(
        key=transition.key,
        known_on=transition.known_on,
        kind="lifted",
        author=PILLARFOUR,
        reason=transition.reason,
        level=transition.level,
        recorded_at=now,
    )
    add(connection, act)
