"""One night as an example: Haitians in the Darién, June 2021. The counts are the published ones; what was expected of them is made up."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr
from sqlalchemy import Row, select

from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.model import AlertKey, AlertState, Condition, Evidence, Transition
from pillarfour.delivery.channels import Channel
from pillarfour.delivery.email import compose
from pillarfour.delivery.letter import Letter
from pillarfour.delivery.night import FailedDocument, Freshness, News, Night, NotMet, Part, Place, Standing, Step, Topic
from pillarfour.delivery.notice import Notice
from pillarfour.delivery.outbox import Recipient, record
from pillarfour.delivery.outbox_table import outbox
from pillarfour.delivery.sending import Delivered, deliver
from pillarfour.delivery.smtp import SmtpChannel, SmtpSettings
from pillarfour.model import Problem, Release
from pillarfour.report.charts import Break, Chart

PASSWORD = "correct horse battery staple"  # noqa: S105 - planted, to see that it turns up nowhere
COUNTS = "crossings (persons counted at each crossing)"
RULE = "5f0c" * 16
SENDER = "pillarfour@example.org"
NOON = datetime(2021, 7, 12, 12, tzinfo=UTC)
MONTHS = tuple(f"{year}-{month:02d}" for year in (2020, 2021) for month in range(1, 13))[:18]
HAITI_BRAZIL_CHILE = (1332, 1535, 972, 0, 0, 135, 0, 0, 84, 315, 313, 645, 720, 1231, 2193, 3818, 2180, 6527)
EXPECTED = (*[None] * 12, 402.4, 515.0, 795.2, 1330.0, 2040.3, 2147.4)


def both(english: str, spanish: str | None = None) -> dict[str, str]:
    return {"en": english, "es": spanish or english}


HAITIANS = both("Haitian nationals", "Nacionales de Haití")
DARIEN = both("Darién")


def release(name: str, published_on: date, *, status="used", problems=(), source="panama_darien") -> Release:
    return Release(
        id=f"{source}/{published_on}-{name}",
        source=source,
        table="country",
        published_on=published_on,
        published_basis="reconstructed",
        retrieved_at=datetime(2021, 8, 15, 6, tzinfo=UTC),
        document=f"IRREGULARES_POR_DARIÉN_{published_on:%Y_%m}.pdf",
        document_sha256=name * 8,
        covers={"crossings": ("2021-06",)},
        status=status,
        problems=problems,
    )


def haitian_transition() -> Transition:
    leaf = Evidence(
        test="detector",
        held=True,
        text="6,527 events in 2021-06 where about 2,147 were expected: score +2.55 of stl, +1 asked for",
        figures={
            "reference_period": "2021-06",
            "value": 6527,
            "detector": "stl",
            "direction": "up",
            "threshold": 1.0,
            "floor": None,
            "status": "ok",
            "score": 2.55,
            "expected": 2147.4,
        },
    )
    floor = Evidence(test="level", held=True, text="6,527 is at least 1,000", figures={"value": 6527, "at_least": 1000, "at_most": None})
    known = Evidence(
        test="not",
        held=True,
        text="",
        parts=(Evidence(test="break_in_force", held=False, text="not in force", figures={"reference_period": "2021-06", "breaks": []}),),
    )
    condition = Condition(
        key=AlertKey(trigger="haitian-corridor", stage="darien", subject="haitian"),
        kind="surge",
        level="warning",
        clear=False,
        reference_period="2021-06",
        value=6527,
        expected=2147.4,
        unit="events",
        evidence={"warning": Evidence(test="all", held=True, text="", parts=(leaf, floor, known))},
        rule_sha256=RULE,
        releases=("panama_darien/2021-07-12-1a2b3c4d",),
        clear_evidence=Evidence(
            test="level",
            held=False,
            text="6,527 events in 2021-06 is not at most 1,000",
            figures={"value": 6527, "at_least": None, "at_most": 1000},
        ),
    )
    return Transition(
        key=condition.key,
        known_on=date(2021, 7, 12),
        before="quiet",
        after="active",
        level_before=None,
        level="warning",
        reason="the warning condition is met for the first time",
        condition=condition,
    )


def haitian_news() -> News:
    return News(
        transition=haitian_transition(),
        topic=Topic(subject=HAITIANS, place=DARIEN, counts=COUNTS),
        since=date(2021, 7, 12),
        response=(
            Step(
                within_hours=24,
                action=both("Tell the reception centres at the next stage.", "Avisar a los albergues de la etapa siguiente."),
            ),
        ),
        origins=(both("Haiti", "Haití"), both("Brazil", "Brasil"), both("Chile")),
        corridor=(
            Place(
                stage="darien",
                title=DARIEN,
                country=both("Panama", "Panamá"),
                role="transit",
                unit="persons",
                newest_period="2021-06",
                value=6527,
                year_before=135,
                published_on=date(2021, 7, 12),
                published_basis="reconstructed",
                delay_days=12,
                next_period="2021-07",
                next_expected_on=date(2021, 8, 12),
                level="warning",
            ),
            Place(
                stage="mexico",
                title=both("Mexico", "México"),
                country=both("Mexico", "México"),
                role="transit_and_receiving",
                unit="events",
                next_period="2021-05",
                next_expected_on=date(2021, 7, 10),
            ),
        ),
        chart=Chart(
            title="Haitian nationals, Darién",
            counts=COUNTS,
            periods=MONTHS,
            observed=tuple(map(float, HAITI_BRAZIL_CHILE)),
            expected=EXPECTED,
            lower=tuple(value and value * 0.4 for value in EXPECTED),
            upper=tuple(value and value * 1.8 for value in EXPECTED),
            alarms=("2021-02", "2021-03", "2021-04", "2021-06"),
            breaks=(Break(period="2020-04", label="Panama closes its land border"), Break(period="2021-02", label="Land border reopens")),
        ),
        parts=(
            Part(name=both("Haiti", "Haití"), value=5293),
            Part(name=both("Brazil", "Brasil"), value=323),
            Part(name=both("Chile"), value=911),
        ),
        releases=(release("1a2b3c4d", date(2021, 7, 12)), release("5e6f7a8b", date(2021, 1, 12))),
    )


def cuban_condition() -> Condition:
    leaf = Evidence(test="level", held=True, text="2,770 is at least 2,000", figures={"value": 2770, "threshold": 2000})
    return Condition(
        key=AlertKey(trigger="darien-surge", stage="darien", subject="CUB"),
        kind="surge",
        level="watch",
        clear=False,
        reference_period="2021-06",
        value=2770,
        expected=1385.0,
        unit="events",
        evidence={"watch": leaf},
        rule_sha256=RULE,
    )


@pytest.fixture(scope="session")
def quiet_night() -> Night:
    problem = Problem(
        rule="totals",
        place="cuadro_3.1.1.xls",
        message="the rows sum to 9,000, printed is 9,010",
        remedy="compare it with the publisher's page",
    )
    condition = cuban_condition()
    return Night(
        known_on=date(2021, 7, 12),
        mark="live",
        sources=(
            Freshness(
                source="panama_darien",
                title="Panama, irregular transit through the Darién",
                newest_period="2021-06",
                published_on=date(2021, 7, 12),
                published_basis="reconstructed",
                days_since=0,
                next_expected_on=date(2021, 8, 12),
                last_looked_at=datetime(2021, 7, 12, 11, tzinfo=UTC),
                rebuilt=True,
            ),
            Freshness(
                source="us_cbp",
                title="United States, CBP encounters",
                newest_period="2021-05",
                published_on=date(2021, 6, 20),
                published_basis="observed",
                days_since=22,
                next_expected_on=date(2021, 7, 10),
                failures=("https://www.cbp.gov answered 403 to four attempts",),
                attribution="This product uses U.S. Customs and Border Protection data, but is not endorsed by CBP.",
            ),
        ),
        standing=(
            Standing(
                state=AlertState(key=condition.key, state="active", level="watch", since=date(2021, 6, 12)),
                topic=Topic(subject=both("Cuban nationals", "Nacionales de Cuba"), place=DARIEN, counts=COUNTS),
                condition=condition,
            ),
        ),
        not_met=tuple(
            NotMet(
                trigger="mexico-surge",
                topic=Topic(subject=both(f"{name} nationals"), place=both("Mexico", "México")),
                level="watch",
                reference_period="2021-04",
                value=value,
                needed=Evidence(test="level", held=False, text="", figures={"value": value, "at_least": 15000}),
                nearness=value / 15000,
            )
            for name, value in (
                ("Cuban", 203),
                ("Honduran", 12993),
                ("Haitian", 88),
                ("Salvadoran", 2229),
                ("Chilean", 22),
                ("Guatemalan", 6216),
            )
        ),
        held=(release("9c8d7e6f", date(2021, 7, 1), status="held", problems=(problem,), source="mexico_segob"),),
        failed=(
            FailedDocument(
                source="panama_darien", document="Dar_update.pdf", message="streams do not decode; ask the publisher for it again"
            ),
        ),
        undelivered=1,
    )


@pytest.fixture(scope="session")
def haitian_night(quiet_night: Night) -> Night:
    return replace(quiet_night, news=(haitian_news(),))


def haitian_notice(**changes) -> Notice:
    """Give the same news as a notice; a change goes to whichever of its parts has a field of that name."""
    transition = haitian_transition()
    news = replace(haitian_news(), topic=Topic(subject=both("Haitian families", "Familias haitianas"), place=DARIEN, counts=COUNTS))
    measured = Condition.__dataclass_fields__.keys() - Transition.__dataclass_fields__.keys()
    condition = replace(transition.condition, **{name: changes.pop(name) for name in measured & changes.keys()})
    named = {name: changes.pop(name) for name in Transition.__dataclass_fields__.keys() & changes.keys()}
    key = named.get("key", transition.key)
    transition = replace(transition, **{"condition": replace(condition, key=key, level=named.get("level", condition.level)), **named})
    fields = {
        "mark": "live",
        "title": {"en": "Haitian families on the corridor", "es": "Familias haitianas en el corredor"},
        "country": "PAN",
        "nationalities": ("HTI", "BRA", "CHL"),
        "notify": ("task_force",),
    }
    topic = replace(news.topic, **{name: changes.pop(name) for name in ("subject", "place") if name in changes})
    told = {name: changes.pop(name) for name in News.__dataclass_fields__.keys() & changes.keys()}
    return Notice(news=replace(news, transition=transition, topic=topic, **told), **{**fields, **changes})


@pytest.fixture(scope="session")
def notice() -> Callable[..., Notice]:
    return haitian_notice


@pytest.fixture(scope="session")
def pinned() -> datetime:
    return datetime(2021, 7, 12, 11, 5, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@dataclass
class Office:
    """A ledger, and what sends from it."""

    folder: Path

    @property
    def ledger(self) -> Ledger:
        """Open it as a new process would."""
        return Ledger(f"sqlite:///{self.folder / 'ledger.sqlite'}")

    def keep(self, letter: Letter, *recipients: Recipient) -> int:
        """Record a letter in a transaction of its own."""
        with self.ledger.begin() as connection:
            return record(connection, letter, recipients=recipients, now=NOON)

    def deliver(self, channel: Channel, *, now: datetime = NOON, name: str = "smtp") -> Delivered:
        """Send what is due by one channel."""
        return deliver(self.ledger, channels={name: channel}, now=now, lock=self.folder / "outbox.lock", wait_seconds=60)

    def rows(self) -> list[Row[Any]]:
        """Give the outbox as it is."""
        with self.ledger.read() as connection:
            return list(connection.execute(select(outbox).order_by(outbox.c.id)))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(folder=tmp_path)


@pytest.fixture(scope="session", params=["en", "es"])
def language(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def case_letter() -> Callable[..., Letter]:
    def write(night: Night, now: datetime, language: str = "en") -> Letter:
        """Write the message of a night's first case."""
        return compose(night, sender=SENDER, now=now, languages=[language])[0]

    return write


@pytest.fixture(scope="session")
def mail(haitian_night: Night, pinned: datetime, case_letter: Callable[..., Letter]) -> EmailMessage:
    return message_from_bytes(case_letter(haitian_night, pinned).content, policy=default)


@pytest.fixture(scope="session")
def in_case() -> Callable[..., News]:
    def put(news: News, name: str, **transition) -> News:
        """Put a change into a case."""
        return replace(news, transition=replace(news.transition, case_id=name, **transition))

    return put


@pytest.fixture(scope="session")
def letter(haitian_night: Night) -> Letter:
    return compose(haitian_night, sender=SENDER, now=NOON)[0]


@pytest.fixture(scope="session")
def quiet(quiet_night: Night) -> Letter:
    return compose(quiet_night, sender=SENDER, now=NOON)[-1]


@dataclass
class Mailbox:
    """A server's behaviour, and what it took."""

    taken: list[tuple[str, list[str], bytes, bool]] = field(default_factory=list)
    recipient_answers: dict[str, list[str]] = field(default_factory=dict)
    data_answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: ARG002, N802 - aiosmtpd's words
        """Answer as told, or take the recipient."""
        self.asked.append(address)
        answers = self.recipient_answers.get(address)
        if answers and (answer := answers.pop(0)):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's words
        """Answer as told, break the line, or keep the message."""
        answer = self.data_answers.pop(0) if self.data_answers else ""
        if answer == "drop":
            server.transport.abort()
            return "250 never heard"
        if answer:
            return answer
        self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content, session.ssl is not None))
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword) -> AuthResult:  # noqa: ARG002 - aiosmtpd's words
        """Know one password, and repeat a wrong one."""
        if login.password.decode() == PASSWORD:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 {login.password.decode()} is wrong")


@dataclass
class Certificates:
    """An authority of the tests' own, and one that signed nothing."""

    server: ssl.SSLContext
    authority: Path
    stranger: Path
    misnamed: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    stranger.cert_pem.write_to_path(folder / "stranger.pem")
    contexts = []
    for name in ("127.0.0.1", "mail.elsewhere.example"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        contexts.append(context)
    return Certificates(server=contexts[0], authority=folder / "authority.pem", stranger=folder / "stranger.pem", misnamed=contexts[1])


@contextmanager
def server(mailbox: Mailbox, context: ssl.SSLContext, *, security: str, encrypted: bool = True) -> Iterator[int]:
    """Run a mail server, and give its port."""
    options = {"authenticator": mailbox.authenticate, "auth_required": True, "auth_require_tls": encrypted and security == "starttls"}
    if encrypted and security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(
            lambda: SMTP(mailbox, loop=loop, **options), "127.0.0.1", 0, ssl=context if security == "tls" else None
        )

    async def stop() -> None:
        running.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    running = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture
def mail_server() -> Callable[..., AbstractContextManager[int]]:
    return server


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(params=["starttls", "tls"])
def channel(request: pytest.FixtureRequest, mailbox: Mailbox, certificates: Certificates) -> Iterator[SmtpChannel]:
    with server(mailbox, certificates.server, security=request.param) as port:
        yield SmtpChannel(
            settings=SmtpSettings(
                host="127.0.0.1",
                port=port,
                security=request.param,
                sender="pillarfour@example.org",
                user="duty",
                password=SecretStr(PASSWORD),
                authority=certificates.authority,
                timeout_seconds=5,
            )
        )
