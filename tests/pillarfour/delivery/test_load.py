"""Tests of sending much, to a real mail server that does whatever mail servers do."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from threading import Thread

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from pillarfour.alerts.ledger import Ledger
from pillarfour.delivery.email import compose
from pillarfour.delivery.letter import Letter
from pillarfour.delivery.night import Night
from pillarfour.delivery.outbox import Recipient, record, tally
from pillarfour.delivery.sending import ATTEMPTS, UNANSWERED, Delivered, deliver
from pillarfour.delivery.smtp import A_SESSION, SmtpChannel, SmtpSettings
from pillarfour.lookups import LANGUAGES

pytestmark = pytest.mark.slow

NOON = datetime(2021, 7, 12, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"  # noqa: S105 - planted, to see that it turns up nowhere
ENDING = {"en": "@example.org", "es": "@ejemplo.org"}
TROUBLES = ("greylisted", "full", "mid-data", "hang", "lost answer", "hang up")
FULL = pytest.mark.skipif(os.environ.get("FULL") != "1", reason="50,000 messages take their time: FULL=1 sends them")


@dataclass
class Server:
    """A mail server in trouble: each message to each recipient meets what is drawn for it, once, and is taken the next time."""

    share: float = 0.0
    troubles: tuple[str, ...] = TROUBLES
    refused: frozenset[str] = frozenset()
    met: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    languages: dict[tuple[str, str], str] = field(default_factory=dict)
    sessions: int = 0
    drawn: random.Random = field(default_factory=lambda: random.Random(20210712))  # noqa: S311 - to draw the same troubles each time

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: ARG002, N802 - aiosmtpd's words
        """Count the sessions."""
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: ARG002, N802 - aiosmtpd's words
        """Refuse who is refused."""
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's words
        """Meet a message with its trouble, or take it."""
        message = message_from_bytes(envelope.original_content)
        name = str(message["Message-ID"])
        (recipient,) = envelope.rcpt_tos
        self.languages[name, recipient] = str(message["Content-Language"])
        trouble = "" if (name, recipient) in self.met or self.drawn.random() >= self.share else self.drawn.choice(self.troubles)
        self.met.setdefault((name, recipient), trouble)
        match trouble:
            case "greylisted":
                return "451 4.7.1 come back later"
            case "full":
                return "552 5.2.2 mailbox full"
            case "hang":
                await asyncio.sleep(3)
                return "451 too late"
            case "mid-data":
                server.transport.abort()
                return "451 never heard"
            case "lost answer":
                self.taken[name, recipient] += 1
                server.transport.abort()
                return "250 never heard"
        self.taken[name, recipient] += 1
        if trouble == "hang up":
            asyncio.get_running_loop().call_later(0.001, server.transport.close)
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword) -> AuthResult:  # noqa: ARG002 - aiosmtpd's words
        """Know one password."""
        return AuthResult(success=login.password.decode() == PASSWORD)


@dataclass
class Office:
    """A ledger of its own, and a channel to the server."""

    book: Ledger
    channel: SmtpChannel
    lock: Path

    def round(self, now: datetime) -> Delivered:
        """Send what is due, as one nightly does."""
        with self.channel.connected() as session:
            return deliver(self.book, channels={"smtp": session}, now=now, lock=self.lock, wait_seconds=3600)

    def keep(self, letters: list[Letter], addresses: list[str]) -> None:
        """Record every letter for every address that reads its language, a transaction a letter."""
        for letter in letters:
            readers = [Recipient(channel="smtp", address=address) for address in addresses if address.endswith(ENDING[letter.language])]
            with self.book.begin() as connection:
                record(connection, letter, recipients=readers, now=NOON)

    def counted(self) -> dict[str, int]:
        """Count the outbox by state."""
        with self.book.read() as connection:
            return tally(connection)

    def until_done(self) -> list[Delivered]:
        """Send until nothing waits: two nightlies at once each time, and after each round one whose clock is two days slow."""
        rounds: list[Delivered] = []
        now = NOON

        def nightly(moment: datetime) -> None:
            rounds.append(self.round(moment))

        while self.counted()["recorded"] and len(rounds) < 100:
            both = [Thread(target=nightly, args=(now,)) for _ in range(2)]
            for each in both:
                each.start()
            for each in both:
                each.join()
            if rounds[-1].next_attempt_at:
                self.round(now - timedelta(days=2))
            now += timedelta(hours=13)
        return rounds


@pytest.fixture(params=["starttls", "tls"])
def office(request: pytest.FixtureRequest, mail_server, certificates, tmp_path: Path):
    """Give an office by the server that it writes to."""
    opened = []

    def make(server: Server, *, timeout: float = 10) -> Office:
        running = mail_server(server, certificates.server, security=request.param)
        port = running.__enter__()
        opened.append(running)
        settings = SmtpSettings(
            host="127.0.0.1",
            port=port,
            security=request.param,
            sender="pillarfour@example.org",
            user="duty",
            password=SecretStr(PASSWORD),
            authority=certificates.authority,
            timeout_seconds=timeout,
        )
        return Office(
            book=Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}"), channel=SmtpChannel(settings=settings), lock=tmp_path / "lock"
        )

    yield make
    for running in opened:
        running.__exit__(*sys.exc_info())


@pytest.fixture(scope="module")
def letters(haitian_night: Night):
    """Give so many alerts' letters, each in two languages."""

    def make(count: int) -> list[Letter]:
        news = replace(haitian_night.news[0], chart=None)
        made = []
        for number in range(count):
            key = replace(news.transition.key, trigger=f"alert-{number}")
            alert = replace(news, transition=replace(news.transition, key=key))
            night = replace(haitian_night, news=(alert,))
            written = compose(night, sender="pillarfour@example.org", now=NOON, languages=("en", "es"))
            made += [letter for letter in written if letter.kind == "case"]
        return made

    return make


def readers(count: int) -> list[str]:
    """Give so many addresses, every other one of a reader of Spanish."""
    return [f"officer{number}{ENDING[LANGUAGES[number % 2]]}" for number in range(count)]


@pytest.mark.parametrize(("alerts", "officers"), [(4, 50), pytest.param(1000, 50, marks=FULL)])
def test_many_alerts_reach_many_readers_once(office, letters, alerts: int, officers: int):
    """Every one to every one, each in their language, in few sessions; a second round has nothing to do."""
    server = Server()
    at_work = office(server)
    at_work.keep(letters(alerts), readers(officers))
    done = at_work.round(NOON)

    assert (done.sent, done.waiting, done.dead, done.failures) == (alerts * officers, 0, 0, ())
    assert len(server.taken) == alerts * officers
    assert set(server.taken.values()) == {1}
    assert {(language, recipient.endswith(ENDING[language])) for (_, recipient), language in server.languages.items()} == {
        ("en", True),
        ("es", True),
    }
    assert at_work.round(NOON).sent == 0
    assert server.sessions <= 2 * (alerts * officers // A_SESSION + 1)


@pytest.mark.parametrize(("share", "alerts", "officers"), [(0.6, 8, 6), pytest.param(0.02, 1000, 50, marks=FULL)])
def test_a_server_in_trouble_loses_nothing_and_doubles_only_what_it_did_not_confirm(
    office, letters, share: float, alerts: int, officers: int
):
    """Each message arrives once, whatever happens; where the server took it and its answer was lost, twice, with the same Message-ID.

    What happens: greylisting, a full mailbox, lines that break, hang and hang up, two nightlies at once, and a clock set back.
    """
    server = Server(share=share, refused=frozenset({"refused@example.org"}))
    at_work = office(server, timeout=0.5)
    written = letters(alerts)
    at_work.keep(written, [*readers(officers), "refused@example.org"])
    rounds = at_work.until_done()
    unconfirmed = {pair for pair, trouble in server.met.items() if trouble == "lost answer"}
    meant = {
        (letter.message_id, address) for letter in written for address in readers(officers) if address.endswith(ENDING[letter.language])
    }

    assert set(server.met.values()) >= set(TROUBLES)
    assert set(server.taken) == meant
    assert {pair for pair, count in server.taken.items() if count != 1} == unconfirmed
    assert {server.taken[pair] for pair in unconfirmed} == {2}
    assert at_work.counted() == {"recorded": 0, "sent": alerts * officers, "dead": alerts, "dropped": 0}
    assert any(PASSWORD in failure for done in rounds for failure in done.failures) is False


def test_a_server_that_answers_nobody_is_left_after_a_few_tries(office, letters):
    """The rest waits untried: no message wears out its tries on a server that is down, and no round lasts for hours."""
    server = Server(share=1.0, troubles=("hang",))
    at_work = office(server, timeout=0.3)
    at_work.keep(letters(1), [f"officer{number}@example.org" for number in range(20)])
    done = at_work.round(NOON)
    with closing(sqlite3.connect(at_work.book.url.removeprefix("sqlite:///"))) as connection:
        tries = Counter(tries for (tries,) in connection.execute("SELECT attempts FROM outbox"))

    assert (done.sent, done.waiting, len(done.failures)) == (0, 20, UNANSWERED)
    assert tries == {1: UNANSWERED, 0: 20 - UNANSWERED}


def test_a_mailbox_that_stays_full_is_given_up_in_the_end(office, letters):
    """After ten tries, and others are not kept waiting by it."""

    class Full(Server):
        async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: ARG002, N802 - aiosmtpd's words
            """Have no room for one."""
            if address == "full@example.org":
                return "552 5.2.2 mailbox full"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    server = Full()
    at_work = office(server)
    at_work.keep(letters(1), ["full@example.org", "officer@example.org"])
    rounds = at_work.until_done()

    assert [recipient for _, recipient in server.taken] == ["officer@example.org"]
    assert at_work.counted() == {"recorded": 0, "sent": 1, "dead": 1, "dropped": 0}
    assert sum(len(done.failures) for done in rounds) == ATTEMPTS


SENDER = """
import sys
from datetime import datetime
from pathlib import Path
from pydantic import SecretStr
from pillarfour.alerts.ledger import Ledger
from pillarfour.delivery.sending import deliver
from pillarfour.delivery.smtp import SmtpChannel, SmtpSettings

url, lock, port, security, authority, password = sys.argv[1:]
settings = SmtpSettings(
    host="127.0.0.1", port=int(port), security=security, sender="pillarfour@example.org",
    user="duty", password=SecretStr(password), authority=Path(authority),
)
with SmtpChannel(settings=settings).connected() as session:
    deliver(Ledger(url), channels={"smtp": session}, now=datetime.fromisoformat("2021-07-12T12:00:00+00:00"), lock=Path(lock))
"""


def test_a_sender_killed_between_acceptance_and_record_repeats_that_message_alone(office, letters):
    """SIGKILL, once the server has taken a message and its answer is on the way: it comes twice, under one Message-ID; no other does."""
    third = 3

    class Deadly(Server):
        victim: subprocess.Popen[bytes]

        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's words
            """Take the message; end the sender at the third one."""
            answer = await super().handle_DATA(server, session, envelope)
            if len(self.taken) == third and self.victim.poll() is None:
                self.victim.kill()
            return answer

    server = Deadly()
    at_work = office(server)
    written = letters(2)
    at_work.keep(written, readers(4))
    settings = at_work.channel.settings
    place = (at_work.book.url, at_work.lock, settings.port, settings.security, settings.authority, PASSWORD)
    with subprocess.Popen([sys.executable, "-c", SENDER, *map(str, place)]) as server.victim:  # noqa: S603 - the program above
        assert server.victim.wait(60) == -signal.SIGKILL
    killed_at = list(server.taken)[-1]
    done = at_work.round(NOON)

    assert (done.sent, done.waiting, done.dead, done.failures) == (len(written) * 2 - third + 1, 0, 0, ())
    assert {pair for pair, count in server.taken.items() if count == 2} == {killed_at}
    assert sorted(server.taken.values()) == [1] * (len(written) * 2 - 1) + [2]
