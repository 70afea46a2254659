"""What every detector of the registry keeps to."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pydantic
import pytest

from detectors import DETECTORS, make
from pillarfour.breaks import StructuralBreak
from pillarfour.detection import STATUSES, Detector, Scores
from pillarfour.errors import DetectorError

PERIODS = 60
ROUNDING = 1e-12
"""Sums of the same figures may be taken in another order."""

OUTPUTS = ("expected", "lower", "upper", "score", "p_value", "status")

SHORT = {"farrington": {"baseline_years": 3}}
"""Parameters with which a method whose defaults need more history judges these panels."""

ASKED = {name: make(name, **SHORT.get(name, {})) for name in DETECTORS} | {
    f"{name}, seasonal": make(name, baseline="seasonal") for name in ("cusum", "glr")
}
every_detector = pytest.mark.parametrize("detector", ASKED.values(), ids=list(ASKED))


@pytest.fixture(scope="module")
def usual(draw_counts):
    """Three series in control, 60 months."""
    return draw_counts(3, PERIODS, mean=100, dispersion=0.1, season=0.3)


@pytest.fixture(scope="module")
def judged_as_ever(usual, panel_of) -> Callable[[Detector], Scores]:
    """Every month of the usual series, judged once by each method."""
    return lru_cache(lambda detector: detector.detect(panel_of(usual), judge="all"))


def status(scores: Scores, row: int = 0) -> str:
    return STATUSES[int(scores.status[row, -1])]


def same(one: Scores, other: Scores, *, rows: slice | list[int] = slice(None), columns: slice = slice(None)) -> None:
    for name in OUTPUTS:
        np.testing.assert_allclose(getattr(one, name)[rows][:, columns], getattr(other, name), rtol=ROUNDING, err_msg=name)


def test_the_registry_is_checked():
    """These tests ran over the detectors that there are, each under its own name."""
    assert {"cusum", "stl"} <= set(DETECTORS)
    assert [method.name for method in DETECTORS.values()] == list(DETECTORS)


@every_detector
def test_parameters_are_frozen_and_strict(detector):
    """A threshold is a false-alarm rate, an unknown name is an error, and nothing changes later."""
    made = detector.parameters_type(false_alarms_per_year=0.2)

    with pytest.raises(pydantic.ValidationError, match="frozen"):
        made.false_alarms_per_year = 1
    with pytest.raises(pydantic.ValidationError, match="Extra inputs"):
        detector.parameters_type(threshold=3)
    with pytest.raises(DetectorError, match=f"{detector.name}: takes {detector.parameters_type.__name__}"):
        type(detector)(object())


@every_detector
def test_scores_fit_the_panel(detector, usual, panel_of):
    """Every output has one row a series and one column a judged period, and the stated rate is told."""
    scores = type(detector)(detector.parameters_type(false_alarms_per_year=0.2)).detect(panel_of(usual), judge="all")

    assert all(getattr(scores, name).shape == usual.shape for name in OUTPUTS)
    assert len(fields(Scores)) == len(OUTPUTS) + 6
    assert scores.parameters["false_alarms_per_year"] == 0.2
    assert scores.false_alarms_per_year == 0.2
    assert len(scores.to_frame()) == usual.size


@every_detector
def test_newest_is_the_last_of_all(detector, usual, panel_of, judged_as_ever):
    """The night and the replay agree."""
    whole = judged_as_ever(detector)
    same(whole, detector.detect(panel_of(usual)), columns=slice(-1, None))

    assert STATUSES[int(whole.status[0, -1])] == "ok"


@every_detector
def test_later_periods_change_no_judgement(detector, usual, panel_of, judged_as_ever):
    """What comes later, whatever it is, leaves every online judgement as it was."""
    future = np.array([[0, 1e9, np.nan, 5]] * len(usual))
    longer = detector.detect(panel_of(np.hstack([usual, future])), judge="all")

    same(longer, judged_as_ever(detector), columns=slice(0, PERIODS))


@every_detector
def test_series_do_not_know_each_other(detector, usual, panel_of, judged_as_ever):
    """Permuting or dropping series permutes or drops results."""
    same(judged_as_ever(detector), detector.detect(panel_of(usual[[2, 0]]), judge="all"), rows=[2, 0])


@every_detector
def test_a_series_with_a_gap_does_not_know_the_others(detector, usual, panel_of):
    """A series is judged alone as beside others, also where its gap leaves one month of a season."""
    gapped = usual.copy()
    gapped[0, 14:17] = np.nan

    same(detector.detect(panel_of(gapped), judge="all"), detector.detect(panel_of(gapped[:1]), judge="all"), rows=[0])


@every_detector
def test_a_detector_has_no_memory(detector, usual, panel_of, judged_as_ever):
    """Judging something else in between changes nothing."""
    before = judged_as_ever(detector)
    detector.detect(panel_of(usual[::-1] * 1000), judge="all")

    same(before, detector.detect(panel_of(usual), judge="all"))


@every_detector
def test_months_before_the_first_figure_change_nothing(detector, usual, panel_of, judged_as_ever):
    """A series that begins later than its panel is judged as if the panel began with it."""
    late = np.hstack([np.full((len(usual), 7), np.nan), usual])

    same(detector.detect(panel_of(late, start="2009-06"), judge="all"), judged_as_ever(detector), columns=slice(7, None))


@every_detector
def test_large_counts_are_judged_by_ratios(detector, draw_counts, panel_of):
    """Ten times as many people at ten times the level is the same news, where sampling noise is small."""
    counts = draw_counts(4, PERIODS, mean=1e5, dispersion=0.1)
    small, large = (detector.detect(panel_of(each), judge="all") for each in (counts, counts * 10))

    np.testing.assert_allclose(small.score, large.score, rtol=0.01, atol=0.02)


@every_detector
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([np.nan] * PERIODS, "no_data"),
        ([5.0] * (PERIODS - 1) + [np.nan], "no_data"),
        ([np.nan] * (PERIODS - 1) + [5], "insufficient_history"),
        ([5.0, 7] * 4, "insufficient_history"),
        ([0.0] * PERIODS, "constant"),
        ([7.0] * PERIODS, "constant"),
        ([1e9, 1.1e9] * (PERIODS // 2), "ok"),
        ([0.0, 1] * (PERIODS // 2), "ok"),
        ([0.0] * (PERIODS - 1) + [1], "ok"),
        ([0.0] * 30 + [9.0, 12, 11] * 10, "ok"),
        ([9.0, 12, np.nan, 11] * (PERIODS // 4 - 1) + [9.0, 12, 10, 11], "ok"),
        ([np.nan] * 10 + [9.0, 12, 11, 8, 10] * 10, "ok"),
    ],
)
def test_each_case_has_its_status(detector, row, expected, panel_of):
    """Nothing published, too short, never moved: each says so, and only what is judged has a score."""
    scores = detector.detect(panel_of([row]))

    assert status(scores) == expected
    assert np.isfinite(scores.score[0, 0]) == (expected == "ok")


@every_detector
def test_the_least_history_is_what_it_says(detector, usual, panel_of):
    """One month less is insufficient, and that many suffice."""
    least = detector.least_history

    assert status(detector.detect(panel_of(usual[:, :least]))) == "insufficient_history"
    assert status(detector.detect(panel_of(usual[:, : least + 1]))) == "ok"


@every_detector
@pytest.mark.parametrize("size", [4, 30, 1000, 1e7])
def test_jumps_of_any_size_alarm_upward(detector, size, usual, panel_of):
    """A month of many times the level alarms, however many times."""
    counts = usual.copy()
    counts[:, -1] = counts[:, -13:-1].max() * size
    scores = detector.detect(panel_of(counts))

    assert scores.alarm.all()
    assert (scores.direction == 1).all()
    assert (scores.score >= 1).all()


@every_detector
def test_a_lasting_fall_alarms_downward(detector, usual, panel_of):
    """A flow that stops alarms within three months, and the bounds never go below nobody."""
    counts = usual.copy()
    counts[:, -3:] = 1
    scores = detector.detect(panel_of(counts), judge="all")

    assert (scores.score[:, -3:] <= -1).any(axis=1).all()
    assert np.nanmin(scores.lower) >= 0


@every_detector
def test_a_lasting_rise_still_alarms_months_later(detector, usual, panel_of):
    """A new level does not slip into what is expected the month after it began."""
    counts = usual.copy()
    counts[:, -4:] *= 20
    scores = detector.detect(panel_of(counts), judge="all")

    assert scores.alarm[:, -4:].all()


@every_detector
@pytest.mark.filterwarnings("error")
def test_a_panel_is_only_read_and_nothing_is_warned_of(detector, draw_counts, panel_of):
    """Figures of any size, gaps and nothing at all are judged in silence, in a panel that cannot be written to."""
    counts = draw_counts(6, PERIODS, mean=50, dispersion=0.3)
    counts[0, 41] = 1e12
    counts[1, :55] = 0
    counts[2] *= 1e-3
    counts[3, 1::2] = np.nan
    counts[4, 30:] *= 1e6
    counts[5] = np.nan
    panel = panel_of(counts)
    panel.values.flags.writeable = False
    scores = detector.detect(panel, judge="all")

    np.testing.assert_array_equal(panel.values, counts)
    np.testing.assert_array_equal(np.isfinite(scores.score), scores.status == STATUSES.index("ok"))


@every_detector
def test_an_alarm_lies_beyond_its_bounds(detector, panel_of, draw_counts):
    """What the message says of the usual range is what the detector decided by."""
    counts = draw_counts(6, PERIODS, mean=30, dispersion=0.8)
    scores = detector.detect(panel_of(counts), judge="all")
    judged = np.isfinite(scores.score)
    above, below = counts[:, scores.columns] > scores.upper, counts[:, scores.columns] < scores.lower

    assert scores.alarm.any()
    np.testing.assert_array_equal((above | below)[judged], scores.alarm[judged])
    assert (scores.direction[above] == 1).all()
    assert (scores.direction[below] == -1).all()


@every_detector
def test_a_gap_is_never_judged_and_never_zero(detector, usual, panel_of):
    """A month that is not published has no score, and the months around it keep theirs."""
    counts = usual.copy()
    counts[:, [20, 50]] = np.nan
    scores = detector.detect(panel_of(counts), judge="all")

    assert [STATUSES[int(code)] for code in scores.status[:, 50]] == ["no_data"] * 3
    assert np.isfinite(scores.score[:, 51:]).all()
    np.testing.assert_array_equal(np.isfinite(scores.score), scores.status == STATUSES.index("ok"))
    assert np.isnan(scores.p_value[scores.status != STATUSES.index("ok")]).all()
    assert (np.abs(scores.score[:, 51]) < 2).all()


@every_detector
def test_what_no_detector_can_take_is_an_error(detector, usual, panel_of):
    """A negative or infinite count, no period, or another word for the periods wanted is refused by name."""
    wrong = usual.copy()
    wrong[2, 4] = np.inf

    with pytest.raises(DetectorError, match="series 2 2010-05: an infinite count"):
        detector.detect(panel_of(wrong))
    with pytest.raises(DetectorError, match="counts are never negative"):
        detector.detect(panel_of(-usual))
    with pytest.raises(DetectorError, match="the panel has no period"):
        detector.detect(panel_of(usual[:, :0]))
    with pytest.raises(DetectorError, match="judge is 'last'; say newest or all"):
        detector.detect(panel_of(usual), judge="last")


@every_detector
def test_a_panel_without_series_is_judged_at_once(detector, panel_of):
    """Nothing to watch is not an error."""
    assert detector.detect(panel_of(np.empty((0, PERIODS))), judge="all").score.shape == (0, PERIODS)


BREAKS = (
    StructuralBreak.model_validate(
        {
            "id": "closure",
            "title": "a border shut",
            "stages": ["series 0"],
            "from": "2011-03-20",
            "to": "2011-05-02",
            "source": "https://example.org/",
        }
    ),
)
"""March to May 2011, columns 14 to 16, of the first series alone."""


def picked(scores: Scores, rows: slice | list[int], columns: slice) -> SimpleNamespace:
    return SimpleNamespace(**{name: getattr(scores, name)[rows][:, columns] for name in OUTPUTS})


def asking(detector, **breaks):
    return type(detector)(detector.parameters.model_copy(update=breaks))


@every_detector
def test_a_restart_forgets_what_was_before(detector, usual, panel_of, judged_as_ever):
    """From the break's first period on, the series is judged as if it began there; before it, and elsewhere, as ever."""
    restarted = asking(detector, restart_after=("closure",)).detect(panel_of(usual), judge="all", breaks=BREAKS)
    ever = judged_as_ever(detector)
    anew = detector.detect(panel_of(usual[:1, 14:], start="2011-03"), judge="all")

    same(restarted, anew, rows=[0], columns=slice(14, None))
    for rows, columns in (([0], slice(0, 14)), ([1, 2], slice(None))):
        same(restarted, picked(ever, rows, columns), rows=rows, columns=columns)
    assert STATUSES[int(restarted.status[0, 14])] == "insufficient_history"
    assert [(each.id, each.manner, len(each.series)) for each in restarted.breaks] == [("closure", "restart", 1)]


@every_detector
def test_periods_left_out_are_no_history(detector, usual, panel_of):
    """After the break its periods are as if not published; in it, each is judged with what precedes the break."""
    wild = usual.copy()
    wild[0, 14:17] = 1e7
    left_out = asking(detector, leave_out=("closure",)).detect(panel_of(wild), judge="all", breaks=BREAKS)
    hidden = wild.copy()
    hidden[0, 14:17] = np.nan
    without = detector.detect(panel_of(hidden), judge="all")
    second = hidden.copy()
    second[0, 15] = wild[0, 15]

    same(left_out, picked(without, slice(None), slice(17, None)), columns=slice(17, None))
    inside = detector.detect(panel_of(second), judge="all")
    same(left_out, picked(inside, slice(None), slice(15, 16)), columns=slice(15, 16))
    np.testing.assert_array_equal(left_out.panel.values, wild)


@every_detector
@pytest.mark.parametrize("manner", ["restart_after", "leave_out"])
def test_a_break_to_come_changes_no_judgement(detector, manner, usual, panel_of):
    """With breaks too, the newest is the last of all, and later periods, the break's own included, change nothing before them."""
    asked = asking(detector, **{manner: ("closure",)})
    whole = asked.detect(panel_of(usual), judge="all", breaks=BREAKS)

    for end in (14, 15, 17, PERIODS):
        newest = asked.detect(panel_of(usual[:, :end]), breaks=BREAKS)
        same(whole, newest, columns=slice(end - 1, end))


@every_detector
def test_a_break_that_is_not_known_is_an_error(detector, usual, panel_of):
    """A name that is none of the register's is refused with the nearest one, and no break stands in both manners."""
    with pytest.raises(DetectorError, match=r'unknown structural break "closur"; did you mean "closure"'):
        asking(detector, restart_after=("closur",)).detect(panel_of(usual), breaks=BREAKS)
    with pytest.raises(DetectorError, match=r'unknown structural break "title42"; did you mean "title-42"'):
        asking(detector, restart_after=("title42",)).detect(panel_of(usual))
    with pytest.raises(pydantic.ValidationError, match="closure stands in restart_after and in leave_out"):
        detector.parameters_type(restart_after=("closure",), leave_out=("closure",))


def test_knowing_the_detectors_costs_no_statsmodels():
    """Commands that detect nothing do not wait for statsmodels."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, detectors; print('statsmodels' in sys.modules)"], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "False"
