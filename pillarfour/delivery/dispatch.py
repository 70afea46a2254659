"""Dispatch: a night's message for every reader, recorded in the transaction that decides the night."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from pillarfour.alerts.model import AlertKey
from pillarfour.delivery import cap, chat, email, outbox, webhook
from pillarfour.delivery.cap import CapMessage
from pillarfour.delivery.email import Attachment, Letter
from pillarfour.delivery.night import Night
from pillarfour.delivery.notice import Notice
from pillarfour.delivery.outbox import Parcel, Recipient
from pillarfour.delivery.routes import Reader, Routes, revealed


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
    _letters: dict[frozenset[AlertKey], Letter] = field(default_factory=dict, init=False, repr=False)

    def record(self, connection: Connection) -> str:
        """Record the CAP messages and every reader's message; give the Message-ID of the folder's, which tells everything."""
        kept = cap.keep(connection, self.notices, sender=self.sender, now=self.now, fewer_than=self.routes.hidden_in_cap)
        files = {notice.transition.key: message for notice, message in kept}
        whole = self.letter(self.notices, files)
        outbox.record(connection, whole, recipients=[Recipient(channel="folder")], now=self.now)
        for reader in self.routes.readers:
            wanted = [notice for notice in self.notices if reader.wants(notice, groups=self.groups)]
            if reader.way == "smtp":
                self.mail(connection, reader, wanted, files)
            else:
                self.post(connection, reader, wanted, files)
        return whole.message_id

    def mail(self, connection: Connection, reader: Reader, wanted: Sequence[Notice], files: Mapping[AlertKey, CapMessage]) -> None:
        """Record a reader's mail; a night with news for others alone is no quiet night, and is not told to them as one."""
        if not wanted and (self.notices or not reader.digest):
            return
        address = revealed(reader.address, os.environ, of=f"{reader.name}.address").get_secret_value()
        recipient = Recipient(channel="smtp", address=address, not_before=reader.held_until(self.now, notices=wanted))
        outbox.record(connection, self.letter(wanted, files), recipients=[recipient], now=self.now)

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

    def letter(self, wanted: Sequence[Notice], files: Mapping[AlertKey, CapMessage]) -> Letter:
        """Write the night's mail with some of its news, and their CAP messages; once for all who want the same."""
        keys = frozenset(notice.transition.key for notice in wanted)
        if keys not in self._letters:
            attachments = [
                Attachment(name=f"{message.identifier}.xml", subtype="cap+xml", content=message.content)
                for key, message in files.items()
                if key in keys
            ]
            narrowed = replace(self.night, news=tuple(news for news in self.night.news if news.transition.key in keys))
            self._letters[keys] = email.compose(narrowed, sender=self.sender, now=self.now, attachments=attachments)
        return self._letters[keys]
