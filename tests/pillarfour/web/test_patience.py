"""What may pass is waited out, as long as the recipe says; what will not is asked once."""

import socket

import pytest

from pillarfour.errors import FetchError
from pillarfour.model import Link

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"


def link(url: str) -> Link:
    return Link(url=url, name="nationwide.csv")


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
def test_a_passing_refusal_is_waited_out(publisher, reply, client, status):
    """Two refusals, then the document: three requests."""
    url = publisher.answers("/a.csv", reply(status=status), reply(status=status), reply())

    assert client().document(link(url)).content == CSV
    assert publisher.times["/a.csv"] == 3


@pytest.mark.parametrize("status", [403, 429, 500])
def test_patience_ends(publisher, reply, client, status):
    """As many requests as the recipe's attempts, then an error that names URL, answer and both remedies."""
    url = publisher.answers("/a.csv", reply(status=status))

    with pytest.raises(FetchError) as caught:
        client().document(link(url))

    assert publisher.times["/a.csv"] == 4
    message = str(caught.value)
    assert message.startswith(f"{url}: answered {status} ")
    assert "at attempt 4 of 4" in message
    assert "data/inbox/us_cbp/" in message
    assert "pillarfour ingest us_cbp FILE" in message


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 410])
def test_a_final_answer_is_not_asked_again(publisher, reply, client, status):
    """What another try would not change is asked once; 304 that we did not ask for is no answer."""
    url = publisher.answers("/a.csv", reply(status=status, body=b""))

    with pytest.raises(FetchError, match=f"answered {status} "):
        client().document(link(url))

    assert publisher.times["/a.csv"] == 1


def test_waits_grow_and_are_not_all_alike(publisher, reply, client):
    """Each wait is at least double the last one's floor, with jitter on top."""
    waits = []
    url = publisher.answers("/a.csv", reply(status=500))

    with pytest.raises(FetchError):
        client(sleep=waits.append, first_wait_seconds=1).document(link(url))

    assert [wait >= floor for wait, floor in zip(waits, (1, 2, 4), strict=True)] == [True] * 3
    assert [wait <= floor + 1 for wait, floor in zip(waits, (1, 2, 4), strict=True)] == [True] * 3
    assert any(wait != int(wait) for wait in waits)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7), ({"Retry-After": "Wed, 18 Oct 2099 14:03:11 GMT"}, None)],
    ids=["seconds", "a date beyond our deadline"],
)
def test_retry_after_is_honoured(publisher, reply, client, headers, seconds):
    """We wait as long as the server asks, or give up at once where that is beyond our deadline."""
    waits = []
    url = publisher.answers("/a.csv", reply(status=429, headers=headers), reply())
    patient = client(sleep=waits.append)

    if seconds:
        assert patient.document(link(url)).content == CSV
        assert waits == [seconds]
    else:
        with pytest.raises(FetchError, match="asks us to wait"):
            patient.document(link(url))
        assert (waits, publisher.times["/a.csv"]) == ([], 1)


def test_requests_to_a_host_keep_their_distance(publisher, reply, client):
    """Between two requests the recipe's pause is waited, save what has passed already."""
    waits = []
    polite = client(sleep=waits.append, pause_seconds=1.5)
    for path in ("/a.csv", "/b.csv", "/c.csv"):
        polite.document(link(publisher.answers(path, reply())))

    assert len(waits) == 2
    assert all(0 < wait <= 1.5 for wait in waits)


def test_silence_is_a_timeout(client):
    """A server that takes the connection and says nothing is left, and asked again."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FetchError, match=r"timed out\), at attempt 2 of 2"):
        client(timeout_seconds=0.1, attempts=2).document(link(f"http://127.0.0.1:{silent.getsockname()[1]}/a.csv"))


def test_a_refused_connection_is_an_error(client):
    """Nobody listens there; the error says so after the last attempt."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(FetchError, match=r"Connection refused\), at attempt 4 of 4"):
        client().document(link(f"http://127.0.0.1:{port}/a.csv"))
