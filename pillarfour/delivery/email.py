"""A night as one e-mail: text complete by itself, HTML with a chart an alert, the same bytes for the same night."""

import shlex
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
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pillarfour.delivery import digest, message
from pillarfour.delivery.night import Mark, News, Night
from pillarfour.delivery.wording import LOCALE, day, many, one_line
from pillarfour.errors import DeliveryError
from pillarfour.model import Release
from pillarfour.report.charts import draw

CHARTS_SHOWN = 12
"""More pictures would not be looked at, and the message would be refused for its size."""

ATTACHED_BYTES = 2_000_000
"""Before they are encoded; mail servers commonly take ten million bytes in all."""

_COLOURS = {"EMERGENCY": "#7a0f1f", "WARNING": "#b0470a", "WATCH": "#6b5a00"}
_OTHER_COLOUR = "#3d5266"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One night's message, before it has an address.

    Parameters
    ----------
    message_id
        The same for the same night, mark and transitions; a safe file name once its angle brackets are off.
    quiet
        Whether it tells of no transition.
    content
        The message as sent, without ``To``.
    """

    message_id: str
    known_on: date
    mark: Mark
    subject: str
    quiet: bool
    content: bytes = field(repr=False)

    def addressed(self, recipient: str) -> bytes:
        """Give the message with its ``To``; each recipient gets one of their own and sees no other.

        Raises
        ------
        DeliveryError
            If the recipient is not one plain address.
        """
        return f"To: {checked_address(recipient)}\r\n".encode("ascii") + self.content


def checked_address(address: str) -> str:
    """Give an address back if it is one, and nothing else, such as ``duty.officer@example.org``."""
    try:
        if Address(addr_spec=address).addr_spec == address and address.isascii() and address.isprintable() and " " not in address:
            return address
    except (HeaderParseError, ValueError, IndexError) as cause:
        raise DeliveryError(f"recipient {address!r}: {cause}; write one plain address, as duty.officer@example.org") from cause
    raise DeliveryError(f"recipient {address!r}: not one plain ASCII address; write it as duty.officer@example.org")


def message_id(night: Night) -> str:
    """Name a message by its night and the transitions it tells of."""
    told = "\n".join(sorted(_event(news) for news in night.news))
    digits = sha256(f"{night.known_on}\n{night.mark}\n{told}".encode()).hexdigest()[:32]
    return f"<{night.known_on}.{digits}@pillarfour>"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    subtype: str
    """Of ``application``, such as ``cap+xml``."""
    content: bytes = field(repr=False)


def compose(night: Night, *, sender: str, now: datetime, attachments: Sequence[Attachment] = ()) -> Letter:
    """Write a night's message.

    Parameters
    ----------
    night
        What was found.
    sender
        The address in ``From``.
    now
        The time in ``Date``, aware.
    attachments
        Files that go with it, as many as fit into ``ATTACHED_BYTES``; the rest are kept beside the messages and in the ledger.

    Returns
    -------
    Letter
        The same bytes for the same night, sender and time.
    """
    name = message_id(night)
    subject = one_line(message.subject(night))
    pictures = _pictures(night, name)
    fields = _fields(night, cids=tuple(pictures))
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = name
    mail["Date"] = now
    mail["From"] = Address("pillarfour", addr_spec=checked_address(sender))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_render("night.txt.j2", fields), cte="quoted-printable")
    mail.add_alternative(_render("night.html.j2", {**fields, "subject": subject}), subtype="html", cte="quoted-printable")
    mail["Content-Language"] = LOCALE
    _attach(mail, pictures)
    for file in _fitting(attachments):
        mail.add_attachment(file.content, maintype="application", subtype=file.subtype, filename=file.name)
    _fix_boundaries(mail, name)
    return Letter(
        message_id=name,
        known_on=night.known_on,
        mark=night.mark,
        subject=subject,
        quiet=not night.news,
        content=_subject_line(subject) + mail.as_bytes(),
    )


def _subject_line(subject: str) -> bytes:
    """Encode the whole subject: folding it as text lets what looks like an encoded word be decoded, line ends and all."""
    return f"Subject: {Header(subject, 'utf-8', header_name='Subject').encode(linesep=SMTP.linesep)}{SMTP.linesep}".encode("ascii")


def _event(news: News) -> str:
    transition = news.transition
    return "|".join(
        map(str, (transition.key, transition.known_on, transition.before, transition.after, transition.level_before, transition.level))
    )


def _pictures(night: Night, name: str) -> dict[str, bytes]:
    charted = [news for news in message.in_order(night) if news.chart][:CHARTS_SHOWN]
    return {f"chart-{place}.{name[1:-1]}": draw(news.chart) for place, news in enumerate(charted, start=1) if news.chart}


def _attach(mail: EmailMessage, pictures: Mapping[str, bytes]) -> None:
    html = mail.get_body(("html",))
    if not isinstance(html, EmailMessage):
        raise DeliveryError(f"message {mail['Message-ID']}: it has no HTML part to show the charts in; mend night.html.j2")
    for cid, image in pictures.items():
        html.add_related(
            image, maintype="image", subtype="png", cid=f"<{cid}>", disposition="inline", filename=f"{cid.partition('.')[0]}.png"
        )


def _fitting(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Take the first that fit: a message that is refused for its size tells nobody anything."""
    sizes = accumulate(len(file.content) for file in attachments)
    return [file for file, size in zip(attachments, sizes, strict=True) if size <= ATTACHED_BYTES]


def _fix_boundaries(mail: EmailMessage, name: str) -> None:
    """Derive them from the message's name; none can stand in the text, where quoted-printable writes ``=`` as ``=3D``."""
    for place, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{sha256(name.encode()).hexdigest()[:32]}_{place}")


def _fields(night: Night, *, cids: tuple[str, ...]) -> dict[str, Any]:
    remaining = iter(cids)
    return {
        "opening": message.opening(night),
        "notices": _notices(night),
        "new": [_news(news, night=night, cid=next(remaining, "") if news.chart else "") for news in message.in_order(night)],
        "standing": [digest.standing(alert) for alert in night.standing],
        "unannounced": [digest.unannounced(change) for change in night.unannounced],
        "checked": digest.checked(night),
        "held": [_held(release) for release in night.held],
        "failed": night.failed,
        "sources": [{"title": source.title, "lines": digest.freshness(source, known_on=night.known_on)} for source in night.sources],
        "attributions": [source.attribution for source in night.sources if source.attribution],
        "known_on": day(night.known_on),
    }


def _notices(night: Night) -> list[str]:
    titles = "; ".join(source.title for source in night.rebuilt)
    return [
        *(["This is an exercise. Nothing here is to be acted upon."] if night.mark == "exercise" else []),
        *([f"A past night, derived again from what was known on {day(night.known_on)}."] if night.mark == "past" else []),
        *(
            [f"Rebuilt data. These documents were rebuilt from published figures and are not the publishers' originals: {titles}."]
            if titles
            else []
        ),
        *([f"{many(night.undelivered, 'earlier message')} could not be delivered: pillarfour doctor"] if night.undelivered else []),
    ]


def _news(news: News, *, night: Night, cid: str) -> dict[str, Any]:
    label = message.label(news)
    shown = message.newest_releases(news)
    older = len(news.releases) - len(shown)
    return {
        "label": label,
        "colour": _COLOURS.get(label, _OTHER_COLOUR),
        "headline": message.headline(news),
        "change": message.change(news),
        "reason": news.transition.reason,
        "case": news.case,
        "parts": message.parts(news),
        "cid": cid,
        "counts": news.chart.counts if news.chart else "",
        "recent": message.recent(news.chart) if news.chart else [],
        "reasons": message.reasons(news),
        "clears": news.clears,
        "clearing": message.clearing(news),
        "response": news.response,
        "caveats": message.caveats(news, night=night),
        "trigger": news.transition.key.trigger,
        "rule_sha256": news.transition.condition.rule_sha256,
        "releases": [
            {"id": release.id, "published": message.published(release), "document": release.document, "sha256": release.document_sha256}
            for release in shown
        ],
        "older": f"and {many(older, 'older release')}, listed by the command below" if older else "",
        "command": message.command(news),
    }


def _held(release: Release) -> dict[str, Any]:
    name = shlex.quote(one_line(release.id))
    return {
        "id": release.id,
        "document": release.document,
        "problems": release.problems,
        "accept": f'pillarfour releases accept {name} --reason "…"',
        "reject": f'pillarfour releases reject {name} --reason "…"',
    }


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
