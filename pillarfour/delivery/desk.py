"""The outbox as a person looks at it: what waits, what was given up, and what to do with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select, update

from pillarfour.delivery.outbox import State
from pillarfour.delivery.outbox_table import outbox
from pillarfour.delivery.wording import one_line
from pillarfour.errors import DeliveryError

UNSENT: tuple[State, ...] = ("recorded", "dead")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One message to one recipient; its content stays in the ledger.

    Parameters
    ----------
    next_attempt_at
        After a failed try; None where there was none.
    not_before
        The end of the reader's quiet hours; None where nothing holds it back.
    why
        The last error, or who dropped it and why.
    """

    id: int
    state: State
    channel: str
    recipient: str
    known_on: date
    message_id: str
    attempts: int
    recorded_at: datetime
    next_attempt_at: datetime | None
    not_before: datetime | None
    why: str | None


def entries(connection: Connection, *, states: Collection[str] = UNSENT) -> list[Entry]:
    """List the messages in these states, oldest first."""
    names = tuple(name for name in Entry.__dataclass_fields__ if name != "why")
    columns = (*(outbox.c[name] for name in names), outbox.c.last_error.label("why"))
    rows = connection.execute(select(*columns).where(outbox.c.state.in_(states)).order_by(outbox.c.id)).mappings()
    return [Entry(**row) for row in rows]


def retry(connection: Connection, ids: Sequence[int]) -> int:
    """Let messages be tried at once and anew: those given up, and those that wait, quiet hours or not; say how many.

    Raises
    ------
    DeliveryError
        If one of them was sent or dropped, or is none.
    """
    _check(connection, ids)
    values = {"state": "recorded", "attempts": 0, "next_attempt_at": None, "not_before": None}
    return connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(values)).rowcount


def drop(connection: Connection, ids: Sequence[int], *, reason: str, by: str) -> int:
    """Never send some messages; they stay in the outbox, with the reason; say how many.

    Raises
    ------
    DeliveryError
        If one of them was sent or dropped already, or is none.
    """
    _check(connection, ids)
    why = one_line(f"dropped by {by}: {reason}")
    return connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(state="dropped", last_error=why)).rowcount


def _check(connection: Connection, ids: Sequence[int]) -> None:
    rows = connection.execute(select(outbox.c.id, outbox.c.state).where(outbox.c.id.in_(ids))).all()
    found = {row.id: row.state for row in rows}
    for number in ids:
        if number not in found:
            raise DeliveryError(f"message {number}: the outbox has none of this number; `pillarfour outbox list --all` names them")
        if found[number] not in UNSENT:
            raise DeliveryError(f"message {number}: it is {found[number]} already; only what waits or was given up can be changed")
