"""Conditions as a trigger would give them, and ledgers on both databases."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from pillarfour.alerts.model import LEVELS, AlertKey, Condition, Evidence, Transition
from pillarfour.triggers.schema import Triggers

KEY = AlertKey(trigger="darien-surge", stage="darien", subject="total")
CHOSEN = object()


@pytest.fixture(scope="session")
def key():
    return KEY


@pytest.fixture(scope="session")
def condition():
    """Make a condition: what is not said follows from the level, and everything above it is refused by figures."""

    def make(level=None, period="2021-06", *, clear=CHOSEN, open_levels=(), **more):
        reached = -1 if level is None else LEVELS.index(level)
        evidence = {
            each: Evidence(test="level", held=None if each in open_levels else rank <= reached, text=f"{each} in {period}")
            for rank, each in enumerate(LEVELS)
        }
        return Condition(
            kind="surge",
            level=level,
            clear=(level is None) if clear is CHOSEN else clear,
            reference_period=period,
            value=None if period is None else 700.0,
            expected=60.0,
            unit="persons",
            evidence=evidence,
            clear_evidence=Evidence(test="level", held=level is None, text=f"few in {period}"),
            rule_sha256="0" * 64,
            releases=("panama/2021-07-12-00000000",),
            **{"key": KEY, **more},
        )

    return make


@pytest.fixture(scope="session")
def transition(condition):
    def make(known_on=date(2021, 7, 12), *, key=KEY, level="watch", before=("quiet", None)):
        return Transition(
            key=key,
            known_on=known_on,
            before=before[0],
            after="resolved" if level is None else "active",
            level_before=before[1],
            level=level,
            reason=f"{level} reached",
            condition=condition(level, key=key),
        )

    return make


@pytest.fixture(scope="session")
def file_of():
    """Make a file of one trigger that watches the Darién: which line, from which figures on, and when it ends."""
    title = {"en": "x", "es": "x"}
    stage = {
        "id": "darien",
        "title": title,
        "country": "PAN",
        "role": "transit",
        "unit": "persons",
        "observed_by": [{"source": "s", "table": "t", "measure": "m"}],
    }

    def make(name, *, line, levels, clear):
        trigger = {
            "id": name,
            "title": title,
            "status": "active",
            "kind": "surge",
            "owner": "o",
            "rationale": "r",
            "references": ["u"],
            "series": {"stages": ["darien"], **line},
            "levels": levels,
            "clear": clear,
            "response": "r",
            "notify": ["a"],
        }
        return Triggers.model_validate(
            {
                "version": 1,
                "groups": {},
                "stages": [stage],
                "detectors": {},
                "responses": {"r": {"title": title, "levels": {"watch": {"within_hours": 1, "en": "a", "es": "a"}}}},
                "recipients": {"a": {"title": title}},
                "triggers": [trigger],
            }
        )

    return make


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """Start a PostgreSQL of our own on a socket in a folder of its own, or skip; in CI its absence is a failure."""
    found = shutil.which("initdb") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
    )
    if found is None:
        message = "PostgreSQL is not installed (Debian: apt-get install postgresql): its half of the ledger's tests cannot run"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="pillarfour-postgresql-"))
    with_rights = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        with_rights = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *arguments: str) -> None:
        command = [*with_rights, str(Path(found).with_name(program)), "-D", str(folder / "data"), *arguments]
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120, cwd=folder)  # noqa: S603 - Debian's programs
        assert done.returncode == 0, f"{program}: {done.stderr}"

    try:
        run("initdb", "--auth=trust", "--username=pillarfour", "--encoding=UTF8", "--no-sync")
        run("pg_ctl", "start", "--wait", f"--log={folder / 'log'}", f"--options=-F -k {folder} -c listen_addresses=")
        yield folder
        run("pg_ctl", "stop", "--wait", "--mode=immediate")
    finally:
        shutil.rmtree(folder)


DATABASES = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a ledger that does not exist yet, on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'ledger.sqlite'}"
    return request.getfixturevalue("new_database")()


@pytest.fixture
def new_database(server: Path):
    """Make an empty schema on the server, which is to a ledger what a database is, and give its URL."""
    import psycopg  # noqa: PLC0415 - an optional part, asked for only here

    def make() -> str:
        name = f"ledger_{next(DATABASES)}"
        with psycopg.connect(host=str(server), user="pillarfour", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql+psycopg://pillarfour@/postgres?host={server}&options=-csearch_path%3D{name}"

    return make


@pytest.fixture
def another_url(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Give a second ledger on the same database as ``url``."""
    return f"sqlite:///{tmp_path / 'other.sqlite'}" if url.startswith("sqlite") else request.getfixturevalue("new_database")()
