"""One attempt at one address: hop by hop, within the recipe's hosts, size and time."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urljoin

import requests
from requests.utils import requote_uri
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from pillarfour.answer import Answer, Passing, Refused, classify, read_wait, unpack
from pillarfour.deadline import WatchedAdapter
from pillarfour.recipe import Web

HOPS = 5
PASSING = {HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
"""What bot filters and busy servers answer, beside 5xx, and mend by themselves."""


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
                "Accept-Encoding": "gzip",
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
            except (requests.RequestException, HTTPError, Passing) as cause:
                if expired.is_set():
                    raise Refused(f"not complete after {self._web.deadline_seconds:g} s") from cause
                if isinstance(cause, Passing):
                    raise
                raise classify(cause) from cause

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
                    return self._answer(url, response, conditional=bool(headers))
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

    def _answer(self, url: str, response: requests.Response, *, conditional: bool) -> Answer:
        status = response.status_code
        if status == HTTPStatus.NOT_MODIFIED and conditional:
            return Answer(url=url, status=status, headers=response.headers, content=b"")
        if status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Passing(f"answered {status} {response.reason}", wait_seconds=read_wait(response.headers))
        if status != HTTPStatus.OK:
            raise Refused(f"answered {status} {response.reason}")
        content = self._body(response)
        if not content:
            raise Passing("sent an empty answer")
        return Answer(url=url, status=status, headers=response.headers, content=content)

    def _body(self, response: requests.Response) -> bytes:
        """Read the bytes as they travel: requests' own unpacking takes half of a compressed document for a whole one."""
        limit = self._web.max_megabytes * 1_000_000
        too_large = Refused(f"is larger than the recipe's web.max_megabytes, {self._web.max_megabytes} MB")
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise too_large
        content = bytearray()
        for chunk in response.raw.stream(65_536, decode_content=False):
            content += chunk
            if len(content) > limit:
                raise too_large
        unpacked = unpack(bytes(content), response.headers.get("Content-Encoding", "identity").lower(), limit=limit)
        if len(unpacked) > limit:
            raise too_large
        return unpacked


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
