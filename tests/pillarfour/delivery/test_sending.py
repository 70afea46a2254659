"""Tests of sending what is recorded: each message once, whatever fails in between."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from threading import Thread

import pytest
from filelock import FileLock
from sqlalchemy import create_engine, select, update

from pillarfour.delivery.channels import FileChannel, RefusedError, UnreachableError
from pillarfour.delivery.letter import Letter
from pillarfour.delivery.outbox import Recipient, record, tally
from pillarfour.delivery.outbox_table import outbox as table
from pillarfour.delivery.outbox_table import outbox_contents
from pillarfour.delivery.sending import ATTEMPTS, LEASE, UNANSWERED, deliver
from pillarfour.errors import DeliveryError

FOLDER = Recipient(channel="file")
DUTY = Recipient(channel="smtp", address="duty.officer@example.org")
NOON = datetime(2021, 7, 12, 12, tzinfo=UTC)
SECOND = Recipient(channel="smtp", address="second@example.org")


@dataclass
class Told:
    """A channel that keeps what it is sent, and fails as it is asked to."""

    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    answers: dict[str, list[Exception | None]] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)
    meanwhile: Callable[[], object] | None = None

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:
        """Take the message, or raise what is due."""
        self.tried[recipient] += 1
        if self.meanwhile:
            self.meanwhile()
        answers = self.answers.get(recipient)
        if answers and (fault := answers.pop(0)):
            raise fault
        self.taken.append((message_id, recipient, content))


def test_each_recipient_gets_a_message_of_their_own(office, letter: Letter):
    """With the same Message-ID, kept once, and with no address in it."""
    office.keep(letter, DUTY, SECOND)
    told = Told()
    done = office.deliver(told)

    assert (done.sent, done.waiting, done.dead, done.failures) == (2, 0, 0, ())
    assert told.taken == [(letter.message_id, address, letter.content) for address in ("duty.officer@example.org", "second@example.org")]
    assert "To" not in message_from_bytes(letter.content)
    with office.ledger.read() as connection:
        assert connection.scalars(select(outbox_contents.c.content)).all() == [letter.content]


def test_what_is_sent_is_not_sent_again(office, letter: Letter):
    """The second round has nothing to do, and the row says when it was sent."""
    office.keep(letter, DUTY)
    told = Told()
    office.deliver(told)

    assert office.deliver(told, now=NOON + timedelta(days=1)).sent == 0
    assert len(told.taken) == 1
    assert [(row.state, row.sent_at, row.attempts, row.claimed_by) for row in office.rows()] == [("sent", NOON, 1, None)]


def test_one_recipient_does_not_stop_the_others(office, letter: Letter):
    """Who is refused is dead at once, and visibly so; who comes after is told."""
    office.keep(letter, DUTY, SECOND)
    told = Told(answers={DUTY.address: [RefusedError("550 no such user")]})
    done = office.deliver(told)

    assert (done.sent, done.dead, done.waiting, done.failures) == (1, 1, 0, ("550 no such user",))
    assert [(row.state, row.last_error) for row in office.rows()] == [("dead", "550 no such user"), ("sent", None)]


def test_one_program_that_does_not_answer_does_not_stop_the_others(office, letter: Letter):
    """Each may take half a minute to fail: after three the rest of its messages wait untried, and nobody else's do."""
    silent, other = Recipient(channel="webhook", address="silent@x.org"), Recipient(channel="webhook", address="other@x.org")
    for number in range(5):
        office.keep(replace(letter, message_id=f"<2021-07-12.{number}@pillarfour>"), silent, other)
    told = Told(answers={"silent@x.org": [UnreachableError("webhook silent: ReadTimeout")] * 5})
    done = office.deliver(told, name="webhook")

    assert told.tried == {"silent@x.org": UNANSWERED, "other@x.org": 5}
    assert (done.sent, done.waiting, len(done.failures)) == (5, 5, UNANSWERED)


def test_a_failure_waits_longer_each_time(office, letter: Letter):
    """One minute, four, sixteen; not tried before, tried then; the waits are kept in the row."""
    office.keep(letter, DUTY)
    told = Told(answers={DUTY.address: [DeliveryError("451 greylisted")] * 3})
    now, waits = NOON, []
    for _ in range(3):
        done = office.deliver(told, now=now)
        assert office.deliver(told, now=done.next_attempt_at - timedelta(seconds=1)).failures == ()
        waits.append(done.next_attempt_at - now)
        now = done.next_attempt_at
    done = office.deliver(told, now=now)

    assert waits == [timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=16)]
    assert (done.sent, done.next_attempt_at, told.tried[DUTY.address]) == (1, None, 4)


def test_tries_are_bounded(office, letter: Letter):
    """After the last try the message is dead, keeps its last error, and is not tried again."""
    office.keep(letter, DUTY)
    told = Told(answers={DUTY.address: [DeliveryError(f"try {number}; it will be tried again") for number in range(99)]})
    for day in range(ATTEMPTS + 3):
        office.deliver(told, now=NOON + timedelta(days=day))
    with office.ledger.read() as connection:
        counted = tally(connection)

    assert told.tried[DUTY.address] == ATTEMPTS
    assert counted == {"recorded": 0, "sent": 0, "dead": 1, "dropped": 0}
    assert office.rows()[0].last_error == f"try {ATTEMPTS - 1}; given up after {ATTEMPTS} tries"


def test_a_clock_set_back_loses_nothing(office, letter: Letter):
    """The message waits until the clock is there again."""
    office.keep(letter, DUTY)
    told = Told(answers={DUTY.address: [DeliveryError("451")]})
    office.deliver(told)
    back = office.deliver(told, now=NOON - timedelta(days=2))

    assert (back.sent, back.waiting) == (0, 1)
    assert office.deliver(told, now=NOON + timedelta(minutes=2)).sent == 1


def test_a_channel_that_is_not_configured_keeps_its_messages(office, letter: Letter, folder: Path):
    """They wait, untried, until it is."""
    office.keep(letter, FOLDER, DUTY)
    done = office.deliver(FileChannel(folder=folder), name="file")

    assert (done.sent, done.waiting) == (1, 1)
    assert office.deliver(Told()).sent == 1


def test_a_message_that_ends_its_process_each_time_is_given_up(office, letter: Letter):
    """What kills the sender counts as a try, or it would keep every later message from being sent."""
    office.keep(letter, DUTY)
    told = Told(answers={DUTY.address: [MemoryError()] * 99})
    for _ in range(ATTEMPTS):
        with pytest.raises(MemoryError):
            office.deliver(told)

    assert office.deliver(told).dead == 1
    assert told.tried[DUTY.address] == ATTEMPTS


def test_a_claim_of_another_machine_is_respected_for_its_time(office, letter: Letter):
    """Another machine may be sending it now; once its claim has run out, it is not."""
    office.keep(letter, DUTY)
    with office.ledger.begin() as connection:
        connection.execute(update(table).values(claimed_by="elsewhere", claimed_until=NOON + LEASE, attempts=1))

    assert office.deliver(Told()).waiting == 1
    assert office.deliver(Told(), now=NOON + LEASE).sent == 1


def test_a_message_taken_by_a_quicker_machine_is_left_alone(office, letter: Letter):
    """Both have listed it; the number of tries has moved on when the slower one claims it."""
    office.keep(letter, DUTY, SECOND)
    told = Told()

    def elsewhere() -> None:
        with office.ledger.begin() as connection:
            connection.execute(update(table).where(table.c.recipient == SECOND.address).values(attempts=1, claimed_by="elsewhere"))

    told.meanwhile = elsewhere
    office.deliver(told)

    assert [recipient for _, recipient, _ in told.taken] == [DUTY.address]


def test_another_round_is_waited_for_and_then_told(office):
    """A process that hangs while sending is named by its lock, with what to do."""
    lock = office.folder / "outbox.lock"
    with FileLock(lock), pytest.raises(DeliveryError, match=r"outbox\.lock: another process has been sending"):
        deliver(office.ledger, channels={}, now=NOON, lock=lock, wait_seconds=0.05)


def test_two_rounds_at_once_send_each_message_once(office, letter: Letter):
    """Forty messages, four senders."""
    office.keep(letter, *(Recipient(channel="smtp", address=f"officer{number}@example.org") for number in range(40)))
    told = Told()
    senders = [Thread(target=office.deliver, args=(told,)) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert sorted(told.tried.values()) == [1] * 40
    assert {row.state for row in office.rows()} == {"sent"}


def test_a_plain_engine_will_do(letter: Letter, folder: Path, tmp_path: Path):
    """The outbox needs a connection in a transaction, and no more of the ledger."""
    engine = create_engine("sqlite://")
    table.metadata.create_all(engine)
    with engine.begin() as connection:
        record(connection, letter, recipients=(FOLDER,), now=NOON)

    assert deliver(engine, channels={"file": FileChannel(folder=folder)}, now=NOON, lock=tmp_path / "outbox.lock").sent == 1


def test_greylisting_and_a_broken_line_end_in_one_message(office, letter: Letter, channel, mailbox):
    """By a real server: 451, then a line that breaks in the middle, then taken, all under one Message-ID."""
    office.keep(letter, DUTY)
    mailbox.recipient_answers[DUTY.address] = ["451 4.7.1 greylisted"]
    mailbox.data_answers = ["drop"]
    done = [office.deliver(channel, now=NOON + timedelta(hours=hour)) for hour in range(3)]
    ((_, recipients, content, _),) = mailbox.taken

    assert [(round_.sent, len(round_.failures)) for round_ in done] == [(0, 1), (0, 1), (1, 0)]
    assert recipients == [DUTY.address]
    assert content == f"To: {DUTY.address}\r\n".encode() + letter.content


def test_a_planted_secret_is_not_in_the_ledger(office, letter: Letter, channel, mailbox):
    """Neither a refused password nor one that the server repeats reaches the database's bytes."""
    secret = channel.settings.password.get_secret_value()
    office.keep(letter, DUTY, SECOND)
    mailbox.data_answers = [f"554 you said {secret}"]
    office.deliver(channel)
    wrong = replace(channel, settings=replace(channel.settings, password=type(channel.settings.password)("hunter2-planted")))
    office.keep(letter, Recipient(channel="smtp", address="third@example.org"))
    failures = office.deliver(wrong).failures
    kept = b"".join(path.read_bytes() for path in office.folder.iterdir())

    assert "check user and password" in failures[0]
    assert b"you said ***" in kept
    assert secret.encode() not in kept
    assert b"hunter2" not in kept


KILLED = """
import sys, time
from datetime import datetime
from pathlib import Path
from pillarfour.alerts.ledger import Ledger
from pillarfour.delivery import channels, sending

def telling(word):
    print(word, flush=True)
    time.sleep(0.02)

write, settle = channels._write_through, sending._settle
def write_slowly(path, content):
    write(path, content[: len(content) // 2])
    telling("half")
    write(path, content)
    telling("written")
def settle_slowly(*row, **values):
    telling("in place")
    settle(*row, **values)
    telling("settled")
channels._write_through, sending._settle = write_slowly, settle_slowly
root = Path(sys.argv[1])
sending.deliver(
    Ledger(f"sqlite:///{root / 'ledger.sqlite'}"),
    channels={"file": channels.FileChannel(folder=root / "outbox")},
    now=datetime.fromisoformat("2021-07-12T12:00:00+00:00"),
    lock=root / "outbox.lock",
)
"""


def test_a_sender_killed_at_every_step_loses_nothing(office, letter: Letter, tmp_path: Path):
    """Half written, written, in place, recorded: in the end every file is there once and whole, with no clock to wait for."""
    letters = [replace(letter, message_id=f"<2021-07-12.{number:02}@pillarfour>") for number in range(12)]
    for each in letters:
        office.keep(each, FOLDER)
    for step in ("half", "written", "in place", "settled"):
        with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - the program above
            told = iter(process.stdout.readline, "")
            assert [next(told).strip() for _ in range(4)] == ["half", "written", "in place", "settled"]
            assert step + "\n" in told
            process.kill()
        assert process.wait() == -signal.SIGKILL
    sent = sum(row.state == "sent" for row in office.rows())
    done = office.deliver(FileChannel(folder=tmp_path / "outbox"), name="file")

    assert 4 <= sent < 12
    assert (done.sent, done.failures) == (12 - sent, ())
    assert sorted(path.name for path in (tmp_path / "outbox").iterdir()) == sorted(f"{each.message_id[1:-1]}.eml" for each in letters)
    assert {path.read_bytes() for path in (tmp_path / "outbox").iterdir()} == {letter.content}
    assert max(row.attempts for row in office.rows()) > 1
