"""One attempt at one address: hop by hop, within the recipe's hosts, size and time."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urljoin

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from requests.utils import requote_uri
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from pillarfour.deadline import WatchedAdapter
from pillarfour.recipe import Web

HOPS = 5
PASSING = {HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
"""What bot filters and busy servers answer, beside 5xx, and mend by themselves."""


class Refused(Exception):  # noqa: N818 - what the publisher did; the client makes a FetchError of it
    """An answer that another try would not change."""


class Passing(Exception):  # noqa: N818 - what the publisher did; the client makes a FetchError of it
    """A failure that another try may mend, not before ``wait_seconds`` have passed."""

    def __init__(self, what: str, *, wait_seconds: float = 0) -> None:
        super().__init__(what)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came: 200 with a body, or 304 without."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The declared type, bare, in lower case; empty where the server declares none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class Downloader:
    """Asks a publisher's server as its recipe allows, one request at a time.

    Parameters
    ----------
    web
        Hosts, limits, pause and trust.
    user_agent
        Who we say we are.
    sleep
        How to wait [seconds].
    """

    def __init__(self, web: Web, *, user_agent: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._web = web
        self._sleep = sleep
        self._asked_at: dict[str, float] = {}
        self._adapter = WatchedAdapter()
        self._session = _Session()
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)
        self._session.auth = _no_netrc
        self._session.headers.update(
            {
                "User-Agent": user_agent,
                "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
                "Accept-Language": "es,en;q=0.8",
            }
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, url: str, *, headers: Mapping[str, str], until: float) -> Answer:
        """Ask once, following redirects on the publisher's own hosts, until ``time.monotonic()`` says so.

        Raises
        ------
        Passing
            If another try may help.
        Refused
            If not.
        """
        with self._adapter.within(until - time.monotonic()) as expired:
            try:
                return self._follow(url, headers)
            except (requests.RequestException, Passing) as cause:
                if expired.is_set():
                    raise Refused(f"not complete after {self._web.deadline_seconds:g} s") from cause
                if isinstance(cause, Passing):
                    raise
                raise _failure(cause) from cause

    def _follow(self, url: str, headers: Mapping[str, str]) -> Answer:
        for _ in range(HOPS + 1):
            url = self._allowed(url)
            self._pause(url)
            with self._session.get(
                url,
                headers=dict(headers),
                timeout=self._web.timeout_seconds,
                allow_redirects=False,
                stream=True,
                verify=self._web.tls.authority or self._web.tls.verify,  # said at each request: REQUESTS_CA_BUNDLE overrides a session's
            ) as response:
                target = requests.Session.get_redirect_target(self._session, response)
                if target is None:
                    return self._answer(response, conditional=bool(headers))
                url = _joined(url, target)
        raise Refused(f"redirected more than {HOPS} times, at last to {url}")

    def _allowed(self, url: str) -> str:
        """Refuse other hosts, and ask by https whatever the link says; a host of this machine may speak plain http."""
        try:
            address = parse_url(url)  # the parser that decides where requests connects
        except LocationParseError as cause:
            raise Refused(f"leads to {url!r}, which is no address") from cause
        host = (address.host or "").strip("[]")
        if address.scheme not in {"http", "https"} or host not in self._web.allowed_hosts:
            raise Refused(f"leads to {url}, but the recipe's web.allowed_hosts are {', '.join(self._web.allowed_hosts)}")
        if address.scheme == "http" and not _is_this_machine(host):
            address = address._replace(scheme="https", port=None if address.port == 80 else address.port)  # noqa: PLR2004 - the port of http
        return address.url

    def _pause(self, url: str) -> None:
        host = parse_url(url).netloc or ""
        since = time.monotonic() - self._asked_at.get(host, -self._web.pause_seconds)
        if since < self._web.pause_seconds:
            self._sleep(self._web.pause_seconds - since)
        self._asked_at[host] = time.monotonic()

    def _answer(self, response: requests.Response, *, conditional: bool) -> Answer:
        status = response.status_code
        if status == HTTPStatus.NOT_MODIFIED and conditional:
            return Answer(status=status, headers=response.headers, content=b"")
        if status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Passing(f"answered {status} {response.reason}", wait_seconds=_retry_after(response.headers))
        if status != HTTPStatus.OK:
            raise Refused(f"answered {status} {response.reason}")
        content = self._body(response)
        if not content:
            raise Passing("sent an empty answer")
        return Answer(status=status, headers=response.headers, content=content)

    def _body(self, response: requests.Response) -> bytes:
        limit = self._web.max_megabytes * 1_000_000
        announced = response.headers.get("Content-Length", "")
        content = bytearray()
        if not (announced.isdecimal() and int(announced) > limit):
            for chunk in response.iter_content(65_536):
                content += chunk
                if len(content) > limit:
                    break
            else:
                return bytes(content)
        raise Refused(f"is larger than the recipe's web.max_megabytes, {self._web.max_megabytes} MB")


class _Session(requests.Session):
    """Leaves redirects to its caller."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """See none: requests reads a redirect's whole body, of any size, also where it shall not follow."""


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no credentials; with no authentication of its own requests would read ~/.netrc."""
    return request


def _joined(url: str, target: str) -> str:
    try:
        return requote_uri(urljoin(url, target))
    except ValueError as cause:
        raise Refused(f"leads to {target!r}, which is no address") from cause


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _failure(cause: requests.RequestException) -> Passing | Refused:
    """Tell what time may mend from what it will not, by the innermost reason."""
    reason: BaseException = cause
    while not isinstance(reason, ssl.SSLCertVerificationError) and (deeper := reason.__cause__ or reason.__context__):
        reason = deeper
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Refused(
            f"its certificate is not trusted ({reason.verify_message}); if the publisher's chain is broken, "
            "pin the authority's chain as web.tls.authority in the recipe"
        )
    said = str(reason) or type(reason).__name__
    if isinstance(cause, requests.ConnectionError | requests.Timeout | ChunkedEncodingError | ContentDecodingError):
        return Passing(f"could not be reached or broke off ({said})")
    return Refused(f"could not be asked ({said})")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Read how long the server asks us to wait [seconds]: a number, or a date measured against the server's own."""
    wanted = headers.get("Retry-After", "").strip()
    if wanted.isdecimal():
        return float(wanted)
    try:
        return max((parsedate_to_datetime(wanted) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds(), 0)
    except (ValueError, TypeError):
        return 0
