"""Whose certificates are trusted, and what a client takes from the machine it runs on."""

import logging

import pytest

from pillarfour.errors import FetchError
from pillarfour.model import Link

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"


def link(url: str) -> Link:
    return Link(url=url, name="nationwide.csv")


def test_a_broken_chain_is_refused_by_default(secure_publisher, reply, client):
    """Nothing is fetched, nothing is tried twice, and the error leads to the recipe."""
    url = secure_publisher.answers("/a.csv", reply())

    with pytest.raises(FetchError, match=r"certificate is not trusted .*web\.tls\.authority"):
        client().document(link(url))

    assert secure_publisher.asked == []


def test_a_pinned_authority_mends_a_broken_chain(secure_publisher, reply, client, trust, monkeypatch):
    """The recipe's authority decides, also where the machine has a bundle of its own."""
    url = secure_publisher.answers("/a.csv", reply())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trust.other))

    assert client(tls={"authority": str(trust.chain)}).document(link(url)).content == CSV


def test_a_pinned_authority_is_the_only_one(secure_publisher, reply, client, trust, monkeypatch):
    """Another authority's certificate is refused, also where the machine would trust it."""
    url = secure_publisher.answers("/a.csv", reply())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trust.chain))

    with pytest.raises(FetchError, match="certificate is not trusted"):
        client(tls={"authority": str(trust.other)}).document(link(url))


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_declared_exception_is_taken_and_said_once(secure_publisher, reply, client, caplog):
    """With its reason in the log."""
    url = secure_publisher.answers("/a.csv", reply())
    with caplog.at_level(logging.WARNING, logger="pillarfour"):
        trusting = client(tls={"verify": False, "reason": "the server leaves out its authority"})
        contents = [trusting.document(link(url)).content for _ in range(2)]

    assert contents == [CSV, CSV]
    assert [record.getMessage() for record in caplog.records] == [
        "us_cbp: certificates are not verified: the server leaves out its authority"
    ]


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_declared_exception_is_not_undone_by_the_environment(secure_publisher, reply, client, trust, monkeypatch):
    """A bundle that requests would prefer to a session's setting does not decide here."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trust.other))
    url = secure_publisher.answers("/a.csv", reply())

    assert client(tls={"verify": False, "reason": "the server leaves out its authority"}).document(link(url)).content == CSV


def test_an_exception_is_for_its_own_source(secure_publisher, reply, client, trust):
    """One client's exception does not loosen another's trust."""
    url = secure_publisher.answers("/a.csv", reply())
    client(tls={"authority": str(trust.chain)}).document(link(url))

    with pytest.raises(FetchError, match="certificate is not trusted"):
        client().document(link(url))


def test_a_ministry_s_bundle_is_trusted(secure_publisher, reply, client, trust, monkeypatch):
    """Where the recipe says nothing, the machine's own bundle counts: ministries read the web through inspecting proxies."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trust.chain))

    assert client().document(link(secure_publisher.answers("/a.csv", reply()))).content == CSV


def test_no_credentials_leave_the_machine(publisher, reply, client, tmp_path, monkeypatch):
    """A .netrc that names the publisher's host is not read."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login officer password planted\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client().document(link(publisher.answers("/a.csv", reply())))

    assert "Authorization" not in publisher.asked[0][1]


def test_a_proxy_of_the_environment_is_used(publisher, reply, client, monkeypatch):
    """Ministries reach the web through one."""
    publisher.answers("http://127.0.0.1:9/a.csv", reply())
    monkeypatch.setenv("HTTP_PROXY", publisher.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    assert client().document(link("http://127.0.0.1:9/a.csv")).content == CSV
