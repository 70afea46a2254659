"""Tests of what a person does with the outbox."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pillarfour.alerts.ledger import Ledger
from pillarfour.delivery import desk
from pillarfour.delivery.channels import RefusedError
from pillarfour.delivery.outbox import Parcel, Recipient, record_parcel
from pillarfour.delivery.sending import deliver
from pillarfour.errors import DeliveryError

NOON = datetime(2021, 7, 12, 12, tzinfo=UTC)
EVENING = NOON + timedelta(hours=6)


class Channel:
    """Refuses for good until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.taken: list[str] = []

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:  # noqa: ARG002 - a channel's words
        """Take the message or refuse it."""
        if not self.mended:
            raise RefusedError(f"no such user {recipient}")
        self.taken.append(recipient)


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """Give a ledger with a message given up (1) and one that waits for the evening (2)."""
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with opened.begin() as connection:
        for name, until in (("first", None), ("second", EVENING)):
            parcel = Parcel(message_id=f"<{name}@pillarfour>", known_on=date(2021, 7, 12), mark="live", content=b"x")
            record_parcel(connection, parcel, recipient=Recipient(channel="smtp", address=name, not_before=until), now=NOON)
    send(opened, Channel())
    return opened


def send(book: Ledger, channel: Channel, now: datetime = NOON) -> list[str]:
    deliver(book, channels={"smtp": channel}, now=now, lock=Path(book.url.removeprefix("sqlite:///")).with_name("lock"))
    return channel.taken


def states(book: Ledger) -> dict[int, tuple[str, str | None]]:
    with book.read() as connection:
        return {entry.id: (entry.state, entry.why) for entry in desk.entries(connection, states=("recorded", "sent", "dead", "dropped"))}


def test_what_waits_and_what_was_given_up_is_listed(book: Ledger):
    """With the reason, and with the time before which it is not sent."""
    with book.read() as connection:
        found = desk.entries(connection)

    assert [(entry.id, entry.state, entry.why, entry.not_before) for entry in found] == [
        (1, "dead", "no such user first", None),
        (2, "recorded", None, EVENING),
    ]


def test_what_is_retried_goes_out_once(book: Ledger):
    """Given up or held back, it is sent at once; a second round has nothing left."""
    mended = Channel()
    mended.mended = True
    with book.begin() as connection:
        assert desk.retry(connection, [1, 2]) == 2

    assert send(book, mended) == ["first", "second"]
    assert send(book, mended, EVENING) == ["first", "second"]


def test_what_is_dropped_is_never_sent_and_stays_with_its_reason(book: Ledger):
    """One line, with who and why."""
    mended = Channel()
    mended.mended = True
    with book.begin() as connection:
        assert desk.drop(connection, [1, 2], reason="left the\ntask force", by="ana") == 2

    assert send(book, mended, EVENING) == []
    assert states(book)[1] == ("dropped", "dropped by ana: left the task force")


@pytest.mark.parametrize("act", ["retry", "drop"])
def test_what_was_sent_is_not_sent_again_nor_dropped(book: Ledger, act: str):
    """One wrong number, and nothing is changed."""
    mended = Channel()
    mended.mended = True
    send(book, mended, EVENING)
    with pytest.raises(DeliveryError, match="message 2: it is sent already"), book.begin() as connection:
        desk.retry(connection, [1, 2]) if act == "retry" else desk.drop(connection, [1, 2], reason="x", by="ana")

    assert states(book) == {1: ("dead", "no such user first"), 2: ("sent", None)}


def test_a_number_that_is_none_is_named(book: Ledger):
    """With the command that lists them."""
    with pytest.raises(DeliveryError, match="message 7: the outbox has none of this number"), book.begin() as connection:
        desk.retry(connection, [7])
