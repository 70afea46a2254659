"""Messages by SMTP: always encrypted, the server's certificate always verified, one transaction a recipient.

A session may carry many messages.
"""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any, Literal

from pydantic import SecretStr

from pillarfour.delivery.channels import RefusedError, UnreachableError
from pillarfour.delivery.letter import checked_address
from pillarfour.delivery.wording import one_line
from pillarfour.errors import DeliveryError

PERMANENT = range(500, 600)
MAILBOX_FULL = 552
LONGEST_REPLY = 200
OK = 250
A_SESSION = 100
"""After so many messages a new session: servers bound how many they take in one."""
PATIENCE = 5
"""So many timeouts for a message as a whole, and for a session's beginning: a server that drips keeps each of them from running out."""


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    """How to reach a mail server.

    Parameters
    ----------
    security
        ``starttls`` (commonly port 587) or ``tls`` from the first byte (commonly port 465); there is no third.
    sender
        The address in the envelope.
    user, password
        From the environment or a secret store; None where the server asks for none.
    authority
        A PEM file to verify the server by, in place of the public authorities.
    """

    host: str
    port: int
    security: Literal["starttls", "tls"]
    sender: str
    user: str | None = None
    password: SecretStr | None = None
    authority: Path | None = None
    timeout_seconds: float = 30


@dataclass(frozen=True, kw_only=True)
class SmtpChannel:
    """A mail server.

    Parameters
    ----------
    addresses
        Of readers to whom messages were recorded by their names, because the environment did not hold their address then.
    """

    settings: SmtpSettings
    addresses: Mapping[str, str] = field(default_factory=dict)

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:
        """Hand one message over for one recipient, in a session of its own.

        Raises
        ------
        RefusedError
            If the server answers for good (5xx) to this recipient or this message; a full mailbox is not for good.
        UnreachableError
            If the server does not answer, does not let us in, or its certificate does not verify.
        DeliveryError
            On any other answer.
        """
        with self.connected() as session:
            session.send(content, message_id=message_id, recipient=recipient)

    @contextmanager
    def connected(self) -> Iterator["SmtpSession"]:
        """Keep one session for many messages, opened when the first is sent, and again where the server has ended it."""
        session = SmtpSession(self)
        try:
            yield session
        finally:
            session.close()

    def fault(self, cause: Exception, what: str) -> DeliveryError:
        """Say what a failure means for the message, and for those after it; without the password."""
        where = f"{what}: {self.settings.host}:{self.settings.port}"
        if shut_out := self._shut_out(cause):
            return UnreachableError(f"{where}{shut_out}")
        match cause:
            case smtplib.SMTPRecipientsRefused(recipients=refused):
                code, reply = next(iter(refused.values()))
                return self._answer(where, code, reply, remedy="check the recipient's address")
            case smtplib.SMTPSenderRefused(smtp_code=code, smtp_error=reply):
                answer = self._answer(where, code, reply, remedy=f"check that it may send as {self.settings.sender}")
                # A message too large is refused here too, and says nothing of those after it.
                return answer if code == MAILBOX_FULL else UnreachableError(str(answer))
            case smtplib.SMTPDataError(smtp_code=code, smtp_error=reply):
                return self._answer(where, code, reply, remedy="ask the server's keeper why it refuses the message")
            case _:
                return UnreachableError(f"{where}: {type(cause).__name__}: {self._clean(cause)}; it will be tried again")

    def _shut_out(self, cause: Exception) -> str:
        """Say which setting keeps every message out; empty where none does."""
        settings = self.settings
        match cause:
            case smtplib.SMTPAuthenticationError(smtp_code=code):
                return f" refused user {settings.user} ({code}); check user and password"
            case UnicodeEncodeError():
                return ": user or password holds a letter that no mail login can carry; use ASCII alone"
            case FileNotFoundError() if settings.authority is not None and not settings.authority.is_file():
                return f": {settings.authority}: no such file; give the PEM file of the server's authority"
            case ssl.SSLError():
                return f": {self._clean(cause)}; check host, port, security and authority"
            case _:
                return ""

    def _answer(self, where: str, code: int, reply: bytes | str, *, remedy: str) -> DeliveryError:
        words = self._clean(reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply)
        if code in PERMANENT and code != MAILBOX_FULL:
            return RefusedError(f"{where} answered {code} {words}; {remedy}")
        return DeliveryError(f"{where} answered {code} {words}; it will be tried again")

    def _clean(self, text: object) -> str:
        words = str(text)
        if self.settings.password:
            words = words.replace(self.settings.password.get_secret_value(), "***")
        return one_line(words)[:LONGEST_REPLY]


class SmtpSession:
    """One session with a mail server, for one message after another."""

    def __init__(self, channel: SmtpChannel) -> None:
        self._channel = channel
        self._open: Watched | None = None
        self._sent = 0

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:
        """Hand one message over, as the channel does; a server that has only hung up meanwhile is called again.

        The recipient gets a message of their own, whose ``To`` names them and nobody else.
        """
        fault: DeliveryError | None = None
        try:
            address = self._channel.addresses.get(recipient, recipient)
            if "@" not in address:
                raise DeliveryError(f"{message_id} to {recipient}: no address is at hand; set what the routes name in the environment")
            addressed = f"To: {checked_address(address)}\r\n".encode("ascii") + content
            session = self._ready()
            with session.watched():
                session.sendmail(self._channel.settings.sender, [address], addressed)
            self._sent += 1
        except (smtplib.SMTPException, OSError, ValueError) as cause:
            fault = self._channel.fault(cause, f"{message_id} to {recipient}")
            if isinstance(fault, UnreachableError):
                self._hang_up()
        if fault:
            # Raised outside the handler, so that it carries no cause: a server's reply may repeat what it was sent, the password included.
            raise fault

    def close(self) -> None:
        """Say goodbye; every message is accepted or not by now, and how the server answers changes nothing."""
        if self._open is not None:
            with suppress(smtplib.SMTPException, OSError), self._open.watched():
                self._open.quit()
        self._hang_up()

    def _ready(self) -> "Watched":
        """Give an open session: nothing of a message is said in it before the server has answered."""
        if self._open is not None and (self._sent >= A_SESSION or not self._answers(self._open)):
            self.close()
        if self._open is None:
            self._open, self._sent = _connect(self._channel.settings), 0
        return self._open

    def _answers(self, session: "Watched") -> bool:
        try:
            with session.watched():
                return session.noop()[0] == OK
        except (smtplib.SMTPException, OSError):
            return False

    def _hang_up(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


class Watched(smtplib.SMTP):
    """A session whose connection is cut when something in it takes too long as a whole."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        with self.watched(options["timeout"]):
            super().__init__(*arguments, **options)

    @contextmanager
    def watched(self, timeout_seconds: float | None = None) -> Iterator[None]:
        """Cut the connection unless this is over in time."""
        timer = Timer(PATIENCE * (self.timeout if timeout_seconds is None else timeout_seconds), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class WatchedTls(Watched, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


def _connect(settings: SmtpSettings) -> Watched:
    context = ssl.create_default_context(cafile=str(settings.authority) if settings.authority else None)
    greeting = settings.sender.rpartition("@")[2]
    session: Watched
    if settings.security == "tls":
        session = WatchedTls(settings.host, settings.port, local_hostname=greeting, timeout=settings.timeout_seconds, context=context)
    else:
        session = Watched(settings.host, settings.port, local_hostname=greeting, timeout=settings.timeout_seconds)
    try:
        with session.watched():
            if settings.security == "starttls":
                session.starttls(context=context)
            if settings.user is not None and settings.password is not None:
                session.login(settings.user, settings.password.get_secret_value())
    except BaseException:
        session.close()
        raise
    return session
