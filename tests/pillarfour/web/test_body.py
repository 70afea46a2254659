"""Half a document is never taken for one, nor one too large, nor one that takes too long."""

import pytest

from pillarfour.errors import FetchError
from pillarfour.model import Link

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"


def link(url: str) -> Link:
    return Link(url=url, name="nationwide.csv")


GZIP = {"Content-Encoding": "gzip"}
CUTS = {
    "announced": {"length": 1000},
    "chunked": {"chunks": 2},
    "compressed": {"headers": GZIP, "length": 1000},
    "cut before it was sent": {"headers": GZIP, "packed": 20},
    "without its check sum": {"headers": GZIP, "packed": -8},
    "with no length at all": {"headers": GZIP, "packed": 20, "length": -1},
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_body_cut_once_is_fetched_again(publisher, reply, client, cut):
    """Half a document is never taken for one."""
    url = publisher.answers("/a.csv", reply(**cut), reply())

    assert client().document(link(url)).content == CSV
    assert publisher.times["/a.csv"] == 2


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_body_always_cut_is_an_error(publisher, reply, client, cut):
    """After the last attempt the error says that the answer broke off."""
    url = publisher.answers("/a.csv", reply(**cut))

    with pytest.raises(FetchError, match="broke off"):
        client().document(link(url))

    assert publisher.times["/a.csv"] == 4


def test_an_empty_answer_is_asked_again(publisher, reply, client):
    """200 with nothing in it happens, and passes."""
    url = publisher.answers("/a.csv", reply(body=b""), reply())

    assert client().document(link(url)).content == CSV
    with pytest.raises(FetchError, match="sent an empty answer, at attempt 4 of 4"):
        client().document(link(publisher.answers("/b.csv", reply(body=b""))))


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_slow_drip_meets_the_deadline(publisher, reply, client, where):
    """Each byte is in time and the whole is not; were there no deadline, the document would come in the end."""
    url = publisher.answers("/a.csv", reply(body=CSV * 10, drip=where))

    with pytest.raises(FetchError, match=r"not complete after 0\.2 s"):
        client(deadline_seconds=0.2).document(link(url))

    assert publisher.times["/a.csv"] == 1


def test_a_cut_connection_does_not_spoil_the_next(publisher, reply, client):
    """After a deadline the same client fetches the next document."""
    patient = client(deadline_seconds=0.2)
    with pytest.raises(FetchError, match="not complete"):
        patient.document(link(publisher.answers("/a.csv", reply(body=CSV * 10, drip="body"))))

    assert patient.document(link(publisher.answers("/b.csv", reply()))).content == CSV


@pytest.mark.parametrize(
    "size",
    [{"length": 1_000_001, "body": CSV}, {"length": -1}, {"headers": {"Content-Encoding": "gzip"}}],
    ids=["announced", "not announced", "hidden by compression"],
)
def test_too_large_is_refused(publisher, reply, client, size):
    """A megabyte is a megabyte, unpacked."""
    url = publisher.answers("/a.csv", reply(**{"body": b"1" * 1_000_001} | size))

    with pytest.raises(FetchError, match=r"is larger than the recipe's web\.max_megabytes, 1 MB"):
        client().document(link(url))

    assert publisher.times["/a.csv"] == 1


def test_an_encoding_that_we_did_not_ask_for_is_refused(publisher, reply, client):
    """Its bytes are not the document."""
    url = publisher.answers("/a.csv", reply(headers={"Content-Encoding": "br"}))

    with pytest.raises(FetchError, match="sent in the encoding br, which was not asked for"):
        client().document(link(url))


def test_exactly_the_limit_is_taken(publisher, reply, client):
    """The limit is the largest size that passes."""
    url = publisher.answers("/a.csv", reply(body=b"1" * 1_000_000))

    assert len(client().document(link(url)).content) == 1_000_000


def test_gzip_is_unpacked(publisher, reply, client):
    """What is kept is the document, not how it travelled."""
    url = publisher.answers("/a.csv", reply(headers={"Content-Encoding": "gzip"}))

    assert client().document(link(url)).content == CSV
    assert "gzip" in publisher.asked[0][1]["Accept-Encoding"]
