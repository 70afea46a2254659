"""Alerts of a nationality that tonight's figures leave out of the largest."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pillarfour.alerts.deciding import ask_on, decide_all
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertKey, AlertState
from pillarfour.alerts.revision import with_figures
from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.night import Night

KEY = AlertKey(trigger="newcomers", stage="darien", subject="PER")
AUGUST, SEPTEMBER = date(2021, 8, 12), date(2021, 9, 12)
ONE, NONE = [5000, 5000], [float("nan")] * 2


@pytest.fixture(scope="module")
def asking(file_of):
    """Make a file of one trigger, on the largest nationality of the Darién."""

    def make(*, least):
        return file_of(
            "newcomers",
            line={"for_each_top": {"nationalities": 1, "over_periods": 1}},
            levels={"watch": {"level": {"at_least": least, "unit": "persons"}}},
            clear={"level": {"at_most": 10, "unit": "persons"}},
        )

    return make


def night(known_on, **figures):
    """Give what was known of June and July, by nationality."""
    months = pd.period_range("2021-06", periods=2, freq="M")
    keys = tuple(SeriesKey(stage="darien", subject=subject) for subject in figures)
    values = np.array(list(figures.values()), dtype=float).reshape(len(keys), 2)
    release = f"panama/{known_on}-00000000"
    return Night(
        known_on=known_on,
        panel=Panel(values=values, series=keys, periods=months, unit="persons"),
        scores={},
        freshness={},
        releases={("darien", str(month)): (release,) for month in months},
    )


def lived(states, triggers, known):
    """Give the changes of a night, and where alerts stand after it."""
    conditions = [with_figures(each, known) for each in evaluate(triggers, known)]
    conditions += ask_on(conditions, states, triggers=triggers, known=known)
    before = {**{each.key: AlertState(key=each.key) for each in conditions}, **states}
    moves = {each.key: each for each in decide_all(conditions, before, triggers=triggers, known=known, silences={})}
    return moves, before | {key: follow(before[key], moved) for key, moved in moves.items()}


@pytest.fixture(scope="module")
def triggers(asking):
    return asking(least=1000)


@pytest.fixture(scope="module")
def standing(triggers):
    """Peru stands at watch by 6,000 of July."""
    moves, states = lived({}, triggers, night(AUGUST, VEN=ONE, PER=[10, 6000]))
    assert moves[KEY].level == "watch"
    return states


def test_who_is_revised_out_of_the_largest_is_retracted(triggers, standing):
    """6,000 were 60: the figures end it, and are named; that the trigger looks elsewhere now is no reason."""
    moves, states = lived(standing, triggers, night(SEPTEMBER, VEN=ONE, PER=[10, 60]))

    assert states[KEY].state == "retracted"
    assert "darien/PER in 2021-07: 6,000 (panama/2021-08-12-00000000) → 60 (panama/2021-09-12-00000000)" in moves[KEY].reason


def test_who_is_revised_out_of_the_largest_but_not_under_the_level_stands(triggers, standing):
    """4,000 are still over 1,000, whoever is larger."""
    moves, states = lived(standing, triggers, night(SEPTEMBER, VEN=ONE, PER=[10, 4000]))

    assert (moves, states[KEY].level) == ({}, "watch")


@pytest.mark.parametrize("figures", [{"VEN": NONE, "PER": NONE}, {"VEN": NONE}, {}], ids=["no month", "no row", "no table"])
def test_a_stage_of_which_nothing_is_known_ends_nothing(figures, triggers, standing):
    """Missing data never resolve, whoever was among the largest."""
    moves, states = lived(standing, triggers, night(SEPTEMBER, **figures))

    assert (moves, states[KEY].state, states[KEY].level) == ({}, "active", "watch")


def test_who_a_changed_rule_leaves_out_ends_by_the_rule(standing, asking):
    """The trigger's content is another one: it is the rule that no longer watches Peru."""
    moves, states = lived(standing, asking(least=900), night(SEPTEMBER, VEN=[7000, 7000], PER=[10, 6000]))

    assert states[KEY].state == "resolved"
    assert "no longer watches darien/PER" in moves[KEY].reason
