"""Messages by SMTP: always encrypted, the server's certificate always verified, one transaction a recipient."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from pillarfour.delivery.channels import RefusedError
from pillarfour.delivery.wording import one_line
from pillarfour.errors import DeliveryError

PERMANENT = range(500, 600)
MAILBOX_FULL = 552
LONGEST_REPLY = 200


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
    """A mail server."""

    settings: SmtpSettings

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:
        """Hand one message over for one recipient.

        Raises
        ------
        RefusedError
            If the server answers for good (5xx) to this recipient or this message; a full mailbox is not for good.
        DeliveryError
            On any other answer, a broken line, or a certificate that does not verify.
        """
        fault: DeliveryError | None = None
        try:
            with _session(self.settings) as session:
                session.sendmail(self.settings.sender, [recipient], content)
        except (smtplib.SMTPException, OSError, ValueError) as cause:
            fault = self._fault(cause, f"{message_id} to {recipient}")
        if fault:
            # Raised outside the handler, so that it carries no cause: a server's reply may repeat what it was sent, the password included.
            raise fault

    def _fault(self, cause: Exception, what: str) -> DeliveryError:
        settings = self.settings
        where = f"{what}: {settings.host}:{settings.port}"
        match cause:
            case smtplib.SMTPAuthenticationError(smtp_code=code):
                return DeliveryError(f"{where} refused user {settings.user} ({code}); check user and password")
            case ssl.SSLError():
                return DeliveryError(f"{where}: {self._clean(cause)}; check host, port, security and authority")
            case smtplib.SMTPRecipientsRefused(recipients=refused):
                code, reply = next(iter(refused.values()))
                return self._answer(where, code, reply, remedy="check the recipient's address")
            case smtplib.SMTPDataError(smtp_code=code, smtp_error=reply):
                return self._answer(where, code, reply, remedy="ask the server's keeper why it refuses the message")
            case _:
                return DeliveryError(f"{where}: {type(cause).__name__}: {self._clean(cause)}; it will be tried again")

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


@contextmanager
def _session(settings: SmtpSettings) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=str(settings.authority) if settings.authority else None)
    greeting = settings.sender.rpartition("@")[2]
    session: smtplib.SMTP
    if settings.security == "tls":
        session = smtplib.SMTP_SSL(settings.host, settings.port, local_hostname=greeting, timeout=settings.timeout_seconds, context=context)
    else:
        session = smtplib.SMTP(settings.host, settings.port, local_hostname=greeting, timeout=settings.timeout_seconds)
    try:
        if settings.security == "starttls":
            session.starttls(context=context)
        if settings.user is not None and settings.password is not None:
            session.login(settings.user, settings.password.get_secret_value())
        yield session
        with suppress(smtplib.SMTPException, OSError):  # the message is accepted; how the server says goodbye changes nothing
            session.quit()
    finally:
        session.close()
