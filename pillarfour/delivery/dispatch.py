"""Dispatch: a night's message for every reader, recorded in the transaction that decides the night."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pillarfour.alerts.model import AlertKey
from pillarfour.delivery import cap, chat, email, outbox, webhook
from pillarfour.delivery.cap import CapMessage
from pillarfour.delivery.letter import Attachment, Letter
from pillarfour.delivery.night import Night
from pillarfour.delivery.notice import Notice
from pillarfour.delivery.outbox import Parcel, Recipient
from pillarfour.delivery.routes import Reader, Routes, mailed_to
from pillarfour.lookups import LANGUAGES


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """One night on its way to its readers.

    Parameters
    ----------
    groups
        The nationalities of each group, for readers who ask for one.
    """

    night: Night
    notices: Sequence[Notice]
    routes: Routes
    groups: Mapping[str, Sequence[str]]
    sender: str
    now: datetime

    def record(self, connection: Connection) -> str:
        """Record the CAP messages and every reader's messages; give the Message-ID of the digest, which tells everything."""
        kept = cap.keep(connection, self.notices, sender=self.sender, now=self.now, fewer_than=self.routes.hidden_in_cap)
        files = {notice.transition.key: message for notice, message in kept}
        letters = self.letters(files, taken=outbox.named(connection, known_on=self.night.known_on))
        for letter in letters:
            outbox.record(connection, letter, recipients=[Recipient(channel="folder")], now=self.now)
        for reader in self.routes.readers:
            wanted = [notice for notice in self.notices if reader.wants(notice, groups=self.groups)]
            if reader.way == "smtp":
                self.mail(connection, reader, wanted, letters)
            else:
                self.post(connection, reader, wanted, files)
        return next(letter.message_id for letter in letters if letter.kind == "digest")

    def mail(self, connection: Connection, reader: Reader, wanted: Sequence[Notice], letters: Sequence[Letter]) -> None:
        """Record a reader's mail, in their language: every case that they want any part of, whole, and the digest if they ask for it."""
        asked = {notice.transition.key: notice for notice in wanted}
        address = mailed_to(reader, os.environ)
        for letter in letters:
            about = [asked[key] for key in letter.keys if key in asked]
            if letter.language == reader.language and (reader.digest if letter.kind == "digest" else about):
                recipient = Recipient(channel="smtp", address=address, not_before=reader.held_until(self.now, notices=about))
                outbox.record(connection, letter, recipients=[recipient], now=self.now)

    def post(self, connection: Connection, reader: Reader, wanted: Sequence[Notice], files: Mapping[AlertKey, CapMessage]) -> None:
        """Record a message a notice for a program or a chat; past nights never leave the folder."""
        if self.night.mark == "past":
            return
        hidden = self.routes.hidden_below(reader)
        for notice in wanted:
            message = files.get(notice.transition.key)
            if message is None:
                continue
            content = (
                webhook.compose(notice, message, now=self.now, fewer_than=hidden)
                if reader.way == "webhook"
                else chat.compose(notice, language=reader.language, fewer_than=hidden)
            )
            parcel = Parcel(
                message_id=f"<{message.identifier}@pillarfour>", known_on=self.night.known_on, mark=self.night.mark, content=content
            )
            recipient = Recipient(channel=reader.way, address=reader.name, not_before=reader.held_until(self.now, notices=[notice]))
            outbox.record_parcel(connection, parcel, recipient=recipient, now=self.now)

    def letters(self, files: Mapping[AlertKey, CapMessage], *, taken: Collection[str]) -> list[Letter]:
        """Write the night's mail, each case with its CAP messages, in every language that is read; the folder has English."""
        read = {"en", *(reader.language for reader in self.routes.readers if reader.way == "smtp")}
        attachments = {
            key: [Attachment(name=f"{message.identifier}.xml", subtype="cap+xml", content=message.content)]
            for key, message in files.items()
        }
        languages = [language for language in LANGUAGES if language in read]
        return email.compose(self.night, sender=self.sender, now=self.now, languages=languages, attachments=attachments, taken=taken)
