"""CAP 1.2: one XML message a change of an alert, for other systems.

References
----------
.. [1] OASIS (2010). Common Alerting Protocol Version 1.2. urn:oasis:names:tc:emergency:cap:1.2
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal
from xml.etree import ElementTree as ET

from sqlalchemy import Connection, select

from pillarfour.delivery import sentences
from pillarfour.delivery.cap_meaning import ENDED, Status, category_of, meaning_of, status_of
from pillarfour.delivery.cap_table import cap_messages
from pillarfour.delivery.notice import Notice, Shown, shown
from pillarfour.delivery.wording import Wording, one_line, wording
from pillarfour.errors import DeliveryError
from pillarfour.lookups import LANGUAGES

MessageType = Literal["Alert", "Update", "Cancel"]

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
RESTRICTION: Final = "For the task force of the signatories and whom it names; not for publication."
GEOCODE: Final = "ISO 3166-1 alpha-3"
SENDER: Final = re.compile(r"[^\s,<>&]+")
"""What the standard allows a sender or an identifier to be."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What names an earlier message."""

    sender: str
    identifier: str
    sent: datetime

    def __str__(self) -> str:
        """Write it as the standard asks."""
        return f"{self.sender},{self.identifier},{moment(self.sent)}"


@dataclass(frozen=True, kw_only=True)
class CapMessage:
    """One message as it is kept and sent; ``identifier`` is a safe file name."""

    identifier: str
    status: Status
    message_type: MessageType
    content: bytes = field(repr=False)


def keep(
    connection: Connection, notices: Iterable[Notice], *, sender: str, now: datetime, fewer_than: int = 0
) -> list[tuple[Notice, CapMessage]]:
    """Write the night's messages and record them, in the caller's transaction.

    Parameters
    ----------
    notices
        This night's announced changes.
    sender
        Who says it: an address, or another name without blanks and commas.
    fewer_than
        Counts below it are not shown; 0 shows all.

    Returns
    -------
    list of (Notice, CapMessage)
        One a notice; none for the end of an alert of which these readers were never told, and none for what is pending.
    """
    kept = ((notice, _keep_one(connection, notice, sender=sender, now=now, fewer_than=fewer_than)) for notice in notices)
    return [(notice, message) for notice, message in kept if message is not None]


def compose(  # noqa: PLR0913 - a message is all of these
    notice: Notice, *, identifier: str, sender: str, sent: datetime, references: Sequence[Reference] = (), fewer_than: int = 0
) -> CapMessage:
    """Write one message; pure.

    Parameters
    ----------
    references
        The earlier messages of this alert since it began, oldest first; without any it is an Alert.

    Raises
    ------
    DeliveryError
        If the sender holds a blank, a comma or a sign of XML.
    """
    if not SENDER.fullmatch(sender):
        raise DeliveryError(f"CAP sender {sender!r}: holds a blank, a comma, or one of <>&; write an address, as pillarfour@example.org")
    message_type = _type(notice, references)
    status = status_of(notice)
    told = shown(notice, fewer_than=fewer_than)
    alert = ET.Element("alert", xmlns=NAMESPACE)
    _add(alert, "identifier", identifier)
    _add(alert, "sender", sender)
    _add(alert, "sent", moment(sent))
    _add(alert, "status", status)
    _add(alert, "msgType", message_type)
    _add(alert, "scope", "Restricted")
    _add(alert, "restriction", RESTRICTION)
    if told.reasons:
        _add(alert, "note", notice.transition.reason)
    if references:
        _add(alert, "references", " ".join(map(str, references)))
    if notice.transition.case_id:
        _add(alert, "incidents", notice.transition.case_id)
    for language in LANGUAGES:
        _info(alert, notice, told, wording(language))
    ET.indent(alert)
    content: bytes = ET.tostring(alert, encoding="utf-8", xml_declaration=True)
    return CapMessage(identifier=identifier, status=status, message_type=message_type, content=content + b"\n")


def moment(value: datetime) -> str:
    """Write a time in UTC as the standard asks: to the second, and ``-00:00`` in place of ``Z``."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00"


def _keep_one(connection: Connection, notice: Notice, *, sender: str, now: datetime, fewer_than: int) -> CapMessage | None:
    transition, status = notice.transition, status_of(notice)
    key = transition.key
    earlier = connection.execute(
        select(*(cap_messages.c[name] for name in ("identifier", "known_on", "message_type", "sender", "sent")))
        .where(
            cap_messages.c.trigger == key.trigger,
            cap_messages.c.stage == key.stage,
            cap_messages.c.subject == key.subject,
            cap_messages.c.status == status,
            cap_messages.c.known_on <= transition.known_on,
        )
        .order_by(cap_messages.c.known_on, cap_messages.c.id)
    ).all()
    since = max((place for place, row in enumerate(earlier, start=1) if row.message_type == "Cancel"), default=0)
    references = [Reference(sender=row.sender, identifier=row.identifier, sent=row.sent) for row in earlier[since:]]
    if transition.after not in {"active", *ENDED} or (transition.after != "active" and not references):
        return None
    ordinal = sum(row.known_on == transition.known_on for row in earlier)
    name = f"{key}\n{transition.known_on}\n{status}\n{transition.after}\n{transition.level}\n{ordinal}"
    identifier = f"pillarfour-{transition.known_on}-{sha256(name.encode()).hexdigest()[:32]}"
    message = compose(notice, identifier=identifier, sender=sender, sent=now, references=references, fewer_than=fewer_than)
    connection.execute(
        cap_messages.insert().values(
            identifier=identifier,
            trigger=key.trigger,
            stage=key.stage,
            subject=key.subject,
            known_on=transition.known_on,
            status=status,
            message_type=message.message_type,
            sender=sender,
            sent=now.replace(microsecond=0),
            content=message.content,
        )
    )
    return message


def _type(notice: Notice, references: Sequence[Reference]) -> MessageType:
    if not references:
        return "Alert"
    return "Update" if notice.transition.after == "active" else "Cancel"


def _info(alert: ET.Element, notice: Notice, told: Shown, words: Wording) -> None:
    kind = notice.transition.condition.kind
    response, urgency, severity, certainty = meaning_of(notice)
    info = ET.SubElement(alert, "info")
    _add(info, "language", words.language)
    _add(info, "category", category_of(kind))
    _add(info, "event", sentences.event(kind, words))
    _add(info, "responseType", response)
    _add(info, "urgency", urgency)
    _add(info, "severity", severity)
    _add(info, "certainty", certainty)
    _add(info, "senderName", "pillarfour")
    _add(info, "headline", sentences.headline(notice, told, words))
    _add(info, "description", sentences.description(notice, told, words))
    if steps := sentences.steps(notice, words):
        _add(info, "instruction", " ".join(steps))
    for name, value in _parameters(notice, told):
        _pair(info, "parameter", name, value)
    area = ET.SubElement(info, "area")
    _add(area, "areaDesc", notice.news.topic.place.get(words.language, notice.transition.key.stage))
    if notice.country:
        _pair(area, "geocode", GEOCODE, notice.country)


def _parameters(notice: Notice, told: Shown) -> Iterable[tuple[str, str]]:
    transition, condition = notice.transition, notice.transition.condition
    hidden = None if told.fewer_than is None else f"fewer than {told.fewer_than}"
    found = {
        "trigger": transition.key.trigger,
        "stage": transition.key.stage,
        "subject": transition.key.subject,
        "nationalities": " ".join(notice.nationalities),
        "level": transition.level or "",
        "state": transition.after,
        "known_on": str(transition.known_on),
        "reference_period": condition.reference_period or "",
        "value": hidden or ("" if told.value is None else f"{told.value:.15g}"),
        "unit": condition.unit,
        "expected": "" if told.expected is None else f"{told.expected:.6g}",
        "rule_sha256": condition.rule_sha256,
        "releases": " ".join(condition.releases),
    }
    return ((name, value) for name, value in found.items() if value)


def _pair(parent: ET.Element, name: str, value_name: str, value: str) -> None:
    pair = ET.SubElement(parent, name)
    _add(pair, "valueName", value_name)
    _add(pair, "value", value)


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = one_line(text)
