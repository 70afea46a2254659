"""Tests of the figures that a report takes from what was known."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from flows.detect import RECIPES, load_triggers
from pillarfour import breaks
from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.report.figures import of_stage
from pillarfour.report.model import StageFigures
from pillarfour.settings import Settings
from pillarfour.triggers.night import Night

PERIODS = pd.period_range("2020-06", "2021-07", freq="M")
RELEASE = "panama_darien/2021-07-12-aaaaaaaa"
NATIONALITIES = {"HTI": 5293, "VEN": 205, "CUB": 2770, "BRA": 323, "CHL": 911, "NPL": 90, "SEN": 80, "GHA": 70, "OOO": 9000}


@pytest.fixture(scope="module")
def triggers():
    return load_triggers(Settings())


@pytest.fixture
def known() -> Night:
    """Give the Darién to June 2021, with May not published; July is known of another stage alone."""
    keys = [SeriesKey(stage="darien", subject=subject) for subject in ("total", "haitian", *NATIONALITIES)]
    values = np.full((len(keys), len(PERIODS)), np.nan)
    values[0, :13] = np.arange(13) * 1000.0
    values[1, :13] = 6527.0
    values[2:, :13] = np.array([*NATIONALITIES.values()], dtype=float)[:, None]
    values[:, 11] = np.nan
    return Night(
        known_on=date(2021, 8, 10),
        panel=Panel(values=values, series=tuple(keys), periods=PERIODS, unit="persons"),
        scores={},
        freshness={},
        releases={("darien", "2021-06"): (RELEASE,), ("mexico", "2021-07"): ("mexico_segob/2021-08-01-cccccccc",)},
        breaks={"darien": breaks.load().at("darien", date(2021, 8, 10))},
    )


@pytest.fixture
def stage(known, triggers, releases):
    def read(night: Night = known, stage: str = "darien") -> StageFigures:
        return of_stage(triggers.stage(stage), night, triggers=triggers, recipes=RECIPES, releases=releases)

    return read


def test_thirteen_months_end_with_the_stages_own_newest(stage):
    """Not with another stage's; the month that is not published is a gap in every line."""
    found = stage()

    assert (found.periods[0], found.newest, len(found.periods)) == ("2020-06", "2021-06", 13)
    assert found.lines[0].values == (*(month * 1000.0 for month in range(11)), None, 12_000.0)
    assert {line.values[-2] for line in found.lines} == {None}
    assert (found.published_on, found.open_from, found.unit) == (date(2021, 7, 12), "2021-01", "persons")


def test_the_watched_come_before_the_largest_and_nobody_twice(stage):
    """Total, groups, named nationalities, then the five largest; what is published together as *other* is no nationality."""
    subjects = [line.subject for line in stage().lines]

    assert subjects[:2] == ["total", "haitian"]
    assert subjects[2:] == ["VEN", "HTI", "CUB", "CHL", "BRA"]
    assert [line.title["es"] for line in stage().lines][:2] == ["Todas las nacionalidades", "Familias haitianas"]


def test_a_break_that_is_over_is_not_in_force(stage, known):
    """And of one that is, its end is not told, which nobody knew yet."""
    title_42, closures = (next(each for each in breaks.load().breaks if each.id == name) for name in ("title-42", "pandemic-closures"))
    during = stage(replace(known, breaks={"darien": (title_42, closures)}))
    after = stage(replace(known, known_on=date(2023, 6, 1), breaks={"darien": (title_42, closures)}))

    assert [each.title for each in during.breaks] == [title_42.title, closures.title]
    assert [each.title for each in after.breaks] == [closures.title]
    assert "2023" not in str(during)


def test_a_stage_that_has_published_nothing_has_no_months(stage, known):
    """It keeps its name and what it would count."""
    found = stage(replace(known, releases={}))

    assert (found.periods, found.lines, found.newest, found.open_from) == ((), (), None, None)
    assert found.counts.startswith("Persons registered by SNM")


def test_of_a_year_that_has_ended_only_the_newest_month_is_open(stage, known):
    """December's figure is a first one; the months before it belong to a year that the publisher has closed."""
    periods = pd.period_range("2019-12", "2020-12", freq="M")
    night = replace(
        known,
        panel=replace(known.panel, values=known.panel.values[:, :13], periods=periods),
        releases={("darien", "2020-12"): (RELEASE,)},
    )

    assert stage(night).open_from == "2020-12"
