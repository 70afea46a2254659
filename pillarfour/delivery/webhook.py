"""Changes of alerts as signed JSON, for another program to act on."""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import requests
from pydantic import SecretStr

from pillarfour import clock
from pillarfour.deadline import WatchedAdapter
from pillarfour.delivery import sentences
from pillarfour.delivery.cap import CapMessage, moment
from pillarfour.delivery.channels import RefusedError, UnreachableError
from pillarfour.delivery.notice import Notice, shown
from pillarfour.delivery.secrecy import hushed
from pillarfour.delivery.wording import wording
from pillarfour.errors import DeliveryError
from pillarfour.lookups import LANGUAGES

VERSION: Final = 1
PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers below 500 after which trying again may help."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a program listens.

    Parameters
    ----------
    url
        Its address, by https; whoever knows it may write to it, so it is a secret.
    key
        What both sides sign with.
    authority
        A PEM file to verify the server by, in place of the public authorities.
    """

    url: SecretStr
    key: SecretStr
    authority: Path | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookChannel:
    """Programs that listen, by the names that the routes give them.

    Parameters
    ----------
    timeout_seconds
        For a try as a whole, whatever the server drips.
    now
        The time that is signed.
    """

    endpoints: Mapping[str, Endpoint]
    timeout_seconds: float = 30
    now: Callable[[], datetime] = clock.now

    def send(self, content: bytes, *, message_id: str, recipient: str) -> None:
        """Post one message and take any 2xx for its receipt; no redirection is followed.

        Raises
        ------
        RefusedError
            On a redirection, an address that is not by https, or an answer that trying again would not change.
        UnreachableError
            On a broken line, no answer in time, or a certificate that does not verify.
        DeliveryError
            On 5xx, 408, 425 or 429.
        """
        endpoint = self.endpoints.get(recipient)
        if endpoint is None:
            raise DeliveryError(f"webhook {recipient}: the routes name no such reader; put it back, or drop the message")
        url = endpoint.url.get_secret_value()
        if not url.startswith("https://"):
            raise RefusedError(f"webhook {recipient}: its address is not by https; give one that is")
        if endpoint.authority is not None and not endpoint.authority.is_file():
            raise UnreachableError(f"webhook {recipient}: {endpoint.authority}: no such file; give the PEM file of its authority")
        headers = {**signature(content, key=endpoint.key, now=self.now()), "Idempotency-Key": idempotency_key(message_id, recipient)}
        answer: int | str
        with hushed(), requests.Session() as session:
            adapter = WatchedAdapter()
            session.mount("https://", adapter)
            session.auth = _anonymous
            try:
                with adapter.within(self.timeout_seconds):
                    verify = str(endpoint.authority) if endpoint.authority else True
                    with session.post(
                        url,
                        data=content,
                        headers=headers | {"Content-Type": "application/json", "User-Agent": "pillarfour/0.1"},
                        timeout=self.timeout_seconds,
                        allow_redirects=False,
                        stream=True,
                        verify=verify,
                    ) as response:
                        answer = response.status_code
            except (requests.RequestException, OSError) as cause:
                answer = type(cause).__name__
        # Judged outside the handler, so that no error carries a cause: the library's own repeat the address.
        _judge(answer, recipient)


def signature(content: bytes, *, key: SecretStr, now: datetime) -> dict[str, str]:
    """Sign a body together with the time, so that nobody can change it or send it again later.

    Returns
    -------
    dict
        ``Pillarfour-Timestamp``, in Unix seconds, and ``Pillarfour-Signature``: ``v1=`` and the HMAC-SHA256 of
        the timestamp, a full stop and the body, in hexadecimal.
    """
    timestamp = str(int(now.timestamp()))
    digest = hmac.new(key.get_secret_value().encode(), f"{timestamp}.".encode() + content, sha256).hexdigest()
    return {"Pillarfour-Timestamp": timestamp, "Pillarfour-Signature": f"v1={digest}"}


def idempotency_key(message_id: str, recipient: str) -> str:
    """Name a message to one reader: the same at every try."""
    return sha256(f"{message_id}\nwebhook\n{recipient}".encode()).hexdigest()


def compose(notice: Notice, message: CapMessage, *, now: datetime, fewer_than: int = 0) -> bytes:
    """Write a notice as JSON, named by its CAP message; the same bytes for the same arguments.

    A count below ``fewer_than`` is null, and so is what was expected of it.
    """
    transition, condition = notice.transition, notice.transition.condition
    told = shown(notice, fewer_than=fewer_than)
    body: dict[str, Any] = {
        "version": VERSION,
        "identifier": message.identifier,
        "status": message.status,
        "message_type": message.message_type,
        "recorded_at": moment(now),
        "known_on": str(transition.known_on),
        "alert": str(transition.key),
        "trigger": transition.key.trigger,
        "stage": transition.key.stage,
        "subject": transition.key.subject,
        "country": notice.country,
        "nationalities": list(notice.nationalities),
        "kind": condition.kind,
        "case": transition.case_id,
        "state": transition.after,
        "level": transition.level,
        "level_before": transition.level_before,
        "since": str(notice.news.since),
        "reference_period": condition.reference_period,
        "value": told.value,
        "fewer_than": told.fewer_than,
        "unit": condition.unit,
        "expected": told.expected,
        "headline": {language: sentences.headline(notice, told, wording(language)) for language in LANGUAGES},
        "description": {language: sentences.description(notice, told, wording(language)) for language in LANGUAGES},
        "response": {language: sentences.steps(notice, wording(language)) for language in LANGUAGES},
        "rule_sha256": condition.rule_sha256,
        "releases": list(condition.releases),
    }
    return json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Bring no login: without this, requests would look one up in ``.netrc``."""
    return request


def _judge(answer: int | str, recipient: str) -> None:
    who = f"webhook {recipient}"
    match answer:
        case str():
            raise UnreachableError(f"{who}: {answer}; it will be tried again")
        case code if HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES:
            return
        case code if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in PASSING:
            raise DeliveryError(f"{who} answered {code}; it will be tried again")
        case code if HTTPStatus.MULTIPLE_CHOICES <= code < HTTPStatus.BAD_REQUEST:
            raise RefusedError(f"{who} answered {code}, a redirection, which is not followed; give the address that it leads to")
        case code:
            raise RefusedError(f"{who} answered {code}; mend its address or its key, then `pillarfour outbox retry`")
