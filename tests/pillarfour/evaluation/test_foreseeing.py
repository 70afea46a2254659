"""What is expected on many nights is what is expected on each alone."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from detectors import METHODS
from flows.detect import RECIPES, foretell
from pillarfour.detection import Panel
from pillarfour.evaluation import foreseeing, replay
from pillarfour.model import SeriesKey
from pillarfour.triggers import reading, watching
from pillarfour.triggers.night import Night

NAN = float("nan")
TRIGGER = "arrivals-expected"


@pytest.fixture(scope="module")
def triggers(checkout):
    return replay.only(reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES), TRIGGER)


@pytest.fixture(scope="module")
def figures():
    """Mexico counts what the Darién showed a month before."""
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(0, 0.4, 41))
    return {"darien": np.round(1500 * np.exp(walk[1:])), "mexico": np.round(900 * np.exp(walk[:-1] + rng.normal(0, 0.06, 40)))}


def night(triggers, figures, *, day: int, before: int = 0, after: int = 0, **known: int) -> Night:
    """Make a night on which so many months of a stage are known, on a calendar that begins earlier or ends later."""
    keys = watching.needed(triggers)
    values = np.full((len(keys), 40), NAN)
    for stage, months in known.items():
        values[keys.index(SeriesKey(stage=stage, subject="haitian")), :months] = figures[stage][:months]
    values = np.pad(values, ((0, 0), (before, after)), constant_values=NAN)
    periods = pd.period_range(pd.Period("2019-01", freq="M") - before, periods=values.shape[1], freq="M")
    panel = Panel(values=values, series=keys, periods=periods, unit="mixed")
    return Night(known_on=date(2024, 6, day), panel=panel, scores={}, freshness={})


@pytest.fixture(scope="module")
def nights(triggers, figures):
    revised = {**figures, "darien": figures["darien"] * np.where(np.arange(40) == 36, 2, 1)}
    return [
        night(triggers, figures, day=1, darien=36, mexico=34),
        night(triggers, figures, day=2, darien=36, mexico=34, before=2, after=3),
        night(triggers, figures, day=3, darien=37, mexico=34),
        night(triggers, revised, day=4, darien=37, mexico=34),
        night(triggers, figures, day=5, darien=38, mexico=36),
        night(triggers, figures, day=6, mexico=36),
        night(triggers, figures, day=7),
    ]


def test_each_night_is_foreseen_by_what_it_knew(triggers, nights):
    """Months added, a month revised, a longer calendar, a stage without a word: every outlook is that of the night alone."""
    together = [each.outlooks[TRIGGER] for each in foreseeing.foresee(nights, triggers, foretell=foretell)]
    alone = [foreseeing.foresee([each], triggers, foretell=foretell)[0].outlooks[TRIGGER] for each in nights]

    assert together == alone
    assert [each.known_on for each in together] == [each.known_on for each in nights]
    assert [len(each.forecasts) for each in together] == [3, 3, 4, 4, 3, 0, 0]
    assert together[2].forecasts != together[3].forecasts


def test_a_calendar_that_nobody_fills_changes_nothing(triggers, nights):
    """The same figures on a longer calendar are answered alike, and once."""
    asked = []

    def count(panel, pairs):
        asked.append(panel)
        return foretell(panel, pairs)

    short, long, *_ = foreseeing.foresee(nights[:3], triggers, foretell=count)

    assert len(asked) == 2
    assert short.outlooks[TRIGGER].forecasts == long.outlooks[TRIGGER].forecasts
    assert short.outlooks[TRIGGER].forecasts[0].period == pd.Period("2021-11", freq="M")


def test_what_others_ask_changes_no_answer(triggers, nights, checkout):
    """Chance is corrected for the trigger's own pairs: alone in a file, or beside all others, it says the same."""
    everything = reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES)
    twin = everything.trigger(TRIGGER).model_copy(update={"id": "another"})
    both = everything.model_copy(update={"triggers": (*everything.triggers, twin.model_copy(update={"status": "retired"}))})
    (beside,), (alone,) = (foreseeing.foresee(nights[:1], asked, foretell=foretell) for asked in (both, triggers))

    assert beside.outlooks == alone.outlooks
    assert beside.outlooks.keys() == {TRIGGER}


def test_where_no_trigger_asks_nothing_is_foreseen(triggers, nights):
    """Nobody pays for what nobody reads."""
    silent = triggers.model_copy(update={"triggers": (triggers.triggers[0].model_copy(update={"status": "retired"}),)})

    def refuse(panel, pairs):
        raise AssertionError(panel, pairs)

    assert foreseeing.foresee(nights, silent, foretell=refuse) == [replace(each, outlooks={}) for each in nights]
