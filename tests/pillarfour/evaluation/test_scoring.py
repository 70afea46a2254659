"""Scores of many nights at once are those of each night alone."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import METHODS
from flows import detect
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
    return replay.only(reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=recipes), "darien-surge", "darien-collapse")


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
    instances = {name: made for name, made in reading.instances(triggers, detectors=METHODS).items() if not made.of_mixes}
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


def test_each_night_says_what_was_asked_for_and_which_breaks_were_applied(triggers):
    """As alone: the parameters, and of each break the night's own series, once a night has reached it."""
    asked = {"restart_after": ("pandemic-closures",), "leave_out": ("title-42",)}
    instances = {"cusum": METHODS["cusum"](METHODS["cusum"].parameters_type(**asked))}
    nights = [night(FIGURES[:6], start="2019-01", day=1), night(FIGURES, start="2019-01", day=2), night(FIGURES, start="2020-09", day=3)]
    together = scoring.score(nights, triggers, instances=instances)
    alone = [instances["cusum"].detect(each.panel, judge="all") for each in nights]

    for many, single in zip(together, alone, strict=True):
        assert (many.scores["cusum"].parameters, many.scores["cusum"].breaks) == (single.parameters, single.breaks)
    assert [[each.id for each in found.breaks] for found in alone] == [[], ["pandemic-closures"], ["pandemic-closures"]]


def mixed_night(figures: dict[str, list[float]], *, start: str, day: int) -> Night:
    """Give a night on which these were the Darién's figures; a name such as ``mexico/HTI`` is of another stage."""
    named = (subject.rpartition("/") for subject in figures)
    keys = tuple(SeriesKey(stage=stage or "darien", subject=subject) for stage, _, subject in named)
    values = np.array(list(figures.values()), dtype=float)
    panel = Panel(values=values, series=keys, periods=pd.period_range(start, periods=values.shape[1], freq="M"), unit="persons")
    return Night(known_on=date(2024, 6, day), panel=panel, scores={}, freshness={})


def test_each_night_s_mix_is_judged_by_what_it_knew(checkout):
    """Somebody new, a month revised, a gap, a calendar that begins earlier, a stage without a word: as each night alone."""
    recipes = {source.RECIPE.name: source.RECIPE for source in SOURCES}
    triggers = replay.only(reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=recipes), "mix-shift")
    nan = float("nan")
    venezuelans, haitians = [800 + 7 * (at % 5) for at in range(24)], [2000 + 11 * (at % 7) for at in range(24)]

    def figures(*more: float, ven: list[float] = venezuelans, hti: list[float] = haitians, before: int = 0, **others: list[float]):
        lines = {"total": [x + y for x, y in zip(ven, hti, strict=True)], "VEN": ven, "HTI": hti, **others}
        return {name: [*[nan] * before, *line, *more] for name, line in lines.items()}

    moved = [*haitians[:-1], 100.0]
    nights = [
        mixed_night(figures(), start="2020-01", day=1),
        mixed_night(figures(hti=moved), start="2020-01", day=2),
        mixed_night(figures(nan, nan, hti=moved), start="2020-01", day=3),
        mixed_night(figures(500, nan, 400, hti=moved, before=2, CMR=[0.0] * 24), start="2019-11", day=4),
        mixed_night({"total": [nan] * 3, "VEN": [nan] * 3}, start="2020-01", day=5),
        mixed_night({"total": [nan] * 3}, start="2020-01", day=6),
    ]
    instances = reading.instances(triggers, detectors=METHODS)
    alone = [detect.judge(each, triggers, instances=instances) for each in nights]
    together = scoring.score(nights, triggers, instances=instances)

    assert [night.scores.keys() for night in together] == [night.scores.keys() for night in alone]
    for many, single in zip(together, alone, strict=True):
        if "mix" in single.scores:
            one, other = many.scores["mix"], single.scores["mix"]
            assert one.panel.series == other.panel.series
            for column in ("status", "score", "expected", "upper", "p_value", "change"):
                np.testing.assert_allclose(getattr(one, column), getattr(other, column), rtol=1e-9, err_msg=column)
            assert one.leading.tolist() == other.leading.tolist()
            assert one.unseen.tolist() == other.unseen.tolist()
            np.testing.assert_allclose(one.panel.values, other.panel.values, rtol=1e-9)
    assert together[1].scores["mix"].score[0, -1] > 1
    assert together[3].scores["mix"].unseen[0, 26] == ("CMR",)


def test_each_night_says_which_breaks_were_applied_to_the_mixes_of_its_stages(checkout):
    """One touches the second stage alone, one both, and a break begins after a stage's newest figure: as each night alone."""
    recipes = {source.RECIPE.name: source.RECIPE for source in SOURCES}
    triggers = replay.only(reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=recipes), "mix-shift")
    both = triggers.triggers[0].series.model_copy(update={"stages": ("darien", "mexico")})
    triggers = triggers.model_copy(update={"triggers": (triggers.triggers[0].model_copy(update={"series": both}),)})
    asked = {"restart_after": ("mexico-definition-2021", "pandemic-closures"), "leave_out": ("title-42",)}
    instances = {"mix": METHODS["composition"](METHODS["composition"].parameters_type(**asked))}
    haitians, nan = [2000.0 + 11 * (at % 7) for at in range(30)], float("nan")
    darien = {"HTI": haitians, "VEN": haitians[::-1]}
    mexico = {"mexico/HTI": [*haitians[:14], *[nan] * 16], "mexico/BRA": haitians}
    nights = [
        mixed_night({name: figures[:12] for name, figures in {**darien, **mexico}.items()}, start="2019-01", day=1),
        mixed_night({name: [*figures[:12], *[nan] * 4] for name, figures in darien.items()}, start="2019-01", day=2),
        mixed_night({**darien, **mexico}, start="2019-01", day=3),
        mixed_night({**darien, **{f"mexico/{name}": [*line[:14], *[nan] * 16] for name, line in darien.items()}}, start="2019-01", day=4),
    ]
    together = [night.scores["mix"].breaks for night in scoring.score(nights, triggers, instances=instances)]
    alone = [detect.judge(each, triggers, instances=instances).scores["mix"].breaks for each in nights]

    assert together == alone
    assert [[each.id for each in found] for found in alone] == [
        [],
        ["pandemic-closures"],
        ["mexico-definition-2021", "pandemic-closures"],
        ["mexico-definition-2021", "pandemic-closures"],
    ]
