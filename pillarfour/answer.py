"""What comes of one attempt: an answer, a failure that may pass, or a refusal that will not."""

import gzip
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from io import BytesIO

import requests
from urllib3.exceptions import HTTPError


class Refused(Exception):  # noqa: N818 - what the publisher did; the client makes a FetchError of it
    """An answer that another try would not change."""


class Passing(Exception):  # noqa: N818 - what the publisher did; the client makes a FetchError of it
    """A failure that another try may mend, not before ``wait_seconds`` have passed."""

    def __init__(self, what: str, *, wait_seconds: float = 0) -> None:
        super().__init__(what)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came, and from which address in the end: 200 with a body, or 304 without."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The declared type, bare, in lower case; empty where the server declares none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def unpack(content: bytes, encoding: str, *, limit: int) -> bytes:
    """Undo the encoding on the way, to just beyond the limit."""
    if encoding == "identity" or not content:
        return content
    if encoding not in {"gzip", "x-gzip"}:
        raise Refused(f"sent in the encoding {encoding}, which was not asked for")
    try:
        return gzip.GzipFile(fileobj=BytesIO(content)).read(limit + 1)
    except (EOFError, OSError, zlib.error) as cause:
        raise Passing(f"broke off or was damaged ({cause})") from cause


def classify(cause: requests.RequestException | HTTPError) -> Passing | Refused:
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
    if isinstance(cause, requests.ConnectionError | requests.Timeout | HTTPError):
        return Passing(f"could not be reached or broke off ({said})")
    return Refused(f"could not be asked ({said})")


def read_wait(headers: Mapping[str, str]) -> float:
    """Read how long the server asks us to wait [seconds]: a number, or a date measured against the server's own."""
    wanted = headers.get("Retry-After", "").strip()
    if wanted.isdecimal():
        return float(wanted)
    try:
        return max((parsedate_to_datetime(wanted) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds(), 0)
    except (ValueError, TypeError):
        return 0
