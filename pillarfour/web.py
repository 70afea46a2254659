"""The one client of publishers' servers: patient, polite, and never content with something that is no document."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_exponential, wait_random

from pillarfour import clock, listing, validators
from pillarfour.answer import Answer, Passing, Refused
from pillarfour.download import Downloader
from pillarfour.errors import FetchError
from pillarfour.model import Document, Link
from pillarfour.recipe import Recipe
from pillarfour.validators import Validator

log = logging.getLogger(__name__)

PAGE_TYPES = ("text/html", "application/xhtml+xml")


class WebClient:
    """Reads one source's pages and documents.

    Parameters
    ----------
    recipe
        The source's facts; ``web`` bounds all that is done.
    contact
        A URL or address at which the publisher's administrators find us; part of the user agent.
    state
        The file of validators, such as ``<store>/validators/us_cbp.json``; without it nothing is asked conditionally.
    sleep
        How to wait [seconds].

    Notes
    -----
    A document's validators are remembered by ``confirm``, not by ``document``: until the caller has kept the document,
    the publisher must not be allowed to answer "not changed".
    """

    def __init__(self, recipe: Recipe, *, contact: str, state: Path | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._source = recipe.name
        self._web = recipe.web
        self._state = state
        self._sleep = sleep
        self._validators = validators.read(state) if state else {}
        self._offered: dict[str, Validator] = {}
        agent = f"Mozilla/5.0 (compatible; pillarfour/0.1; +{contact})"
        self._downloader = Downloader(self._web, user_agent=agent, sleep=sleep)
        if not self._web.tls.verify:
            log.warning("%s: certificates are not verified: %s", self._source, self._web.tls.reason)

    def __enter__(self) -> Self:
        """Use the client in a ``with`` statement."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close its connections."""
        self._downloader.close()

    def page(self, url: str) -> str:
        """Read a listing page's text; one that was moved says in a ``<base>`` where its relative links start from.

        Raises
        ------
        FetchError
            If the page cannot be had, or is no page.
        """
        answer = self._ask(url, headers={})
        if answer.media_type and answer.media_type not in PAGE_TYPES:
            raise self._error(url, f"sent {answer.media_type} where a page was expected")
        return _text(answer) if answer.url == url else listing.place(_text(answer), answer.url)

    def document(self, link: Link) -> Document | None:
        """Fetch a document; None where the publisher says that it has not changed since it was confirmed.

        Raises
        ------
        FetchError
            If it cannot be had, or is not of a type that the recipe declares.
        """
        known = self._validators.get(link.url, Validator())
        answer = self._ask(link.url, headers=known.conditions())
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        self._check_type(link.url, answer)
        self._offered[link.url] = Validator(etag=answer.headers.get("ETag"), last_modified=answer.headers.get("Last-Modified"))
        published_on = _published_on(answer.headers)
        return Document(
            name=link.name,
            content=answer.content,
            retrieved_at=clock.now(),
            url=link.url,
            published_on=published_on,
            published_basis="observed" if published_on else None,
        )

    def confirm(self, document: Document) -> None:
        """Remember that a document is kept, so that the publisher need not send it again."""
        if self._state is not None and document.url in self._offered:
            self._validators[document.url] = self._offered.pop(document.url)
            validators.write(self._state, self._validators)

    def _ask(self, url: str, *, headers: Mapping[str, str]) -> Answer:
        until = time.monotonic() + self._web.deadline_seconds
        attempts = Retrying(
            retry=retry_if_exception_type(Passing),
            stop=stop_after_attempt(self._web.attempts) | stop_before_delay(self._web.deadline_seconds),
            wait=self._wait,
            sleep=self._sleep,
            before_sleep=lambda state: log.info("%s: %s; trying again", url, state.outcome and state.outcome.exception()),
            reraise=True,
        )
        try:
            return attempts(self._downloader.get, url, headers=headers, until=until)
        except Passing as last:
            asked = f" and asks us to wait {last.wait_seconds:g} s" if last.wait_seconds else ""
            raise self._error(url, f"{last}{asked}, at attempt {attempts.statistics['attempt_number']} of {self._web.attempts}") from last
        except Refused as refusal:
            raise self._error(url, str(refusal)) from refusal

    def _wait(self, state: RetryCallState) -> float:
        """Back off with jitter, and for as long as the server asks."""
        first = self._web.first_wait_seconds
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.wait_seconds if isinstance(failure, Passing) else 0
        return max((wait_exponential(multiplier=first) + wait_random(0, first))(state), asked)

    def _check_type(self, url: str, answer: Answer) -> None:
        declared = answer.media_type
        if not any(kind in self._web.content_types for kind in PAGE_TYPES) and (declared in PAGE_TYPES or _looks_like_page(answer.content)):
            heading = listing.title(_text(answer))
            named = f"titled {heading!r}" if heading else "without a title"
            raise self._error(url, f"sent a web page {named} in place of a document")
        if declared and declared not in self._web.content_types:
            raise self._error(url, f"sent {declared}, but the recipe's web.content_types are {', '.join(self._web.content_types)}")

    def _error(self, url: str, what: str) -> FetchError:
        source = self._source
        return FetchError(
            f"{url}: {what}; get the file with a browser and put it in data/inbox/{source}/ or run pillarfour ingest {source} FILE"
        )


def _text(answer: Answer) -> str:
    header = Message()
    header["Content-Type"] = answer.headers.get("Content-Type", "")
    return listing.read(answer.content, header.get_content_charset())


def _looks_like_page(content: bytes) -> bool:
    return content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


def _published_on(headers: Mapping[str, str]) -> date | None:
    """Read ``Last-Modified`` as a day in UTC; a time later than the server's own is not believed."""
    try:
        modified = parsedate_to_datetime(headers.get("Last-Modified", ""))
        answered = parsedate_to_datetime(headers["Date"]) if "Date" in headers else clock.now()
        return modified.astimezone(UTC).date() if modified <= answered else None
    except (ValueError, TypeError):
        return None
