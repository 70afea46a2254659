"""A letter: one message before it has an address, and how its bytes are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from itertools import accumulate
from typing import Any, Literal

from pillarfour.alerts.model import AlertKey, Level
from pillarfour.delivery.night import Mark
from pillarfour.delivery.rendering import render
from pillarfour.delivery.wording import Wording
from pillarfour.errors import DeliveryError
from pillarfour.lookups import Language

ATTACHED_BYTES = 2_000_000
"""Before they are encoded; mail servers commonly take ten million bytes in all."""

Kind = Literal["case", "digest", "report", "failure"]
"""The last two tell of no night, and nobody who got them has been told of one."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message, before it has an address.

    Parameters
    ----------
    message_id
        The same for the same case or night, mark, language and transitions; a safe file name once its angle brackets are off.
    kind, language
        To be sent to those who ask for it, in the language they read.
    keys
        The alerts that a case's message is about.
    level
        The highest level it tells of; None where it tells of none.
    quiet
        Whether it tells of no transition.
    content
        The message without ``To``, which the mail server's session puts before it.
    """

    message_id: str
    known_on: date
    mark: Mark
    subject: str
    quiet: bool
    kind: Kind = "digest"
    language: Language = "en"
    keys: tuple[AlertKey, ...] = ()
    level: Level | None = None
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    subtype: str
    """Of ``application``, such as ``cap+xml``."""
    content: bytes = field(repr=False)


def checked_address(address: str) -> str:
    """Give an address back if it is one, and nothing else, such as ``duty.officer@example.org``."""
    try:
        if Address(addr_spec=address).addr_spec == address and address.isascii() and address.isprintable() and " " not in address:
            return address
    except (HeaderParseError, ValueError, IndexError) as cause:
        raise DeliveryError(f"recipient {address!r}: {cause}; write one plain address, as duty.officer@example.org") from cause
    raise DeliveryError(f"recipient {address!r}: not one plain ASCII address; write it as duty.officer@example.org")


def begin(  # noqa: PLR0913 - a message is all of these
    name: str, subject: str, fields: Mapping[str, Any], *, template: str, words: Wording, sender: str, now: datetime
) -> EmailMessage:
    """Write what a template says as text and as HTML; ``seal`` ends it."""
    given = {**fields, "subject": subject, "language": words.language, "say": words.say}
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = name
    mail["Date"] = now
    mail["From"] = Address("pillarfour", addr_spec=checked_address(sender))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(render(f"{template}.txt.j2", given, package="pillarfour.delivery"), cte="quoted-printable")
    mail.add_alternative(render(f"{template}.html.j2", given, package="pillarfour.delivery"), subtype="html", cte="quoted-printable")
    return mail


def show(mail: EmailMessage, pictures: Mapping[str, bytes]) -> None:
    """Put pictures into the HTML, by the content ids that it names."""
    html = mail.get_body(("html",))
    if not isinstance(html, EmailMessage):
        raise DeliveryError(f"message {mail['Message-ID']}: it has no HTML part to show the charts in; mend case.html.j2")
    for cid, image in pictures.items():
        html.add_related(
            image, maintype="image", subtype="png", cid=f"<{cid}>", disposition="inline", filename=f"{cid.partition('.')[0]}.png"
        )


def attach(mail: EmailMessage, files: Sequence[Attachment]) -> None:
    """Take along the first that fit: a message that is refused for its size tells nobody anything."""
    sizes = accumulate(len(file.content) for file in files)
    for file, size in zip(files, sizes, strict=True):
        if size <= ATTACHED_BYTES:
            mail.add_attachment(file.content, maintype="application", subtype=file.subtype, filename=file.name)


def seal(mail: EmailMessage, name: str, subject: str, *, language: Language) -> bytes:
    """Say the language of the whole, fix the boundaries, derived from the message's name, and put the subject first.

    No boundary can stand in the text, where quoted-printable writes ``=`` as ``=3D``. The whole subject is encoded: folding it as
    text lets what looks like an encoded word be decoded, line ends and all.
    """
    mail["Content-Language"] = language
    for place, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{sha256(name.encode()).hexdigest()[:32]}_{place}")
    header = Header(subject, "utf-8", header_name="Subject").encode(linesep=SMTP.linesep)
    return f"Subject: {header}{SMTP.linesep}".encode("ascii") + mail.as_bytes()
