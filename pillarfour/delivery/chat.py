"""Short messages to chats and telephones through Apprise, which knows some hundred services by one URL each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from pillarfour.alerts.model import Level
from pillarfour.delivery import sentences
from pillarfour.delivery.channels import RefusedError, UnreachableError
from pillarfour.delivery.notice import Notice, shown
from pillarfour.delivery.secrecy import hushed
from pillarfour.delivery.wording import wording
from pillarfour.errors import DeliveryError
from pillarfour.lookups import Language

URGENCY: Final[dict[Level, str]] = {"watch": "info", "warning": "warning", "emergency": "failure"}
"""Apprise's own words, which services show as a colour."""


@dataclass(frozen=True, kw_only=True)
class ChatChannel:
    """Chats, by the names that the routes give them; an address holds its password."""

    addresses: Mapping[str, SecretStr]

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:  # noqa: ARG002 - chats know no message's name
        """Send one message; Apprise says only whether it went.

        Raises
        ------
        RefusedError
            If the address is none that Apprise knows.
        UnreachableError
            If the service did not take it; Apprise does not say why.
        """
        import apprise  # noqa: PLC0415 - most nights need no chat

        address = self.addresses.get(recipient)
        if address is None:
            raise DeliveryError(f"chat {recipient}: the routes name no such reader; put it back, or drop the message")
        said = json.loads(content)
        sent = False
        with hushed():
            chat = apprise.Apprise()
            known = chat.add(address.get_secret_value())
            if known:
                sent = bool(chat.notify(title=said["title"], body=said["body"], notify_type=said["type"], body_format="text"))
        if not known:
            raise RefusedError(f"chat {recipient}: its address is none that Apprise knows; see Apprise's list of services")
        if not sent:
            raise UnreachableError(f"chat {recipient}: the service did not take the message; it will be tried again")


def compose(notice: Notice, *, language: Language, fewer_than: int = 0) -> bytes:
    """Write a notice in a few lines of the reader's language."""
    told = shown(notice, fewer_than=fewer_than)
    level = notice.transition.level
    words = wording(language)
    body = [sentences.description(notice, told, words), *sentences.steps(notice, words)]
    said = {
        "title": sentences.headline(notice, told, words),
        "body": "\n".join(body),
        "type": URGENCY[level] if level else "success",
    }
    return json.dumps(said, ensure_ascii=True, sort_keys=True).encode()
