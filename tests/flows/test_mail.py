"""The night's message by a real mail server on this machine."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest
import requests
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "xylophone-quartz-0417"  # noqa: S105 - planted, to see that it turns up nowhere
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is encrypted from the first byte
READERS = ("duty.officer@example.org", "task.force@example.org")


@dataclass
class Mailbox:
    """What the server took, and how it answers."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    password: str = PASSWORD

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's name
        """Keep the message."""
        self.taken += [(recipient, bytes(envelope.original_content or b"")) for recipient in envelope.rcpt_tos]
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:  # noqa: ARG002 - aiosmtpd's signature
        """Let in whoever knows the password; an answer to others repeats what they sent, as some servers do."""
        assert isinstance(data, LoginPassword)
        known = data.password.decode() == self.password
        return AuthResult(success=known, handled=False, message=None if known else f"535 5.7.8 {data.password.decode()} is wrong")


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@contextmanager
def serve(mailbox: Mailbox, context: ssl.SSLContext, *, security: str) -> Iterator[int]:
    """Run a mail server that asks for encryption and a password, and give its port."""
    options = {"authenticator": mailbox.authenticate, "auth_required": True, "auth_require_tls": security == "starttls"}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        encrypted = context if security == "tls" else None
        return await loop.create_server(lambda: SMTP(mailbox, loop=loop, **options), "127.0.0.1", 0, ssl=encrypted)

    async def stop() -> None:
        running.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    running = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@pytest.fixture(params=["starttls", "tls"])
def mailing(request, mailbox, small, tmp_path) -> Iterator[dict[str, str]]:
    """Give the settings of a night that sends, from the environment alone."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    pem = tmp_path / "mail.pem"
    authority.cert_pem.write_to_path(pem)
    with serve(mailbox, context, security=request.param) as port:
        yield {
            **small,
            "PILLARFOUR_BUNDLE": "false",
            "PILLARFOUR_MAIL_TO": ", ".join(READERS),
            "PILLARFOUR_MAIL_FROM": "pillarfour@example.org",
            "PILLARFOUR_SMTP_HOST": "127.0.0.1",
            "PILLARFOUR_SMTP_PORT": str(port),
            "PILLARFOUR_SMTP_SECURITY": request.param,
            "PILLARFOUR_SMTP_USER": "pillarfour",
            "PILLARFOUR_SMTP_PASSWORD": PASSWORD,
            "PILLARFOUR_SMTP_AUTHORITY": str(pem),
        }


def spoken(folder: Path) -> list[Path]:
    """List the files below a folder that hold the password."""
    return [path for path in folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]


def test_a_message_arrives_once_and_the_password_nowhere(pillarfour, mailing, mailbox, environment, server):
    """One message a reader, whichever way is encrypted; the second run sends nothing; no file and no answer tells the secret."""
    store = Path(mailing["PILLARFOUR_STORE"])
    runs = [pillarfour("nightly", "--json", **mailing) for _ in range(2)]

    assert [run.code for run in runs] == [0, 0], runs[0].errors
    assert sorted(recipient for recipient, _ in mailbox.taken) == sorted(READERS)
    (eml,) = (store / "outbox").iterdir()
    assert all(b"Subject:" in content for _, content in mailbox.taken)
    assert len({line for _, content in mailbox.taken for line in content.splitlines() if line.startswith(b"Message-ID:")}) == 1
    assert eml.is_file()
    assert [PASSWORD in run.output + run.errors for run in runs] == [False, False]
    assert spoken(store) == []
    assert spoken(Path(environment["PREFECT_HOME"])) == []
    assert PASSWORD not in requests.post(f"{server}/artifacts/filter", json={}, timeout=30).text
    assert PASSWORD not in requests.post(f"{server}/logs/filter", json={}, timeout=30).text


def test_a_server_that_refuses_the_password_is_named_without_it(pillarfour, mailing, mailbox, environment):
    """Even where the server's answer repeats it; the night is recorded, exit code 1, and the message waits."""
    mailbox.password = "another"  # noqa: S105 - so that the planted one is refused
    store = Path(mailing["PILLARFOUR_STORE"])
    refused = pillarfour("nightly", **mailing)
    doctor = pillarfour("doctor", "--json", **mailing)

    assert refused.code == 1
    assert "refused user pillarfour" in refused.output
    assert PASSWORD not in refused.output + refused.errors + doctor.output
    assert mailbox.taken == []
    assert len(list((store / "outbox").iterdir())) == 1
    assert spoken(store) == []
    assert spoken(Path(environment["PREFECT_HOME"])) == []

    mailbox.password = PASSWORD
    later = pillarfour("nightly", **(mailing | {"PILLARFOUR_NOW": "2021-08-15T12:00:00+00:00"}))
    assert later.code == 0, later.errors
    assert sorted(recipient for recipient, _ in mailbox.taken) == sorted(READERS)


@pytest.mark.parametrize("mailing", ["tls"], indirect=True)
def test_a_past_night_is_never_sent(pillarfour, mailing, mailbox):
    """It is a file in the outbox, and its readers are not told."""
    assert pillarfour("nightly", "--known-on", "2021-08-14", **mailing).code == 0

    (eml,) = (Path(mailing["PILLARFOUR_STORE"]) / "outbox").iterdir()
    assert eml.name.startswith("2021-08-14.")
    assert mailbox.taken == []


@pytest.mark.parametrize("mailing", ["tls"], indirect=True)
def test_the_password_may_come_from_a_prefect_block(pillarfour, mailing, mailbox, environment):
    """A ``Secret`` block on the server, named by a setting, in place of the environment's password."""
    make = f"from prefect.blocks.system import Secret\nSecret(value={PASSWORD!r}).save('mail-password', overwrite=True)\nsys.exit(0)\n"
    made = pillarfour(patch=make)
    by_block = {name: value for name, value in mailing.items() if name != "PILLARFOUR_SMTP_PASSWORD"}
    night = pillarfour("nightly", "--json", **(by_block | {"PILLARFOUR_SMTP_PASSWORD_BLOCK": "mail-password"}))

    assert made.code == 0, made.errors
    assert night.code == 0, night.errors
    assert len(mailbox.taken) == len(READERS)
    assert spoken(Path(mailing["PILLARFOUR_STORE"])) == []
    assert spoken(Path(environment["PREFECT_HOME"])) == []
