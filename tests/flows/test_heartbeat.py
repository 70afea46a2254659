"""Tests of the dead man's switch, the outbox by hand, and a night that fails, as cron meets them."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def settings(pillarfour, small_figures, tmp_path_factory) -> dict[str, str]:
    """Give the settings of a store with one night in it."""
    folder = tmp_path_factory.mktemp("heartbeat")
    found = {
        "PILLARFOUR_BUNDLE_FOLDER": str(small_figures),
        "PILLARFOUR_INBOX": str(folder / "inbox"),
        "PILLARFOUR_STORE": str(folder / "store"),
        "PILLARFOUR_NOW": "2021-08-15T11:00:00+00:00",
    }
    assert pillarfour("nightly", **found).code == 0
    return found


def late(pillarfour, settings, *arguments, **changes) -> list[str]:
    asked = pillarfour("heartbeat", "--json", *arguments, **(settings | changes))
    assert asked.code == (1 if asked.json else 0)
    return [each["what"] for each in asked.json]


@pytest.mark.parametrize(("arguments", "code"), [(["heartbeat", "--json"], 1), (["outbox", "list", "--json"], 0), (["deliver"], 0)])
def test_what_watches_and_sends_between_the_nights_needs_no_prefect(environment, checkout, tmp_path, arguments: list[str], code: int):
    """It works where Prefect cannot even be imported."""
    without = "import sys\nsys.modules['prefect'] = None\nfrom flows.cli import main\nmain()\n"
    done = subprocess.run(  # noqa: S603 - the project's own command
        [sys.executable, "-c", without, *arguments],
        env={**environment, "PILLARFOUR_STORE": str(tmp_path / "store")},
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (code, "")


def test_a_store_without_a_ledger_is_late_and_stays_without(pillarfour, settings, tmp_path):
    """Looking makes nothing."""
    empty = tmp_path / "empty"

    assert late(pillarfour, settings, PILLARFOUR_STORE=str(empty)) == ["night"]
    assert not empty.exists()


def test_a_night_of_today_is_not_late(pillarfour, settings):
    """Only the source is, that has published nothing for months."""

    assert late(pillarfour, settings) == ["us_cbp"]


@pytest.mark.parametrize(("now", "arguments", "found"), [
    ("2021-08-16T22:59:00+00:00", [], False),
    ("2021-08-16T23:01:00+00:00", [], True),
    ("2021-08-16T23:01:00+00:00", ["--max-age", "2d"], False),
    ("2021-08-15T11:31:00+00:00", ["--max-age", "30m"], True),
])  # fmt: skip
def test_the_last_night_may_be_so_old(pillarfour, settings, now: str, arguments: list[str], found: bool):  # noqa: FBT001
    """Thirty-six hours by default."""

    assert ("night" in late(pillarfour, settings, *arguments, PILLARFOUR_NOW=now)) == found


def test_a_clock_set_back_is_said(pillarfour, settings):
    """A night that finishes in the future says nothing of today."""

    assert "clock" in late(pillarfour, settings, PILLARFOUR_NOW="2021-08-14T11:00:00+00:00")


def test_past_nights_by_hand_are_no_heartbeat(pillarfour, settings, tmp_path):
    """A backfill on the day proves nothing of the schedule."""
    other = settings | {"PILLARFOUR_STORE": str(tmp_path / "store")}
    pillarfour("nightly", "--known-on", "2021-08-01", **other)

    assert "night" in late(pillarfour, other)


def test_a_message_given_up_is_late_until_it_is_dropped(pillarfour, settings):
    """Heartbeat, doctor, deliver and the night itself say so by their exit codes; dropped with its reason, it is silent."""
    ledger = Path(settings["PILLARFOUR_STORE"]) / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE outbox SET state = 'dead', last_error = 'no room' WHERE id = (SELECT min(id) FROM outbox)")
    codes = [pillarfour(*command, **settings).code for command in (["doctor"], ["deliver"], ["nightly"])]
    listed = pillarfour("outbox", "list", "--dead", "--json", **settings).json

    assert codes == [1, 1, 1]
    assert "message" in late(pillarfour, settings)
    assert [(each["state"], each["why"]) for each in listed] == [("dead", "no room")]
    assert pillarfour("outbox", "drop", listed[0]["number"], "--reason", "a test", **settings).code == 0
    assert "message" not in late(pillarfour, settings)
    assert pillarfour("deliver", **settings).code == 0
    assert pillarfour("outbox", "retry", listed[0]["number"], **settings).code == 1


def test_what_is_retried_is_sent(pillarfour, settings):
    """A file that was lost is written again."""
    store = Path(settings["PILLARFOUR_STORE"])
    lost = list((store / "outbox").glob("*.eml"))
    for eml in lost:
        eml.unlink()
    with closing(sqlite3.connect(store / "ledger.sqlite")) as connection, connection:
        connection.execute("UPDATE outbox SET state = 'dead', attempts = 10")
    done = pillarfour("outbox", "retry", "--dead", **settings)

    assert lost
    assert (done.code, done.output) == (0, f"{len(lost)} sent, 0 waiting, 0 given up\n")
    assert all(eml.exists() for eml in lost)
    assert pillarfour("deliver", **settings).output == ""


def test_a_night_that_fails_writes_to_its_operators(pillarfour, settings, tmp_path):
    """Once, with what went wrong; a past night run by hand writes nothing."""
    (tmp_path / "triggers.yaml").write_text("version: 2\n")
    broken = settings | {"PILLARFOUR_TRIGGERS": str(tmp_path / "triggers.yaml"), "PILLARFOUR_STORE": str(tmp_path / "store")}
    past = pillarfour("nightly", "--known-on", "2021-08-01", **broken)
    assert past.code == 1
    assert list((tmp_path / "store").glob("outbox/*")) == []
    tonight = pillarfour("nightly", **broken)
    (letter,) = (tmp_path / "store").glob("outbox/*")

    assert tonight.code == 1
    assert b"Subject: [FAILED] The night of 2021-08-15" in letter.read_bytes()
    assert b"TriggerError" in letter.read_bytes()
