"""Read publishers' pages, and find the documents that they link to."""

import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urldefrag, urljoin, urlsplit

from pillarfour.model import Link

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag


def links(html: str, page_url: str, pattern: str | re.Pattern[str]) -> list[Link]:
    """Find a page's links that match, in the page's order, each once.

    Parameters
    ----------
    html
        The page's text, as ``Client.page`` gives it.
    page_url
        Where it was read: what its relative links start from, unless it has a ``<base>``.
    pattern
        Searched in the absolute link with percent-escapes decoded, so that ``DARIÉN`` finds ``DARI%C3%89N``.

    Returns
    -------
    list of Link
        ``url`` absolute, percent-encoded, without a fragment; ``name`` the decoded file name.
    """
    from requests.utils import requote_uri  # noqa: PLC0415 - as below

    page = _soup(html)
    start = _start(page, page_url)
    wanted = re.compile(pattern)
    found: dict[str, Link] = {}
    for anchor in page.find_all(["a", "area"], href=True):
        try:
            url = urldefrag(requote_uri(urljoin(start, _href(anchor)))).url
            address = urlsplit(url)
        except ValueError:
            continue  # an href such as http://[ leads nowhere, in a browser too
        if address.scheme in {"http", "https"} and wanted.search(_decoded(url)):
            found.setdefault(url, Link(url=url, name=_decoded(address.path).rsplit("/", 1)[-1]))
    return list(found.values())


def _soup(html: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup  # noqa: PLC0415 - every command imports the sources, and few of them read a page

    return BeautifulSoup(html, "html.parser")


def _start(page: "BeautifulSoup", page_url: str) -> str:
    base = page.find("base", href=True)
    return urljoin(page_url, _href(base)) if base else page_url


def _href(tag: "Tag") -> str:
    """Read an href as browsers do: without the line breaks that editors leave in it."""
    return re.sub(r"[\t\r\n]", "", str(tag["href"])).strip()


def _decoded(address: str) -> str:
    """Undo percent-escapes, in UTF-8 or in the Latin-1 of older servers."""
    content = unquote_to_bytes(address)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read(content: bytes, charset: str | None = None) -> str:
    """Decode a page: as its server says, else as it says itself, else UTF-8, else as a browser would, in Windows-1252."""
    from bs4.dammit import EncodingDetector  # noqa: PLC0415 - as below

    for encoding in (charset, EncodingDetector.find_declared_encoding(content, is_html=True), "utf-8"):
        if encoding:
            try:
                return content.decode(encoding)
            except (LookupError, UnicodeDecodeError):
                continue
    return content.decode("windows-1252", errors="replace")


def place(html: str, url: str) -> str:
    """Write into a page where it was found, as browsers do when they save one: its first ``<base>`` is the one that counts."""
    return f'<base href="{escape(_start(_soup(html), url))}">\n{html}'


def title(html: str) -> str | None:
    """Give a page's title on one line, if it has one."""
    found = _soup(html).find("title")
    return " ".join(found.get_text().split()) or None if found else None
