"""Scores of many nights at once are those of each night alone."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import DETECTORS
from pillarfour.detection import Panel
from pillarfour.evaluation import replay, scoring
from pillarfour.model import SeriesKey
from pillarfour.triggers import reading
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.night import Night
from sources import SOURCES

KEY = SeriesKey(stage="darien", subject="total")
FIGURES = [900, 1100, 1000, 950, 1050, 1200, 800, 990, 1010, 1100, 1000, 970] * 4


@pytest.fixture(scope="module")
def triggers(checkout: Path):
    recipes = {source.RECIPE.name: source.RECIPE for source in SOURCES}
    return replay.only(reading.load(checkout / "triggers.yaml", detectors=DETECTORS, recipes=recipes), "darien-surge", "darien-collapse")


def night(figures: list[float], *, start: str, day: int) -> Night:
    panel = Panel(
        values=np.array([figures], dtype=float),
        series=(KEY,),
        periods=pd.period_range(start, periods=len(figures), freq="M"),
        unit="persons",
    )
    return Night(known_on=date(2024, 6, day), panel=panel, scores={}, freshness={})


def test_each_night_is_judged_by_what_it_knew(triggers):
    """Months added, a month revised, a gap, a calendar that begins earlier: every answer is that of the night alone."""
    nan = float("nan")
    revised = [*FIGURES[:-3], 9000, *FIGURES[-2:]]
    nights = [
        night(FIGURES[:-2], start="2020-01", day=1),
        night(FIGURES, start="2020-01", day=2),
        night([*FIGURES, nan, nan], start="2020-01", day=3),
        night(revised, start="2020-01", day=4),
        night([nan, nan, *revised, 20000], start="2019-11", day=5),
        night([nan, nan, *revised, 20000, nan, 100], start="2019-11", day=6),
        night([nan] * 5, start="2020-01", day=7),
    ]
    instances = reading.instances(triggers, detectors=DETECTORS)
    alone = [replace(each, scores={name: made.detect(each.panel, judge="all") for name, made in instances.items()}) for each in nights]

    for together, single in zip(scoring.score(nights, triggers, instances=instances), alone, strict=True):
        for name in instances:
            for column in ("status", "score", "expected", "lower", "upper", "p_value"):
                np.testing.assert_allclose(
                    getattr(together.scores[name], column), getattr(single.scores[name], column), rtol=1e-9, err_msg=f"{name} {column}"
                )
        assert [(found.level, found.clear) for found in evaluate(triggers, together)] == [
            (found.level, found.clear) for found in evaluate(triggers, single)
        ]
