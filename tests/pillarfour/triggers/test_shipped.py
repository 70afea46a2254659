"""The triggers that the project ships, on figures as they were published."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import METHODS
from pillarfour.alerts.lifecycle import decide, follow
from pillarfour.alerts.model import AlertKey, AlertState
from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers import document, reading
from pillarfour.triggers.check import check
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.night import Freshness, Night
from sources import SOURCES

RECIPES = {source.RECIPE.name: source.RECIPE for source in SOURCES}

# Haitian nationals and nationals of Brazil and Chile, by month; see docs/sources.md.
PANAMA_2020 = [1332, 1535, 972, 0, 0, 135, 0, 0, 84, 315, 313, 645]
PANAMA_2021 = [720, 1231, 2193, 3818, 2180, 6527, 15488, 21285, 22473, 20626, 3595, 936]
PANAMA_2022 = [807, 627, 658, 785, 997, 1025]
MEXICO_2018 = [11, 6, 13, 9, 11, 5, 30, 5, 78, 34, 130, 187]
MEXICO_2019 = [157, 296, 262, 492, 1156, 913, 84, 73, 98, 290, 404, 380]
MEXICO_2020 = [1031, 184, 249, 3, 43, 27, 69, 10, 23, 51, 13, 13]
MEXICO_2021 = [29, 28, 94, 189, 734, 1637, 2583, 4673, 12437, 6905, 5181, 4186]
BORDER_2019 = [1734, 2157, 1988]
BORDER_2020 = [1631, 1565, 913, 101, 47, 215, 205, 89, 1051, 756, 326, 528]
BORDER_2021 = [2026, 1818, 7079, 10000, 10191, 12470, 14164, 16669, 28109, 8812, 7977, 15070]

HAITIAN = {
    "darien": ("2020-01", PANAMA_2020 + PANAMA_2021 + PANAMA_2022),
    "mexico": ("2018-01", MEXICO_2018 + MEXICO_2019 + MEXICO_2020 + MEXICO_2021),
    "us_southwest": ("2019-10", BORDER_2019 + BORDER_2020 + BORDER_2021),
}
DELAY_DAYS = {"darien": 12, "mexico": 50, "us_southwest": 20}


@pytest.fixture(scope="module")
def triggers(checkout: Path):
    return reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES)


@pytest.fixture(scope="module")
def corridor(triggers):
    return triggers.model_copy(update={"triggers": (triggers.trigger("haitian-corridor"),)})


@pytest.fixture(scope="module")
def conditions_on(corridor):
    """Ask the Haitian corridor trigger on a night, of what was published by then."""
    keys = corridor.series()
    periods = pd.period_range("2018-01", "2022-06", freq="M")
    values = np.full((len(keys), len(periods)), np.nan)
    for row, key in enumerate(keys):
        start, figures = HAITIAN[key.stage]
        first = periods.get_loc(pd.Period(start, freq="M"))
        values[row, first : first + len(figures)] = figures
    detectors = reading.instances(corridor, detectors=METHODS)

    def ask(known_on):
        published = np.array(
            [[period.end_time.date() + timedelta(days=DELAY_DAYS[key.stage]) <= known_on for period in periods] for key in keys]
        )
        panel = Panel(values=np.where(published, values, np.nan), series=keys, periods=periods, unit="mixed")
        scores = {name: detector.detect(panel, judge="all") for name, detector in detectors.items()}
        return {found.key.stage: found for found in evaluate(corridor, Night(known_on=known_on, panel=panel, scores=scores, freshness={}))}

    return ask


@pytest.fixture(scope="module")
def replay(conditions_on):
    """Run every night of 2021 on which one of the three published."""
    states, told = {}, []
    nights = {
        month.end_time.date() + timedelta(days=days)
        for month in pd.period_range("2020-10", "2022-05", freq="M")
        for days in DELAY_DAYS.values()
    }
    for known_on in sorted(nights):
        for condition in conditions_on(known_on).values():
            state = states.setdefault(condition.key, AlertState(key=condition.key))
            if (transition := decide(state, condition, known_on=known_on)) is not None:
                states[condition.key] = follow(state, transition)
                told.append(transition)
    return told


def test_the_shipped_file_leaves_no_doubt(checkout: Path):
    """It has no error and no warning."""
    checked = check(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES)

    assert (checked.errors, checked.warnings) == ((), ())


def test_every_stage_has_its_surge_and_collapse_and_every_source_its_outage(triggers):
    """What the task force has agreed to watch at the least."""
    totals = {
        (trigger.kind, stage) for trigger in triggers.triggers if "total" in trigger.series.subjects for stage in trigger.series.stages
    }
    outages = {trigger.series.subject for trigger in triggers.triggers if trigger.kind == "outage"}

    assert totals - {("shift", "darien")} == {(kind, stage.id) for kind in ("surge", "collapse", "revision") for stage in triggers.stages}
    assert outages == set(RECIPES)


def test_the_page_of_triggers_is_in_step(checkout: Path, triggers):
    """``docs/triggers.md`` says what ``triggers.yaml`` says; where it does not, write it anew with ``document.write``."""

    assert (checkout / "docs" / "triggers.md").read_text(encoding="utf-8") == document.write(triggers)


def test_the_haitian_corridor_is_quiet_in_february_2021(conditions_on):
    """On 15 February 2021 no stage had two months of more than usual."""

    assert {stage: found.level for stage, found in conditions_on(date(2021, 2, 15)).items()} == dict.fromkeys(HAITIAN)


def test_the_haitian_corridor_is_at_warning_or_above_in_august_2021(conditions_on):
    """A month before Del Río, by what was published: the Darién's July is known, Mexico's is not."""
    found = conditions_on(date(2021, 8, 15))

    assert (found["darien"].level, found["darien"].reference_period, found["darien"].value) == ("emergency", "2021-07", 15488)
    assert found["us_southwest"].level in {"warning", "emergency"}
    assert found["mexico"].reference_period == "2021-05"


def test_the_story_of_2021_is_told_in_time(replay):
    """Quiet before April, a watch in May, a warning in July, an emergency in August; taken back when it was over."""
    darien = [(each.known_on, each.level) for each in replay if each.key.stage == "darien" and "active" in {each.before, each.after}]

    assert min(each.known_on for each in replay if each.after == "active") >= date(2021, 4, 1)
    assert darien[:3] == [(date(2021, 5, 12), "watch"), (date(2021, 7, 12), "warning"), (date(2021, 8, 12), "emergency")]
    assert darien[-1] == (date(2022, 3, 12), None)


def test_mexico_is_warned_by_what_the_darien_showed(replay):
    """Its own figures of July 2021 are modest; the Darién's of June and July are not."""
    warned = next(
        each for each in replay if each.key == AlertKey(trigger="haitian-corridor", stage="mexico", subject="haitian") and each.level
    )

    assert (warned.known_on, warned.level, warned.condition.value) == (date(2021, 9, 19), "warning", 2583)
    assert "darien reached warning in 2021-06, 2021-07" in warned.reason


def test_a_withheld_release_is_an_outage_and_no_collapse(triggers):
    """Three months without the Darién's table: overdue, and the collapse trigger sees the last published month."""
    key = SeriesKey(stage="darien", subject="total")
    only = triggers.model_copy(update={"triggers": (triggers.trigger("darien-collapse"), triggers.trigger("panama-darien-stale"))})
    figures = np.array([[*[5000.0] * 14, np.nan, np.nan, np.nan]])
    panel = Panel(values=figures, series=(key,), periods=pd.period_range("2021-01", periods=17, freq="M"), unit="persons")
    scores = {name: detector.detect(panel, judge="all") for name, detector in reading.instances(only, detectors=METHODS).items()}
    fresh = Freshness(source="panama_darien", newest_period="2022-02", usual_delay_days=12)
    collapse, outage = evaluate(only, Night(known_on=date(2022, 6, 15), panel=panel, scores=scores, freshness={"panama_darien": fresh}))

    assert (collapse.level, collapse.reference_period) == (None, "2022-02")
    assert (outage.level, outage.value) == ("warning", 64)


def test_the_fall_of_the_darien_to_73_is_a_collapse(triggers):
    """Six months from 25,111 to 73, each published: an emergency by January 2025."""
    key = SeriesKey(stage="darien", subject="total")
    only = triggers.model_copy(update={"triggers": (triggers.trigger("darien-collapse"),)})
    year = [36001, 37166, 36841, 29259, 30747, 31049, 20519, 16603, 25111, 22914, 11144, 4849]
    before = [24634, 24657, 38099, 40297, 38962, 29722, 55387, 81946, 75268, 49256, 37231, 24626]
    figures = np.array([[*before, *year, 2229, 408, 194, 73]], dtype=float)
    panel = Panel(values=figures, series=(key,), periods=pd.period_range("2023-01", periods=28, freq="M"), unit="persons")
    scores = {name: detector.detect(panel, judge="all") for name, detector in reading.instances(only, detectors=METHODS).items()}
    (found,) = evaluate(only, Night(known_on=date(2025, 5, 15), panel=panel, scores=scores, freshness={}))

    assert (found.level, found.value, found.reference_period) == ("emergency", 73, "2025-04")
