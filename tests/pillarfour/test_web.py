"""Publishers' servers misbehave; the client gets the document or says what to do."""

import json
import logging
import socket
from datetime import date
from pathlib import Path

import pytest

from pillarfour.errors import FetchError, StoreError
from pillarfour.listing import links
from pillarfour.model import Link
from pillarfour.recipe import Recipe
from pillarfour.web import WebClient

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"
MODIFIED = "Wed, 18 Oct 2023 14:03:11 GMT"
PAGE = b"<!DOCTYPE html><html><head><title>\n Access\n Denied </title></head><body>no</body></html>"


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


def make_recipe(**web) -> Recipe:
    facts = {
        "pages": ["http://127.0.0.1/"],
        "allowed_hosts": ["127.0.0.1"],
        "content_types": ["text/csv", "application/vnd.ms-excel"],
        "pause_seconds": 0,
        "timeout_seconds": 5,
        "deadline_seconds": 20,
        "attempts": 4,
        "first_wait_seconds": 0.001,
        "max_megabytes": 1,
    }
    return Recipe.model_validate(
        {
            "name": "us_cbp",
            "title": "Encounters",
            "publisher": {"name": "CBP", "country": "USA", "url": "https://www.cbp.gov", "licence": "public domain", "attribution": "CBP"},
            "measures": {"encounters": {"unit": "events", "counts": "encounters"}},
            "cadence": {"usual_delay_days": 20, "latest_delay_days": 40, "day_of_next_month": 20},
            "web": facts | web,
            "tables": {"state": {"title": "by state", "absent_nationality": "zero"}},
            "tolerance": {"year_ends": 9, "closed": 0, "open": 0.02, "rows_may_vanish": False},
        }
    )


@pytest.fixture
def client():
    """Give a client by the facts that a test changes; its waits are tiny."""
    opened = []

    def make(*, state=None, sleep=None, **web) -> WebClient:
        options = {"sleep": sleep} if sleep else {}
        opened.append(WebClient(make_recipe(**web), contact="https://example.org/pillarfour", state=state, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.__exit__(None, None, None)


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


@pytest.mark.parametrize("mark", [{"ETag": '"v1"'}, {"Last-Modified": MODIFIED}])
def test_a_confirmed_document_is_not_sent_again(publisher, reply, client, tmp_path, mark):
    """The next night asks conditionally and hears 304; a new version comes whole."""
    state = tmp_path / "visits" / "us_cbp.validators.json"
    changed = {"ETag": '"v2"', "Last-Modified": "Mon, 20 Nov 2023 14:00:00 GMT"}
    new = reply(body=b"new", headers={name: changed[name] for name in mark})
    url = publisher.answers("/a.csv", reply(headers=mark), reply(headers=mark), new)
    tonight = client(state=state)

    tonight.confirm(tonight.document(link(url)))

    assert client(state=state).document(link(url)) is None
    assert client(state=state).document(link(url)).content == b"new"
    assert publisher.times["/a.csv"] == 3


def test_an_unconfirmed_document_is_sent_again(publisher, reply, client, tmp_path):
    """A night that dies between fetching and keeping loses nothing."""
    state = tmp_path / "us_cbp.validators.json"
    url = publisher.answers("/a.csv", reply(headers={"ETag": '"v1"'}))
    client(state=state).document(link(url))

    assert client(state=state).document(link(url)).content == CSV
    assert not state.exists()


def test_marks_are_kept_by_address(publisher, reply, client, tmp_path):
    """Confirming one document says nothing of another, and keeps what was known."""
    state = tmp_path / "us_cbp.validators.json"
    urls = [publisher.answers(path, reply(headers={"ETag": '"same"'})) for path in ("/a.csv", "/b.csv")]
    tonight = client(state=state)
    documents = [tonight.document(link(url)) for url in urls]

    tonight.confirm(documents[0])
    assert [client(state=state).document(link(url)) is None for url in urls] == [True, False]
    tonight.confirm(documents[1])
    assert [client(state=state).document(link(url)) is None for url in urls] == [True, True]
    assert set(json.loads(state.read_text())) == set(urls)
    assert [path.name for path in tmp_path.iterdir()] == [state.name]


@pytest.mark.parametrize("content", ["", "[]", '{"http://h/a": {}}', '{"http://h/a": 1}'])
def test_a_damaged_file_of_marks_says_what_to_do(client, tmp_path, content):
    """Deleting it costs one download."""
    state = tmp_path / "us_cbp.validators.json"
    state.write_text(content)

    with pytest.raises(StoreError, match=r"us_cbp\.validators\.json: damaged .*; delete it"):
        client(state=state)


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
