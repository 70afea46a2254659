"""The ledger: appended, never changed, and the same after crashes and double runs."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from pillarfour.alerts.events import events, next_run, record, states
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.model import AlertKey
from pillarfour.alerts.tables import alert_events, nights
from pillarfour.errors import LedgerError

JULY, AUGUST, SEPTEMBER = date(2021, 7, 12), date(2021, 8, 12), date(2021, 9, 12)
NOW = datetime(2021, 9, 12, 6, tzinfo=UTC)


@pytest.fixture
def ledger(url):
    return Ledger(url)


def write(ledger, known_on, *transitions, digest=None):
    with ledger.begin() as connection:
        return record(connection, transitions, known_on=known_on, finished_at=NOW, digest=digest or {"checked": 3}, message_id="<m@x>")


def dump(url):
    """Give every event and night, in order, without ids."""
    with Ledger(url).read() as connection:
        told = [str(replace(each, id=0)) for each in events(connection)]
        return told, [tuple(row)[1:] for row in connection.execute(select(nights).order_by(nights.c.id))]


def test_an_event_is_read_back_as_it_was_decided(ledger, transition, key):
    """Every figure, reason and hash of a transition is in the ledger, with an aware time."""
    moved = transition(JULY)
    with ledger.begin() as connection:
        documents = {"panama/2021-07-12-00000000": "a" * 64}
        record(connection, [moved], known_on=JULY, finished_at=NOW, digest={}, documents=documents)
    (found,) = ledger.history(key)

    assert (found.key, found.known_on, found.ordinal, found.kind) == (key, JULY, 1, "surge")
    assert (found.before, found.after, found.level_before, found.level, found.reason) == ("quiet", "active", None, "watch", moved.reason)
    assert (found.reference_period, found.value, found.expected, found.unit) == ("2021-06", 700.0, 60.0, "persons")
    assert (found.releases, found.documents, found.rule_sha256) == (("panama/2021-07-12-00000000",), ("a" * 64,), "0" * 64)
    assert found.evidence["watch"] == {
        "test": "level",
        "held": True,
        "text": "watch in 2021-06",
        "figures": {},
        "releases": [],
        "parts": [],
    }
    assert set(found.evidence) == {"watch", "warning", "emergency", "clear"}
    assert found.recorded_at == NOW


def test_states_are_the_sum_of_events_up_to_the_night(ledger, transition, key):
    """What a later night found counts for nothing on an earlier one."""
    write(ledger, JULY, transition(JULY))
    write(ledger, AUGUST, transition(AUGUST, level="warning", before=("active", "watch")))
    write(ledger, SEPTEMBER, transition(SEPTEMBER, level=None, before=("active", "warning")))

    with ledger.read() as connection:
        stood = [states(connection, night).get(key) for night in (date(2021, 7, 11), JULY, AUGUST, SEPTEMBER)]
    assert [state and (state.state, state.level, state.since) for state in stood] == [
        None,
        ("active", "watch", JULY),
        ("active", "warning", JULY),
        ("resolved", None, SEPTEMBER),
    ]
    assert ledger.alerts() == [stood[-1]]
    assert ledger.alerts(AUGUST) == [stood[2]]


def test_the_same_night_again_adds_nothing(ledger, url, transition):
    """A second run without a transition leaves the ledger byte for byte as it says."""
    assert write(ledger, JULY, transition(JULY)) == 1
    before = dump(url)

    assert write(ledger, JULY, digest={"checked": 4}) is None
    assert dump(url) == before


def test_a_night_with_something_new_is_another_run_of_it(ledger, transition, key):
    """A file brought by hand at noon can change an alert; the event has the next ordinal."""
    write(ledger, JULY, transition(JULY))
    with ledger.read() as connection:
        assert next_run(connection, JULY) == 2

    assert write(ledger, JULY, transition(JULY, level="warning", before=("active", "watch"))) == 2
    assert [(event.ordinal, event.level) for event in ledger.history(key)] == [(1, "watch"), (2, "warning")]


def test_a_past_night_run_late_changes_no_later_event(ledger, transition, key):
    """It folds what was decided up to its own date, and its event takes its place in the order of nights."""
    write(ledger, AUGUST, transition(AUGUST, level="warning"))
    (later,) = ledger.history(key)
    with ledger.read() as connection:
        assert states(connection, JULY) == {}
    write(ledger, JULY, transition(JULY))

    assert [event.known_on for event in ledger.history(key)] == [JULY, AUGUST]
    assert ledger.history(key)[1] == later
    assert ledger.alerts()[0].level == "warning"
    assert ledger.alerts(JULY)[0].level == "watch"


@pytest.mark.parametrize("statement", ["UPDATE alert_events SET level = 'watch'", "DELETE FROM alert_events", "DELETE FROM nights"])
def test_events_are_never_changed(statement, ledger, transition):
    """The database itself refuses."""
    write(ledger, JULY, transition(JULY))

    with pytest.raises(LedgerError, match="events of the ledger are appended, never changed"), ledger.begin() as connection:
        connection.execute(text(statement))


def test_an_event_of_the_same_ordinal_is_refused(ledger, transition):
    """The key holds even where a writer has not looked."""
    write(ledger, JULY, transition(JULY))

    with ledger.read() as connection:
        row = dict(connection.execute(select(alert_events)).mappings().one())
    del row["id"]

    with pytest.raises(LedgerError, match=r"UNIQUE constraint failed|duplicate key value"), ledger.begin() as connection:
        connection.execute(insert(alert_events).values(row))


def test_a_night_is_recorded_whole_or_not_at_all(ledger, url, transition):
    """What fails after the events takes them back with it."""

    def fail_after_recording():
        with ledger.begin() as connection:
            record(connection, [transition(JULY)], known_on=JULY, finished_at=NOW, digest={})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_recording()

    assert dump(url) == ([], [])


def test_two_alerts_do_not_mix(ledger, transition, key):
    """Each alert has its own events and ordinals."""
    other = AlertKey(trigger="darien-surge", stage="darien", subject="haitian")
    write(ledger, JULY, transition(JULY), transition(JULY, key=other, level="warning"))

    assert {state.key: state.level for state in ledger.alerts()} == {key: "watch", other: "warning"}
    assert [event.ordinal for event in ledger.history(other)] == [1]


def test_an_empty_ledger_has_no_alert(ledger):
    """It is made on first use, with its folder."""

    assert ledger.alerts() == []


BROKEN = {
    "a file that is no database": ("file is not a database", b"this is no database, but a text of some length\n" * 40),
    "a folder in place of the file": ("unable to open database file", None),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_database_that_cannot_be_opened_is_named(case, tmp_path):
    """The message says which database, and what to do."""
    said, content = BROKEN[case]
    path = tmp_path / "ledger.sqlite"
    path.mkdir() if content is None else path.write_bytes(content)

    with pytest.raises(LedgerError, match=rf"ledger\.sqlite: {said}"):
        Ledger(f"sqlite:///{path}").alerts()


URLS = {
    "no URL": ("ledger", "PILLARFOUR_LEDGER_URL is no SQLAlchemy URL; write sqlite:///… or postgresql"),
    "a database that nobody knows": ("oracel://officer:secret@host/ledger", r"oracel://officer:\*\*\*@host/ledger: .*give a URL"),
    "a driver that is not there": ("postgresql+pg8000://officer:secret@host/ledger", r"pg8000.*pip install .psycopg\[binary\]"),
    "a server that does not answer": (
        "postgresql+psycopg://officer:secret@127.0.0.1:9/ledger",
        "connection failed.*see who holds the database",
    ),
}


@pytest.mark.parametrize("case", URLS)
def test_a_url_that_leads_nowhere_is_told_without_its_password(case):
    """The message says what to write or to install."""
    wrong, said = URLS[case]

    with pytest.raises(LedgerError, match=said) as told:
        Ledger(wrong).alerts()
    assert "secret" not in str(told.value)


@pytest.fixture
def start(url, checkout):
    """Run a night in a process of its own."""

    def start(night, *rest):
        program = Path(__file__).with_name("night_program.py")
        command = [sys.executable, str(program), url, night.isoformat(), *rest]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=checkout)  # noqa: S603 - this interpreter

    return start


def test_two_nightlies_at_once_are_one(start, url):
    """Both run to their end; the second finds the night already told."""
    said = [process.communicate(timeout=120)[0] for process in [start(JULY), start(JULY)]]

    assert sorted(said) == ["recorded 0 in run None\n", "recorded 3 in run 1\n"]
    assert [len(part) for part in dump(url)] == [3, 1]


def test_a_nightly_killed_before_its_commit_leaves_nothing_and_the_next_completes(start, url, another_url):
    """Killed by SIGKILL with its events written and another nightly waiting: the ledger is that of an undisturbed run."""
    assert start(JULY).wait(timeout=120) == 0
    doomed = start(AUGUST, "hold")
    assert doomed.stdout.readline() == "recorded 3 in run 1\n"
    waiting = start(AUGUST)
    doomed.send_signal(signal.SIGKILL)
    doomed.wait(timeout=60)

    assert waiting.communicate(timeout=120)[0] == "recorded 3 in run 1\n"
    disturbed = dump(url)
    assert [len(part) for part in disturbed] == [6, 2]

    program = Path(__file__).with_name("night_program.py")
    for night in (JULY, AUGUST):
        subprocess.run([sys.executable, str(program), another_url, night.isoformat()], check=True, capture_output=True, timeout=120)  # noqa: S603 - this interpreter
    assert dump(another_url) == disturbed
