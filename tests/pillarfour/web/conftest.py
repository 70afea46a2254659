"""A publisher's server on this machine that behaves as each test has it behave, and a client of it with tiny waits."""

import gzip
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import trustme

from pillarfour.recipe import Recipe
from pillarfour.web import WebClient

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"


@dataclass
class Reply:
    """What to answer once; the last of a list is answered for ever."""

    status: int = 200
    body: bytes = CSV
    type: str | None = "text/csv"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """Announced in place of the true length; -1 announces none and closes."""
    chunks: int | None = None
    """Send in chunks, and break off after so many of ten bytes."""
    packed: int | None = None
    """Compress, and keep so many bytes of it."""
    drip: str | None = None
    """``body`` or ``headers``: a byte now and then."""


class Publisher:
    """Answers by path, and counts."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.times: Counter[str] = Counter()
        self.plain_clients_only_get_403 = False
        self.stopped = Event()
        self.url = ""

    def answers(self, path: str, *replies: Reply) -> str:
        """Set what a path answers, and give its URL."""
        self.replies[path] = list(replies)
        return self.url + path

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Count the request and answer it."""
        path, headers = handler.path, dict(handler.headers)
        self.asked.append((path, headers))
        replies = self.replies.get(path, [Reply(status=404)])
        reply = replies[min(self.times[path], len(replies) - 1)]
        self.times[path] += 1
        if self.plain_clients_only_get_403 and not headers["User-Agent"].startswith("Mozilla/5.0"):
            reply = Reply(status=403)
        validators = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        if any(name in headers and headers[name] == reply.headers.get(mark) for name, mark in validators.items()):
            reply = Reply(status=304, body=b"", type=None)
        with suppress(OSError):
            self.send(handler, reply)

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        """Write the reply with its faults."""
        body = gzip.compress(reply.body)[: reply.packed] if reply.headers.get("Content-Encoding") == "gzip" else reply.body
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value.replace("{url}", self.url))
        if reply.type:
            handler.send_header("Content-Type", reply.type)
        if reply.chunks is not None:
            handler.send_header("Transfer-Encoding", "chunked")
        elif reply.length != -1 and reply.status != 304:
            handler.send_header("Content-Length", str(len(body) if reply.length is None else reply.length))
        if reply.drip == "headers":
            self.drip(handler, b"X-Slow: " + b"x" * 10_000)
        handler.end_headers()
        if reply.chunks is not None:
            for start in range(0, 10 * reply.chunks, 10):
                piece = body[start : start + 10]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        elif reply.drip == "body":
            self.drip(handler, body)
        else:
            handler.wfile.write(body)
        handler.close_connection = reply.length is not None or reply.chunks is not None

    def drip(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        """Write byte by byte, until the client or the test has had enough."""
        for position in range(len(content)):
            if self.stopped.wait(0.02):
                return
            handler.wfile.write(content[position : position + 1])
            handler.wfile.flush()


@contextmanager
def serve(publisher: Publisher, *, certificate: ssl.SSLContext | None = None) -> Iterator[Publisher]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_GET(self) -> None:
            publisher.handle(self)

        def do_CONNECT(self) -> None:
            publisher.asked.append((self.path, {}))
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that hangs up is part of the game
    if certificate:
        server.socket = certificate.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    publisher.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        publisher.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with serve(Publisher()) as running:
        yield running


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@dataclass
class Authorities:
    """A root that nobody else trusts, and the chain below it."""

    chain: Path
    other: Path


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authorities, ssl.SSLContext]:
    """Give the PEM files and a server context that sends its own certificate alone, without the authority between: a broken chain."""
    folder = tmp_path_factory.mktemp("authorities")
    root = trustme.CA()
    between = root.create_child_ca()
    issued = between.issue_cert("127.0.0.1")
    (folder / "chain.pem").write_bytes(between.cert_pem.bytes() + root.cert_pem.bytes())
    (folder / "other.pem").write_bytes(trustme.CA().cert_pem.bytes())
    (folder / "own.pem").write_bytes(issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return Authorities(chain=folder / "chain.pem", other=folder / "other.pem"), context


@pytest.fixture
def secure_publisher(authorities) -> Iterator[Publisher]:
    with serve(Publisher(), certificate=authorities[1]) as running:
        yield running


@pytest.fixture
def trust(authorities) -> Authorities:
    return authorities[0]


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
