"""The live night: publishers' pages through a proxy on this machine that stands in for the whole web.

It opens a tunnel to any host, speaks TLS as that host, and answers with what the publishers' pages look like. The recipes are used as they
are, but for the waits. Prefect's server on this machine must be reached without it.
"""

import email
import json
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from sources import SOURCES
from sources.rebuilt import WRITERS

MODIFIED = {
    "us_cbp": "Fri, 22 Jan 2021 15:00:00 GMT",
    "panama_darien": "Tue, 10 Aug 2021 15:00:00 GMT",
    "mexico_segob": "Mon, 26 Jul 2021 15:00:00 GMT",
}
HURRIED = """
import flows.nightly
from sources import SOURCES
for source in SOURCES:
    web = source.RECIPE.web.model_copy(update={"pause_seconds": 0, "first_wait_seconds": 0.001})
    source.RECIPE = source.RECIPE.model_copy(update={"web": web})
for step in ("discover", "fetch"):
    setattr(flows.nightly, step, getattr(flows.nightly, step).with_options(retry_delay_seconds=0))
"""
"""The waits, and nothing else, are shortened."""


@dataclass
class Web:
    """All hosts at once."""

    pages: dict[str, tuple[bytes, str, str | None]] = field(default_factory=dict)
    """By address: content, media type, and when it was modified."""
    refusing: set[str] = field(default_factory=set)
    """Hosts that answer 403 to everybody."""
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)

    def answer(self, handler: BaseHTTPRequestHandler, host: str) -> None:
        """Give the page, or say that it has not changed."""
        url = f"https://{host}{handler.path}"
        content, kind, modified = self.pages.get(url, (b"", "text/plain", None))
        unchanged = modified is not None and handler.headers["If-Modified-Since"] == modified
        status = 403 if host in self.refusing else 304 if unchanged else 200 if url in self.pages else 404
        self.asked[url, status] += 1
        body = content if status == 200 else b""
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        if modified and status != 403:
            handler.send_header("Last-Modified", modified)
        if status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*sorted({host for source in SOURCES for host in source.RECIPE.web.allowed_hosts})).configure_cert(context)
    bundle = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    return context, bundle


@pytest.fixture
def web(certificates, small, small_figures, tmp_path) -> Iterator[Web]:
    """Put three publishers on the web, and have the night's settings lead there."""
    context, bundle = certificates
    running = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        host = ""

        def do_CONNECT(self) -> None:
            self.host = self.path.removesuffix(":443")
            self.send_response(200)
            self.end_headers()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def do_GET(self) -> None:
            running.answer(self, self.host)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    small |= {
        "PILLARFOUR_BUNDLE": "false",
        "HTTP_PROXY": f"http://127.0.0.1:{server.server_port}",
        "HTTPS_PROXY": f"http://127.0.0.1:{server.server_port}",
        "REQUESTS_CA_BUNDLE": str(bundle),
    }
    running.pages = publish(small_figures, tmp_path)
    yield running
    server.shutdown()
    server.server_close()
    thread.join()


def publish(figures: Path, folder: Path) -> dict[str, tuple[bytes, str, str | None]]:
    """Lay out the publishers' pages, with the documents of that summer."""
    written = {}
    for source, writer in WRITERS.items():
        (folder / source).mkdir()
        writer(next(figures.glob(f"{source}.*")), folder / source)
        written[source] = folder / source
    cbp, snm, segob = "https://www.cbp.gov", "https://www.migracion.gob.pa", "https://portales.segob.gob.mx"
    december = "/sites/default/files/assets/documents/2021-Jan/nationwide-encounters-fy20-fy21-dec-aor.csv"
    july = "/images/img2021/pdf/IRREGULARES_POR_%20DARI%C3%89N_2021.pdf"
    cuadro = "/work/models/PoliticaMigratoria/CEM/Estadisticas/Boletines_Estadisticos/{0}/Cuadros{0}/cuadro_3.1.1.xls"
    index = f"{segob}/es/PoliticaMigratoria/CuadrosBOLETIN?Anual={{}}&Secc=3"
    page = "text/html; charset=utf-8"
    return {
        f"{cbp}/document/stats/nationwide-encounters": (f'<a href="{december}">CSV</a>'.encode(), page, None),
        f"{cbp}/document/stats/southwest-land-border-encounters": (f'<a href="{december}">CSV</a>'.encode(), page, None),
        cbp + december: ((written["us_cbp"] / december.rsplit("/", 1)[1]).read_bytes(), "text/csv", MODIFIED["us_cbp"]),
        f"{snm}/estadisticas": (f'<a href="{july}">2021</a>'.encode(), page, None),
        snm + july: (
            (written["panama_darien"] / "IRREGULARES_POR_DARIEN_2021-07.pdf").read_bytes(),
            "application/pdf",
            MODIFIED["panama_darien"],
        ),
        **{index.format(year): (f'<A HREF="{cuadro.format(year)}">3.1.1</A>'.encode(), page, None) for year in (2020, 2021)},
        **{
            segob + cuadro.format(year): (
                (written["mexico_segob"] / f"cuadro3.1.1_{last}.xls").read_bytes(),
                "application/vnd.ms-excel",
                MODIFIED["mexico_segob"],
            )
            for year, last in ((2020, "2020-12"), (2021, "2021-05"))
        },
    }


def visits(store: Path) -> Counter[tuple[str, str]]:
    return Counter((visit["source"], visit["what"]) for visit in map(json.loads, (store / "visits.jsonl").read_text().splitlines()))


def text(message: Path) -> str:
    return email.message_from_bytes(message.read_bytes(), policy=default).get_body(("plain",)).get_content()


def test_a_live_night_and_the_next(pillarfour, web, small, mail, contents):
    """One publisher refuses for ever, the others' documents are releases dated by their servers; the next night hears "not changed"."""
    store = Path(small["PILLARFOUR_STORE"])
    web.refusing = {"portales.segob.gob.mx"}
    first = pillarfour("nightly", "--live", "--json", patch=HURRIED, **small)
    releases = {row["id"].partition("/")[0]: row for row in pillarfour("releases", "list", "--json", **small).json}

    assert first.code == 1
    (failure,) = first.json["failures"]
    assert "403" in failure
    assert "pillarfour ingest mexico_segob FILE" in failure
    assert {source: (row["published_on"], row["basis"]) for source, row in releases.items()} == {
        "us_cbp": ("2021-01-22", "observed"),
        "panama_darien": ("2021-08-10", "observed"),
    }
    (message,) = mail(store)
    assert "403" in text(message)
    assert "portales.segob.gob.mx" in text(message)
    assert visits(store) == {("us_cbp", "looked"): 1, ("panama_darien", "looked"): 1, ("mexico_segob", "failed"): 1}

    web.refusing = set()
    asked, releases_before = web.asked.copy(), {name: content for name, content in contents(store).items() if "mexico" not in name}
    next_night = small | {"PILLARFOUR_NOW": "2021-08-16T11:00:00+00:00"}
    second = pillarfour("nightly", "--live", "--json", patch=HURRIED, **next_night)
    again = web.asked - asked
    after = contents(store)

    assert second.code == 0, second.json["failures"]
    assert second.json["documents"] == {"new": 2, "unchanged": 2}
    assert sum(times for (_, status), times in again.items() if status == 304) == 2
    parquet = {name: content for name, content in releases_before.items() if name.endswith(".parquet")}
    assert {name: after[name] for name in parquet} == parquet
    assert visits(store) == {
        ("us_cbp", "looked"): 2,
        ("panama_darien", "looked"): 2,
        ("mexico_segob", "failed"): 1,
        ("mexico_segob", "looked"): 1,
        ("us_cbp", "unchanged"): 1,
        ("panama_darien", "unchanged"): 1,
    }


def test_a_refused_look_is_tried_as_often_as_agreed(pillarfour, web, small):
    """The client's own attempts, three times over by the night; every other address is asked once."""
    web.refusing = {"portales.segob.gob.mx"}
    pillarfour("nightly", "--live", patch=HURRIED, **small)
    (mexico,) = (source.RECIPE for source in SOURCES if source.RECIPE.name == "mexico_segob")
    refused = {url: times for (url, status), times in web.asked.items() if status == 403}

    assert set(refused.values()) == {3 * mexico.web.attempts}
    assert {times for (_, status), times in web.asked.items() if status == 200} == {1}


def test_a_document_that_breaks_is_fetched_again_the_next_night(pillarfour, web, small):
    """What could not be read is not confirmed to the publisher's server: the mended file is never taken for unchanged."""
    (address,) = (url for url in web.pages if url.endswith(".pdf"))
    whole = web.pages[address]
    web.pages[address] = (whole[0][:2000], *whole[1:])
    broken = pillarfour("nightly", "--live", "--json", patch=HURRIED, **small)
    web.pages[address] = whole
    mended = pillarfour("nightly", "--live", "--json", patch=HURRIED, **small)

    assert (broken.code, mended.code) == (1, 0)
    assert address.rsplit("/", 1)[1].split("_")[0] in broken.json["failures"][0]
    assert mended.json["documents"] == {"new": 1, "unchanged": 3}
