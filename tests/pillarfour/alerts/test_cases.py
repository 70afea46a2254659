"""Which alerts are one movement."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pillarfour.alerts.cases import Corridor, assign, summarise
from pillarfour.alerts.events import events, record
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertKey, AlertState

CORRIDOR = Corridor(stages=("darien", "mexico", "us_southwest"), groups={"haitian": ("HTI", "BRA", "CHL")})
NOW = datetime(2021, 9, 12, 6, tzinfo=UTC)
JULY, AUGUST, SEPTEMBER = date(2021, 7, 12), date(2021, 8, 12), date(2021, 9, 12)


def alert(series, trigger="corridor"):
    stage, _, subject = series.partition("/")
    return AlertKey(trigger=trigger, stage=stage, subject=subject)


@pytest.fixture
def night(transition):
    """Let alerts begin or end on a night; give where all of them stand and what moved, with its cases."""

    def run(states, known_on, *, begin=(), end=(), kinds=None):
        moves = [transition(known_on, key=key) for key in begin]
        moves += [transition(known_on, key=key, level=None, before=("active", "watch")) for key in end]
        moves = [
            replace(
                move,
                condition=replace(move.condition, kind=(kinds or {}).get(move.key, "surge")),
                case_id=states[move.key].case_id if move.key in states else None,
            )
            for move in moves
        ]
        after = {**states, **{move.key: follow(states.get(move.key, AlertState(key=move.key)), move) for move in moves}}
        moves = assign(moves, after.values(), corridor=CORRIDOR)
        after |= {move.key: replace(after[move.key], case_id=move.case_id) for move in moves}
        return after, moves

    return run


TOGETHER = {
    "the same nationality at the next stage": ("darien/HTI", "mexico/HTI", True),
    "the same nationality two stages on, where the one between is silent": ("darien/HTI", "us_southwest/HTI", True),
    "a group and one of its nationalities two stages on": ("darien/haitian", "us_southwest/HTI", True),
    "the total and the total two stages on": ("darien/total", "us_southwest/total", False),
    "a group and one of its nationalities": ("darien/haitian", "mexico/BRA", True),
    "two nationalities of a group that has no alert": ("darien/HTI", "darien/BRA", False),
    "two nationalities": ("darien/HTI", "darien/VEN", False),
    "the total and the total of the next stage": ("darien/total", "mexico/total", True),
    "the total and one nationality": ("darien/total", "darien/HTI", False),
    "a stage that is not on the corridor": ("darien/HTI", "elsewhere/HTI", False),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_what_belongs_together(case, night):
    """By the declared rule: the same or containing subject, the same or adjacent stage."""
    one, other, together = TOGETHER[case]
    states, _ = night({}, JULY, begin=[alert(one)])
    states, _ = night(states, AUGUST, begin=[alert(other)])

    assert (states[alert(one)].case_id == states[alert(other)].case_id) is together


def test_a_movement_seen_on_one_night_is_one_case(night):
    """Nine alerts of a wave that a third joins are one event, named after its first stage."""
    wave = [alert(f"{stage}/{subject}") for stage in CORRIDOR.stages for subject in ("haitian", "HTI", "BRA")]
    _, moves = night({}, JULY, begin=wave)

    assert {move.case_id for move in moves} == {"2021-07-12-rise-darien-BRA"}


def test_two_triggers_on_one_series_are_one_case(night):
    """A shift of the mix and a surge of the same people are one movement."""
    surge, shift = alert("darien/VEN"), alert("darien/VEN", trigger="mix")
    states, _ = night({}, JULY, begin=[surge, shift], kinds={shift: "shift"})

    assert states[surge].case_id == states[shift].case_id == "2021-07-12-rise-darien-VEN"


def test_another_mix_of_all_is_neither_a_rise_nor_a_fall(night):
    """Who comes says nothing of how many come: it is told apart from a surge and from a collapse."""
    surge, fall, mix = alert("darien/total"), alert("darien/total", trigger="collapse"), alert("darien/total", trigger="mix")
    states, _ = night({}, JULY, begin=[surge, fall, mix], kinds={fall: "collapse", mix: "shift"})

    assert len({states[each].case_id for each in (surge, fall, mix)}) == 3
    assert states[mix].case_id == "2021-07-12-shift-darien-total"


def test_a_rise_and_a_fall_are_two_cases(night):
    """They are answered otherwise."""
    rise, fall = alert("darien/total"), alert("mexico/total", trigger="collapse")
    states, _ = night({}, JULY, begin=[rise, fall], kinds={fall: "collapse"})

    assert states[rise].case_id != states[fall].case_id


@pytest.mark.parametrize("kind", ["outage", "revision"])
def test_what_is_no_movement_has_no_case(kind, night):
    """A source that is late, or figures that change, move nobody."""
    late = alert("darien/panama_darien", trigger="late")
    states, _ = night({}, JULY, begin=[late], kinds={late: kind})

    assert states[late].case_id is None


def test_a_case_keeps_its_name(night):
    """Later alerts join it, also when the one that it is named after has ended; two that a later one joins stay two."""
    first, second, bridge = alert("darien/HTI"), alert("mexico/BRA"), alert("mexico/haitian")
    states, _ = night({}, JULY, begin=[first])
    states, _ = night(states, AUGUST, begin=[second])
    states, _ = night(states, SEPTEMBER, begin=[bridge], end=[first])

    assert states[first].case_id == "2021-07-12-rise-darien-HTI"
    assert states[second].case_id == states[bridge].case_id == "2021-08-12-rise-mexico-BRA"


def test_an_alert_that_comes_back_joins_what_stands(night):
    """Where nothing stands any more it begins a case of its own."""
    key = alert("darien/HTI")
    states, _ = night({}, JULY, begin=[key])
    states, _ = night(states, AUGUST, end=[key])
    states, _ = night(states, SEPTEMBER, begin=[key])

    assert states[key].case_id == "2021-09-12-rise-darien-HTI"


def test_a_case_is_read_from_the_ledger(url, night):
    """Since when, until when, how grave, and which alerts stand."""
    here, there = alert("darien/HTI"), alert("mexico/HTI")
    ledger, states = Ledger(url), {}
    for known_on, begin, end in ((JULY, [here], []), (AUGUST, [there], []), (SEPTEMBER, [], [here])):
        states, moves = night(states, known_on, begin=begin, end=end)
        with ledger.begin() as connection:
            record(connection, moves, known_on=known_on, finished_at=NOW, digest={})
    with ledger.read() as connection:
        life = events(connection, case_id="2021-07-12-rise-darien-HTI")
        (case,) = summarise(events(connection))

    assert [(event.key, event.after) for event in life] == [(here, "active"), (there, "active"), (here, "resolved")]
    assert (case.since, case.until, case.highest, case.alerts, case.standing) == (JULY, None, "watch", (here, there), (there,))
    (ended,) = summarise([replace(event, after="resolved") for event in life])
    assert ended.until == SEPTEMBER
