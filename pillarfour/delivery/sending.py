"""One round of sending what the outbox holds: what is due, once each, with longer and longer waits after a failure."""

import platform
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from sqlalchemy import Row, and_, or_, select, update

from pillarfour.delivery.channels import Channel, RefusedError, UnreachableError
from pillarfour.delivery.outbox import Ledger, tally
from pillarfour.delivery.outbox_table import outbox, outbox_contents
from pillarfour.errors import DeliveryError

Queued = Row[tuple[int, str, str, str, int]]
"""A message to be sent: id, Message-ID, channel, recipient, tries so far."""


ATTEMPTS: Final = 10
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=12)
UNANSWERED: Final = 3
"""Messages to a server that does not answer, after which the round leaves the rest for the next: each may wait for half a minute."""
LEASE: Final = timedelta(minutes=15)
"""How long another machine's claim is respected; a claim of this machine ends with the process that made it."""


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


def deliver(ledger: Ledger, *, channels: Mapping[str, Channel], now: datetime, lock: Path, wait_seconds: float = 300) -> Delivered:
    """Send what is recorded and due, each message on its own.

    A crash between a server's acceptance and its record repeats that message once, with the same Message-ID; a
    ``FileChannel`` writes the same file again. Messages to channels that are not given stay recorded, and so do, untried,
    those to a server that has not answered for ``UNANSWERED`` messages in a row.

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
        silent: Counter[tuple[str, str]] = Counter()
        for message in _due(ledger, channels, now):
            server = _server(message)
            if silent[server] >= UNANSWERED:
                continue
            content = _claim(ledger, message, now + timedelta(seconds=time.monotonic() - started))
            if content is None:
                continue
            try:
                _send(message, content, channels)
            except DeliveryError as fault:
                failures.append(str(fault))
                _put_off(ledger, message, fault, now)
                silent[server] = silent[server] + 1 if isinstance(fault, UnreachableError) else 0
            else:
                _settle(ledger, message, state="sent", sent_at=now, last_error=None)
                silent[server] = 0
                sent += 1
        return _report(ledger, sent=sent, failures=failures)


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


def _server(message: Queued) -> tuple[str, str]:
    """Name who must answer: one mail server for all its recipients, each program and each chat for itself."""
    return message.channel, "" if message.channel == "smtp" else message.recipient


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
    if isinstance(fault, RefusedError):
        _settle(ledger, message, state="dead", last_error=str(fault))
    elif tried >= ATTEMPTS:
        said = str(fault).removesuffix("; it will be tried again")
        _settle(ledger, message, state="dead", last_error=f"{said}; given up after {tried} tries")
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
