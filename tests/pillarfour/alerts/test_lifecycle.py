"""What becomes of an alert."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pillarfour.alerts.lifecycle import decide, follow
from pillarfour.alerts.model import LEVELS, AlertState

TONIGHT = date(2021, 8, 12)


@pytest.fixture
def standing(key):
    """Say where an alert stands."""

    def make(state="quiet", level=None, announced="2021-06"):
        return AlertState(
            key=key, state=state, level=level, since=date(2021, 7, 12), announced_period=None if state == "quiet" else announced
        )

    return make


MOVES = [
    ("a level is reached", ("quiet", None), {"level": "watch"}, ("active", "watch")),
    ("several levels are reached at once", ("quiet", None), {"level": "emergency"}, ("active", "emergency")),
    ("it is met but not for long enough", ("quiet", None), {"pending": "watch"}, ("pending", None)),
    ("it is met again after the end", ("resolved", None), {"level": "watch", "period": "2021-09"}, ("active", "watch")),
    ("pending becomes active", ("pending", None), {"level": "watch"}, ("active", "watch")),
    ("pending lapses", ("pending", None), {"period": "2021-07"}, ("quiet", None)),
    ("the level rises", ("active", "watch"), {"level": "warning", "period": "2021-07"}, ("active", "warning")),
    ("the level rises by a revision", ("active", "watch"), {"level": "warning"}, ("active", "warning")),
    ("the level rises on the figures left", ("active", "watch"), {"level": "warning", "period": "2021-05"}, ("active", "warning")),
    ("the level falls", ("active", "emergency"), {"level": "watch", "period": "2021-07"}, ("active", "watch")),
    ("it ends", ("active", "emergency"), {"period": "2021-07"}, ("resolved", None)),
    ("it ends by a revision", ("active", "emergency"), {}, ("resolved", None)),
]

STAYS = [
    ("nothing is met", ("quiet", None), {}),
    ("nothing was ever published", ("quiet", None), {"period": None, "clear": None}),
    ("the level is the same in a newer month", ("active", "watch"), {"level": "watch", "period": "2021-07"}),
    ("no level is met, and the end is not reached", ("active", "watch"), {"clear": False, "period": "2021-07"}),
    ("no level is met, and the end is open", ("active", "watch"), {"clear": None, "period": "2021-07"}),
    (
        "a missing figure leaves the higher level open",
        ("active", "warning"),
        {"level": "watch", "period": "2021-07", "open_levels": ["warning"]},
    ),
    ("the month that was told is withdrawn", ("active", "watch"), {"period": "2021-05"}),
    ("every month is withdrawn", ("active", "watch"), {"period": None}),
    ("a lower level on the months left", ("active", "warning"), {"level": "watch", "period": "2021-05"}),
    ("pending, and still not for long enough", ("pending", None), {"pending": "watch"}),
    ("pending, and open", ("pending", None), {"clear": None, "open_levels": ["watch"]}),
    ("it could end, but a level is met again in the newest month", ("active", "watch"), {"pending": "watch", "period": "2021-07"}),
    ("a higher level is pending", ("active", "watch"), {"level": "watch", "pending": "warning"}),
]


@pytest.mark.parametrize(("before", "found", "after"), [move[1:] for move in MOVES], ids=[move[0] for move in MOVES])
def test_an_alert_moves(before, found, after, standing, condition):
    """Each move carries what stood before and a reason in words."""
    moved = decide(standing(*before), condition(**found), known_on=TONIGHT)

    assert moved is not None
    assert ((moved.before, moved.level_before), (moved.after, moved.level)) == (before, after)
    assert len(moved.reason) > 20


@pytest.mark.parametrize(("before", "found"), [stay[1:] for stay in STAYS], ids=[stay[0] for stay in STAYS])
def test_an_alert_stays(before, found, standing, condition):
    """Nothing new is nothing told, and missing data settle nothing."""

    assert decide(standing(*before), condition(**found), known_on=TONIGHT) is None


REASONS = [
    (("quiet", None), {"level": "watch"}, "watch reached in 2021-06: watch in 2021-06"),
    (("active", "watch"), {"level": "warning", "period": "2021-07"}, "warning after watch in 2021-07: warning in 2021-07"),
    (("active", "warning"), {"level": "watch"}, "warning is no longer met in 2021-06, as revised; watch is: watch in 2021-06"),
    (("active", "watch"), {"period": "2021-07"}, "the stop condition is met in 2021-07: few in 2021-07"),
    (("quiet", None), {"pending": "watch"}, "watch is met in 2021-06, but not yet for long enough: watch in 2021-06"),
]


@pytest.mark.parametrize(("before", "found", "reason"), REASONS)
def test_the_reason_is_in_words(before, found, reason, standing, condition):
    """The officer reads what happened, in which month, and by which test."""
    moved = decide(standing(*before), condition(**found), known_on=TONIGHT)

    assert moved is not None
    assert moved.reason == reason


def test_the_state_after_knows_since_when_and_what_was_told(standing, condition):
    """An escalation keeps the day on which the alert began."""
    first = decide(standing(), condition("watch"), known_on=date(2021, 7, 12))
    state = follow(standing(), first)
    second = decide(state, condition("warning", "2021-07"), known_on=TONIGHT)

    assert (state.state, state.level, state.since, state.announced_period) == ("active", "watch", date(2021, 7, 12), "2021-06")
    assert (follow(state, second).since, follow(state, second).announced_period) == (date(2021, 7, 12), "2021-07")


@st.composite
def nights(draw):
    """Draw what a night may find: releases, revisions, outages and withdrawals in any order."""
    month = draw(st.integers(1, 6))
    level = draw(st.sampled_from([None, *LEVELS]))
    rank = -1 if level is None else LEVELS.index(level)
    return {
        "level": level,
        "period": draw(st.sampled_from([None, f"2021-0{month}"])) if level is None else f"2021-0{month}",
        "pending": draw(st.sampled_from([None, *LEVELS[rank + 1 :]])),
        "open_levels": draw(st.sets(st.sampled_from(LEVELS[rank + 1 :]))) if rank < len(LEVELS) - 1 else (),
        "clear": draw(st.sampled_from([True, False, None])) if level is None else draw(st.sampled_from([False, None])),
    }


HISTORIES = st.lists(nights(), max_size=30)
LAW = settings(max_examples=150, deadline=None)


def live(history, condition, key):
    """Live through a history; give each night's state before, what it found, and what came of it."""
    state = AlertState(key=key)
    lived = []
    for night, found in enumerate(history):
        asked = condition(**found)
        moved = decide(state, asked, known_on=TONIGHT + timedelta(days=night))
        lived.append((state, asked, moved))
        state = state if moved is None else follow(state, moved)
    return lived, state


@LAW
@given(HISTORIES)
def test_an_increase_is_always_told(condition, key, history):
    """After any night the alert stands at least at the level found."""
    lived, _ = live(history, condition, key)

    for before, asked, moved in lived:
        if asked.level is not None and (before.level is None or LEVELS.index(asked.level) > LEVELS.index(before.level)):
            assert moved is not None
            assert (moved.after, moved.level) == ("active", asked.level)


@LAW
@given(HISTORIES)
def test_the_same_night_again_tells_nothing(condition, key, history):
    """Whatever was decided stands, and is not decided twice."""
    lived, _ = live(history, condition, key)

    for before, asked, moved in lived:
        after = before if moved is None else follow(before, moved)
        assert decide(after, asked, known_on=TONIGHT + timedelta(days=99)) is None


@LAW
@given(HISTORIES)
def test_the_same_fact_is_never_told_twice_running(condition, key, history):
    """A level and a month come again only after something lower was told of in between."""
    lived, _ = live(history, condition, key)
    told = [(moved.level, moved.reference_period) for _, _, moved in lived if moved is not None and "active" in {moved.before, moved.after}]

    assert all(one != other for one, other in pairwise(told))


@LAW
@given(HISTORIES)
def test_missing_data_neither_end_nor_lower_an_alert(condition, key, history):
    """An end needs its stop condition met, a lower level every higher one refused, on figures no older than those told."""
    lived, _ = live(history, condition, key)

    for before, asked, moved in lived:
        if before.state != "active" or moved is None or (moved.level and LEVELS.index(moved.level) > LEVELS.index(before.level)):
            continue
        assert asked.reference_period is not None
        assert asked.reference_period >= before.announced_period
        if moved.after == "resolved":
            assert asked.clear is True
        else:
            assert all(asked.evidence[level].held is False for level in LEVELS[LEVELS.index(asked.level) + 1 :])


@LAW
@given(HISTORIES)
def test_each_move_starts_where_the_last_one_ended(condition, key, history):
    """No state is skipped, and a level is held exactly while an alert is active."""
    lived, last = live(history, condition, key)

    for before, _, moved in lived:
        assert (before.level is not None) == (before.state == "active")
        if moved is not None:
            assert (moved.before, moved.level_before) == (before.state, before.level)
            assert (moved.after, moved.level) != (before.state, before.level)
            assert moved.before in {"quiet", "resolved"} if moved.after == "pending" else True
            assert moved.before == "active" if moved.after == "resolved" else True
    assert last.state in {"quiet", "pending", "active", "resolved"}


@LAW
@given(HISTORIES, st.integers(1, 3650))
def test_the_clock_alone_changes_nothing(condition, key, history, days):
    """Ten years without a new figure leave every alert where it stood."""
    lived, state = live(history, condition, key)

    if lived:
        assert decide(state, lived[-1][1], known_on=TONIGHT + timedelta(days=days)) is None
