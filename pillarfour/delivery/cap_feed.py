"""The kept CAP messages as files, and an Atom feed of the newest: both written anew from the ledger, whatever a crash left.

References
----------
.. [1] Nottingham, M. and Sayre, R. (2005). The Atom Syndication Format. RFC 4287.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, get_args
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from sqlalchemy import Row, select

from pillarfour.delivery.cap import NAMESPACE as CAP
from pillarfour.delivery.cap_meaning import Status
from pillarfour.delivery.cap_table import cap_messages
from pillarfour.delivery.channels import keep_whole
from pillarfour.delivery.outbox import Ledger
from pillarfour.errors import DeliveryError

NAMESPACE: Final = "http://www.w3.org/2005/Atom"
NEWEST: Final = 100
"""So many of each status: a backfill's tests never push real messages out."""

FEED: Final = "feed.atom"
MEDIA_TYPE: Final = "application/cap+xml"

_IDENTIFIER = re.compile(r"pillarfour-\d{4}-\d{2}-\d{2}-[0-9a-f]{32}")


def publish(ledger: Ledger, folder: Path, *, newest: int = NEWEST) -> int:
    """Write the messages that are not in the folder yet, and the feed where it has changed; say how many were written.

    Raises
    ------
    DeliveryError
        If the folder cannot be written, or a message's name could leave it.
    """
    with ledger.begin() as connection:
        kept = connection.execute(select(cap_messages.c.id, cap_messages.c.identifier).order_by(cap_messages.c.id)).all()
        if not kept:
            return 0
        missing = [row.id for row in kept if not _place(folder, row.identifier).exists()]
        contents = {number: connection.scalar(select(cap_messages.c.content).where(cap_messages.c.id == number)) for number in missing}
        shown = [
            row
            for status in get_args(Status)
            for row in connection.execute(
                select(cap_messages).where(cap_messages.c.status == status).order_by(cap_messages.c.id.desc()).limit(newest)
            )
        ]
    for row in kept:
        if row.id in contents:
            keep_whole(_place(folder, row.identifier), contents[row.id] or b"")
    feed = compose_feed(sorted(shown, key=lambda row: -row.id))
    place = folder / FEED
    if not place.exists() or place.read_bytes() != feed:
        keep_whole(place, feed)
    return len(missing)


def compose_feed(messages: Sequence[Row[Any]]) -> bytes:
    """Write the feed of some rows of the table, newest first: the same bytes for the same rows."""
    sender = messages[0].sender
    feed = ET.Element("feed", xmlns=NAMESPACE)
    _add(feed, "id", uuid5(NAMESPACE_URL, f"pillarfour:{sender}").urn)
    _add(feed, "title", "pillarfour: CAP messages")
    _add(feed, "updated", _moment(max(message.sent for message in messages)))
    _add(ET.SubElement(feed, "author"), "name", sender)
    ET.SubElement(feed, "link", rel="self", href=FEED, type="application/atom+xml")
    for message in messages:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", uuid5(NAMESPACE_URL, message.identifier).urn)
        _add(entry, "title", _headline(message.content))
        _add(entry, "updated", _moment(message.sent))
        ET.SubElement(entry, "link", rel="alternate", href=f"{message.identifier}.xml", type=MEDIA_TYPE)
        for term in (message.status, message.message_type):
            ET.SubElement(entry, "category", term=term)
    ET.indent(feed)
    content: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _headline(content: bytes) -> str:
    return ET.fromstring(content).findtext(f"{{{CAP}}}info/{{{CAP}}}headline", default="")  # noqa: S314 - written by this project


def _place(folder: Path, identifier: str) -> Path:
    if not _IDENTIFIER.fullmatch(identifier):
        raise DeliveryError(f"{identifier!r}: not a name this project gives a CAP message; look at the ledger's table cap_messages")
    return folder / f"{identifier}.xml"


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
