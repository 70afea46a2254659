"""A night as e-mails: one a case and one digest, text complete by itself, HTML with charts, the same bytes for the same night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from hashlib import sha256
from itertools import accumulate
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pillarfour.alerts.model import AlertKey, Level
from pillarfour.delivery import case as naming
from pillarfour.delivery import contents
from pillarfour.delivery.case import Case, cases
from pillarfour.delivery.night import Mark, Night
from pillarfour.delivery.wording import Wording, one_line, wording
from pillarfour.errors import DeliveryError
from pillarfour.lookups import Language
from pillarfour.report.charts import Chart, draw

CHARTS_SHOWN = 6
"""More pictures would not be looked at, and the message would be refused for its size."""

ATTACHED_BYTES = 2_000_000
"""Before they are encoded; mail servers commonly take ten million bytes in all."""

Kind = Literal["case", "digest", "report"]


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


def compose(
    night: Night,
    *,
    sender: str,
    now: datetime,
    languages: Sequence[Language] = ("en",),
    attachments: Mapping[AlertKey, Sequence[Attachment]] | None = None,
) -> list[Letter]:
    """Write all of a night's messages: each case, then the digest, in each language.

    Parameters
    ----------
    night
        What was found.
    sender
        The address in ``From``.
    now
        The time in ``Date``, aware.
    attachments
        Files that go with an alert's case, as many as fit into ``ATTACHED_BYTES``; the rest are kept beside the messages and in the ledger.

    Returns
    -------
    list of Letter
        The same bytes for the same night, sender and time; the digest is the last of its language.
    """
    found = cases(night)
    files = attachments or {}
    return [
        letter
        for language in languages
        for letter in (
            *(
                compose_case(
                    case,
                    night,
                    sender=sender,
                    now=now,
                    language=language,
                    attachments=[file for news in case.news for file in files.get(news.transition.key, ())],
                )
                for case in found
            ),
            compose_digest(night, sender=sender, now=now, language=language),
        )
    ]


def compose_case(  # noqa: PLR0913 - a message is all of these
    case: Case, night: Night, *, sender: str, now: datetime, language: Language, attachments: Sequence[Attachment] = ()
) -> Letter:
    """Write the message of one case."""
    words = wording(language)
    name = naming.message_id(case, night, language=language)
    pictures = _pictures(case, name, words)
    subject, fields = contents.of_case(case, night, words, cids=pictures, now=now)
    mail = _letter(name, subject, fields, template="case", words=words, sender=sender, now=now)
    if not case.begins:
        mail["In-Reply-To"] = mail["References"] = naming.root_id(case.thread, night.mark, language=language)
    _show(mail, {cid: draw(chart, wording=words) for cid, chart in pictures.items()})
    for file in _fitting(attachments):
        mail.add_attachment(file.content, maintype="application", subtype=file.subtype, filename=file.name)
    return Letter(
        message_id=name,
        known_on=night.known_on,
        mark=night.mark,
        subject=subject,
        quiet=False,
        kind="case",
        language=language,
        keys=tuple(news.transition.key for news in case.news),
        level=case.level,
        content=_sealed(mail, name, subject, language=language),
    )


def compose_digest(night: Night, *, sender: str, now: datetime, language: Language) -> Letter:
    """Write a night's digest."""
    words = wording(language)
    name = naming.digest_id(night, language=language)
    subject, fields = contents.of_digest(night, words)
    mail = _letter(name, subject, fields, template="digest", words=words, sender=sender, now=now)
    return Letter(
        message_id=name,
        known_on=night.known_on,
        mark=night.mark,
        subject=subject,
        quiet=not night.news,
        language=language,
        content=_sealed(mail, name, subject, language=language),
    )


def compose_report(  # noqa: PLR0913 - a message is all of these
    name: str,
    *,
    subject: str,
    fields: Mapping[str, Any],
    known_on: date,
    mark: Mark,
    sender: str,
    now: datetime,
    language: Language,
    attachments: Sequence[Attachment],
) -> Letter:
    """Write the message that a report goes with; ``fields`` are those of its template."""
    mail = _letter(name, subject, fields, template="report", words=wording(language), sender=sender, now=now)
    for file in _fitting(attachments):
        mail.add_attachment(file.content, maintype="application", subtype=file.subtype, filename=file.name)
    return Letter(
        message_id=name,
        known_on=known_on,
        mark=mark,
        subject=subject,
        quiet=False,
        kind="report",
        language=language,
        content=_sealed(mail, name, subject, language=language),
    )


def _letter(  # noqa: PLR0913 - a message is all of these
    name: str, subject: str, fields: Mapping[str, Any], *, template: str, words: Wording, sender: str, now: datetime
) -> EmailMessage:
    given = {**fields, "subject": subject, "language": words.language, "say": words.say}
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = name
    mail["Date"] = now
    mail["From"] = Address("pillarfour", addr_spec=checked_address(sender))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_render(f"{template}.txt.j2", given), cte="quoted-printable")
    mail.add_alternative(_render(f"{template}.html.j2", given), subtype="html", cte="quoted-printable")
    return mail


def _sealed(mail: EmailMessage, name: str, subject: str, *, language: Language) -> bytes:
    """Say the language of the whole, fix the boundaries, derived from the message's name, and put the subject first.

    No boundary can stand in the text, where quoted-printable writes ``=`` as ``=3D``. The whole subject is encoded: folding it as
    text lets what looks like an encoded word be decoded, line ends and all.
    """
    mail["Content-Language"] = language
    for place, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{sha256(name.encode()).hexdigest()[:32]}_{place}")
    header = Header(subject, "utf-8", header_name="Subject").encode(linesep=SMTP.linesep)
    return f"Subject: {header}{SMTP.linesep}".encode("ascii") + mail.as_bytes()


def _pictures(case: Case, name: str, words: Wording) -> dict[str, Chart]:
    charts = [chart for news in case.news[:CHARTS_SHOWN] if (chart := contents.charted(news, words)) is not None]
    return {f"chart-{place}.{name[1:-1]}": chart for place, chart in enumerate(charts, start=1)}


def _show(mail: EmailMessage, pictures: Mapping[str, bytes]) -> None:
    html = mail.get_body(("html",))
    if not isinstance(html, EmailMessage):
        raise DeliveryError(f"message {mail['Message-ID']}: it has no HTML part to show the charts in; mend case.html.j2")
    for cid, image in pictures.items():
        html.add_related(
            image, maintype="image", subtype="png", cid=f"<{cid}>", disposition="inline", filename=f"{cid.partition('.')[0]}.png"
        )


def _fitting(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Take the first that fit: a message that is refused for its size tells nobody anything."""
    sizes = accumulate(len(file.content) for file in attachments)
    return [file for file, size in zip(attachments, sizes, strict=True) if size <= ATTACHED_BYTES]


def _render(template: str, fields: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(fields)


@cache
def _environment() -> Environment:
    """Keep every field in its line, and escape it where the template is HTML."""
    return Environment(
        loader=PackageLoader("pillarfour.delivery"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        finalize=one_line,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
