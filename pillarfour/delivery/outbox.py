"""Messages are recorded together with the events they tell of, and sent from the record."""

import platform
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Row, and_, func, or_, select, update

from pillarfour.delivery.channels import Channel, RefusedError, UnreachableError
from pillarfour.delivery.letter import Letter, checked_address
from pillarfour.delivery.night import Mark
from pillarfour.delivery.outbox_table import outbox, outbox_contents
from pillarfour.errors import DeliveryError

State = Literal["recorded", "sent", "dead", "dropped"]
Queued = Row[tuple[int, str, str, str, int]]
"""A message to be sent: id, Message-ID, channel, recipient, tries so far."""

ATTEMPTS: Final = 10
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=12)
UNANSWERED: Final = 3
"""Messages to a server that does not answer, after which the round leaves the rest for the next: each may wait for half a minute."""
LEASE: Final = timedelta(minutes=15)
"""How long another machine's claim is respected; a claim of this machine ends with the process that made it."""


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
        An address, or the name by which the channel knows it where the address is a secret.
    not_before
        The end of the reader's quiet hours; None where nothing holds the message back.
    """

    channel: str
    address: str = ""
    not_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A message as it is recorded; one that many are sent is kept once."""

    message_id: str
    known_on: date
    mark: Mark
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What one round of sending came to.

    Parameters
    ----------
    sent
        Messages handed over in this round.
    failures
        This round's errors, one a failed try.
    waiting, dead
        What the outbox holds afterwards.
    next_attempt_at
        When a waiting message may next be tried; None where none waits for a time.
    """

    sent: int
    failures: tuple[str, ...]
    waiting: int
    dead: int
    next_attempt_at: datetime | None


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
        if recipient.address:
            checked_address(recipient.address)
        parcel = Parcel(message_id=letter.message_id, known_on=letter.known_on, mark=letter.mark, content=letter.content)
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


def deliver(ledger: Ledger, *, channels: Mapping[str, Channel], now: datetime, lock: Path, wait_seconds: float = 300) -> Delivered:
    """Send what is recorded and due, each message on its own.

    A crash between a server's acceptance and its record repeats that message once, with the same Message-ID; a
    ``FileChannel`` writes the same file again. Messages to channels that are not given stay recorded, and so do, untried,
    those to a channel whose server has not answered for ``UNANSWERED`` messages in a row.

    Parameters
    ----------
    ledger
        Where the outbox is; an SQLAlchemy engine will do.
    channels
        By name, as recorded.
    lock
        A file beside the ledger: one process of this machine sends at a time, and the lock ends with it.
    wait_seconds
        How long to wait for another process's round.

    Raises
    ------
    DeliveryError
        If another process is still sending after ``wait_seconds``.
    """
    sent = 0
    failures: list[str] = []
    started = time.monotonic()
    with sole_sender(lock, wait_seconds):
        silent: Counter[str] = Counter()
        for message in _due(ledger, channels, now):
            if silent[message.channel] >= UNANSWERED:
                continue
            content = _claim(ledger, message, now + timedelta(seconds=time.monotonic() - started))
            if content is None:
                continue
            try:
                _send(message, content, channels)
            except DeliveryError as fault:
                failures.append(str(fault))
                _put_off(ledger, message, fault, now)
                silent[message.channel] = silent[message.channel] + 1 if isinstance(fault, UnreachableError) else 0
            else:
                _settle(ledger, message, state="sent", sent_at=now, last_error=None)
                silent[message.channel] = 0
                sent += 1
        return _report(ledger, sent=sent, failures=failures)


def tally(connection: Connection) -> dict[State, int]:
    """Count the outbox's messages by state."""
    counted = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
    return {"recorded": 0, "sent": 0, "dead": 0, "dropped": 0, **{row[0]: row[1] for row in counted}}


@contextmanager
def sole_sender(lock: Path, wait_seconds: float = 300) -> Iterator[None]:
    """Be the only process of this machine that writes to the outbox folder or sends.

    Raises
    ------
    DeliveryError
        If another one is still at it after ``wait_seconds``.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    try:
        held.acquire(timeout=wait_seconds)
    except Timeout as cause:
        raise DeliveryError(
            f"{lock}: another process has been sending for {wait_seconds:g} s; see whether it hangs, then run this again"
        ) from cause
    try:
        yield
    finally:
        held.release()


def _due(ledger: Ledger, channels: Mapping[str, Channel], now: datetime) -> list[Queued]:
    """List what may be tried: under the lock, whatever this machine still claims was left by a process that died."""
    waited = [or_(moment.is_(None), moment <= now) for moment in (outbox.c.next_attempt_at, outbox.c.not_before)]
    free = or_(outbox.c.claimed_by.is_(None), outbox.c.claimed_by == platform.node(), outbox.c.claimed_until <= now)
    query = select(outbox.c.id, outbox.c.message_id, outbox.c.channel, outbox.c.recipient, outbox.c.attempts)
    with ledger.begin() as connection:
        return list(
            connection.execute(
                query.where(outbox.c.state == "recorded", outbox.c.channel.in_(channels), *waited, free).order_by(outbox.c.id)
            )
        )


def _claim(ledger: Ledger, message: Queued, now: datetime) -> bytes | None:
    """Take a message for this try alone and give what it says; None where its number of tries tells that somebody else was quicker."""
    unchanged = and_(outbox.c.id == message.id, outbox.c.state == "recorded", outbox.c.attempts == message.attempts)
    claim = {"attempts": message.attempts + 1, "claimed_by": platform.node(), "claimed_until": now + LEASE}
    with ledger.begin() as connection:
        if connection.execute(update(outbox).where(unchanged).values(claim)).rowcount == 0:
            return None
        kept = select(outbox_contents.c.content).join(outbox).where(outbox.c.id == message.id)
        content: bytes = connection.execute(kept).scalar_one()
        return content


def _send(message: Queued, content: bytes, channels: Mapping[str, Channel]) -> None:
    if message.attempts >= ATTEMPTS:
        raise RefusedError(
            f"{message.message_id}: {message.attempts} tries did not come to an end, each with its process; see what stops them"
        )
    channels[message.channel].send(content, message_id=message.message_id, recipient=message.recipient)


def _put_off(ledger: Ledger, message: Queued, fault: DeliveryError, now: datetime) -> None:
    tried = message.attempts + 1
    if isinstance(fault, RefusedError) or tried >= ATTEMPTS:
        _settle(ledger, message, state="dead", last_error=str(fault))
    else:
        _settle(ledger, message, last_error=str(fault), next_attempt_at=now + min(FIRST_WAIT * 4 ** (tried - 1), LONGEST_WAIT))


def _settle(ledger: Ledger, message: Queued, **values: object) -> None:
    with ledger.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.id == message.id).values(claimed_by=None, claimed_until=None, **values))


def _report(ledger: Ledger, *, sent: int, failures: Sequence[str]) -> Delivered:
    with ledger.begin() as connection:
        counted = tally(connection)
        waiting = connection.execute(select(outbox.c.next_attempt_at, outbox.c.not_before).where(outbox.c.state == "recorded"))
        moments = [max(moment for moment in row if moment) for row in waiting if any(row)]
    return Delivered(
        sent=sent, failures=tuple(failures), waiting=counted["recorded"], dead=counted["dead"], next_attempt_at=min(moments, default=None)
    )
