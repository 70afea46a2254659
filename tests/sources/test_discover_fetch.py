"""Each source finds, fetches and reads its documents through the real client, at its publisher's own addresses.

A proxy on this machine stands in for the whole web: it opens a tunnel to any host, speaks TLS as that host, and answers with what
the publishers' pages look like. So the recipes are used as they are, but for the waits.
"""

import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme

from pillarfour.errors import FetchError
from pillarfour.recipe import Source
from pillarfour.web import WebClient
from sources import SOURCES
from sources.rebuilt import WRITERS

MODIFIED = "Wed, 17 Jan 2024 15:00:00 GMT"
XLS = "application/vnd.ms-excel"
MONTHS = ("oct", "nov", "dec", "jan", "feb")


@dataclass(frozen=True)
class Page:
    """What one address gives."""

    content: bytes
    type: str = "text/html; charset=utf-8"
    modified: str | None = None


@dataclass(frozen=True)
class Site:
    """A publisher's addresses, and what must come of them."""

    pages: dict[str, Page]
    names: list[str]
    """In the order of publication."""
    measure: str
    since: str
    total: int
    """The sum of a measure's values in the last document, since a month."""


class Web:
    """All hosts at once."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: Counter[str] = Counter()
        self.moody = False

    def answer(self, handler: BaseHTTPRequestHandler, url: str) -> None:
        """Give the page; when moody, each is first refused, as bot filters do."""
        self.asked[url] += 1
        page = self.pages.get(url)
        if page is None or (self.moody and self.asked[url] == 1):
            handler.send_response(404 if page is None else 403)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        unchanged = page.modified is not None and handler.headers["If-Modified-Since"] == page.modified
        handler.send_response(304 if unchanged else 200)
        handler.send_header("Content-Type", page.type)
        if page.modified:
            handler.send_header("Last-Modified", page.modified)
        if not unchanged:
            handler.send_header("Content-Length", str(len(page.content)))
        handler.end_headers()
        if not unchanged:
            handler.wfile.write(page.content)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA()
    hosts = sorted({host for source in SOURCES for host in source.RECIPE.web.allowed_hosts})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    bundle = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    return context, bundle


@pytest.fixture
def web(certificates, monkeypatch) -> Iterator[Web]:
    context, bundle = certificates
    running = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5
        host = ""

        def do_CONNECT(self) -> None:
            self.host = self.path.removesuffix(":443")
            self.send_response(200)
            self.end_headers()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def do_GET(self) -> None:
            running.answer(self, f"https://{self.host}{self.path}")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("PILLARFOUR_NOW", "2024-01-20T11:00:00+00:00")
    yield running
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def rebuilt(checkout: Path, tmp_path_factory) -> Callable[[str, str], bytes]:
    """Give a rebuilt document's bytes, by source and name."""
    folders: dict[str, Path] = {}

    def document(source: str, name: str) -> bytes:
        if source not in folders:
            folders[source] = tmp_path_factory.mktemp(source)
            figures = next(path for path in (checkout / "data" / "bundle").glob(f"{source}.*"))
            WRITERS[source](figures, folders[source])
        return (folders[source] / name).read_bytes()

    return document


def client(source: Source, state: Path | None = None) -> WebClient:
    """Open the source's client; only its waits are shortened."""
    hurried = source.RECIPE.web.model_copy(update={"pause_seconds": 0, "first_wait_seconds": 0.001})
    return WebClient(source.RECIPE.model_copy(update={"web": hurried}), contact="https://example.org", state=state)


def us_cbp(rebuilt) -> Site:
    """Root-relative links, newest first, closed years below; one document is on both pages."""
    host, folder = "https://www.cbp.gov", "/sites/default/files"
    year, may, old = (
        f"{folder}/2024-10/nationwide-encounters-fy21-fy24-aor.csv",
        f"{folder}/2024-06/nationwide-encounters-fy21-fy24-may-aor_0.csv",
        f"{folder}/assets/documents/2019-Nov/sbo-encounters-fy18-fy19.csv",
    )
    listing = '<main><a href="/newsroom">News</a>{}<a href="/sites/default/files/2024-01/data-dictionary.pdf">Dictionary</a></main>'

    def page(*paths: str) -> Page:
        return Page(listing.format("".join(f'<p><a type="text/csv; length=5" href="{path}">CSV</a>' for path in paths)).encode())

    return Site(
        pages={
            f"{host}/document/stats/nationwide-encounters": page(year, may),
            f"{host}/document/stats/southwest-land-border-encounters": page(year, old),
            host + year: Page(rebuilt("us_cbp", "nationwide-encounters-fy21-fy24-aor.csv"), "text/csv", MODIFIED),
            host + may: Page(rebuilt("us_cbp", "nationwide-encounters-fy21-fy24-may-aor.csv"), "application/octet-stream", MODIFIED),
            host + old: Page(rebuilt("us_cbp", "sbo-encounters-fy18-fy19.csv"), "text/csv", MODIFIED),
        },
        names=[path.rsplit("/", 1)[1] for path in (old, may, year)],
        measure="encounters",
        since="2023-10",
        total=2_135_005,
    )


def panama_darien(rebuilt) -> Site:
    """Percent-escapes in UTF-8, a folder a year, other statistics beside."""
    host = "https://www.migracion.gob.pa"
    first, last = (
        "/images/img2021/pdf/IRREGULARES_POR_DARIEN_NOVIEMBRE_2021.pdf",
        "/images/img2022/pdf/IRREGULARES_POR_%20DARI%C3%89N_2021.pdf",
    )
    listing = f"""<ul><li><a href="{last}">2021</a><li><a href="{host}{first}#page=2">noviembre</a>
        <li><a href="/images/img2021/pdf/MOVIMIENTO_MIGRATORIO_2021.pdf">Entradas y salidas</a></ul>"""
    return Site(
        pages={
            f"{host}/estadisticas": Page(listing.encode()),
            host + first: Page(rebuilt("panama_darien", "IRREGULARES_POR_DARIEN_2021-11.pdf"), "application/pdf", MODIFIED),
            host + last: Page(rebuilt("panama_darien", "IRREGULARES_POR_DARIEN_2021-12.pdf"), "application/pdf", MODIFIED),
        },
        names=["IRREGULARES_POR_DARIEN_NOVIEMBRE_2021.pdf", "IRREGULARES_POR_ DARIÉN_2021.pdf"],
        measure="crossings",
        since="2021-01",
        total=133_726,
    )


def mexico_segob(rebuilt) -> Site:
    """Latin-1 pages, one a year, and a cuadro that is overwritten; the new year has none yet."""
    host = "https://portales.segob.gob.mx"
    index = f"{host}/es/PoliticaMigratoria/CuadrosBOLETIN?Anual={{}}&Secc=3"
    folder = "/work/models/PoliticaMigratoria/CEM/Estadisticas/Boletines_Estadisticos/2023/Cuadros2023"
    listing = f"""<html><head><title>Estadísticas</title></head><TABLE><TR><TD>Eventos según país
        <TD><A HREF='{folder}/cuadro_3.1.xls'>3.1</A><A HREF='{folder}/cuadro_3.1.1.xls'>3.1.1</A>
        <A HREF='{folder}/cuadro_3.1.1.pdf'>PDF</A></TABLE>"""
    return Site(
        pages={
            index.format(2023): Page(listing.encode("latin-1"), "text/html; charset=iso-8859-1"),
            index.format(2024): Page("<p>Próximamente</p>".encode("latin-1"), "text/html"),
            f"{host}{folder}/cuadro_3.1.1.xls": Page(rebuilt("mexico_segob", "cuadro3.1.1_2023-12.xls"), XLS, MODIFIED),
        },
        names=["cuadro_3.1.1.xls"],
        measure="apprehensions",
        since="2023-01",
        total=778_907,
    )


SITES: dict[str, Callable[[Any], Site]] = {"us_cbp": us_cbp, "panama_darien": panama_darien, "mexico_segob": mexico_segob}

each_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.RECIPE.name)
pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")


@pytest.fixture
def site(source, web, rebuilt) -> Site:
    """Put the source's publisher on the web."""
    built = SITES[source.RECIPE.name](rebuilt)
    web.pages = built.pages
    return built


@each_source
def test_what_is_listed_is_found_fetched_and_read(source, site, web):
    """Through refusals, at the publisher's own addresses: documents oldest first, dated by the server, and the published total exact."""
    web.moody = True
    with client(source) as patient:
        links = source.discover(patient)
        documents = [source.fetch(patient, link) for link in links]
    parsed = [source.parse(document) for document in documents]

    assert [link.name for link in links] == site.names
    assert set(web.asked) == set(site.pages)
    assert {(document.published_on, document.published_basis) for document in documents} == {(date(2024, 1, 17), "observed")}
    assert [each.problems for each in parsed] == [()] * len(parsed)
    rows = parsed[-1].observations.to_pandas()
    assert rows[(rows["measure"] == site.measure) & (rows["reference_period"].astype(str) >= site.since)]["value"].sum() == site.total


@each_source
def test_the_next_night_hears_that_nothing_changed(source, site, tmp_path):
    """What was confirmed is not sent again."""
    state = tmp_path / "validators.json"
    with client(source, state) as tonight:
        for link in source.discover(tonight):
            tonight.confirm(source.fetch(tonight, link))

    with client(source, state) as tomorrow:
        links = source.discover(tomorrow)
        assert [source.fetch(tomorrow, link) for link in links] == [None] * len(site.names)


@each_source
def test_a_page_that_moved_is_an_error(source, web):
    """A publisher that answers 404 is a FetchError with the way by hand, not a night without news."""
    with client(source) as lost, pytest.raises(FetchError, match=rf"answered 404 .*data/inbox/{source.RECIPE.name}/"):
        source.discover(lost)

    assert sum(web.asked.values()) == 1


@each_source
def test_a_page_without_documents_is_an_error(source, site, web):
    """A page that lists nothing has been laid out anew; it never means that nothing is new."""
    web.pages = {url: Page(b"<p>under construction</p>") for url in site.pages}
    with client(source) as puzzled, pytest.raises(FetchError, match="https://"):
        source.discover(puzzled)


def test_every_source_is_on_this_web():
    """A new source is tried here too."""

    assert {source.RECIPE.name for source in SOURCES} == set(SITES)


@pytest.mark.shared
def test_real_releases_come_whole_and_in_order(shared: Path, web):
    """Five monthly releases and two closed years of CBP's own bytes, listed newest first, from the oldest to the newest."""
    names = [
        f"nationwide-encounters-{years}-state.csv" for years in ("fy20-fy23", *(f"fy21-fy24-{month}" for month in MONTHS), "fy21-fy24")
    ]
    uploaded = ["2023-11", "2023-11", "2023-12", "2024-01", "2024-02", "2024-03", "2024-10"]
    paths = [f"/sites/default/files/{folder}/{name}" for folder, name in zip(uploaded, names, strict=True)]
    listing = Page("".join(f'<a href="{path}">{path}</a>' for path in reversed(paths)).encode())
    source = next(source for source in SOURCES if source.RECIPE.name == "us_cbp")
    contents = [(shared / "data" / "cbp" / name).read_bytes() for name in names]
    web.pages = {str(page): listing for page in source.RECIPE.web.pages}
    web.pages |= {f"https://www.cbp.gov{path}": Page(content, "text/csv") for path, content in zip(paths, contents, strict=True)}
    web.moody = True

    with client(source) as patient:
        documents = [source.fetch(patient, link) for link in source.discover(patient)]

    assert [document.name for document in documents] == names
    assert [document.content == content for document, content in zip(documents, contents, strict=True)] == [True] * len(names)
