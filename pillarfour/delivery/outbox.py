"""Messages are recorded together with the events they tell of; ``sending`` sends them from the record."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Literal, Protocol

from sqlalchemy import Connection, and_, func, select

from pillarfour.delivery.letter import Letter, checked_address
from pillarfour.delivery.night import Mark
from pillarfour.delivery.outbox_table import outbox, outbox_contents

State = Literal["recorded", "sent", "dead", "dropped"]


class Ledger(Protocol):
    """What gives a connection in one write transaction, committed at the end."""

    def begin(self) -> AbstractContextManager[Connection]:
        """Open the transaction."""
        ...


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One reader and the channel that reaches them; a folder has no address.

    Parameters
    ----------
    address
        An address, or the name by which the channel knows it where the address is a secret, or is not at hand.
    not_before
        The end of the reader's quiet hours; None where nothing holds the message back.
    """

    channel: str
    address: str = ""
    not_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A message as it is recorded; one that many are sent is kept once.

    Parameters
    ----------
    mark
        That of the night it tells of, or what it is where it tells of none.
    """

    message_id: str
    known_on: date
    mark: Mark | Literal["report", "failure"]
    content: bytes


def record(connection: Connection, letter: Letter, *, recipients: Sequence[Recipient], now: datetime) -> int:
    """Record a letter for each recipient, in the caller's transaction; say how many were not recorded before.

    A quiet letter is left out for whoever was already told of that night: a second run has nothing to add.
    A past night's letter goes to folders alone: nobody is to take it for news.
    """
    new = 0
    for recipient in recipients:
        if letter.mark == "past" and recipient.address:
            continue
        told = and_(
            outbox.c.known_on == letter.known_on,
            outbox.c.mark.in_(("exercise",) if letter.mark == "exercise" else ("live", "past")),
            outbox.c.channel == recipient.channel,
            outbox.c.recipient == recipient.address,
        )
        if letter.quiet and connection.scalar(select(outbox.c.id).where(told).limit(1)) is not None:
            continue
        if "@" in recipient.address:
            checked_address(recipient.address)
        mark = letter.kind if letter.kind == "report" or letter.kind == "failure" else letter.mark  # noqa: PLR1714 - narrows the type
        parcel = Parcel(message_id=letter.message_id, known_on=letter.known_on, mark=mark, content=letter.content)
        new += record_parcel(connection, parcel, recipient=recipient, now=now)
    return new


def record_parcel(connection: Connection, parcel: Parcel, *, recipient: Recipient, now: datetime) -> bool:
    """Record one message for one recipient, in the caller's transaction; say whether it was not recorded before."""
    key = sha256(f"{parcel.message_id}\n{recipient.channel}\n{recipient.address}".encode()).hexdigest()
    if connection.scalar(select(outbox.c.id).where(outbox.c.idempotency_key == key).limit(1)) is not None:
        return False
    digits = sha256(parcel.content).hexdigest()
    if connection.scalar(select(outbox_contents.c.sha256).where(outbox_contents.c.sha256 == digits)) is None:
        connection.execute(outbox_contents.insert().values(sha256=digits, content=parcel.content))
    connection.execute(
        outbox.insert().values(
            idempotency_key=key,
            message_id=parcel.message_id,
            known_on=parcel.known_on,
            mark=parcel.mark,
            channel=recipient.channel,
            recipient=recipient.address,
            content_sha256=digits,
            state="recorded",
            attempts=0,
            recorded_at=now,
            not_before=recipient.not_before,
        )
    )
    return True


def named(connection: Connection, *, known_on: date) -> frozenset[str]:
    """Give the Message-IDs of what is recorded of a night."""
    return frozenset(connection.scalars(select(outbox.c.message_id).where(outbox.c.known_on == known_on)))


def tally(connection: Connection) -> dict[State, int]:
    """Count the outbox's messages by state."""
    counted = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
    return {"recorded": 0, "sent": 0, "dead": 0, "dropped": 0, **{row[0]: row[1] for row in counted}}
