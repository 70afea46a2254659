"""What officers say of alerts: appended, dated, and never stronger than a rise."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from pillarfour.alerts.acts import Act, acknowledgement, acts, lift, say, silences
from pillarfour.alerts.events import record
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.model import AlertKey
from pillarfour.errors import LedgerError

JULY, AUGUST = date(2021, 7, 12), date(2021, 8, 12)
NOW = datetime(2021, 8, 12, 6, tzinfo=UTC)


@pytest.fixture
def ledger(url, transition):
    """Give a ledger with one alert on watch since July."""
    opened = Ledger(url)
    with opened.begin() as connection:
        record(connection, [transition(JULY)], known_on=JULY, finished_at=NOW, digest={})
    return opened


@pytest.fixture
def act(key):
    def make(kind, known_on=JULY, **more):
        return Act(**{"key": key, "known_on": known_on, "kind": kind, "author": "R. Díaz", "reason": "known", "recorded_at": NOW, **more})

    return make


def tell(ledger, act):
    with ledger.begin() as connection:
        return say(connection, act)


def read(ledger, **which):
    with ledger.read() as connection:
        return acts(connection, **which)


def test_an_act_is_read_back_with_the_alert_s_level(ledger, act, key):
    """Who, why, until when, and at which level."""
    said = tell(ledger, act("silenced", until=AUGUST))

    assert read(ledger, key=key) == [said]
    assert (said.level, said.until, str(said)) == ("watch", AUGUST, "silenced by R. Díaz until 2021-08-12: known")


def test_a_silence_holds_to_its_last_day(ledger, act, key):
    """From the day on which it is said, through the day that it names, and not on nights before it."""
    silence = tell(ledger, act("silenced", until=AUGUST))
    held = {day: silences(read(ledger), known_on=day).get(key) for day in (date(2021, 7, 11), JULY, AUGUST, date(2021, 8, 13))}

    assert held == {date(2021, 7, 11): None, JULY: silence, AUGUST: silence, date(2021, 8, 13): None}
    assert read(ledger, known_on=date(2021, 7, 11)) == []


def test_a_rise_lifts_a_silence(ledger, act, transition, key):
    """The lifting is an act of its own; the silence itself stays on record."""
    silence = tell(ledger, act("silenced", until=AUGUST))
    with ledger.begin() as connection:
        lift(connection, transition(AUGUST, level="warning", before=("active", "watch")), now=NOW)
    said = read(ledger)

    assert [each.kind for each in said] == ["silenced", "lifted"]
    assert silences(said, known_on=date(2021, 8, 11)) == {key: silence}
    assert silences(said, known_on=AUGUST) == {}


def test_an_acknowledgement_does_not_reach_beyond_its_level(ledger, act, transition):
    """A warning after an acknowledged watch has been seen by nobody."""
    seen = tell(ledger, act("acknowledged"))
    assert acknowledgement(ledger.alerts()[0], read(ledger)) == seen
    with ledger.begin() as connection:
        record(connection, [transition(AUGUST, level="warning", before=("active", "watch"))], known_on=AUGUST, finished_at=NOW, digest={})

    assert acknowledgement(ledger.alerts()[0], read(ledger)) is None


def test_an_acknowledgement_ends_with_its_alert(ledger, act, transition):
    """An alert that comes back is a new one."""
    tell(ledger, act("acknowledged"))
    with ledger.begin() as connection:
        record(connection, [transition(AUGUST, level=None, before=("active", "watch"))], known_on=AUGUST, finished_at=NOW, digest={})
    assert acknowledgement(ledger.alerts()[0], read(ledger)) is None

    later = date(2021, 9, 12)
    with ledger.begin() as connection:
        record(connection, [transition(later, before=("resolved", None))], known_on=later, finished_at=NOW, digest={})
    assert acknowledgement(ledger.alerts()[0], read(ledger)) is None


REFUSED = {
    "an alert that is not there": (
        {"kind": "silenced", "until": AUGUST, "key": AlertKey(trigger="x", stage="y", subject="z")},
        "no such alert",
    ),
    "nobody says it": ({"kind": "acknowledged", "author": " "}, "without an author and a reason; give both with --by and --reason"),
    "no reason is given": ({"kind": "acknowledged", "reason": ""}, "without an author and a reason"),
    "a silence without an end": ({"kind": "silenced"}, "a silence ends on a day, and not before 2021-07-12; give it with --until"),
    "a silence that ends before it begins": ({"kind": "silenced", "until": date(2021, 7, 11)}, "a silence ends on a day"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_act_that_says_too_little_is_refused(case, ledger, act):
    """The message says what to give."""
    given, said = REFUSED[case]

    with pytest.raises(LedgerError, match=said):
        tell(ledger, act(**given))
    assert read(ledger) == []


def test_an_alert_that_has_ended_is_not_acknowledged(ledger, act, transition):
    """There is nothing to be seen to."""
    with ledger.begin() as connection:
        record(connection, [transition(AUGUST, level=None, before=("active", "watch"))], known_on=AUGUST, finished_at=NOW, digest={})

    with pytest.raises(LedgerError, match="does not stand on 2021-08-12, it is resolved"):
        tell(ledger, act("acknowledged", known_on=AUGUST))


@pytest.mark.parametrize("statement", ["UPDATE alert_acts SET author = 'x'", "DELETE FROM alert_acts"])
def test_acts_are_never_changed(statement, ledger, act):
    """The database itself refuses."""
    tell(ledger, act("acknowledged"))

    with pytest.raises(LedgerError, match="appended, never changed"), ledger.begin() as connection:
        connection.execute(text(statement))
