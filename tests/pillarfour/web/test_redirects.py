"""A moved document is followed on the publisher's own hosts, and nowhere else."""

import pytest

from pillarfour.errors import FetchError
from pillarfour.model import Link

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"


def link(url: str) -> Link:
    return Link(url=url, name="nationwide.csv")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_moved_document_is_followed(publisher, reply, client, status):
    """On the same host, by relative and absolute addresses, with our agent at each hop."""
    publisher.answers("/new.csv", reply())
    publisher.answers("/half way.csv", reply())
    publisher.answers("/half%20way.csv", reply(status=status, headers={"Location": "{url}/new.csv"}))
    url = publisher.answers("/old.csv", reply(status=status, headers={"Location": "half way.csv"}))

    document = client().document(link(url))

    assert (document.content, document.url) == (CSV, url)
    assert [path for path, _ in publisher.asked] == ["/old.csv", "/half%20way.csv", "/new.csv"]
    assert all(headers["User-Agent"].startswith("Mozilla/5.0") for _, headers in publisher.asked)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://localhost:{port}/new.csv",
        "//localhost:{port}/new.csv",
        "http://127.0.0.1@localhost:{port}/new.csv",
        "ftp://127.0.0.1/new.csv",
        "file:///etc/hostname",
        "http://[127.0.0.1/new.csv",
    ],
)
def test_another_host_is_never_asked(publisher, reply, client, elsewhere):
    """However a redirect spells another host or protocol, the request that follows it is not made."""
    publisher.answers("/new.csv", reply())
    port = publisher.url.rsplit(":", 1)[1]
    url = publisher.answers("/old.csv", reply(status=302, headers={"Location": elsewhere.format(port=port)}))

    with pytest.raises(FetchError, match="leads to "):
        client().document(link(url))

    assert [path for path, _ in publisher.asked] == ["/old.csv"]


def test_a_link_elsewhere_is_never_asked(publisher, reply, client):
    """A listing page cannot send us to another host."""
    publisher.answers("/a.csv", reply())

    with pytest.raises(FetchError, match=r"web\.allowed_hosts are 127\.0\.0\.1"):
        client().document(link(publisher.url.replace("127.0.0.1", "localhost") + "/a.csv"))

    assert publisher.asked == []


def test_http_becomes_https_beyond_this_machine(publisher, client, monkeypatch):
    """A publisher's link by plain http is asked by https: a proxy is asked for a tunnel, and not for the document."""
    monkeypatch.setenv("HTTPS_PROXY", publisher.url)

    with pytest.raises(FetchError):
        client(allowed_hosts=["pillarfour.invalid"], attempts=1).document(link("http://pillarfour.invalid:80/a.csv"))

    assert [path for path, _ in publisher.asked] == ["pillarfour.invalid:443"]


def test_a_redirect_s_own_body_is_not_read(publisher, reply, client):
    """Were it read, this one would drip beyond the deadline."""
    publisher.answers("/new.csv", reply())
    url = publisher.answers("/old.csv", reply(status=301, body=CSV * 10, drip="body", headers={"Location": "/new.csv"}))

    assert client(deadline_seconds=1).document(link(url)).content == CSV


def test_a_redirect_loop_ends(publisher, reply, client):
    """Two addresses that point at each other are left after five hops."""
    publisher.answers("/b.csv", reply(status=302, headers={"Location": "/a.csv"}))
    url = publisher.answers("/a.csv", reply(status=302, headers={"Location": "/b.csv"}))

    with pytest.raises(FetchError, match="redirected more than 5 times"):
        client().document(link(url))

    assert len(publisher.asked) == 6
