"""Whole nights: a Prefect server for all of them, and ``pillarfour`` as processes of its own."""

import csv
import email
import gzip
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import requests

from flows import ingest
from pillarfour.settings import Settings

BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 180

LATEST = "2025-07-01T11:00:00+00:00"
"""When the whole bundle is read."""

SUMMER = "2021-08-15T11:00:00+00:00"
"""A night on which the small bundle has an alert."""

SMALL = {
    "panama_darien.csv": ("2020-01", "2021-07"),
    "mexico_segob.csv": ("2020-01", "2021-05"),
    "us_cbp.csv.gz": ("2019-10", "2020-12"),
}
"""Some months of each source that were out by then: enough for an alert, and for one source to be overdue."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command came to; a negative code is the signal that ended it."""

    code: int
    output: str
    errors: str
    steps: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """The answer, which must be JSON and nothing else."""
        return json.loads(self.output)


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> dict[str, str]:
    """Give this process's environment without settings, and with a home of its own for Prefect."""
    ours = ("PILLARFOUR_", "PREFECT_", "DO_NOT_TRACK", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
    return {**kept, "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")), "COLUMNS": "200"}


@pytest.fixture(scope="session")
def server(environment, checkout) -> Iterator[str]:
    """Start one Prefect server for all nights, as an operator would, and give its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [BIN / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    log = (Path(environment["PREFECT_HOME"]) / "server.log").open("w")
    running = subprocess.Popen(command, env=environment, cwd=checkout, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)  # noqa: S603
    url = f"http://127.0.0.1:{port}/api"
    try:
        wait_for(url)
        yield url
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        log.close()


def wait_for(url: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    pytest.fail(f"Prefect's server at {url} did not start")


@pytest.fixture(scope="session")
def fresh(environment, checkout) -> Callable[..., Result]:
    """Run the installed command in a new process; Prefect starts a temporary server where ``PREFECT_API_URL`` is not given."""

    def run(*arguments: object, **settings: object) -> Result:
        done = subprocess.run(  # noqa: S603 - the project's own command
            [BIN / "pillarfour", *map(str, arguments)],
            env={**environment, **{name: str(value) for name, value in settings.items()}},
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Result(code=done.returncode, output=done.stdout, errors=done.stderr)

    return run


@pytest.fixture(scope="session")
def pillarfour(environment, server, tmp_path_factory, checkout) -> Iterator[Callable[..., Result]]:
    """Run the command as a fork of a process that has loaded everything, against the one server."""
    address = tmp_path_factory.mktemp("warm") / "socket"
    script = Path(__file__).with_name("warm.py")
    parent = subprocess.Popen(  # noqa: S603 - the tests' own script
        [sys.executable, script, address],
        env={**environment, "PREFECT_API_URL": server, "PREFECT_LOGGING_LEVEL": "WARNING"},
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"

    def run(*arguments: object, patch: str = "", steps: Mapping[str, Any] | None = None, **settings: object) -> Result:
        order = {
            "arguments": list(map(str, arguments)),
            "environment": {name: str(value) for name, value in settings.items()},
            "patch": patch,
            "steps": steps,
        }
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE_SECONDS)
            line.connect(str(address))
            line.sendall(json.dumps(order).encode() + b"\n")
            answer = json.loads(line.makefile().readline())
        return Result(code=answer["code"], output=answer["output"], errors=answer["errors"], steps=tuple(answer["steps"].split()))

    yield run
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()


@pytest.fixture(scope="session")
def small_figures(checkout, tmp_path_factory) -> Path:
    """Cut the bundle's figures, so that a night takes seconds."""
    folder = tmp_path_factory.mktemp("small")
    for name, (first, last) in SMALL.items():
        opened = gzip.open if name.endswith(".gz") else open
        with opened(checkout / "data" / "bundle" / name, "rt", encoding="utf-8", newline="") as file:
            header, *rows = file.readlines()
        with opened(folder / name, "wt", encoding="utf-8", newline="") as file:
            file.writelines([header, *(row for row in rows if first <= row[:7] <= last)])
    return folder


def in_summer(folder: Path) -> dict[str, str]:
    """Give the settings of a night in the summer of 2021 that has all it needs in a folder of its own."""
    return {
        "PILLARFOUR_BUNDLE_FOLDER": str(folder / "bundle"),
        "PILLARFOUR_INBOX": str(folder / "inbox"),
        "PILLARFOUR_STORE": str(folder / "store"),
        "PILLARFOUR_NOW": SUMMER,
    }


@pytest.fixture
def small(small_figures, tmp_path) -> dict[str, str]:
    """Give the settings of a night in the summer of 2021, with a bundle not yet built, an empty inbox and an empty store."""
    shutil.copytree(small_figures, tmp_path / "bundle")
    return in_summer(tmp_path)


@pytest.fixture(scope="session")
def small_night(pillarfour, small_figures, tmp_path_factory) -> Path:
    """Run the small night once."""
    folder = tmp_path_factory.mktemp("small-night")
    shutil.copytree(small_figures, folder / "bundle")
    assert pillarfour("nightly", **in_summer(folder)).code in {0, 3}
    return folder


@pytest.fixture
def told(small_night, tmp_path) -> dict[str, str]:
    """Give the settings of a copy of the small night, after it has run."""
    shutil.copytree(small_night, tmp_path, dirs_exist_ok=True)
    return in_summer(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> dict[str, str]:
    """Give the settings of the night that has read the whole bundle."""
    folder = tmp_path_factory.mktemp("whole")
    return {"PILLARFOUR_STORE": str(folder / "store"), "PILLARFOUR_INBOX": str(folder / "inbox"), "PILLARFOUR_NOW": LATEST}


@pytest.fixture(scope="session")
def whole_night(pillarfour, whole) -> Result:
    """Run the first night on the whole bundle."""
    return pillarfour("nightly", "--json", **whole)


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Give a store's files by name: all but locks, and the ledger, which is read by its rows."""

    def read(store: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(store)): path.read_bytes()
            for path in sorted(store.rglob("*"))
            if path.is_file() and path.suffix != ".lock" and not path.name.startswith("ledger.sqlite")
        }

    return read


@pytest.fixture(scope="session")
def ledger() -> Callable[[Path], dict[str, list[dict[str, Any]]]]:
    """Give every row of every table of a store's ledger, ids and times included."""

    def read(store: Path) -> dict[str, list[dict[str, Any]]]:
        with closing(sqlite3.connect(store / "ledger.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            return {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")] for table in tables}  # noqa: S608

    return read


@pytest.fixture(scope="session")
def mail() -> Callable[[Path], list[Path]]:
    """List a store's digests, one a night; each case has a message of its own, and CAP messages a folder."""
    return lambda store: sorted(path for path in (store / "outbox").glob("*.eml") if "[digest]" in subject(path))


def subject(message: Path) -> str:
    """Read what a message is about."""
    return str(email.message_from_bytes(message.read_bytes(), policy=default)["Subject"])


@pytest.fixture(scope="module")
def panama(tmp_path_factory, checkout) -> Settings:
    """Make a store of Panama's rebuilt documents to July 2021; August and what follows never came."""
    folder = tmp_path_factory.mktemp("panama")
    with (checkout / "data" / "bundle" / "panama_darien.csv").open(encoding="utf-8", newline="") as text:
        rows = [row for row in csv.reader(text) if row[0] <= "2021-07" or row[0] == "reference_period"]
    (folder / "bundle").mkdir()
    with (folder / "bundle" / "panama_darien.csv").open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows(rows)
    made = Settings(store=folder / "store", bundle_folder=folder / "bundle", inbox=folder / "inbox")
    assert {each.result for each in ingest.ingest_local(ingest.find_source("panama_darien"), ingest.open_store(made), made)} == {"new"}
    return made
