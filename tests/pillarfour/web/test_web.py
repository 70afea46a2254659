"""A publisher's documents and pages come as they are, or an error says what came in their place."""

from datetime import date
from pathlib import Path

import pytest

from pillarfour.errors import FetchError
from pillarfour.listing import links
from pillarfour.model import Link

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"
MODIFIED = "Wed, 18 Oct 2023 14:03:11 GMT"
PAGE = b"<!DOCTYPE html><html><head><title>\n Access\n Denied </title></head><body>no</body></html>"


def link(url: str) -> Link:
    return Link(url=url, name="nationwide.csv")


def test_a_document_comes_as_it_is(publisher, reply, client):
    """The bytes, the name as linked, the day the server modified it, and when and where we got it."""
    url = publisher.answers("/a.csv", reply(headers={"Last-Modified": MODIFIED}))

    document = client().document(link(url))

    assert (document.content, document.name, document.url) == (CSV, "nationwide.csv", url)
    assert (document.published_on, document.published_basis) == (date(2023, 10, 18), "observed")
    assert document.retrieved_at.tzinfo is not None


@pytest.mark.parametrize("modified", ["Thu, 01 Jan 2099 00:00:00 GMT", "yesterday", None])
def test_a_doubtful_date_is_no_date(publisher, reply, client, modified):
    """A modification later than the answer, or no date at all, says nothing about publication."""
    url = publisher.answers("/a.csv", reply(headers={"Last-Modified": modified} if modified else {}))

    document = client().document(link(url))

    assert (document.published_on, document.published_basis) == (None, None)


def test_we_say_who_we_are(publisher, reply, client):
    """The agent looks like a browser's, names the project and where to reach us, and passes where plain clients get 403."""
    publisher.plain_clients_only_get_403 = True
    url = publisher.answers("/a.csv", reply())

    assert client().document(link(url)).content == CSV
    assert publisher.times["/a.csv"] == 1
    assert publisher.asked[0][1]["User-Agent"] == "Mozilla/5.0 (compatible; pillarfour/0.1; +https://example.org/pillarfour)"


@pytest.mark.parametrize("declared", ["text/html; charset=utf-8", "text/csv", "application/vnd.ms-excel", None])
def test_a_web_page_is_no_document(publisher, reply, client, declared):
    """Whatever type it claims, and its title tells the officer why."""
    url = publisher.answers("/a.csv", reply(body=b"\xef\xbb\xbf\n" + PAGE, type=declared))

    with pytest.raises(FetchError, match="sent a web page titled 'Access Denied' in place of a document"):
        client().document(link(url))

    assert publisher.times["/a.csv"] == 1


def test_another_type_is_refused(publisher, reply, client):
    """What the recipe does not declare is not taken."""
    url = publisher.answers("/a.csv", reply(type="image/png"))

    with pytest.raises(FetchError, match=r"sent image/png, but the recipe's web\.content_types are text/csv, application/vnd\.ms-excel"):
        client().document(link(url))


def test_parameters_and_capitals_of_a_type_do_not_matter(publisher, reply, client):
    """``Text/CSV; charset=utf-8`` is ``text/csv``; a server that declares nothing leaves it to the parser."""
    for path, declared in (("/a.csv", "Text/CSV; charset=utf-8"), ("/b.csv", None)):
        assert client().document(link(publisher.answers(path, reply(type=declared)))).content == CSV


@pytest.mark.parametrize(
    ("declared", "body"),
    [
        ("text/html; charset=utf-8", "<p>Darién</p>".encode()),
        ("text/html; charset=ISO-8859-1", "<p>Darién</p>".encode("latin-1")),
        ("text/html", '<meta charset="iso-8859-1"><p>Darién</p>'.encode("latin-1")),
        ("text/html", "<p>Darién</p>".encode()),
        ("text/html", "<p>Darién</p>".encode("latin-1")),
        ("text/html; charset=utf-8", "<p>Darién</p>".encode("latin-1")),
        ("text/html; charset=nonsense", "<p>Darién</p>".encode()),
        (None, "<p>Darién</p>".encode()),
    ],
)
def test_a_page_is_read_in_its_own_letters(publisher, reply, client, declared, body):
    """By the server's word, the page's own, UTF-8, or as browsers guess; a wrong word does not garble names."""
    url = publisher.answers("/", reply(type=declared, body=body))

    assert "<p>Darién</p>" in client().page(url)


def test_a_page_is_asked_with_the_same_patience(publisher, reply, client):
    """403, an empty answer, then the page."""
    url = publisher.answers("/", reply(status=403), reply(body=b"", type="text/html"), reply(body=PAGE, type="text/html"))

    assert client().page(url) == PAGE.decode()


@pytest.mark.parametrize("base", ["", '<base href="tables/">'])
def test_a_moved_page_s_links_lead_to_where_it_is_now(publisher, reply, client, base):
    """Relative links start from the address at which the page was found in the end, or from what the page says."""
    body = f'{base}<a href="{"" if base else "tables/"}a.csv">'.encode()
    publisher.answers("/new/?a=1&b=2", reply(body=body, type="text/html"))
    url = publisher.answers("/old/index", reply(status=301, headers={"Location": "/new/?a=1&b=2"}))
    reader = client()

    found = links(reader.page(url), url, r"\.csv$")

    assert [link.url for link in found] == [f"{publisher.url}/new/tables/a.csv"]


def test_a_document_is_no_page(publisher, reply, client):
    """A listing address that gives a file is an error, not a page without links."""
    url = publisher.answers("/", reply())

    with pytest.raises(FetchError, match="sent text/csv where a page was expected"):
        client().page(url)


def test_one_client_reads_a_page_and_its_documents(publisher, reply, client, tmp_path: Path):
    """Connections are kept open and marks are kept apart."""
    state = tmp_path / "us_cbp.validators.json"
    listing = publisher.answers("/", reply(body=PAGE, type="text/html", headers={"ETag": '"p"'}))
    url = publisher.answers("/a.csv", reply(headers={"ETag": '"a"'}))
    reader = client(state=state)

    reader.page(listing)
    reader.confirm(reader.document(link(url)))

    assert reader.page(listing) == PAGE.decode()
    assert reader.document(link(url)) is None
